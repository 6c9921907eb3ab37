//! From the metadata and the facts to the commands that are due.
//!
//! Pure and idempotent: the same input gives the same commands, and after they have been applied there are none. What is assigned stays where
//! it is, unless it must not stay there ([`super::moves`]) or other nodes are much lighter ([`super::rebalance`]). New shards go where they burden least; a primary that is gone is succeeded by a replica that has everything, at once; a shard without
//! one goes back to where its data lie, and waits for that node. Missing replicas: [`super::replicas`].

use model::id::{AllocationId, PrimaryTerm, ShardId, ShardNumber};

use super::deciders::{self, Decider};
use super::{Answer, Facts, Subject, View, balance, flood_stage, moves, rebalance, replicas};
use crate::apply::apply;
use crate::command::Command;
use crate::state::{IndexMetadata, NodeId, State};

/// A plan with replicas is looked at again so often at most: of one shard one round moves one copy, and what it leaves behind makes room.
const ROUNDS: usize = 16;

/// What is due now: successors and appointments of primaries, replicas, moves, blocks of indexes on full disks.
pub fn planner(state: &State, facts: &Facts) -> Vec<Command> {
    let mut commands = round(state, facts);
    let mut added = commands.as_slice();
    let mut now = state.clone();
    for _ in 1..ROUNDS {
        if !added.iter().any(|command| matches!(command, Command::AssignReplica(_))) {
            break;
        }
        let Ok(next) = added.iter().try_fold(now.clone(), |state, command| apply(&state, command)) else { break };
        now = next;
        let before = commands.len();
        commands.extend(round(&now, facts));
        added = commands.get(before..).unwrap_or_default();
    }
    commands
}

fn round(state: &State, facts: &Facts) -> Vec<Command> {
    // What is beyond a doubt comes first: the rest is planned as if it were done.
    let mut commands = successors(state);
    commands.extend(replicas::surplus(state));
    let done = commands.iter().try_fold(state.clone(), |state, command| apply(&state, command));
    let after = if commands.is_empty() { state.clone() } else { done.unwrap_or_else(|_| state.clone()) };
    let mut view = View::new(&after, facts);
    let subjects = by_priority(&after);
    for subject in &subjects {
        if subject.table.primary().is_some() {
            commands.extend(replicas::missing(&mut view, subject));
        } else if let Some((node, from)) = place(&view, subject) {
            commands.push(assignment(subject, &node, from));
            view.place(subject, &node);
        }
    }
    let (leaving, all_may_stay) = moves::commands(&mut view, &subjects);
    commands.extend(leaving);
    if all_may_stay {
        commands.extend(rebalance::commands(&mut view));
    }
    commands.extend(flood_stage::commands(&view));
    commands
}

/// The command that makes a copy of this shard on that node its primary. Its allocation id follows from shard, node and term, so that whoever
/// plans it plans the same.
pub fn assignment(subject: &Subject<'_>, node: &NodeId, from: Option<AllocationId>) -> Command {
    let (shard, term) = (subject.id(), subject.table.term.next());
    let allocation = allocation_id(&shard, node, term, None);
    Command::AppointPrimary { shard, node: node.clone(), allocation, term, from }
}

/// Every shard of open indexes: those of higher priority first, of younger indexes before older ones.
fn by_priority(state: &State) -> Vec<Subject<'_>> {
    let mut indexes: Vec<_> = state.indexes.values().filter(|index| index.open).collect();
    indexes.sort_by_key(|index| {
        let typed = index.settings.typed();
        (std::cmp::Reverse((typed.priority, index.creation_date_ms)), index.name.clone())
    });
    let shards = indexes.into_iter().flat_map(|index| {
        let tables = (0..).map(ShardNumber).zip(&index.shards);
        tables.map(|(number, table)| Subject::primary_of(index, number, table))
    });
    shards.collect()
}

/// Replicas that become primaries: of several the one whose node has the fewest.
fn successors(state: &State) -> Vec<Command> {
    let mut primaries = std::collections::BTreeMap::<&NodeId, u32>::new();
    let lost = |index: &&IndexMetadata| index.open && index.shards.iter().any(|table| table.primary().is_none());
    let concerned: Vec<&IndexMetadata> = state.indexes.values().map(|index| &**index).filter(lost).collect();
    if concerned.is_empty() {
        return Vec::new();
    }
    for table in state.indexes.values().flat_map(|index| &index.shards) {
        if let Some((_, copy)) = table.primary() {
            *primaries.entry(&copy.node).or_default() += 1;
        }
    }
    let mut commands = Vec::new();
    for index in concerned {
        for (number, table) in (0..).map(ShardNumber).zip(&index.shards).filter(|(_, table)| table.primary().is_none())
        {
            let whole = table.started().filter(|(id, _)| table.in_sync.contains_key(*id));
            let best = whole.min_by_key(|(id, copy)| (primaries.get(&copy.node).copied().unwrap_or(0), *id));
            let Some((allocation, copy)) = best else { continue };
            *primaries.entry(&copy.node).or_default() += 1;
            let shard = ShardId { index: index.uuid.clone(), number };
            let (allocation, term) = (allocation.clone(), table.term.next());
            commands.push(Command::PromoteReplica { shard, allocation, term });
        }
    }
    commands
}

/// Where the primary goes now, and which copy it continues.
fn place(view: &View<'_>, subject: &Subject<'_>) -> Option<(NodeId, Option<AllocationId>)> {
    if subject.fresh() {
        let nodes = balance::ranked(view, subject);
        let best = nodes.into_iter().find(|node| allowed(view, subject, node, deciders::ALL))?;
        return Some((best.clone(), None));
    }
    let homes = subject.table.in_sync.iter().filter(|(_, home)| view.load(home).is_some());
    let mut free = homes.filter(|(_, home)| allowed(view, subject, home, deciders::OF_DATA));
    free.next().map(|(id, home)| (home.clone(), Some(id.clone())))
}

pub(super) fn allowed(view: &View<'_>, subject: &Subject<'_>, node: &NodeId, deciders: &[Decider]) -> bool {
    deciders.iter().all(|decider| (decider.decide)(view, subject, node).answer == Answer::Yes)
}

/// 22 characters of URL-safe base64, from a hash of 128 bits. `turn`: of a replica.
pub(super) fn allocation_id(shard: &ShardId, node: &NodeId, term: PrimaryTerm, turn: Option<u64>) -> AllocationId {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let turn = turn.map_or_else(String::new, |turn| format!("/{turn}"));
    let text = format!("{}/{}/{}/{term}{turn}", shard.index, shard.number, node.0);
    // Reading from memory cannot fail.
    let bits = murmur3::murmur3_x64_128(&mut text.as_bytes(), 0).unwrap_or(0);
    let letters: String = (0..22).map(|n| char::from(ALPHABET[(bits >> (n * 6)) as usize & 63])).collect();
    AllocationId(letters.into())
}
