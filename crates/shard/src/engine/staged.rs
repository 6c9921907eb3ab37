//! Operations that are decided and logged, but not yet agreed on by all in-sync copies (replication rule R6): gets by id and later
//! decisions see them, batches and so searches do not.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::get::Current;
use super::operation::{Change, Operation};
use crate::prepared::PreparedDocument;

/// In the order of their sequence numbers.
#[derive(Default)]
pub(super) struct Staged {
    on: bool,
    waiting: VecDeque<(Operation, Option<Arc<PreparedDocument>>)>,
    /// The newest staged operation on each id.
    newest: HashMap<Arc<str>, Newest>,
}

pub(super) struct Newest {
    pub(super) seq_no: u64,
    pub(super) primary_term: u64,
    pub(super) version: u64,
    /// `None`: a deletion.
    pub(super) document: Option<Stored>,
}

/// Routing and source.
type Stored = (Option<Arc<str>>, Arc<[u8]>);

impl Newest {
    pub(super) fn current(&self) -> Option<Current> {
        let (routing, source) = self.document.clone()?;
        let (seq_no, primary_term, version) = (self.seq_no, self.primary_term, self.version);
        Some(Current { seq_no, primary_term, version, routing, source })
    }
}

impl Staged {
    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    pub(super) fn turn(&mut self, on: bool) {
        self.on = on;
    }

    pub(super) fn get(&self, id: &str) -> Option<&Newest> {
        self.newest.get(id)
    }

    pub(super) fn put(&mut self, operation: Operation, document: Option<Arc<PreparedDocument>>) {
        let Operation { seq_no, primary_term, version, .. } = operation;
        let state = match &operation.change {
            Change::Index { routing, source } => Some(Some((routing.clone(), source.clone()))),
            Change::Delete => Some(None),
            Change::NoOp => None,
        };
        if let Some(document) = state {
            self.newest.insert(operation.id.clone(), Newest { seq_no, primary_term, version, document });
        }
        self.waiting.push_back((operation, document));
    }

    /// Takes the next operation if it lies below `below`.
    pub(super) fn next(&mut self, below: u64) -> Option<(Operation, Option<Arc<PreparedDocument>>)> {
        if self.waiting.front().is_none_or(|(operation, _)| operation.seq_no >= below) {
            return None;
        }
        let (operation, document) = self.waiting.pop_front()?;
        if self.newest.get(&operation.id).is_some_and(|newest| newest.seq_no == operation.seq_no) {
            self.newest.remove(&operation.id);
        }
        Some((operation, document))
    }
}
