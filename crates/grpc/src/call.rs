//! What can go wrong between two nodes.

use std::error::Error as StdError;
use std::io;

use model::error::{Error, ErrorKind};
use tonic::{Code, ConnectError, Status};

/// Why a question has no good answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// No process listens there: nothing has happened.
    #[error("[{address}] refuses connections")]
    Refused { address: String },
    /// The question has not left this node: the connection was at its end, or there was none to be had. Nothing has happened.
    #[error("[{address}] was not asked: {reason}")]
    Unsent { address: String, reason: String },
    /// Nothing came back: whether the question was carried out is unknown.
    #[error("[{address}] cannot be reached: {reason}")]
    Unreachable { address: String, reason: String },
    #[error("[{address}] has not answered [{kind}] in time")]
    Timeout { address: String, kind: String },
    /// Its gate does not let this node in: another secret, another cluster, another version. Nothing has happened.
    #[error("[{address}] does not hear this node: {reason}")]
    NotHeard { address: String, reason: String },
    /// The other node has answered, with an error.
    #[error("{0}")]
    Answered(Box<Error>),
}

impl CallError {
    /// Whether the question certainly changed nothing.
    pub fn nothing_happened(&self) -> bool {
        self.nobody_hears() || matches!(self, Self::Unsent { .. })
    }

    /// Whether nobody is there who would hear this node: it is of no use to ask once more.
    pub fn nobody_hears(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::NotHeard { .. })
    }

    /// Whether it may tell of a connection that was kept, rather than of who is there now.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Unsent { .. })
    }

    pub(crate) fn of(status: &Status, address: &str, kind: &str) -> Self {
        let address = address.to_owned();
        let reason = || format!("{}: {}", status.code(), described(status));
        match status.code() {
            Code::Unauthenticated | Code::FailedPrecondition => {
                Self::NotHeard { address, reason: status.message().to_owned() }
            }
            Code::DeadlineExceeded => Self::Timeout { address, kind: kind.to_owned() },
            _ if comes_of(status, is_refusal) => Self::Refused { address },
            _ if comes_of(status, is_before_sending) => Self::Unsent { address, reason: reason() },
            _ => Self::Unreachable { address, reason: reason() },
        }
    }
}

/// In OpenSearch's words.
impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        let kind = match &error {
            CallError::Answered(answered) => return (**answered).clone(),
            CallError::Refused { .. } | CallError::NotHeard { .. } | CallError::Unsent { .. } => {
                ErrorKind::NodeNotConnected
            }
            CallError::Unreachable { .. } => ErrorKind::NodeDisconnected,
            CallError::Timeout { .. } => ErrorKind::ReceiveTimeout,
        };
        Error::new(kind, error.to_string())
    }
}

/// The chain of what failed, for the log.
fn described(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut source = status.source();
    while let Some(error) = source {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        source = error.source();
    }
    text
}

/// Whether one of the errors that led to this is such.
fn comes_of(status: &Status, is_such: fn(&(dyn StdError + 'static)) -> bool) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if is_such(error) {
            return true;
        }
        source = error.source();
    }
    false
}

fn is_refusal(error: &(dyn StdError + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// A connection hands back what it has not taken yet as canceled; what was on its way when it broke is another error.
fn is_before_sending(error: &(dyn StdError + 'static)) -> bool {
    error.is::<ConnectError>() || error.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
}
