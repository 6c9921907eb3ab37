//! A file being written: buffered, counted and checksummed, never synced.
//!
//! A handle, because tantivy's serializers keep the writer that they are given and do not return it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tantivy::directory::{AntiCallToken, TerminatingWrite};

use crate::error::ShardError;
use crate::segment::disk::manifest::FileEntry;

const BUFFER_BYTES: usize = 64 << 10;

#[derive(Clone)]
pub(crate) struct Output {
    state: Arc<Mutex<State>>,
}

struct State {
    name: &'static str,
    file: BufWriter<Hashed>,
    /// Given to the buffer.
    bytes: u64,
}

struct Hashed {
    file: File,
    hasher: crc32fast::Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output {
    pub(crate) fn create(directory: &Path, name: &'static str) -> Result<Self, ShardError> {
        let path = directory.join(name);
        let file = File::create_new(&path).map_err(|e| ShardError::io("create", &path, e))?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, Hashed { file, hasher: crc32fast::Hasher::new() });
        Ok(Self { state: Arc::new(Mutex::new(State { name, file, bytes: 0 })) })
    }

    /// Bytes written so far.
    pub(crate) fn written(&self) -> u64 {
        self.state.lock().bytes
    }

    /// Empties the buffer and tells what was written.
    pub(crate) fn finish(&self) -> io::Result<FileEntry> {
        let mut state = self.state.lock();
        state.file.flush()?;
        let crc32 = state.file.get_ref().hasher.clone().finalize();
        Ok(FileEntry { name: state.name.to_owned(), bytes: state.bytes, crc32 })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock();
        state.bytes += bytes.len() as u64;
        state.file.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl TerminatingWrite for Output {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        Ok(())
    }
}
