//! A query bound to one index: fields are those of its mapping, text is analysed, values are typed and coded.
//!
//! `bind` makes it, shards execute it. It names fields by full path; a shard that has never seen a field finds nothing in it.

use std::fmt;
use std::ops::Bound;
use std::sync::Arc;

use model::geo::GeoPoint;
use model::geo::area::Area;
use model::geo::shape::relate::Question;
use model::mapping::Mapping;
use model::mapping::vector::VectorField;
use model::query::compound::{BoostMode, DecayShape, Modifier, MultiValueMode, ScoreMode};
use model::query::full_text::Frequency;
use model::query::nested::NestedScore;
use model::query::ranked::{Corpus, Scorer, Window};
use regex_syntax::hir::Hir;
use script::program::Program;
use serde_json::{Map, Value};

use crate::feature::{BoundFeature, BoundRanges};
use crate::interval::BoundIntervals;
use crate::percolate::BoundPercolate;
use crate::span::BoundSpans;

/// Full dotted path of a leaf field, aliases resolved.
pub type FieldName = Arc<str>;

/// A term as the index holds it: UTF-8 for text, keywords and booleans (`T`, `F`), 16 bytes for addresses (IPv6, IPv4 mapped),
/// 8 bytes for numbers ([`model::number::term_from_ordered`]).
pub type TermBytes = Arc<[u8]>;

#[derive(Clone, Debug, PartialEq)]
pub struct BoundQuery {
    pub kind: BoundKind,
    /// Factor on the score; multiplies downwards.
    pub boost: f32,
    pub name: Option<Arc<str>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum BoundKind {
    /// Score 1.
    MatchAll,
    /// Matches nothing; says why.
    MatchNone(String),
    /// BM25 of one term.
    Term(FieldName, TermBytes),
    /// Several terms as if they were one: frequencies added, the greatest document frequency.
    Synonyms(FieldName, Vec<TermBytes>),
    /// `cross_fields`: one word in several fields with factors; document frequencies are shared among the fields.
    Blended {
        terms: Vec<(FieldName, TermBytes, f32)>,
        tie_breaker: f32,
    },
    /// Words of a field, put together by how frequent each is.
    ByFrequency(Box<WordsByFrequency>),
    /// One word in several fields that count as one.
    Combined(BoundCombined),
    /// Any of these terms, score 1. Sorted, distinct.
    Terms(FieldName, Vec<TermBytes>),
    /// Any of these numbers (codes), score 1. Sorted, distinct.
    Numbers(FieldName, Vec<i64>),
    /// Numbers from `.0` to `.1`, both inside, score 1.
    NumberRange(FieldName, i64, i64),
    /// Terms between bounds in byte order, score 1.
    TermRange(FieldName, Bound<TermBytes>, Bound<TermBytes>),
    /// Places inside an area, score 1.
    Geo(FieldName, Arc<Area>),
    /// Shapes by how they stand to one.
    Shape(FieldName, Arc<Question>),
    Phrase(Phrase),
    /// The terms of a field that a pattern accepts.
    Expand(Expand),
    /// Documents with a value in any of these fields, score 1.
    Exists(Vec<FieldName>),
    /// Documents by id, score 1. Sorted, distinct.
    Ids(Vec<Arc<str>>),
    /// Documents whose id or number falls to one of several parts, score 1.
    Slice(BoundSlice),
    Bool(BoundBool),
    Boosting {
        positive: Box<BoundQuery>,
        negative: Box<BoundQuery>,
        negative_boost: f32,
    },
    ConstantScore(Box<BoundQuery>),
    DisMax {
        queries: Vec<BoundQuery>,
        tie_breaker: f32,
    },
    FunctionScore(Box<BoundFunctionScore>),
    /// Full text as the Redis dialect ranks it.
    Ranked(Box<BoundRanked>),
    /// Documents by what lies inside of them.
    Nested(Box<BoundNested>),
    Joined(Box<BoundJoined>),
    /// All objects inside of documents, score 1.
    InsideOf(Box<BoundInside>),
    Knn(Box<BoundKnn>),
    Approximate(Box<BoundApproximate>),
    TermsSet(Box<BoundTermsSet>),
    MoreLikeThis(Box<BoundLikeness>),
    Spans(Box<BoundSpans>),
    Intervals(Box<BoundIntervals>),
    /// Ranges that stand to one as it asks, score 1.
    Ranges(Box<BoundRanges>),
    /// The values of a feature, each scored by a function.
    Feature(Box<BoundFeature>),
    /// Stored queries that match documents.
    Percolate(BoundPercolate),
}

/// Rare words, of which some are sought, and frequent ones, which add to the score of what those match; where all are frequent they are sought
/// together.
#[derive(Clone, Debug, PartialEq)]
pub struct WordsByFrequency {
    pub field: FieldName,
    pub terms: Vec<TermBytes>,
    /// From 1 on a number of documents, below a share of all: a word in more of them is frequent.
    pub cutoff: f32,
    pub rare: Frequency,
    pub frequent: Frequency,
}

/// Documents with the telling words of others: which they are, how often words occur in the index decides.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundLikeness {
    /// Of documents, field by field; words are sought in their own.
    pub documents: Vec<LikeWords>,
    /// Of texts; each word is sought in the field where most documents have it.
    pub texts: Option<LikeWords>,
    pub max_query_terms: usize,
    pub min_doc_freq: u64,
    pub max_doc_freq: u64,
    /// Of the words that are chosen.
    pub minimum_should_match: String,
    pub boost_terms: f32,
}

