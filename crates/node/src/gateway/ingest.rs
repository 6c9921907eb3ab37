//! Writes go through ingest pipelines before they are routed: the one that the request names, or the index', and then the index' last.
//!
//! In: writes. Out: the same with changed sources and places, those that were dropped, and those that failed. Not here: what processors do
//! (crate `ingest`).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use cluster::resolve::{WriteTarget, write_target};
use cluster::settings::IndexSettings;
use cluster::state::State;
use ingest::document::Document;
use ingest::pipeline::{Passed, Pipeline, Pipelines, Step, StepOutcome};
use model::date::{DateFormat, Moment};
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, SeqNo, ShardNumber, Version};
use model::ingest::{IngestChoice, IngestDocument, IngestOutcome, IngestStep, Ingested, SimulateIngest};
use model::write::{Action, Outcome, Write, WriteFailure, Written};
use serde_json::{Map, Value};

use super::ingested::IngestCounts;
use crate::clock::now_ms;
use crate::core::Core;

/// What became of a write.
pub(super) type Prepared = Result<Write, Result<Box<Written>, WriteFailure>>;

/// Whether any of the writes goes through a pipeline.
pub(super) fn concerns<'a>(core: &Core, writes: impl Iterator<Item = &'a Write>) -> bool {
    let state = core.state();
    let mut last: Option<(&str, bool)> = None;
    writes.filter(|write| is_ingested(write)).any(|write| {
        if write.pipeline.is_some() {
            return true;
        }
        match last {
            Some((name, found)) if name == &*write.index => found,
            _ => {
                let found = Own::of(&state, &write.index).is_some();
                last = Some((&write.index, found));
                found
            }
        }
    })
}

/// Updates are merged with what is there, which pipelines do not see.
fn is_ingested(write: &Write) -> bool {
    matches!(write.action, Action::Index(_) | Action::Create(_))
}

/// Passes writes through their pipelines, one after the other. May take long.
pub(super) fn pass(core: &Core, writes: Vec<Write>) -> Vec<Prepared> {
    let known = Known::new(core.state(), &core.ingested);
    let now = now();
    writes.into_iter().map(|write| if is_ingested(&write) { known.prepare(write, &now) } else { Ok(write) }).collect()
}

/// The present, as documents see it.
fn now() -> String {
    let format = DateFormat::parse_pattern("strict_date_optional_time");
    format.map(|format| format.format(Moment::from_ms(now_ms() as i64), None)).unwrap_or_default()
}

/// The pipelines that the settings of an index name.
struct Own {
    default: Option<String>,
    last: Option<String>,
}

impl Own {
    /// `None`: no pipeline is named.
    fn of(state: &State, name: &str) -> Option<Self> {
        let found = match write_target(state, name, false) {
            Ok(WriteTarget::Index { index, .. }) => Self::named(&index.settings),
            // It will be made by a template.
            _ => {
                let composed = cluster::template::of_index(&state.templates, name).ok().flatten()?;
                let named = |setting: &str| composed.settings.get(setting)?.as_str().map(str::to_owned);
                Self { default: named("index.default_pipeline"), last: named("index.final_pipeline") }
            }
        };
        let given = |name: Option<String>| name.filter(|name| name != "_none");
        let found = Self { default: given(found.default), last: given(found.last) };
        (found.default.is_some() || found.last.is_some()).then_some(found)
    }

    fn named(settings: &IndexSettings) -> Self {
        let named = |setting: &str| settings.given().get(setting)?.as_str().map(str::to_owned);
        Self { default: named("index.default_pipeline"), last: named("index.final_pipeline") }
    }
}

/// Pipelines of one state, read when they are first needed.
struct Known<'c> {
    state: Arc<State>,
    counts: &'c IngestCounts,
    read: RefCell<BTreeMap<String, Option<Arc<Pipeline>>>>,
}

impl Pipelines for Known<'_> {
    fn pipeline(&self, name: &str) -> Option<Arc<Pipeline>> {
        if let Some(known) = self.read.borrow().get(name) {
            return known.clone();
        }
        let definition = self.state.definition(Definition::IngestPipeline, name);
        // It was checked when it was put.
        let pipeline = definition.and_then(|definition| Pipeline::parse(name, definition).ok()).map(Arc::new);
        self.read.borrow_mut().insert(name.to_owned(), pipeline.clone());
        pipeline
    }
}

impl<'c> Known<'c> {
    fn new(state: Arc<State>, counts: &'c IngestCounts) -> Self {
        Self { state, counts, read: RefCell::default() }
    }

    fn prepare(&self, write: Write, now: &str) -> Prepared {
        let (index, id) = (write.index.clone(), write.id.clone());
        match self.changed(write, now) {
            Ok(Some(write)) => Ok(write),
            Ok(None) => Err(Ok(Box::new(dropped(index, id)))),
            Err(error) => Err(Err(WriteFailure { index, id, error })),
        }
    }

    /// A write after its pipelines; `None`: it was dropped.
    fn changed(&self, write: Write, now: &str) -> Result<Option<Write>, Error> {
        let own = Own::of(&self.state, &write.index);
        let default = own.as_ref().and_then(|own| own.default.clone());
        let first = write.pipeline.as_deref().map(str::to_owned).or(default).filter(|name| name != "_none");
        let last = own.and_then(|own| own.last);
        for name in first.iter().chain(&last) {
            self.required(name)?;
        }
        if first.is_none() && last.is_none() {
            return Ok(Some(write));
        }
        let (Action::Index(source) | Action::Create(source)) = &write.action else { return Ok(Some(write)) };
        let source: Map<String, Value> = serde_json::from_slice(source)
            .map_err(|error| Error::new(ErrorKind::Parse, format!("the source does not read: {error}")))?;
        let mut document = Document::new(&write.index, write.id.as_deref(), write.routing.as_deref(), source, now);
        let begun = Instant::now();
        let passed = self.passed(&mut document, (first, last), &write.index);
        self.counts.document(passed.is_err(), begun.elapsed());
        Ok((passed? == Passed::Changed).then(|| written(write, &document)))
    }

