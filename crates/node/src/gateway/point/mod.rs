//! Points in time: readers of all shards of some indexes that are kept, wherever they are, until they are let go or nobody uses them.
//!
//! In: which indexes. Out: an id that says where the readers are ([`id`]), which any node can search over. Scrolls ([`scroll`]) go through
//! such points page by page. Not here: searching ([`super::search`]), which asks [`Pinned`] for its readers.

mod id;
mod kept;
mod messages;
mod reach;
pub(super) mod scroll;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::resolve::Resolved;
use cluster::state::NodeId;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::point::{OpenPoint, PointInTime, PointKept, PointOpened, Slice};
use model::search::{SearchRequest, ShardFailure, Shards};
use tokio::task::JoinSet;

use super::choice::Choice;
use super::holder::Holder;
use super::preference::Preference;
use super::remote::{self, Message};
use super::search::retry::{TRIES, again};
use super::search::{failure, resolve_open, routed};
use crate::clock::now_ms;
use crate::core::Core;
use id::{PointId, PointIndex, PointShard};
pub(crate) use kept::Points;
pub(super) use messages::routes;
use messages::{Close, List, Name, Open};
pub(super) use reach::{Pinned, missing, sliced};

/// How long a node may take to open, close or list.
const WITHIN: Duration = Duration::from_secs(30);

/// What a point is made for.
struct Wanted {
    keep: Duration,
    /// It belongs to a scroll, and is in no list.
    scroll: bool,
    /// Shards that do not answer are left out.
    partial: bool,
    /// Only shards in which it has a part.
    slice: Option<Slice>,
}

/// A shard that a point is to have: its place among the indexes, its number, its node.
type Planned = (usize, ShardNumber);

pub(super) async fn open(core: &Arc<Core>, request: OpenPoint) -> Result<PointOpened, Error> {
    let found = resolve_open(core, &request.target)?;
    let keep = checked(core, request.keep_alive_ms, "point_in_time.max_keep_alive")?;
    let wanted = Wanted { keep, scroll: false, partial: request.partial, slice: None };
    let preference = Preference::of(core, request.preference.as_deref())?;
    let (point, shards) = make(core, &found, (&request.routing, preference), wanted).await?;
    let id = point.write();
    let named = point.contexts().into_iter().map(|(node, context)| (node, Name { context, id: id.clone() }));
    for (node, answer) in each(core, named).await {
        answer.map_err(|error| Error::new(ErrorKind::Generic, format!("node [{}]", node.0)).with_cause(error))?;
    }
    Ok(PointOpened { id, shards, created_ms: now_ms() })
}

/// How long something is kept, unless that is too long.
fn checked(core: &Core, keep_alive_ms: u64, setting: &str) -> Result<Duration, Error> {
    let limit = time_of(core, setting);
    if Duration::from_millis(keep_alive_ms) <= limit {
        return Ok(Duration::from_millis(keep_alive_ms));
    }
    let [given, limit] = [keep_alive_ms, limit.as_millis() as u64].map(shown);
    Err(Error::illegal_argument(format!(
        "Keep alive for request ({given}) is too large. It must be less than ({limit}). This limit can be set by changing the [{setting}] cluster level setting."
    )))
}

fn time_of(core: &Core, setting: &str) -> Duration {
    let text = core.state().settings.text(setting);
    // Minus one: as long as anybody likes.
    let time = cluster::settings::value::time(setting, &text).unwrap_or_default();
    time.map_or(Duration::MAX, Duration::from_millis)
}

/// A time in the largest unit that it is a whole number of.
fn shown(ms: u64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    match units.into_iter().find(|(unit, _)| ms >= *unit && ms.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", ms / unit),
        None => format!("{ms}ms"),
    }
}

/// A point with what nodes keep for it, and what is missing from it.
struct Made {
    point: PointId,
    total: usize,
    failures: Vec<ShardFailure>,
    /// Of a node that keeps as much as it may.
    refusal: Option<Error>,
}

impl Made {
    async fn checked(self, core: &Arc<Core>, partial: bool) -> Result<(PointId, Shards), Error> {
        let Self { point, total, failures, refusal } = self;
        if let Some(error) = refusal.or_else(|| refused(&failures, total, partial)) {
            let _ = close(core, &point).await;
            return Err(error);
        }
        let successful = (total - failures.len()) as u32;
        Ok((point, Shards { total: total as u32, successful, skipped: 0, failures }))
    }
}

