//! A query and an index: what the gateway is asked.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use model::query::ranked::{Part, PartKind, Ranked, Scorer};
use model::query::{Kind, Query};
use model::search::{Fetch, SearchRequest, SourceFilter, TrackTotal};
use model::target::Target;

use super::definition::{AttributeKind, Definition};
use super::lower::{self, Lowering};
use super::registry::{Known, Registry};
use super::request::Options;
use crate::error::RespError;
use crate::keyspace::id::document_id;
use crate::server::now_ms;
use crate::syntax::{self, Clause};

/// An index that is being searched.
pub struct Searched {
    pub known: Arc<Known>,
    pub definition: Arc<Definition>,
    pub foreign: bool,
    pub dialect: u8,
}

impl Searched {
    /// # Errors
    /// There is no such index.
    pub fn find(registry: &Registry, name: &str, dialect: Option<u8>) -> Result<Self, RespError> {
        let known = registry.find(name).ok_or_else(|| RespError::line(format!("{name}: no such index")))?;
        let foreign = known.definition.is_none();
        let definition = match &known.definition {
            Some(definition) => definition.clone(),
            None => Arc::new(super::foreign::definition(name, &known.mapping)),
        };
        let dialect = dialect.unwrap_or(1).clamp(1, 4);
        let tally = registry.tally(&known.index);
        tally.uses.fetch_add(1, Ordering::Relaxed);
        if definition.temporary_s.is_some() {
            tally.used_ms.store(now_ms(), Ordering::Relaxed);
        }
        tally.dialects[usize::from(dialect) - 1].fetch_add(1, Ordering::Relaxed);
        Ok(Self { known, definition, foreign, dialect })
    }

    /// The query's tree.
    ///
    /// # Errors
    /// It is no query.
    pub fn parse(&self, text: &str, options: &Options) -> Result<Clause, RespError> {
        let reading = syntax::Options {
            dialect: self.dialect,
            parameters: &options.parameters,
            stop_words: &self.known.stop_words,
            keep_stop_words: options.keep_stop_words,
        };
        syntax::parse(text, &reading).map_err(|error| RespError::line(error.0))
    }

    /// What is asked, with the request's own filters.
    ///
    /// # Errors
    /// What cannot be asked of this schema.
    pub fn part(&self, registry: &Registry, clause: &Clause, options: &Options) -> Result<Part, RespError> {
        let lowering = Lowering {
            definition: &self.definition,
            gateway: &**registry.gateway(),
            foreign: self.foreign,
            language: options.language.as_deref().unwrap_or(&self.definition.language),
            verbatim: options.verbatim,
            fields: options.fields.as_deref(),
            slop: options.slop.and_then(|slop| u32::try_from(slop).ok()),
            in_order: options.in_order,
            min_prefix: registry.configuration.min_prefix(),
        };
        let mut parts = Vec::new();
        for filter in &options.filters {
            parts.push(match self.definition.attribute(&filter.field) {
                Some(known) if known.kind == AttributeKind::Numeric => {
                    lower::range(&filter.field, filter.from, filter.to)
                }
                _ => Part::new(PartKind::Nothing),
            });
        }
        for place in &options.places {
            parts.push(match self.definition.attribute(&place.field) {
                Some(known) if known.kind == AttributeKind::Geo => {
                    lower::circle(&place.field, (place.longitude, place.latitude), place.radius_m)
                }
                _ => Part::new(PartKind::Nothing),
            });
        }
        if let Some(keys) = &options.keys {
            let values = keys.iter().filter_map(|key| document_id(key).ok()).map(|id| id.to_string()).collect();
            parts.push(Part::new(PartKind::Filter(Query::new(Kind::Ids { values }))));
        }
        let query = lowering.part(clause)?;
        if parts.is_empty() {
            return Ok(query);
        }
        parts.push(query);
        Ok(Part::new(PartKind::All(parts, None)))
    }

    /// The query as the gateway takes it.
    pub fn query(&self, part: Part, scorer: Scorer) -> Query {
        if self.foreign {
            return lower::plain(&part);
        }
        let corpus = lower::corpus(&self.definition);
        if scorer == Scorer::None && !part.has_windows() {
            return part.candidates(&corpus);
        }
        Query::new(Kind::Ranked(Box::new(Ranked { part, scorer, corpus })))
    }

    /// A request for it: everything counted, nothing but complete answers, what was written before is seen.
    pub fn request(&self, query: Query, source: SourceFilter) -> SearchRequest {
        SearchRequest {
            query,
            track_total_hits: TrackTotal::All,
            allow_partial_search_results: Some(false),
            publish_pending: true,
            request_cache: Some(false),
            fetch: Fetch { source: Some(source), ..Fetch::default() },
            ..SearchRequest::new(Target::one(&*self.known.index))
        }
    }
}
