//! A query's tree and a schema: what is asked of the index.

use model::gateway::Gateway;
use model::geo::GeoPoint;
use model::query::full_text::{Match, MatchOptions, MatchPhrase, MultiMatch, MultiMatchKind, ZeroTerms};
use model::query::geo::{Geo, Shape, Validation};
use model::query::ranked::{Corpus, Part, PartKind, Window, WordPattern};
use model::query::term_level::{Bound, Range, Term};
use model::query::{Kind, Query};
use serde_json::Value as Json;

use super::definition::{Attribute, AttributeKind, Definition, EMPTY, FORMS, LENGTH, MAX_FREQ, MISSING, SCORE, STEMS};
use super::vector::measure::within;
use crate::error::RespError;
use crate::syntax::{Affix, Clause, Limit, Node, TagValue};

/// What holds for a whole query.
pub struct Lowering<'l> {
    pub definition: &'l Definition,
    pub gateway: &'l dyn Gateway,
    /// Not made by `FT.CREATE`: texts are analysed as their fields say.
    pub foreign: bool,
    pub language: &'l str,
    /// Words are sought as they are.
    pub verbatim: bool,
    /// `INFIELDS`
    pub fields: Option<&'l [String]>,
    pub slop: Option<u32>,
    pub in_order: bool,
    /// Bytes of a beginning, an end or a middle that finds anything, at least.
    pub min_prefix: usize,
}

type Outcome = Result<Part, RespError>;

/// Where the words of an index' documents lie.
pub fn corpus(definition: &Definition) -> Corpus {
    Corpus {
        pool: definition.pool().to_owned(),
        texts: definition.texts().map(|text| (text.name.clone(), Definition::weight(text))).collect(),
        stems: Some(STEMS.to_owned()),
        forms: definition.keeps_forms().then(|| FORMS.to_owned()),
        length: LENGTH.to_owned(),
        max_freq: MAX_FREQ.to_owned(),
        score: SCORE.to_owned(),
        default_score: definition.score,
    }
}

fn nothing() -> Part {
    Part::new(PartKind::Nothing)
}

fn filter(kind: Kind) -> Part {
    Part::new(PartKind::Filter(Query::new(kind)))
}

