//! What an operator's command comes to: metadata commands, or why it cannot be.

use model::allocation::RerouteCommand;
use model::error::{Error, ErrorKind};
use model::id::{AllocationId, ShardNumber};

use super::planner::allocation_id;
use super::{Answer, Facts, Subject, Verdict, View, assignment, deciders, moves, replicas};
use crate::command::Command;
use crate::state::{Copy, NodeId, State};

/// As OpenSearch words it.
const ASKED_FOR: &str =
    "explicitly ignoring any disabling of allocation due to manual allocation commands via the reroute API";

/// Why a command is not carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The request is wrong.
    Request(Error),
    /// Not now, not there: shown where explanations are asked for.
    Rule(String),
    /// A decider is against it.
    Deciders { why: String, verdicts: Vec<(&'static str, Verdict)> },
}

/// A command that is carried out.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    pub commands: Vec<Command>,
    /// What the deciders say, where they are asked.
    pub verdicts: Vec<(&'static str, Verdict)>,
}

impl From<Vec<Command>> for Granted {
    fn from(commands: Vec<Command>) -> Self {
        Self { commands, verdicts: Vec::new() }
    }
}

/// The commands that `wanted` stands for.
///
/// # Errors
/// [`Refusal`].
pub fn reroute(state: &State, facts: &Facts, wanted: &RerouteCommand) -> Result<Granted, Refusal> {
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
            let (shard, allocation, at_ms) = (subject.id(), allocation.clone(), facts.now_ms);
            Ok(vec![Command::CancelCopy { shard, allocation, at_ms }].into())
        }
        RerouteCommand::Move { index, shard, from_node, to_node } => {
            let (from, to) = (resolve(state, from_node)?, resolve(state, to_node)?);
            let subject = subject(state, index, *shard)?;
            relocate(&View::new(state, facts), &subject, &from, &to)
        }
        RerouteCommand::AllocateReplica { index, shard, node } => {
            let (node, subject) = (resolve(state, node)?, subject(state, index, *shard)?);
            allocate_replica(&View::new(state, facts), subject, &node)
        }
        RerouteCommand::AllocateStalePrimary { index, shard, node, accept_data_loss } => {
            let (node, subject) = (resolve(state, node)?, subject(state, index, *shard)?);
            stale_primary(&subject, facts, &node, *accept_data_loss).map(Granted::from)
        }
        RerouteCommand::AllocateEmptyPrimary { index, shard, node, accept_data_loss } => {
            let (node, subject) = (resolve(state, node)?, subject(state, index, *shard)?);
            empty_primary(&subject, &node, *accept_data_loss).map(Granted::from)
        }
    }
}

fn relocate(view: &View<'_>, subject: &Subject<'_>, from: &NodeId, to: &NodeId) -> Result<Granted, Refusal> {
    let name = label(subject);
    let (allocation, copy) = copy_on(subject, from, "move_allocation", "move")?;
    let doing = match (copy.started, moves::is_moving(subject.table, allocation)) {
        (true, false) => None,
        (true, true) => Some("RELOCATING"),
        (false, _) => Some("INITIALIZING"),
    };
    if let Some(doing) = doing {
        return rule(format!("[move_allocation] can't move {name}, shard is not started (state = {doing})"));
    }
    if !subject.index.open {
        return rule(format!("[move_allocation] can't move {name}, its index is closed"));
    }
    let subject = Subject::moving(subject.index, subject.number, subject.table, copy);
    let verdicts = verdicts(view, &subject, to, |reasons| {
        let (from, to) = (&from.0, &to.0);
        format!(
            "[move_allocation] can't move {name}, from [{from}], to [{to}], since its not allowed, reason: {reasons}"
        )
    })?;
    if !subject.table.primary().is_some_and(|(_, primary)| primary.started) {
        return rule(format!("[move_allocation] can't move {name}, it has no primary that serves"));
    }
    Ok(Granted { commands: vec![moves::command(&subject, allocation, to)], verdicts })
}

fn allocate_replica(view: &View<'_>, subject: Subject<'_>, node: &NodeId) -> Result<Granted, Refusal> {
    let (name, table) = (label(&subject), subject.table);
    if !table.primary().is_some_and(|(_, primary)| primary.started) {
        return rule(format!(
            "[allocate_replica] trying to allocate a replica shard {name}, while corresponding primary shard is still unassigned"
        ));
    }
    if table.replicas().count() >= subject.index.settings.typed().replicas as usize {
        return rule(format!(
            "[allocate_replica] all copies of {name} are already assigned. Use the move allocation command instead"
        ));
    }
    let subject = Subject { primary: false, why: table.missing.first(), ..subject };
    let verdicts = verdicts(view, &subject, node, |reasons| {
        format!("[allocate_replica] allocation of {name} on node [{}] is not allowed, reason: {reasons}", node.0)
    })?;
    Ok(Granted { commands: vec![replicas::command(&subject, node, table.assigned + 1)], verdicts })
}

/// What the deciders say of the copy on that node; one that is against it refuses. That others recover there, or that nothing is to be assigned by
/// itself, does not matter: it is asked for.
fn verdicts(
    view: &View<'_>,
    subject: &Subject<'_>,
    node: &NodeId,
    refusal: impl FnOnce(String) -> String,
) -> Result<Vec<(&'static str, Verdict)>, Refusal> {
    let decide = |decider: &deciders::Decider| match decider.name {
        deciders::ENABLE => (decider.name, Verdict::yes(ASKED_FOR)),
        _ => (decider.name, (decider.decide)(view, subject, node)),
    };
    let verdicts: Vec<(&'static str, Verdict)> = deciders::ALL.iter().map(decide).collect();
    if verdicts.iter().all(|(_, verdict)| verdict.answer != Answer::No) {
        return Ok(verdicts);
    }
    let reason = |(_, verdict): &(&str, Verdict)| format!("[{}({})]", verdict.answer.name(), verdict.reason);
    Err(Refusal::Deciders { why: refusal(verdicts.iter().map(reason).collect()), verdicts })
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

fn stale_primary(subject: &Subject<'_>, facts: &Facts, node: &NodeId, accepted: bool) -> Result<Vec<Command>, Refusal> {
    let name = label(subject);
    if subject.table.primary().is_some() {
        return rule(format!("[allocate_stale_primary] primary {name} is already assigned"));
    }
    let there = facts.data.get(&subject.id());
    let missing = |where_: &str| {
        let (number, index) = (subject.number, &subject.index.name);
        let reason = format!("No data for shard [{number}] of index [{index}] found on {where_}");
        Err(Refusal::Request(Error::illegal_argument(reason)))
    };
    match there {
        Some(nodes) if !subject.fresh() && nodes.contains(node) => {}
        Some(nodes) if !subject.fresh() && !nodes.is_empty() => return missing(&format!("node [{}]", node.0)),
        _ => return missing("any node"),
    }
    if !accepted {
        return rule(format!(
            "[allocate_stale_primary] allocating a stale primary for {name} can result in data loss. Please confirm by setting the accept_data_loss parameter to true"
        ));
    }
    let (shard, term) = (subject.id(), subject.table.term.next());
    let allocation = allocation_id(&shard, node, term, None);
    Ok(vec![Command::AppointStale { shard, node: node.clone(), allocation, term }])
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
