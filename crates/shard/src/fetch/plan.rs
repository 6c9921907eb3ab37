//! What of each hit a request wants to see, resolved against one index.

use std::sync::Arc;

use model::document::Source;
use model::error::{Error, ErrorKind};
use model::search::{Fetch, SearchRequest, SourceFilter};
use search::bind::{BindContext, bind, bind_script_field};
use search::bound::{BoundBool, BoundKind, BoundQuery, BoundScript, Pattern};
use search::fetch::doc_value::{self, Column, DocValues};
use search::fetch::highlight::{Highlighter, HitSource, TermMatcher};
use search::fetch::source::filtered;
use search::fetch::stored::{Fields, StoredFields};
use serde_json::{Map, Value};

use super::columns::Document;
use super::percolated::PercolatedPlan;
use super::phases::{Phase, Phases};
use super::{Fetched, broken, unreadable};
use crate::compile::automaton::FuzzyTables;
use crate::compile::pattern::Accepted;
use crate::score::script::ScriptRun;

pub(super) struct Plan {
    /// Routing and ignored fields.
    pub(super) bookkeeping: bool,
    pub(super) version: bool,
    pub(super) seq_no: bool,
    pub(super) explain: bool,
    /// The query, and the post filter, when they have names.
    pub(super) named: Option<BoundQuery>,
    pub(super) named_scores: bool,
    /// What the mapping keeps of sources; `None`: all.
    kept: Option<SourceFilter>,
    source: Option<SourceFilter>,
    fields: Fields,
    stored: StoredFields,
    doc_values: DocValues,
    /// Name, script, whether its failure is passed over.
    scripts: Vec<(String, Arc<BoundScript>, bool)>,
    highlighter: Option<Highlighter>,
    /// What the stored queries show that were sought.
    pub(super) percolated: Option<PercolatedPlan>,
}

impl Plan {
    pub(super) fn new(context: &BindContext, query: &Arc<BoundQuery>, request: &SearchRequest) -> Result<Self, Error> {
        let (fetch, mapping) = (&request.fetch, &*context.mapping);
        let stored = fetch.stored_fields.as_deref();
        let nothing = stored.is_some_and(|names| names.iter().any(|name| name == "_none_"));
        check(request, nothing)?;
        if !fetch.fields.is_empty() && !mapping.source.enabled {
            let index = &context.index.name;
            return Err(Error::illegal_argument(format!(
                "Unable to retrieve the requested [fields] since _source is disabled in the mappings for index [{index}]"
            )));
        }
        let highlighter = match &fetch.highlight {
            Some(highlight) => Some(Highlighter::new(highlight, query, context, &mut matcher)?),
            None => None,
        };
        let most = context.settings.max_docvalue_fields;
        Ok(Self {
            bookkeeping: !nothing,
            version: fetch.version,
            seq_no: fetch.seq_no_primary_term,
            explain: request.explain,
            named: named(context, query, request)?,
            named_scores: fetch.named_scores,
            kept: mapping.source.shown(),
            source: mapping.source.enabled.then(|| source(fetch, stored)).flatten(),
            fields: Fields::new(&fetch.fields, mapping, &context.analysis)?,
            stored: StoredFields::new(stored.unwrap_or_default(), mapping, &context.analysis, true)?,
            doc_values: doc_value::bind(&fetch.docvalue_fields, mapping, &context.index.name, most)?,
            scripts: scripts(context, request)?,
            highlighter,
            percolated: PercolatedPlan::new(query, fetch.highlight.as_deref()),
        })
    }

    /// Whether anything of a document beyond its bookkeeping is wanted.
    pub(super) fn reads_source(&self) -> bool {
        self.source.is_some()
            || !self.scripts.is_empty()
            || !self.doc_values.columns.is_empty()
            || !self.stored.is_empty()
            || self.parses_source()
    }

    /// Whether a hit is shown without asking the query, or a script, about it once more.
    pub(super) fn is_light(&self) -> bool {
        let asks = self.explain || self.named.is_some() || self.highlighter.is_some() || self.percolated.is_some();
        !asks && self.scripts.is_empty() && self.refused().is_none()
    }

    /// Why nothing can be shown of any hit.
    pub(super) fn refused(&self) -> Option<&Error> {
        self.doc_values.refused.as_ref()
    }

    /// Whether single values of the source are wanted.
    fn parses_source(&self) -> bool {
        !self.fields.is_empty()
            || self.highlighter.is_some()
            || self.scripts.iter().any(|(_, script, _)| ScriptRun::reads_source(script))
            || self.doc_values.columns.iter().any(|value| matches!(value.column, Column::Flat(_) | Column::Binary(_)))
    }