impl Lowering<'_> {
    /// # Errors
    /// What cannot be asked of this schema.
    pub fn part(&self, clause: &Clause) -> Outcome {
        self.lower(clause, !self.verbatim)
    }

    fn lower(&self, clause: &Clause, expand: bool) -> Outcome {
        let weight = clause.attributes.weight.unwrap_or(1.0);
        let fields = clause.fields.as_deref();
        let mut part = match &clause.node {
            Node::Empty => nothing(),
            Node::All => Part::new(PartKind::Everything),
            Node::Word { text, number } => {
                let expand = expand && !number;
                let sounds = expand && self.minds_sounds(fields, clause.attributes.phonetic)?;
                return Ok(self.word(text, fields, (expand, sounds, weight)));
            }
            Node::Exact(words) => self.exact(words, clause),
            Node::Blank => self.blank(fields)?,
            Node::Affix(affix) if self.is_short(affix) => nothing(),
            Node::Affix(affix) => self.pattern(pattern(affix, |text| text.to_lowercase()), fields),
            Node::Fuzzy { text, edits } => self.fuzzy(text, *edits, fields),
            Node::And(parts) => self.all(parts, clause, expand)?,
            Node::Or(parts) => {
                let parts: Result<Vec<Part>, RespError> = parts.iter().map(|part| self.lower(part, expand)).collect();
                Part::new(PartKind::Any(parts?))
            }
            Node::Not(inner) => Part::new(PartKind::Not(Box::new(self.lower(inner, false)?))),
            Node::Optional(inner) => Part::new(PartKind::Optional(Box::new(self.lower(inner, false)?))),
            Node::Numeric { from, to } => self.numeric(fields, *from, *to),
            Node::Geo { longitude, latitude, radius, unit } => {
                self.geo(fields, (*longitude, *latitude), metres(*radius, unit))
            }
            Node::Tag(values) => self.tags(fields, values)?,
            Node::Missing(name) => self.missing(name)?,
            Node::VectorRange(range) => match within(range, &clause.attributes, self.definition)? {
                Some(measure) => Part { weight: 0.0, ..filter(Kind::Knn(Box::new(measure.knn))) },
                None => nothing(),
            },
            // Its neighbours are looked for among what is found here.
            Node::Knn(inner, _) => self.lower(inner, false)?,
        };
        part.weight *= weight;
        Ok(part)
    }

    fn all(&self, parts: &[Clause], clause: &Clause, expand: bool) -> Outcome {
        let parts: Result<Vec<Part>, RespError> = parts.iter().map(|part| self.lower(part, expand)).collect();
        let slop = match clause.attributes.slop {
            Some(slop) => u32::try_from(slop).ok(),
            None => self.slop,
        };
        let in_order = clause.attributes.inorder.unwrap_or(self.in_order);
        let window = (slop.is_some() || in_order).then_some(Window { slop, in_order });
        Ok(Part::new(PartKind::All(parts?, window.filter(|_| !self.foreign))))
    }

    /// The attributes of text that a clause is about; `None`: all there are.
    fn texts(&self, fields: Option<&[String]>) -> Option<Vec<&Attribute>> {
        let all: Vec<&Attribute> = self.definition.texts().collect();
        let named = |names: Option<&[String]>, text: &Attribute| names.is_none_or(|names| names.contains(&text.name));
        match fields.or(self.fields) {
            Some(_) => Some(all.into_iter().filter(|text| named(fields, text) && named(self.fields, text)).collect()),
            // None of them has stems, or each has its own: what is sought where must be said.
            None if self.foreign || !all.iter().any(|text| text.is_stemmed()) => Some(all),
            None => None,
        }
    }

    /// Whether words are sought by how they sound.
    fn minds_sounds(&self, fields: Option<&[String]>, asked: Option<bool>) -> Result<bool, RespError> {
        let mut texts = self.definition.texts();
        let some = texts.any(|text| text.is_phonetic() && fields.is_none_or(|fields| fields.contains(&text.name)));
        match asked {
            Some(_) if !some => Err(RespError::line("field does not support phonetics")),
            asked => Ok(some && asked.unwrap_or(true)),
        }
    }

    fn word(&self, text: &str, fields: Option<&[String]>, (expand, sounds, weight): (bool, bool, f64)) -> Part {
        let texts = self.texts(fields);
        if self.foreign {
            return self.foreign_words(text, &texts.unwrap_or_default());
        }
        let names = |stem: bool| {
            let texts = texts.as_ref()?.iter().filter(|text| !stem || text.is_stemmed());
            Some(texts.map(|text| text.name.clone()).collect::<Vec<String>>())
        };
        let leaf =
            |term: &str, stem: bool| Part::new(PartKind::Word { term: term.to_owned(), stem, fields: names(stem) });
        let mut first = leaf(text, false);
        first.weight = weight;
        let mut parts = vec![first];
        if sounds && let Some(code) = self.gateway.sounds(&[text]).pop().filter(|code| !code.is_empty()) {
            let heard = self.definition.texts().filter(|text| {
                text.is_phonetic() && texts.as_ref().is_none_or(|texts| texts.iter().any(|one| one.name == text.name))
            });
            let fields = Some(heard.map(|text| text.name.clone()).collect());
            parts.push(Part::new(PartKind::Word { term: format!("<{code}"), stem: true, fields }));
        }
        if expand {
            let stem = self.gateway.stems(self.language, &[text]).and_then(|mut stems| stems.pop());
            if let Some(stem) = stem {
                parts.push(leaf(&stem, true));
                if stem != text {
                    parts.push(leaf(&stem, false));
                }
            }
            for group in self.definition.synonyms.values().filter(|group| group.contains(text)) {
                parts.extend(group.iter().filter(|word| *word != text).map(|word| leaf(word, false)));
            }
        }
        match parts.len() {
            1 => parts.remove(0),
            _ => Part::new(PartKind::Any(parts)),
        }
    }

    /// Words of fields with analyzers of their own.
    fn foreign_words(&self, text: &str, texts: &[&Attribute]) -> Part {
        let fields: Vec<(String, f32)> = texts.iter().map(|text| (text.name.clone(), 1.0)).collect();
        let text = Json::from(text);
        let options = MatchOptions { lenient: Some(true), ..MatchOptions::default() };
        match fields.as_slice() {
            [] => nothing(),
            [(field, _)] => filter(Kind::Match(Match { field: field.clone(), text, options })),
            _ => filter(Kind::MultiMatch(Box::new(MultiMatch {
                text,
                fields,
                kind: MultiMatchKind::BestFields,
                tie_breaker: None,
                options,
                max_expansions: 50,
            }))),
        }
    }

    fn exact(&self, words: &[String], clause: &Clause) -> Part {
        let fields = clause.fields.as_deref();
        if self.foreign {
            let phrase = |text: &&Attribute| {
                filter(Kind::MatchPhrase(MatchPhrase {
                    field: text.name.clone(),
                    text: words.join(" ").into(),
                    slop: 0,
                    analyzer: None,
                    zero_terms: ZeroTerms::None,
                    max_expansions: 50,
                }))
            };
            return Part::new(PartKind::Any(self.texts(fields).unwrap_or_default().iter().map(phrase).collect()));
        }
        let mut parts: Vec<Part> = words.iter().map(|word| self.word(word, fields, (false, false, 1.0))).collect();
        if parts.len() == 1 {
            return parts.remove(0);
        }
        let slop = clause.attributes.slop.map_or(Some(0), |slop| u32::try_from(slop).ok());
        let in_order = clause.attributes.inorder.unwrap_or(clause.attributes.slop.is_none());
        Part::new(PartKind::All(parts, Some(Window { slop, in_order })))
    }

    /// The empty text, in texts that mind it.
    fn blank(&self, fields: Option<&[String]>) -> Outcome {
        let named = |text: &&Attribute| fields.is_none_or(|fields| fields.contains(&text.name));
        let texts: Vec<&Attribute> = self.definition.texts().filter(named).collect();
        if fields.is_some() && !texts.is_empty() && !texts.iter().any(|text| text.index_empty) {
            return Err(no_empty_texts());
        }
        Ok(Part::new(PartKind::Any(self.empties(fields))))
    }

    /// The empty text, each text that minds it by itself.
    fn empties(&self, fields: Option<&[String]>) -> Vec<Part> {
        let named = |names: Option<&[String]>, text: &Attribute| names.is_none_or(|names| names.contains(&text.name));
        let sought = |text: &&Attribute| text.index_empty && named(fields, text) && named(self.fields, text);
        let empty = self.definition.texts().filter(sought).map(|text| {
            let value = text.name.as_str().into();
            filter(Kind::Term(Term { field: EMPTY.to_owned(), value, case_insensitive: false }))
        });
        empty.collect()
    }

    /// Words within so many edits; the empty text is one, too.
    fn fuzzy(&self, text: &str, edits: u8, fields: Option<&[String]>) -> Part {
        let words = self.pattern(WordPattern::Fuzzy(text.to_owned(), edits), fields);
        let mut empty = if text.chars().count() <= usize::from(edits) { self.empties(fields) } else { Vec::new() };
        if empty.is_empty() {
            return words;
        }
        empty.insert(0, words);
        Part::new(PartKind::Any(empty))
    }

    /// Whether nothing is looked for by it.
    fn is_short(&self, affix: &Affix) -> bool {
        match affix {
            Affix::Prefix(text) | Affix::Suffix(text) | Affix::Infix(text) => text.len() < self.min_prefix,
            Affix::Wildcard(_) => false,
        }
    }

    fn pattern(&self, pattern: WordPattern, fields: Option<&[String]>) -> Part {
        let names: Option<Vec<String>> =
            self.texts(fields).map(|texts| texts.iter().map(|text| text.name.clone()).collect());
        if self.foreign {
            let each = names.unwrap_or_default().into_iter();
            return Part::new(PartKind::Any(each.map(|name| filter(pattern.query(name).kind)).collect()));
        }
        // Stems are words with a plus before them to the search module: what takes any beginning takes them, too.
        let stems = match &pattern {
            WordPattern::Prefix(_) => None,
            WordPattern::Suffix(_) | WordPattern::Infix(_) => Some(self.stems(pattern.clone(), fields)),
            WordPattern::Wildcard(text) if text.starts_with('*') => Some(self.stems(pattern.clone(), fields)),
            WordPattern::Wildcard(text) => {
                let rest = text.strip_prefix('?').map(str::to_owned);
                rest.map(|rest| self.stems(WordPattern::Wildcard(rest), fields))
            }
            WordPattern::Fuzzy(text, 1) => {
                let names = self.stemmed(fields);
                Some(Part::new(PartKind::Word { term: text.clone(), stem: true, fields: names }))
            }
            WordPattern::Fuzzy(text, edits) => Some(self.stems(WordPattern::Fuzzy(text.clone(), edits - 1), fields)),
        };
        let words = Part::new(PartKind::Words { pattern, stem: false, fields: names });
        match stems {
            Some(stems) => Part::new(PartKind::First(vec![stems, words])),
            None => words,
        }
    }

    /// The texts of a clause that have stems; `None`: all there are.
    fn stemmed(&self, fields: Option<&[String]>) -> Option<Vec<String>> {
        let texts = self.texts(fields)?;
        Some(texts.iter().filter(|text| text.is_stemmed()).map(|text| text.name.clone()).collect())
    }

    fn stems(&self, pattern: WordPattern, fields: Option<&[String]>) -> Part {
        Part::new(PartKind::Words { pattern, stem: true, fields: self.stemmed(fields) })
    }

    /// The attribute that a clause is about, if it is of the kind that is asked for and indexed.
    fn attribute(&self, fields: Option<&[String]>, is: impl Fn(&AttributeKind) -> bool) -> Option<&Attribute> {
        let found = self.definition.attribute(fields?.first()?)?;
        Some(found).filter(|attribute| is(&attribute.kind) && !attribute.no_index)
    }

    fn numeric(&self, fields: Option<&[String]>, from: Limit, to: Limit) -> Part {
        match self.attribute(fields, |kind| *kind == AttributeKind::Numeric) {
            Some(attribute) => range(&attribute.name, from, to),
            None => nothing(),
        }
    }

    fn geo(&self, fields: Option<&[String]>, (longitude, latitude): (f64, f64), radius_m: f64) -> Part {
        match self.attribute(fields, |kind| *kind == AttributeKind::Geo) {
            Some(attribute) => circle(&attribute.name, (longitude, latitude), radius_m),
            None => nothing(),
        }
    }

    fn tags(&self, fields: Option<&[String]>, values: &[TagValue]) -> Outcome {
        let empty = |value: &TagValue| matches!(value, TagValue::Whole { value, .. } if value.is_empty());
        let named = fields.and_then(|fields| self.definition.attribute(fields.first()?));
        if values.iter().any(empty) && !named.is_some_and(|attribute| attribute.index_empty) {
            let holds_texts = self.definition.attributes.iter().any(|one| one.is_text() || one.is_tag());
            return if holds_texts { Err(no_empty_texts()) } else { Ok(nothing()) };
        }
        let found = self.attribute(fields, |kind| matches!(kind, AttributeKind::Tag { .. }));
        let Some(attribute) = found else { return Ok(nothing()) };
        let mut parts = Vec::with_capacity(values.len());
        for value in values {
            parts.push(match value {
                TagValue::Whole { value, .. } => {
                    let value = value.trim().to_owned();
                    Part::new(PartKind::Value { field: attribute.name.clone(), value })
                }
                TagValue::Affix(affix) if self.is_short(affix) => nothing(),
                TagValue::Affix(affix) => filter(pattern(affix, str::to_owned).query(attribute.name.clone()).kind),
            });
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => Part::new(PartKind::Any(parts)),
        })
    }

    fn missing(&self, name: &str) -> Outcome {
        let Some(attribute) = self.definition.attribute(name) else { return Ok(nothing()) };
        if self.foreign {
            let exists = Part::new(PartKind::Filter(Query::new(Kind::Exists { field: name.to_owned() })));
            return Ok(Part::new(PartKind::Not(Box::new(exists))));
        }
        if !attribute.index_missing {
            return Err(RespError::line(format!(
                "'ismissing' requires field '{name}' to be defined with 'INDEXMISSING'"
            )));
        }
        Ok(filter(Kind::Term(Term { field: MISSING.to_owned(), value: name.into(), case_insensitive: false })))
    }
}

