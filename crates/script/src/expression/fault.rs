//! What is wrong with a script, and where.

use model::error::{Error, ErrorKind};
use serde_json::json;

/// Characters shown on either side of the place.
const AROUND: usize = 25;

/// A mistake at a place of the source.
#[derive(Debug)]
pub(crate) struct Fault {
    /// In bytes.
    pub(crate) at: usize,
    pub(crate) kind: ErrorKind,
    pub(crate) reason: String,
    /// What of the grammar stands behind it.
    pub(crate) beneath: Option<ErrorKind>,
    /// The run is over, whatever the script catches.
    pub(crate) is_final: bool,
}

impl Fault {
    pub(crate) fn new(at: usize, kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self { at, kind, reason: reason.into(), beneath: None, is_final: false }
    }

    /// The source is not what the language allows.
    pub(crate) fn syntax(at: usize, reason: impl Into<String>) -> Self {
        Self::new(at, ErrorKind::IllegalArgument, reason)
    }

    /// Characters of which no token can be made.
    pub(crate) fn lexical(at: usize, reason: impl Into<String>) -> Self {
        Self { beneath: Some(ErrorKind::LexerNoViableAlternative), ..Self::syntax(at, reason) }
    }

    /// Tokens that no rule of the grammar begins with, or an end where something must follow.
    pub(crate) fn grammatical(at: usize, reason: impl Into<String>) -> Self {
        Self { beneath: Some(ErrorKind::NoViableAlternative), ..Self::syntax(at, reason) }
    }

    /// The language has it, this crate has not.
    pub(crate) fn missing(at: usize, what: &str) -> Self {
        let reason = format!("{what} in scripts is not implemented yet");
        Self { is_final: true, ..Self::new(at, ErrorKind::NotImplemented, reason) }
    }

    /// The run took, or held, more than it may.
    pub(crate) fn limit(at: usize, reason: impl Into<String>) -> Self {
        Self { is_final: true, ..Self::syntax(at, reason) }
    }

    /// A value is not of the type that is needed.
    pub(crate) fn cast(at: usize, reason: impl Into<String>) -> Self {
        Self::new(at, ErrorKind::ClassCast, reason)
    }

    /// As OpenSearch shapes it: what stands around the place, an arrow below it, the position in characters.
    pub(crate) fn error(self, stage: &str, source: &str) -> Error {
        let length = source.chars().count();
        let offset = source.char_indices().take_while(|(at, _)| *at < self.at).count();
        let (start, end) = (offset.saturating_sub(AROUND), (offset + AROUND).min(length));
        let before = if start > 0 { "... " } else { "" };
        let behind = if end < length { " ..." } else { "" };
        let shown: String = source.chars().skip(start).take(end - start).collect();
        let arrow = format!("{}^---- HERE", " ".repeat(before.len() + offset - start));
        let cause = Error::new(self.kind, self.reason);
        let cause = match self.beneath {
            Some(kind) => cause.with_cause(Error::new(kind, "")),
            None => cause,
        };
        Error::new(ErrorKind::Script, stage)
            .with_detail("script_stack", json!([format!("{before}{shown}{behind}"), arrow]))
            .with_detail("script", source)
            .with_detail("lang", "painless")
            .with_detail("position", json!({"offset": offset, "start": start, "end": end}))
            .with_cause(cause)
    }
}
