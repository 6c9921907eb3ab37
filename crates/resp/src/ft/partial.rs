//! Answers that are not whole: an error, or said with the answer, as `ON_TIMEOUT` of `FT.CONFIG` has it.

use std::sync::atomic::Ordering;

use model::error::{Error, ErrorKind};
use model::search::{SearchRequest, SearchResponse};

use super::registry::Tally;

/// What comes of a search that does not get to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// An error.
    #[default]
    Fail,
    /// What was found, and a warning.
    Return,
    /// The same where time was short; a shard that did not answer is an error.
    ReturnStrict,
}

/// What is said with an answer that is not whole.
pub type Warning = &'static str;

pub const LATE: Warning = "Timeout limit was reached";
const LOST: Warning = "Some shards did not answer";

impl Policy {
    pub fn of(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "fail" => Some(Self::Fail),
            "return" => Some(Self::Return),
            "return-strict" => Some(Self::ReturnStrict),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Return => "return",
            Self::ReturnStrict => "return-strict",
        }
    }

    /// Has the gateway answer in part where that may be.
    pub fn allow(self, request: &mut SearchRequest) {
        request.allow_partial_search_results = Some(self != Self::Fail);
    }

    /// What is to be said of an answer; counted where it is not whole.
    ///
    /// # Errors
    /// It may not be in part.
    pub fn judge(self, response: &SearchResponse, tally: &Tally) -> Result<Option<Warning>, Error> {
        let late = |error: &Error| matches!(error.kind, ErrorKind::Timeout | ErrorKind::ReceiveTimeout);
        let lost = response.shards.failures.iter().find(|failure| !late(&failure.error));
        let warning = match lost {
            Some(failure) if self != Self::Return => return Err(failure.error.clone()),
            Some(_) => LOST,
            None if response.timed_out || !response.shards.failures.is_empty() => LATE,
            None => return Ok(None),
        };
        tally.partial.fetch_add(1, Ordering::Relaxed);
        match self {
            Self::Fail => Err(Error::new(ErrorKind::Timeout, LATE)),
            _ => Ok(Some(warning)),
        }
    }
}
