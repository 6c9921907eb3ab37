//! Pipelines: processors in order, with what is done when one fails.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::document::{Document, type_name};
use crate::options::Options;
use crate::processor::{self, Kind};
use crate::script::Script;

/// Pipelines that call each other, at most.
const MAX_CALLS: usize = 32;
/// Processors of a pipeline, those in case of failure too.
const MAX_PROCESSORS: usize = 2000;
/// What is done in case of failure may fail itself; so deep at most.
const MAX_DEPTH: usize = 16;

#[derive(Clone, Debug)]
pub struct Pipeline {
    id: String,
    processors: Vec<Processor>,
    /// When a processor fails that does not say itself what is to be done.
    on_failure: Vec<Processor>,
}

#[derive(Clone, Debug)]
pub(crate) struct Processor {
    kind: Kind,
    name: String,
    tag: Option<String>,
    ignore_failure: bool,
    on_failure: Vec<Processor>,
    /// Only documents of which it says true.
    condition: Option<Script>,
    condition_source: Option<String>,
    description: Option<String>,
}

/// What became of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    Changed,
    /// It is not to be written.
    Dropped,
}

/// One processor of a run, for those who look on.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub name: String,
    pub description: Option<String>,
    pub tag: Option<String>,
    /// The source of its condition, and whether that held; `None`: it has none, or nobody could tell.
    pub condition: Option<(String, bool)>,
    pub outcome: StepOutcome,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StepOutcome {
    Done(Document),
    /// It called another pipeline, whose steps come next.
    Called,
    /// Its condition did not hold.
    Skipped,
    Dropped,
    /// Its failure was passed over.
    Ignored(Error, Document),
    Failed(Error),
}

/// Where the pipelines are that pipelines call.
pub trait Pipelines {
    fn pipeline(&self, name: &str) -> Option<Arc<Pipeline>>;
}

/// A run of a pipeline.
pub(crate) struct Run<'r> {
    pub(crate) pipelines: &'r dyn Pipelines,
    /// The pipelines that are being run, the outermost first.
    pub(crate) calls: Vec<String>,
    steps: Option<Vec<Step>>,
    /// Of the last failure that a called pipeline handed on.
    origin: Option<Origin>,
}

/// Which processor failed.
#[derive(Clone, Debug)]
struct Origin {
    name: String,
    tag: Option<String>,
    /// Where another called it.
    pipeline: Option<String>,
}

impl Pipeline {
    /// Reads a definition.
    ///
    /// # Errors
    /// `parse_exception` for what it cannot have, 501 for processors that need data of their own.
    pub fn parse(id: &str, definition: &Value) -> Result<Self, Error> {
        let Value::Object(definition) = definition else {
            return Err(Error::new(ErrorKind::Parse, "a pipeline is an object"));
        };
        let mut definition = definition.clone();
        let mut left = MAX_PROCESSORS;
        let list = |name: &str, value: Option<Value>, left: &mut usize| match value {
            None => Ok(None),
            Some(Value::Array(items)) => processors(&items, 0, left).map(Some),
            Some(_) => {
                let error = Error::new(ErrorKind::Parse, format!("[{name}] property isn't a list"));
                Err(error.with_detail("property_name", name))
            }
        };
        let processors = list("processors", definition.shift_remove("processors"), &mut left)?.ok_or_else(|| {
            let error = Error::new(ErrorKind::Parse, "[processors] required property is missing");
            error.with_detail("property_name", "processors")
        })?;
        let on_failure = list("on_failure", definition.shift_remove("on_failure"), &mut left)?;
        if on_failure.as_ref().is_some_and(Vec::is_empty) {
            let reason = format!("pipeline [{id}] cannot have an empty on_failure option defined");
            return Err(Error::new(ErrorKind::Parse, reason));
        }
        for known in ["description", "version", "_meta"] {
            definition.shift_remove(known);
        }
        if !definition.is_empty() {
            let names: Vec<&str> = definition.keys().map(String::as_str).collect();
            let reason = format!(
                "pipeline [{id}] doesn't support one or more provided configuration parameters [{}]",
                names.join(", ")
            );
            return Err(Error::new(ErrorKind::Parse, reason));
        }
        Ok(Self { id: id.to_owned(), processors, on_failure: on_failure.unwrap_or_default() })
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        self.processors.is_empty()
    }

