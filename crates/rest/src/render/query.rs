//! Queries as OpenSearch shows those that it has read: every option with its value, whether it was given or not.
//!
//! In: a query as the client gave it. Out: the same query, spelled out. What is not spelled out here stays as it was given.

use serde_json::{Map, Value, json};

/// A query that asks one field: where its value stands, and its options in the order in which they are shown. An option without a default is
/// shown only where it is given.
struct Leaf {
    name: &'static str,
    /// The first one is shown.
    values: &'static [&'static str],
    options: &'static [(&'static str, Option<&'static str>)],
}

/// Defaults are JSON.
const LEAVES: [Leaf; 8] = [
    Leaf { name: "term", values: &["value", "term"], options: &[("case_insensitive", None)] },
    Leaf { name: "prefix", values: &["value", "prefix"], options: &[("rewrite", None), ("case_insensitive", None)] },
    Leaf {
        name: "wildcard",
        values: &["wildcard", "value"],
        options: &[("rewrite", None), ("case_insensitive", None)],
    },
    Leaf {
        name: "regexp",
        values: &["value"],
        options: &[
            ("flags_value", Some("255")),
            ("case_insensitive", None),
            ("max_determinized_states", Some("10000")),
            ("rewrite", None),
        ],
    },
    Leaf {
        name: "fuzzy",
        values: &["value"],
        options: &[
            ("fuzziness", Some("\"AUTO\"")),
            ("prefix_length", Some("0")),
            ("max_expansions", Some("50")),
            ("transpositions", Some("true")),
            ("rewrite", None),
        ],
    },
    Leaf {
        name: "match",
        values: &["query"],
        options: &[
            ("operator", Some("\"OR\"")),
            ("analyzer", None),
            ("fuzziness", None),
            ("prefix_length", Some("0")),
            ("max_expansions", Some("50")),
            ("minimum_should_match", None),
            ("fuzzy_rewrite", None),
            ("fuzzy_transpositions", Some("true")),
            ("lenient", Some("false")),
            ("zero_terms_query", Some("\"NONE\"")),
            ("auto_generate_synonyms_phrase_query", Some("true")),
        ],
    },
    Leaf {
        name: "match_phrase",
        values: &["query"],
        options: &[("analyzer", None), ("slop", Some("0")), ("zero_terms_query", Some("\"NONE\""))],
    },
    Leaf {
        name: "match_bool_prefix",
        values: &["query"],
        options: &[
            ("analyzer", None),
            ("operator", Some("\"OR\"")),
            ("minimum_should_match", None),
            ("fuzziness", None),
            ("prefix_length", Some("0")),
            ("max_expansions", Some("50")),
            ("fuzzy_transpositions", Some("true")),
            ("fuzzy_rewrite", None),
        ],
    },
];

/// `given`, spelled out.
pub(crate) fn query(given: &Value) -> Value {
    spelled(given).unwrap_or_else(|| given.clone())
}

/// Queries of which one must match, as one.
pub(crate) fn any_of(given: &[Value]) -> Value {
    query(&json!({"bool": {"should": given}}))
}

/// `None`: what is not spelled out here. Recursion is bounded by the depth of what was read.
fn spelled(given: &Value) -> Option<Value> {
    let Value::Object(given) = given else { return None };
    let (name, Value::Object(body)) = given.iter().next().filter(|_| given.len() == 1)? else { return None };
    let shown = match name.as_str() {
        "match_all" | "match_none" => Map::new(),
        "exists" => only(body, &["field"])?,
        "ids" => only(body, &["values"])?,
        "terms" => terms(body)?,
        "range" => return Some(json!({"range": range(body)?})),
        "bool" => of_clauses(body)?,
        "constant_score" => within(body, &["filter"], &[])?,
        "boosting" => within(body, &["positive", "negative"], &[("negative_boost", None)])?,
        "dis_max" => {
            let mut shown = Map::new();
            shown.insert("tie_breaker".into(), float(body.get("tie_breaker"), 0.0)?);
            known(body, &["queries", "tie_breaker"])?;
            shown.insert("queries".into(), list(body.get("queries")?));
            shown
        }
        "nested" => {
            let options = [("path", None), ("ignore_unmapped", Some("false")), ("score_mode", Some("\"avg\""))];
            within(body, &["query"], &options)?
        }
        other => {
            let leaf = LEAVES.iter().find(|leaf| leaf.name == other)?;
            return Some(json!({other: of_field(body, |inner| of_leaf(leaf, inner))?}));
        }
    };
    Some(json!({name.as_str(): with_boost(shown, body)?}))
}

