//! One key of an object and its value, read as the type that is wanted, with OpenSearch's conversions and refusals.

pub(super) use model::document::text_of;
use model::error::{Error, ErrorKind};
use model::json::token;
use model::query::full_text::{Fuzziness, Operator, ZeroTerms};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::fuzziness;
use crate::params::{boolean, number_format};

/// `key: value` within the object that OpenSearch's messages call `owner` (a query's name, `highlight` ..).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    pub(super) owner: &'a str,
    pub(crate) key: &'a str,
    pub(crate) value: &'a Value,
}

/// The keys of `object`, in order.
pub(crate) fn fields<'a>(owner: &'a str, object: &'a Map<String, Value>) -> impl Iterator<Item = Field<'a>> {
    object.iter().map(move |(key, value)| Field { owner, key, value })
}

/// A query or a part of one lacks what it cannot do without.
pub(super) fn required(what: &str) -> Error {
    Error::illegal_argument(format!("Required [{what}]"))
}

/// `x_content_parse_exception` about what does not go together.
pub(super) fn build_failed(owner: &str, cause: Error) -> Error {
    let reason = format!("Failed to build [{owner}] after last required field arrived");
    Error::new(ErrorKind::XContentParse, reason).with_cause(cause)
}

impl<'a> Field<'a> {
    pub(super) fn token(self) -> &'static str {
        token(self.value)
    }

    /// Nobody knows this key.
    pub(super) fn unsupported(self) -> Error {
        Error::parsing(format!("[{}] query does not support [{}]", self.owner, self.key))
    }

    /// The key is known, but not with such a value.
    pub(super) fn unknown_token(self) -> Error {
        Error::parsing(format!("[{}] unknown token [{}] after [{}]", self.owner, self.token(), self.key))
    }

    /// `owner` and `key` as the 501 names them.
    pub(super) fn not_implemented(self) -> Error {
        Error::not_implemented(format!("[{}] of [{}]", self.key, self.owner))
    }

    pub(super) fn is_scalar(self) -> bool {
        matches!(self.value, Value::String(_) | Value::Number(_) | Value::Bool(_))
    }

    /// Refuses null, arrays and objects.
    pub(super) fn scalar(self) -> Result<Self, Error> {
        if self.is_scalar() { Ok(self) } else { Err(self.unknown_token()) }
    }

    pub(crate) fn text(self) -> Result<String, Error> {
        text_of(self.value).ok_or_else(|| self.unknown_token())
    }

    /// As [`Field::text`], null being nothing.
    pub(super) fn text_or_null(self) -> Result<Option<String>, Error> {
        if self.value.is_null() { Ok(None) } else { self.text().map(Some) }
    }

    pub(super) fn flag(self) -> Result<bool, Error> {
        match self.value {
            Value::Bool(flag) => Ok(*flag),
            // Nothing is false.
            Value::String(text) if text.is_empty() => Ok(false),
            Value::String(text) => boolean(text),
            _ => Err(self.json_error("not of boolean type")),
        }
    }

    pub(super) fn double(self) -> Result<f64, Error> {
        match self.value {
            Value::Number(number) => Ok(number.as_f64().unwrap_or(f64::INFINITY)),
            Value::String(text) => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(number_format(text)),
            },
            _ => Err(self.json_error("not numeric, can not use numeric value accessors")),
        }
    }

    pub(super) fn float(self) -> Result<f32, Error> {
        let number = self.double()? as f32;
        if number.is_finite() { Ok(number) } else { Err(self.out_of_range("float")) }
    }

    /// A 32 bit integer; fractions are dropped.
    pub(super) fn int(self) -> Result<i32, Error> {
        let number = self.double()?.trunc();
        if (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number) {
            return Ok(number as i32);
        }
        Err(self.out_of_range("int"))
    }

    /// A 32 bit integer from 0; `negative` is the refusal of others.
    pub(super) fn count(self, negative: impl FnOnce() -> Error) -> Result<u32, Error> {
        u32::try_from(self.int()?).map_err(|_| negative())
    }

    pub(super) fn boost(self) -> Result<f32, Error> {
        let boost = self.float()?;
        if boost < 0.0 {
            let reason =
                format!("negative [boost] are not allowed in [{}], use a value between 0 and 1 to deboost", self.owner);
            return Err(Error::illegal_argument(reason));
        }
        Ok(boost)
    }

    pub(super) fn operator(self) -> Result<Operator, Error> {
        let text = self.text()?;
        operator(&text)
    }

    pub(super) fn fuzziness(self) -> Result<Fuzziness, Error> {
        match self.value {
            Value::String(text) => fuzziness::parse(text),
            Value::Number(number) => fuzziness::parse(&number.to_string()),
            _ => Err(Error::illegal_argument(format!("Can't parse fuzziness on token: [{}]", self.token()))),
        }
    }

    pub(super) fn zero_terms(self) -> Result<ZeroTerms, Error> {
        let text = self.text()?;
        match text.to_ascii_lowercase().as_str() {
            "none" => Ok(ZeroTerms::None),
            "all" => Ok(ZeroTerms::All),
            _ => Err(Error::parsing(format!("Unsupported zero_terms_query value [{text}]"))),
        }
    }

    /// For keys with a declared type: refuses values of any token but `tokens`.
    pub(crate) fn typed(self, tokens: &[&str]) -> Result<Self, Error> {
        if tokens.contains(&self.token()) { Ok(self) } else { Err(self.mistyped()) }
    }

    /// For keys with a declared type: no value of this token is wanted.
    pub(super) fn mistyped(self) -> Error {
        let reason = format!("[{}] {} doesn't support values of type: {}", self.owner, self.key, self.token());
        Error::new(ErrorKind::XContentParse, reason)
    }

    /// For keys with a declared type: says where `error` happened.
    pub(crate) fn failed(self, error: Error) -> Error {
        in_field(self.owner, self.key, error)
    }

    /// For objects with declared keys: this is not one of them.
    pub(crate) fn undeclared(self) -> Error {
        Error::new(ErrorKind::XContentParse, format!("[{}] unknown field [{}]", self.owner, self.key))
    }

    fn json_error(self, what: &str) -> Error {
        Error::new(ErrorKind::JsonParse, format!("Current token ({}) {what}, in [{}]", self.token(), self.key))
    }

    fn out_of_range(self, kind: &str) -> Error {
        let shown: String = self.value.to_string().chars().take(60).collect();
        Error::new(
            ErrorKind::InputCoercion,
            format!("Numeric value ({shown}) of [{}] out of range of {kind}", self.key),
        )
    }
}

