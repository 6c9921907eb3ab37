//! What the tests of the log share: small options, and reading everything back.

use std::path::Path;
use std::sync::Arc;

use wal::faulty::FaultyDisk;
use wal::{Error, Log, Options, Recovery, Syncer};

pub(crate) const DIRECTORY: &str = "/log";

pub(crate) fn small() -> Options {
    Options { segment_size: 400, preallocation: 256, ..Options::default() }
}

pub(crate) fn open(disk: &FaultyDisk, options: Options, syncer: &Arc<Syncer>) -> Result<(Log, Recovery), Error> {
    Log::open(Arc::new(disk.clone()), Path::new(DIRECTORY), options, syncer)
}

/// Never zero at either end, so that every cut shows.
pub(crate) fn payload(seq: u64, version: u64) -> Vec<u8> {
    let mut bytes = format!("<{seq}/{version}").into_bytes();
    bytes.resize(bytes.len() + (seq * 37 % 120) as usize, b'.');
    bytes.push(b'>');
    bytes
}

pub(crate) fn read_all(log: &Log) -> Vec<(u64, Vec<u8>)> {
    let entries = log.read_from(log.stats().first_seq).unwrap();
    entries.map(|entry| entry.map(|entry| (entry.seq, entry.payload)).unwrap()).collect()
}

pub(crate) fn append_safely(log: &Log, seq: u64) -> Result<(), Error> {
    log.wait(log.append(seq, &payload(seq, 0))?)
}
