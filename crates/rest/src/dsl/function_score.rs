//! `function_score`.

use model::error::{Error, ErrorKind};
use model::query::compound::{
    BoostMode, Decay, DecayShape, Function, FunctionScore, Modifier, MultiValueMode, ScoreMode, ScoredFunction,
};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::queries::within;
use super::term_level::late;

const OWNER: &str = "function_score";
const FUNCTIONS: [&str; 6] = ["exp", "field_value_factor", "gauss", "linear", "random_score", "script_score"];

/// `function_score`, with one function or several.
pub(super) fn function_score(object: &Map<String, Value>, depth: usize) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let mut found = FunctionScore {
        query: Query::match_all(),
        functions: Vec::new(),
        score_mode: ScoreMode::Multiply,
        boost_mode: BoostMode::Multiply,
        max_boost: f32::MAX,
        min_score: None,
    };
    let mut before: Option<&str> = None;
    for field in fields(OWNER, object) {
        match (field.key, field.value) {
            ("query", Value::Object(_)) => found.query = within(field.value, depth + 1)?,
            ("functions", Value::Array(items)) => {
                one_or_many(before, "functions")?;
                before = Some("functions");
                found.functions = items.iter().map(|item| entry(item, depth)).collect::<Result<_, _>>()?;
            }
            (_, Value::Array(_)) => {
                return Err(malformed(&format!("array [{}] is not supported", field.key)));
            }
            (_, Value::Object(_)) => {
                one_or_many(before, field.key)?;
                let function = Some(function(field)?);
                before = Some(field.key);
                found.functions = vec![ScoredFunction { filter: None, weight: None, function }];
            }
            ("weight", _) => {
                one_or_many(before, "weight")?;
                before = Some("weight");
                found.functions = vec![ScoredFunction { filter: None, weight: Some(weight(field)?), function: None }];
            }
            ("score_mode", _) => found.score_mode = score_mode(&field.text()?)?,
            ("boost_mode", _) => found.boost_mode = boost_mode(&field.text()?)?,
            ("max_boost", _) => found.max_boost = field.float()?,
            ("min_score", _) => found.min_score = Some(field.float()?),
            (_, Value::Null) => return Err(unsupported(field)),
            _ if carried.take(field)? => {}
            _ => return Err(unsupported(field)),
        }
    }
    Ok(carried.query(Kind::FunctionScore(Box::new(found))))
}

fn malformed(what: &str) -> Error {
    Error::parsing(format!("failed to parse [{OWNER}] query. {what}"))
}

fn unsupported(field: Field<'_>) -> Error {
    malformed(&format!("field [{}] is not supported", field.key))
}

/// There is an array of functions, or one function.
fn one_or_many(before: Option<&str>, now: &str) -> Result<(), Error> {
    match before {
        None => Ok(()),
        Some(before) if before == "functions" || now == "functions" => Err(malformed(&format!(
            "[you can either define [functions] array or a single function, not both. already found [{before}], now encountering [{now}].]"
        ))),
        Some(before) => Err(malformed(&format!(
            "already found function [{before}], now encountering [{now}]. use [functions] array if you want to define several functions."
        ))),
    }
}

/// One of `functions`.
fn entry(item: &Value, depth: usize) -> Result<ScoredFunction, Error> {
    let Value::Object(object) = item else {
        return Err(Error::parsing("malformed query, expected a [START_OBJECT] while parsing functions"));
    };
    let mut found = ScoredFunction { filter: None, weight: None, function: None };
    let mut before: Option<&str> = None;
    for field in fields(OWNER, object) {
        match (field.key, field.value) {
            ("filter", Value::Object(_)) => found.filter = Some(within(field.value, depth + 1)?),
            (_, Value::Object(_)) => {
                if let Some(before) = before {
                    let reason = format!("already found [{before}], now encountering [{}].", field.key);
                    return Err(Error::parsing(format!("failed to parse function_score functions. {reason}")));
                }
                found.function = Some(function(field)?);
                before = Some(field.key);
            }
            ("weight", Value::Null) => {}
            ("weight", _) => found.weight = Some(weight(field)?),
            ("_name", Value::String(_)) => return Err(field.not_implemented()),
            _ => return Err(unsupported(field)),
        }
    }
    if found.function.is_none() && found.weight.is_none() {
        return Err(malformed("an entry in functions list is missing a function."));
    }
    Ok(found)
}

fn weight(field: Field<'_>) -> Result<f32, Error> {
    let weight = field.float()?;
    if weight < 0.0 {
        return Err(Error::illegal_argument("[weight] cannot be negative for a filtering function"));
    }
    Ok(weight)
}

fn function(field: Field<'_>) -> Result<Function, Error> {
    let Value::Object(object) = field.value else { return Err(unsupported(field)) };
    match field.key {
        "random_score" => random_score(object),
        "field_value_factor" => field_value_factor(object),
        "gauss" => decay(DecayShape::Gauss, field.key, object),
        "exp" => decay(DecayShape::Exp, field.key, object),
        "linear" => decay(DecayShape::Linear, field.key, object),
        "script_score" => {
            let script = object.get("script").ok_or_else(|| Error::parsing("script_score requires 'script' field"))?;
            if let Some(other) = object.keys().find(|key| *key != "script") {
                return Err(Error::parsing(format!("script_score query does not support [{other}]")));
            }
            Ok(Function::Script(super::aggregation::script_of(script)?))
        }
        name => {
            let meant = super::suggest::did_you_mean(&super::suggest::alike(OWNER, FUNCTIONS.into_iter()));
            let cause = Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{name}]"));
            Err(Error::parsing(format!("unknown query [{OWNER}]{meant}")).with_cause(cause))
        }
    }
}

