//! What a command answers when it cannot do what it was asked: one line with a prefix that clients look at.

use std::borrow::Cow;

use model::error::{Error, ErrorKind};

/// A refusal, in Redis' words where it has them.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum RespError {
    #[error("ERR syntax error")]
    Syntax,
    #[error("ERR value is not an integer or out of range")]
    NotAnInteger,
    #[error("ERR value is not a valid float")]
    NotAFloat,
    #[error("ERR no such key")]
    NoSuchKey,
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    #[error("ERR wrong number of arguments for '{command}' command")]
    Arity { command: String },
    #[error("NOAUTH Authentication required.")]
    NotAuthenticated,
    /// `ERR` and what is wrong.
    #[error("ERR {0}")]
    Refused(Cow<'static, str>),
    /// A line as it is, with its own prefix or with none (as the search module's errors have it).
    #[error("{0}")]
    Line(Cow<'static, str>),
    /// What the node answered.
    #[error("{}", line(.0))]
    Gateway(Box<Error>),
}

impl RespError {
    /// `ERR reason`.
    pub fn refused(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(reason.into())
    }

    /// `line`, with no prefix added.
    pub fn line(line: impl Into<Cow<'static, str>>) -> Self {
        Self::Line(line.into())
    }
}

impl From<Error> for RespError {
    fn from(error: Error) -> Self {
        Self::Gateway(Box::new(error))
    }
}

/// The node's error as one line: the prefix tells clients whether to come again. Of a search that failed, what made it fail.
fn line(error: &Error) -> String {
    if error.kind == ErrorKind::SearchPhaseExecution {
        let is_late = |root: &Error| matches!(root.kind, ErrorKind::Timeout | ErrorKind::ReceiveTimeout);
        return match error.root_causes.first().or(error.cause.as_deref()) {
            Some(root) if !is_late(root) => line(root),
            // Shards that were late, or that had found part of it by then.
            _ => "TIMEOUT Timeout limit was reached".to_owned(),
        };
    }
    let prefix = match error.kind {
        ErrorKind::NoShardAvailable | ErrorKind::UnavailableShards | ErrorKind::ShardFailed => "CLUSTERDOWN",
        ErrorKind::ProcessClusterEventTimeout | ErrorKind::RejectedExecution | ErrorKind::CircuitBreaking => "TRYAGAIN",
        ErrorKind::Timeout => "TIMEOUT",
        _ => "ERR",
    };
    format!("{prefix} {}", error.reason)
}
