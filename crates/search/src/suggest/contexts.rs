//! Contexts of completions that a search asks for: what it says, read along the contexts that the field has.

use std::collections::{BTreeMap, BTreeSet};

use model::document::text_of;
use model::error::{Error, ErrorKind};
use model::geo::distance::{DistanceUnit, parse_distance};
use model::geo::read::{self, Corner};
use model::geo::{GeoPoint, hash};
use model::mapping::{Context, ContextKind, Field};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Inputs of one context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Of the context in its field.
    pub number: u8,
    pub text: String,
    /// `false`: contexts that begin so are meant, too.
    pub whole: bool,
    pub boost: u32,
}

impl Wanted {
    /// Whether inputs of a context are meant.
    pub fn means(&self, number: u8, context: &str) -> bool {
        self.number == number && if self.whole { self.text == context } else { context.starts_with(&self.text) }
    }
}

/// What the weight of an input of a context is multiplied by: what the longest text says that it begins with.
pub fn boost(wanted: &[Wanted], number: u8, context: &str) -> u32 {
    let begins = wanted.iter().filter(|one| one.number == number && context.starts_with(&one.text));
    begins.max_by_key(|one| one.text.len()).map_or(0, |one| one.boost)
}

/// Contexts that are found, by their number and text: the last that says something of one counts.
type Found = BTreeMap<(u8, String), (bool, u32)>;

/// Reads `contexts` of a suggestion over `field`.
///
/// # Errors
/// `illegal_argument_exception`, `parse_exception` and `x_content_parse_exception`, as OpenSearch: names that the field lacks, none where
/// it has contexts, some where it has none, values that are no contexts.
pub fn wanted(field: &Field, given: &Map<String, Value>) -> Result<Vec<Wanted>, Error> {
    let contexts = field.contexts();
    if contexts.is_empty() {
        if given.is_empty() {
            return Ok(Vec::new());
        }
        let name = field.path.rsplit('.').next().unwrap_or(&field.path);
        return Err(Error::illegal_argument(format!("suggester [{name}] doesn't expect any context")));
    }
    for name in given.keys() {
        number_of(&contexts, name)?;
    }
    let mut found = Found::new();
    for (number, context) in (0_u8..).zip(&contexts) {
        let Some(value) = given.get(&context.name) else { continue };
        for item in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
            match context.kind {
                ContextKind::Category => category(item, number, &mut found)?,
                ContextKind::Geo { precision } => geo(item, (number, precision), &mut found)?,
            }
        }
    }
    if found.is_empty() {
        return Err(Error::illegal_argument("Missing mandatory contexts in context query"));
    }
    Ok(found.into_iter().map(|((number, text), (whole, boost))| Wanted { number, text, whole, boost }).collect())
}

/// The number of the context of that name.
///
/// # Errors
/// `illegal_argument_exception`: there is none.
pub fn number_of(contexts: &[Context], name: &str) -> Result<usize, Error> {
    contexts.iter().position(|context| context.name == name).ok_or_else(|| {
        let names: Vec<&str> = contexts.iter().map(|context| context.name.as_str()).collect();
        Error::illegal_argument(format!("Unknown context name [{name}], must be one of [{}]", names.join(", ")))
    })
}

fn refused(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::XContentParse, reason)
}

fn category(item: &Value, number: u8, found: &mut Found) -> Result<(), Error> {
    let Value::Object(options) = item else {
        let unreadable = || refused("category context must be an object, string, number or boolean");
        found.insert((number, text_of(item).ok_or_else(unreadable)?), (true, 1));
        return Ok(());
    };
    let unreadable = || refused("category context must be a string, number or boolean");
    let (mut text, mut boost, mut prefix) = (None, 1, false);
    for (key, value) in options {
        match key.as_str() {
            "context" => text = Some(text_of(value).ok_or_else(unreadable)?),
            "boost" => boost = boost_of(value).filter(|boost| *boost > 0).ok_or_else(unreadable)?,
            "prefix" => prefix = flag(value).ok_or_else(unreadable)?,
            _ => return Err(unreadable()),
        }
    }
    let text = text.ok_or_else(|| Error::illegal_argument("category must not be null"))?;
    found.insert((number, text), (!prefix, boost));
    Ok(())
}

