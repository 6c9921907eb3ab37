//! A bound query in Lucene's notation, as `_validate/query?explain` prints it: `+title:alien #year:[1990 TO 1999]`.
//!
//! Not everything can be worded as Lucene does: numbers show the codes of their column, and there are no alternatives of one query for
//! the machine's sake.

use std::fmt::Write as _;
use std::net::Ipv6Addr;
use std::ops::Bound;

use model::geo::area::Area;
use model::mapping::Mapping;

use crate::bound::{
    BoundBool, BoundFunctionScore, BoundKind, BoundKnn, BoundQuery, BoundReach, Expand, Pattern, Phrase, TermBytes,
};

/// The query as text.
pub fn lucene(query: &BoundQuery) -> String {
    let text = kind(&query.kind);
    if query.boost == 1.0 { text } else { format!("({text})^{:?}", query.boost) }
}

/// The query as text, with what keeps objects inside of documents out where it may find such.
pub fn of_documents(query: &BoundQuery, mapping: &Mapping) -> String {
    match mapping.has_nested() && may_find_objects(query, mapping) {
        true => format!("+{} #FieldExistsQuery [field=_primary_term]", nested(query)),
        false => lucene(query),
    }
}

/// Whether the query may find objects inside of documents, as far as OpenSearch looks into queries.
fn may_find_objects(query: &BoundQuery, mapping: &Mapping) -> bool {
    let inside = |query: &BoundQuery| may_find_objects(query, mapping);
    match &query.kind {
        BoundKind::MatchNone(_) | BoundKind::Nested(_) => false,
        BoundKind::Term(field, _)
        | BoundKind::Terms(field, _)
        | BoundKind::Numbers(field, _)
        | BoundKind::NumberRange(field, ..) => is_inside(field, mapping),
        BoundKind::Geo(field, area) if matches!(**area, Area::Box(_)) => is_inside(field, mapping),
        BoundKind::ConstantScore(inner) => inside(inner),
        BoundKind::Bool(clauses) if clauses.must.is_empty() && clauses.filter.is_empty() => {
            // Queries that only shut out are among all documents.
            clauses.should.is_empty() || clauses.should.iter().any(inside)
        }
        BoundKind::Bool(clauses) => clauses.must.iter().chain(&clauses.filter).all(inside),
        _ => true,
    }
}

fn is_inside(field: &str, mapping: &Mapping) -> bool {
    field.starts_with('_') || mapping.nested_path_of(field).is_some()
}

