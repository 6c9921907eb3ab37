//! Delete by query, update by query, reindex: a search gone through batch by batch, each batch written before the next is read.
//!
//! In: a search and what to do with what it finds. Out: counts, and what failed. The work is a task that can be watched, slowed down and
//! ended; it goes over a point in time, so that it meets every document once, however it changes them.

mod batch;
mod pace;

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::by_query::{ByQuery, ByQueryAnswer, ByQueryFailure, Change, Slices};
use model::error::{Error, ErrorKind};
use model::point::Slice;
use model::search::{SearchRequest, TrackTotal};
use model::target::Target;
use model::task::{Outcome, TaskId};
use tokio::task::JoinSet;

use super::point::Lease;
use super::search::resolve_open;
use crate::core::Core;
use crate::tasks::{Begun, Registered};
use batch::Batches;
use pace::Pace;
pub(crate) use pace::Work;

/// How long readers are kept while a batch is being written.
const KEEP: Duration = Duration::from_secs(300);
/// Parts that `auto` makes at most.
const MOST_PARTS: u32 = 20;

/// Does the work, and waits for it.
pub(super) async fn run(core: &Arc<Core>, request: ByQuery) -> Result<ByQueryAnswer, Error> {
    let (task, work) = begin(core, &request)?;
    finish(core, request, &task, &work).await
}

/// Begins the work, which goes on by itself: its task.
pub(super) fn start(core: &Arc<Core>, request: ByQuery) -> Result<TaskId, Error> {
    let (task, work) = begin(core, &request)?;
    let (id, core) = (task.id(), core.clone());
    tokio::spawn(async move {
        let outcome = finish(&core, request, &task, &work).await;
        task.finish(outcome.map(|answer| Outcome::ByQuery(Box::new(answer))));
    });
    Ok(id)
}

fn begin(core: &Arc<Core>, request: &ByQuery) -> Result<(Registered, Arc<Work>), Error> {
    check(core, request)?;
    let work = Work::new(request.requests_per_second);
    let names = request.search.target.names.join(", ");
    let description = match &request.change {
        Change::Delete => format!("delete-by-query [{names}]"),
        Change::Update => format!("update-by-query [{names}]"),
        Change::Copy(to) => format!("reindex from [{names}] to [{}]", to.index),
    };
    let action = request.change.kind().action();
    let begun = Begun { action, description, parent: None, cancellable: true };
    Ok((core.tasks.begin_work(begun, (request.change.kind(), work.clone())), work))
}

/// Refuses names that do not resolve, and copying an index into itself.
fn check(core: &Core, request: &ByQuery) -> Result<(), Error> {
    let found = resolve_open(core, &request.search.target)?;
    if let Change::Copy(to) = &request.change {
        let state = core.state();
        let own = cluster::resolve::resolve(&state, &Target::one(to.index.as_ref()), cluster::resolve::Options::open());
        let same = own.iter().flatten().find(|own| found.iter().any(|from| from.index.uuid == own.index.uuid));
        if let Some(same) = same {
            let reason = format!(
                "Validation Failed: 1: reindex cannot write into an index its reading from [{}];",
                same.index.name
            );
            return Err(Error::new(ErrorKind::ActionRequestValidation, reason));
        }
    }
    Ok(())
}

async fn finish(
    core: &Arc<Core>,
    request: ByQuery,
    task: &Registered,
    work: &Arc<Work>,
) -> Result<ByQueryAnswer, Error> {
    let begun = Instant::now();
    let request = Arc::new(request);
    let parts = parts(core, &request)?;
    let lease = Lease::open(core, &request.search, KEEP).await?;
    work.divide(parts);
    let done = task.run(in_parts(core, &request, &lease, (parts, task.id()), work)).await;
    lease.close().await;
    let mut answer = match done {
        Ok(answer) => answer,
        Err(error) if error.kind == ErrorKind::TaskCancelled => {
            work.cancelled();
            ByQueryAnswer::default()
        }
        Err(error) => return Err(error),
    };
    if request.refresh {
        let mut target = match &request.change {
            Change::Copy(to) => Target::one(to.index.as_ref()),
            Change::Delete | Change::Update => request.search.target.clone(),
        };
        // Where nothing was copied, nothing has made the index.
        target.options.ignore_unavailable = Some(true);
        super::maintenance::refresh(core, target).await?;
    }
    (answer.took_ms, answer.progress) = (begun.elapsed().as_millis() as u64, work.progress());
    Ok(answer)
}

/// Into how many parts the work is cut.
fn parts(core: &Core, request: &ByQuery) -> Result<u32, Error> {
    Ok(match request.slices {
        Slices::Count(count) => count.max(1),
        Slices::Auto => {
            let found = resolve_open(core, &request.search.target)?;
            let shards = found.iter().map(|one| one.index.shards.len() as u32).min().unwrap_or(1);
            shards.clamp(1, MOST_PARTS)
        }
    })
}

async fn in_parts(
    core: &Arc<Core>,
    request: &Arc<ByQuery>,
    lease: &Lease,
    (parts, task): (u32, TaskId),
    work: &Arc<Work>,
) -> Result<ByQueryAnswer, Error> {
    let mut running = JoinSet::new();
    for part in 0..parts {
        let mut search = first(request, lease);
        if parts > 1 {
            search.slice = Some(Slice { field: None, id: part, max: parts });
        }
        let most =
            request.max_docs.map(|most| most / u64::from(parts) + u64::from(u64::from(part) < most % u64::from(parts)));
        let pace = Pace::new(work.clone(), part as usize);
        let batches = Batches { core: core.clone(), request: request.clone(), search, most, pace, task: task.clone() };
        running.spawn(batches.run());
    }
    let mut answer = ByQueryAnswer::default();
    while let Some(part) = running.join_next().await {
        let lost = |error| Error::new(ErrorKind::IllegalState, format!("a part of the work was lost: {error}"));
        let (failures, timed_out): (Vec<ByQueryFailure>, bool) = part.map_err(lost)??;
        answer.timed_out |= timed_out;
        answer.failures.extend(failures);
    }
    Ok(answer)
}

/// The search for the first batch.
fn first(request: &ByQuery, lease: &Lease) -> SearchRequest {
    let mut search = request.search.clone();
    search.point = Some(lease.point());
    search.track_total_hits = TrackTotal::All;
    search.fetch.version = true;
    search.fetch.seq_no_primary_term = true;
    super::point::scroll::as_it_lies(&mut search);
    search
}
