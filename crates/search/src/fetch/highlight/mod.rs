//! Highlighting: fragments of a hit's fields in which the words that the query sought are marked.
//!
//! In: what a request wants to see ([`Highlight`]), the bound query, and the source of each hit. Out: fragments by field. The kinds `unified`
//! and `plain` answer as OpenSearch's highlighters of these names, whose answers are the specification. Sizes and offsets count UTF-16
//! units. Not here: how patterns become automata ([`TermMatcher`] comes in).

use std::sync::Arc;

use analysis::{Analyzer, Registry};
use model::error::Error;
use model::mapping::{Field, FieldKind, IndexOptions};
use model::search::{BoundaryScanner, Highlight, HighlightField, HighlightKind};
use serde_json::Value;

use super::extract::java_text;
use super::value::{FieldValues, Origins};
use crate::bind::{BindContext, bind_filter};
use crate::bound::BoundQuery;

mod content;
mod encode;
mod marks;
mod plain;
mod scanner;
mod sentence;
mod spans;
mod text;
mod unified;
mod word;

#[cfg(test)]
mod tests;

use content::{Analysis, Content};
use encode::Style;
use marks::Marks;
pub use marks::{Matchers, TermMatcher};
use plain::Plain;
use scanner::Fragments;
use unified::Unified;

/// What a request wants to see highlighted, bound to one index.
pub struct Highlighter {
    fields: Vec<FieldHighlight>,
    /// What no hit can be shown with.
    refusal: Option<Error>,
}

struct FieldHighlight {
    /// As asked: an alias under its own name.
    name: String,
    path: Arc<str>,
    values: FieldValues,
    /// Values come from wherever they were copied from.
    stored: bool,
    marks: Marks,
    max_offset: Option<u32>,
    /// `index.highlight.max_analyzed_offset`: longer texts are refused unless the request says how much of them to look at.
    limit: u32,
    index: Arc<str>,
    /// The index knows the offsets, so that length does not matter.
    offsets: bool,
    kind: Kind,
}

enum Kind {
    Unified(Unified),
    Plain(Plain),
}

/// What a hit is made of, for highlighting.
#[derive(Clone, Copy, Debug)]
pub struct HitSource<'a> {
    pub source: &'a Value,
    /// Fields whose value was left out of the index.
    pub ignored: &'a [String],
    /// Its number, for messages.
    pub doc: u32,
}

impl Highlighter {
    /// Resolves patterns of fields and binds highlight queries. `query`: what is marked where a field names no query of its own.
    ///
    /// # Errors
    /// What is wrong with a highlight query, and what `matchers` refuses.
    pub fn new(
        request: &Highlight,
        query: &BoundQuery,
        context: &BindContext,
        matchers: Matchers<'_>,
    ) -> Result<Self, Error> {
        let origins = Origins::new(&context.mapping);
        let mut fields: Vec<FieldHighlight> = Vec::new();
        let mut refusal = None;
        for asked in &request.fields {
            if let HighlightKind::Unknown(kind) = &asked.kind {
                let reason = format!("unknown highlighter type [{kind}] for the field [{}]", asked.field);
                refusal = refusal.or(Some(Error::illegal_argument(reason)));
                continue;
            }
            let own = asked.highlight_query.as_ref().map(|query| bind_filter(query, context, None)).transpose()?;
            let query = own.as_ref().unwrap_or(query);
            let pattern = asked.field.contains('*');
            for (name, field) in context.mapping.fields_matching(&asked.field) {
                if pattern && !matches!(field.kind, FieldKind::Text | FieldKind::Keyword) {
                    continue;
                }
                let wanted = asked.require_field_match.then_some(&field.path);
                let marks = Marks::new(query, wanted, matchers)?;
                let values = FieldValues::new(field, &origins, &context.analysis, None)?;
                let bound = FieldHighlight::new(asked, &name, (field, values, marks), context);
                // Of two that name the same field the later one counts.
                match fields.iter_mut().find(|known| known.name == *name) {
                    Some(known) => *known = bound,
                    None => fields.push(bound),
                }
            }
        }
        Ok(Self { fields, refusal })
    }

    /// The fragments of each field that has any.
    ///
    /// # Errors
    /// `illegal_argument_exception` for a text that is too long to be looked at.
    pub fn highlight(&self, hit: HitSource<'_>) -> Result<Vec<(String, Vec<String>)>, Error> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        let mut highlighted = Vec::new();
        for field in &self.fields {
            let fragments = field.highlight(hit)?;
            if !fragments.is_empty() {
                highlighted.push((field.name.clone(), fragments));
            }
        }
        Ok(highlighted)
    }
}

