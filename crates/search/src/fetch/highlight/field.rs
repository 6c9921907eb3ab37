//! One field that is highlighted: bound to an index, and the fragments of a hit.

use std::sync::Arc;

use model::error::Error;
use model::mapping::{Field, FieldKind, IndexOptions};
use model::search::{BoundaryScanner, HighlightField, HighlightKind};
use serde_json::Value;

use super::super::extract::java_text;
use super::super::value::{FieldValues, Origins};
use super::content::{Analysis, Content};
use super::encode::Style;
use super::fast::{Fast, Looked, Sought};
use super::marks::{Marks, Matchers, Wanted};
use super::plain::Plain;
use super::scanner::Fragments;
use super::unified::Unified;
use super::{HitSource, analyzer_of};
use crate::bind::BindContext;
use crate::bound::BoundQuery;

/// What fields are bound with.
pub(super) struct Binding<'a, 'm> {
    pub(super) context: &'a BindContext,
    pub(super) origins: Origins<'a>,
    pub(super) matchers: Matchers<'m>,
}

pub(super) struct FieldHighlight {
    /// As asked: an alias under its own name.
    pub(super) name: String,
    read: Read,
    max_offset: Option<u32>,
    /// `index.highlight.max_analyzed_offset`: longer texts are refused unless the request says how much of them to look at.
    limit: u32,
    index: Arc<str>,
    /// The index knows the offsets, so that length does not matter.
    offsets: bool,
    kind: Kind,
}

/// Where the texts of a field come from.
struct Read {
    path: Arc<str>,
    values: FieldValues,
    /// Values come from wherever they were copied from.
    stored: bool,
}

enum Kind {
    /// As the field itself looks at its text, and as those do whose words are marked in it, too.
    Unified(Unified, Vec<Analysis>, Marks),
    Plain(Plain, Marks),
    Fast(Box<Vectors>),
    /// No hit can be shown with it.
    Refused(Error),
}

/// The highlighter `fvh`, and the fields whose words it looks at.
struct Vectors {
    fast: Fast,
    sought: Sought,
    looked: Vec<(Read, Analysis)>,
    require_field_match: bool,
}

/// Whether the field keeps the offsets of its words beside them.
pub(super) fn has_offsets(field: &Field) -> bool {
    term_vectors(field).contains("offsets")
}

/// Whether the field's words are found in its text without cutting it anew.
fn knows_offsets(field: &Field) -> bool {
    field.index_options == IndexOptions::Offsets || has_offsets(field)
}

fn term_vectors(field: &Field) -> &str {
    field.explicit.get("term_vector").and_then(Value::as_str).unwrap_or_default()
}

impl FieldHighlight {
    /// # Errors
    /// As `matchers` makes them.
    pub(super) fn new(
        asked: &HighlightField,
        (name, field): (&str, &Field),
        query: &BoundQuery,
        binding: &mut Binding<'_, '_>,
    ) -> Result<Self, Error> {
        let kind = match asked.kind {
            HighlightKind::Fast => match Vectors::new(asked, field, query, binding)? {
                Ok(vectors) => Kind::Fast(Box::new(vectors)),
                Err(refusal) => Kind::Refused(refusal),
            },
            _ => Kind::new(asked, field, query, binding)?,
        };
        Ok(Self {
            name: name.to_owned(),
            read: Read::new(field, binding)?,
            max_offset: asked.max_analyzed_offset,
            limit: binding.context.settings.max_analyzed_offset,
            index: binding.context.index.name.clone(),
            offsets: knows_offsets(field),
            kind,
        })
    }

    pub(super) fn highlight(&self, hit: HitSource<'_>) -> Result<Vec<String>, Error> {
        if !self.kind.can_show()? {
            return Ok(Vec::new());
        }
        let values = self.read.texts(hit)?;
        match &self.kind {
            Kind::Plain(plain, marks) => {
                let lengths = values.iter().map(|value| value.encode_utf16().count() as u32);
                self.check_length(lengths.max().unwrap_or(0), hit.doc)?;
                match self.max_offset {
                    None => Ok(plain.highlight(&values, marks)),
                    Some(most) => {
                        let begun: Vec<String> = values.iter().map(|value| beginning(value, most)).collect();
                        Ok(plain.highlight(&begun, marks))
                    }
                }
            }
            Kind::Unified(unified, ways, marks) if !values.is_empty() => {
                let content = Content::new(&values);
                self.check_length(content.length, hit.doc)?;
                Ok(unified.highlight(&content, ways, marks))
            }
            Kind::Fast(vectors) => vectors.highlight(&values, hit),
            _ => Ok(Vec::new()),
        }
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
                self.read.path
            )));
        }
        Ok(())
    }
}

impl Kind {
    /// Whether there can be anything to see.
    ///
    /// # Errors
    /// Why no hit can be shown.
    fn can_show(&self) -> Result<bool, Error> {
        match self {
            Self::Unified(unified, _, marks) => Ok(unified.no_match > 0 || !marks.is_empty()),
            Self::Plain(plain, marks) => Ok(plain.no_match > 0 || !marks.is_empty()),
            Self::Fast(_) => Ok(true),
            Self::Refused(error) => Err(error.clone()),
        }
    }

