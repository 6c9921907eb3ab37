//! Why a query cannot be bound, and how OpenSearch words it.

use model::error::{Error, ErrorKind};

use super::BindContext;

/// A refusal on its way up. Most are wrapped as "failed to create query", some reach the client as they are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    Create(Error),
    AsIs(Error),
}

pub(super) type Outcome<T> = Result<T, Fault>;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error.kind {
            ErrorKind::QueryShard | ErrorKind::Parsing | ErrorKind::NotImplemented => Self::AsIs(error),
            _ => Self::Create(error),
        }
    }
}

impl Fault {
    /// `query_shard_exception` that says `reason` and nothing else.
    pub(super) fn query_shard(reason: impl Into<String>) -> Self {
        Self::AsIs(Error::new(ErrorKind::QueryShard, reason))
    }

    pub(super) fn illegal_argument(reason: impl Into<String>) -> Self {
        Self::Create(Error::illegal_argument(reason))
    }

    /// As the client reads it.
    pub(super) fn into_error(self, context: &BindContext) -> Error {
        let error = match self {
            Self::Create(cause) => {
                // Of OpenSearch's own exceptions the innermost is the root.
                let own = matches!(cause.kind, ErrorKind::Parse | ErrorKind::Generic);
                let roots = if own { vec![cause.clone()] } else { Vec::new() };
                let reason = format!("failed to create query: {}", cause.reason);
                Error { root_causes: roots, ..Error::new(ErrorKind::QueryShard, reason).with_cause(cause) }
            }
            Self::AsIs(error) => error,
        };
        if error.kind == ErrorKind::QueryShard && error.index.is_none() {
            return error.with_index(context.index.clone());
        }
        error
    }

    pub(super) fn error(&self) -> &Error {
        let (Self::Create(error) | Self::AsIs(error)) = self;
        error
    }

    /// Whether `lenient` makes it match nothing: what is not there yet stays an error.
    pub(super) fn forgivable(&self) -> bool {
        self.error().kind != ErrorKind::NotImplemented
    }
}