    /// Changes a document.
    ///
    /// # Errors
    /// What a processor fails with that nothing handles.
    pub fn run(&self, document: &mut Document, pipelines: &dyn Pipelines) -> Result<Passed, Error> {
        let mut run = Run { pipelines, calls: Vec::new(), steps: None, origin: None };
        self.within(document, &mut run)
    }

    /// As [`Pipeline::run`], with what each processor made of the document.
    pub fn watched(&self, document: &mut Document, pipelines: &dyn Pipelines) -> Vec<Step> {
        let mut run = Run { pipelines, calls: Vec::new(), steps: Some(Vec::new()), origin: None };
        // What failed is the last step.
        let _ = self.within(document, &mut run);
        run.steps.unwrap_or_default()
    }

    /// Depth is bounded by [`MAX_CALLS`].
    pub(crate) fn within(&self, document: &mut Document, run: &mut Run<'_>) -> Result<Passed, Error> {
        if run.calls.contains(&self.id) || run.calls.len() >= MAX_CALLS {
            let reason = format!("Cycle detected for pipeline: {}", self.id);
            return Err(Error::new(ErrorKind::IllegalState, reason));
        }
        run.calls.push(self.id.clone());
        let around = document.ingest.insert("pipeline".into(), self.id.as_str().into());
        let passed = each(&self.processors, document, run, 0).or_else(|failed| {
            if self.on_failure.is_empty() {
                return Err(failed);
            }
            handled(&self.on_failure, failed, document, run, 0)
        });
        run.calls.pop();
        match around {
            Some(around) => drop(document.ingest.insert("pipeline".into(), around)),
            None => drop(document.ingest.shift_remove("pipeline")),
        }
        passed.map_err(|failed| {
            run.origin = Some(failed.origin);
            failed.error
        })
    }
}

/// What failed, and where.
struct Failed {
    error: Error,
    origin: Origin,
}

fn each(processors: &[Processor], document: &mut Document, run: &mut Run<'_>, depth: usize) -> Result<Passed, Failed> {
    for processor in processors {
        if processor.pass(document, run, depth)? == Passed::Dropped {
            return Ok(Passed::Dropped);
        }
    }
    Ok(Passed::Changed)
}

/// Does what is to be done about a failure, which it can see in `_ingest`.
fn handled(
    processors: &[Processor],
    failed: Failed,
    document: &mut Document,
    run: &mut Run<'_>,
    depth: usize,
) -> Result<Passed, Failed> {
    const PIPELINE: &str = "on_failure_pipeline";
    let names = ["on_failure_message", "on_failure_processor_type", "on_failure_processor_tag"];
    let Origin { name, tag, pipeline } = failed.origin;
    let values = [Some(failed.error.reason.clone()), Some(name), tag];
    for (name, value) in names.into_iter().zip(values) {
        document.ingest.insert(name.into(), value.map_or(Value::Null, Value::from));
    }
    if let Some(pipeline) = pipeline {
        document.ingest.insert(PIPELINE.into(), pipeline.into());
    }
    let passed = each(processors, document, run, depth + 1);
    names.into_iter().chain([PIPELINE]).for_each(|name| drop(document.ingest.shift_remove(name)));
    passed
}

