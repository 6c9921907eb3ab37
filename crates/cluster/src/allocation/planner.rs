//! From the metadata and the facts to the commands that are due.
//!
//! Pure and idempotent: the same input gives the same commands, and after they have been applied there are none. What is assigned stays where
//! it is. New shards go where they burden least; a shard that has data goes back to where its data lie, and waits for that node.

use model::id::{PrimaryTerm, ShardId, ShardNumber};

use super::deciders::{self, Decider};
use super::{Answer, Facts, Subject, View, balance, flood_stage};
use crate::command::Command;
use crate::state::{AllocationId, NodeId, State};

/// What is due now: appointments of primaries, blocks of indexes on full disks.
pub fn planner(state: &State, facts: &Facts) -> Vec<Command> {
    let mut view = View::new(state, facts);
    let mut commands = Vec::new();
    for subject in unassigned(state) {
        let Some((node, from)) = place(&view, &subject) else { continue };
        commands.push(assignment(&subject, &node, from));
        view.place(subject, &node);
    }
    commands.extend(flood_stage::commands(&view));
    commands
}

/// The command that makes a copy of this shard on that node its primary. Its allocation id follows from shard, node and term, so that whoever
/// plans it plans the same.
pub fn assignment(subject: &Subject<'_>, node: &NodeId, from: Option<AllocationId>) -> Command {
    let (shard, term) = (subject.id(), subject.table.term.next());
    let allocation = allocation_id(&shard, node, term);
    Command::AppointPrimary { shard, node: node.clone(), allocation, term, from }
}

/// Shards of open indexes without a primary: those of higher priority first, of younger indexes before older ones.
fn unassigned(state: &State) -> Vec<Subject<'_>> {
    let mut indexes: Vec<_> = state.indexes.values().filter(|index| index.open).collect();
    indexes.sort_by_key(|index| {
        let typed = index.settings.typed();
        (std::cmp::Reverse((typed.priority, index.creation_date_ms)), index.name.clone())
    });
    let shards = indexes.into_iter().flat_map(|index| {
        let tables = (0..).map(ShardNumber).zip(&index.shards);
        tables.map(|(number, table)| Subject { index, number, table, primary: true })
    });
    shards.filter(|subject| subject.table.primary().is_none()).collect()
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

fn allowed(view: &View<'_>, subject: &Subject<'_>, node: &NodeId, deciders: &[Decider]) -> bool {
    deciders.iter().all(|decider| (decider.decide)(view, subject, node).answer == Answer::Yes)
}

/// 22 characters of URL-safe base64, from a hash of 128 bits.
fn allocation_id(shard: &ShardId, node: &NodeId, term: PrimaryTerm) -> AllocationId {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = format!("{}/{}/{}/{term}", shard.index, shard.number, node.0);
    // Reading from memory cannot fail.
    let bits = murmur3::murmur3_x64_128(&mut text.as_bytes(), 0).unwrap_or(0);
    let letters: String = (0..22).map(|n| char::from(ALPHABET[(bits >> (n * 6)) as usize & 63])).collect();
    AllocationId(letters.into())
}
