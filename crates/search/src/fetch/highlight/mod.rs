//! Highlighting: fragments of a hit's fields in which the words that the query sought are marked.
//!
//! In: what a request wants to see ([`Highlight`]), the bound query, and the source of each hit. Out: fragments by field. The kinds `unified`,
//! `plain` and `fvh` answer as OpenSearch's highlighters of these names, whose answers are the specification. Sizes and offsets count UTF-16
//! units. Not here: how patterns become automata ([`TermMatcher`] comes in).

use analysis::{Analyzer, Registry};
use model::error::Error;
use model::mapping::{Field, FieldKind, Variant};
use model::search::{Highlight, HighlightField, HighlightKind};
use serde_json::Value;

use super::value::Origins;
use crate::bind::{BindContext, bind_filter};
use crate::bound::BoundQuery;

mod content;
mod encode;
mod fast;
mod field;
mod leaves;
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

use field::{Binding, FieldHighlight};
pub use marks::{Matchers, TermMatcher};

/// What a request wants to see highlighted, bound to one index.
pub struct Highlighter {
    fields: Vec<FieldHighlight>,
    /// What no hit can be shown with.
    refusal: Option<Error>,
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
        let mut binding = Binding { context, origins: Origins::new(&context.mapping), matchers };
        let mut fields: Vec<FieldHighlight> = Vec::new();
        let mut refusal = None;
        for asked in &request.fields {
            if let Some(error) = refused(asked) {
                refusal = refusal.or(Some(error));
                continue;
            }
            let own = asked.highlight_query.as_ref().map(|query| bind_filter(query, context, None)).transpose()?;
            let query = own.as_ref().unwrap_or(query);
            let pattern = asked.field.contains('*');
            for (name, field) in context.mapping.fields_matching(&asked.field) {
                if pattern && !of_pattern(field, &asked.kind) {
                    continue;
                }
                let bound = FieldHighlight::new(asked, (&name, field), query, &mut binding)?;
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

fn refused(asked: &HighlightField) -> Option<Error> {
    match &asked.kind {
        HighlightKind::Unknown(kind) => {
            let reason = format!("unknown highlighter type [{kind}] for the field [{}]", asked.field);
            Some(Error::illegal_argument(reason))
        }
        _ => None,
    }
}

/// Whether a pattern of names means this field, too.
fn of_pattern(field: &Field, kind: &HighlightKind) -> bool {
    match kind {
        HighlightKind::Fast => field::has_offsets(field),
        _ => {
            let own = matches!(field.variant, Variant::Plain | Variant::MatchOnlyText);
            own && matches!(field.kind, FieldKind::Text | FieldKind::Keyword)
        }
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
