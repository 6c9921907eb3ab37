//! Why a command could not do its work, as opposed to what it found.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// What kept a command from running to its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A program could not be started.
    Start { program: String, source: io::Error },
    /// A program ran and said no.
    Exit { command: String, status: String },
    /// A file or folder could not be read.
    Read { path: PathBuf, source: io::Error },
    /// `cargo metadata` said something that cannot be understood; `what` was expected.
    Metadata { what: String },
    /// Nothing has the name that was asked for.
    NoSuchExample { prefix: &'static str, name: String, known: Vec<String> },
    /// No crate has an example with this prefix.
    NoExamples { prefix: &'static str },
    /// The list of exceptions has a line that cannot be read.
    Exceptions { path: &'static str, line: usize, text: String },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start { program, source } => write!(f, "cannot start {program}: {source}"),
            Self::Exit { command, status } => write!(f, "`{command}` ended with {status}"),
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Metadata { what } => write!(f, "cargo metadata has no {what}"),
            Self::NoSuchExample { prefix, name, known } => {
                write!(f, "no crate has an example `{prefix}{name}`; there are: {}", known.join(", "))
            }
            Self::NoExamples { prefix } => write!(f, "no crate has an example named `{prefix}*` yet"),
            Self::Exceptions { path, line, text } => {
                write!(f, "{path}:{line}: expected `file PATH LINES` or `function PATH NAME LINES`, found `{text}`")
            }
        }
    }
}
