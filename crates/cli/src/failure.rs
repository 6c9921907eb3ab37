//! Why a command failed.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use node::config::ConfigError;

/// What a command could not do, in words for the person who typed it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Logging(String),
    #[error("{0}")]
    Node(io::Error),
    #[error("cannot write to the standard output: {0}")]
    Output(io::Error),
    #[error("cannot read {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot use the temporary folder {}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("[{url}] is not http://HOST:PORT")]
    Url { url: String },
    #[error("no answer from {url}: {reason}; does a node run there? (`shoal serve` starts one)")]
    Unreachable { url: String, reason: String },
    #[error("{url} answered {status}: {reason}")]
    Refused { url: String, status: u16, reason: String },
    #[error("{url} answered what no node would answer: {reason}")]
    Answer { url: String, reason: String },
    #[error("nothing was changed: --accept-data-loss does it")]
    NotAccepted,
    #[error("documents need an index: --index NAME")]
    IndexMissing,
    #[error("{failed} of {all} failed")]
    Documents { failed: u64, all: u64 },
}

impl Failure {
    /// 2 for what the command line or the configuration says wrong, 1 for the rest.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Logging(_) | Self::Url { .. } | Self::IndexMissing => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}
