//! What `index.similarity.*` and the fields' `similarity` say of scoring.
//!
//! In: an index' settings and mapping. Out: how each field scores, or what OpenSearch finds wrong. Similarities by a script are not here.

mod models;

use std::collections::BTreeMap;

use cluster::settings::{IndexSettings, flat};
use model::error::{Error, ErrorKind};
use model::mapping::Mapping;
use serde_json::{Map, Value};
use shard::reader::{Bm25, Similarities, Similarity};

/// The type that OpenSearch has and that is not here.
const ABSENT: &str = "scripted";

/// How the fields of an index score.
///
/// # Errors
/// `illegal_argument_exception` for what the settings define wrongly, `mapper_parsing_exception` for a field that names what is not there, 501
/// for types that are not here.
pub(crate) fn of_index(settings: &IndexSettings, mapping: &Mapping) -> Result<Similarities, Error> {
    let mut defined = BTreeMap::new();
    if let Value::Object(all) = settings.similarity() {
        for (name, definition) in &all {
            if built_in(name).is_some() {
                let reason = format!("illegal value for [index.similarity.{name}] cannot redefine built-in similarity");
                return Err(Error::illegal_argument(reason));
            }
            defined.insert(name.clone(), read(name, definition)?);
        }
    }
    let mut similarities = Similarities::default();
    if let Some(default) = defined.get("default") {
        similarities.default = *default;
    }
    for (name, path) in mapping.similarity_names() {
        let found = defined.get(&*name).copied().or_else(|| built_in(&name)).ok_or_else(|| {
            let field = path.rsplit('.').next().unwrap_or_default();
            let reason = format!("Unknown Similarity type [{name}] for field [{field}]");
            Error::new(ErrorKind::MapperParsing, reason)
        })?;
        similarities.by_field.insert(path, found);
    }
    Ok(similarities)
}

/// What needs no settings, by name.
fn built_in(name: &str) -> Option<Similarity> {
    match name {
        "boolean" => Some(Similarity::Boolean),
        "BM25" => Some(Similarity::Bm25(Bm25::default())),
        _ => None,
    }
}

/// What settings may be made of, with the parameters' defaults.
fn typed(kind: &str) -> Option<Similarity> {
    match kind {
        "LegacyBM25" => Some(Similarity::Bm25(Bm25 { legacy: true, ..Bm25::default() })),
        _ => built_in(kind),
    }
}

/// One of `index.similarity.*`.
fn read(name: &str, definition: &Value) -> Result<Similarity, Error> {
    let none = Map::new();
    let given = definition.as_object().unwrap_or(&none);
    let kind = given.get("type").map(flat::text);
    let kind =
        kind.ok_or_else(|| Error::illegal_argument(format!("Similarity [{name}] must have an associated type")))?;
    if kind == ABSENT {
        return Err(Error::not_implemented(format!("similarity [{kind}]")));
    }
    if let Some(model) = models::read(&kind, given)? {
        return Ok(Similarity::Model(model));
    }
    let base = typed(&kind);
    let base = base.ok_or_else(|| Error::illegal_argument(format!("Unknown Similarity type [{kind}] for [{name}]")))?;
    let Similarity::Bm25(base) = base else { return known(&kind, given, &[]).map(|()| base) };
    known(&kind, given, &["b", "discount_overlaps", "k1"])?;
    let bm25 = Bm25 { k1: number(given, "k1", base.k1)?, b: number(given, "b", base.b)?, ..base };
    match given.get("discount_overlaps").map(flat::text).as_deref() {
        None | Some("true") => {}
        Some("false") => {
            return Err(Error::not_implemented("similarity setting [discount_overlaps] with value [false]"));
        }
        Some(other) => {
            let reason = format!("Failed to parse value [{other}] as only [true] or [false] are allowed.");
            return Err(Error::illegal_argument(reason));
        }
    }
    if !(bm25.k1.is_finite() && bm25.k1 >= 0.0) {
        let k1 = bm25.k1;
        return Err(Error::illegal_argument(format!("illegal k1 value: {k1:?}, must be a non-negative finite value")));
    }
    if !(0.0..=1.0).contains(&bm25.b) {
        return Err(Error::illegal_argument(format!("illegal b value: {:?}, must be between 0 and 1", bm25.b)));
    }
    Ok(Similarity::Bm25(bm25))
}

/// Refuses settings beside `type` that are not among `names`.
fn known(kind: &str, given: &Map<String, Value>, names: &[&str]) -> Result<(), Error> {
    let unknown: Vec<&str> =
        given.keys().map(String::as_str).filter(|key| *key != "type" && !names.contains(key)).collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => {
            let unknown = unknown.join(", ");
            Err(Error::illegal_argument(format!("Unknown settings for similarity of type [{kind}]: [{unknown}]")))
        }
    }
}

fn number(given: &Map<String, Value>, name: &str, default: f32) -> Result<f32, Error> {
    let Some(text) = given.get(name).map(flat::text) else { return Ok(default) };
    text.trim().parse().map_err(|_| {
        let cause = Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\""));
        Error::new(ErrorKind::Settings, format!("Failed to parse float setting [{name}] with value [{text}]"))
            .with_cause(cause)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(settings: Value, similarity: &str, expected: Result<Similarity, &str>) {
        let settings = json!({"similarity": settings});
        let settings = IndexSettings::create(settings.as_object().unwrap()).unwrap();
        let mapping = json!({"properties": {"o": {"properties": {"a": {"type": "text", "similarity": similarity}}}}});
        let found = of_index(&settings, &Mapping::parse(&mapping).unwrap());
        let found = found.map(|found| found.of("o.a")).map_err(|error| error.reason);
        assert_eq!(found, expected.map_err(str::to_owned), "{settings:?} {similarity}");
    }

    #[test]
    fn fields_score_by_what_they_name() {
        let own = json!({"own": {"type": "BM25", "k1": 2, "b": "0.5"}});
        check(own.clone(), "own", Ok(Similarity::Bm25(Bm25 { k1: 2.0, b: 0.5, legacy: false })));
        check(own, "boolean", Ok(Similarity::Boolean));
        let old = Bm25 { legacy: true, ..Bm25::default() };
        check(json!({"old": {"type": "LegacyBM25"}}), "old", Ok(Similarity::Bm25(old)));
        check(json!({}), "LegacyBM25", Err("Unknown Similarity type [LegacyBM25] for field [a]"));
        check(json!({}), "bm25", Err("Unknown Similarity type [bm25] for field [a]"));
    }

    #[test]
    fn what_is_defined_wrongly_is_refused() {
        let wrong = |definition: Value, reason: &str| check(json!({"own": definition}), "BM25", Err(reason));
        wrong(json!({"k1": 1}), "Similarity [own] must have an associated type");
        wrong(json!({"type": "new"}), "Unknown Similarity type [new] for [own]");
        wrong(json!({"type": "BM25", "k1": -1}), "illegal k1 value: -1.0, must be a non-negative finite value");
        wrong(json!({"type": "BM25", "b": 2}), "illegal b value: 2.0, must be between 0 and 1");
        wrong(json!({"type": "BM25", "k2": 2}), "Unknown settings for similarity of type [BM25]: [k2]");
        wrong(json!({"type": "scripted"}), "similarity [scripted] is not implemented yet");
    }
}