fn kind(kind: &BoundKind) -> String {
    match kind {
        BoundKind::MatchAll => "*:*".to_owned(),
        BoundKind::MatchNone(reason) => format!("MatchNoDocsQuery(\"{reason}\")"),
        BoundKind::Term(field, term) => format!("{field}:{}", word(term)),
        BoundKind::Synonyms(field, terms) => {
            format!("Synonym({})", list(terms, " ", |term| format!("{field}:{}", word(term))))
        }
        BoundKind::Blended { terms, .. } => {
            let term = |(field, term, factor): &(_, TermBytes, f32)| {
                let factor = if *factor == 1.0 { String::new() } else { format!("^{factor:?}") };
                format!("{field}:{}{factor}", word(term))
            };
            format!("blended(terms:[{}])", list(terms, ", ", term))
        }
        BoundKind::ByFrequency(common) => list(&common.terms, ", ", |term| format!("{}:{}", common.field, word(term))),
        BoundKind::Combined(word) => word.to_string(),
        BoundKind::Terms(field, terms) => format!("{field}:({})", list(terms, " ", word)),
        BoundKind::Numbers(field, codes) => match codes.as_slice() {
            [one] => format!("{field}:[{one} TO {one}]"),
            many => format!("{field}:{{{}}}", list(many, " ", ToString::to_string)),
        },
        BoundKind::NumberRange(field, from, to) => format!("{field}:[{from} TO {to}]"),
        BoundKind::Geo(field, area) => format!("{field}:{}", area.notation()),
        BoundKind::Shape(field, question) => format!("{field}:{}", question.notation()),
        BoundKind::TermRange(field, from, to) => format!("{field}:{}", range(from, to)),
        BoundKind::Phrase(found) => phrase(found),
        BoundKind::Expand(expand) => pattern(expand),
        BoundKind::Exists(fields) => {
            format!("ConstantScore({})", list(fields, " ", |field| format!("FieldExistsQuery [field={field}]")))
        }
        BoundKind::Slice(slice) => {
            let field = slice.field.as_deref().unwrap_or("_id");
            format!("slice[field={field}, id={}, max={}]", slice.part, slice.of)
        }
        BoundKind::Joined(joined) => {
            format!("GlobalOrdinalsQuery{{joinField={}, query={}}}", joined.field, lucene(&joined.inner))
        }
        BoundKind::Ids(ids) => format!("_id:({})", ids.join(" ")),
        BoundKind::Bool(clauses) => boolean(clauses),
        BoundKind::Boosting { positive, negative, negative_boost } => {
            let (positive, negative) = (lucene(positive), lucene(negative));
            format!("FunctionScoreQuery({positive}, scored by boost(queryboost(score({negative}))^{negative_boost:?}))")
        }
        BoundKind::ConstantScore(inner) => format!("ConstantScore({})", lucene(inner)),
        BoundKind::DisMax { queries, tie_breaker } => {
            let tie = if *tie_breaker == 0.0 { String::new() } else { format!("~{tie_breaker:?}") };
            format!("({}){tie}", list(queries, " | ", nested))
        }
        BoundKind::FunctionScore(score) => function_score(score),
        BoundKind::Ranked(ranked) => format!("ranked({})", lucene(&ranked.candidates)),
        BoundKind::Nested(join) => format!("ToParentBlockJoinQuery ({})", lucene(&join.query)),
        BoundKind::InsideOf(inside) => format!("ToChildBlockJoinQuery ({})", lucene(&inside.query)),
        BoundKind::Knn(knn) => nearest(knn),
        BoundKind::MoreLikeThis(like) => {
            let words = like.documents.iter().chain(&like.texts).map(|words| words.words.len()).sum::<usize>();
            format!("like:{words} words")
        }
        BoundKind::Intervals(intervals) => format!("{}:{}", intervals.field, intervals.source),
        BoundKind::Percolate(percolate) => percolate.to_string(),
        BoundKind::Spans(spans) => spans.span.to_string(),
        BoundKind::TermsSet(set) => format!("CoveringQuery({})", list(&set.terms, ", ", lucene)),
        BoundKind::Ranges(ranges) => format!("{}:{}", ranges.field, ranges.notation()),
        BoundKind::Feature(feature) => feature.notation(),
        BoundKind::Approximate(query) => format!("{}:/{}/~{}", query.field, query.pattern, query.edits),
    }
}

fn list<T>(items: &[T], between: &str, show: impl Fn(&T) -> String) -> String {
    items.iter().map(show).collect::<Vec<String>>().join(between)
}

/// UTF-8 as it is, addresses written out, other bytes in hexadecimal.
fn word(term: &TermBytes) -> String {
    let octets: Result<[u8; 16], _> = term[..].try_into();
    if let Ok(octets) = octets
        && term.iter().any(|byte| !(b' '..=b'~').contains(byte))
    {
        let address = Ipv6Addr::from(octets);
        return match address.to_ipv4_mapped() {
            Some(mapped) => mapped.to_string(),
            None => list(&address.segments(), ":", |part| format!("{part:x}")),
        };
    }
    match std::str::from_utf8(term) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("[{}]", list(term, " ", |byte| format!("{byte:x}"))),
    }
}

