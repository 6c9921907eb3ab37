//! Keys with declared types, read as OpenSearch's object parsers read them: the wrong token is refused by the object, what is wrong
//! with a value is the cause of a failure of its key.

use model::error::{Error, ErrorKind};
use model::geo::distance::java_double;
use model::json::token;
use serde_json::{Map, Value};

use super::super::field::{Field, fields};
use super::super::suggest;
use super::Asked;
use crate::params::number_format;

const NUMBER_TOKENS: [&str; 2] = ["VALUE_NUMBER", "VALUE_STRING"];

impl<'a> Asked<'a> {
    pub(super) fn fields(self) -> impl Iterator<Item = Field<'a>> {
        fields(self.kind, self.object)
    }

    /// `what` must be greater than 0.
    pub(super) fn above_zero<N: PartialOrd + Default + std::fmt::Debug>(
        self,
        what: &str,
        number: N,
    ) -> Result<N, Error> {
        if number > N::default() {
            return Ok(number);
        }
        let reason = format!("[{what}] must be greater than 0. Found [{number:?}] in [{}]", self.name);
        Err(Error::illegal_argument(reason))
    }

    /// `what` must not be negative.
    pub(super) fn not_negative<N: PartialOrd + Default + std::fmt::Debug>(
        self,
        what: &str,
        number: N,
    ) -> Result<N, Error> {
        if number >= N::default() {
            return Ok(number);
        }
        let reason = format!("[{what}] must be greater than or equal to 0. Found [{number:?}] in [{}]", self.name);
        Err(Error::illegal_argument(reason))
    }
}

/// `error` of a key, with the place where it happened.
pub(super) trait At<T> {
    fn at(self, field: Field<'_>) -> Result<T, Error>;
}

impl<T> At<T> for Result<T, Error> {
    fn at(self, field: Field<'_>) -> Self {
        self.map_err(|error| field.failed(error))
    }
}

impl<'a> Field<'a> {
    /// A string and nothing else.
    pub(super) fn string(self) -> Result<&'a str, Error> {
        match self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.mistyped()),
        }
    }

    pub(super) fn declared_flag(self) -> Result<bool, Error> {
        self.typed(&["VALUE_BOOLEAN", "VALUE_STRING"])?.flag().at(self)
    }

    pub(super) fn declared_int(self) -> Result<i32, Error> {
        self.typed(&NUMBER_TOKENS)?.int().at(self)
    }

    pub(super) fn declared_double(self) -> Result<f64, Error> {
        let read = match self.typed(&NUMBER_TOKENS)?.value {
            Value::String(text) => {
                java_double(text).filter(|number| number.is_finite()).ok_or_else(|| number_format(text))
            }
            _ => self.double(),
        };
        read.at(self)
    }

    /// A 64 bit integer; fractions are dropped.
    pub(super) fn declared_long(self) -> Result<i64, Error> {
        let read = match self.value {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)).ok_or_else(|| {
                let reason = format!("Numeric value ({number}) of [{}] out of range of long", self.key);
                Error::new(ErrorKind::InputCoercion, reason)
            }),
            Value::String(text) => {
                text.parse().ok().or_else(|| text.parse().ok().and_then(whole)).ok_or_else(|| input_string(text))
            }
            _ => return Err(self.mistyped()),
        };
        read.at(self)
    }

    pub(super) fn object(self) -> Result<&'a Map<String, Value>, Error> {
        match self.value {
            Value::Object(object) => Ok(object),
            _ => Err(self.mistyped()),
        }
    }

    /// Numbers in an array, or one alone.
    pub(super) fn declared_doubles(self) -> Result<Vec<f64>, Error> {
        let typed = self.typed(&["START_ARRAY", "VALUE_NUMBER", "VALUE_STRING"])?;
        let Value::Array(items) = typed.value else { return Ok(vec![self.declared_double()?]) };
        let read = |value: &Value| match value {
            Value::Array(_) => Err(Error::new(ErrorKind::IllegalState, "expected value but got [START_ARRAY]")),
            value => Field { owner: self.owner, key: self.key, value }.double(),
        };
        items.iter().map(read).collect::<Result<_, _>>().at(self)
    }

    /// Nobody declared this key; `known` are those that are.
    pub(super) fn unknown(self, known: &[&str]) -> Error {
        let meant = suggest::did_you_mean(&suggest::alike(self.key, known.iter().copied()));
        Error::new(ErrorKind::XContentParse, format!("[{}] unknown field [{}]{meant}", self.owner, self.key))
    }
}

/// `number` without its fraction, where 64 bits hold it.
fn whole(number: f64) -> Option<i64> {
    let truncated = number.trunc();
    (-9.3e18..9.3e18).contains(&truncated).then_some(truncated as i64)
}

/// `illegal_argument_exception` about what is no number.
fn input_string(text: &str) -> Error {
    let shown: String = text.chars().take(100).collect();
    Error::illegal_argument(format!("For input string: \"{shown}\""))
}

/// `value` as the object that `owner` must be.
pub(super) fn object_of<'a>(owner: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Error> {
    match value {
        Value::Object(object) => Ok(object),
        other => {
            let reason = format!("[{owner}] Expected START_OBJECT but was: {}", token(other));
            Err(Error::new(ErrorKind::XContentParse, reason))
        }
    }
}