    /// Fills in what comes from the source and the columns of fields.
    pub(super) fn read_source(
        &self,
        source: &Source,
        document: &Document<'_>,
        hit: &mut Fetched,
        phases: &Phases,
    ) -> Result<(), Error> {
        let kept = match &self.kept {
            Some(kept) if !source.is_empty() => filtered(source, kept).map_err(unreadable)?,
            _ => None,
        };
        let kept = kept.as_ref().unwrap_or(source);
        if let Some(filter) = self.source.as_ref().filter(|_| !kept.is_empty()) {
            hit.source = phases.time(Phase::Source, || filtered(kept, filter)).map_err(unreadable)?;
        }
        // What is stored is stored whatever becomes of the source.
        if !self.stored.is_empty() {
            hit.fields = self.stored.of(&phases.parse(|| parse(source))?);
        }
        let parsed = if self.parses_source() { phases.parse(|| parse(kept))? } else { Value::Null };
        for value in &self.doc_values.columns {
            let shown = phases.time(Phase::DocValues, || document.shown(value, &parsed)).map_err(broken)?;
            if shown.is_empty() {
                continue;
            }
            match hit.fields.iter_mut().find(|(name, _)| *name == value.name) {
                Some((_, values)) => values.extend(shown),
                None => hit.fields.push((value.name.clone(), shown)),
            }
        }
        let no_source = Value::Object(Map::new());
        for (name, script, ignore_failure) in &self.scripts {
            let run = ScriptRun::new(script.clone(), document.segment.clone(), document.fields.clone());
            // An object inside of a document has no source of its own.
            let source = if document.inside { &no_source } else { &parsed };
            let made = phases.time(Phase::ScriptFields, || run.values(document.doc, Some(source)));
            match made.map_err(Error::from) {
                Ok(values) => {
                    hit.fields.retain(|(known, _)| known != name);
                    if !values.is_empty() {
                        hit.fields.push((name.clone(), values));
                    }
                }
                Err(_) if *ignore_failure => {}
                Err(error) => return Err(error),
            }
        }
        let fields = match self.fields.is_empty() {
            true => Vec::new(),
            false => phases.time(Phase::Fields, || self.fields.of(&parsed, &hit.ignored))?,
        };
        for (name, values) in fields {
            hit.fields.retain(|(known, _)| *known != name);
            hit.fields.push((name, values));
        }
        if let Some(highlighter) = &self.highlighter {
            let of = HitSource { source: &parsed, ignored: &hit.ignored, doc: document.doc };
            hit.highlight = phases.time(Phase::Highlight, || highlighter.highlight(of))?;
        }
        Ok(())
    }
}

fn parse(source: &Source) -> Result<Value, Error> {
    if source.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(source).map_err(unreadable) }
}

/// What contradicts `stored_fields: _none_`.
fn check(request: &SearchRequest, nothing: bool) -> Result<(), Error> {
    let fetch = &request.fetch;
    let wanted = if fetch.source.as_ref().is_some_and(|source| source.enabled) {
        "if [_source] is requested"
    } else if !fetch.fields.is_empty() {
        "when using the [fields] option"
    } else {
        return Ok(());
    };
    if nothing {
        return Err(Error::new(ErrorKind::Search, format!("[stored_fields] cannot be disabled {wanted}")));
    }
    Ok(())
}

/// The source is shown unless stored fields, or fields of scripts, are asked for without it. Who names it among the stored fields gets it.
fn source(fetch: &Fetch, stored: Option<&[String]>) -> Option<SourceFilter> {
    let named = stored.is_some_and(|names| names.iter().any(|name| name == "_source"));
    let wanted = match &fetch.source {
        Some(filter) => filter.enabled,
        None => stored.is_none() && fetch.script_fields.is_empty(),
    };
    (named || wanted).then(|| match &fetch.source {
        Some(filter) => SourceFilter { enabled: true, ..filter.clone() },
        None => SourceFilter::everything(),
    })
}

fn scripts(context: &BindContext, request: &SearchRequest) -> Result<Vec<(String, Arc<BoundScript>, bool)>, Error> {
    let asked = request.fetch.script_fields.iter();
    let (given, most) = (asked.len(), context.settings.max_script_fields);
    if given > most {
        return Err(Error::illegal_argument(format!(
            "Trying to retrieve too many script_fields. Must be less than or equal to: [{most}] but was [{given}]. This limit can be set \
             by changing the [index.max_script_fields] index level setting."
        )));
    }
    asked.map(|one| Ok((one.name.clone(), bind_script_field(&one.script, context)?, one.ignore_failure))).collect()
}

/// The query and the post filter together, when there are names in them.
fn named(context: &BindContext, query: &BoundQuery, request: &SearchRequest) -> Result<Option<BoundQuery>, Error> {
    let filter = request.post_filter.as_ref().map(|filter| bind(filter, context)).transpose()?;
    let filter = filter.filter(has_name);
    if !has_name(query) && filter.is_none() {
        return Ok(None);
    }
    let should = std::iter::once(query.clone()).chain(filter).collect();
    Ok(Some(BoundQuery::new(BoundKind::Bool(BoundBool { should, minimum_should_match: 1, ..BoundBool::default() }))))
}

fn has_name(query: &BoundQuery) -> bool {
    query.name.is_some() || query.parts().into_iter().any(has_name)
}

/// A pattern's automaton, for single terms.
struct PatternMatcher(Accepted);

impl TermMatcher for PatternMatcher {
    fn accepts(&self, term: &[u8]) -> bool {
        self.0.accepts(term)
    }
}

pub(super) fn matcher(pattern: &Pattern) -> Result<Arc<dyn TermMatcher>, Error> {
    Ok(Arc::new(PatternMatcher(Accepted::of(pattern, &FuzzyTables::default())?)))
}