/// Words, each with how often it occurs, and where they may be sought.
#[derive(Clone, Debug, PartialEq)]
pub struct LikeWords {
    pub fields: Vec<FieldName>,
    pub words: Vec<(TermBytes, u32)>,
}

/// Documents with as many of these as they ask for, at least one; scores add up.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundTermsSet {
    pub terms: Vec<BoundQuery>,
    pub minimum: BoundMinimum,
}

#[derive(Clone, Debug, PartialEq)]
pub enum BoundMinimum {
    /// A column; documents without a value do not match.
    Field(FieldName, NumberCode),
    Script(Arc<BoundScript>),
}

/// BM25 of one word in several fields as if they were one: frequencies, lengths and counts of words are added up, each times the factor
/// of its field; a word is in as many documents as the field has where it is most frequent.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundCombined {
    /// With factors of 1 or more, sorted by name.
    pub fields: Vec<(FieldName, f32)>,
    pub term: TermBytes,
}

impl fmt::Display for BoundCombined {
    /// As Lucene writes it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "CombinedFieldQuery((")?;
        for (at, (field, factor)) in self.fields.iter().enumerate() {
            let space = if at == 0 { "" } else { " " };
            let factor = if *factor == 1.0 { String::new() } else { format!("^{factor:?}") };
            write!(out, "{space}{field}{factor}")?;
        }
        write!(out, ")({}))", String::from_utf8_lossy(&self.term))
    }
}

/// Documents by the others of their family.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundJoined {
    /// Its value is the id of the parent, in the parent and in its children.
    pub field: FieldName,
    /// The others, of which `least` to `most` must match.
    pub inner: BoundQuery,
    pub least: u32,
    pub most: u32,
    /// Which documents are meant.
    pub to: BoundQuery,
    /// How the scores of the others become the document's; with none of them it is 1.
    pub score: NestedScore,
    /// Whether the others are shown with it, with their scores.
    pub shown: bool,
}

/// A script over documents, and what it needs to read their fields.
#[derive(Clone)]
pub struct BoundScript {
    pub source: String,
    pub params: Map<String, Value>,
    pub program: Program,
    pub mapping: Arc<Mapping>,
}

impl fmt::Debug for BoundScript {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "script({:?}, {:?})", self.source, self.params)
    }
}

impl PartialEq for BoundScript {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.params == other.params
    }
}

/// One of `of` parts of all documents, told apart by a hash.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundSlice {
    /// A column of numbers; `None`: the ids. Documents without a value fall to the first part.
    pub field: Option<FieldName>,
    pub part: u32,
    pub of: u32,
}

/// Documents with an object at `path` that `query` matches.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundNested {
    pub path: FieldName,
    /// The nested objects whose documents these are; `None`: the outermost documents. It lies around `path`.
    pub parent: Option<FieldName>,
    pub query: BoundQuery,
    pub score_mode: NestedScore,
}

/// Whatever lies inside of documents that match.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundInside {
    /// The nested objects that are meant; `None`: the outermost documents.
    pub around: Option<FieldName>,
    pub query: BoundQuery,
}

/// The documents of a shard whose vectors are nearest to one; they score by their distance.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundKnn {
    pub field: FieldName,
    pub vectors: VectorField,
    /// As many numbers as the field's vectors have, all of which it can hold.
    pub vector: Arc<[f32]>,
    pub reach: BoundReach,
    /// Nested objects have the vectors, and are what is found.
    pub objects: Option<KnnObjects>,
    /// Only these count, of those that have the vectors.
    pub filter: Option<BoundQuery>,
    /// Scores are distances negated.
    pub by_distance: bool,
}

/// Nested objects that are found by their vectors.
#[derive(Clone, Debug, PartialEq)]
pub struct KnnObjects {
    pub path: FieldName,
    /// `None`: each object stands for itself.
    pub grouped: Option<KnnGroups>,
}

/// So many documents are found as objects are wanted, each by its nearest.
#[derive(Clone, Debug, PartialEq)]
pub struct KnnGroups {
    /// The nested objects whose documents these are; `None`: the outermost documents.
    pub parent: Option<FieldName>,
    /// All objects of the documents found, rather than the nearest.
    pub all: bool,
}

