//! Writing: name to index to shard, then one job a shard, in parallel; each operation succeeds or fails alone. Not here: which node has the
//! shard ([`dispatch`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::data_stream::check_write as check_stream_write;
use cluster::resolve::{WriteTarget, write_routing, write_target};
use cluster::routing::Spread;
use cluster::settings::WaitForActive;
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::write::{
    Action, ActiveShards, Refresh, VersionType, Write, WriteFailure, WriteRequest, WriteResponse, Written,
};
use serde::{Deserialize, Serialize};
use shard::engine::ShardCopy;
use tokio::sync::oneshot;

use super::caught_in;
use super::cluster::POLL;
use super::dispatch::{Order, dispatch};
use super::maintenance::refresh_copy;
use super::shard_write::{Work, write_known, write_shard};
use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::{OpenIndex, OpenShard};
use crate::pressure::{Part, bytes_of};
use crate::replication::Safe;
use crate::tasks::Begun;

/// Documents, and bytes of them, that may be written by the thread that serves the connection.
const BRIEF_WRITES: usize = 4;
const BRIEF_BYTES: usize = 16 << 10;

/// A write with its place in the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Placed {
    pub at: usize,
    pub write: Write,
    pub id: Arc<str>,
    /// The id was made for it.
    pub generated: bool,
}

/// What one shard is to write.
pub(super) struct Group {
    pub(super) index: Arc<OpenIndex>,
    pub(super) number: ShardNumber,
    pub(super) writes: Vec<Placed>,
}

type Groups = BTreeMap<(IndexUuid, ShardNumber), Group>;

/// What became of writes, each with its place in the request.
pub(super) type Results = Vec<(usize, Result<Written, WriteFailure>)>;

pub(super) async fn write(core: &Arc<Core>, request: WriteRequest) -> Result<WriteResponse, Error> {
    let mut response: Vec<Option<Result<Written, WriteFailure>>> = request.writes.iter().map(|_| None).collect();
    let mut request = request;
    request.writes.iter_mut().try_for_each(date)?;
    let _in_hand = core.pressure.coordinating.take(bytes_of(request.writes.iter()));
    let named = std::mem::take(&mut request.writes).into_iter().enumerate().collect();
    let mut writes = ingested(core, named, &mut response).await?;
    let timeout = Duration::from_millis(request.timeout_ms);
    let task = core.tasks.begin(task(&writes));
    create_missing(core, writes.iter().map(|(_, write)| write)).await;
    super::placement::route(core, &mut writes).await?;
    let mut groups = place_all(core, writes, &mut response);
    refuse_uncopied(core, &(request.active_shards, timeout), &mut groups, &mut response).await;
    let groups = groups.into_values().collect();
    let order = Order { refresh: request.refresh, timeout, task: task.id() };
    let done = dispatch(core, groups, &order).await?;
    done.into_iter().for_each(|(at, result)| response[at] = Some(result));
    let written = response.iter().flatten().filter(|result| result.is_ok()).count();
    core.metrics.documents_written.inc_by(written as u64);
    core.metrics.documents_refused.inc_by((response.len() - written) as u64);
    Ok(response.into_iter().flatten().collect())
}

/// Passes writes through their pipelines: those that are left, with their places. What became of the others is answered.
async fn ingested(
    core: &Arc<Core>,
    writes: Vec<(usize, Write)>,
    response: &mut [Option<Result<Written, WriteFailure>>],
) -> Result<Vec<(usize, Write)>, Error> {
    if !super::ingest::concerns(core, writes.iter().map(|(_, write)| write)) {
        return Ok(writes);
    }
    let for_job = core.clone();
    let (places, writes): (Vec<usize>, Vec<Write>) = writes.into_iter().unzip();
    let passed = core.write.run(move || super::ingest::pass(&for_job, writes)).await;
    let passed = passed.inspect_err(|error| rejected(&core.pressure.coordinating, error))?;
    let mut left = Vec::with_capacity(passed.len());
    for (at, write) in places.into_iter().zip(passed) {
        match write {
            // A pipeline may have said another name.
            Ok(mut write) => match date(&mut write) {
                Ok(()) => left.push((at, write)),
                Err(error) => response[at] = Some(Err(WriteFailure { index: write.index, id: write.id, error })),
            },
            Err(Ok(dropped)) => response[at] = Some(Ok(*dropped)),
            Err(Err(failure)) => response[at] = Some(Err(failure)),
        }
    }
    Ok(left)
}

/// Fills in the date in the name of a write's index, if it has one.
fn date(write: &mut Write) -> Result<(), Error> {
    if write.index.starts_with('<') {
        write.index = model::dated_name::dated(&write.index, now_ms() as i64)?.into();
    }
    Ok(())
}

fn task(writes: &[(usize, Write)]) -> Begun {
    let names: BTreeSet<&str> = writes.iter().map(|(_, write)| &*write.index).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let description = format!("requests[{}], indices[{}]", writes.len(), names.join(", "));
    Begun { action: "indices:data/write/bulk", description, parent: None, cancellable: false }
}

