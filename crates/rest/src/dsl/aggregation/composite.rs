//! `composite`.

use model::aggregation::request::Kind;
use model::aggregation::request::Source;
use model::aggregation::request::bucket::{Composite, CompositeKind, CompositeSource, MissingOrder};
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::{Map, Value};

use super::super::field::{Field, build_failed, fields};
use super::declared::At;
use super::geo::{grid_bounds, tile_precision};
use super::interval::{IntervalReader, offset_ms};
use super::source::time_zone;
use super::{Asked, late, script};

/// `composite`.
pub(super) fn composite(asked: Asked<'_>) -> Result<Kind, Error> {
    let (mut sources, mut size, mut after) = (None, 10, None::<Vec<(String, Value)>>);
    for field in asked.fields() {
        match field.key {
            "sources" => sources = Some(several(field)?),
            "size" => size = field.declared_int()?,
            "after" => {
                let object = field.object()?;
                after = Some(object.iter().map(|(name, value)| (name.clone(), value.clone())).collect());
            }
            _ => return Err(field.unknown(&["sources", "size", "after"])),
        }
    }
    let sources = sources.ok_or_else(|| Error::illegal_argument("Required [sources]"))?;
    let size = u32::try_from(size).map_err(|_| late(Error::illegal_argument(size.to_string())))?;
    if let Some(after) = &after {
        behind(&sources, after).map_err(late)?;
    }
    Ok(Kind::Composite(Box::new(Composite { size, sources, after })))
}

/// `after` must have a value for each source.
fn behind(sources: &[CompositeSource], after: &[(String, Value)]) -> Result<(), Error> {
    if after.len() != sources.len() {
        let reason = format!("[after] has {} value(s) but [sources] has {}", after.len(), sources.len());
        return Err(Error::illegal_argument(reason));
    }
    for source in sources {
        let given = after.iter().find(|(name, _)| *name == source.name).map(|(_, value)| value);
        let found = match given {
            None => return Err(Error::illegal_argument(format!("Missing value for [after.{}]", source.name))),
            Some(Value::Null) if !source.missing_bucket => "null",
            Some(Value::Array(_)) => "ArrayList",
            Some(Value::Object(_)) => "HashMap",
            Some(_) => continue,
        };
        let reason = format!("Invalid value for [after.{}], expected comparable, got [{found}]", source.name);
        return Err(Error::illegal_argument(reason));
    }
    Ok(())
}

fn several(field: Field<'_>) -> Result<Vec<CompositeSource>, Error> {
    let items = super::range::items(field)?;
    let sources: Vec<CompositeSource> = items.iter().map(source).collect::<Result<_, _>>().at(field)?;
    let refused = |reason: String| Err(build_failed(field.owner, Error::illegal_argument(reason))).at(field);
    if sources.is_empty() {
        return refused("Composite [sources] cannot be null or empty".to_owned());
    }
    let twice = |at: &usize| sources[..*at].iter().any(|before| before.name == sources[*at].name);
    if let Some(at) = (0..sources.len()).find(twice) {
        let name = &sources[at].name;
        return refused(format!("Composite source names must be unique, found duplicates: [{name}]"));
    }
    Ok(sources)
}

fn expecting(wanted: &str, found: &str) -> Error {
    Error::parsing(format!("Failed to parse object: expecting token of type [{wanted}] but found [{found}]"))
}

/// The one key of an object, and the object behind it.
fn single<'a>(value: &'a Value, more: &dyn Fn() -> Error) -> Result<(&'a String, &'a Value), Error> {
    let Value::Object(object) = value else { return Err(expecting("START_OBJECT", token(value))) };
    let mut keys = object.iter();
    let first = keys.next().ok_or_else(|| expecting("FIELD_NAME", "END_OBJECT"))?;
    if keys.next().is_some() {
        return Err(more());
    }
    Ok(first)
}

/// `{name: {type: {..}}}`
fn source(value: &Value) -> Result<CompositeSource, Error> {
    let (name, typed) = single(value, &|| expecting("END_OBJECT", "FIELD_NAME"))?;
    let many = || Error::new(ErrorKind::IllegalState, "expected value but got [FIELD_NAME]");
    let (kind, inner) = single(typed, &many)?;
    let Value::Object(object) = inner else { return Err(expecting("START_OBJECT", token(inner))) };
    let mut reader = Reader::new(name);
    match kind.as_str() {
        "terms" => reader.terms(object)?,
        "histogram" => reader.histogram(object)?,
        "date_histogram" => reader.date_histogram(object)?,
        "geotile_grid" => reader.geotile_grid(object)?,
        other => return Err(Error::parsing(format!("invalid source type: {other}"))),
    }
    reader.finish()
}

