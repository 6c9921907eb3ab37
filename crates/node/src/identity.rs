//! Identities that no other node makes: 22 characters of URL-safe base64, from the operating system's randomness.

use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::Path;

use cluster::state::NodeId;
use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A fresh identity.
pub(crate) fn random() -> String {
    let bits = (u128::from(word()) << 64) | u128::from(word());
    (0..22).map(|n| char::from(ALPHABET[(bits >> (n * 6)) as usize & 63])).collect()
}

/// 64 bits from the keys that the standard library draws for a new hasher.
fn word() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// Who this node is, for as long as it has its data; in `node.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    pub node: NodeId,
}

impl Identity {
    /// Reads it below `directory`, or makes one.
    ///
    /// # Errors
    /// What does not read back or cannot be written, naming the file.
    pub(crate) fn open(directory: &Path) -> io::Result<Self> {
        let path = directory.join("node.json");
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| named(error.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = Self { node: NodeId(random().into()) };
                made.write(&path).map_err(named)?;
                Ok(made)
            }
            Err(error) => Err(named(error)),
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let fresh = path.with_extension("new");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        File::open(path.parent().unwrap_or_else(|| Path::new(".")))?.sync_all()
    }
}

/// Ids for documents without one: 20 characters that grow with time, so that neighbours in time are neighbours in the index.
pub struct DocumentIds {
    /// What tells this process' ids from others'.
    process: u64,
    count: std::sync::atomic::AtomicU64,
}

impl DocumentIds {
    pub fn new() -> Self {
        Self { process: word(), count: std::sync::atomic::AtomicU64::new(word() & 0xff_ffff) }
    }

    /// A fresh id. `now_ms`: the time of now.
    pub fn next(&self, now_ms: u64) -> String {
        let count = self.count.fetch_add(1, std::sync::atomic::Ordering::Relaxed) & 0xff_ffff;
        let bits = (u128::from(now_ms & 0xffff_ffff_ffff) << 72)
            | (u128::from(count) << 48)
            | u128::from(self.process & 0xffff_ffff_ffff);
        (0..20).rev().map(|n| char::from(ALPHABET[(bits >> (n * 6)) as usize & 63])).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_node_stays_who_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let first = Identity::open(directory.path()).unwrap().node;
        assert_eq!(Identity::open(directory.path()).unwrap().node, first);
        fs::write(directory.path().join("node.json"), "{").unwrap();
        assert!(Identity::open(directory.path()).unwrap_err().to_string().contains("node.json"));
    }

    #[test]
    fn no_two_are_the_same() {
        let ids = DocumentIds::new();
        let many: HashSet<String> = (0..10_000).map(|n| ids.next(n / 100)).chain((0..1000).map(|_| random())).collect();
        assert_eq!(many.len(), 11_000);
        assert!(many.iter().all(|id| id.len() == 20 || id.len() == 22));
    }
}
