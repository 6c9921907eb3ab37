//! Writes go to the nodes whose shards they are for: one message a node, all at a time; here, one job a shard.
//!
//! In: writes by shard. Out: what became of each. A shard without a started primary is waited for, up to the request's timeout: nothing has
//! happened yet, so that it is tried again when the metadata says more. When a node was asked and gives no answer, nobody knows what it did,
//! and that is what the client is told.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use cluster::state::NodeId;
use grpc::call::CallError;
use model::error::{Error, ErrorKind};
use model::task::TaskId;
use model::write::Refresh;
use tokio::task::JoinSet;

use super::holder::Holder;
use super::remote::write::{Shard, ShardWrites, WriteShards};
use super::remote::{self, caught_up};
use super::write::{Group, Results, failed, write_group};
use crate::core::Core;
use crate::indexes::{OpenIndex, OpenShard};

/// How often the metadata is looked at while a primary is missing.
const POLL: Duration = Duration::from_millis(20);
/// How long the metadata that a write has changed may take to reach this node before the client is answered without.
const FOLLOW: Duration = Duration::from_secs(1);

/// What a job leaves: results, and what it could not begin.
struct Done {
    results: Results,
    again: Vec<Group>,
}

/// How writes are carried out.
pub(super) struct Order {
    pub(super) refresh: Refresh,
    /// How long a missing primary is waited for.
    pub(super) timeout: Duration,
    pub(super) task: TaskId,
}

/// Carries out writes, wherever their shards are.
///
/// # Errors
/// `illegal_state_exception` when a job ends without an answer.
pub(super) async fn dispatch(core: &Arc<Core>, groups: Vec<Group>, order: &Order) -> Result<Results, Error> {
    let timeout = order.timeout;
    let until = Instant::now() + timeout;
    let (mut results, mut left) = (Results::new(), groups);
    loop {
        let mut jobs = JoinSet::new();
        let Done { results: at_once, mut again } = send(core, left, order, &mut jobs);
        results.extend(at_once);
        while let Some(done) = jobs.join_next().await {
            let done: Done =
                done.map_err(|e| Error::new(ErrorKind::IllegalState, format!("a write ended without an answer: {e}")))?;
            results.extend(done.results);
            again.extend(done.again);
        }
        if again.is_empty() {
            return Ok(results);
        }
        if Instant::now() >= until {
            results.extend(again.into_iter().flat_map(|group| given_up(group, timeout)));
            return Ok(results);
        }
        tokio::time::sleep(POLL.min(until.saturating_duration_since(Instant::now()))).await;
        left = again;
    }
}

/// Begins all that can begin. Out: what was done at once, and what nobody holds at the moment.
fn send(core: &Arc<Core>, groups: Vec<Group>, order: &Order, jobs: &mut JoinSet<Done>) -> Done {
    let state = core.state();
    let mut done = Done { results: Results::new(), again: Vec::new() };
    let mut nodes = BTreeMap::<NodeId, Vec<Group>>::new();
    for mut group in groups {
        // What was open when the write came may have been closed and opened again while it waited.
        let uuid = group.index.view().metadata.uuid.clone();
        if let Some(now) = core.indexes.current(&uuid) {
            group.index = now;
        }
        match Holder::primary(core, &state, &group.index, group.number) {
            Holder::There(node) => nodes.entry(node).or_default().push(group),
            Holder::Nowhere(_) | Holder::Silent(..) => done.again.push(group),
            // The primary that was may know that it is one no more, or not be certain yet that it is.
            Holder::Here(shard) if !is_writable(&shard) => done.again.push(group),
            Holder::Here(shard) => {
                let mut job = Box::pin(write_group(core.clone(), group, shard, order.refresh));
                match at_once(job.as_mut()) {
                    Some(results) => done.results.extend(results),
                    None => {
                        // On a task of its own: a write that has begun is carried out, whoever still waits.
                        let job = tokio::spawn(job);
                        jobs.spawn(async move { Done { results: job.await.unwrap_or_default(), again: Vec::new() } });
                    }
                }
            }
        }
    }
    for (node, groups) in nodes {
        let (indexes, shards): (Vec<_>, Vec<_>) = groups.into_iter().map(ShardWrites::of).unzip();
        let (version, refresh, task) = (state.version, order.refresh, order.task.clone());
        jobs.spawn(write_there(core.clone(), node, indexes, WriteShards { version, refresh, task, shards }));
    }
    done
}

/// What a job gives that has to wait for nothing: no task is made for it. One that waits may go on elsewhere, where it is woken.
fn at_once<T>(job: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match job.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(given) => Some(given),
        Poll::Pending => None,
    }
}

/// Whether the copy is the primary, or says why it does not serve.
pub(super) fn is_writable(shard: &OpenShard) -> bool {
    shard.failure().is_some() || shard.room().is_ok_and(|room| room.is_writable())
}

async fn write_there(core: Arc<Core>, node: NodeId, indexes: Vec<Arc<OpenIndex>>, message: WriteShards) -> Done {
    let answer = remote::ask(&core, &node, &message, None).await;
    let groups = indexes.into_iter().zip(message.shards).map(|(index, shard)| shard.into_group(index));
    match answer {
        Ok(answer) => {
            // What the client does next shall find the fields that these writes have brought.
            let _ = tokio::time::timeout(FOLLOW, caught_up(&core, answer.version)).await;
            let mut done = Done { results: Results::new(), again: Vec::new() };
            for (group, shard) in groups.zip(answer.shards) {
                match shard {
                    Shard::Written(results) => done.results.extend(results),
                    Shard::NotHere => done.again.push(group),
                }
            }
            done
        }
        Err(error) if error.nothing_happened() => Done { results: Results::new(), again: groups.collect() },
        Err(error) => {
            let error = outcome(error);
            let results = groups.flat_map(|group| refused(group, &error)).collect();
            Done { results, again: Vec::new() }
        }
    }
}

/// Why a node that was asked has not written, or may not have.
fn outcome(error: CallError) -> Error {
    let known = matches!(error, CallError::Answered(_));
    let mut error = Error::from(error);
    if !known {
        error.reason.push_str("; whether the write was carried out is unknown");
    }
    error
}

fn refused(group: Group, error: &Error) -> Results {
    let name = group.index.view().metadata.name.clone();
    failed(&name, group.writes.into_iter().map(|placed| (placed.at, placed.id)).collect(), error)
}

fn given_up(group: Group, timeout: Duration) -> Results {
    let (name, number) = (group.index.view().metadata.name.clone(), group.number);
    let reason = format!("[{name}][{number}] primary shard is not active Timeout: [{}]", shown(timeout));
    refused(group, &Error::new(ErrorKind::UnavailableShards, reason))
}

/// A duration as OpenSearch writes it: in the largest unit that divides it.
fn shown(duration: Duration) -> String {
    let ms = duration.as_millis();
    match ms {
        1.. if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        1.. if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_in_the_largest_unit() {
        let written = [60_000, 90_000, 500, 0].map(|ms| shown(Duration::from_millis(ms)));
        assert_eq!(written, ["1m", "90s", "500ms", "0ms"]);
    }

    #[test]
    fn an_outcome_that_nobody_knows_is_called_so() {
        let lost = outcome(CallError::Unreachable { address: "a".into(), reason: "reset".into() });
        assert!(lost.reason.contains("unknown"), "{lost}");
        let refused = outcome(CallError::Answered(Box::new(Error::index_not_found("films"))));
        assert_eq!(refused, Error::index_not_found("films"));
    }
}
