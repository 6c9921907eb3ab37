//! The fetch phase on one shard: what a client sees of the hits that won.
//!
//! In: a plan, bound once for an index ([`FetchPlan`]), a reader and the addresses of the winners. Out: one [`Fetched`] an address, in order.
//! What is decided from a source and a mapping alone is `search::fetch`; here sources and columns are read.

use std::sync::Arc;

use analysis::Registry;
use model::document::Source;
use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, SeqNo, Version};
use model::mapping::Mapping;
use model::profile::Spent;
use model::search::{Explanation, InnerFound, NestedIdentity, SearchRequest};
use search::bind::BindContext;
use search::bound::BoundQuery;
use search::fetch::stored::StoredFields;
use search::shard_query::DocAddress;
use search::statistics::Statistics;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::execute::{self, Patience, Verdict};
use crate::fields::meta;
use crate::gauge::Clock;
use crate::reader::Reader;

mod columns;
mod inner;
mod percolated;
mod phases;
mod plan;

#[cfg(test)]
mod tests;

use columns::{Document, Uninverted};
use inner::{InnerPlan, Inside};
use phases::{Phase, Phases};
use plan::Plan;

/// What a request wants to see of each hit, bound to one index.
pub struct FetchPlan {
    query: Arc<BoundQuery>,
    statistics: Option<Arc<Statistics>>,
    plan: Plan,
    inner: Vec<InnerPlan>,
    /// Of a profiled search.
    clock: Option<Clock>,
}

/// What a client sees of one hit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fetched {
    pub routing: Option<Arc<str>>,
    #[serde(with = "model::wire::bytes")]
    pub source: Option<Source>,
    pub version: Option<Version>,
    pub seq_no: Option<(SeqNo, PrimaryTerm)>,
    /// `fields`, `docvalue_fields` and `stored_fields`: name, values.
    #[serde(with = "model::wire::json")]
    pub fields: Vec<(String, Vec<Value>)>,
    /// Fields whose value was left out of the index.
    pub ignored: Vec<String>,
    pub highlight: Vec<(String, Vec<String>)>,
    pub matched_queries: Vec<(String, Option<f32>)>,
    pub explanation: Option<Box<Explanation>>,
    /// Which object inside of a document it is; `None`: the document.
    pub nested: Option<Box<NestedIdentity>>,
    /// By name: the objects inside that matched.
    pub inner_hits: Vec<(String, InnerFound)>,
    /// Of the first hit of a shard in a profiled search: what fetching all of them took.
    pub spent: Option<Box<Spent>>,
}

impl FetchPlan {
    /// Binds what a request wants to see of each hit to one index: patterns of fields resolved, highlight queries bound.
    ///
    /// # Errors
    /// As OpenSearch answers: formats that are none, highlight queries that do not bind, options that contradict.
    pub fn new(context: &BindContext, query: Arc<BoundQuery>, request: &SearchRequest) -> Result<Self, Error> {
        Self::within(context, query, request, None)
    }

    /// As [`FetchPlan::new`], of hits that are the nested objects at the path `scope` (`None`: documents).
    ///
    /// # Errors
    /// As [`FetchPlan::new`].
    pub fn within(
        context: &BindContext,
        query: Arc<BoundQuery>,
        request: &SearchRequest,
        scope: Option<&str>,
    ) -> Result<Self, Error> {
        let plan = Plan::new(context, &query, request)?;
        let inner = InnerPlan::all(context, request, scope)?;
        Ok(Self { query, statistics: None, plan, inner, clock: None })
    }

    /// Explains with the statistics of the whole index (`None`: the shard's own).
    #[must_use]
    pub fn with_statistics(mut self, statistics: Option<Arc<Statistics>>) -> Self {
        self.statistics = statistics;
        self
    }

