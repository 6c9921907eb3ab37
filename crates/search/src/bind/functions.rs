//! `function_score`.

use model::error::{Error, ErrorKind};
use model::mapping::{Field, FieldKind, NumberKind};
use model::query::compound::{BoostMode, Decay, Function, FunctionScore, Modifier, ScoreMode};
use serde_json::Value;

use super::Binder;
use super::fault::{Fault, Outcome};
use super::number::{float, java_text};
use super::target::{Meta, Target};
use crate::bound::{BoundFunction, BoundFunctionScore, BoundKind, BoundQuery, NumberCode, RandomOf, ScoreFunction};

/// How the column of a number or date is read. Dates count milliseconds.
pub(super) fn number_code(field: &Field) -> Option<NumberCode> {
    Some(match &field.kind {
        FieldKind::Number(NumberKind::UnsignedLong) => NumberCode::Unsigned,
        FieldKind::Number(NumberKind::ScaledFloat) => NumberCode::Scaled(field.scaling_factor.unwrap_or(1.0)),
        FieldKind::Number(kind) if kind.is_float() => NumberCode::Double,
        FieldKind::Number(_) | FieldKind::Date => NumberCode::Long,
        FieldKind::DateNanos => NumberCode::Scaled(1e6),
        _ => return None,
    })
}

/// Whether the values of a field can be read by document.
pub(super) fn readable(field: &Field) -> Outcome<()> {
    let path = &field.path;
    match field.kind {
        FieldKind::Features { .. } => Err(Fault::illegal_argument(format!(
            "[{}] fields do not support sorting, scripting or aggregating",
            field.type_name()
        ))),
        FieldKind::Percolator => {
            let reason = format!("Fielddata is not supported on field [{path}] of type [percolator]");
            Err(Fault::illegal_argument(reason))
        }
        FieldKind::Text if !field.fielddata => Err(Error::no_fielddata(path).into()),
        FieldKind::Text if field.explicit.contains_key("fielddata_frequency_filter") => {
            Err(Error::not_implemented(format!("[fielddata_frequency_filter] of [{path}]")).into())
        }
        FieldKind::Text => Ok(()),
        _ if !field.doc_values => Err(Error::no_doc_values(path, field.type_name()).into()),
        _ => Ok(()),
    }
}

impl Binder<'_> {
    pub(super) fn function_score(&self, query: &FunctionScore) -> Outcome<BoundQuery> {
        let mut functions = Vec::with_capacity(query.functions.len());
        for function in &query.functions {
            functions.push(BoundFunction {
                filter: function.filter.as_ref().map(|filter| self.query(filter)).transpose()?,
                weight: function.weight,
                function: function.function.as_ref().map(|function| self.function(function)).transpose()?,
            });
        }
        Ok(BoundQuery::new(BoundKind::FunctionScore(Box::new(BoundFunctionScore {
            query: self.query(&query.query)?,
            score_mode: if alone(&mut functions) { ScoreMode::Multiply } else { query.score_mode },
            boost_mode: if functions.is_empty() { BoostMode::Multiply } else { query.boost_mode },
            functions,
            max_boost: query.max_boost,
            min_score: query.min_score,
            boosts_result: false,
        }))))
    }

    fn function(&self, function: &Function) -> Outcome<ScoreFunction> {
        match function {
            Function::RandomScore { seed, field } => self.random(seed.as_ref(), field.as_deref()),
            Function::FieldValueFactor { field, factor, modifier, missing } => {
                self.field_value(field, *factor, *modifier, *missing)
            }
            Function::Decay(decay) => self.decay(decay),
            Function::Script(script) => Ok(ScoreFunction::Script(self.script(script)?)),
        }
    }

    fn random(&self, seed: Option<&Value>, field: Option<&str>) -> Outcome<ScoreFunction> {
        let seed = match seed {
            Some(Value::Number(number)) => folded(number.as_i64().unwrap_or_default()),
            Some(other) => java_hash(&java_text(other)).into(),
            None => folded(self.context.now_ms),
        };
        let of = match field {
            None | Some("_id") => RandomOf::Id,
            Some(name) => self.random_of(name)?,
        };
        // OpenSearch adds the shard's number, too, so that equal values score differently on different shards.
        let salt = java_hash(&self.context.index.name).wrapping_shl(10);
        Ok(ScoreFunction::Random { seed, salt, of })
    }

    fn random_of(&self, name: &str) -> Outcome<RandomOf> {
        match self.target(name) {
            Target::Meta(Meta::SeqNo) => Ok(RandomOf::Number(name.into(), NumberCode::Long)),
            Target::Field(field) => {
                readable(field)?;
                let code = match field.kind {
                    FieldKind::Text | FieldKind::Keyword | FieldKind::Ip => {
                        return Ok(RandomOf::Term(field.path.clone()));
                    }
                    FieldKind::Boolean => Some(NumberCode::Long),
                    FieldKind::DateNanos => Some(NumberCode::Nanos),
                    _ => number_code(field),
                };
                let code = code.ok_or_else(|| {
                    let kind = field.type_name();
                    Fault::from(Error::not_implemented(format!("random_score over a field of type [{kind}]")))
                })?;
                Ok(RandomOf::Number(field.path.clone(), code))
            }
            _ => {
                let index = &self.context.index;
                Err(Fault::illegal_argument(format!(
                    "Field [{name}] is not mapped on [[{}/{}]] and cannot be used as a source of random numbers.",
                    index.name, index.uuid
                )))
            }
        }
    }

    fn field_value(&self, name: &str, factor: f32, modifier: Modifier, missing: Option<f64>) -> Outcome<ScoreFunction> {
        let (field, code) = match self.target_if_any(name) {
            Target::Meta(Meta::SeqNo) => (name.into(), NumberCode::Long),
            Target::Field(field) => {
                readable(field)?;
                let code = if field.kind == FieldKind::Boolean { Some(NumberCode::Long) } else { number_code(field) };
                (field.path.clone(), code.ok_or_else(|| not_numeric(field))?)
            }
            _ if missing.is_some() => (name.into(), NumberCode::Long),
            _ => {
                let reason = format!("Unable to find a field mapper for field [{name}]. No 'missing' value defined.");
                return Err(Fault::Create(Error::new(ErrorKind::Generic, reason)));
            }
        };
        Ok(ScoreFunction::FieldValue { field, code, factor, modifier, missing })
    }

    fn decay(&self, decay: &Decay) -> Outcome<ScoreFunction> {
        let name = decay.field.as_str();
        let parsing = |reason: String| Fault::AsIs(Error::parsing(reason));
        let Target::Field(field) = self.target(name) else { return Err(parsing(format!("unknown field [{name}]"))) };
        if field.kind == FieldKind::GeoPoint {
            return self.geo_decay(field, decay);
        }
        let date = matches!(field.kind, FieldKind::Date | FieldKind::DateNanos);
        let number = matches!(field.kind, FieldKind::Number(kind) if kind != NumberKind::ScaledFloat);
        if !date && !number {
            let kind = field.type_name();
            return Err(parsing(format!("field [{name}] is of type [{kind}], but only numeric types are supported.")));
        }
        let given = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        let (origin, scale, offset) =
            (given(decay.origin.as_ref()), given(Some(&decay.scale)), given(decay.offset.as_ref()));
        let (origin, scale, offset) = if date {
            let origin = match origin {
                Some(origin) => self.date_ms(field, &java_text(&origin))?,
                None => self.context.now_ms,
            };
            let scale = scale.ok_or_else(|| parse("[scale] must be set for date fields."))?;
            let scale = interval_ms("scale", &java_text(&scale))?;
            let offset = offset.map_or(Ok(0.0), |offset| interval_ms("offset", &java_text(&offset)))?;
            (origin as f64, scale, offset)
        } else {
            let both = || parse("both [scale] and [origin] must be set for numeric fields.");
            let (origin, scale) = origin.zip(scale).ok_or_else(both)?;
            (float(&origin)?, float(&scale)?, offset.map_or(Ok(0.0), |offset| float(&offset))?)
        };
        readable(field)?;
        check_decay(scale, offset, decay.decay)?;
        Ok(ScoreFunction::Decay {
            shape: decay.shape,
            field: field.path.clone(),
            code: number_code(field).ok_or_else(|| not_numeric(field))?,
            place: None,
            origin,
            scale,
            offset,
            decay: decay.decay,
            mode: decay.multi_value_mode,
        })
    }
}

