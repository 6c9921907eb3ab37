//! `moving_avg`.

use model::aggregation::request::Kind;
use model::aggregation::request::pipeline::{MovingModel, PipelineKind};
use model::error::{Error, ErrorKind};
use serde_json::{Map, Value};

use super::super::field::Field;
use super::Asked;
use super::pipeline::{Given, given, unknown_key, wrapped};
use super::validate::failed;

/// More buckets than these are not foretold.
const MOST_FORETOLD: u32 = 1_000_000;
const DEFAULT_WINDOW: u32 = 5;

/// The tokens that some key may have.
const TOKENS: [&str; 5] = ["VALUE_NUMBER", "VALUE_STRING", "START_OBJECT", "START_ARRAY", "VALUE_BOOLEAN"];

pub(super) fn moving_avg<'a>(asked: Asked<'a>) -> Result<Kind, Error> {
    let (mut window, mut predict, mut minimize) = (DEFAULT_WINDOW, 0, None);
    let (mut named, mut settings) = (None, None);
    let more = |field: Field<'a>| {
        match (field.key, field.value) {
            ("model", Value::String(text)) => named = Some(text.as_str()),
            ("settings", Value::Object(given)) => settings = Some(given),
            ("minimize", Value::Bool(flag)) => minimize = Some(*flag),
            ("window", Value::Number(_)) => window = positive(asked, field, "positive, non-zero")?,
            ("predict", Value::Number(_)) => predict = positive(asked, field, "positive")?,
            _ => return Ok(false),
        }
        Ok(true)
    };
    let Given { path, format, gap_policy } = given(asked, more, |field| unknown_key(asked, field, &TOKENS))?;
    let path = path.ok_or_else(|| {
        Error::parsing(format!("Missing required field [buckets_path] for movingAvg aggregation [{}]", asked.name))
    })?;
    // Settings without a model are not looked at.
    let model = named.map_or(Ok(MovingModel::Simple), |named| model(named, settings))?;
    check(asked, &model, (window, minimize))?;
    if predict > MOST_FORETOLD {
        return Err(Error::not_implemented(format!("[predict] of more than {MOST_FORETOLD} buckets")));
    }
    Ok(wrapped(PipelineKind::MovingAvg { path, window, model, predict }, format, gap_policy))
}

fn positive(asked: Asked<'_>, field: Field<'_>, what: &str) -> Result<u32, Error> {
    let given = field.int()?;
    u32::try_from(given).ok().filter(|number| *number > 0).ok_or_else(|| {
        let supplied = format!("Value supplied was [{given}] in [{}].", asked.name);
        Error::parsing(format!("[{}] value must be a {what} integer.  {supplied}", field.key))
    })
}

fn check(asked: Asked<'_>, model: &MovingModel, (window, minimize): (u32, Option<bool>)) -> Result<(), Error> {
    let by_itself = matches!(model, MovingModel::HoltWinters { .. });
    if minimize.unwrap_or(by_itself) {
        return Err(match model {
            MovingModel::Simple | MovingModel::Linear => {
                failed(&[format!("The model cannot be minimized for aggregation [{}]", asked.name)])
            }
            _ => Error::not_implemented("[minimize] of [moving_avg], which [holt_winters] does unless it is false,"),
        });
    }
    match model {
        MovingModel::HoltWinters { period, .. } if window < period.saturating_mul(2) => {
            Err(Error::illegal_argument(format!(
                "Field [window] must be at least twice as large as the period when using Holt-Winters.  Value provided was [{window}], \
                 which is less than (2*period) == {}",
                period.saturating_mul(2)
            )))
        }
        _ => Ok(()),
    }
}

fn model(name: &str, settings: Option<&Map<String, Value>>) -> Result<MovingModel, Error> {
    let mut given = Settings(settings.cloned().unwrap_or_default());
    let read = read(name, &mut given);
    // A season of another kind is refused as it is.
    read.map_err(|refused| match refused {
        Refused::Setting(cause) => {
            let outer = Error::parsing(format!("Could not parse settings for model [{name}]."));
            Error { root_causes: vec![outer.clone()], ..outer.with_cause(cause) }
        }
        Refused::Whole(error) => error,
    })
}

