//! Queries on whole values: `term`, `terms`, `range`, `exists`, `prefix`, `wildcard`, `regexp`, `fuzzy`, `ids`.

use model::binary::from_base64;
use model::date::Zone;
use model::error::{Error, ErrorKind};
use model::query::approximate::Approximate;
use model::query::full_text::{Fuzziness, FuzzyOptions};
use model::query::term_level::{Bound, Fuzzy, Lookup, Pattern, Range, Term, Terms};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, build_failed, fields, required, text_of};
use super::full_text::single;
use super::queries::parsing_of;

const NO_FIELD: &str = "field name is null or empty";
const NO_VALUE: &str = "value cannot be null";

/// The one field of the query, which must have a name.
fn named<'a>(owner: &'a str, object: &'a Map<String, Value>) -> Result<Field<'a>, Error> {
    single(owner, object)?.filter(|field| !field.key.is_empty()).ok_or_else(|| Error::illegal_argument(NO_FIELD))
}

/// `term`.
pub(super) fn term(object: &Map<String, Value>) -> Result<Query, Error> {
    let field = named("term", object)?;
    let mut carried = Carried::new();
    let mut value = Value::Null;
    let mut case_insensitive = false;
    match field.value {
        Value::Object(object) => {
            for option in fields("term", object) {
                match option.key {
                    "term" | "value" => match option.value {
                        Value::Object(inner) => {
                            let key = inner.keys().next().map_or("value", String::as_str);
                            return Err(Field { key, ..option }.unsupported());
                        }
                        Value::Array(_) => return Err(array_of_values()),
                        given => value = given.clone(),
                    },
                    "case_insensitive" => case_insensitive = option.flag()?,
                    _ if carried.take(option)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        Value::Array(_) => return Err(array_of_values()),
        // OpenSearch takes a null here for no field at all.
        Value::Null => return Err(Error::illegal_argument(NO_FIELD)),
        scalar => value = scalar.clone(),
    }
    if value.is_null() {
        return Err(Error::illegal_argument(NO_VALUE));
    }
    Ok(carried.query(Kind::Term(Term { field: field.key.to_owned(), value, case_insensitive })))
}

fn array_of_values() -> Error {
    Error::parsing("[term] query does not support array of values")
}

/// `terms`.
pub(super) fn terms(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let (mut found, mut bitmap): (Option<Terms>, bool) = (None, false);
    for field in fields("terms", object) {
        match field.value {
            Value::Array(_) | Value::Object(_) if found.is_some() => {
                return Err(Error::parsing("[terms] query does not support multiple fields"));
            }
            Value::Array(items) => {
                let values = term_values(field, items)?;
                found = Some(Terms { field: field.key.to_owned(), values, lookup: None, bitmap: false });
            }
            Value::Object(given) => {
                let lookup = Some(lookup(given)?);
                found = Some(Terms { field: field.key.to_owned(), values: Vec::new(), lookup, bitmap: false });
            }
            Value::Null => return Err(field.unknown_token()),
            _ if field.key == "value_type" => bitmap = is_bitmap(&field.text()?)?,
            _ if carried.take(field)? => {}
            _ => return Err(field.unsupported()),
        }
    }
    let mut terms = found.ok_or_else(|| {
        let wanted = "followed by array of terms or a document lookup specification";
        Error::parsing(format!("[terms] query requires a field name, {wanted}"))
    })?;
    if bitmap && terms.lookup.is_none() {
        check_bitmap(&terms.values)?;
        terms.bitmap = true;
    }
    Ok(carried.query(Kind::Terms(terms)))
}

/// What `value_type` says.
fn is_bitmap(kind: &str) -> Result<bool, Error> {
    match kind.to_ascii_lowercase().as_str() {
        "default" => Ok(false),
        "bitmap" => Ok(true),
        _ => Err(Error::illegal_argument(format!("{kind} is not valid value_type"))),
    }
}

fn check_bitmap(values: &[Value]) -> Result<(), Error> {
    let [Value::String(text)] = values else {
        let wanted = "Expected a single-element array with a base64 encoded serialized bitmap.";
        return Err(Error::illegal_argument(format!("Invalid value for bitmap type: {wanted}")));
    };
    match from_base64(text) {
        Some(_) => Ok(()),
        None => Err(Error::illegal_argument("Illegal base64 in the value of a bitmap")),
    }
}

/// Where the values of `terms` stand.
fn lookup(object: &Map<String, Value>) -> Result<Lookup, Error> {
    let (mut index, mut path, mut id, mut routing) = (None, None, None, None);
    for option in fields("terms_lookup", object) {
        match option.key {
            "index" => index = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "path" => path = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "id" => id = Some(option.typed(&["VALUE_STRING"])?.text()?),
            "routing" => routing = option.typed(&["VALUE_STRING", "VALUE_NULL"])?.text_or_null()?,
            "store" if !option.typed(&["VALUE_BOOLEAN", "VALUE_STRING"])?.flag()? => {}
            "store" | "query" => return Err(option.not_implemented()),
            _ => return Err(option.undeclared()),
        }
    }
    let missing: Vec<&str> = [("index", &index), ("path", &path)]
        .into_iter()
        .filter(|(_, given)| given.is_none())
        .map(|(name, _)| name)
        .collect();
    let (Some(index), Some(path)) = (index, path) else {
        return Err(required(&missing.join(", ")));
    };
    let id = id.ok_or_else(|| {
        let wanted = "[terms] query lookup element requires specifying either the id or the query.";
        build_failed("terms_lookup", Error::illegal_argument(wanted))
    })?;
    Ok(Lookup { index, id, path, routing })
}

fn term_values(field: Field<'_>, items: &[Value]) -> Result<Vec<Value>, Error> {
    for item in items {
        match item {
            Value::Null => return Err(Error::parsing("No value specified for terms query")),
            Value::Array(_) | Value::Object(_) => return Err(Field { value: item, ..field }.unknown_token()),
            _ => {}
        }
    }
    Ok(items.to_vec())
}

/// `range`.
pub(super) fn range(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut given = fields("range", object);
    let field = given.next().filter(|field| !field.key.is_empty()).ok_or_else(|| Error::illegal_argument(NO_FIELD))?;
    let Value::Object(options) = field.value else { return Err(field.unsupported()) };
    let read = bounds(field.key, options)?;
    if let Some(second) = given.next() {
        if !second.value.is_object() {
            return Err(second.unsupported());
        }
        let reason =
            format!("[range] query doesn't support multiple fields, found [{}] and [{}]", field.key, second.key);
        return Err(Error::parsing(reason));
    }
    Ok(read)
}

fn bounds(field: &str, options: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let (mut lower, mut upper) = (Value::Null, Value::Null);
    let (mut include_lower, mut include_upper) = (true, true);
    let (mut format, mut time_zone, mut relation) = (None, None, None);
    for option in fields("range", options) {
        match option.key {
            "from" => lower = bound(option)?,
            "to" => upper = bound(option)?,
            "include_lower" => include_lower = option.flag()?,
            "include_upper" => include_upper = option.flag()?,
            "gt" | "gte" | "ge" => {
                lower = bound(option)?;
                include_lower = option.key != "gt";
            }
            "lt" | "lte" | "le" => {
                upper = bound(option)?;
                include_upper = option.key != "lt";
            }
            "relation" => relation = Some(self::relation(option)?),
            "format" => format = Some(option.text()?),
            "time_zone" => {
                let zone = option.text()?;
                Zone::parse(&zone)?;
                time_zone = Some(zone);
            }
            _ if carried.take(option)? => {}
            _ => return Err(option.unsupported()),
        }
    }
    let end = |value: Value, inclusive| (!value.is_null()).then_some(Bound { value, inclusive });
    Ok(carried.query(Kind::Range(Box::new(Range {
        field: field.to_owned(),
        lower: end(lower, include_lower),
        upper: end(upper, include_upper),
        format,
        time_zone,
        relation,
    }))))
}

/// One bound; null: open.
fn bound(option: Field<'_>) -> Result<Value, Error> {
    match option.value {
        Value::Object(inner) => {
            let key = inner.keys().next().map_or(option.key, String::as_str);
            Err(Field { key, ..option }.unsupported())
        }
        Value::Array(_) => Err(option.unknown_token()),
        value => Ok(value.clone()),
    }
}

fn relation(option: Field<'_>) -> Result<String, Error> {
    let text = option.text()?.to_lowercase();
    match text.as_str() {
        "intersects" | "contains" | "within" => Ok(text),
        "disjoint" => Err(Error::illegal_argument(format!("[range] query does not support relation [{text}]"))),
        _ => Err(Error::illegal_argument(format!("{text} is not a valid relation"))),
    }
}

/// `exists`.
pub(super) fn exists(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut found = None;
    for option in fields("exists", object) {
        let option = option.scalar()?;
        match option.key {
            "field" => found = Some(option.text()?),
            _ if carried.take(option)? => {}
            _ => return Err(option.unsupported()),
        }
    }
    let field = found.ok_or_else(|| Error::parsing("[exists] must be provided with a [field]"))?;
    if field.is_empty() {
        return Err(Error::illegal_argument(NO_FIELD));
    }
    Ok(carried.query(Kind::Exists { field }))
}

/// `prefix`.
pub(super) fn prefix(object: &Map<String, Value>) -> Result<Query, Error> {
    let (carried, pattern) = pattern("prefix", object)?;
    Ok(carried.query(Kind::Prefix(pattern)))
}

/// `wildcard`.
pub(super) fn wildcard(object: &Map<String, Value>) -> Result<Query, Error> {
    let (carried, pattern) = pattern("wildcard", object)?;
    Ok(carried.query(Kind::Wildcard(pattern)))
}

/// `regexp`.
pub(super) fn regexp(object: &Map<String, Value>) -> Result<Query, Error> {
    let (carried, pattern) = pattern("regexp", object)?;
    Ok(carried.query(Kind::Regexp(pattern)))
}

fn pattern(owner: &'static str, object: &Map<String, Value>) -> Result<(Carried, Pattern), Error> {
    let field = named(owner, object)?;
    let mut carried = Carried::new();
    let mut text = None;
    let mut pattern = Pattern {
        field: field.key.to_owned(),
        pattern: String::new(),
        case_insensitive: false,
        rewrite: None,
        flags: None,
        max_determinized_states: 10_000,
    };
    match field.value {
        Value::Object(object) => {
            for option in fields(owner, object) {
                match (option.key, owner) {
                    ("value", _) | ("wildcard", "wildcard") => text = option.text_or_null()?,
                    ("case_insensitive", _) => pattern.case_insensitive = option.flag()?,
                    ("rewrite", _) => pattern.rewrite = option.text_or_null()?,
                    ("flags", "regexp") => {
                        pattern.flags = option.text_or_null()?.map(|flags| regexp_flags(&flags)).transpose()?
                    }
                    ("flags_value", "regexp") => flags_value(option)?,
                    ("max_determinized_states", "regexp") => {
                        // OpenSearch takes a negative number for no work at all, and fails later if any is needed.
                        pattern.max_determinized_states = u32::try_from(option.int()?).unwrap_or(0);
                    }
                    _ if carried.take(option)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        _ => text = field.text_or_null()?,
    }
    pattern.pattern = text.ok_or_else(|| Error::illegal_argument(NO_VALUE))?;
    Ok((carried, pattern))
}

/// `approximate_regexp`, ours: `{"field": {"value": "pattern", "edits": 2}}`.
pub(super) fn approximate(object: &Map<String, Value>) -> Result<Query, Error> {
    let field = named("approximate_regexp", object)?;
    let mut carried = Carried::new();
    let mut text = None;
    let (mut edits, mut lowercase) = (0, false);
    match field.value {
        Value::Object(object) => {
            for option in fields("approximate_regexp", object) {
                match option.key {
                    "value" => text = option.text_or_null()?,
                    "edits" => edits = u8::try_from(option.int()?).unwrap_or(u8::MAX),
                    "lowercase" => lowercase = option.flag()?,
                    _ if carried.take(option)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        _ => text = field.text_or_null()?,
    }
    let pattern = text.ok_or_else(|| Error::illegal_argument(NO_VALUE))?;
    Ok(carried.query(Kind::Approximate(Approximate { field: field.key.to_owned(), pattern, edits, lowercase })))
}

/// Names between `|`, in upper case.
fn regexp_flags(text: &str) -> Result<String, Error> {
    const FLAGS: [&str; 8] =
        ["INTERSECTION", "COMPLEMENT", "EMPTY", "ANYSTRING", "INTERVAL", "AUTOMATON", "NONE", "ALL"];
    let upper = text.to_uppercase();
    match upper.split('|').find(|flag| !flag.is_empty() && !FLAGS.contains(flag)) {
        Some(flag) => Err(Error::illegal_argument(format!("Unknown regexp flag [{}]", flag.to_lowercase()))),
        None if upper.is_empty() => Ok("ALL".to_owned()),
        None => Ok(upper),
    }
}

/// The flags as bits: all of them are what there is without this key.
fn flags_value(option: Field<'_>) -> Result<(), Error> {
    match option.int()? {
        255 | 65_535 => Ok(()),
        _ => Err(option.not_implemented()),
    }
}

/// `fuzzy`.
pub(super) fn fuzzy(object: &Map<String, Value>) -> Result<Query, Error> {
    let field = named("fuzzy", object)?;
    let mut carried = Carried::new();
    let mut value = Value::Null;
    let mut fuzziness = Fuzziness::Auto { low: 3, high: 6 };
    let mut options = FuzzyOptions::default();
    match field.value {
        Value::Object(object) => {
            for option in fields("fuzzy", object) {
                if !option.is_scalar() {
                    let reason = format!("[fuzzy] unexpected token [{}] after [{}]", option.token(), option.key);
                    return Err(Error::parsing(reason));
                }
                match option.key {
                    "value" | "term" => value = option.value.clone(),
                    "fuzziness" => fuzziness = option.fuzziness()?,
                    "prefix_length" => {
                        options.prefix_length = option.count(|| late("prefixLength cannot be negative."))?
                    }
                    "max_expansions" => {
                        let refuse = || late("maxExpansions must be positive.");
                        options.max_expansions = option.count(refuse)?;
                        if options.max_expansions == 0 {
                            return Err(refuse());
                        }
                    }
                    "transpositions" => options.transpositions = option.flag()?,
                    "rewrite" => options.rewrite = Some(option.text()?),
                    _ if carried.take(option)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        Value::Array(_) => {
            let reason = format!("[fuzzy] query doesn't support multiple fields, found [{}] and [null]", field.key);
            return Err(Error::parsing(reason));
        }
        given => value = given.clone(),
    }
    if value.is_null() {
        return Err(Error::illegal_argument("query value cannot be null"));
    }
    Ok(carried.query(Kind::Fuzzy(Fuzzy { field: field.key.to_owned(), value, fuzziness, options })))
}

/// What OpenSearch's shards refuse.
pub(super) fn late(reason: &str) -> Error {
    Error::new(ErrorKind::QueryShard, format!("failed to create query: {reason}"))
}

/// `ids`.
pub(super) fn ids(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut values = Vec::new();
    for field in fields("ids", object) {
        if field.key == "values" {
            values = id_values(field).map_err(parsing_of)?;
        } else if !carried.take_declared(field).map_err(parsing_of)? {
            return Err(parsing_of(field.undeclared()));
        }
    }
    Ok(carried.query(Kind::Ids { values }))
}

fn id_values(field: Field<'_>) -> Result<Vec<String>, Error> {
    let Value::Array(items) = field.value else {
        let one = field.typed(&["VALUE_STRING", "VALUE_NUMBER"])?;
        return Ok(text_of(one.value).into_iter().collect());
    };
    let read = |item: &Value| {
        text_of(item).ok_or_else(|| {
            let token = model::json::token(item);
            field.failed(Error::new(ErrorKind::IllegalState, format!("Can't get text on a {token}")))
        })
    };
    items.iter().map(read).collect()
}