fn range(from: &Bound<TermBytes>, to: &Bound<TermBytes>) -> String {
    let (open, low) = match from {
        Bound::Included(term) => ('[', word(term)),
        Bound::Excluded(term) => ('{', word(term)),
        Bound::Unbounded => ('[', "*".to_owned()),
    };
    let (close, high) = match to {
        Bound::Included(term) => (']', word(term)),
        Bound::Excluded(term) => ('}', word(term)),
        Bound::Unbounded => (']', "*".to_owned()),
    };
    format!("{open}{low} TO {high}{close}")
}

fn phrase(phrase: &Phrase) -> String {
    let mut text = format!("{}:\"", phrase.field);
    let last = phrase.positions.len().saturating_sub(1);
    let mut next = 0;
    for (at, place) in phrase.positions.iter().enumerate() {
        let holes = place.position.saturating_sub(next).min(100) as usize;
        text.push_str(&"? ".repeat(holes));
        let star = if phrase.prefix_expansions.is_some() && at == last { "*" } else { "" };
        let words = list(&place.terms, " ", |term| format!("{}{star}", word(term)));
        text.push_str(&if place.terms.len() == 1 { words } else { format!("({words})") });
        text.push_str(if at == last { "\"" } else { " " });
        next = place.position.saturating_add(1);
    }
    if phrase.slop > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "~{}", phrase.slop);
    }
    text
}

fn pattern(expand: &Expand) -> String {
    let field = &expand.field;
    match &expand.pattern {
        Pattern::Prefix { prefix, .. } => format!("{field}:{prefix}*"),
        Pattern::Wildcard { pattern, .. } => format!("{field}:{pattern}"),
        Pattern::Regexp { pattern, .. } => format!("{field}:/{pattern}/"),
        Pattern::Fuzzy { text, edits, .. } => format!("{field}:{text}~{edits}"),
    }
}

/// A query within another: in parentheses when it consists of several.
fn nested(query: &BoundQuery) -> String {
    let text = lucene(query);
    if matches!(query.kind, BoundKind::Bool(_)) && query.boost == 1.0 { format!("({text})") } else { text }
}

fn boolean(clauses: &BoundBool) -> String {
    let groups = [("+", &clauses.must), ("-", &clauses.must_not), ("", &clauses.should), ("#", &clauses.filter)];
    let signed =
        groups.iter().flat_map(|(sign, queries)| queries.iter().map(move |query| format!("{sign}{}", nested(query))));
    let text = signed.collect::<Vec<String>>().join(" ");
    let plain = clauses.must.is_empty() && clauses.filter.is_empty();
    match clauses.minimum_should_match {
        0 => text,
        1 if plain => text,
        minimum => format!("({text})~{minimum}"),
    }
}

fn nearest(knn: &BoundKnn) -> String {
    let first = knn.vector.first().copied().unwrap_or_default();
    match knn.reach {
        BoundReach::Nearest { k, .. } => format!("KnnFloatVectorQuery:{}[{first:?},...][{k}]", knn.field),
        BoundReach::Within(distance) => {
            format!("FloatVectorSimilarityQuery:{}[{first:?},...][{distance:?}]", knn.field)
        }
    }
}

fn function_score(score: &BoundFunctionScore) -> String {
    let function = |function: &crate::bound::BoundFunction| {
        let filter = function.filter.as_ref().map(|filter| format!("filter({}), ", lucene(filter))).unwrap_or_default();
        let weight = function.weight.map(|weight| format!("weight {weight:?}, ")).unwrap_or_default();
        let what = match &function.function {
            None => "weight alone",
            Some(crate::bound::ScoreFunction::Random { .. }) => "random score",
            Some(crate::bound::ScoreFunction::FieldValue { .. }) => "field value factor",
            Some(crate::bound::ScoreFunction::Decay { .. }) => "decay",
            Some(crate::bound::ScoreFunction::Script(_)) => "script",
            Some(crate::bound::ScoreFunction::Distance { .. }) => "distance",
        };
        format!("{{{filter}{weight}function [{what}]}}")
    };
    format!("function score ({}, functions: [{}])", lucene(&score.query), list(&score.functions, ", ", function))
}
