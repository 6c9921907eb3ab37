//! Filters of a search for nested objects: what a filter says of documents, turned into what it says of the objects inside.
//!
//! In: a filter bound to the outermost documents, and the path of the objects that have vectors. Out: a query on those objects. What reads fields
//! of documents admits all objects inside of those that match; what reads fields of objects admits the objects themselves. A filter that is one
//! `nested` query means its objects, too.

use model::mapping::Mapping;

use crate::bound::{
    BoundBool, BoundFunction, BoundInside, BoundKind, BoundNested, BoundQuery, FieldName, ScoreFunction,
};

/// Whose fields a query reads.
#[derive(Clone, Copy, Default)]
struct Reads {
    documents: bool,
    objects: bool,
}

impl Reads {
    fn of(query: &BoundQuery, mapping: &Mapping) -> Self {
        use BoundKind as K;
        let all = |queries: &mut dyn Iterator<Item = &BoundQuery>| {
            queries.fold(Self::default(), |reads, query| reads.and(Self::of(query, mapping)))
        };
        let field = |field: &FieldName| match mapping.nested_path_of(field) {
            Some(_) => Self { objects: true, documents: false },
            None => Self { objects: false, documents: true },
        };
        match &query.kind {
            // Every object has the id of its document.
            K::MatchAll | K::MatchNone(_) | K::Ids(_) => Self::default(),
            K::Term(name, _) | K::Synonyms(name, _) | K::Terms(name, _) | K::Numbers(name, _) => field(name),
            K::NumberRange(name, ..) | K::TermRange(name, ..) | K::Geo(name, _) | K::Shape(name, _) => field(name),
            K::Phrase(phrase) => field(&phrase.field),
            K::ByFrequency(common) => field(&common.field),
            K::Expand(expand) => field(&expand.field),
            K::Approximate(query) => field(&query.field),
            K::Knn(knn) => field(&knn.field),
            K::Blended { terms, .. } => terms.iter().fold(Self::default(), |reads, (name, ..)| reads.and(field(name))),
            K::Combined(word) => word.fields.iter().fold(Self::default(), |reads, (name, _)| reads.and(field(name))),
            K::Exists(names) => names.iter().fold(Self::default(), |reads, name| reads.and(field(name))),
            K::Bool(clauses) => {
                let BoundBool { must, should, filter, must_not, .. } = clauses;
                all(&mut must.iter().chain(should).chain(filter).chain(must_not))
            }
            K::Boosting { positive, .. } => Self::of(positive, mapping),
            K::ConstantScore(inner) => Self::of(inner, mapping),
            K::DisMax { queries, .. } => all(&mut queries.iter()),
            K::FunctionScore(score) => {
                // Which fields a script reads is known when it runs: those of documents.
                let script = |one: &BoundFunction| matches!(one.function, Some(ScoreFunction::Script(_)));
                let documents = score.functions.iter().any(script);
                Self::of(&score.query, mapping).and(Self { documents, objects: false })
            }
            K::Spans(spans) => field(&spans.field),
            K::Ranges(ranges) => field(&ranges.field),
            K::Feature(feature) => field(&feature.field),
            K::Intervals(intervals) => field(&intervals.field),
            K::Percolate(percolate) => field(&percolate.field),
            K::TermsSet(set) => all(&mut set.terms.iter()),
            K::MoreLikeThis(like) => {
                let names = like.documents.iter().chain(&like.texts).flat_map(|words| &words.fields);
                names.fold(Self::default(), |reads, name| reads.and(field(name)))
            }
            K::Slice(_) | K::Ranked(_) | K::Nested(_) | K::InsideOf(_) | K::Joined(_) => {
                Self { documents: true, objects: false }
            }
        }
    }

    fn and(self, other: Self) -> Self {
        Self { documents: self.documents || other.documents, objects: self.objects || other.objects }
    }
}

/// Of the objects at `path` those that `filter` admits.
pub(super) fn admitted(filter: BoundQuery, path: &str, mapping: &Mapping) -> BoundQuery {
    let filter = match filter.kind {
        BoundKind::Nested(nested) => return objects(*nested, path),
        kind => BoundQuery { kind, ..filter },
    };
    match Reads::of(&filter, mapping) {
        Reads { documents: true, objects: false } => inside(None, filter),
        Reads { documents: true, objects: true } => each_clause(filter, path, mapping),
        Reads { documents: false, .. } => filter,
    }
}

fn inside(around: Option<FieldName>, query: BoundQuery) -> BoundQuery {
    BoundQuery::new(BoundKind::InsideOf(Box::new(BoundInside { around, query })))
}

/// Whether the objects at `path` lie inside of those at `outer`.
fn lie_inside(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'))
}

/// The objects that a `nested` query means.
fn objects(nested: BoundNested, path: &str) -> BoundQuery {
    if *nested.path == *path {
        nested.query
    } else if lie_inside(path, &nested.path) {
        inside(Some(nested.path), nested.query)
    } else if lie_inside(&nested.path, path) {
        let nested = BoundNested { parent: Some(path.into()), ..nested };
        BoundQuery::new(BoundKind::Nested(Box::new(nested)))
    } else {
        inside(None, BoundQuery::new(BoundKind::Nested(Box::new(nested))))
    }
}

/// Its clauses each for itself.
fn each_clause(filter: BoundQuery, path: &str, mapping: &Mapping) -> BoundQuery {
    let one = |query: BoundQuery| admitted(query, path, mapping);
    let each = |queries: Vec<BoundQuery>| queries.into_iter().map(one).collect::<Vec<_>>();
    let kind = match filter.kind {
        BoundKind::Bool(BoundBool { must, should, filter, must_not, minimum_should_match }) => {
            BoundKind::Bool(BoundBool {
                must: each(must),
                should: each(should),
                filter: each(filter),
                must_not: each(must_not),
                minimum_should_match,
            })
        }
        BoundKind::ConstantScore(inner) => BoundKind::ConstantScore(Box::new(one(*inner))),
        BoundKind::Boosting { positive, .. } => return one(*positive),
        BoundKind::DisMax { queries, tie_breaker } => BoundKind::DisMax { queries: each(queries), tie_breaker },
        BoundKind::FunctionScore(score) if score.min_score.is_none() => return one(score.query),
        kind => kind,
    };
    BoundQuery { kind, ..filter }
}
