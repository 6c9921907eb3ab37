//! What Raft must not forget, in one file: the vote, the log, the newest snapshot.
//!
//! In: [`Write`]s, in order. Out: an acknowledgement for each once it is on the disk; a thread of its own writes all that wait in one
//! transaction. A write that failed is never tried again: everything after it fails, too. Not here: what the bytes mean.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use parking_lot::{Mutex, RwLock};
use redb::{Database, Durability, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::watch;

const LOG: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("log");
const KEPT: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("kept");
/// Bytes of the file that are held in memory: what is read at the start is read once.
const CACHE_BYTES: usize = 1 << 20;
/// Writes of one transaction.
const MAX_WRITES: usize = 1024;

/// Values that are kept beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Vote,
    Committed,
    Purged,
    SnapshotMeta,
    SnapshotState,
    /// What was promised while the cluster was founded.
    Founding,
    /// The cluster that an operator has made this node forget.
    Detached,
}

impl Kept {
    fn name(self) -> &'static str {
        match self {
            Self::Vote => "vote",
            Self::Committed => "committed",
            Self::Purged => "purged",
            Self::SnapshotMeta => "snapshot_meta",
            Self::SnapshotState => "snapshot_state",
            Self::Founding => "founding",
            Self::Detached => "detached",
        }
    }
}

/// One change of the file.
pub(super) enum Write {
    Append(Vec<(u64, Vec<u8>)>),
    /// Entries from this index on.
    RemoveFrom(u64),
    /// Entries up to this index.
    RemoveUpTo(u64),
    Keep(Kept, Vec<u8>),
}

/// Called once with what came of a write.
pub(super) type Done = Box<dyn FnOnce(io::Result<()>) + Send>;

struct Order {
    writes: Vec<Write>,
    /// Whether the disk must have it; else it is written along with what must.
    durable: bool,
    done: Done,
}

/// The file.
pub(super) struct Disk {
    /// `None`: closed, and somebody else may open it.
    database: RwLock<Option<Arc<Database>>>,
    orders: Mutex<Option<Sender<Order>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Why nothing is written any more.
    failed: watch::Receiver<Option<String>>,
}

impl Disk {
    /// Opens or makes the file.
    ///
    /// # Errors
    /// What does not open, naming the file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let named =
            |error: &dyn std::fmt::Display| io::Error::other(format!("cannot open {}: {error}", path.display()));
        let fresh = !path.exists();
        let database = Database::builder().set_cache_size(CACHE_BYTES).create(path).map_err(|error| named(&error))?;
        let disk = Self::over(database).map_err(|error| named(&error))?;
        if fresh {
            fs::File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()?;
        }
        Ok(disk)
    }

    /// Uses a database, wherever it is.
    ///
    /// # Errors
    /// What it does not write.
    pub(super) fn over(database: Database) -> io::Result<Self> {
        let begin = || -> Result<(), redb::Error> {
            let transaction = database.begin_write()?;
            transaction.open_table(LOG)?;
            transaction.open_table(KEPT)?;
            transaction.commit()?;
            Ok(())
        };
        let is_empty = || -> Result<bool, redb::Error> { Ok(database.begin_read()?.list_tables()?.next().is_none()) };
        if is_empty().map_err(io::Error::other)? {
            begin().map_err(io::Error::other)?;
        }
        let database = Arc::new(database);
        let (orders, waiting) = channel();
        let (tell, failed) = watch::channel(None);
        let for_thread = database.clone();
        let thread = std::thread::Builder::new()
            .name("shoal-metadata".to_owned())
            .spawn(move || Writer { database: for_thread, failed: tell }.run(&waiting))?;
        let database = RwLock::new(Some(database));
        Ok(Self { database, orders: Mutex::new(Some(orders)), thread: Mutex::new(Some(thread)), failed })
    }

    /// Writes, and calls `done` when the disk has it.
    pub(super) fn write(&self, writes: Vec<Write>, done: Done) {
        self.order(Order { writes, durable: true, done });
    }

    /// As [`Disk::write`], and waits.
    ///
    /// # Errors
    /// When the disk refuses, or has refused before.
    pub(super) async fn written(&self, writes: Vec<Write>) -> io::Result<()> {
        let (done, told) = tokio::sync::oneshot::channel();
        // Who does not wait any more need not be told.
        self.write(writes, Box::new(move |result| drop(done.send(result))));
        told.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Writes along with what comes next; a crash may lose it.
    pub(super) fn note(&self, write: Write) {
        self.order(Order { writes: vec![write], durable: false, done: Box::new(drop) });
    }

    /// A value that was kept.
    ///
    /// # Errors
    /// When the file does not read.
    pub(super) fn kept(&self, kept: Kept) -> io::Result<Option<Vec<u8>>> {
        let database = self.database()?;
        let read = || -> Result<Option<Vec<u8>>, redb::Error> {
            let table = database.begin_read()?.open_table(KEPT)?;
            Ok(table.get(kept.name())?.map(|bytes| bytes.value().to_vec()))
        };
        read().map_err(io::Error::other)
    }

    /// As [`Disk::kept`], of a value in JSON.
    ///
    /// # Errors
    /// When the file does not read, or holds something else.
    pub(super) fn kept_json<T: DeserializeOwned>(&self, kept: Kept) -> io::Result<Option<T>> {
        self.kept(kept)?.map(|bytes| from_json(&bytes)).transpose()
    }

    /// The whole log, in order.
    ///
    /// # Errors
    /// When the file does not read.
    pub(super) fn log<T: DeserializeOwned>(&self) -> io::Result<Vec<(u64, T)>> {
        let database = self.database()?;
        let read = || -> Result<Vec<(u64, Vec<u8>)>, redb::Error> {
            let table = database.begin_read()?.open_table(LOG)?;
            let mut entries = Vec::new();
            for entry in table.iter()? {
                let (index, bytes) = entry?;
                entries.push((index.value(), bytes.value().to_vec()));
            }
            Ok(entries)
        };
        let entries = read().map_err(io::Error::other)?;
        entries.into_iter().map(|(index, bytes)| Ok((index, from_json(&bytes)?))).collect()
    }

    /// Why nothing is written any more, once that is so; never, where all is written until it is closed.
    pub(super) fn failure(&self) -> impl Future<Output = String> + Send + use<> {
        let mut failed = self.failed.clone();
        async move {
            let why = failed.wait_for(Option::is_some).await.ok().and_then(|why| why.clone());
            match why {
                Some(why) => why,
                None => std::future::pending().await,
            }
        }
    }

    /// Whether nothing is written any more.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.borrow().is_some()
    }

    /// Writes what waits and ends the thread.
    pub(super) fn close(&self) {
        self.orders.lock().take();
        if let Some(thread) = self.thread.lock().take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
        self.database.write().take();
    }

    fn database(&self) -> io::Result<Arc<Database>> {
        self.database.read().clone().ok_or_else(closed)
    }

    fn order(&self, order: Order) {
        let orders = self.orders.lock();
        let Some(orders) = orders.as_ref() else { return (order.done)(Err(closed())) };
        if let Err(refused) = orders.send(order) {
            (refused.0.done)(Err(closed()));
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.close();
    }
}