/// Documents with a term that part of matches a pattern within edits: fewer edits score higher, then shorter terms.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundApproximate {
    pub field: FieldName,
    /// As it was written.
    pub pattern: String,
    pub hir: Hir,
    pub edits: u8,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BoundReach {
    /// The `k` nearest, of them those up to the distance `within`. `ef`: candidates of a walk; `oversample`: how many times `k` are compared in full.
    Nearest { k: u32, ef: u32, oversample: Option<f32>, within: Option<f32> },
    /// All up to a distance.
    Within(f32),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoundBool {
    pub must: Vec<BoundQuery>,
    pub should: Vec<BoundQuery>,
    pub filter: Vec<BoundQuery>,
    pub must_not: Vec<BoundQuery>,
    /// How many of `should` must match, resolved against their number; greater than it: nothing matches.
    pub minimum_should_match: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    pub field: FieldName,
    /// In order of position; the first need not be 0.
    pub positions: Vec<PhrasePosition>,
    /// Moves allowed to bring the words into order (edit distance of positions, as Lucene's sloppy phrases).
    pub slop: u32,
    /// `match_phrase_prefix`: the terms of the last position are prefixes, expanded to at most so many terms.
    pub prefix_expansions: Option<u32>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PhrasePosition {
    pub position: u32,
    /// Any of these.
    pub terms: Vec<TermBytes>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expand {
    pub field: FieldName,
    pub pattern: Pattern,
    pub rewrite: Rewrite,
}

/// What accepts terms. Texts are already normalised.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    Prefix {
        prefix: String,
        case_insensitive: bool,
    },
    /// `*`, `?`, `\` escapes.
    Wildcard {
        pattern: String,
        case_insensitive: bool,
    },
    /// Lucene's syntax, anchored.
    Regexp {
        pattern: String,
        flags: RegexpFlags,
        case_insensitive: bool,
        max_determinized_states: u32,
    },
    Fuzzy {
        text: String,
        edits: u8,
        prefix_length: u32,
        max_expansions: u32,
        transpositions: bool,
    },
}

/// Optional operators of Lucene's regular expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RegexpFlags {
    pub complement: bool,
    pub interval: bool,
    pub intersection: bool,
    pub any_string: bool,
    pub empty: bool,
}

/// How the accepted terms score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewrite {
    /// All of them, score 1.
    Constant,
    /// Each by BM25; more than `max_clause_count` is an error.
    ScoringBoolean,
    /// The best `n` by closeness then term order; BM25 with the greatest document frequency among them, times closeness.
    TopTermsBlended(u32),
    /// The best `n`, each by BM25.
    TopTerms(u32),
    /// The best `n`, each by its closeness alone.
    TopTermsBoost(u32),
}

#[derive(Clone, Debug, PartialEq)]
pub struct BoundFunctionScore {
    pub query: BoundQuery,
    pub functions: Vec<BoundFunction>,
    pub score_mode: ScoreMode,
    pub boost_mode: BoostMode,
    pub max_boost: f32,
    pub min_score: Option<f32>,
    /// Its boost is a factor on what comes out, not on the query's score.
    pub boosts_result: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BoundFunction {
    pub filter: Option<BoundQuery>,
    pub weight: Option<f32>,
    pub function: Option<ScoreFunction>,
}

/// How a column's codes are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumberCode {
    /// Integers, booleans, dates in their resolution.
    Long,
    Unsigned,
    Double,
    /// Integers that stand for `value / factor`.
    Scaled(f64),
    /// Nanoseconds that stand for whole milliseconds.
    Nanos,
}

/// The value that a random score is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum RandomOf {
    Id,
    Number(FieldName, NumberCode),
    /// The least term of a field of whole values.
    Term(FieldName),
}

#[derive(Clone, Debug, PartialEq)]
pub enum ScoreFunction {
    /// Reproducible from `seed`, `salt` (which differs by index) and a value of the document, in [0, 1).
    Random { seed: i64, salt: i32, of: RandomOf },
    /// `missing` `None`: a document without a value is an error.
    FieldValue { field: FieldName, code: NumberCode, factor: f32, modifier: Modifier, missing: Option<f64> },
    /// `origin`, `scale`, `offset` in the column's unit (dates: milliseconds). With `place` the column holds places, whose values are metres
    /// from there.
    Decay {
        shape: DecayShape,
        field: FieldName,
        code: NumberCode,
        place: Option<GeoPoint>,
        origin: f64,
        scale: f64,
        offset: f64,
        decay: f64,
        mode: MultiValueMode,
    },
    /// A number, or true (1) and false (0).
    Script(Arc<BoundScript>),
    /// `pivot / (pivot + distance)` of the nearest value; units as of `Decay`.
    Distance { field: FieldName, code: NumberCode, place: Option<GeoPoint>, origin: f64, pivot: f64 },
}

