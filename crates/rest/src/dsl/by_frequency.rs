//! `common`: words apart by how frequent they are.

use model::error::Error;
use model::query::full_text::{ByFrequency, Frequency, Operator};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, fields};
use super::full_text::single;

const OWNER: &str = "common";

/// Words in more than this share of the documents are frequent, where nobody says.
const CUTOFF: f32 = 0.01;

/// `common`.
pub(super) fn by_frequency(object: &Map<String, Value>) -> Result<Query, Error> {
    let field = single(OWNER, object)?.ok_or_else(|| Error::illegal_argument("field name is null or empty"))?;
    let mut carried = Carried::new();
    let frequency = || Frequency { operator: Operator::Or, minimum_should_match: None };
    let mut asked = ByFrequency {
        field: field.key.to_owned(),
        text: String::new(),
        analyzer: None,
        cutoff_frequency: CUTOFF,
        low_freq: frequency(),
        high_freq: frequency(),
    };
    let mut text = None;
    match field.value {
        Value::Object(object) => {
            for option in fields(OWNER, object) {
                match option.key {
                    "minimum_should_match" => minimum(option, &mut asked)?,
                    "query" => text = Some(option.scalar()?.text()?),
                    "analyzer" => asked.analyzer = Some(option.scalar()?.text()?),
                    "disable_coord" => {
                        option.scalar()?.flag()?;
                    }
                    "cutoff_frequency" => asked.cutoff_frequency = option.scalar()?.float()?,
                    "low_freq_operator" => asked.low_freq.operator = option.scalar()?.operator()?,
                    "high_freq_operator" => asked.high_freq.operator = option.scalar()?.operator()?,
                    _ if carried.take(option.scalar()?)? => {}
                    _ => return Err(option.unsupported()),
                }
            }
        }
        Value::Null => {}
        _ => text = Some(field.scalar()?.text()?),
    }
    asked.text = text.ok_or_else(|| Error::illegal_argument("text cannot be null"))?;
    Ok(carried.query(Kind::ByFrequency(Box::new(asked))))
}

/// `minimum_should_match`: of rare words, or of both.
fn minimum(option: Field<'_>, asked: &mut ByFrequency) -> Result<(), Error> {
    let Value::Object(object) = option.value else {
        asked.low_freq.minimum_should_match = Some(option.scalar()?.text()?);
        return Ok(());
    };
    for part in fields(OWNER, object) {
        let frequency = match part.key {
            "low_freq" => &mut asked.low_freq,
            "high_freq" => &mut asked.high_freq,
            key => {
                let reason = format!("[{OWNER}] query does not support [{key}] for [minimum_should_match]");
                return Err(Error::parsing(reason));
            }
        };
        frequency.minimum_should_match = Some(part.scalar()?.text()?);
    }
    Ok(())
}