fn random_score(object: &Map<String, Value>) -> Result<Function, Error> {
    let (mut seed, mut named) = (None, None);
    for field in fields("random_score", object) {
        match (field.key, field.value) {
            ("seed", Value::Null) => {}
            ("seed", Value::String(_)) => seed = Some(field.value.clone()),
            ("seed", Value::Number(number)) if number.is_i64() => seed = Some(field.value.clone()),
            ("seed", _) => {
                let reason = format!("random_score seed must be an int, long or string, not '{}'", field.token());
                return Err(Error::parsing(reason));
            }
            ("field", _) => named = field.text_or_null()?,
            _ => return Err(Error::parsing(format!("random_score query does not support [{}]", field.key))),
        }
    }
    Ok(Function::RandomScore { seed, field: named })
}

fn field_value_factor(object: &Map<String, Value>) -> Result<Function, Error> {
    let (mut named, mut factor, mut modifier, mut missing) = (None, 1.0, Modifier::None, None);
    for field in fields("field_value_factor", object) {
        match field.key {
            "field" => named = Some(field.text()?),
            "factor" => factor = field.float()?,
            "modifier" => modifier = self::modifier(&field.text()?)?,
            "missing" => missing = Some(field.double()?),
            _ => return Err(Error::parsing(format!("field_value_factor query does not support [{}]", field.key))),
        }
    }
    let field = named.ok_or_else(|| Error::parsing("[field_value_factor] required field 'field' missing"))?;
    Ok(Function::FieldValueFactor { field, factor, modifier, missing })
}

fn no_constant(kind: &str, text: &str) -> Error {
    Error::illegal_argument(format!("No enum constant {kind}.{}", text.to_uppercase()))
}

fn modifier(text: &str) -> Result<Modifier, Error> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "none" => Modifier::None,
        "log" => Modifier::Log,
        "log1p" => Modifier::Log1p,
        "log2p" => Modifier::Log2p,
        "ln" => Modifier::Ln,
        "ln1p" => Modifier::Ln1p,
        "ln2p" => Modifier::Ln2p,
        "square" => Modifier::Square,
        "sqrt" => Modifier::Sqrt,
        "reciprocal" => Modifier::Reciprocal,
        _ => return Err(no_constant("FieldValueFactorFunction.Modifier", text)),
    })
}

fn score_mode(text: &str) -> Result<ScoreMode, Error> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "multiply" => ScoreMode::Multiply,
        "sum" => ScoreMode::Sum,
        "avg" => ScoreMode::Avg,
        "first" => ScoreMode::First,
        "max" => ScoreMode::Max,
        "min" => ScoreMode::Min,
        _ => return Err(no_constant("FunctionScoreQuery.ScoreMode", text)),
    })
}

fn boost_mode(text: &str) -> Result<BoostMode, Error> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "multiply" => BoostMode::Multiply,
        "replace" => BoostMode::Replace,
        "sum" => BoostMode::Sum,
        "avg" => BoostMode::Avg,
        "max" => BoostMode::Max,
        "min" => BoostMode::Min,
        _ => return Err(no_constant("CombineFunction", text)),
    })
}

/// `gauss`, `exp`, `linear`: one field, and how several values of it count.
fn decay(shape: DecayShape, owner: &str, object: &Map<String, Value>) -> Result<Function, Error> {
    let mut mode = MultiValueMode::Min;
    let mut found = None;
    for field in fields(owner, object) {
        match field.value {
            // Of several fields OpenSearch takes the last.
            Value::Object(options) => found = Some((field.key, options)),
            _ if field.key == "multi_value_mode" => mode = multi_value_mode(&field.text()?)?,
            _ => return Err(Error::parsing("malformed score function score parameters.")),
        }
    }
    let (named, options) = found.ok_or_else(|| Error::parsing("malformed score function score parameters."))?;
    let mut decay = Decay {
        shape,
        field: named.to_owned(),
        origin: None,
        scale: Value::Null,
        offset: None,
        decay: 0.5,
        multi_value_mode: mode,
    };
    for option in fields(owner, options) {
        match option.key {
            // A place may be an object or an array.
            "origin" => decay.origin = Some(option.value.clone()).filter(|origin| !origin.is_null()),
            "scale" => decay.scale = option.scalar()?.value.clone(),
            "offset" => decay.offset = Some(option.scalar()?.value.clone()),
            "decay" => decay.decay = option.double().map_err(|error| late(&error.reason))?,
            _ => {
                let cause = Error::new(ErrorKind::Parse, format!("parameter [{}] not supported!", option.key));
                return Err(Error { root_causes: vec![cause.clone()], ..late(&cause.reason).with_cause(cause) });
            }
        }
    }
    if !(0.0..=1.0).contains(&decay.decay) {
        return Err(late("function_score : decay must be in the range [0..1]."));
    }
    // Which of origin and scale a field needs depends on its type: a date's origin is now by default.
    Ok(Function::Decay(Box::new(decay)))
}

fn multi_value_mode(text: &str) -> Result<MultiValueMode, Error> {
    Ok(match text.to_ascii_lowercase().as_str() {
        "min" => MultiValueMode::Min,
        "max" => MultiValueMode::Max,
        "avg" => MultiValueMode::Avg,
        "sum" => MultiValueMode::Sum,
        "median" => MultiValueMode::Median,
        _ => return Err(Error::illegal_argument(format!("Illegal sort mode: {text}"))),
    })
}