    /// Tells how long it takes.
    #[must_use]
    pub fn timed(mut self, clock: Option<Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Whether a hit is shown by reading what is stored of it, and no more.
    pub fn is_light(&self) -> bool {
        self.inner.is_empty() && self.clock.is_none() && self.plan.is_light()
    }

    /// Fetches each of `addresses`, in their order. A deadline does not cut it short, for the hits are known.
    ///
    /// # Errors
    /// `task_cancelled_exception`, failures to read a segment, what only a value can show to be wrong (a text too long to highlight), and
    /// `docvalue_fields` of fields without columns.
    pub fn fetch(
        &self,
        reader: &Reader,
        addresses: &[DocAddress],
        patience: &dyn Patience,
    ) -> Result<Vec<Fetched>, Error> {
        self.fetch_scored((reader, self.statistics.as_deref()), addresses, patience)
    }

    /// As [`FetchPlan::fetch`], explaining and scoring with these statistics.
    fn fetch_scored(
        &self,
        (reader, statistics): (&Reader, Option<&Statistics>),
        addresses: &[DocAddress],
        patience: &dyn Patience,
    ) -> Result<Vec<Fetched>, Error> {
        if let (Some(refused), false) = (self.plan.refused(), addresses.is_empty()) {
            return Err(refused.clone());
        }
        let mut hits = Vec::with_capacity(addresses.len());
        let phases = Phases::new(self.clock.as_ref());
        let uninverted = Uninverted::default();
        let percolated = self.plan.percolated.as_ref().filter(|_| !addresses.is_empty());
        let percolated = percolated.map(|percolated| percolated.read(reader)).transpose()?;
        for address in addresses {
            if patience.verdict() == Verdict::Cancelled {
                return Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled"));
            }
            let mut hit = self.fetch_one((reader, statistics), *address, (&uninverted, &phases))?;
            if let Some(percolated) = &percolated {
                percolated.show(reader, *address, &mut hit)?;
            }
            hits.push(hit);
        }
        if let Some(named) = &self.plan.named {
            let matched = || execute::matched((reader, statistics), (named, self.plan.named_scores), addresses);
            let matched = phases.time(Phase::MatchedQueries, matched)?;
            for (hit, names) in hits.iter_mut().zip(matched) {
                hit.matched_queries = names.iter().map(|(name, score)| (name.as_ref().to_owned(), *score)).collect();
            }
        }
        for inner in &self.inner {
            phases.time(Phase::InnerHits, || inner.fetch((reader, statistics), addresses, &mut hits, patience))?;
        }
        if let Some(first) = hits.first_mut() {
            first.spent = phases.spent();
        }
        Ok(hits)
    }

    fn fetch_one(
        &self,
        (reader, statistics): (&Reader, Option<&Statistics>),
        address: DocAddress,
        (uninverted, phases): (&Uninverted, &Phases),
    ) -> Result<Fetched, Error> {
        let plan = &self.plan;
        let view = reader.segments.get(address.segment as usize);
        let view = view.filter(|view| address.doc < view.segment.doc_count());
        let segment = &view.ok_or_else(|| gone(address))?.segment;
        let inside = segment.nested().and_then(|nested| Inside::of(nested, address.doc));
        let document = Document {
            segment,
            fields: &reader.fields,
            doc: address.doc,
            number: address.segment,
            uninverted,
            inside: inside.is_some(),
        };
        let mut hit = Fetched::default();
        if plan.bookkeeping {
            hit.routing = phases.load(|| document.routing()).map_err(broken)?;
            hit.ignored = phases.load(|| document.texts(meta::IGNORED)).map_err(broken)?;
        }
        if plan.version {
            let version = phases.time(Phase::Version, || document.number(meta::VERSION)).map_err(broken)?;
            hit.version = Some(Version(version));
        }
        if plan.seq_no {
            let read = || Ok((document.number(meta::SEQ_NO)?, document.number(meta::PRIMARY_TERM)?));
            let (seq_no, term) = phases.time(Phase::SeqNo, read).map_err(broken)?;
            hit.seq_no = Some((SeqNo(seq_no), PrimaryTerm(term)));
        }
        if plan.reads_source() {
            let source = match &inside {
                Some(inside) => phases.load(|| inside.source(&**segment))?,
                None => phases.load(|| segment.source(address.doc)).map_err(broken)?,
            };
            plan.read_source(&source, &document, &mut hit, phases)?;
        }
        if let Some(inside) = inside {
            hit.nested = inside.identity();
            // Written with its document, whose version is not its own.
            hit.version = hit.version.map(|_| Version(1));
            hit.source = hit.source.map(|source| inside.unwrapped(&source)).transpose()?;
        }
        if plan.explain {
            let explain = || execute::explain(reader, &self.query, statistics, address);
            let explanation = phases.time(Phase::Explain, explain)?;
            hit.explanation = Some(Box::new(explanation));
        }
        Ok(hit)
    }
}

/// `stored_fields` of a get: the values of fields with `store: true`, taken from the source.
///
/// # Errors
/// `illegal_argument_exception` for the name of an object; `parse_exception` when the source does not read.
pub fn stored_fields(
    source: &Source,
    names: &[String],
    mapping: &Mapping,
    registry: &Registry,
) -> Result<Vec<(String, Vec<Value>)>, Error> {
    let fields = StoredFields::new(names, mapping, registry, false)?;
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let source = serde_json::from_slice(source).map_err(unreadable)?;
    Ok(fields.of(&source))
}

fn gone(address: DocAddress) -> Error {
    Error::illegal_argument(format!("the reader has no document {address:?}"))
}

fn broken(error: std::io::Error) -> Error {
    Error::new(ErrorKind::Io, format!("cannot read the segment: {error}"))
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Parse, format!("the source of a document does not read: {error}"))
}