/// Creates the indexes and data streams that writes name and that are not there; boxed, as most writes make none. What refuses shows again when the write is placed.
async fn create_missing(core: &Arc<Core>, writes: impl Iterator<Item = &Write>) {
    let state = core.state();
    let missing = |write: &&Write| {
        // A deletion whose version is the client's is remembered, wherever there is nothing yet to delete.
        let remembered = matches!(write.condition.version, Some((_, VersionType::External | VersionType::ExternalGte)));
        (remembered || !matches!(write.action, Action::Delete))
            && matches!(write_target(&state, &write.index, write.require_alias), Ok(WriteTarget::Missing))
    };
    let names: BTreeSet<Arc<str>> = writes.filter(missing).map(|write| write.index.clone()).collect();
    let door = super::NodeGateway::new(core.clone());
    for name in names {
        if super::indexes::may_create(&state, &name).is_err() {
            continue;
        }
        // Someone else may have been faster; if it failed, placing the write says why.
        let _ = if super::data_streams::is_for_streams(&state, &name) {
            Box::pin(super::data_streams::create(&door, &name)).await
        } else {
            Box::pin(super::indexes::create(&door, super::indexes::automatic(&name))).await.map(drop)
        };
    }
}

/// Refuses writes that want more copies than there are, after having waited for them as long as the client lets us.
async fn refuse_uncopied(
    core: &Core,
    (asked, timeout): &(Option<ActiveShards>, Duration),
    groups: &mut Groups,
    response: &mut [Option<Result<Written, WriteFailure>>],
) {
    let lacking = |group: &Group| {
        let view = group.index.view();
        let all = 1 + view.settings.replicas;
        let wanted = match (asked, view.settings.wait_for_active_shards) {
            (Some(ActiveShards::All), _) | (None, WaitForActive::All) => all,
            (Some(ActiveShards::Count(count)), _) => *count,
            (None, WaitForActive::Count(count)) => count,
        };
        // One is waited for where the write is carried out.
        if wanted < 2 {
            return None;
        }
        let state = core.state();
        let table = state.index(&view.metadata.name).ok().and_then(|index| index.shard(group.number).cloned());
        let active = table.map_or(0, |table| cluster::health::active(&table));
        (active < wanted).then_some((active, wanted))
    };
    let until = Instant::now() + *timeout;
    while groups.values().any(|group| lacking(group).is_some()) && Instant::now() < until {
        tokio::time::sleep(POLL.min(until.saturating_duration_since(Instant::now()))).await;
    }
    let short: Vec<_> =
        groups.iter().filter_map(|(key, group)| lacking(group).map(|wanted| (key.clone(), wanted))).collect();
    for (key, (active, wanted)) in short {
        let Some(group) = groups.remove(&key) else { continue };
        let index = group.index.view().metadata.name.clone();
        let reason = format!(
            "[{index}][{}] Not enough active copies to meet shard count of [{wanted}] (have {active}, needed {wanted}). Timeout: [{}ms]",
            key.1,
            timeout.as_millis()
        );
        for placed in group.writes {
            let error = Error::new(ErrorKind::UnavailableShards, reason.clone());
            response[placed.at] = Some(Err(WriteFailure { index: index.clone(), id: Some(placed.id), error }));
        }
    }
}

/// Sends each write to its shard. One that is refused says which index it was for: of a data stream its newest one, once another write to the
/// stream has found that.
fn place_all(
    core: &Core,
    writes: Vec<(usize, Write)>,
    response: &mut [Option<Result<Written, WriteFailure>>],
) -> Groups {
    let (mut groups, mut behind) = (Groups::new(), BTreeMap::new());
    for (at, write) in writes {
        let (index, id) = (write.index.clone(), write.id.clone());
        match place(core, at, write, &mut groups) {
            Ok(found) => {
                if found != index {
                    behind.insert(index, found);
                }
            }
            Err(error) => {
                let found = behind.get(&index).filter(|_| core.state().data_streams.contains_key(&index));
                let index = found.unwrap_or(&index).clone();
                response[at] = Some(Err(WriteFailure { index, id, error }));
            }
        }
    }
    groups
}

/// Adds a write to what its shard is to do. Out: the index that it goes to.
fn place(core: &Core, at: usize, write: Write, groups: &mut Groups) -> Result<Arc<str>, Error> {
    let state = core.state();
    let (metadata, routing) = match write_target(&state, &write.index, write.require_alias)? {
        WriteTarget::Index { index, routing } => {
            (index, write_routing(&write.index, routing.as_deref(), write.routing.as_deref())?)
        }
        WriteTarget::Missing => {
            super::indexes::may_create(&state, &write.index)?;
            return Err(super::indexes::refused(core, &write.index));
        }
    };
    check_stream_write(&state, &write, &metadata.name)?;
    super::blocks::check_write(&state, &metadata)?;
    if routing.is_none() && metadata.mapping.routing_required == Some(true) {
        let reason = format!("routing is required for [{}]/[{}]", metadata.name, write.id.as_deref().unwrap_or("null"));
        return Err(Error::new(ErrorKind::RoutingMissing, reason).with_index(metadata.reference()));
    }
    let generated = write.id.is_none();
    let id = write.id.clone().unwrap_or_else(|| core.document_ids.next(now_ms()).into());
    if id.len() > 512 {
        let reason = format!(
            "Validation Failed: 1: id [{id}] is too long, must be no longer than 512 bytes but was: {};",
            id.len()
        );
        return Err(Error::new(ErrorKind::ActionRequestValidation, reason));
    }
    let number = Spread::of(&metadata.settings).shard(&id, routing.as_deref());
    let index = core.indexes.get(&metadata)?;
    let key = (metadata.uuid.clone(), number);
    let group = groups.entry(key).or_insert_with(|| Group { index, number, writes: Vec::new() });
    group.writes.push(Placed { at, write: Write { routing: routing.map(Arc::from), ..write }, id, generated });
    Ok(metadata.name.clone())
}