/// A query scored by one formula over all fields of text; see [`model::query::ranked`].
#[derive(Clone, Debug, PartialEq)]
pub struct BoundRanked {
    /// Finds at least what `part` does, without scores.
    pub candidates: BoundQuery,
    /// Some of what `candidates` finds is not meant: words do not stand as near as they must.
    pub verify: bool,
    pub part: RankedPart,
    pub scorer: Scorer,
    pub corpus: Corpus,
}

/// A part of it, with a factor on its score.
#[derive(Clone, Debug, PartialEq)]
pub struct RankedPart {
    pub kind: RankedKind,
    pub weight: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum RankedKind {
    Everything,
    Nothing,
    /// A term of the pool of words or (`stem`) of stems, found in `fields` or anywhere.
    Word {
        pool: FieldName,
        term: TermBytes,
        stem: bool,
        fields: Option<Vec<FieldName>>,
    },
    /// The terms of the pool that a pattern accepts, found in `fields` or anywhere.
    Words {
        pool: FieldName,
        pattern: Pattern,
        stem: bool,
        fields: Option<Vec<FieldName>>,
    },
    Value {
        field: FieldName,
        term: TermBytes,
    },
    Filter(BoundQuery),
    All(Vec<RankedPart>, Option<Window>),
    Any(Vec<RankedPart>),
    First(Vec<RankedPart>),
    Not(Box<RankedPart>),
    Optional(Box<RankedPart>),
}

impl BoundQuery {
    pub fn new(kind: BoundKind) -> Self {
        Self { kind, boost: 1.0, name: None }
    }

    /// Whether its scores depend on how often terms occur: only then are an index' statistics worth gathering.
    pub fn needs_statistics(&self) -> bool {
        use BoundKind as K;
        match &self.kind {
            K::Term(..) | K::Synonyms(..) | K::Blended { .. } | K::Combined(_) => true,
            K::Phrase(_) | K::MoreLikeThis(_) | K::Spans(_) | K::ByFrequency(_) => true,
            K::Expand(expand) => expand.rewrite != Rewrite::Constant,
            K::Bool(bool) => {
                let filters = bool.filter.iter().chain(&bool.must_not).any(Self::chooses_words);
                filters || bool.must.iter().chain(&bool.should).any(Self::needs_statistics)
            }
            K::ConstantScore(inner) => inner.chooses_words(),
            K::Boosting { positive, .. } => positive.needs_statistics(),
            K::DisMax { queries, .. } => queries.iter().any(Self::needs_statistics),
            K::FunctionScore(function) => function.query.needs_statistics(),
            K::Ranked(ranked) => !matches!(ranked.scorer, Scorer::None | Scorer::DocScore),
            // Inner hits are scored even where the query is a filter.
            K::Nested(nested) => nested.query.needs_statistics(),
            K::Joined(joined) if joined.score != NestedScore::None || joined.shown => joined.inner.needs_statistics(),
            K::Joined(joined) => joined.inner.chooses_words(),
            K::TermsSet(set) => set.terms.iter().any(Self::needs_statistics),
            _ => false,
        }
    }

    /// Whether how often words occur decides what it matches.
    pub(crate) fn chooses_words(&self) -> bool {
        use BoundKind as K;
        match &self.kind {
            K::MoreLikeThis(_) | K::ByFrequency(_) => true,
            K::Bool(bool) => {
                let all = bool.must.iter().chain(&bool.should).chain(&bool.filter).chain(&bool.must_not);
                all.into_iter().any(Self::chooses_words)
            }
            K::ConstantScore(inner) => inner.chooses_words(),
            K::DisMax { queries, .. } => queries.iter().any(Self::chooses_words),
            K::Nested(nested) => nested.query.chooses_words(),
            K::Joined(joined) => joined.inner.chooses_words(),
            _ => false,
        }
    }

    /// Has every word, phrase and pattern in it score 1 where it matches.
    pub fn silence(&mut self) {
        use BoundKind as K;
        match &mut self.kind {
            K::Bool(bool) => bool.must.iter_mut().chain(&mut bool.should).for_each(Self::silence),
            K::DisMax { queries, .. } => queries.iter_mut().for_each(Self::silence),
            K::Term(..) | K::Synonyms(..) | K::Combined(_) | K::Phrase(_) | K::Expand(_) => {
                let kind = std::mem::replace(&mut self.kind, K::MatchAll);
                self.kind = K::ConstantScore(Box::new(Self::new(kind)));
            }
            _ => {}
        }
    }

    pub fn match_none(reason: impl Into<String>) -> Self {
        Self::new(BoundKind::MatchNone(reason.into()))
    }
}
