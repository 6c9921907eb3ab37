//! How long a search may go on.

use std::sync::Arc;

use model::error::{Error, ErrorKind};

use crate::score::Outcome;

/// Whether a search may go on; asked at each segment and about every 4,096 documents.
pub trait Patience: Sync {
    fn verdict(&self) -> Verdict;

    /// The same for what goes on by itself between two documents; `None`: nobody stops that.
    fn shared(&self) -> Option<Arc<dyn Patience + Send>> {
        None
    }
}

/// What [`Patience`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    GoOn,
    /// The deadline has passed: answer with what there is, `timed_out`.
    TimedOut,
    /// Nobody waits any more: an error of kind `task_cancelled_exception`.
    Cancelled,
}

/// Never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Endless;

impl Patience for Endless {
    fn verdict(&self) -> Verdict {
        Verdict::GoOn
    }
}

/// One search's patience, and whether it has run out.
pub(crate) struct Watch<'a> {
    patience: &'a dyn Patience,
    pub(super) timed_out: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(patience: &'a dyn Patience) -> Self {
        Self { patience, timed_out: false }
    }

    pub(super) fn patience(&self) -> &'a dyn Patience {
        self.patience
    }

    /// False: stop here and answer with what there is.
    pub(crate) fn go_on(&mut self) -> Outcome<bool> {
        if self.timed_out {
            return Ok(false);
        }
        match self.patience.verdict() {
            Verdict::GoOn => {}
            Verdict::TimedOut => self.timed_out = true,
            Verdict::Cancelled => return Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled").into()),
        }
        Ok(!self.timed_out)
    }
}

impl<'a> Watch<'a> {
    /// Another watch over the same patience.
    pub(super) fn sharing(other: &Watch<'a>) -> Self {
        Self { patience: other.patience, timed_out: other.timed_out }
    }
}