fn boost_of(value: &Value) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|boost| (0.0..=f64::from(i32::MAX)).contains(boost)).map(|boost| boost as u32)
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A place that is asked for.
struct Place {
    point: Option<GeoPoint>,
    boost: u32,
    precision: usize,
    neighbours: Vec<usize>,
}

fn geo(item: &Value, (number, precision): (u8, usize), found: &mut Found) -> Result<(), Error> {
    let mut place = Place { point: None, boost: 1, precision: hash::MAX_PRECISION as usize, neighbours: Vec::new() };
    match item {
        Value::String(text) => place.point = Some(read::geohash(text, Corner::default())?),
        Value::Object(options) => place.read(options)?,
        _ => return Err(Error::new(ErrorKind::Parse, "geo context must be an object or string")),
    }
    let point = place.point.ok_or_else(|| Error::illegal_argument("geoPoint must not be null"))?;
    let cell = hash_of(point, precision.min(place.precision));
    let mut cells = BTreeSet::from([cell.clone()]);
    if place.neighbours.is_empty() && cell.len() == precision {
        add_neighbours(&cell, &mut cells);
    }
    for length in place.neighbours {
        if let Some(wider) = cell.get(..length).filter(|_| length < cell.len()) {
            cells.insert(wider.to_owned());
            add_neighbours(wider, &mut cells);
        }
    }
    found.extend(cells.into_iter().map(|cell| {
        let whole = cell.len() >= precision;
        ((number, cell), (whole, place.boost))
    }));
    Ok(())
}

/// The cell of a point: `precision` characters, brought back to the globe.
pub fn hash_of(point: GeoPoint, precision: usize) -> String {
    let point = GeoPoint { lat: point.lat.clamp(-90.0, 90.0), lon: point.lon.clamp(-180.0, 180.0) };
    if precision == 0 { String::new() } else { hash::encode(point, precision as u32) }
}

fn add_neighbours(cell: &str, cells: &mut BTreeSet<String>) {
    if let Ok((number, precision)) = hash::parse(cell) {
        cells.extend(hash::neighbours(number, precision).into_iter().map(|number| hash::text(number, precision)));
    }
}

impl Place {
    fn read(&mut self, options: &Map<String, Value>) -> Result<(), Error> {
        let failed =
            |key: &str, cause: Error| refused(format!("[geo] failed to parse field [{key}]")).with_cause(cause);
        let (mut lat, mut lon) = (None, None);
        for (key, value) in options {
            match (key.as_str(), value) {
                ("context", Value::Object(_)) => {
                    let point = read::point(value, true, Corner::default()).map_err(|cause| failed(key, cause))?;
                    self.point = Some(point);
                }
                ("lat", Value::Number(_) | Value::String(_)) => {
                    lat = Some(degrees(value).map_err(|cause| failed(key, cause))?)
                }
                ("lon", Value::Number(_) | Value::String(_)) => {
                    lon = Some(degrees(value).map_err(|cause| failed(key, cause))?)
                }
                ("boost", Value::Number(_) | Value::String(_)) => {
                    let wrong = || failed(key, Error::illegal_argument("boost must be greater than 0"));
                    self.boost = boost_of(value).filter(|boost| *boost > 0).ok_or_else(wrong)?;
                }
                ("precision", Value::Number(_) | Value::String(_)) => {
                    self.precision = characters(value, "precision").map_err(|cause| failed(key, cause))?;
                }
                ("neighbours", Value::Array(_) | Value::Number(_) | Value::String(_)) => {
                    let all = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                    let read = all.iter().map(|value| characters(value, "neighbour value"));
                    self.neighbours = read.collect::<Result<_, _>>().map_err(|cause| failed(key, cause))?;
                }
                ("context" | "lat" | "lon" | "boost" | "precision" | "neighbours", _) => {
                    return Err(refused(format!("[geo] {key} doesn't support values of this type")));
                }
                _ => return Err(refused(format!("[geo] unknown field [{key}]"))),
            }
        }
        if let (Some(lat), Some(lon)) = (lat, lon) {
            self.point = Some(GeoPoint { lat, lon });
        }
        Ok(())
    }
}

fn degrees(value: &Value) -> Result<f64, Error> {
    let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    number.ok_or_else(|| Error::new(ErrorKind::NumberFormat, format!("For input string: {value}")))
}

