//! What this node keeps for points in time and scrolls: readers of its shards, and how far a scroll has come.
//!
//! All of it is bounded in number, and forgotten when nobody has used it for as long as it was to be kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::point::PointKept;
use model::search::{SearchRequest, SortValue, Total};
use parking_lot::Mutex;
use shard::reader::Reader;

use crate::clock::now_ms;
use crate::indexes::OpenShard;

/// As long as this it is kept, however short a time was asked for: the search that begins it must find it.
const LEAST: Duration = Duration::from_secs(2);

/// One shard as it was.
#[derive(Clone)]
pub(in crate::gateway) struct KeptShard {
    pub(in crate::gateway) index: IndexUuid,
    pub(in crate::gateway) number: ShardNumber,
    pub(in crate::gateway) shard: Arc<OpenShard>,
    pub(in crate::gateway) reader: Reader,
}

/// Shards that are kept together.
struct Readers {
    shards: Vec<KeptShard>,
    life: Life,
    scroll: bool,
    created_ms: u64,
    /// As the client knows it; a scroll's has none.
    id: Option<String>,
}

/// How far a scroll has come.
#[derive(Clone)]
pub(in crate::gateway) struct ScrollState {
    /// Of the next page, but for where it begins.
    pub(in crate::gateway) request: Arc<SearchRequest>,
    /// The sort values of the last hit.
    pub(in crate::gateway) last: Option<Vec<SortValue>>,
    pub(in crate::gateway) total: Option<Total>,
    pub(in crate::gateway) max_score: Option<f32>,
    /// How many of the sort keys the client has asked for.
    pub(in crate::gateway) shown: usize,
    /// The point in time that it goes through.
    pub(in crate::gateway) point: String,
}

#[derive(Clone, Copy)]
struct Life {
    until: Instant,
    keep: Duration,
}

impl Life {
    fn new(keep: Duration, now: Instant) -> Self {
        Self { until: now + keep.max(LEAST), keep }
    }

    /// Used again: it lasts as long again as it was to be kept, or as `keep` says now, but never shorter than before.
    fn renew(&mut self, keep: Option<Duration>, now: Instant) {
        self.keep = keep.unwrap_or(self.keep);
        self.until = self.until.max(now + self.keep.max(LEAST));
    }
}

/// All that a node keeps.
pub(crate) struct Points {
    kept: Mutex<Kept>,
}

struct Kept {
    next: u64,
    readers: BTreeMap<u64, Readers>,
    scrolls: BTreeMap<u64, (ScrollState, Life)>,
}

impl Points {
    pub(crate) fn new() -> Self {
        // No number comes again after a start: an old id finds nothing.
        let (next, readers, scrolls) = (now_ms() << 20, BTreeMap::new(), BTreeMap::new());
        Self { kept: Mutex::new(Kept { next, readers, scrolls }) }
    }

    /// Keeps shards together; of all that is kept for scrolls (or for points in time) at most `most` shards.
    ///
    /// # Errors
    /// `rejected_execution_exception` (429) beyond that.
    pub(in crate::gateway) fn keep(
        &self,
        shards: Vec<KeptShard>,
        keep: Duration,
        (scroll, most): (bool, usize),
        now: Instant,
    ) -> Result<u64, Error> {
        let mut kept = self.kept.lock();
        kept.drop_old(now);
        let held: usize = kept.readers.values().filter(|one| one.scroll == scroll).map(|one| one.shards.len()).sum();
        if held + shards.len() > most {
            let (what, setting) = match scroll {
                true => ("scroll contexts", "search.max_open_scroll_context"),
                false => ("Point In Time contexts", "search.max_open_pit_context"),
            };
            return Err(Error::new(
                ErrorKind::RejectedExecution,
                format!(
                    "Trying to create too many {what}. Must be less than or equal to: [{most}]. This limit can be set by changing the [{setting}] setting."
                ),
            ));
        }
        kept.next += 1;
        let number = kept.next;
        let readers = Readers { shards, life: Life::new(keep, now), scroll, created_ms: now_ms(), id: None };
        kept.readers.insert(number, readers);
        Ok(number)
    }

