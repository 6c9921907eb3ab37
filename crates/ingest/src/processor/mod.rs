//! Processors: what each does to a document.

mod community_id;
mod csv;
mod dates;
mod dissect;
mod fingerprint;
mod flow;
pub(crate) mod grok;
mod index_name;
mod read;
mod shape;
mod strings;
mod structure;

use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use regex::Regex;
use serde_json::Value;

use crate::document::Document;
use crate::pipeline::{Passed, Processor, Run};
use crate::script::Script;
use crate::text::{Given, Text};
pub(crate) use read::{read, script_of};

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Append {
        field: Text,
        value: Given,
        allow_duplicates: bool,
    },
    Convert {
        of: Of,
        to: Type,
    },
    Copy {
        source: Text,
        target: Text,
        ignore_missing: bool,
        override_target: bool,
        remove_source: bool,
    },
    CommunityId(Box<community_id::CommunityId>),
    Csv(Box<csv::Csv>),
    Date(Box<dates::Dates>),
    Dissect(Box<dissect::Dissect>),
    DotExpander {
        field: String,
        path: Option<String>,
    },
    Drop,
    Fingerprint(Box<fingerprint::Fingerprint>),
    Fail {
        message: Text,
    },
    Foreach {
        field: String,
        inner: Box<Processor>,
        ignore_missing: bool,
    },
    Grok(Box<grok::Grok>),
    IndexName(Box<index_name::IndexName>),
    Join {
        of: Of,
        separator: String,
    },
    Json {
        of: Of,
        to_root: bool,
    },
    KeyValue(Box<structure::KeyValue>),
    Call {
        name: Text,
    },
    Remove {
        fields: Vec<Text>,
        kept: Vec<Text>,
        ignore_missing: bool,
    },
    RemoveByPattern {
        patterns: Vec<String>,
        exclude: bool,
    },
    Rename {
        field: Text,
        target: Text,
        ignore_missing: bool,
        override_target: bool,
    },
    Set {
        field: Text,
        value: Given,
        override_value: bool,
        ignore_empty: bool,
    },
    Sort {
        of: Of,
        descending: bool,
    },
    Split {
        of: Of,
        separator: Regex,
        preserve_trailing: bool,
    },
    Script(Script),
    /// A text, or each text of a list, made another.
    Strings {
        of: Of,
        change: Change,
    },
}

/// A field that is read, and where what comes of it goes.
#[derive(Clone, Debug)]
pub(crate) struct Of {
    field: String,
    target: String,
    ignore_missing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Text,
    Ip,
    Auto,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Lower,
    Upper,
    Trim,
    UrlDecode,
    Bytes,
    StripHtml,
    Replace(Regex, String),
}

impl Kind {
    /// Whether it hands documents to another pipeline.
    pub(crate) fn calls(&self) -> bool {
        matches!(self, Self::Call { .. })
    }

    /// # Errors
    /// What the processor fails with.
    pub(crate) fn process(&self, document: &mut Document, run: &mut Run<'_>) -> Result<Passed, Error> {
        match self {
            Self::Drop => return Ok(Passed::Dropped),
            Self::Call { name } => return flow::call(name, document, run),
            Self::Foreach { field, inner, ignore_missing } => {
                return flow::foreach(field, inner, *ignore_missing, document, run);
            }
            Self::Fail { message } => {
                return Err(Error::new(ErrorKind::FailProcessor, message.of(document)?));
            }
            Self::Append { field, value, allow_duplicates } => {
                structure::append(&field.of(document)?, value.of(document)?, *allow_duplicates, document)?;
            }
            Self::Convert { of, to } => shape::convert(of, *to, document)?,
            Self::Copy { source, target, ignore_missing, override_target, remove_source } => {
                let names = (source.of(document)?, target.of(document)?);
                structure::copy(names, (*ignore_missing, *override_target, *remove_source), document)?;
            }
            Self::CommunityId(flow) => flow.process(document)?,
            Self::Csv(csv) => csv.process(document)?,
            Self::Date(dates) => dates.process(document)?,
            Self::Dissect(dissect) => dissect.process(document)?,
            Self::Fingerprint(fingerprint) => fingerprint.process(document)?,
            Self::Grok(grok) => grok.process(document)?,
            Self::IndexName(name) => name.process(document)?,
            Self::DotExpander { field, path } => structure::expand_dots(field, path.as_deref(), document)?,
            Self::Join { of, separator } => shape::join(of, separator, document)?,
            Self::Json { of, to_root } => structure::json(of, *to_root, document)?,
            Self::KeyValue(kv) => kv.process(document)?,
            Self::Remove { fields, kept, ignore_missing } => {
                structure::remove(fields, kept, *ignore_missing, document)?;
            }
            Self::RemoveByPattern { patterns, exclude } => {
                let matches = |name: &str| patterns.iter().any(|pattern| simple_match(pattern, name));
                document.source.retain(|name, _| matches(name) == *exclude);
            }
            Self::Rename { field, target, ignore_missing, override_target } => {
                let names = (field.of(document)?, target.of(document)?);
                structure::rename(names, (*ignore_missing, *override_target), document)?;
            }
            Self::Set { field, value, override_value, ignore_empty } => {
                let (path, value) = (field.of(document)?, value.of(document)?);
                let empty = value.is_null() || value.as_str() == Some("");
                let there = document.find(&path).is_some_and(|value| !value.is_null());
                if !(*ignore_empty && empty) && (*override_value || !there) {
                    document.set(&path, value)?;
                }
            }
            Self::Sort { of, descending } => shape::sort(of, *descending, document)?,
            Self::Split { of, separator, preserve_trailing } => {
                shape::split(of, separator, *preserve_trailing, document)?;
            }
            Self::Script(script) => script.pass(document)?,
            Self::Strings { of, change } => strings::change(of, change, document)?,
        }
        Ok(Passed::Changed)
    }
}

impl Of {
    /// The value that is read; `None`: there is none, and that is well.
    ///
    /// # Errors
    /// `illegal_argument_exception` where there is none and that is not well.
    fn value<'d>(&self, document: &'d Document) -> Result<Option<&'d Value>, Error> {
        match document.find(&self.field) {
            Some(Value::Null) | None if self.ignore_missing => Ok(None),
            _ => document.get(&self.field).map(Some),
        }
    }
}