/// Whether there is one function at most, for every document: nothing is put together then, so that an average of it is no average by weight.
fn alone(functions: &mut [BoundFunction]) -> bool {
    let [one] = functions else { return functions.is_empty() };
    let everything = one.filter.as_ref().is_none_or(|filter| filter.kind == BoundKind::MatchAll);
    if everything {
        one.filter = None;
    }
    everything
}

pub(super) fn parse(reason: &str) -> Fault {
    Fault::Create(Error::new(ErrorKind::Parse, reason))
}

pub(super) fn check_decay(scale: f64, offset: f64, decay: f64) -> Outcome<()> {
    let refused = |what: &str| Err(Fault::illegal_argument(format!("function_score : {what}")));
    if scale.is_nan() || scale <= 0.0 {
        return refused("scale must be > 0.0.");
    }
    if decay.is_nan() || decay <= 0.0 || decay >= 1.0 {
        return refused("decay must be in the range [0..1].");
    }
    if offset.is_nan() || offset < 0.0 {
        return refused("offset must be > 0.0");
    }
    Ok(())
}

fn not_numeric(field: &Field) -> Fault {
    let (path, kind) = (&field.path, field.type_name());
    let reason = format!("field [{path}] of type [{kind}] has no numeric values for a function_score");
    Fault::Create(Error::new(ErrorKind::ClassCast, reason))
}

/// `1d`, `36h`, `90s` .. in milliseconds.
pub(super) fn interval_ms(what: &str, text: &str) -> Outcome<f64> {
    let refused = || {
        Fault::illegal_argument(format!(
            "failed to parse setting [DecayFunctionParser.{what}] with value [{text}] as a time value: unit is missing or unrecognized"
        ))
    };
    let lower = text.trim().to_lowercase();
    let units = [("nanos", 1e-6), ("micros", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6), ("d", 8.64e7)];
    for (unit, factor) in units {
        let Some(digits) = lower.strip_suffix(unit) else { continue };
        return digits
            .trim()
            .parse::<f64>()
            .ok()
            .filter(|n| n.is_finite())
            .map(|count| count * factor)
            .ok_or_else(refused);
    }
    if lower == "0" { Ok(0.0) } else { Err(refused()) }
}

/// Java's `String.hashCode`.
fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()))
}

/// Java's `Long.hashCode` of what does not fit into 32 bits.
fn folded(seed: i64) -> i64 {
    match i32::try_from(seed) {
        Ok(small) => small.into(),
        Err(_) => i64::from((seed ^ ((seed as u64) >> 32) as i64) as i32),
    }
}
