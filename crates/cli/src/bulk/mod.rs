//! `shoal bulk`: a file of documents or actions into a running node.
//!
//! One thread reads, several send; between them a queue of as many batches as there are senders, so memory is bounded. Not here: what a
//! line means (`lines`), how a batch is delivered (`deliver`), what is told about it (`tally`).

mod deliver;
mod lines;
mod tally;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::bufread::MultiGzDecoder;

use crate::arguments::Bulk;
use crate::client::{Body, Client, path_segment};
use crate::failure::Failure;
use deliver::{Batch, Delivery};
use lines::{Items, Next};
use tally::Tally;

/// Longest body of a request, unless one document is longer.
const BATCH_BYTES: usize = 8 << 20;
/// Of the file, at a time.
const READ_BYTES: usize = 1 << 20;

/// # Errors
/// What cannot be read, a node that does not answer, and [`Failure::Documents`] when some were refused (each has been told by its line).
pub(crate) fn bulk(arguments: &Bulk) -> Result<(), Failure> {
    let client = Client::new(&arguments.url)?;
    let input = Input::open(&arguments.file)?;
    let tally = Tally::new(input.length, input.read.clone());
    let read_failed = |source| Failure::Read { path: arguments.file.clone(), source };
    let reader = plain(input.reader).map_err(read_failed)?;
    let items = Items::new(reader, arguments).map_err(read_failed)?;
    if items.are_documents() && arguments.index.is_none() {
        return Err(Failure::IndexMissing);
    }
    let delivery = Delivery::new(&client, arguments.index.as_deref(), &tally);
    let ended = pump(items, arguments, &delivery, &tally);
    if let Some(index) = &arguments.index
        && ended.is_ok()
        && tally.done() > tally.failed()
    {
        let path = format!("/{}/_refresh", path_segment(index));
        client.accepted(&client.post(&path, Body::Json, b"")?)?;
    }
    let summary = tally.finish();
    writeln!(std::io::stdout().lock(), "{summary}").map_err(Failure::Output)?;
    match ended {
        Err(Trouble::Read(source)) => Err(read_failed(source)),
        Err(Trouble::Node(failure)) => Err(failure),
        Ok(()) if tally.failed() > 0 => Err(Failure::Documents { failed: tally.failed(), all: tally.done() }),
        Ok(()) => Ok(()),
    }
}

/// What ends the reading or the sending.
enum Trouble {
    Read(std::io::Error),
    Node(Failure),
}

/// Reads in this thread and sends in `concurrency` others, until the end or the first trouble.
fn pump<R: BufRead>(items: Items<R>, arguments: &Bulk, delivery: &Delivery<'_>, tally: &Tally) -> Result<(), Trouble> {
    let (queue, batches) = sync_channel(usize::from(arguments.concurrency));
    let batches = Mutex::new(batches);
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let senders: Vec<_> =
            (0..arguments.concurrency).map(|_| scope.spawn(|| send(&batches, delivery, &is_over))).collect();
        let read = fill(items, arguments.batch as usize, &queue, tally, &is_over);
        drop(queue);
        for sender in senders {
            // A sender that panics has told why, and the panic goes on here.
            sender.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)).map_err(Trouble::Node)?;
        }
        read.map_err(Trouble::Read)
    })
}

fn fill<R: BufRead>(
    mut items: Items<R>,
    documents: usize,
    queue: &SyncSender<Batch>,
    tally: &Tally,
    is_over: &AtomicBool,
) -> std::io::Result<()> {
    let mut batch = Batch::default();
    let ended = loop {
        match items.next(batch.body()) {
            Ok(Next::Item { line }) => batch.close_item(line),
            Ok(Next::Bad { line, reason }) => tally.refused(line, &reason),
            Ok(Next::End) => break Ok(()),
            Err(error) => break Err(error),
        }
        let is_full = batch.len() >= documents || batch.bytes() >= BATCH_BYTES;
        if is_full && (is_over.load(Ordering::Relaxed) || queue.send(std::mem::take(&mut batch)).is_err()) {
            return Ok(());
        }
    };
    if batch.len() > 0 {
        // It fails when nobody receives, and then a sender says why.
        let _ = queue.send(batch);
    }
    ended
}

/// After a failure it goes on receiving, so that the reader does not wait for ever, but sends no more.
fn send(batches: &Mutex<Receiver<Batch>>, delivery: &Delivery<'_>, is_over: &AtomicBool) -> Result<(), Failure> {
    let mut ended = Ok(());
    loop {
        let received = batches.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = received else { return ended };
        if is_over.load(Ordering::Relaxed) {
            continue;
        }
        if let Err(failure) = delivery.deliver(batch) {
            is_over.store(true, Ordering::Relaxed);
            ended = Err(failure);
        }
    }
}

/// What is read, before it is unpacked.
struct Input {
    reader: Box<dyn Read>,
    /// In bytes; `None`: nobody knows.
    length: Option<u64>,
    /// Bytes read so far.
    read: Arc<AtomicU64>,
}

impl Input {
    fn open(path: &Path) -> Result<Self, Failure> {
        let read = Arc::new(AtomicU64::new(0));
        if path == Path::new("-") {
            return Ok(Self { reader: Box::new(Counted(std::io::stdin(), read.clone())), length: None, read });
        }
        let failed = |source| Failure::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        let length = about.is_file().then_some(about.len());
        Ok(Self { reader: Box::new(Counted(file, read.clone())), length, read })
    }
}

struct Counted<R>(R, Arc<AtomicU64>);

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.0.read(buffer)?;
        self.1.fetch_add(length as u64, Ordering::Relaxed);
        Ok(length)
    }
}

/// Unpacks what begins as gzip does.
fn plain(reader: Box<dyn Read>) -> std::io::Result<Box<dyn BufRead>> {
    let mut reader = BufReader::with_capacity(READ_BYTES, reader);
    let is_packed = reader.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if is_packed {
        Box::new(BufReader::with_capacity(READ_BYTES, MultiGzDecoder::new(reader)))
    } else {
        Box::new(reader)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_unpacked_by_its_first_bytes() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{\"a\":1}\n").unwrap();
        for bytes in [packed.finish().unwrap(), b"{\"a\":1}\n".to_vec()] {
            let mut text = String::new();
            plain(Box::new(std::io::Cursor::new(bytes))).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "{\"a\":1}\n");
        }
    }
}
