//! Ingest pipelines tried out.

use serde_json::{Map, Value};

use crate::error::Error;

/// What a pipeline would make of documents.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateIngest {
    pub pipeline: IngestChoice,
    pub documents: Vec<IngestDocument>,
    /// With what each processor makes of them.
    pub verbose: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum IngestChoice {
    Named(String),
    /// Its definition.
    Inline(Value),
}

/// A document on its way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IngestDocument {
    /// `_index`, `_id`, `_routing`: those that it has.
    pub meta: Map<String, Value>,
    pub source: Map<String, Value>,
    /// `_ingest`.
    pub ingest: Map<String, Value>,
}

/// What became of one document.
#[derive(Clone, Debug, PartialEq)]
pub enum Ingested {
    Changed(IngestDocument),
    Dropped,
    Failed(Error),
    Steps(Vec<IngestStep>),
}

/// What one processor made of it.
#[derive(Clone, Debug, PartialEq)]
pub struct IngestStep {
    pub processor: String,
    pub description: Option<String>,
    pub tag: Option<String>,
    /// The source of its condition, and whether that held; `None`: it has none, or nobody could tell.
    pub condition: Option<(String, bool)>,
    pub outcome: IngestOutcome,
}

#[derive(Clone, Debug, PartialEq)]
pub enum IngestOutcome {
    Done(IngestDocument),
    /// It called another pipeline, whose steps come next.
    Called,
    /// Its condition did not hold.
    Skipped,
    Dropped,
    Ignored(Error, IngestDocument),
    Failed(Error),
}
