//! `rank_feature`.

use model::error::Error;
use model::query::scripted::{FeatureScore, RankFeature};
use model::query::{Kind, Query};
use serde_json::{Map, Value};

use super::field::{Carried, Field, build_failed, fields, required};

/// What OpenSearch's messages call the query.
const OWNER: &str = "feature";

pub(super) fn rank_feature(object: &Map<String, Value>) -> Result<Query, Error> {
    let mut carried = Carried::new();
    let (mut name, mut functions) = (None, Vec::new());
    for field in fields(OWNER, object) {
        match field.key {
            "field" => name = field.typed(&["VALUE_STRING"])?.text_or_null()?,
            "saturation" | "log" | "sigmoid" | "linear" => {
                functions.push(function(field).map_err(|error| field.failed(error))?);
            }
            _ if carried.take_declared(field)? => {}
            _ => return Err(field.undeclared()),
        }
    }
    let field = name.ok_or_else(|| required("field"))?;
    if functions.len() > 1 {
        let cause = Error::illegal_argument("Can only specify one of [log], [saturation], [sigmoid] and [linear]");
        return Err(build_failed(OWNER, cause));
    }
    let function = functions.pop().unwrap_or(FeatureScore::Saturation { pivot: None });
    Ok(carried.query(Kind::RankFeature(RankFeature { field, function })))
}

fn function(given: Field<'_>) -> Result<FeatureScore, Error> {
    let Value::Object(options) = given.value else { return Err(given.unknown_token()) };
    let (mut pivot, mut exponent, mut scaling_factor) = (None, None, None);
    for option in fields(given.key, options) {
        match (given.key, option.key) {
            ("saturation" | "sigmoid", "pivot") => pivot = Some(option.float()?),
            ("sigmoid", "exponent") => exponent = Some(option.float()?),
            ("log", "scaling_factor") => scaling_factor = Some(option.float()?),
            _ => return Err(option.undeclared()),
        }
    }
    Ok(match given.key {
        "log" => FeatureScore::Log { scaling_factor: scaling_factor.ok_or_else(|| required("scaling_factor"))? },
        "sigmoid" => FeatureScore::Sigmoid {
            pivot: pivot.ok_or_else(|| required("pivot"))?,
            exponent: exponent.ok_or_else(|| required("exponent"))?,
        },
        "linear" => FeatureScore::Linear,
        _ => FeatureScore::Saturation { pivot },
    })
}