/// `None`: a key beside `keys`, `boost` and `_name`.
fn known(body: &Map<String, Value>, keys: &[&str]) -> Option<()> {
    let fits = |key: &String| keys.contains(&key.as_str()) || key == "boost" || key == "_name";
    body.keys().all(fits).then_some(())
}

fn with_boost(mut shown: Map<String, Value>, body: &Map<String, Value>) -> Option<Value> {
    shown.insert("boost".into(), float(body.get("boost"), 1.0)?);
    shown.extend(body.get("_name").map(|name| ("_name".to_owned(), name.clone())));
    Some(shown.into())
}

fn float(given: Option<&Value>, otherwise: f64) -> Option<Value> {
    Some(given.map_or(Some(otherwise), Value::as_f64)?.into())
}

fn only(body: &Map<String, Value>, keys: &[&str]) -> Option<Map<String, Value>> {
    known(body, keys)?;
    keys.iter().map(|key| Some(((*key).to_owned(), body.get(*key)?.clone()))).collect()
}

fn terms(body: &Map<String, Value>) -> Option<Map<String, Value>> {
    let (field, values) = body.iter().find(|(key, _)| *key != "boost" && *key != "_name")?;
    known(body, &[field])?;
    values.is_array().then(|| Map::from_iter([(field.clone(), values.clone())]))
}

/// `{"field": shown}`, where nothing stands beside the field.
fn of_field(body: &Map<String, Value>, shown: impl Fn(&Map<String, Value>) -> Option<Value>) -> Option<Value> {
    let (field, inner) = body.iter().next().filter(|_| body.len() == 1)?;
    let short = || Map::from_iter([(String::new(), inner.clone())]);
    let inner = inner.as_object().map_or_else(|| shown(&short()), &shown)?;
    Some(json!({field.as_str(): inner}))
}

/// An empty name is that of a value that stands alone.
fn of_leaf(leaf: &Leaf, inner: &Map<String, Value>) -> Option<Value> {
    let is_value = |key: &str| key.is_empty() || leaf.values.contains(&key);
    let (_, value) = inner.iter().find(|(key, _)| is_value(key))?;
    let mut shown = Map::from_iter([(leaf.values[0].to_owned(), value.clone())]);
    shown.extend(options(inner, leaf.options)?);
    for key in inner.keys() {
        let fits = is_value(key) || shown.contains_key(key) || key == "boost" || key == "_name";
        fits.then_some(())?;
    }
    with_boost(shown, inner)
}

fn options(body: &Map<String, Value>, known: &[(&str, Option<&str>)]) -> Option<Vec<(String, Value)>> {
    let mut shown = Vec::new();
    for (key, otherwise) in known {
        let value = match (body.get(*key), otherwise) {
            (Some(given), _) => in_capitals(key, given),
            (None, Some(otherwise)) => serde_json::from_str(otherwise).ok()?,
            (None, None) => continue,
        };
        shown.push(((*key).to_owned(), value));
    }
    Some(shown)
}

fn in_capitals(key: &str, given: &Value) -> Value {
    match given.as_str() {
        Some(text) if ["operator", "zero_terms_query"].contains(&key) => text.to_uppercase().into(),
        _ => given.clone(),
    }
}

fn range(body: &Map<String, Value>) -> Option<Value> {
    const KEYS: [&str; 11] =
        ["from", "to", "gt", "gte", "lt", "lte", "include_lower", "include_upper", "time_zone", "format", "relation"];
    of_field(body, |inner| {
        known(inner, &KEYS)?;
        let bound = |names: [&str; 3]| names.iter().find_map(|name| inner.get(*name)).cloned().unwrap_or_default();
        let included = |open: &str, key: &str| {
            Value::from(!inner.contains_key(open) && inner.get(key).and_then(Value::as_bool).unwrap_or(true))
        };
        let mut shown = Map::new();
        shown.insert("from".into(), bound(["gte", "gt", "from"]));
        shown.insert("to".into(), bound(["lte", "lt", "to"]));
        shown.insert("include_lower".into(), included("gt", "include_lower"));
        shown.insert("include_upper".into(), included("lt", "include_upper"));
        shown.extend(options(inner, &[("time_zone", None), ("format", None), ("relation", None)])?);
        with_boost(shown, inner)
    })
}