impl Processor {
    fn pass(&self, document: &mut Document, run: &mut Run<'_>, depth: usize) -> Result<Passed, Failed> {
        let held = self.condition.as_ref().map(|one| one.holds(document)).transpose();
        let step = |outcome, held: Option<bool>| Step {
            name: self.name.clone(),
            description: self.description.clone(),
            tag: self.tag.clone(),
            condition: self.condition_source.clone().zip(held),
            outcome,
        };
        let (passed, is_undecided, held) = match held {
            Ok(Some(false)) => {
                if let Some(steps) = &mut run.steps {
                    steps.push(step(StepOutcome::Skipped, Some(false)));
                }
                return Ok(Passed::Changed);
            }
            Ok(held) => {
                // Those who look on see who calls before what is called.
                if let (Some(steps), true) = (&mut run.steps, self.kind.calls()) {
                    steps.push(step(StepOutcome::Called, held));
                }
                (self.kind.process(document, run), false, held)
            }
            Err(error) => (Err(error), true, None),
        };
        let step = |outcome| step(outcome, held);
        let error = match passed {
            Ok(passed) => {
                if let (Some(steps), false) = (&mut run.steps, self.kind.calls()) {
                    let dropped = passed == Passed::Dropped;
                    steps.push(step(if dropped { StepOutcome::Dropped } else { StepOutcome::Done(document.clone()) }));
                }
                return Ok(passed);
            }
            Err(error) => error,
        };
        let beneath = run.origin.take();
        // A condition that fails is no failure of the processor: nothing of its own handles it.
        if self.ignore_failure && !is_undecided {
            if let Some(steps) = &mut run.steps {
                steps.push(step(StepOutcome::Ignored(error, document.clone())));
            }
            return Ok(Passed::Changed);
        }
        if let (Some(steps), None) = (&mut run.steps, &beneath) {
            steps.push(step(StepOutcome::Failed(error.clone())));
        }
        // What has a condition and handles nothing itself is a conditional to others.
        let is_conditional = is_undecided || self.condition.is_some() && self.on_failure.is_empty();
        let name = if is_conditional { "conditional".to_owned() } else { self.name.clone() };
        // The outermost pipeline is told of by nobody.
        let pipeline = run.calls.last().filter(|_| run.calls.len() > 1).cloned();
        let own = || Origin { name, tag: self.tag.clone(), pipeline };
        let failed = Failed { error, origin: beneath.unwrap_or_else(own) };
        if is_undecided || self.on_failure.is_empty() || depth >= MAX_DEPTH {
            return Err(failed);
        }
        handled(&self.on_failure, failed, document, run, depth)
    }
}

/// As deep as failures are handled, which is bounded.
fn processors(items: &[Value], depth: usize, left: &mut usize) -> Result<Vec<Processor>, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new(ErrorKind::Parse, "[on_failure] nests too deep"));
    }
    items.iter().map(|item| one(item, depth, left)).collect()
}

/// Why a value cannot be the options of a processor.
fn no_options(name: &str, given: &Value) -> Error {
    let reason = match given {
        Value::Null => format!("the config of processor [{name}] cannot be null"),
        _ => format!("property isn't a map, but of type [{}]", type_name(given)),
    };
    Error::new(ErrorKind::Parse, reason).with_detail("processor_type", name)
}

/// A processor: its name, and its options.
pub(crate) fn one(item: &Value, depth: usize, left: &mut usize) -> Result<Processor, Error> {
    let too_many = || Error::new(ErrorKind::Parse, format!("a pipeline has at most [{MAX_PROCESSORS}] processors"));
    *left = left.checked_sub(1).ok_or_else(too_many)?;
    let named = item.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
    let Some((name, given)) = named else {
        return Err(Error::new(ErrorKind::Parse, "[processors] a processor is an object with one key, its type"));
    };
    let given: Map<String, Value> = match given {
        Value::Object(object) => object.clone(),
        Value::String(source) if name == "script" => {
            [("source".to_owned(), Value::String(source.clone()))].into_iter().collect()
        }
        other => return Err(no_options(name, other)),
    };
    let mut options = Options::new(name, given);
    let tag = options.text("tag")?;
    let description = options.text("description")?;
    let ignore_failure = options.flag("ignore_failure", false)?;
    let on_failure = match options.take("on_failure") {
        None => Vec::new(),
        Some(Value::Array(items)) if items.is_empty() => {
            return Err(options.refused("on_failure", "processors list cannot be empty"));
        }
        Some(Value::Array(items)) => processors(&items, depth + 1, left)?,
        Some(_) => return Err(options.refused("on_failure", "property isn't a list")),
    };
    let given = options.take("if");
    let source = given.as_ref().and_then(|given| given.get("source").unwrap_or(given).as_str());
    let condition_source = source.map(str::to_owned);
    let condition = given.map(|given| processor::script_of(&mut options, &given)).transpose()?;
    let kind = processor::read(name, &mut options, (depth, left))?;
    options.finish()?;
    Ok(Processor {
        kind,
        name: name.clone(),
        tag,
        ignore_failure,
        on_failure,
        condition,
        condition_source,
        description,
    })
}

impl Processor {
    /// As a part of another processor, whose failures are that one's.
    pub(crate) fn inside(&self, document: &mut Document, run: &mut Run<'_>) -> Result<Passed, Error> {
        self.pass(document, run, MAX_DEPTH).map_err(|failed| failed.error)
    }
}
