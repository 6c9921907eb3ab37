//! Locks of keys: a fixed number of them, each for the keys whose hash falls on it.

use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;
use tokio::sync::{Mutex, MutexGuard};

const STRIPES: usize = 1024;

pub(super) struct Locks {
    stripes: Vec<Mutex<()>>,
    hasher: RandomState,
}

/// Keys that are held; given back when this is dropped.
pub(crate) struct Held<'l> {
    _one: Option<MutexGuard<'l, ()>>,
    _more: Vec<MutexGuard<'l, ()>>,
}

impl Locks {
    pub(super) fn new() -> Self {
        Self { stripes: (0..STRIPES).map(|_| Mutex::new(())).collect(), hasher: RandomState::new() }
    }

    /// Takes the locks of all `keys`, the lowest first: who waits holds only lower ones, so nobody waits in a circle.
    pub(super) async fn hold(&self, keys: &[Bytes]) -> Held<'_> {
        if let [one] = keys {
            return Held { _one: Some(self.stripes[self.stripe(one)].lock().await), _more: Vec::new() };
        }
        let all: BTreeSet<usize> = keys.iter().map(|key| self.stripe(key)).collect();
        let mut more = Vec::with_capacity(all.len());
        for stripe in all {
            more.push(self.stripes[stripe].lock().await);
        }
        Held { _one: None, _more: more }
    }

    fn stripe(&self, key: &Bytes) -> usize {
        (self.hasher.hash_one(key) % STRIPES as u64) as usize
    }
}
