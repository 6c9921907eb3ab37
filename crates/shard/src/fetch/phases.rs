//! What fetching the hits of a profiled search takes, by OpenSearch's names of the parts. Here every hit is read whole, so that there is no
//! preparing of readers and visitors.

use std::rc::Rc;

use model::profile::Spent;

use crate::gauge::{Clock, Gauge};

const STEPS: &[&str] = &[
    "build_sub_phase_processors",
    "create_stored_fields_visitor",
    "get_next_reader",
    "load_source",
    "load_stored_fields",
];
const LOAD_SOURCE: usize = 3;
const LOAD_STORED_FIELDS: usize = 4;

const PHASE_STEPS: &[&str] = &["process", "set_next_reader"];
const PROCESS: usize = 0;

/// A part of what is shown of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Explain,
    DocValues,
    ScriptFields,
    Source,
    Version,
    SeqNo,
    Fields,
    Highlight,
    MatchedQueries,
    InnerHits,
}

const PHASES: [(Phase, &str); 10] = [
    (Phase::Explain, "ExplainPhase"),
    (Phase::DocValues, "FetchDocValuesPhase"),
    (Phase::ScriptFields, "ScriptFieldsPhase"),
    (Phase::Source, "FetchSourcePhase"),
    (Phase::Version, "FetchVersionPhase"),
    (Phase::SeqNo, "SeqNoPrimaryTermPhase"),
    (Phase::Fields, "FetchFieldsPhase"),
    (Phase::Highlight, "HighlightPhase"),
    (Phase::MatchedQueries, "MatchedQueriesPhase"),
    (Phase::InnerHits, "InnerHitsPhase"),
];

/// The times of one fetch; of one that nobody profiles, nothing.
pub(super) struct Phases(Option<Gauges>);

struct Gauges {
    begun: u64,
    clock: Clock,
    whole: Rc<Gauge>,
    each: Vec<Rc<Gauge>>,
}

impl Phases {
    pub(super) fn new(clock: Option<&Clock>) -> Self {
        let gauges = |clock: &Clock| Gauges {
            begun: clock(),
            clock: clock.clone(),
            whole: Gauge::new(clock, STEPS),
            each: PHASES.iter().map(|_| Gauge::new(clock, PHASE_STEPS)).collect(),
        };
        Self(clock.map(gauges))
    }

    /// Reads what is stored of a document.
    pub(super) fn load<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(gauges) => gauges.whole.time(LOAD_STORED_FIELDS, work),
            None => work(),
        }
    }

    /// Reads single values of a source.
    pub(super) fn parse<T>(&self, work: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(gauges) => gauges.whole.time(LOAD_SOURCE, work),
            None => work(),
        }
    }

    /// Makes a part of a hit.
    pub(super) fn time<T>(&self, phase: Phase, work: impl FnOnce() -> T) -> T {
        let place = PHASES.iter().position(|(one, _)| *one == phase);
        match (&self.0, place) {
            (Some(gauges), Some(place)) => gauges.each[place].time(PROCESS, work),
            _ => work(),
        }
    }

    /// What is told of it; of the parts those that were made.
    pub(super) fn spent(&self) -> Option<Box<Spent>> {
        let gauges = self.0.as_ref()?;
        let of = |((_, name), gauge): (&(Phase, &str), &Rc<Gauge>)| gauge.spent(*name, *name);
        let made = |spent: &Spent| spent.steps.iter().any(|step| step.count > 0);
        let children = PHASES.iter().zip(&gauges.each).map(of).filter(made).collect();
        let nanos = (gauges.clock)().saturating_sub(gauges.begun);
        Some(Box::new(Spent { nanos, children, ..gauges.whole.spent("fetch", "fetch") }))
    }
}
