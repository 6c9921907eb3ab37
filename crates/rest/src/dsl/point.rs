//! `pit` and `slice` of a search.

use model::error::Error;
use model::point::{PointInTime, Slice};
use serde_json::{Map, Value};

use super::field::fields;
use crate::params::time_ms;

/// The point in time that a search is over.
pub(super) fn point(object: &Map<String, Value>) -> Result<PointInTime, Error> {
    let (mut id, mut keep_alive_ms) = (None, None);
    for field in fields("pit", object) {
        match field.key {
            "id" => id = Some(field.typed(&["VALUE_STRING"])?.text()?),
            "keep_alive" => keep_alive_ms = time_ms("keep_alive", &field.typed(&["VALUE_STRING"])?.text()?)?,
            _ => return Err(field.undeclared()),
        }
    }
    let id = id.ok_or_else(|| Error::illegal_argument("point int time id is not provided"))?;
    Ok(PointInTime { id, keep_alive_ms })
}

/// The part of what is found that a search is for.
pub(super) fn slice(object: &Map<String, Value>) -> Result<Slice, Error> {
    let (mut name, mut id, mut max) = (None, None, None);
    for field in fields("slice", object) {
        let number = || field.typed(&["VALUE_NUMBER", "VALUE_STRING"])?.int();
        let refused = |why: &str| field.failed(Error::illegal_argument(why));
        match field.key {
            "field" => name = Some(field.typed(&["VALUE_STRING"])?.text()?),
            "id" => {
                let given = number()?;
                id = Some(u32::try_from(given).map_err(|_| refused("id must be greater than or equal to 0"))?);
                if max.is_some_and(|max| id >= Some(max)) {
                    return Err(refused("max must be greater than id"));
                }
            }
            "max" => {
                let given = number()?;
                let least = u32::try_from(given).ok().filter(|given| *given > 1);
                max = Some(least.ok_or_else(|| refused("max must be greater than 1"))?);
                if id.is_some_and(|id| Some(id) >= max) {
                    return Err(refused("max must be greater than id"));
                }
            }
            _ => return Err(field.undeclared()),
        }
    }
    match (id, max) {
        (Some(id), Some(max)) => Ok(Slice { field: name.map(Into::into), id, max }),
        _ => Err(Error::illegal_argument("[slice] needs [id] and [max]")),
    }
}