struct Writer {
    database: Arc<Database>,
    /// Why nothing is written any more.
    failed: watch::Sender<Option<String>>,
}

impl Writer {
    fn run(self, waiting: &Receiver<Order>) {
        while let Ok(first) = waiting.recv() {
            let more = std::iter::from_fn(|| waiting.try_recv().ok()).take(MAX_WRITES);
            let orders: Vec<Order> = std::iter::once(first).chain(more).collect();
            if self.failed.borrow().is_none()
                && let Err(error) = self.write(&orders)
            {
                tracing::error!("the metadata cannot be written: {error}; this node takes part in nothing any more");
                self.failed.send_replace(Some(error.to_string()));
            }
            let failed = self.failed.borrow().clone();
            for order in orders {
                (order.done)(failed.as_ref().map_or(Ok(()), |why| Err(io::Error::other(why.clone()))));
            }
        }
    }

    fn write(&self, orders: &[Order]) -> Result<(), redb::Error> {
        let mut transaction = self.database.begin_write()?;
        if !orders.iter().any(|order| order.durable) {
            transaction.set_durability(Durability::None)?;
        }
        for write in orders.iter().flat_map(|order| &order.writes) {
            carry_out(&transaction, write)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn carry_out(transaction: &WriteTransaction, write: &Write) -> Result<(), redb::Error> {
    match write {
        Write::Append(entries) => {
            let mut log = transaction.open_table(LOG)?;
            for (index, bytes) in entries {
                log.insert(index, bytes.as_slice())?;
            }
        }
        Write::RemoveFrom(index) => transaction.open_table(LOG)?.retain_in(*index.., |_, _| false)?,
        Write::RemoveUpTo(index) => transaction.open_table(LOG)?.retain_in(..=*index, |_, _| false)?,
        Write::Keep(kept, bytes) => drop(transaction.open_table(KEPT)?.insert(kept.name(), bytes.as_slice())?),
    }
    Ok(())
}

/// A value as the file holds it.
pub(super) fn to_json<T: Serialize>(value: &T) -> io::Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(io::Error::other)
}

pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> io::Result<T> {
    serde_json::from_slice(bytes).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("metadata.redb holds what cannot be read: {error}"))
    })
}

fn closed() -> io::Error {
    io::Error::other("the metadata is closed")
}
