//! Metrics of one field, and `weighted_avg`.

use model::aggregation::request::metric::{Cardinality, ExtendedStats, MedianAbsoluteDeviation, WeightedAvg};
use model::aggregation::request::{Kind, Source};
use model::error::Error;

use super::super::field::Field;
use super::bucket::capped;
use super::declared::At;
use super::source::{ConfigKeys, Keys, SourceReader, config, is_value_type, only};
use super::terms::execution_hint;
use super::{Asked, late};

/// Most values that `cardinality` counts nearly exactly.
const MAX_PRECISION_THRESHOLD: u32 = 40_000;

/// `avg`.
pub(super) fn avg(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::USUAL).map(Kind::Avg)
}

/// `min`.
pub(super) fn min(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::USUAL).map(Kind::Min)
}

/// `max`.
pub(super) fn max(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::USUAL).map(Kind::Max)
}

/// `sum`.
pub(super) fn sum(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::USUAL).map(Kind::Sum)
}

/// `value_count`.
pub(super) fn value_count(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::USUAL).map(Kind::ValueCount)
}

/// `stats`.
pub(super) fn stats(asked: Asked<'_>) -> Result<Kind, Error> {
    only(asked, Keys::USUAL).map(Kind::Stats)
}

/// `extended_stats`.
pub(super) fn extended_stats(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let mut sigma = 2.0;
    for field in asked.fields() {
        match field.key {
            "sigma" => {
                let given = field.declared_double()?;
                sigma = asked.not_negative("sigma", given).at(field)?;
            }
            _ => source.take_last(field, &["sigma"])?,
        }
    }
    Ok(Kind::ExtendedStats(Box::new(ExtendedStats { source: source.finish()?, sigma })))
}

/// `cardinality`.
pub(super) fn cardinality(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::PLAIN);
    let mut precision_threshold = 3_000;
    for field in asked.fields() {
        match field.key {
            "precision_threshold" => {
                precision_threshold = capped(asked, field, "precisionThreshold", MAX_PRECISION_THRESHOLD)?;
            }
            // Without effect for many versions of OpenSearch.
            "rehash" => drop(field.declared_long()?),
            "execution_hint" => execution_hint(field, ["direct", "ordinals"])?,
            _ => source.take_last(field, &["precision_threshold", "execution_hint"])?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::Cardinality(Box::new(Cardinality { source, precision_threshold })))
}

/// `median_absolute_deviation`.
pub(super) fn median_absolute_deviation(asked: Asked<'_>) -> Result<Kind, Error> {
    let mut source = SourceReader::new(asked, Keys::USUAL);
    let mut compression = 1000.0;
    for field in asked.fields() {
        match field.key {
            "compression" => {
                let given = field.declared_double()?;
                compression = asked.above_zero("compression", given).at(field)?;
            }
            _ => source.take_last(field, &["compression"])?,
        }
    }
    let source = source.finish()?;
    Ok(Kind::MedianAbsoluteDeviation(Box::new(MedianAbsoluteDeviation { source, compression })))
}

/// `weighted_avg`.
pub(super) fn weighted_avg(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut value, mut weight) = (None, None);
    let (mut format, mut value_type) = (None, None);
    for field in asked.fields() {
        match field.key {
            "value" => value = Some(weighed(field)?),
            "weight" => weight = Some(weighed(field)?),
            "format" => format = Some(field.string()?.to_owned()),
            "value_type" => {
                let named = field.string()?;
                if !is_value_type(named) {
                    return Err(Error::illegal_argument(format!("Unknown value type [{named}]"))).at(field);
                }
                value_type = Some(named.to_owned());
            }
            _ => return Err(field.unknown(&["value", "weight", "format", "value_type"])),
        }
    }
    let missing =
        |what: &str| late(Error::illegal_argument(format!("Could not find field name [{what}] in multiValuesSource")));
    let mut value = value.ok_or_else(|| missing("value"))?;
    let weight = weight.ok_or_else(|| missing("weight"))?;
    value.value_type = value_type;
    Ok(Kind::WeightedAvg(Box::new(WeightedAvg { value, weight, format })))
}

fn weighed(field: Field<'_>) -> Result<Source, Error> {
    const KEYS: ConfigKeys = ConfigKeys { format: false, time_zone: false, value_type: false, both: false };
    field.object()?;
    config(field.value, KEYS).at(field)
}
