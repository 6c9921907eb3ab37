//! The definitions of `FT.CREATE`, as the metadata has them now, and what this node counts about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::gateway::Gateway;
use model::mapping::Mapping;
use model::target::{Expand, Target, TargetOptions};
use parking_lot::{Mutex, RwLock};

use super::aggregate::cursor::Cursors;
use super::config::Configuration;
use super::definition::{Definition, index_name};
use crate::error::RespError;

/// One index that the dialect can search.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its name behind the gateway.
    pub index: Arc<str>,
    /// `None`: it was not made by `FT.CREATE`.
    pub definition: Option<Arc<Definition>>,
    pub mapping: Arc<Mapping>,
    pub aliases: Vec<Arc<str>>,
    /// What queries leave out.
    pub stop_words: BTreeSet<String>,
}

/// What is counted of one index since this node started.
#[derive(Debug, Default)]
pub struct Tally {
    pub failures: AtomicU64,
    pub uses: AtomicU64,
    /// Answers that were not whole, whether they were given or not.
    pub partial: AtomicU64,
    /// When it was last searched here; milliseconds since 1970.
    pub used_ms: AtomicU64,
    pub dialects: [AtomicU64; 4],
    /// Keys looked at and keys there are, while existing keys are being indexed.
    pub scanned: AtomicU64,
    pub scan_total: AtomicU64,
    pub scanning: AtomicU64,
    pub last_error: Mutex<Option<(String, String)>>,
}

pub struct Registry {
    gateway: Arc<dyn Gateway>,
    cached: RwLock<Arc<Cached>>,
    tallies: Mutex<BTreeMap<Arc<str>, Arc<Tally>>>,
    pub(super) cursors: Cursors,
    pub(super) configuration: Configuration,
}

#[derive(Default)]
struct Cached {
    version: Option<u64>,
    known: Vec<Arc<Known>>,
    /// Those of `FT.CREATE`.
    defined: Vec<(Arc<str>, Arc<Definition>)>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Registry {
    pub fn new(gateway: Arc<dyn Gateway>) -> Self {
        Self {
            gateway,
            cached: RwLock::default(),
            tallies: Mutex::default(),
            cursors: Cursors::default(),
            configuration: Configuration::default(),
        }
    }

    pub fn gateway(&self) -> &Arc<dyn Gateway> {
        &self.gateway
    }

    /// Every index made by `FT.CREATE`: name behind the gateway, definition.
    pub fn defined(&self) -> Vec<(Arc<str>, Arc<Definition>)> {
        self.current().defined.clone()
    }

    /// Calls `visit` with each of them.
    pub(super) fn each(&self, mut visit: impl FnMut(&Arc<str>, &Arc<Definition>)) {
        self.current().defined.iter().for_each(|(index, definition)| visit(index, definition));
    }

    /// The index of this name or alias.
    pub fn find(&self, name: &str) -> Option<Arc<Known>> {
        let current = self.current();
        let own = |known: &&Arc<Known>| match &known.definition {
            Some(definition) => definition.name == name,
            None => &*known.index == name,
        };
        let alias = index_name(name);
        let aliased = |known: &&Arc<Known>| known.aliases.iter().any(|known| **known == *alias);
        current.known.iter().find(own).or_else(|| current.known.iter().find(aliased)).cloned()
    }

    /// As [`Registry::find`], but aliases do not count and it must have been made by `FT.CREATE`.
    pub fn own(&self, name: &str) -> Option<(Arc<str>, Arc<Definition>)> {
        self.current().defined.iter().find(|(_, definition)| definition.name == name).cloned()
    }

    /// As [`Registry::find`], of those made by `FT.CREATE`.
    ///
    /// # Errors
    /// `missing`, as it is.
    pub fn must(&self, name: &str, missing: &'static str) -> Result<(Arc<str>, Arc<Definition>), RespError> {
        let found = self.find(name).and_then(|known| Some((known.index.clone(), known.definition.clone()?)));
        found.ok_or(RespError::line(missing))
    }

    pub fn tally(&self, index: &Arc<str>) -> Arc<Tally> {
        self.tallies.lock().entry(index.clone()).or_default().clone()
    }

    pub(super) fn forget(&self, index: &str) {
        self.tallies.lock().remove(index);
    }

    /// The definitions, read again when the metadata has changed.
    fn current(&self) -> Arc<Cached> {
        let version = self.gateway.metadata_version();
        let cached = self.cached.read().clone();
        if cached.version == Some(version) {
            return cached;
        }
        let read = Arc::new(self.read(version));
        *self.cached.write() = read.clone();
        read
    }

    fn read(&self, version: u64) -> Cached {
        let expand = Expand { open: true, closed: false, hidden: false };
        let options = TargetOptions {
            ignore_unavailable: Some(true),
            allow_no_indices: Some(true),
            expand_wildcards: Some(expand),
            no_streams: false,
        };
        let target = Target { names: vec!["*".to_owned()], options };
        let mut known = Vec::new();
        let mut defined = Vec::new();
        for info in self.gateway.indexes(&target).unwrap_or_default() {
            let definition = Definition::of(info.mapping.meta.as_ref()).map(Arc::new);
            if let Some(definition) = &definition {
                defined.push((info.name.clone(), definition.clone()));
            }
            let stop_words = definition.as_ref().map(|definition| definition.stop_words()).unwrap_or_default();
            known.push(Arc::new(Known {
                index: info.name.clone(),
                definition,
                mapping: info.mapping.clone(),
                aliases: info.aliases.keys().cloned().collect(),
                stop_words,
            }));
        }
        Cached { version: Some(version), known, defined }
    }
}

impl Tally {
    pub(super) fn failed(&self, key: &str, error: String) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        *self.last_error.lock() = Some((key.to_owned(), error));
    }
}
