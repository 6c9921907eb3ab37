//! Which nodes an index, or the cluster, wants or does not want: `routing.allocation.{include,exclude,require}.*`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::mapping::simple_match;
use serde_json::Value;

use super::super::rules::list;
use super::super::{Answer, Subject, Verdict, View};
use crate::settings::flat;
use crate::state::{IndexMetadata, Node, NodeId, State};

pub(super) fn filter(view: &View<'_>, subject: &Subject<'_>, node: &NodeId) -> Verdict {
    of_index(view.state, subject.index, node)
}

/// Whether an index may have copies on a node, as far as filters say.
pub(crate) fn admits(state: &State, index: &IndexMetadata, node: &NodeId) -> bool {
    !is_filtered(state, index) || of_index(state, index, node).answer == Answer::Yes
}

/// Whether there is anything to be read.
fn is_filtered(state: &State, index: &IndexMetadata) -> bool {
    let given = |settings: &BTreeMap<String, Value>, prefix: &str| {
        settings.range(prefix.to_owned()..).next().is_some_and(|(name, _)| name.starts_with(prefix))
    };
    let settings = &state.settings;
    ["require.", "include.", "exclude."].iter().any(|kind| {
        let (cluster, own) = (format!("cluster.routing.allocation.{kind}"), format!("index.routing.allocation.{kind}"));
        given(&settings.persistent, &cluster)
            || given(&settings.transient, &cluster)
            || given(index.settings.given(), &own)
    })
}

fn of_index(state: &State, index: &IndexMetadata, node: &NodeId) -> Verdict {
    let Some(found) = state.nodes.get(node) else { return Verdict::no("the node is not in the cluster") };
    let settings = &state.settings;
    let cluster = [&settings.persistent, &settings.transient];
    let own = [index.settings.given()];
    let scopes =
        [("cluster", "cluster.routing.allocation", &cluster[..]), ("index", "index.routing.allocation", &own[..])];
    for (scope, prefix, given) in scopes {
        for kind in ["require", "include", "exclude"] {
            let setting = format!("{prefix}.{kind}");
            let filters = filters(given, &setting);
            if filters.is_empty() {
                continue;
            }
            let matches = match kind {
                "require" => filters.iter().all(|filter| filter.matches(node, found, true)),
                _ => filters.iter().any(|filter| filter.matches(node, found, false)),
            };
            let joined = shown(&filters, if kind == "require" { " AND " } else { " OR " });
            match (kind, matches) {
                ("exclude", true) => {
                    return Verdict::no(format!("node matches {scope} setting [{setting}] filters [{joined}]"));
                }
                ("exclude", false) | (_, true) => {}
                (_, false) => {
                    return Verdict::no(format!("node does not match {scope} setting [{setting}] filters [{joined}]"));
                }
            }
        }
    }
    Verdict::yes("node passes include/exclude/require filters")
}

/// One setting: the values of which all (`require`) or one must hold.
struct Filter {
    key: String,
    values: Vec<String>,
}

/// The filters below `setting`; later scopes win.
fn filters(given: &[&BTreeMap<String, Value>], setting: &str) -> Vec<Filter> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in given.iter().flat_map(|settings| settings.iter()) {
        if let Some(key) = name.strip_prefix(setting).and_then(|rest| rest.strip_prefix('.')) {
            found.insert(key.to_owned(), list(&flat::text(value)));
        }
    }
    let given = found.into_iter().filter(|(_, values)| !values.is_empty());
    given.map(|(key, values)| Filter { key, values }).collect()
}

fn shown(filters: &[Filter], between: &str) -> String {
    let each = filters.iter().map(|filter| format!("{}:\"{}\"", filter.key, filter.values.join(between)));
    each.collect::<Vec<_>>().join(between)
}

impl Filter {
    fn matches(&self, id: &NodeId, node: &Node, all: bool) -> bool {
        let host = node.peer_address.rsplit_once(':').map_or(node.peer_address.as_str(), |(host, _)| host);
        let holds = |value: &String| match self.key.as_str() {
            "_id" => *value == *id.0,
            "_name" => simple_match(value, &node.name),
            "_host" => simple_match(value, host),
            "_ip" | "_host_ip" | "_publish_ip" => of_address(value, host),
            attribute => node.attributes.get(attribute).is_some_and(|given| simple_match(value, given)),
        };
        if all { self.values.iter().all(holds) } else { self.values.iter().any(holds) }
    }
}

/// An address, a pattern of one, or a network as `10.0.0.0/8`.
fn of_address(value: &str, host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let network = value.split_once('/').and_then(|(base, bits)| Some((base.parse().ok()?, bits.parse().ok()?)));
    match (network, host.parse()) {
        (Some((base, bits)), Ok(address)) => within(base, bits, address),
        _ => simple_match(value, host),
    }
}

fn within(base: IpAddr, bits: u32, address: IpAddr) -> bool {
    let same = |a: u128, b: u128, width: u32| {
        let shift = width.saturating_sub(bits);
        // A shift by the whole width leaves nothing to compare.
        a.checked_shr(shift).unwrap_or(0) == b.checked_shr(shift).unwrap_or(0)
    };
    match (base, address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => same(base.to_bits().into(), address.to_bits().into(), 32),
        (IpAddr::V6(base), IpAddr::V6(address)) => same(base.to_bits(), address.to_bits(), 128),
        _ => false,
    }
}
