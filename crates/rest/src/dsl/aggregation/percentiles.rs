//! `percentiles` and `percentile_ranks`.

use model::aggregation::request::metric::{Percentiles, PercentilesMethod};
use model::aggregation::request::{Kind, Source};
use model::error::{Error, ErrorKind};

use super::super::field::{Field, build_failed, fields};
use super::Asked;
use super::declared::At;
use super::source::{Keys, SourceReader};

const DEFAULT_PERCENTS: [f64; 7] = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];

/// What both have.
struct Given {
    source: Source,
    points: Option<Vec<f64>>,
    keyed: bool,
    method: PercentilesMethod,
}

/// `percentiles`.
pub(super) fn percentiles(asked: Asked<'_>) -> Result<Kind, Error> {
    let Given { source, points, keyed, method } = read(asked, "percents")?;
    let mut points = points.unwrap_or_else(|| DEFAULT_PERCENTS.to_vec());
    let outside = points.iter().find(|percent| !(0.0..=100.0).contains(*percent));
    let reason = match outside {
        Some(percent) => format!("percent must be in [0,100], got [{percent:?}]: [{}]", asked.name),
        None if points.is_empty() => format!("[percents] must not be empty: [{}]", asked.name),
        None => {
            points.sort_by(f64::total_cmp);
            return Ok(Kind::Percentiles(Box::new(Percentiles { source, points, keyed, method })));
        }
    };
    Err(build_failed(asked.kind, Error::illegal_argument(reason)))
}

/// `percentile_ranks`.
pub(super) fn percentile_ranks(asked: Asked<'_>) -> Result<Kind, Error> {
    let Given { source, points, keyed, method } = read(asked, "values")?;
    let reason = match points {
        None => format!("[values] must not be null: [{}]", asked.name),
        Some(points) if points.is_empty() => format!("[values] must not be an empty array: [{}]", asked.name),
        Some(mut points) => {
            points.sort_by(f64::total_cmp);
            return Ok(Kind::PercentileRanks(Box::new(Percentiles { source, points, keyed, method })));
        }
    };
    Err(build_failed(asked.kind, Error::illegal_argument(reason)))
}

fn read(asked: Asked<'_>, points_key: &str) -> Result<Given, Error> {
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let (mut points, mut keyed) = (None, true);
    let (mut method, mut second) = (None, None);
    for field in asked.fields() {
        match field.key {
            key if key == points_key => points = Some(field.declared_doubles()?),
            "keyed" => keyed = field.declared_flag()?,
            "tdigest" | "hdr" => {
                let read = if field.key == "hdr" { hdr(field)? } else { tdigest(field)? };
                if method.replace(read).is_some() {
                    second = Some(field);
                }
            }
            "missing" if field.value.is_null() => {
                source.take(field).map_err(|error| {
                    let reason = format!("failed to build [{}] after last required field arrived", asked.kind);
                    Error::new(ErrorKind::XContentParse, reason).with_cause(error)
                })?;
            }
            _ => source.take_last(field, &[points_key, "keyed", "tdigest", "hdr"])?,
        }
    }
    if let Some(field) = second {
        let error = Error::illegal_argument("Only one percentiles method should be declared.");
        let failed = build_failed(asked.kind, error);
        // Ranks need their values first, and so fail within the second method.
        return if points_key == "values" { Err(failed).at(field) } else { Err(failed) };
    }
    let method = method.unwrap_or(PercentilesMethod::TDigest { compression: 100.0 });
    Ok(Given { source: source.finish()?, points, keyed, method })
}

fn tdigest(field: Field<'_>) -> Result<PercentilesMethod, Error> {
    let mut compression = 100.0;
    for option in fields("tdigest", field.object()?) {
        match option.key {
            "compression" => {
                compression = option.declared_double().at(field)?;
                if compression < 0.0 {
                    let least = "must be greater than or equal to 0";
                    let reason = format!("[compression] {least}. Found [{compression:?}]");
                    return Err(Error::illegal_argument(reason)).at(option).at(field);
                }
            }
            _ => return Err(option.unknown(&["compression"])).at(field),
        }
    }
    Ok(PercentilesMethod::TDigest { compression })
}

fn hdr(field: Field<'_>) -> Result<PercentilesMethod, Error> {
    let mut significant_digits = 3;
    for option in fields("hdr", field.object()?) {
        match option.key {
            "number_of_significant_value_digits" => {
                let digits = option.declared_int().at(field)?;
                significant_digits = u8::try_from(digits).ok().filter(|digits| *digits <= 5).ok_or_else(|| {
                    let reason = "[numberOfSignificantValueDigits] must be between 0 and 5";
                    field.failed(option.failed(Error::illegal_argument(reason)))
                })?;
            }
            _ => return Err(option.unknown(&["number_of_significant_value_digits"])).at(field),
        }
    }
    Ok(PercentilesMethod::Hdr { significant_digits })
}
