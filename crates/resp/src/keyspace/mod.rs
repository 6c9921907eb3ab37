//! Keys and their values, kept as documents of a system index.
//!
//! One document a key, on the shard that its slot names. Every change of a key is one request to the gateway: the key's document, and behind
//! it the documents of the `FT.*` indexes that it belongs to. Changes that depend on what is there are made under the key's lock (one node)
//! and under compare-and-set (all nodes), and tried again when somebody else was faster.
//!
//! Here: reading, changing, counting, walking, expiring. Not here: what commands mean by it.

pub mod id;
mod index;
mod locks;
pub mod number;
mod record;
pub mod slot;
pub mod sweep;
pub mod value;
mod walk;

pub use id::{document_id, key_of};
pub(crate) use locks::Held;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use model::admin::Flush;
use model::error::ErrorKind;
use model::gateway::Gateway;
use model::id::{PrimaryTerm, SeqNo};
use model::search::{Found, GetRequest};
use model::write::{Action, Condition, Refresh, Write, WriteRequest};

use crate::error::RespError;
use crate::ft::indexing::{self, Registry};
use crate::ft::words_index::Purpose;
use crate::server::{Settings, now_ms};
use index::KeyIndex;
use locks::Locks;
use record::Record;
use value::Value;

/// How often a change is tried when others are faster.
const ATTEMPTS: u32 = 100;

/// How long a write may wait for a shard.
const TIMEOUT_MS: u64 = 60_000;

/// The keys of the whole cluster, as this node reaches them.
pub struct Keyspace {
    gateway: Arc<dyn Gateway>,
    registry: Arc<Registry>,
    index: KeyIndex,
    locks: Locks,
    /// The earliest time at which a key may expire; `u64::MAX`: none that this node knows of.
    next_expiry_ms: AtomicU64,
    /// Keys that were found expired and deleted.
    pub(crate) expired: AtomicU64,
    /// Keys that were read and were there, and that were not.
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
}

/// What is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub value: Value,
    pub expires_at_ms: Option<u64>,
}

impl Entry {
    /// A value that does not expire.
    pub fn new(value: Value) -> Self {
        Self { value, expires_at_ms: None }
    }

    /// When something of it expires.
    fn next_expiry_ms(&self) -> Option<u64> {
        let fields = self.fields_expire_at_ms();
        self.expires_at_ms.into_iter().chain(fields).min()
    }

    fn fields_expire_at_ms(&self) -> Option<u64> {
        if let Value::Hash(fields) = &self.value { fields.next_expiry_ms() } else { None }
    }
}

/// What a change makes of a key.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Nothing changes.
    Keep,
    Put(Entry),
    Delete,
}

/// One key's change, and what must be there for it to happen.
struct Change {
    key: Bytes,
    expected: Expected,
    /// `None`: it goes.
    entry: Option<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Anything,
    Nothing,
    /// This very document, expired or not.
    This(SeqNo, PrimaryTerm),
}

/// Whose turn it is on a key: what is watched, and compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(Option<(SeqNo, PrimaryTerm)>);

