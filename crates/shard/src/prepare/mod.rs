//! Documents made ready to be indexed: JSON bytes and a mapping in; typed values, a refusal, or an update of the mapping out.
//!
//! One pass over the bytes, no tree. What can be refused is refused here, before the log. Not here: analysing texts (that is part of
//! building a segment), and committing new fields.

use std::sync::Arc;

use analysis::Registry;
use model::error::Error;
use model::mapping::limits::Limits;
use model::mapping::{Dynamic, Mapping};
use search::bind::BindContext;

use crate::fields::{FieldSlot, FieldTable};
use crate::layout;
use crate::prepared::PreparedDocument;

mod completion;
mod contexts;
mod doc_count;
mod dynamic;
mod features;
mod flat;
mod geo;
mod java;
mod join;
mod json;
mod leaf;
mod nested;
mod number;
mod output;
mod paths;
mod percolator;
mod plan;
mod preview;
mod range;
mod shape;
mod strings;
#[cfg(test)]
mod tests;
mod vector;
mod walk;

use plan::{Context, ObjectPlan};

/// How deep documents may nest whatever the index' own limit says, so that reading them stays shallow.
const MAX_DEPTH: u64 = 100;

/// Index settings that bear on documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `index.mapping.*.limit`
    pub limits: Limits,
    /// `index.mapping.ignore_malformed`: of fields that do not say.
    pub ignore_malformed: bool,
    /// `index.mapping.coerce`: of fields that do not say.
    pub coerce: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { limits: Limits::default(), ignore_malformed: false, coerce: true }
    }
}

/// Prepares documents under one version of a mapping. Make a new one when the mapping changes.
#[derive(Debug)]
pub struct Preparer {
    mapping: Arc<Mapping>,
    fields: Arc<FieldTable>,
    registry: Registry,
    settings: Settings,
    root: ObjectPlan,
    /// Values that every document has.
    constants: Vec<Constant>,
    timestamp: Option<Timestamp>,
    /// What stored queries are read by.
    queries: Option<Arc<BindContext>>,
}

/// The field that every document must have one value of.
#[derive(Debug)]
struct Timestamp {
    path: String,
    /// `None`: the field keeps no numbers.
    slot: Option<FieldSlot>,
}

/// One value that every document has.
#[derive(Debug)]
struct Constant {
    slot: FieldSlot,
    path: Arc<str>,
    value: Arc<str>,
}

/// What became of a document.
#[derive(Debug)]
pub enum Prepared {
    Ready(PreparedDocument),
    /// The mapping needs these fields first: commit them, then prepare the document again. Its values have been checked against them.
    NewFields(Box<Mapping>),
}

impl Preparer {
    /// `fields` holds at least what [`crate::layout::append_fields`] makes of `mapping`.
    ///
    /// # Errors
    /// An analyzer, normalizer or date format that does not exist; `illegal_state_exception` when `fields` lacks a field.
    pub fn new(
        mapping: Arc<Mapping>,
        fields: Arc<FieldTable>,
        registry: Registry,
        settings: Settings,
    ) -> Result<Self, Error> {
        let context = Context { fields: &fields, registry: &registry, settings: &settings };
        let root = ObjectPlan::new("".into(), &mapping.root, Dynamic::True, context)?;
        layout::check_whole(&fields, &mapping, &registry)?;
        let constant = |field: &&Arc<model::mapping::Field>| {
            let slot = fields.by_path(&field.path)?.slot;
            Some(Constant { slot, path: field.path.clone(), value: field.constant()?.into() })
        };
        let constants = mapping.all_fields().iter().filter_map(constant).collect();
        let timestamp = mapping.required_timestamp().map(|path| {
            let slot = mapping.field(path).filter(|field| field.doc_values).and_then(|_| fields.by_path(path));
            Timestamp { path: path.to_owned(), slot: slot.map(|field| field.slot) }
        });
        Ok(Self { mapping, fields, registry, settings, root, constants, timestamp, queries: None })
    }

    /// Lets documents hold queries, which are read by `context`, of the same mapping.
    #[must_use]
    pub fn with_queries(self, context: Arc<BindContext>) -> Self {
        Self { queries: Some(context), ..self }
    }

    pub fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    pub fn fields(&self) -> &Arc<FieldTable> {
        &self.fields
    }

    /// Reads one document.
    ///
    /// # Errors
    /// `mapper_parsing_exception` and its like: JSON that does not parse, values that do not fit their fields, documents that are too
    /// deep, fields that the mapping does not let in, terms that are too long.
    pub fn prepare(&self, id: &Arc<str>, routing: Option<&Arc<str>>, source: &Arc<[u8]>) -> Result<Prepared, Error> {
        let walk::Read { mut out, inner, new_fields, late } = walk::document(self, (id, routing.is_some()), source)?;
        self.check_timestamp(&out)?;
        let update = new_fields.map_or(Ok(None), |new_fields| new_fields.finish(&self.settings.limits))?;
        if let Some(update) = update {
            return Ok(Prepared::NewFields(Box::new(update)));
        }
        if let Some(error) = late {
            return Err(error);
        }
        for Constant { slot, path, value } in &self.constants {
            out.constant(*slot, path, value.as_bytes())?;
        }
        out.finish(id.clone(), routing.cloned(), source.clone(), inner).map(Prepared::Ready)
    }

    fn check_timestamp(&self, out: &output::Output) -> Result<(), Error> {
        let Some(Timestamp { path, slot }) = &self.timestamp else { return Ok(()) };
        if slot.map_or(0, |slot| out.numbers_of(slot).count()) == 1 {
            return Ok(());
        }
        let reason = format!("documents must contain a single-valued timestamp field '{path}' of date type");
        Err(walk::failed(Error::illegal_argument(reason)))
    }

    fn context(&self) -> Context<'_> {
        Context { fields: &self.fields, registry: &self.registry, settings: &self.settings }
    }

    fn depth_limit(&self) -> u64 {
        self.settings.limits.depth.min(MAX_DEPTH)
    }
}
