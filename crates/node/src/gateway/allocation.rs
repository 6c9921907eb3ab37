//! Where shard copies lie: explained, and changed by an operator's commands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::allocation::{self, Answer as Verdict, Disk, Explanation, Facts, Granted, Refusal};
use cluster::apply::apply;
use cluster::command::Command;
use cluster::health::copies;
use cluster::state::{IndexMetadata, NodeId, State, VotingExclusion};
use model::admin::{ShardInfo, ShardState};
use model::allocation::{
    AllocationExplanation, DeciderVerdict, Decision, ExplainAllocation, ExplainShard, Movement, NodeDecision, NodeDisk,
    Reroute, RerouteCommand, RerouteExplanation, VotingExclusions,
};
use model::error::{Error, ErrorKind};
use model::id::{ShardId, ShardNumber};

use super::NodeGateway;
use super::cluster::POLL;
use crate::clock::now_ms;
use crate::core::Core;
use crate::process::disk_stats;

/// Most nodes that the voters do without at a time.
const MAX_EXCLUSIONS: usize = 10;

/// What this node knows of the world: its own disk.
fn facts(core: &Core) -> Facts {
    let disk = disk_stats(&core.config.data);
    let disk = Disk { total_bytes: disk.total_bytes, available_bytes: disk.available_bytes };
    let disks = [(core.identity.node.clone(), disk)].into_iter().filter(|(_, disk)| disk.total_bytes > 0).collect();
    Facts { now_ms: now_ms(), disks, ..Facts::default() }
}

pub(super) fn explain(core: &Core, request: &ExplainAllocation) -> Result<AllocationExplanation, Error> {
    let (state, facts) = (core.state(), facts(core));
    let (index, copy) = match &request.shard {
        Some(asked) => named(&state, asked)?,
        None => first_unassigned(&state)?,
    };
    let node = copy.node.clone().map(NodeId);
    let told = allocation::explain(&state, &facts, (index, copy.number), copy.primary, node.as_ref())
        .ok_or_else(|| shard_not_found(index, copy.number))?;
    let path = core.config.data.display().to_string();
    let disks = facts.disks.iter().map(|(node, disk)| NodeDisk {
        node: node.0.clone(),
        path: path.clone(),
        total_bytes: disk.total_bytes,
        free_bytes: disk.available_bytes,
    });
    let unassigned = copy.state == ShardState::Unassigned;
    Ok(AllocationExplanation {
        index: index.name.clone(),
        number: copy.number.0,
        primary: copy.primary,
        state: copy.state,
        unassigned: copy.unassigned,
        rank: node.as_ref().and_then(|node| told.ranks.get(node).copied()),
        node: copy.node,
        delay_ms: told.delay_ms.filter(|_| unassigned),
        movement: told.movement.as_ref().map(movement),
        data_away: unassigned && !told.waits_for.is_empty(),
        nodes: decisions(told),
        disks: disks.collect(),
    })
}

fn decision(answer: Verdict) -> Decision {
    match answer {
        Verdict::Yes => Decision::Yes,
        Verdict::Throttle => Decision::Throttle,
        Verdict::No => Decision::No,
    }
}

