//! What hits of a `percolate` query show: which of the documents their query matches, and those documents highlighted.

use model::error::Error;
use model::search::Highlight;
use search::bound::{BoundKind, BoundQuery};
use search::fetch::highlight::{Highlighter, HitSource};
use search::percolate::BoundPercolate;
use search::shard_query::DocAddress;
use serde_json::Value;

use super::plan::matcher;
use super::{Fetched, unreadable};
use crate::percolate::Percolation;
use crate::reader::Reader;
use crate::segment::column::StringColumn;

const SLOT: &str = "_percolator_document_slot";

/// The `percolate` queries of a search.
pub(super) struct PercolatedPlan {
    asked: Vec<BoundPercolate>,
    highlight: Option<Highlight>,
}

/// The same with their documents read.
pub(super) struct Percolated<'p> {
    plan: &'p PercolatedPlan,
    percolations: Vec<(Percolation, Vec<Value>)>,
}

impl PercolatedPlan {
    /// `None`: the query has none.
    pub(super) fn new(query: &BoundQuery, highlight: Option<&Highlight>) -> Option<Self> {
        let mut asked = Vec::new();
        gather(query, &mut asked);
        (!asked.is_empty()).then(|| Self { asked, highlight: highlight.cloned() })
    }

    /// # Errors
    /// What is wrong with a document.
    pub(super) fn read(&self, reader: &Reader) -> Result<Percolated<'_>, Error> {
        let read = |asked: &BoundPercolate| {
            let shown = if self.highlight.is_some() { &*asked.documents } else { &[] };
            let sources = shown.iter().map(|source| serde_json::from_slice(source).map_err(unreadable));
            Ok((Percolation::new(asked, reader)?, sources.collect::<Result<Vec<Value>, Error>>()?))
        };
        let percolations = self.asked.iter().map(read).collect::<Result<_, Error>>()?;
        Ok(Percolated { plan: self, percolations })
    }
}

/// Those whose matches are the search's own.
fn gather(query: &BoundQuery, found: &mut Vec<BoundPercolate>) {
    let mut all = |queries: &mut dyn Iterator<Item = &BoundQuery>| queries.for_each(|query| gather(query, found));
    match &query.kind {
        BoundKind::Percolate(asked) => found.push(asked.clone()),
        BoundKind::Bool(clauses) => all(&mut clauses.must.iter().chain(&clauses.filter).chain(&clauses.should)),
        BoundKind::Boosting { positive, .. } => gather(positive, found),
        BoundKind::ConstantScore(inner) => gather(inner, found),
        BoundKind::DisMax { queries, .. } => all(&mut queries.iter()),
        BoundKind::FunctionScore(score) => gather(&score.query, found),
        _ => {}
    }
}

impl Percolated<'_> {
    /// Adds to a hit what is known of it.
    ///
    /// # Errors
    /// Failures to read the segment, and what highlighting refuses.
    pub(super) fn show(&self, reader: &Reader, address: DocAddress, hit: &mut Fetched) -> Result<(), Error> {
        let Some(view) = reader.segments.get(address.segment as usize) else { return Ok(()) };
        for (percolation, sources) in &self.percolations {
            let Some(queries) = percolation.queries(&*view.segment, &reader.fields)? else { continue };
            let slots = percolation.slots(&*queries, address.doc)?;
            if slots.is_empty() {
                continue;
            }
            let key = match self.percolations.as_slice() {
                [_] => SLOT.to_owned(),
                _ => format!("{SLOT}_{}", percolation.asked().name),
            };
            let values = slots.iter().map(|&slot| Value::from(slot)).collect();
            put(&mut hit.fields, key, values);
            let shown: Vec<(usize, &Value)> =
                slots.iter().filter_map(|&slot| Some((slot, sources.get(slot)?))).collect();
            self.highlight(percolation, (&*queries, address.doc), &shown, hit)?;
        }
        Ok(())
    }

    /// Highlights the documents that a stored query matches.
    fn highlight(
        &self,
        percolation: &Percolation,
        (queries, doc): (&dyn StringColumn, u32),
        documents: &[(usize, &Value)],
        hit: &mut Fetched,
    ) -> Result<(), Error> {
        let Some(wanted) = &self.plan.highlight else { return Ok(()) };
        let Some(query) = percolation.query(queries, doc)? else { return Ok(()) };
        let highlighter = Highlighter::new(wanted, &query, percolation.context(), &mut matcher)?;
        for (slot, source) in documents {
            let prefix = self.prefix(percolation, *slot);
            for (field, fragments) in highlighter.highlight(HitSource { source, ignored: &[], doc: 0 })? {
                put(&mut hit.highlight, format!("{prefix}{field}"), fragments);
            }
        }
        Ok(())
    }

    /// Tells a document from others, where there are any.
    fn prefix(&self, percolation: &Percolation, slot: usize) -> String {
        let name = if self.percolations.len() > 1 { format!("{}_", percolation.asked().name) } else { String::new() };
        if percolation.asked().documents.len() > 1 { format!("{name}{slot}_") } else { name }
    }
}

/// Of two with one name the later stays.
fn put<T>(all: &mut Vec<(String, T)>, name: String, value: T) {
    match all.iter_mut().find(|(known, _)| *known == name) {
        Some(known) => known.1 = value,
        None => all.push((name, value)),
    }
}