impl FieldHighlight {
    fn new(asked: &HighlightField, name: &str, of: (&Field, FieldValues, Marks), context: &BindContext) -> Self {
        let (field, values, marks) = of;
        let analyzer = analyzer_of(field, &context.analysis);
        let given = field.explicit.contains_key("position_increment_gap");
        let gap = if given { field.position_increment_gap } else { analyzer.position_gap() };
        let analysis = Analysis { analyzer, gap, limit: asked.max_analyzed_offset.unwrap_or(u32::MAX) };
        let tag = |tags: &[String]| tags.first().cloned().unwrap_or_default();
        let style = Style { before: tag(&asked.pre_tags), behind: tag(&asked.post_tags), html: asked.html_encoder };
        let (no_match, by_score) = (asked.no_match_size, asked.order_by_score);
        let count = asked.number_of_fragments as usize;
        let kind = match asked.kind {
            HighlightKind::Unified | HighlightKind::Unknown(_) => Kind::Unified(Unified {
                analysis,
                fragments: fragments_of(asked, field),
                count: if count == 0 { usize::MAX } else { count },
                no_match,
                by_score,
                style,
            }),
            HighlightKind::Plain => Kind::Plain(Plain {
                analysis: Analysis { limit: u32::MAX, ..analysis },
                count,
                size: asked.fragment_size,
                no_match,
                by_score,
                simple: asked.fragmenter_simple,
                style,
            }),
        };
        let vectors = field.explicit.get("term_vector").and_then(Value::as_str);
        Self {
            name: name.to_owned(),
            path: field.path.clone(),
            values,
            stored: field.store,
            marks,
            max_offset: asked.max_analyzed_offset,
            limit: context.settings.max_analyzed_offset,
            index: context.index.name.clone(),
            offsets: field.index_options == IndexOptions::Offsets || vectors.is_some_and(|v| v.contains("offsets")),
            kind,
        }
    }

    fn highlight(&self, hit: HitSource<'_>) -> Result<Vec<String>, Error> {
        let no_match = match &self.kind {
            Kind::Unified(unified) => unified.no_match,
            Kind::Plain(plain) => plain.no_match,
        };
        if self.marks.is_empty() && no_match == 0 {
            return Ok(Vec::new());
        }
        let values: Vec<String> = self.texts(hit)?.iter().map(java_text).collect();
        match &self.kind {
            Kind::Unified(unified) => {
                if values.is_empty() {
                    return Ok(Vec::new());
                }
                let content = Content::new(&values);
                self.check_length(content.length, hit.doc)?;
                Ok(unified.highlight(&content, &self.marks))
            }
            Kind::Plain(plain) => {
                let lengths = values.iter().map(|value| value.encode_utf16().count() as u32);
                self.check_length(lengths.max().unwrap_or(0), hit.doc)?;
                Ok(plain.highlight(&values, &self.marks))
            }
        }
    }

    fn texts(&self, hit: HitSource<'_>) -> Result<Vec<Value>, Error> {
        if self.stored || hit.ignored.iter().any(|ignored| **ignored == *self.path) {
            return Ok(self.values.stored(hit.source));
        }
        self.values.fetched(hit.source)
    }

    fn check_length(&self, length: u32, doc: u32) -> Result<(), Error> {
        let raise = "This maximum can be set by changing the [index.highlight.max_analyzed_offset] index level setting. For large texts, \
                     indexing with offsets or term vectors is recommended!";
        let (limit, index) = (self.limit, &self.index);
        if self.max_offset.is_some_and(|offset| offset > limit) {
            return Err(Error::illegal_argument(format!(
                "max_analyzer_offset has exceeded [{limit}] - maximum allowed to be analyzed for highlighting. {raise}"
            )));
        }
        if self.max_offset.is_none() && !self.offsets && length > limit {
            return Err(Error::illegal_argument(format!(
                "The length of [{}] field of [{doc}] doc of [{index}] index has exceeded [{limit}] - maximum allowed to be analyzed \
                 for highlighting. {raise}",
                self.path
            )));
        }
        Ok(())
    }
}

fn fragments_of(asked: &HighlightField, field: &Field) -> Fragments {
    match asked.boundary_scanner {
        _ if asked.number_of_fragments == 0 || field.kind != FieldKind::Text => Fragments::Whole,
        BoundaryScanner::Word => Fragments::Words,
        BoundaryScanner::Sentence if asked.fragment_size == 0 => Fragments::Sentences,
        BoundaryScanner::Sentence => Fragments::BoundedSentences(asked.fragment_size),
    }
}

/// What cuts the field's values into terms; the whole value is one term of a field that is no text.
pub(crate) fn analyzer_of(field: &Field, registry: &Registry) -> Analyzer {
    let whole = || registry.analyzer("keyword");
    let found = match &field.kind {
        FieldKind::Text => match &field.analyzer {
            Some(name) => registry.analyzer(name),
            None => registry.analyzer("default").or_else(|| registry.analyzer("standard")),
        },
        FieldKind::Keyword => {
            let normalizer = field.normalizer.as_deref().and_then(|name| registry.normalizer(name));
            normalizer.map(|normalizer| normalizer.as_analyzer().clone()).or_else(whole)
        }
        _ => whole(),
    };
    let found = found.or_else(whole).expect("the keyword analyzer is built in");
    crate::suggest::analyze::of_variant(found, field.variant, true)
}
