//! One query: which kind it is, and who reads it.

use model::error::{Error, ErrorKind};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields, text_of};
use super::{
    by_frequency, combined_fields, compound, feature, full_text, function_score, geo, geo_shape, hybrid, interval,
    join, knn, more_like_this, nested, percolate, scripted, span, strings, suggest, term_level,
};

/// Deepest nesting of queries within queries. OpenSearch has no such limit and dies of what is too deep.
pub const MAX_QUERY_DEPTH: usize = 100;

/// Deepest nesting of queries within a stored query, which is run below one that seeks it.
pub const MAX_STORED_DEPTH: usize = 30;

/// What reads the object after a query's name. `depth` is its own, from 1.
type Read = fn(&Map<String, Value>, usize) -> Result<Query, Error>;

const KNOWN: [(&str, Read); 55] = [
    ("approximate_regexp", |object, _| term_level::approximate(object)),
    ("bool", compound::boolean),
    ("boosting", compound::boosting),
    ("combined_fields", |object, _| combined_fields::combined_fields(object)),
    ("common", |object, _| by_frequency::by_frequency(object)),
    ("constant_score", compound::constant_score),
    ("dis_max", compound::dis_max),
    ("distance_feature", |object, _| scripted::distance_feature(object)),
    ("exists", |object, _| term_level::exists(object)),
    ("field_masking_span", span::masked),
    ("function_score", function_score::function_score),
    ("fuzzy", |object, _| term_level::fuzzy(object)),
    ("geo_bounding_box", |object, _| geo::bounding_box(object)),
    ("geo_distance", |object, _| geo::distance(object)),
    ("geo_polygon", |object, _| geo::polygon(object)),
    ("geo_shape", |object, _| geo_shape::geo_shape(object)),
    ("has_child", join::has_child),
    ("has_parent", join::has_parent),
    ("hybrid", hybrid::hybrid),
    ("ids", |object, _| term_level::ids(object)),
    ("intervals", interval::intervals),
    ("knn", knn::knn),
    ("match", |object, _| full_text::match_query(object)),
    ("match_all", |object, _| match_all(object)),
    ("match_bool_prefix", |object, _| full_text::match_bool_prefix(object)),
    ("match_none", |object, _| match_none(object)),
    ("match_phrase", |object, _| full_text::match_phrase(object)),
    ("match_phrase_prefix", |object, _| full_text::match_phrase_prefix(object)),
    ("more_like_this", |object, _| more_like_this::more_like_this(object)),
    ("multi_match", |object, _| full_text::multi_match(object)),
    ("nested", nested::nested),
    ("parent_id", |object, _| join::parent_id(object)),
    ("percolate", |object, _| percolate::percolate(object)),
    ("prefix", |object, _| term_level::prefix(object)),
    ("query_string", |object, _| strings::query_string(object)),
    ("range", |object, _| term_level::range(object)),
    ("rank_feature", |object, _| feature::rank_feature(object)),
    ("regexp", |object, _| term_level::regexp(object)),
    ("script", |object, _| scripted::script(object)),
    ("script_score", scripted::script_score),
    ("simple_query_string", |object, _| strings::simple_query_string(object)),
    ("span_containing", span::span_containing),
    ("span_field_masking", span::masked),
    ("span_first", span::span_first),
    ("span_multi", span::span_multi),
    ("span_near", span::span_near),
    ("span_not", span::span_not),
    ("span_or", span::span_or),
    ("span_term", |object, _| span::span_term(object)),
    ("span_within", span::span_within),
    ("term", |object, _| term_level::term(object)),
    ("terms", |object, _| term_level::terms(object)),
    ("terms_set", |object, _| scripted::terms_set(object)),
    ("wildcard", |object, _| term_level::wildcard(object)),
    ("wrapper", wrapper),
];

/// Queries of OpenSearch and its usual plugins that Shoal has not.
const MISSING: [&str; 2] = ["neural", "neural_sparse"];
const MISSING_MORE: [&str; 2] = ["template", "xy_shape"];

/// The query that `value` is.
///
/// # Errors
/// As OpenSearch: `parsing_exception`, `illegal_argument_exception`, `x_content_parse_exception` .., mostly 400; 501 for what is
/// not implemented; `query_shard_exception` for what OpenSearch finds on its shards (a `query_string` that is not in the language):
/// there it is the cause of a failed search, and endpoints render it so. `too_many_nested_clauses` below [`MAX_QUERY_DEPTH`].
pub fn query(value: &Value) -> Result<Query, Error> {
    within(value, 1)
}