    /// Says under which id clients know what is kept under a number.
    pub(in crate::gateway) fn name(&self, number: u64, id: String) {
        if let Some(readers) = self.kept.lock().readers.get_mut(&number) {
            readers.id = Some(id);
        }
    }

    /// A shard of what is kept under a number, which thereby lasts longer.
    pub(in crate::gateway) fn reader(
        &self,
        number: u64,
        (index, shard): (&IndexUuid, ShardNumber),
        keep: Option<Duration>,
        now: Instant,
    ) -> Option<KeptShard> {
        let mut kept = self.kept.lock();
        let readers = kept.readers.get_mut(&number).filter(|readers| readers.life.until >= now)?;
        readers.life.renew(keep, now);
        readers.shards.iter().find(|one| one.index == *index && one.number == shard).cloned()
    }

    /// Lets go what is kept under a number: how many shards that were.
    pub(in crate::gateway) fn close(&self, number: u64) -> usize {
        self.kept.lock().readers.remove(&number).map_or(0, |readers| readers.shards.len())
    }

    /// The points in time that have a name.
    pub(in crate::gateway) fn list(&self) -> Vec<PointKept> {
        let kept = self.kept.lock();
        let named = kept.readers.values().filter_map(|readers| {
            let keep_alive_ms = readers.life.keep.as_millis() as u64;
            Some(PointKept { id: readers.id.clone()?, created_ms: readers.created_ms, keep_alive_ms })
        });
        named.collect()
    }

    /// Begins a scroll; at most `most` at a time.
    ///
    /// # Errors
    /// As [`Points::keep`].
    pub(in crate::gateway) fn begin(&self, state: ScrollState, keep: Duration, most: usize) -> Result<u64, Error> {
        let (mut kept, now) = (self.kept.lock(), Instant::now());
        kept.drop_old(now);
        if kept.scrolls.len() >= most {
            let reason = format!(
                "Trying to create too many scroll contexts. Must be less than or equal to: [{most}]. This limit can be set by changing the [search.max_open_scroll_context] setting."
            );
            return Err(Error::new(ErrorKind::RejectedExecution, reason));
        }
        kept.next += 1;
        let number = kept.next;
        kept.scrolls.insert(number, (state, Life::new(keep, now)));
        Ok(number)
    }

    /// A scroll, which thereby lasts longer.
    pub(in crate::gateway) fn scroll(&self, number: u64, keep: Option<Duration>) -> Option<ScrollState> {
        let (mut kept, now) = (self.kept.lock(), Instant::now());
        let (state, life) = kept.scrolls.get_mut(&number).filter(|(_, life)| life.until >= now)?;
        life.renew(keep, now);
        Some(state.clone())
    }

    /// A scroll has come further.
    pub(in crate::gateway) fn advance(&self, number: u64, last: Vec<SortValue>) {
        if let Some((state, _)) = self.kept.lock().scrolls.get_mut(&number) {
            state.last = Some(last);
        }
    }

    /// Forgets scrolls (`None`: all): the points that they went through.
    pub(in crate::gateway) fn end(&self, numbers: Option<&[u64]>) -> Vec<String> {
        let mut kept = self.kept.lock();
        let ended: Vec<(ScrollState, Life)> = match numbers {
            None => std::mem::take(&mut kept.scrolls).into_values().collect(),
            Some(numbers) => numbers.iter().filter_map(|number| kept.scrolls.remove(number)).collect(),
        };
        ended.into_iter().map(|(state, _)| state.point).collect()
    }

    /// Forgets what nobody has used for too long, and shards that are not open any more: who is to open them
    /// again must not wait for us.
    pub(crate) fn sweep(&self, now: Instant, serves: impl Fn(&IndexUuid, &Arc<OpenShard>) -> bool) {
        let mut kept = self.kept.lock();
        kept.drop_old(now);
        for readers in kept.readers.values_mut() {
            readers.shards.retain(|kept| serves(&kept.index, &kept.shard));
        }
        kept.readers.retain(|_, readers| !readers.shards.is_empty());
    }
}

impl Kept {
    fn drop_old(&mut self, now: Instant) {
        self.readers.retain(|_, readers| readers.life.until >= now);
        self.scrolls.retain(|_, (_, life)| life.until >= now);
    }
}
