//! What an operator's command comes to: metadata commands, or why it cannot be.

use model::allocation::RerouteCommand;
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, ShardNumber};

use super::{Subject, assignment};
use crate::command::Command;
use crate::state::{Copy, NodeId, State};

/// Why a command is not carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The request is wrong.
    Request(Error),
    /// Not now, not there: shown where explanations are asked for.
    Rule(String),
}

/// The commands that `wanted` stands for.
///
/// # Errors
/// [`Refusal`].
pub fn reroute(state: &State, wanted: &RerouteCommand, now_ms: u64) -> Result<Vec<Command>, Refusal> {
    match wanted {
        RerouteCommand::Cancel { index, shard, node, allow_primary } => {
            let (node, subject) = (resolve(state, node)?, subject(state, index, *shard)?);
            let (allocation, copy) = copy_on(&subject, &node, "cancel_allocation", "cancel")?;
            if copy.primary && !allow_primary {
                let doing = if copy.started { "started" } else { "initializing its state" };
                let (name, node) = (label(&subject), &node.0);
                return rule(format!(
                    "[cancel_allocation] can't cancel {name} on node [{node}], shard is primary and {doing}"
                ));
            }
            Ok(vec![Command::CancelCopy { shard: subject.id(), allocation: allocation.clone(), at_ms: now_ms }])
        }
        RerouteCommand::Move { index, shard, from_node, to_node } => {
            let (from, to) = (resolve(state, from_node)?, resolve(state, to_node)?);
            let subject = subject(state, index, *shard)?;
            copy_on(&subject, &from, "move_allocation", "move")?;
            if subject.table.copies.values().any(|copy| copy.node == to) {
                let name = label(&subject);
                return rule(format!("[move_allocation] can't move {name} to [{}]: a copy of it is there", to.0));
            }
            Err(Refusal::Request(Error::not_implemented("moving a shard copy to another node")))
        }
        RerouteCommand::AllocateReplica { index, shard, node } => {
            resolve(state, node)?;
            subject(state, index, *shard)?;
            Err(Refusal::Request(Error::not_implemented("[allocate_replica] of _cluster/reroute")))
        }
        RerouteCommand::AllocateStalePrimary { index, shard, .. } => {
            // Only in-sync copies are kept count of, and those come back by themselves.
            subject(state, index, *shard)?;
            let reason = format!("No data for shard [{shard}] of index [{index}] found on any node");
            Err(Refusal::Request(Error::illegal_argument(reason)))
        }
        RerouteCommand::AllocateEmptyPrimary { index, shard, node, accept_data_loss } => {
            let (node, subject) = (resolve(state, node)?, subject(state, index, *shard)?);
            empty_primary(&subject, &node, *accept_data_loss)
        }
    }
}

fn empty_primary(subject: &Subject<'_>, node: &NodeId, accepted: bool) -> Result<Vec<Command>, Refusal> {
    let name = label(subject);
    if subject.table.primary().is_some() {
        return rule(format!("[allocate_empty_primary] primary {name} is already assigned"));
    }
    if !subject.fresh() && !accepted {
        return rule(format!(
            "[allocate_empty_primary] allocating an empty primary for {name} can result in data loss. Please confirm by setting the accept_data_loss parameter to true"
        ));
    }
    let discard = (!subject.fresh()).then(|| Command::DiscardShard { shard: subject.id() });
    Ok(discard.into_iter().chain([assignment(subject, node, None)]).collect())
}

fn rule<T>(why: String) -> Result<T, Refusal> {
    Err(Refusal::Rule(why))
}

fn label(subject: &Subject<'_>) -> String {
    format!("[{}][{}]", subject.index.name, subject.number)
}

fn subject<'a>(state: &'a State, index: &str, shard: u32) -> Result<Subject<'a>, Refusal> {
    let index = state.index(index).map_err(Refusal::Request)?;
    let number = ShardNumber(shard);
    let missing =
        || Error::new(ErrorKind::ShardNotFound, "no such shard").with_index(index.reference()).with_shard(number);
    let table = index.shard(number).ok_or_else(|| Refusal::Request(missing()))?;
    Ok(Subject::primary_of(index, number, table))
}

fn copy_on<'a>(
    subject: &Subject<'a>,
    node: &NodeId,
    command: &str,
    verb: &str,
) -> Result<(&'a AllocationId, &'a Copy), Refusal> {
    let found = subject.table.copies.iter().find(|(_, copy)| copy.node == *node);
    let name = label(subject);
    let missing = format!("[{command}] can't {verb} {name}, failed to find it on node [{}]", node.0);
    found.ok_or(Refusal::Rule(missing))
}

/// The one data node of an identity, a name or an address.
fn resolve(state: &State, given: &str) -> Result<NodeId, Refusal> {
    let is = |(id, node): &(&NodeId, &crate::state::Node)| {
        let host = node.peer_address.rsplit_once(':').map_or("", |(host, _)| host);
        *id.0 == *given || *node.name == *given || node.peer_address == given || host == given
    };
    let found: Vec<&NodeId> = state.nodes.iter().filter(is).map(|(id, _)| id).collect();
    let refuse = |why: &str| Refusal::Request(Error::illegal_argument(format!("failed to resolve [{given}], {why}")));
    match found.as_slice() {
        [] => Err(refuse("no matching nodes")),
        [one] => Ok((*one).clone()),
        many => {
            let ids: Vec<&str> = many.iter().map(|id| id.0.as_ref()).collect();
            Err(refuse(&format!(
                "expanded into {} nodes {ids:?} (where expected to resolve to a single node)",
                ids.len()
            )))
        }
    }
}