/// A number of characters, or a distance that their cell shall not exceed.
fn characters(value: &Value, of: &str) -> Result<usize, Error> {
    let number = match value.as_str() {
        Some(text) => match text.parse::<i64>() {
            Ok(number) => Some(number),
            Err(_) => parse_distance(text, DistanceUnit::Meters).ok().map(hash::levels),
        },
        None => value.as_f64().map(|number| number as i64),
    };
    match number {
        Some(number @ 1..=12) => Ok(number as usize),
        Some(_) => Err(Error::illegal_argument(format!("{of} must be between 1 and 12"))),
        None => Err(Error::new(ErrorKind::NumberFormat, format!("For input string: {value}"))),
    }
}

#[cfg(test)]
mod tests {
    use model::mapping::{Mapping, Variant};
    use serde_json::json;

    use super::*;

    fn field(contexts: Value) -> Field {
        let mapping =
            Mapping::parse(&json!({"properties": {"c": {"type": "completion", "contexts": contexts}}})).unwrap();
        let field = mapping.field("c").unwrap();
        assert_eq!(field.variant, Variant::Completion);
        (**field).clone()
    }

    fn asked(given: Value) -> Result<Vec<Wanted>, Error> {
        let field = field(json!([{"name": "k", "type": "category"}, {"name": "g", "type": "geo", "precision": 2}]));
        wanted(&field, given.as_object().unwrap())
    }

    fn one(number: u8, text: &str, whole: bool, boost: u32) -> Wanted {
        Wanted { number, text: text.to_owned(), whole, boost }
    }

    #[test]
    fn the_longest_beginning_says_the_boost() {
        let all = asked(json!({"k": ["x", {"context": "y", "boost": 2}, {"context": "", "prefix": true, "boost": 7}]}))
            .unwrap();
        assert_eq!(all, [one(0, "", false, 7), one(0, "x", true, 1), one(0, "y", true, 2)]);
        assert_eq!(
            (boost(&all, 0, "y"), boost(&all, 0, "yes"), boost(&all, 0, "no"), boost(&all, 1, "y")),
            (2, 2, 7, 0)
        );
        assert!(all[0].means(0, "yes") && !all[2].means(0, "yes") && all[2].means(0, "y") && !all[0].means(1, "y"));
    }

    #[test]
    fn places_are_cells_with_their_neighbours() {
        let texts = |given: Value| {
            let found = asked(json!({"g": given})).unwrap();
            found
                .into_iter()
                .map(|one| format!("{}{}", one.text, if one.whole { "" } else { "*" }))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(texts(json!("u33")), "u0 u1 u2 u3 u4 u6 u8 u9 ud");
        assert_eq!(texts(json!({"lat": 52.0, "lon": 13.0, "precision": 1})), "u*");
        assert_eq!(texts(json!({"context": {"lat": 52.0, "lon": 13.0}, "neighbours": [1]})), "e* g* s* t* u* u3 v*");
    }

    #[test]
    fn what_is_no_context_is_refused() {
        for (given, why) in [
            (json!({}), "Missing mandatory"),
            (json!({"k": []}), "Missing mandatory"),
            (json!({"z": "x"}), "Unknown context name [z], must be one of [k, g]"),
            (json!({"k": null}), "an object, string"),
            (json!({"k": {"context": null}}), "must be a string"),
            (json!({"k": {"context": "x", "boost": 0}}), "must be a string"),
            (json!({"k": {"boost": 2}}), "must not be null"),
            (json!({"g": 5}), "geo context must"),
            (json!({"g": [1, 2]}), "geo context must"),
            (json!({"g": {"lat": 1}}), "must not be null"),
            (json!({"g": {"lat": 1, "lon": 2, "precision": 13}}), "[precision]"),
            (json!({"g": {"lat": 1, "lon": 2, "prefix": true}}), "unknown field [prefix]"),
        ] {
            let error = asked(given.clone()).unwrap_err();
            assert!(error.reason.contains(why), "{given}: {}", error.reason);
        }
        let plain = Field { explicit: Map::new(), ..field(json!({"name": "k", "type": "category"})) };
        assert!(wanted(&plain, &Map::new()).unwrap().is_empty());
        assert!(wanted(&plain, json!({"k": "x"}).as_object().unwrap()).unwrap_err().reason.contains("doesn't expect"));
    }
}
