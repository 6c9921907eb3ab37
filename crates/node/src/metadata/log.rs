//! Raft's log: entries since the newest snapshot are in memory, all of them are on the disk before they count.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::io;
use std::ops::RangeBounds;
use std::sync::Arc;

use openraft::entry::RaftEntry;
use openraft::storage::{IOFlushed, LogState, RaftLogStorage};
use openraft::{OptionalSend, RaftLogReader};
use parking_lot::Mutex;

use super::disk::{Disk, Kept, Write, to_json};
use super::types::{Entry, LogId, Types, Vote};

/// The log; clones are one log.
#[derive(Clone)]
pub(super) struct Log {
    disk: Arc<Disk>,
    known: Arc<Mutex<Known>>,
}

#[derive(Default)]
struct Known {
    entries: BTreeMap<u64, Entry>,
    purged: Option<LogId>,
    vote: Option<Vote>,
    committed: Option<LogId>,
}

impl Log {
    /// Reads what the disk has.
    ///
    /// # Errors
    /// When it does not read back.
    pub(super) fn open(disk: Arc<Disk>) -> io::Result<Self> {
        let known = Known {
            entries: disk.log()?.into_iter().collect(),
            purged: disk.kept_json(Kept::Purged)?,
            vote: disk.kept_json(Kept::Vote)?,
            committed: disk.kept_json(Kept::Committed)?,
        };
        Ok(Self { disk, known: Arc::new(Mutex::new(known)) })
    }
}

impl RaftLogReader<Types> for Log {
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> io::Result<Vec<Entry>> {
        Ok(self.known.lock().entries.range(range).map(|(_, entry)| entry.clone()).collect())
    }

    async fn read_vote(&mut self) -> io::Result<Option<Vote>> {
        Ok(self.known.lock().vote.clone())
    }
}

impl RaftLogStorage<Types> for Log {
    type LogReader = Self;

    async fn get_log_state(&mut self) -> io::Result<LogState<Types>> {
        let known = self.known.lock();
        let last = known.entries.values().next_back().map(RaftEntry::log_id);
        Ok(LogState { last_purged_log_id: known.purged.clone(), last_log_id: last.or_else(|| known.purged.clone()) })
    }

    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &Vote) -> io::Result<()> {
        self.disk.written(vec![Write::Keep(Kept::Vote, to_json(vote)?)]).await?;
        self.known.lock().vote = Some(vote.clone());
        Ok(())
    }

    async fn save_committed(&mut self, committed: Option<LogId>) -> io::Result<()> {
        // A restart that knows less applies less at first, and the rest when a leader says so.
        self.disk.note(Write::Keep(Kept::Committed, to_json(&committed)?));
        self.known.lock().committed = committed;
        Ok(())
    }

    async fn read_committed(&mut self) -> io::Result<Option<LogId>> {
        Ok(self.known.lock().committed.clone())
    }

    async fn append<I>(&mut self, entries: I, callback: IOFlushed<Types>) -> io::Result<()>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries: Vec<Entry> = entries.into_iter().collect();
        let bytes =
            entries.iter().map(|entry| Ok((entry.log_id().index, to_json(entry)?))).collect::<io::Result<_>>()?;
        self.known.lock().entries.extend(entries.into_iter().map(|entry| (entry.log_id().index, entry)));
        self.disk.write(vec![Write::Append(bytes)], Box::new(move |result| callback.io_completed(result)));
        Ok(())
    }

    async fn truncate_after(&mut self, last: Option<LogId>) -> io::Result<()> {
        let from = last.map_or(0, |id| id.index + 1);
        drop(self.known.lock().entries.split_off(&from));
        self.disk.written(vec![Write::RemoveFrom(from)]).await
    }

    async fn purge(&mut self, upto: LogId) -> io::Result<()> {
        let index = upto.index;
        let purged = to_json(&Some(&upto))?;
        {
            let mut known = self.known.lock();
            let kept = known.entries.split_off(&(index + 1));
            known.entries = kept;
            known.purged = Some(upto);
        }
        self.disk.written(vec![Write::Keep(Kept::Purged, purged), Write::RemoveUpTo(index)]).await
    }
}