impl Keyspace {
    pub(crate) fn new(gateway: Arc<dyn Gateway>, registry: Arc<Registry>, settings: &Settings) -> Self {
        Self {
            index: KeyIndex::new(gateway.clone(), settings),
            gateway,
            registry,
            locks: Locks::new(),
            // Who has just started does not know: the first sweep finds out.
            next_expiry_ms: AtomicU64::new(0),
            expired: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Holds `keys` for whoever calls: nobody else on this node changes them meanwhile. In one fixed order, so that no two wait for each other.
    pub(crate) async fn hold(&self, keys: &[Bytes]) -> Held<'_> {
        self.locks.hold(keys).await
    }

    /// The record of `key`, expired or not, with its place in the shard's history.
    async fn record(&self, key: &[u8]) -> Result<Option<(Record, Expected)>, RespError> {
        let id = document_id(key)?.as_ref().to_owned();
        let found = self.found(index::ALIAS, id, Some(slot::routing(key))).await?;
        let Some(found) = found else { return Ok(None) };
        let source = found.source.ok_or_else(|| RespError::refused("the index of keys keeps no sources"))?;
        Ok(Some((Record::new(source)?, Expected::This(found.seq_no, found.primary_term))))
    }

    /// What `key` holds; what has expired is not there.
    ///
    /// # Errors
    /// What the node answers, or a damaged document.
    pub async fn get(&self, key: &[u8]) -> Result<Option<Entry>, RespError> {
        let now = now_ms();
        match self.record(key).await? {
            Some((record, _)) if record.is_alive(now) => record.entry(now).map(Some),
            _ => Ok(None),
        }
    }

    /// When `key` expires and the name of its type, without reading its value.
    pub(crate) async fn head(&self, key: &[u8]) -> Result<Option<(Option<u64>, &'static str)>, RespError> {
        let found = self.record(key).await?;
        let alive = found.filter(|(record, _)| record.is_alive(now_ms()));
        Ok(alive.map(|(record, _)| (record.expires_at_ms, record.kind.type_name())))
    }

    /// The bytes of the document that `key` is kept as.
    pub(crate) async fn size(&self, key: &[u8]) -> Result<Option<usize>, RespError> {
        let found = self.record(key).await?;
        Ok(found.filter(|(record, _)| record.is_alive(now_ms())).map(|(record, _)| record.size()))
    }

    /// What distinguishes the present value of `key` from every other that it had or will have.
    pub(crate) async fn mark(&self, key: &[u8]) -> Result<Mark, RespError> {
        let found = self.record(key).await?.filter(|(record, _)| record.is_alive(now_ms()));
        Ok(Mark(found.and_then(|(_, place)| match place {
            Expected::This(seq_no, term) => Some((seq_no, term)),
            _ => None,
        })))
    }

    /// Reads `key`, lets `decide` say what becomes of it and what is answered, and does that; again when somebody else was faster. The caller
    /// holds the key.
    pub(crate) async fn change<T>(
        &self,
        key: &Bytes,
        mut decide: impl FnMut(Option<Entry>) -> Result<(Next, T), RespError>,
    ) -> Result<T, RespError> {
        for _ in 0..ATTEMPTS {
            let (found, now) = (self.record(key).await?, now_ms());
            let (alive, expected) = match found {
                None => (None, Expected::Nothing),
                Some((record, place)) if record.is_alive(now) => (Some(record.entry(now)?), place),
                Some((_, place)) => (None, place),
            };
            let (next, answer) = decide(alive)?;
            let entry = match next {
                Next::Keep => return Ok(answer),
                Next::Delete if expected == Expected::Nothing => return Ok(answer),
                Next::Put(entry) if !entry.value.is_empty() => Some(entry),
                Next::Put(_) | Next::Delete => None,
            };
            if self.carry_out(vec![Change { key: key.clone(), expected, entry }]).await? {
                return Ok(answer);
            }
        }
        Err(RespError::line("TRYAGAIN others change this key all the time"))
    }

    /// Puts every entry, whatever is there. The caller holds the keys.
    pub(crate) async fn put(&self, entries: Vec<(Bytes, Entry)>) -> Result<(), RespError> {
        let change = |(key, entry)| Change { key, expected: Expected::Anything, entry: Some(entry) };
        self.carry_out(entries.into_iter().map(change).collect()).await.map(drop)
    }

    /// Deletes `keys`; how many there were. The caller holds them.
    pub(crate) async fn delete(&self, keys: &[Bytes]) -> Result<usize, RespError> {
        let mut changes: Vec<Change> = Vec::new();
        let mut gone = 0;
        for key in keys {
            let Some((record, _)) = self.record(key).await? else { continue };
            if changes.iter().any(|change| change.key == key) {
                continue;
            }
            gone += usize::from(record.is_alive(now_ms()));
            changes.push(Change { key: key.clone(), expected: Expected::Anything, entry: None });
        }
        if !changes.is_empty() {
            self.carry_out(changes).await?;
        }
        Ok(gone)
    }

    /// Writes those documents of the `FT.*` indexes for the present value of `key` that are not there as they should be, and holds it meanwhile.
    /// For indexes that are being built, and after a start, when a crash may have come between a key and them.
    ///
    /// # Errors
    /// What the node answers.
    pub async fn reindex(&self, key: &Bytes) -> Result<(), RespError> {
        let _held = self.hold(std::slice::from_ref(key)).await;
        let entry = self.get(key).await?;
        let mut writes = Vec::new();
        for write in indexing::documents(&self.registry, key, entry.as_ref().map(|entry| &entry.value)) {
            if self.changes(&write).await? {
                writes.push(write);
            }
        }
        if !writes.is_empty() {
            self.send(writes).await?;
        }
        Ok(())
    }

    /// Whether a write would make another document of the one that is there.
    async fn changes(&self, write: &Write) -> Result<bool, RespError> {
        let id = write.id.as_deref().unwrap_or_default().to_owned();
        let found = self.found(&write.index, id, None).await?;
        Ok(match (&write.action, found) {
            (Action::Delete, None) => false,
            (Action::Index(source), Some(found)) => found.source.as_ref() != Some(source),
            _ => true,
        })
    }

    /// A document as it is now.
    async fn found(&self, index: &str, id: String, routing: Option<String>) -> Result<Option<Box<Found>>, RespError> {
        let request = GetRequest { routing, ..GetRequest::new(index, id) };
        match self.gateway.get(request).await {
            Ok(response) => Ok(response.found),
            Err(error) if error.kind == ErrorKind::IndexNotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// One request for all changes; false when one of them did not find what it expected.
    async fn carry_out(&self, changes: Vec<Change>) -> Result<bool, RespError> {
        for _ in 0..ATTEMPTS {
            let fields_expire =
                changes.iter().any(|change| change.entry.as_ref().and_then(Entry::fields_expire_at_ms).is_some());
            self.index.ensure(fields_expire).await?;
            let mut writes = Vec::with_capacity(changes.len());
            let mut documents = Vec::new();
            for change in &changes {
                writes.push(self.write(change)?);
                let value = change.entry.as_ref().map(|entry| &entry.value);
                documents.extend(indexing::documents(&self.registry, &change.key, value));
            }
            writes.append(&mut documents);
            let sent = self.send_keys(writes, changes.len()).await?;
            // Behind the write: a sweep between the two would look for it in vain.
            if let Some(at) = changes.iter().filter_map(|change| change.entry.as_ref()?.next_expiry_ms()).min() {
                self.next_expiry_ms.fetch_min(at, Ordering::Relaxed);
            }
            match sent {
                Sent::Done => return Ok(true),
                Sent::Conflict => return Ok(false),
                // Another node has emptied the keyspace.
                Sent::NoIndex => self.index.forget(),
            }
        }
        Err(RespError::line("TRYAGAIN the keyspace is being emptied"))
    }

    fn write(&self, change: &Change) -> Result<Write, RespError> {
        let source = change.entry.as_ref().map(|entry| record::source(&change.key, entry));
        let action = match (source, change.expected) {
            (None, _) => Action::Delete,
            (Some(source), Expected::Nothing) => Action::Create(source),
            (Some(source), _) => Action::Index(source),
        };
        let if_seq_no = match change.expected {
            Expected::This(seq_no, term) => Some((seq_no, term)),
            Expected::Anything | Expected::Nothing => None,
        };
        Ok(Write {
            index: index::ALIAS.into(),
            id: Some(document_id(&change.key)?),
            routing: Some(slot::routing(&change.key).into()),
            action,
            condition: Condition { if_seq_no, version: None },
            require_alias: true,
            pipeline: None,
        })
    }

    /// Sends writes whose first `keys` are documents of keys. What the `FT.*` indexes refuse of the others is theirs to count.
    async fn send_keys(&self, writes: Vec<Write>, keys: usize) -> Result<Sent, RespError> {
        let mut conflict = false;
        for (at, written) in self.send(writes).await?.into_iter().enumerate() {
            let Err(failure) = written else { continue };
            match failure.error.kind {
                _ if at >= keys => {}
                ErrorKind::VersionConflict => conflict = true,
                ErrorKind::IndexNotFound => return Ok(Sent::NoIndex),
                _ => return Err(failure.error.into()),
            }
        }
        Ok(if conflict { Sent::Conflict } else { Sent::Done })
    }

    async fn send(&self, writes: Vec<Write>) -> Result<model::write::WriteResponse, RespError> {
        let request = WriteRequest { writes, refresh: Refresh::Later, timeout_ms: TIMEOUT_MS, active_shards: None };
        let response = self.gateway.write(request).await?;
        for failure in response.iter().filter_map(|written| written.as_ref().err()) {
            indexing::failed(&self.registry, failure);
        }
        Ok(response)
    }

    /// Brings what was written from the log into the files of the indexes, on every node.
    pub(crate) async fn save(&self) -> Result<(), RespError> {
        let mut target = index::target();
        target.names.extend([Purpose::Suggestions, Purpose::Dictionary].map(|purpose| purpose.index().to_owned()));
        let shards = self.gateway.flush(Flush { target, force: false, wait_if_ongoing: true }).await?;
        match shards.failures.into_iter().next() {
            Some(failure) => Err(failure.error.into()),
            None => Ok(()),
        }
    }

    /// Deletes every key. The definitions of `FT.*` indexes are the caller's affair.
    pub(crate) async fn flush(&self) -> Result<(), RespError> {
        self.index.delete().await?;
        self.next_expiry_ms.store(u64::MAX, Ordering::Relaxed);
        Ok(())
    }
}

/// What became of a request.
enum Sent {
    Done,
    Conflict,
    NoIndex,
}
