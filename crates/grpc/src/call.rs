//! What can go wrong between two nodes.

use std::error::Error as _;
use std::io;

use model::error::{Error, ErrorKind};
use tonic::{Code, Status};

/// Why a question has no good answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// No process listens there: nothing has happened.
    #[error("[{address}] refuses connections")]
    Refused { address: String },
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
        matches!(self, Self::Refused { .. } | Self::NotHeard { .. })
    }

    pub(crate) fn of(status: &Status, address: &str, kind: &str) -> Self {
        let address = address.to_owned();
        let reason = || format!("{}: {}", status.code(), described(status));
        match status.code() {
            Code::Unauthenticated | Code::FailedPrecondition => {
                Self::NotHeard { address, reason: status.message().to_owned() }
            }
            Code::DeadlineExceeded => Self::Timeout { address, kind: kind.to_owned() },
            _ if is_refused(status) => Self::Refused { address },
            _ => Self::Unreachable { address, reason: reason() },
        }
    }
}

/// In OpenSearch's words.
impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        let kind = match &error {
            CallError::Answered(answered) => return (**answered).clone(),
            CallError::Refused { .. } | CallError::NotHeard { .. } => ErrorKind::NodeNotConnected,
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

fn is_refused(status: &Status) -> bool {
    let mut source = status.source();
    while let Some(error) = source {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return true;
        }
        source = error.source();
    }
    false
}
