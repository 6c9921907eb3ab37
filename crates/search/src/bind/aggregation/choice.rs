//! `include` and `exclude`.

use model::aggregation::key::Key;
use model::aggregation::request::terms::{Exclude, Include as Asked};
use model::error::{Error, ErrorKind};
use model::number::{ordered_from_f64, ordered_from_u64};
use serde_json::Value;

use super::Binding;
use crate::aggregation::choice::{Choice, Include, Set};
use crate::aggregation::format::Format;
use crate::aggregation::values::{Shape, Values, code_of};
use crate::bind::number::{float, java_text, sequence_number};
use crate::bind::{ip, term};
use crate::bound::{NumberCode, Pattern, RegexpFlags};

impl Binding<'_> {
    /// Which of `values` may make buckets of the aggregation `name`, which refuses patterns of numbers by an error of this kind.
    pub(super) fn choice(
        self,
        name: (&str, ErrorKind),
        (include, exclude): (Option<&Asked>, Option<&Exclude>),
        values: &Values,
    ) -> Result<Choice, Error> {
        let include = match include {
            None => None,
            Some(Asked::Partition { partition, num_partitions }) => {
                Some(Include::Partition { partition: *partition, num_partitions: *num_partitions })
            }
            Some(Asked::Pattern(pattern)) => Some(Include::Set(self.pattern(name, pattern, values)?)),
            Some(Asked::Values(list)) => Some(Include::Set(self.set(list, values)?)),
            Some(Asked::Keys(keys)) => Some(Include::Set(known(keys, values))),
        };
        let exclude = match exclude {
            None => None,
            Some(Exclude::Pattern(pattern)) => Some(self.pattern(name, pattern, values)?),
            Some(Exclude::Values(list)) => Some(self.set(list, values)?),
        };
        Ok(Choice { include, exclude })
    }

    fn pattern(self, (name, refused): (&str, ErrorKind), pattern: &str, values: &Values) -> Result<Set, Error> {
        if values.shape() != Shape::Bytes || values.format != Format::Raw {
            let reason = format!(
                "Aggregation [{name}] cannot support regular expression style include/exclude settings as they can only be applied to \
                 string fields. Use an array of {}values for include/exclude clauses{}",
                if values.shape() == Shape::Bytes { "" } else { "numeric " },
                if values.shape() == Shape::Bytes { "" } else { " used to filter numeric fields" }
            );
            return Err(Error::new(refused, reason));
        }
        let flags = RegexpFlags { complement: true, interval: true, intersection: true, any_string: true, empty: true };
        Ok(Set::Pattern(Pattern::Regexp {
            pattern: pattern.to_owned(),
            flags,
            case_insensitive: false,
            max_determinized_states: 10_000,
        }))
    }

    fn set(self, list: &[Value], values: &Values) -> Result<Set, Error> {
        if values.shape() == Shape::Bytes {
            let bytes = |value: &Value| {
                let text = java_text(value);
                match values.format {
                    Format::Ip => Ok(ip::address(&text).map_err(|fault| fault.error().clone())?.as_slice().into()),
                    _ => Ok(term::bytes(&text)),
                }
            };
            return Ok(Set::Bytes(list.iter().map(bytes).collect::<Result<_, Error>>()?));
        }
        Ok(Set::Codes(list.iter().map(|value| self.code(value, values)).collect::<Result<_, Error>>()?))
    }

    /// A value as the column holds it.
    fn code(self, value: &Value, values: &Values) -> Result<i64, Error> {
        let number = |value: &Value| float(value).map_err(|fault| fault.error().clone());
        match (&values.format, value) {
            (Format::Boolean, Value::Bool(flag)) => return Ok(i64::from(*flag)),
            (Format::Boolean, Value::String(text)) if text == "true" || text == "false" => {
                return Ok(i64::from(text == "true"));
            }
            (Format::Date(shown), Value::String(text)) => {
                let moment = shown.format.parse_math(text, self.context.now_ms, false, Some(&shown.zone))?;
                return moment.stored(shown.resolution);
            }
            _ => {}
        }
        Ok(match values.code() {
            NumberCode::Long | NumberCode::Nanos => sequence_number(value).map_err(|fault| fault.error().clone())?,
            NumberCode::Unsigned => {
                ordered_from_u64(value.as_u64().map_or_else(|| number(value).map(|n| n as u64), Ok)?)
            }
            NumberCode::Double => ordered_from_f64(number(value)?),
            NumberCode::Scaled(factor) => (number(value)? * factor).round() as i64,
        })
    }
}

/// The values of buckets. Where indexes differ in the type of a number the keys of all are doubles.
fn known(keys: &[Key], values: &Values) -> Set {
    let bytes = |key: &Key| if let Key::Bytes(bytes) = key { Some(bytes.as_ref().into()) } else { None };
    let code = |key: &Key| {
        let whole = key.as_f64().filter(|number| number.fract() == 0.0);
        let read_as = values.code();
        code_of(key, read_as).or_else(|| match read_as {
            NumberCode::Long | NumberCode::Nanos => whole.map(|number| number as i64),
            NumberCode::Unsigned => whole.map(|number| ordered_from_u64(number as u64)),
            NumberCode::Double => key.as_f64().map(ordered_from_f64),
            NumberCode::Scaled(factor) => key.as_f64().map(|number| (number * factor).round() as i64),
        })
    };
    match values.shape() {
        Shape::Bytes => Set::Bytes(keys.iter().filter_map(bytes).collect()),
        Shape::Long | Shape::Unsigned | Shape::Double => Set::Codes(keys.iter().filter_map(code).collect()),
    }
}