/// Has every node keep readers of its shards; of other copies where one fails.
async fn make(
    core: &Arc<Core>,
    found: &[Resolved],
    (routing, preference): (&[String], Preference),
    wanted: Wanted,
) -> Result<(PointId, Shards), Error> {
    let mut choice = Choice::new(preference, core.turn());
    for _ in 1..TRIES {
        let version = core.state().version;
        let made = try_make(core, found, routing, (&wanted, &choice)).await?;
        if made.failures.is_empty() || !again(core, &mut choice, version, &made.failures).await {
            return made.checked(core, wanted.partial).await;
        }
        close(core, &made.point).await;
    }
    let made = try_make(core, found, routing, (&wanted, &choice)).await?;
    made.checked(core, wanted.partial).await
}

async fn try_make(
    core: &Arc<Core>,
    found: &[Resolved],
    routing: &[String],
    (wanted, choice): (&Wanted, &Choice),
) -> Result<Made, Error> {
    let (mut by_node, mut failures) = (BTreeMap::<NodeId, Vec<Planned>>::new(), Vec::new());
    let state = core.state();
    for (at, one) in found.iter().enumerate() {
        let open = core.indexes.get(&one.index)?;
        let asked = wanted.slice.as_ref().map(|slice| sliced(slice, one.index.shards.len() as u32, &one.index.mapping));
        let asked = asked.transpose()?;
        let is_asked =
            |number: &ShardNumber| choice.asks(*number) && asked.as_ref().is_none_or(|(asked, _)| asked(*number));
        for number in routed(&one.index, one.routing(routing)).into_iter().filter(is_asked) {
            choice.check_shard(&one.index, number)?;
            match Holder::reading(core, &state, &open, number, choice) {
                Holder::Here(_) => by_node.entry(core.identity.node.clone()).or_default().push((at, number)),
                Holder::There(node) => by_node.entry(node).or_default().push((at, number)),
                Holder::Silent(_, why) | Holder::Nowhere(why) => failures.push(failure(&one.index, number, None, why)),
            }
        }
    }
    let total = by_node.values().map(Vec::len).sum::<usize>() + failures.len();
    let most = limit(core, wanted.scroll);
    let message = |planned: &Vec<Planned>| Open {
        version: state.version,
        shards: planned.iter().map(|(at, number)| (found[*at].index.uuid.clone(), *number)).collect(),
        keep_ms: wanted.keep.as_millis() as u64,
        scroll: wanted.scroll,
        most: most as u64,
    };
    let messages: Vec<_> = by_node.iter().map(|(node, planned)| (node, message(planned))).collect();
    let mut kept = BTreeMap::<Planned, (NodeId, u64)>::new();
    let mut refusal = None;
    for (node, answer) in each(core, messages.into_iter()).await {
        let planned = by_node.remove(&node).unwrap_or_default();
        let (context, opened) = match answer {
            Ok((context, opened)) => (context, opened),
            Err(error) => {
                refusal = refusal.or_else(|| (error.kind == ErrorKind::RejectedExecution).then(|| error.clone()));
                (0, planned.iter().map(|_| Err(error.clone())).collect())
            }
        };
        for ((at, number), opened) in planned.into_iter().zip(opened) {
            match opened {
                Ok(()) => drop(kept.insert((at, number), (node.clone(), context))),
                Err(why) => failures.push(failure(&found[at].index, number, Some(&node), why)),
            }
        }
    }
    Ok(Made { point: point_of(found, kept), total, failures, refusal })
}

fn refused(failures: &[ShardFailure], total: usize, partial: bool) -> Option<Error> {
    let all = failures.len() == total && total > 0;
    let reason = if all { "all shards failed" } else { "Partial shards failure" };
    (all || (!partial && !failures.is_empty())).then(|| Error::search_phase(reason, failures.to_vec()))
}