/// `OR` or `AND`, in any case.
pub(super) fn operator(text: &str) -> Result<Operator, Error> {
    match text.to_ascii_lowercase().as_str() {
        "or" => Ok(Operator::Or),
        "and" => Ok(Operator::And),
        _ => {
            let shown = text.to_uppercase();
            Err(Error::illegal_argument(format!("No enum constant org.opensearch.index.query.Operator.{shown}")))
        }
    }
}

/// `x_content_parse_exception` about the key within which `error` happened. Errors that OpenSearch finds later than while it
/// parses, and what is not implemented, stay as they are.
pub(super) fn in_field(owner: &str, key: &str, error: Error) -> Error {
    let root_causes = match error.kind {
        ErrorKind::NotImplemented
        | ErrorKind::QueryShard
        | ErrorKind::SearchPhaseExecution
        | ErrorKind::TooManyClauses => return error,
        ErrorKind::XContentParse if !error.root_causes.is_empty() => error.root_causes.clone(),
        // The innermost is told first.
        ErrorKind::XContentParse | ErrorKind::Parsing | ErrorKind::Parse | ErrorKind::AggregationExecution => {
            vec![Error { cause: None, ..error.clone() }]
        }
        _ => Vec::new(),
    };
    let outer = Error::new(ErrorKind::XContentParse, format!("[{owner}] failed to parse field [{key}]"));
    Error { root_causes, ..outer.with_cause(error) }
}

/// `boost` and `_name`, which every query has.
#[derive(Debug)]
pub(super) struct Carried {
    boost: f32,
    name: Option<String>,
}

impl Carried {
    pub(super) fn new() -> Self {
        Self { boost: 1.0, name: None }
    }

    /// Of a query that scores nothing unless it is told to.
    pub(super) fn silent() -> Self {
        Self { boost: 0.0, name: None }
    }

    /// Whether `field` was one of the two.
    pub(super) fn take(&mut self, field: Field<'_>) -> Result<bool, Error> {
        match field.key {
            "boost" => self.boost = field.boost()?,
            "_name" => self.name = field.text_or_null()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// As [`Carried::take`], for objects with declared keys.
    pub(super) fn take_declared(&mut self, field: Field<'_>) -> Result<bool, Error> {
        match field.key {
            "boost" => {
                let typed = field.typed(&["VALUE_NUMBER", "VALUE_STRING"])?;
                self.boost = typed.boost().map_err(|error| field.failed(error))?;
            }
            "_name" => self.name = field.typed(&["VALUE_STRING"])?.text_or_null()?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    pub(super) fn query(self, kind: Kind) -> Query {
        Query { kind, boost: self.boost, name: self.name }
    }
}