    /// Passes a document through its first pipeline and its last.
    fn passed(
        &self,
        document: &mut Document,
        (first, last): (Option<String>, Option<String>),
        meant: &str,
    ) -> Result<Passed, Error> {
        if let Some(name) = &first
            && self.run(name, document)? == Passed::Dropped
        {
            return Ok(Passed::Dropped);
        }
        // A document that goes elsewhere ends as documents there do.
        let index = document.meta("_index").unwrap_or_default();
        let last = if index == meant { last } else { Own::of(&self.state, &index).and_then(|own| own.last) };
        if let Some(name) = last {
            if self.run(&name, document)? == Passed::Dropped {
                return Ok(Passed::Dropped);
            }
            if document.meta("_index").as_deref() != Some(&index) {
                let reason = format!("final pipeline [{name}] can't change the target index");
                return Err(Error::new(ErrorKind::IllegalState, reason));
            }
        }
        Ok(Passed::Changed)
    }

    fn run(&self, name: &str, document: &mut Document) -> Result<Passed, Error> {
        let pipeline = self.required(name)?;
        if pipeline.is_empty() {
            return Ok(Passed::Changed);
        }
        self.counted(&pipeline, document)
    }

    fn counted(&self, pipeline: &Pipeline, document: &mut Document) -> Result<Passed, Error> {
        let begun = Instant::now();
        let passed = pipeline.run(document, self);
        self.counts.through(pipeline.id(), passed.is_err(), begun.elapsed());
        passed
    }

    fn required(&self, name: &str) -> Result<Arc<Pipeline>, Error> {
        let missing = || Error::illegal_argument(format!("pipeline with id [{name}] does not exist"));
        self.pipeline(name).ok_or_else(missing)
    }
}

/// A write as its document is now.
fn written(write: Write, document: &Document) -> Write {
    let source: Arc<[u8]> = Value::Object(document.source.clone()).to_string().into_bytes().into();
    let action = match &write.action {
        Action::Create(_) => Action::Create(source),
        _ => Action::Index(source),
    };
    Write {
        index: document.meta("_index").map_or_else(|| write.index.clone(), Arc::from),
        id: document.meta("_id").map(Arc::from),
        routing: document.meta("_routing").map(Arc::from),
        action,
        ..write
    }
}

fn dropped(index: Arc<str>, id: Option<Arc<str>>) -> Written {
    Written {
        index,
        id: id.unwrap_or_else(|| "auto-generated".into()),
        shard: ShardNumber(0),
        outcome: Outcome::Dropped,
        version: Version(0),
        seq_no: SeqNo(0),
        primary_term: PrimaryTerm(0),
        forced_refresh: false,
        copies: (0, 0),
        source: None,
    }
}

/// What a pipeline would make of documents.
///
/// # Errors
/// For a pipeline that is not there or does not read.
pub(super) fn simulate(core: &Core, request: SimulateIngest) -> Result<Vec<Ingested>, Error> {
    let known = Known::new(core.state(), &core.ingested);
    let pipeline = match &request.pipeline {
        IngestChoice::Inline(definition) => Arc::new(Pipeline::parse("_simulate_pipeline", definition)?),
        IngestChoice::Named(name) => {
            let missing = || Error::illegal_argument(format!("pipeline [{name}] does not exist"));
            known.pipeline(name).ok_or_else(missing)?
        }
    };
    let now = now();
    let one = |given: IngestDocument| {
        let mut document = Document { source: given.source, meta: given.meta, ingest: given.ingest };
        document.ingest.insert("timestamp".into(), now.as_str().into());
        if request.verbose {
            return Ingested::Steps(pipeline.watched(&mut document, &known).into_iter().map(step).collect());
        }
        match known.counted(&pipeline, &mut document) {
            Ok(Passed::Changed) => Ingested::Changed(shown(document)),
            Ok(Passed::Dropped) => Ingested::Dropped,
            Err(error) => Ingested::Failed(error),
        }
    };
    Ok(request.documents.into_iter().map(one).collect())
}

fn shown(document: Document) -> IngestDocument {
    IngestDocument { meta: document.meta, source: document.source, ingest: document.ingest }
}

fn step(step: Step) -> IngestStep {
    let outcome = match step.outcome {
        StepOutcome::Done(document) => IngestOutcome::Done(shown(document)),
        StepOutcome::Called => IngestOutcome::Called,
        StepOutcome::Skipped => IngestOutcome::Skipped,
        StepOutcome::Dropped => IngestOutcome::Dropped,
        StepOutcome::Ignored(error, document) => IngestOutcome::Ignored(error, shown(document)),
        StepOutcome::Failed(error) => IngestOutcome::Failed(error),
    };
    let Step { name: processor, description, tag, condition, .. } = step;
    IngestStep { processor, description, tag, condition, outcome }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_see_the_present() {
        let format = DateFormat::parse_pattern("strict_date_time").unwrap();
        let read = format.parse(&now(), None).unwrap();
        assert!((0..60_000).contains(&(now_ms() as i64 - read.ms)), "{}", now());
    }
}