enum Refused {
    /// By a setting that is no such.
    Setting(Error),
    Whole(Error),
}

fn read(name: &str, given: &mut Settings) -> Result<MovingModel, Refused> {
    let model = match name {
        "simple" => MovingModel::Simple,
        "linear" => MovingModel::Linear,
        "ewma" => MovingModel::Ewma { alpha: given.share("alpha", 0.3)? },
        "holt" => MovingModel::Holt { alpha: given.share("alpha", 0.3)?, beta: given.share("beta", 0.1)? },
        "holt_winters" => {
            let (alpha, beta, gamma) =
                (given.share("alpha", 0.3)?, given.share("beta", 0.1)?, given.share("gamma", 0.3)?);
            let (period, multiplicative) = (given.period()?, given.is_multiplicative()?);
            let padded = given.flag("pad", multiplicative)?;
            MovingModel::HoltWinters { alpha, beta, gamma, period, multiplicative, padded }
        }
        _ => return Err(Refused::Whole(Error::parsing(format!("no [moving_avg_model] registered for [{name}]")))),
    };
    given.end()?;
    Ok(model)
}

fn parse(reason: String) -> Refused {
    Refused::Setting(Error::new(ErrorKind::Parse, reason))
}

/// The settings of a model that nobody has read yet.
struct Settings(Map<String, Value>);

impl Settings {
    /// A null is no setting, but it is there.
    fn take(&mut self, name: &str) -> Option<Value> {
        if self.0.get(name).is_none_or(Value::is_null) { None } else { self.0.remove(name) }
    }

    fn mistyped(name: &str, wanted: &str, value: &Value) -> Refused {
        let found = match value {
            Value::Bool(_) => "Boolean",
            Value::Number(number) if number.is_f64() => "Double",
            Value::Number(_) => "Integer",
            Value::Array(_) => "ArrayList",
            Value::Object(_) => "LinkedHashMap",
            Value::String(_) | Value::Null => "String",
        };
        parse(format!("Parameter [{name}] must be {wanted}, type `{found}` provided instead"))
    }

    /// Between 0 and 1.
    fn share(&mut self, name: &str, default: f64) -> Result<f64, Refused> {
        let Some(value) = self.take(name) else { return Ok(default) };
        let number = value.as_f64().ok_or_else(|| Self::mistyped(name, "a double", &value))?;
        if (0.0..=1.0).contains(&number) {
            return Ok(number);
        }
        Err(parse(format!("Parameter [{name}] must be between 0-1 inclusive.  Providedvalue was [{number:?}]")))
    }

    fn period(&mut self) -> Result<u32, Refused> {
        let Some(value) = self.take("period") else { return Ok(1) };
        let number = value.as_f64().ok_or_else(|| Self::mistyped("period", "an integer", &value))?;
        if number < 1.0 || number > f64::from(i32::MAX) {
            return Err(Refused::Whole(Error::illegal_argument(format!("a [period] must be positive, not [{value}]"))));
        }
        Ok(number as u32)
    }

    fn is_multiplicative(&mut self) -> Result<bool, Refused> {
        let Some(value) = self.take("type") else { return Ok(false) };
        match value.as_str() {
            Some("add") => Ok(false),
            Some("mult") => Ok(true),
            Some(other) => {
                let reason = format!("failed to parse seasonality type [{other}]. accepted values are [[add, mult]]");
                Err(Refused::Whole(Error::new(ErrorKind::Parse, reason)))
            }
            None => Err(Self::mistyped("type", "a String", &value)),
        }
    }

    fn flag(&mut self, name: &str, default: bool) -> Result<bool, Refused> {
        let Some(value) = self.take(name) else { return Ok(default) };
        value.as_bool().ok_or_else(|| Self::mistyped(name, "a boolean", &value))
    }

    /// Nothing else is there.
    fn end(&self) -> Result<(), Refused> {
        let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        match names.is_empty() {
            true => Ok(()),
            false => Err(parse(format!("Unrecognized parameter(s): [[{}]]", names.join(", ")))),
        }
    }
}