fn no_empty_texts() -> RespError {
    RespError::line("Use `INDEXEMPTY` in field creation in order to index and query for empty strings")
}

fn pattern(affix: &Affix, text_of: impl Fn(&str) -> String) -> WordPattern {
    match affix {
        Affix::Prefix(text) => WordPattern::Prefix(text_of(text)),
        Affix::Suffix(text) => WordPattern::Suffix(text_of(text)),
        Affix::Infix(text) => WordPattern::Infix(text_of(text)),
        Affix::Wildcard(text) => WordPattern::Wildcard(text_of(text)),
    }
}

/// Numbers between two limits.
pub fn range(field: &str, from: Limit, to: Limit) -> Part {
    // Infinity is kept as the greatest number there is.
    let bound = |limit: Limit, open: f64| {
        let value = limit.value.clamp(-f64::MAX, f64::MAX);
        (limit.value != open).then(|| Bound { value: Json::from(value), inclusive: limit.inclusive })
    };
    // A range that ends before it begins holds nothing.
    if from.value > to.value {
        return nothing();
    }
    filter(Kind::Range(Box::new(Range {
        field: field.to_owned(),
        lower: bound(from, f64::NEG_INFINITY),
        upper: bound(to, f64::INFINITY),
        format: None,
        time_zone: None,
        relation: None,
    })))
}