fn point_of(found: &[Resolved], kept: BTreeMap<Planned, (NodeId, u64)>) -> PointId {
    let mut point = PointId::default();
    let indexes = found.iter();
    point.indexes.extend(indexes.map(|one| PointIndex {
        uuid: one.index.uuid.clone(),
        filters: one.filters.clone(),
        shards: Vec::new(),
    }));
    for (place, ((at, number), (node, context))) in kept.into_iter().enumerate() {
        point.indexes[at].shards.push(PointShard { number, node, context, place: place as u32 });
    }
    point
}

/// How many shards this cluster's nodes may each keep.
fn limit(core: &Core, scroll: bool) -> usize {
    let setting = if scroll { "search.max_open_scroll_context" } else { "search.max_open_pit_context" };
    core.state().settings.text(setting).parse().unwrap_or(300)
}

/// Lets go what nodes keep for a point: how many shards that were. A node that is gone keeps nothing.
async fn close(core: &Arc<Core>, point: &PointId) -> u64 {
    let messages = point.contexts().into_iter().map(|(node, context)| (node, Close { context }));
    each(core, messages).await.into_iter().filter_map(|(_, answer)| answer.ok()).sum()
}

/// A point in time that a piece of work of this node goes over.
pub(super) struct Lease {
    core: Arc<Core>,
    point: PointId,
    keep: Duration,
}

impl Lease {
    /// Of what a search is about, kept for `keep` after each use.
    ///
    /// # Errors
    /// As opening a point in time.
    pub(super) async fn open(core: &Arc<Core>, search: &SearchRequest, keep: Duration) -> Result<Self, Error> {
        let found = resolve_open(core, &search.target)?;
        let wanted = Wanted { keep, scroll: true, partial: false, slice: None };
        let preference = Preference::of(core, search.preference.as_deref())?;
        let (point, _) = make(core, &found, (&search.routing, preference), wanted).await?;
        Ok(Self { core: core.clone(), point, keep })
    }

    pub(super) fn point(&self) -> PointInTime {
        PointInTime { id: self.point.write(), keep_alive_ms: Some(self.keep.as_millis() as u64) }
    }

    pub(super) async fn close(&self) {
        close(&self.core, &self.point).await;
    }
}

/// Lets points go, each by its id; `None`: all that nodes know.
pub(super) async fn close_all(core: &Arc<Core>, ids: Option<Vec<String>>) -> Result<Vec<(String, bool)>, Error> {
    let ids = match ids {
        Some(ids) => ids,
        None => list(core).await?.into_iter().map(|point| point.id).collect(),
    };
    let points = ids.iter().map(|id| PointId::read(id)).collect::<Result<Vec<_>, Error>>()?;
    let mut closed = Vec::with_capacity(ids.len());
    for (id, point) in ids.into_iter().zip(points) {
        close(core, &point).await;
        closed.push((id, true));
    }
    Ok(closed)
}

/// The points in time that any node keeps something for.
pub(super) async fn list(core: &Arc<Core>) -> Result<Vec<PointKept>, Error> {
    let state = core.state();
    let mut found: BTreeMap<String, PointKept> = BTreeMap::new();
    for (_, answer) in each(core, state.nodes.keys().map(|node| (node, List))).await {
        for point in answer? {
            found.entry(point.0.clone()).or_insert(PointKept {
                id: point.0,
                created_ms: point.1,
                keep_alive_ms: point.2,
            });
        }
    }
    let mut points: Vec<PointKept> = found.into_values().collect();
    points.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
    Ok(points)
}

/// Asks nodes, this one too, all at a time.
async fn each<'n, M: Message>(
    core: &Arc<Core>,
    messages: impl Iterator<Item = (&'n NodeId, M)>,
) -> Vec<(NodeId, Result<M::Answer, Error>)>
where
    M::Answer: 'static,
{
    let mut asked = JoinSet::new();
    for (node, message) in messages {
        let (core, node) = (core.clone(), node.clone());
        asked.spawn(async move {
            let answer = match node == core.identity.node {
                true => message.answer(core).await,
                false => remote::ask(&core, &node, &message, Some(WITHIN)).await.map_err(Error::from),
            };
            (node, answer)
        });
    }
    let mut answers = Vec::new();
    while let Some(answered) = asked.join_next().await {
        answers.extend(answered.ok());
    }
    answers.sort_by(|a, b| a.0.cmp(&b.0));
    answers
}