/// Writes to a shard of this node; each write succeeds or fails alone.
pub(super) async fn write_group(core: Arc<Core>, group: Group, shard: Arc<OpenShard>, refresh: Refresh) -> Results {
    let name = group.index.view().metadata.name.clone();
    let asked: Vec<(usize, Arc<str>)> = group.writes.iter().map(|placed| (placed.at, placed.id.clone())).collect();
    match write_and_wait(&core, group, shard, refresh).await {
        Ok(results) => results,
        Err(error) => failed(&name, asked, &error),
    }
}

/// All of an index' writes have failed by one error.
pub(super) fn failed(index: &Arc<str>, writes: Vec<(usize, Arc<str>)>, error: &Error) -> Results {
    let failure = |id: Arc<str>| WriteFailure { index: index.clone(), id: Some(id), error: error.clone() };
    writes.into_iter().map(|(at, id)| (at, Err(failure(id)))).collect()
}

/// Writes that are done on this thread: handing so few documents to another costs more than writing them. None that reads first; and nobody
/// else writes to the shard, and nothing there has to be waited for.
fn is_brief(shard: &OpenShard, copy: &ShardCopy, writes: &[Placed]) -> bool {
    let size = |placed: &Placed| match &placed.write.action {
        Action::Index(source) | Action::Create(source) => source.len(),
        Action::Delete => 0,
        Action::Update(_) => usize::MAX,
    };
    let bytes = writes.iter().map(size).fold(0, usize::saturating_add);
    let alone = shard.room().is_ok_and(|room| !room.has_others());
    writes.len() <= BRIEF_WRITES && bytes <= BRIEF_BYTES && alone && copy.is_calm()
}

/// Counts what the pool has no room for.
fn rejected(part: &Part, error: &Error) {
    if error.kind == ErrorKind::RejectedExecution {
        part.reject();
    }
}

async fn write_and_wait(
    core: &Arc<Core>,
    group: Group,
    shard: Arc<OpenShard>,
    refresh: Refresh,
) -> Result<Results, Error> {
    let index = group.index.clone();
    let copy = shard.copy()?;
    let for_job = core.clone();
    let writes = group.writes;
    let _in_hand = core.pressure.primary.take(bytes_of(writes.iter().map(|placed| &placed.write)));
    let for_write = shard.clone();
    let here = match is_brief(&shard, &copy, &writes) {
        true => caught_in("write", || Ok(write_known(core, &index, &shard, writes)))?,
        false => Err(writes),
    };
    let work = match here {
        Ok(work) => work,
        Err(writes) => {
            let work = core.write.run(move || write_shard(&for_job, &index, &for_write, writes)).await;
            work.inspect_err(|error| rejected(&core.pressure.primary, error))?
        }
    };
    let Work { mut results, safe, last_seq_no, has_grown } = work;
    if has_grown {
        // Whoever searches by the new fields next finds them through any node.
        super::everywhere::followed(core).await;
    }
    let room = shard.room()?.clone();
    let copies = match safe {
        Safe::Nothing => room.active(),
        Safe::Logged(position) => {
            let (safe, answer) = oneshot::channel();
            copy.on_safe(position, move |result| drop(safe.send(result)));
            answer.await.map_err(|_| Error::new(ErrorKind::IllegalState, "the log ended without an answer"))??;
            1
        }
        Safe::Agreed(answer) => answer.await.unwrap_or_else(|_| Err(room.unknown()))?,
    };
    results.iter_mut().filter_map(|(_, result)| result.as_mut().ok()).for_each(|written| written.copies.1 = copies);
    let Some(seq_no) = last_seq_no else { return Ok(results) };
    match refresh {
        Refresh::Later => {}
        Refresh::Now => {
            refresh_copy(core, copy).await?;
            room.show_everywhere(false).await;
        }
        Refresh::WaitFor => {
            let (visible, answer) = oneshot::channel();
            copy.on_visible(seq_no.0, move || {
                // Nobody waits any more when the client has left.
                let _ = visible.send(());
            });
            answer.await.map_err(|_| Error::new(ErrorKind::IllegalState, "the shard closed before the refresh"))?;
            room.show_everywhere(true).await;
        }
    }
    if refresh == Refresh::Now {
        results
            .iter_mut()
            .filter_map(|(_, result)| result.as_mut().ok())
            .for_each(|written| written.forced_refresh = true);
    }
    Ok(results)
}