/// Places within a circle.
pub fn circle(field: &str, (longitude, latitude): (f64, f64), radius_m: f64) -> Part {
    let on_globe = (-180.0..=180.0).contains(&longitude) && (-90.0..=90.0).contains(&latitude);
    if !on_globe || radius_m.is_nan() || radius_m <= 0.0 {
        return nothing();
    }
    filter(Kind::Geo(Box::new(Geo {
        field: field.to_owned(),
        shape: Shape::Distance { center: GeoPoint { lat: latitude, lon: longitude }, radius_m },
        validation: Validation::Strict,
        ignore_unmapped: true,
    })))
}

pub fn metres(radius: f64, unit: &str) -> f64 {
    radius
        * match unit {
            "km" => 1000.0,
            "mi" => 1609.34,
            "ft" => 0.3048,
            _ => 1.0,
        }
}

/// A tree over fields with analyzers of their own, scored as the index scores.
pub fn plain(part: &Part) -> Query {
    use model::query::compound::Boolean;
    let all = |parts: &[Part]| parts.iter().map(plain).collect::<Vec<Query>>();
    let mut query = match &part.kind {
        PartKind::Everything => Query::match_all(),
        PartKind::Filter(query) => query.clone(),
        PartKind::Value { field, value } => {
            Query::new(Kind::Term(Term { field: field.clone(), value: value.as_str().into(), case_insensitive: false }))
        }
        PartKind::All(parts, _) => {
            let mut clauses = Boolean::default();
            for part in parts {
                match &part.kind {
                    PartKind::Not(inner) => clauses.must_not.push(plain(inner)),
                    PartKind::Optional(inner) => clauses.should.push(plain(inner)),
                    _ => clauses.must.push(plain(part)),
                }
            }
            if clauses.must.is_empty() {
                clauses.must.push(Query::match_all());
            }
            Query::new(Kind::Bool(clauses))
        }
        PartKind::Any(parts) if parts.is_empty() => Query::new(Kind::MatchNone),
        PartKind::Any(parts) | PartKind::First(parts) => {
            Query::new(Kind::Bool(Boolean { should: all(parts), ..Boolean::default() }))
        }
        PartKind::Not(inner) => Query::new(Kind::Bool(Boolean { must_not: vec![plain(inner)], ..Boolean::default() })),
        PartKind::Optional(inner) => Query::new(Kind::Bool(Boolean {
            must: vec![Query::match_all()],
            should: vec![plain(inner)],
            ..Boolean::default()
        })),
        PartKind::Nothing | PartKind::Word { .. } | PartKind::Words { .. } => Query::new(Kind::MatchNone),
    };
    query.boost *= part.weight as f32;
    query
}