/// Queries inside of one, then its options.
fn within(body: &Map<String, Value>, queries: &[&str], others: &[(&str, Option<&str>)]) -> Option<Map<String, Value>> {
    let keys: Vec<&str> = queries.iter().copied().chain(others.iter().map(|(key, _)| *key)).collect();
    known(body, &keys)?;
    let mut shown = Map::new();
    for key in queries {
        shown.insert((*key).to_owned(), query(body.get(*key)?));
    }
    shown.extend(options(body, others)?);
    Some(shown)
}

/// One query is a list of one.
fn list(given: &Value) -> Value {
    given.as_array().map_or_else(|| vec![query(given)], |items| items.iter().map(query).collect()).into()
}

fn of_clauses(body: &Map<String, Value>) -> Option<Map<String, Value>> {
    const CLAUSES: [&str; 4] = ["must", "filter", "must_not", "should"];
    let mut keys = CLAUSES.to_vec();
    keys.extend(["adjust_pure_negative", "minimum_should_match"]);
    known(body, &keys)?;
    let mut shown = Map::new();
    for clause in CLAUSES {
        let clauses = body.get(clause).map(list).filter(|list| *list != json!([]));
        shown.extend(clauses.map(|list| (clause.to_owned(), list)));
    }
    shown.extend(options(body, &[("adjust_pure_negative", Some("true"))])?);
    if let Some(least) = body.get("minimum_should_match") {
        let text = least.as_str().map_or_else(|| least.to_string(), str::to_owned);
        shown.insert("minimum_should_match".into(), text.into());
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &str) {
        let given: Value = serde_json::from_str(given).expect(given);
        assert_eq!(query(&given).to_string(), expected.replace('\'', "\""), "{given}");
    }

    #[test]
    fn options_have_their_values() {
        check(r#"{"term": {"k": "x"}}"#, "{'term':{'k':{'value':'x','boost':1.0}}}");
        check(
            r#"{"term": {"k": {"_name": "q", "value": 5, "boost": 2}}}"#,
            "{'term':{'k':{'value':5,'boost':2.0,'_name':'q'}}}",
        );
        check(r#"{"wildcard": {"k": {"value": "x*"}}}"#, "{'wildcard':{'k':{'wildcard':'x*','boost':1.0}}}");
        check(r#"{"terms": {"k": ["a"], "boost": 3}}"#, "{'terms':{'k':['a'],'boost':3.0}}");
        check(
            r#"{"range": {"n": {"gt": 1, "format": "x"}}}"#,
            "{'range':{'n':{'from':1,'to':null,'include_lower':false,'include_upper':true,'format':'x','boost':1.0}}}",
        );
        check(
            r#"{"match_phrase": {"t": "a b"}}"#,
            "{'match_phrase':{'t':{'query':'a b','slop':0,'zero_terms_query':'NONE','boost':1.0}}}",
        );
    }

    #[test]
    fn queries_inside_of_queries() {
        check(
            r#"{"bool": {"must": {"match_all": {}}, "should": [], "minimum_should_match": 1}}"#,
            "{'bool':{'must':[{'match_all':{'boost':1.0}}],'adjust_pure_negative':true,'minimum_should_match':'1','boost':1.0}}",
        );
        check(
            r#"{"constant_score": {"filter": {"exists": {"field": "k"}}, "boost": 2}}"#,
            "{'constant_score':{'filter':{'exists':{'field':'k','boost':1.0}},'boost':2.0}}",
        );
    }

    #[test]
    fn what_is_not_known_stays() {
        for given in
            [r#"{"term":{"k":{"value":"x","new":1}}}"#, r#"{"wrapper":{"query":"e30="}}"#, r#"{"match_all":1}"#]
        {
            check(given, given);
        }
    }
}