    /// The highlighters that need no term vectors.
    fn new(
        asked: &HighlightField,
        field: &Field,
        query: &BoundQuery,
        binding: &mut Binding<'_, '_>,
    ) -> Result<Self, Error> {
        let plain = asked.kind == HighlightKind::Plain;
        let matched = asked.matched_fields.iter().filter(|_| !plain);
        // The field itself counts again where it is named, too.
        let matched = matched.filter_map(|name| binding.context.mapping.field(name)).map(|other| &**other);
        let all: Vec<&Field> = std::iter::once(field).chain(matched).collect();
        let paths: Vec<_> = all.iter().map(|field| field.path.clone()).collect();
        let wanted = Wanted { fields: asked.require_field_match.then_some(&paths), exclusions: plain };
        let marks = Marks::new(query, wanted, binding.matchers)?;
        let tag = |tags: &[String]| tags.first().cloned().unwrap_or_default();
        let style = Style { before: tag(&asked.pre_tags), behind: tag(&asked.post_tags), html: asked.html_encoder };
        let (no_match, by_score) = (asked.no_match_size, asked.order_by_score);
        let count = asked.number_of_fragments as usize;
        Ok(match asked.kind {
            HighlightKind::Plain => {
                let analysis = analysis_of(field, binding.context);
                let (size, simple) = (asked.fragment_size, asked.fragmenter_simple);
                Self::Plain(Plain { analysis, count, size, no_match, by_score, simple, style }, marks)
            }
            _ => {
                let fragments = fragments_of(asked, field);
                let cuts = fragments != Fragments::Whole && (no_match > 0 || !marks.is_empty());
                if cuts && asked.boundary_scanner == BoundaryScanner::Chars {
                    return Ok(Self::Refused(Error::illegal_argument("Invalid boundary scanner type: chars")));
                }
                let way = |field: &&Field| {
                    // What a pattern stands for is looked for in the text, unless the words of the document are kept.
                    let known = has_offsets(field) || knows_offsets(field) && marks.patterns.is_empty();
                    let limit = asked.max_analyzed_offset.filter(|_| !known).unwrap_or(u32::MAX);
                    Analysis { limit, ..analysis_of(field, binding.context) }
                };
                let ways = all.iter().map(way).collect();
                let count = if count == 0 { usize::MAX } else { count };
                Self::Unified(Unified { fragments, count, no_match, by_score, style }, ways, marks)
            }
        })
    }
}

impl Read {
    fn new(field: &Field, binding: &Binding<'_, '_>) -> Result<Self, Error> {
        let values = FieldValues::new(field, &binding.origins, &binding.context.analysis, None)?;
        Ok(Self { path: field.path.clone(), values, stored: field.store })
    }

    fn texts(&self, hit: HitSource<'_>) -> Result<Vec<String>, Error> {
        let values = if self.stored || hit.ignored.iter().any(|ignored| **ignored == *self.path) {
            self.values.stored(hit.source)
        } else {
            self.values.fetched(hit.source)?
        };
        Ok(values.iter().map(java_text).collect())
    }
}

impl Vectors {
    /// The highlighter, or why no hit can be shown with it.
    fn new(
        asked: &HighlightField,
        field: &Field,
        query: &BoundQuery,
        binding: &mut Binding<'_, '_>,
    ) -> Result<Result<Self, Error>, Error> {
        if !has_offsets(field) {
            return Ok(Err(Error::illegal_argument(format!(
                "the field [{}] should be indexed with term vector with position offsets to be used with fast vector highlighter",
                field.path
            ))));
        }
        let fast = match Fast::new(asked) {
            Ok(fast) => fast,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let sought = Sought::new(query, binding.matchers)?;
        let mut looked = Vec::new();
        let mut look = |field: &Field| -> Result<(), Error> {
            // Without positions or without offsets nothing can be marked.
            if term_vectors(field).starts_with("with_positions_offsets") {
                looked.push((Read::new(field, binding)?, analysis_of(field, binding.context)));
            }
            Ok(())
        };
        let mapping = &binding.context.mapping;
        match &asked.matched_fields[..] {
            [] => look(field)?,
            names => names.iter().filter_map(|name| mapping.field(name)).try_for_each(|field| look(field))?,
        }
        Ok(Ok(Self { fast, sought, looked, require_field_match: asked.require_field_match }))
    }

    fn highlight(&self, values: &[String], hit: HitSource<'_>) -> Result<Vec<String>, Error> {
        let texts = self.looked.iter().map(|(read, _)| read.texts(hit)).collect::<Result<Vec<_>, Error>>()?;
        let looked = self.looked.iter().zip(&texts).map(|((read, analysis), values)| Looked {
            values,
            analysis,
            field: self.require_field_match.then_some(&*read.path),
        });
        Ok(self.fast.highlight(values, &looked.collect::<Vec<_>>(), &self.sought))
    }
}

/// The first `most` UTF-16 units of a text.
fn beginning(text: &str, most: u32) -> String {
    let mut units = 0;
    let within = |c: &char| {
        units += c.len_utf16() as u32;
        units <= most
    };
    text.chars().take_while(within).collect()
}

/// How the values of a field become words.
fn analysis_of(field: &Field, context: &BindContext) -> Analysis {
    let analyzer = analyzer_of(field, &context.analysis);
    let given = field.explicit.contains_key("position_increment_gap");
    let gap = if given { field.position_increment_gap } else { analyzer.position_gap() };
    Analysis { analyzer, gap, limit: u32::MAX }
}

fn fragments_of(asked: &HighlightField, field: &Field) -> Fragments {
    match asked.boundary_scanner {
        _ if asked.number_of_fragments == 0 || field.kind != FieldKind::Text => Fragments::Whole,
        BoundaryScanner::Word => Fragments::Words,
        _ if asked.fragment_size == 0 => Fragments::Sentences,
        _ => Fragments::BoundedSentences(asked.fragment_size),
    }
}