/// The query that a document holds: the JSON object of one.
///
/// # Errors
/// As [`query`], and for what is no JSON; `too_many_nested_clauses` below [`MAX_STORED_DEPTH`].
pub fn stored_query(text: &[u8]) -> Result<Query, Error> {
    within(&crate::json::parse(text)?, MAX_QUERY_DEPTH - MAX_STORED_DEPTH + 1).map_err(|error| match error.kind {
        ErrorKind::TooManyClauses => {
            let reason = format!("stored queries nest deeper than the allowed {MAX_STORED_DEPTH} levels");
            Error::new(ErrorKind::TooManyClauses, reason)
        }
        _ => error,
    })
}

/// As [`query`], at `depth`.
pub(super) fn within(value: &Value, depth: usize) -> Result<Query, Error> {
    if depth > MAX_QUERY_DEPTH {
        let reason = format!("queries nest deeper than the allowed {MAX_QUERY_DEPTH} levels");
        return Err(Error::new(ErrorKind::TooManyClauses, reason));
    }
    let Value::Object(object) = value else {
        return Err(Error::parsing("[_na] query malformed, must start with start_object"));
    };
    let Some((name, inner)) = object.iter().next() else {
        return Err(Error::illegal_argument("query malformed, empty clause found"));
    };
    let Value::Object(inner) = inner else {
        return Err(Error::parsing(format!("[{name}] query malformed, no start_object after query name")));
    };
    let read = reader(name)?;
    let query = read(inner, depth)?;
    if object.len() > 1 {
        return Err(Error::parsing(format!("[{name}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]")));
    }
    Ok(query)
}

fn reader(name: &str) -> Result<Read, Error> {
    if let Ok(at) = KNOWN.binary_search_by_key(&name, |(known, _)| known) {
        return Ok(KNOWN[at].1);
    }
    if MISSING.contains(&name) || MISSING_MORE.contains(&name) {
        return Err(Error::not_implemented(format!("query [{name}]")));
    }
    let all = KNOWN.iter().map(|(known, _)| *known).chain(MISSING).chain(MISSING_MORE);
    let meant = suggest::did_you_mean(&suggest::alike(name, all));
    let cause = Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{name}]"));
    Err(Error::parsing(format!("unknown query [{name}]{meant}")).with_cause(cause))
}

/// `parsing_exception` around what an object with declared keys says about itself.
pub(super) fn parsing_of(error: Error) -> Error {
    match error.kind {
        ErrorKind::XContentParse => Error::parsing(error.reason.clone()).with_cause(error),
        _ => error,
    }
}

fn match_all(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    for field in fields("match_all", object) {
        if !carried.take_declared(field).map_err(parsing_of)? {
            return Err(parsing_of(field.undeclared()));
        }
    }
    Ok(carried.query(Kind::MatchAll))
}

fn match_none(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    for field in fields("match_none", object) {
        if !field.is_scalar() || !carried.take(field)? {
            return Err(field.unsupported());
        }
    }
    Ok(carried.query(Kind::MatchNone))
}

/// `wrapper`: a query as base64.
fn wrapper(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut given = fields("wrapper", object);
    let first = given.next().ok_or_else(|| Error::parsing("[wrapper] query malformed"))?;
    let (Field { key: "query", value, .. }, None) = (first, given.next()) else {
        return Err(Error::parsing(format!("[wrapper] query malformed, expected `query` but was {}", first.key)));
    };
    let text = text_of(value).ok_or_else(|| Error::parsing("[wrapper] query malformed"))?;
    let bytes = base64(&text).ok_or_else(|| Error::new(ErrorKind::JsonParse, "[wrapper] [query] is not base64"))?;
    within(&crate::json::parse(&bytes)?, depth + 1)
}

/// RFC 4648 with padding, white space left out.
fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held, mut padding, mut letters) = (0u32, 0u32, 0usize, 0usize);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        letters += 1;
        let sextet = match byte {
            b'=' => {
                padding += 1;
                continue;
            }
            _ if padding > 0 => return None,
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(sextet);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    (letters.is_multiple_of(4) && padding <= 2).then_some(out)
}
