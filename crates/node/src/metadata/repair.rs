//! What is done to a node's metadata when the majority of the voters is lost for good: one node begins a new cluster with what it knows, and others
//! forget theirs, so that they may join it. Only an operator may want this: whatever the lost nodes had agreed on since is gone.
//!
//! In: the folder of a node that does not run. Out: what was found there. The former file is kept beside the new one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::command::Command;
use cluster::state::{NodeId, State};
use openraft::entry::RaftEntry;
use openraft::{BasicNode, EntryPayload, Membership};

use super::disk::{Disk, Kept, Write, from_json, to_json};
use super::machine::carry_out;
use super::types::{Entry, LogId, RaftId, SnapshotMeta, StoredMembership, Vote};
use crate::clock::now_ms;
use crate::identity;

const FILE: &str = "metadata.redb";

/// What a node's metadata say.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// With everything that this node had heard of, agreed on or not.
    pub(crate) state: Arc<State>,
    /// Who votes, as far as this node knows.
    pub(crate) voters: Vec<NodeId>,
    last: LogId,
    vote: Option<Vote>,
}

/// Reads the metadata below `directory`.
///
/// # Errors
/// What does not read; a node that was never in a cluster.
pub(crate) fn read(directory: &Path) -> io::Result<Found> {
    let path = directory.join(FILE);
    if !path.exists() {
        let why =
            format!("{} has no {FILE}: it is no node's folder, or that of one that was detached", directory.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, why));
    }
    let disk = Disk::open(&path)?;
    let meta: Option<SnapshotMeta> = disk.kept_json(Kept::SnapshotMeta)?;
    let snapshot = disk.kept(Kept::SnapshotState)?;
    let mut state: Arc<State> = Arc::new(snapshot.map_or_else(|| Ok(State::default()), |bytes| from_json(&bytes))?);
    let mut membership = meta.as_ref().map(|meta| meta.last_membership.membership().clone());
    let mut last = meta.and_then(|meta| meta.last_log_id);
    let begin = last.as_ref().map_or(0, |id| id.index + 1);
    for (_, entry) in disk.log::<Entry>()?.into_iter().filter(|(index, _)| *index >= begin) {
        last = Some(entry.log_id());
        match entry.payload {
            EntryPayload::Normal(batch) => state = carry_out(&state, &batch.0).0,
            EntryPayload::Membership(newer) => membership = Some(newer),
            EntryPayload::Blank => {}
        }
    }
    let last = last.ok_or_else(|| io::Error::other("this node has never been in a cluster"))?;
    let voters = membership.iter().flat_map(Membership::voter_ids).map(|id| id.0).collect();
    Ok(Found { state, voters, last, vote: disk.kept_json(Kept::Vote)? })
}

/// Makes the node below `directory` the only voter of a new cluster that begins with what was `found`. Out: where the former file is.
///
/// # Errors
/// When the disk refuses; nothing is lost then.
pub(crate) fn lead_alone(directory: &Path, own: &NodeId, found: &Found) -> io::Result<PathBuf> {
    let (address, state) = (address(found, own), begin_anew(&found.state)?);
    let members = Membership::new(
        vec![BTreeSet::from([RaftId(own.clone())])],
        BTreeMap::from([(RaftId(own.clone()), BasicNode::new(address))]),
    )
    .map_err(io::Error::other)?;
    let last_membership = StoredMembership::new(Some(found.last.clone()), members);
    let meta = SnapshotMeta { last_log_id: Some(found.last.clone()), last_membership };
    let term = found.vote.as_ref().map_or(0, |vote| vote.leader_id.term).max(found.last.committed_leader_id().term);
    let vote = Vote::new(term + 1, RaftId(own.clone()));
    let writes = vec![
        Write::Keep(Kept::SnapshotMeta, to_json(&meta)?),
        Write::Keep(Kept::SnapshotState, to_json(&*state)?),
        Write::Keep(Kept::Purged, to_json(&Some(&found.last))?),
        Write::Keep(Kept::Committed, to_json(&Some(&found.last))?),
        Write::Keep(Kept::Vote, to_json(&vote)?),
    ];
    replace(directory, writes)
}

/// Makes the node below `directory` forget its cluster: it waits for another to join, and begins none. Its shards stay. Out: where the former
/// file is.
///
/// # Errors
/// As [`lead_alone`].
pub(crate) fn forget(directory: &Path, found: &Found) -> io::Result<PathBuf> {
    replace(directory, vec![Write::Keep(Kept::Detached, to_json(&found.state.cluster_uuid)?)])
}

/// The state that a new cluster begins with: nobody is in it, so that all copies wait for their nodes.
fn begin_anew(state: &Arc<State>) -> io::Result<Arc<State>> {
    let mut left: Vec<Command> =
        state.nodes.keys().map(|id| Command::NodeLeft { id: id.clone(), at_ms: now_ms() }).collect();
    left.push(Command::ClearVotingExclusions);
    let (after, outcomes) = carry_out(state, &left);
    outcomes.into_iter().collect::<Result<Vec<()>, _>>().map_err(|error| io::Error::other(error.to_string()))?;
    let mut state = (*after).clone();
    state.cluster_uuid = identity::random().into();
    state.version = state.version.next();
    Ok(Arc::new(state))
}

fn address(found: &Found, own: &NodeId) -> String {
    found.state.nodes.get(own).map(|node| node.peer_address.clone()).unwrap_or_default()
}

/// Puts a new file in the place of the former one, whole or not at all.
fn replace(directory: &Path, writes: Vec<Write>) -> io::Result<PathBuf> {
    let (path, fresh) = (directory.join(FILE), directory.join(format!("{FILE}.new")));
    let kept = directory.join(format!("{FILE}.before-{}", now_ms()));
    if fresh.exists() {
        std::fs::remove_file(&fresh)?;
    }
    let disk = Disk::open(&fresh)?;
    let (done, told) = std::sync::mpsc::channel();
    disk.write(writes, Box::new(move |result| drop(done.send(result))));
    told.recv().map_err(io::Error::other)??;
    disk.close();
    // A link first: at every moment there is a file of the name that a node opens.
    std::fs::hard_link(&path, &kept)?;
    std::fs::rename(&fresh, &path)?;
    std::fs::File::open(directory)?.sync_all()?;
    Ok(kept)
}
