//! Which indexes a request is about, as the client names them: names, aliases, patterns, exclusions, `_all`.

use serde::{Deserialize, Serialize};

/// Names from the path, before they are resolved against the metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Split at commas, percent-decoded; empty, `_all` or `*`: every index. May hold patterns and `-exclusions`.
    pub names: Vec<String>,
    pub options: TargetOptions,
}

/// How names that match nothing, closed indexes and patterns are treated. `None`: the endpoint's own default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetOptions {
    pub ignore_unavailable: Option<bool>,
    pub allow_no_indices: Option<bool>,
    pub expand_wildcards: Option<Expand>,
    /// Names of data streams are names of nothing.
    pub no_streams: bool,
}

/// Which states of index a pattern expands to. All false: patterns expand to nothing (`none`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expand {
    pub open: bool,
    pub closed: bool,
    pub hidden: bool,
}

impl Expand {
    /// Whether patterns stand for anything; otherwise they are names like others.
    pub fn any(self) -> bool {
        self.open || self.closed
    }
}

impl Target {
    /// One concrete name, with the endpoint's default options.
    pub fn one(name: impl Into<String>) -> Self {
        Self { names: vec![name.into()], options: TargetOptions::default() }
    }

    /// Whether it means every index.
    pub fn is_all(&self) -> bool {
        match self.names.as_slice() {
            [] => true,
            [only] => only == "_all" || only == "*",
            _ => false,
        }
    }
}
