//! Copies of a shard spread over the values of an attribute (`zone`), so that none holds more than its part.

use std::collections::BTreeSet;

use super::super::rules::list;
use super::super::{Subject, Verdict, View};
use crate::state::NodeId;

pub(super) fn awareness(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    let attributes = &view.rules.awareness;
    if attributes.is_empty() {
        return Verdict::yes(
            "allocation awareness is not enabled, set cluster setting [cluster.routing.allocation.awareness.attributes] to enable it",
        );
    }
    let verdicts = attributes.iter().map(|attribute| of_attribute(view, subject, node, attribute));
    verdicts
        .into_iter()
        .find_map(Result::err)
        .unwrap_or(Verdict::yes("node meets all awareness attribute requirements"))
}

fn of_attribute(view: &View<'_>, subject: &Subject<'_>, node: &NodeId, attribute: &str) -> Result<(), Verdict> {
    let value_of = |node: &NodeId| view.node(node).and_then(|node| node.attributes.get(attribute));
    let Some(value) = value_of(node) else {
        let all = view.rules.awareness.join(",");
        return Err(Verdict::no(format!(
            "node does not contain the awareness attribute [{attribute}]; required attributes cluster setting [cluster.routing.allocation.awareness.attributes={all}]"
        )));
    };
    let forced = view.state.settings.text(&format!("cluster.routing.allocation.awareness.force.{attribute}.values"));
    let forced = list(&forced);
    let values: BTreeSet<&String> = view.nodes().filter_map(value_of).chain(&forced).collect();
    let copies = 1 + subject.index.settings.typed().replicas as usize;
    let most = copies.div_ceil(values.len().max(1));
    let id = subject.id();
    let placed = subject.table.copies.values().filter(|copy| copy.replaces.is_none()).map(|copy| &copy.node);
    let others = placed.chain(view.planned(&id)).filter(|other| Some(*other) != subject.moves_from);
    let here = others.filter(|other| value_of(other) == Some(value)).count();
    if here < most {
        return Ok(());
    }
    let names: Vec<&str> = values.iter().map(|value| value.as_str()).collect();
    Err(Verdict::no(format!(
        "there are too many copies of the shard allocated to nodes with attribute [{attribute}], there are [{copies}] total configured shard copies for this shard id and [{}] total attribute values, expected the allocated shard count per attribute [{}] to be less than or equal to the upper bound of the required number of shards per attribute [{most}]; values [{}]",
        values.len(),
        here + 1,
        names.join(", ")
    )))
}