fn shown_verdict((decider, verdict): (&'static str, allocation::Verdict)) -> DeciderVerdict {
    let explanation = verdict.reason.into_owned();
    DeciderVerdict { decider, decision: decision(verdict.answer), explanation }
}

fn movement(told: &allocation::Movement) -> Movement {
    let shown =
        |verdicts: &[(&'static str, allocation::Verdict)]| verdicts.iter().cloned().map(shown_verdict).collect();
    Movement { stays: shown(&told.stays), rebalances: shown(&told.rebalances) }
}

fn decisions(told: Explanation) -> Vec<NodeDecision> {
    let of_node = |node: allocation::NodeDecision| NodeDecision {
        node: node.node.0.clone(),
        rank: node.rank,
        improves: node.improves,
        decision: decision(node.answer),
        in_sync: node.in_sync,
        deciders: node.verdicts.into_iter().map(shown_verdict).collect(),
    };
    told.nodes.into_iter().map(of_node).collect()
}

fn shard_not_found(index: &IndexMetadata, number: ShardNumber) -> Error {
    Error::new(ErrorKind::ShardNotFound, "no such shard").with_index(index.reference()).with_shard(number)
}

/// The copy that the request is about: of replicas one that is not assigned, before others.
fn named<'a>(state: &'a State, asked: &ExplainShard) -> Result<(&'a IndexMetadata, ShardInfo), Error> {
    let index = state.index(&asked.index)?;
    let number = ShardNumber(asked.number);
    index.shard(number).ok_or_else(|| shard_not_found(index, number))?;
    let node = asked.current_node.as_ref().map(|given| one_node(state, given)).transpose()?;
    let fits = |copy: &ShardInfo| {
        let there = node.as_ref().is_none_or(|node| copy.node.as_ref() == Some(&node.0));
        copy.number == number && copy.primary == asked.primary && there
    };
    let mut fitting: Vec<ShardInfo> = copies(index, now_ms()).into_iter().filter(fits).collect();
    fitting.sort_by_key(|copy| copy.state != ShardState::Unassigned);
    match fitting.into_iter().next() {
        Some(copy) => Ok((index, copy)),
        None => Err(Error::illegal_argument(format!(
            "unable to find any shards to explain [index={},shard={number},primary?={}] in the routing table",
            asked.index, asked.primary
        ))),
    }
}

fn one_node(state: &State, given: &str) -> Result<NodeId, Error> {
    let found = state.nodes.iter().find(|(id, node)| *id.0 == *given || *node.name == *given);
    let missing = || Error::illegal_argument(format!("failed to resolve [{given}], no matching nodes"));
    found.map(|(id, _)| id.clone()).ok_or_else(missing)
}

/// Primaries before replicas.
fn first_unassigned(state: &State) -> Result<(&IndexMetadata, ShardInfo), Error> {
    let all = state
        .indexes
        .values()
        .flat_map(|index| copies(index, now_ms()).into_iter().map(move |copy| (index.as_ref(), copy)));
    let missing = all.filter(|(_, copy)| copy.state == ShardState::Unassigned);
    missing.min_by_key(|(_, copy)| !copy.primary).ok_or_else(|| {
        Error::illegal_argument("unable to find any unassigned shards to explain [useAnyUnassignedShard=true]")
    })
}

/// Where data lie of the shards whose primaries are to begin with whatever there is.
pub(super) async fn data(core: &Arc<Core>, request: &Reroute) -> BTreeMap<ShardId, BTreeSet<NodeId>> {
    let state = core.state();
    let stale = |wanted: &RerouteCommand| match wanted {
        RerouteCommand::AllocateStalePrimary { index, shard, .. } => {
            let index = state.index(index).ok()?;
            Some(ShardId { index: index.uuid.clone(), number: ShardNumber(*shard) })
        }
        _ => None,
    };
    let shards: Vec<ShardId> = request.commands.iter().filter_map(stale).collect();
    if shards.is_empty() { BTreeMap::new() } else { super::recovery::holders(core, shards).await }
}

/// `patience`: how long each change waits for an elected node.
pub(super) fn reroute(
    (core, patience): (&Arc<Core>, Duration),
    request: &Reroute,
    data: BTreeMap<ShardId, BTreeSet<NodeId>>,
) -> Result<Vec<RerouteExplanation>, Error> {
    let (mut state, facts) = (core.state().as_ref().clone(), Facts { data, ..facts(core) });
    let (mut explanations, mut commands): (Vec<_>, Vec<Command>) = (Vec::new(), Vec::new());
    for wanted in &request.commands {
        let alone =
            |decision, explanation| vec![DeciderVerdict { decider: decider(wanted.name()), decision, explanation }];
        let (due, decisions) = match allocation::reroute(&state, &facts, wanted) {
            Ok(Granted { commands, verdicts }) if verdicts.is_empty() => {
                (commands, alone(Decision::Yes, "the command is carried out".to_owned()))
            }
            Ok(Granted { commands, verdicts }) => (commands, verdicts.into_iter().map(shown_verdict).collect()),
            Err(Refusal::Rule(why)) if request.explain => (Vec::new(), alone(Decision::No, why)),
            Err(Refusal::Deciders { verdicts, .. }) if request.explain => {
                (Vec::new(), verdicts.into_iter().map(shown_verdict).collect())
            }
            Err(Refusal::Rule(why) | Refusal::Deciders { why, .. }) => return Err(Error::illegal_argument(why)),
            Err(Refusal::Request(error)) => return Err(error),
        };
        for command in &due {
            state = apply(&state, command)?;
        }
        commands.extend(due);
        explanations.push(RerouteExplanation { command: wanted.clone(), decisions });
    }
    if !request.dry_run {
        for command in &commands {
            core.submit_within(command, patience)?;
        }
    }
    Ok(explanations)
}

/// As OpenSearch calls who decides about a command.
fn decider(command: &str) -> &'static str {
    match command {
        "move" => "move_allocation_command",
        "cancel" => "cancel_allocation_command",
        "allocate_replica" => "allocate_replica_command",
        "allocate_empty_primary" => "allocate_empty_primary_command",
        _ => "allocate_stale_primary_command",
    }
}

pub(super) async fn change_voting_exclusions(door: &NodeGateway, change: VotingExclusions) -> Result<(), Error> {
    let core = &door.core;
    match change {
        VotingExclusions::Add { ids, names, timeout_ms } => {
            let exclusions = exclusions(&core.state(), &ids, &names)?;
            submit(door, Command::AddVotingExclusions { exclusions }).await?;
            wait_until_excluded(core, timeout_ms).await
        }
        VotingExclusions::Clear { wait_for_removal, timeout_ms } => {
            if wait_for_removal {
                wait_for_removal_of_all(core, timeout_ms).await?;
            }
            submit(door, Command::ClearVotingExclusions).await
        }
    }
}

async fn submit(door: &NodeGateway, command: Command) -> Result<(), Error> {
    door.submit(command).await.map(drop)
}

/// What there is to add.
fn exclusions(state: &State, ids: &[String], names: &[String]) -> Result<Vec<VotingExclusion>, Error> {
    const ABSENT: &str = "_absent_";
    let by_id = |id: &String| {
        let id = NodeId(id.as_str().into());
        let name = state.nodes.get(&id).map_or_else(|| ABSENT.into(), |node| node.name.clone());
        VotingExclusion { id, name }
    };
    let by_name = |name: &String| {
        let node = state.nodes.iter().find(|(_, node)| *node.name == *name.as_str() && node.is_cluster_manager());
        let id = node.map_or_else(|| NodeId(ABSENT.into()), |(id, _)| id.clone());
        VotingExclusion { id, name: name.as_str().into() }
    };
    let all: Vec<VotingExclusion> = ids.iter().map(by_id).chain(names.iter().map(by_name)).collect();
    let fresh: Vec<VotingExclusion> = all.into_iter().filter(|one| !state.voting_exclusions.contains(one)).collect();
    let (adding, there) = (fresh.len(), state.voting_exclusions.len());
    if adding + there > MAX_EXCLUSIONS {
        return Err(Error::illegal_argument(format!(
            "add voting config exclusions request would add [{adding}] exclusions to the existing [{there}] which would exceed the maximum of [{MAX_EXCLUSIONS}] set by [cluster.max_voting_config_exclusions]"
        )));
    }
    let left = |node: &&NodeId| !state.voting_exclusions.iter().chain(&fresh).any(|exclusion| exclusion.id == **node);
    let mut managers = state.nodes.iter().filter(|(_, node)| node.is_cluster_manager()).map(|(id, _)| id);
    if managers.find(left).is_none() {
        return Err(Error::illegal_argument("no node would be left that may vote"));
    }
    Ok(fresh)
}

/// Until none of the excluded nodes votes or leads: they may be stopped then.
async fn wait_until_excluded(core: &Core, timeout_ms: u64) -> Result<(), Error> {
    let begun = Instant::now();
    while !core.membership.excluded_have_gone() {
        if begun.elapsed() >= Duration::from_millis(timeout_ms) {
            let names: Vec<Arc<str>> = core.state().voting_exclusions.iter().map(|one| one.name.clone()).collect();
            let reason = format!("timed out waiting for voting config exclusions {names:?} to take effect");
            return Err(Error::new(ErrorKind::Timeout, reason));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

async fn wait_for_removal_of_all(core: &Core, timeout_ms: u64) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        let state = core.state();
        let here: Vec<&str> = state
            .voting_exclusions
            .iter()
            .filter(|exclusion| state.nodes.contains_key(&exclusion.id))
            .map(|exclusion| exclusion.name.as_ref())
            .collect();
        if here.is_empty() {
            return Ok(());
        }
        if begun.elapsed() >= Duration::from_millis(timeout_ms) {
            let reason = format!(
                "timed out waiting for removal of nodes; if nodes should not be removed, set wait_for_removal=false. {here:?}"
            );
            return Err(Error::new(ErrorKind::Timeout, reason));
        }
        tokio::time::sleep(POLL).await;
    }
}