/// A source that is being read.
struct Reader {
    found: CompositeSource,
    has_field: bool,
}

impl Reader {
    fn new(name: &str) -> Self {
        let found = CompositeSource {
            name: name.to_owned(),
            kind: CompositeKind::Terms,
            source: Source::default(),
            descending: false,
            missing_bucket: false,
            missing_order: MissingOrder::Default,
        };
        Self { found, has_field: false }
    }

    /// The keys that all sources have.
    fn take(&mut self, field: Field<'_>) -> Result<(), Error> {
        match field.key {
            "field" => {
                self.found.source.field = field.string()?.to_owned();
                self.has_field = true;
            }
            "missing_bucket" => self.found.missing_bucket = field.declared_flag()?,
            "missing_order" => self.found.missing_order = missing_order(field.string()?).at(field)?,
            "order" => self.found.descending = descending(field.string()?).at(field)?,
            "value_type" => self.found.source.value_type = Some(value_type(field.string()?).at(field)?),
            "script" => self.found.source.script = Some(script::declared(field)?),
            _ => return Err(field.unknown(&["field", "missing_bucket", "missing_order", "order", "value_type"])),
        }
        Ok(())
    }

    fn terms(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        fields("terms", object).try_for_each(|field| self.take(field))
    }

    fn histogram(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let refused = || Error::illegal_argument("[interval] must be greater than 0 for [histogram] source");
        let mut found = None;
        for field in fields("histogram", object) {
            match field.key {
                "interval" => {
                    let width = field.declared_double()?;
                    if width <= 0.0 {
                        return Err(refused()).at(field);
                    }
                    found = Some(width);
                }
                _ => self.take(field)?,
            }
        }
        self.found.kind = CompositeKind::Histogram { interval: found.ok_or_else(refused)? };
        Ok(())
    }

    fn date_histogram(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let mut interval = IntervalReader::default();
        let mut offset = 0;
        for field in fields("date_histogram", object) {
            match field.key {
                "format" => self.found.source.format = Some(field.string()?.to_owned()),
                "time_zone" => self.found.source.time_zone = Some(time_zone(field)?),
                "offset" => offset = offset_ms(field)?,
                _ if interval.take(field)? => {}
                _ => self.take(field)?,
            }
        }
        self.found.kind = CompositeKind::DateHistogram { interval: interval.finish()?, offset_ms: offset };
        Ok(())
    }

    fn geotile_grid(&mut self, object: &Map<String, Value>) -> Result<(), Error> {
        let (mut precision, mut bounds) = (7, None);
        for field in fields("geotile_grid", object) {
            match field.key {
                "precision" => precision = tile_precision(field)?,
                "bounds" => bounds = grid_bounds(field)?,
                _ => self.take(field)?,
            }
        }
        self.found.kind = CompositeKind::GeotileGrid { precision, bounds };
        Ok(())
    }

    fn finish(self) -> Result<CompositeSource, Error> {
        let found = self.found;
        if !self.has_field && found.source.script.is_none() {
            let reason = "value source config is invalid; must have either a field or a script";
            return Err(late(Error::new(ErrorKind::IllegalState, reason)));
        }
        let reason = if found.missing_order != MissingOrder::Default && !found.missing_bucket {
            "missing_order require missing_bucket is true"
        } else {
            return Ok(found);
        };
        Err(late(Error::illegal_argument(reason)))
    }
}

fn descending(order: &str) -> Result<bool, Error> {
    match order.to_ascii_lowercase().as_str() {
        "asc" => Ok(false),
        "desc" => Ok(true),
        _ => {
            let constant = order.to_uppercase();
            Err(Error::illegal_argument(format!("No enum constant org.opensearch.search.sort.SortOrder.{constant}")))
        }
    }
}

fn missing_order(order: &str) -> Result<MissingOrder, Error> {
    match order.to_ascii_lowercase().as_str() {
        "default" => Ok(MissingOrder::Default),
        "first" => Ok(MissingOrder::First),
        "last" => Ok(MissingOrder::Last),
        _ => {
            let name = "org.opensearch.search.aggregations.bucket.missing.MissingOrder";
            Err(Error::illegal_argument(format!("No enum constant {name}.{}", order.to_uppercase())))
        }
    }
}

fn value_type(name: &str) -> Result<String, Error> {
    if super::source::is_value_type(name) {
        return Ok(name.to_owned());
    }
    Err(Error::illegal_argument("[userValueTypeHint] must not be null"))
}
