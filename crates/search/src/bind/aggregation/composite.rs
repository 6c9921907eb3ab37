//! `composite`.

use model::aggregation::key::Key;
use model::aggregation::request::bucket::{Composite as Asked, CompositeKind, CompositeSource, MissingOrder};
use model::date::rounding::Rounding;
use model::date::{DateResolution, Zone};
use model::error::{Error, ErrorKind};
use model::geo::tile::Tile;
use serde_json::Value;

use super::Binding;
use super::values::Accepts;
use crate::aggregation::Kind;
use crate::aggregation::composite::{Composite, Source, Step};
use crate::aggregation::format::Format;
use crate::aggregation::geo::{Cell, Cells};
use crate::aggregation::values::{Column, Shape};
use crate::bind::ip;
use crate::bind::number::{float, java_text};
use crate::merge::aggregations::too_many_buckets;

impl Binding<'_> {
    pub(super) fn composite(self, asked: &Asked) -> Result<Kind, Error> {
        if let Some(parent) = self.parent {
            return Err(Error::illegal_argument(format!(
                "[composite] aggregation cannot be used with a parent aggregation of type: [{parent}]"
            )));
        }
        let most = self.context.settings.max_buckets;
        if u64::from(asked.size) > most {
            return Err(too_many_buckets(most, asked.size.into()));
        }
        let sources = asked.sources.iter().map(|source| self.source(source)).collect::<Result<Vec<_>, _>>()?;
        let after = asked.after.as_ref().map(|after| self.after(&sources, after)).transpose()?;
        Ok(Kind::Composite(Box::new(Composite { size: asked.size, sources, after })))
    }

    fn source(self, asked: &CompositeSource) -> Result<Source, Error> {
        if asked.source.field.is_empty() && asked.source.script.is_none() {
            return Err(Error::new(
                ErrorKind::IllegalState,
                "value source config is invalid; must have either a field or a script",
            ));
        }
        if !asked.missing_bucket && asked.missing_order != MissingOrder::Default {
            return Err(Error::illegal_argument("missing_order require missing_bucket is true"));
        }
        let (accepts, owner) = match asked.kind {
            CompositeKind::Terms => (Accepts::Keys, "terms"),
            CompositeKind::Histogram { .. } => (Accepts::Numbers, "histogram"),
            CompositeKind::DateHistogram { .. } => (Accepts::Dates, "date_histogram"),
            CompositeKind::GeotileGrid { .. } => (Accepts::Places, "geotile_grid"),
        };
        let zone = asked.source.time_zone.as_deref().map(Zone::parse).transpose()?.unwrap_or_else(Zone::utc);
        let missing_first = match asked.missing_order {
            MissingOrder::First => true,
            MissingOrder::Last => false,
            MissingOrder::Default => !asked.descending,
        };
        Ok(Source {
            name: asked.name.clone(),
            values: self.values(&asked.source, accepts, owner)?,
            step: match asked.kind {
                CompositeKind::Histogram { interval } => Step::Width(interval),
                CompositeKind::DateHistogram { interval, offset_ms } => {
                    Step::Dates(Rounding::new(interval, zone, offset_ms))
                }
                CompositeKind::GeotileGrid { precision, bounds } => {
                    Step::Cells(Cells { shape: Cell::Tile, precision, bounds })
                }
                CompositeKind::Terms => Step::Value,
            },
            descending: asked.descending,
            missing_bucket: asked.missing_bucket,
            missing_first,
            shows_text: asked.source.format.is_some(),
        })
    }

    fn after(self, sources: &[Source], after: &[(String, Value)]) -> Result<Vec<Key>, Error> {
        if after.len() != sources.len() {
            let (given, wanted) = (after.len(), sources.len());
            return Err(Error::illegal_argument(format!("[after] has {given} value(s) but [sources] has {wanted}")));
        }
        let key = |source: &Source| {
            let found = after.iter().find(|(name, _)| *name == source.name);
            let value = found
                .map(|(_, value)| value)
                .ok_or_else(|| Error::illegal_argument(format!("Missing value for [after.{}]", source.name)))?;
            self.key(source, value)
        };
        sources.iter().map(key).collect()
    }

    /// A key of the page before, as [`Source`]s make keys.
    fn key(self, source: &Source, value: &Value) -> Result<Key, Error> {
        let number = |value: &Value| float(value).map_err(|fault| fault.error().clone());
        if value.is_null() {
            if source.missing_bucket {
                return Ok(Key::Null);
            }
            return Err(Error::illegal_argument("invalid value, expected a value, got null"));
        }
        let text = java_text(value);
        match (&source.step, &source.values.format, source.values.shape()) {
            (Step::Cells(_), ..) => match value {
                Value::Number(_) => Ok(Key::Long(value.as_i64().map_or_else(|| number(value).map(|n| n as i64), Ok)?)),
                _ => Tile::parse(&text).map(|tile| Key::Long(tile.code() as i64)).ok_or_else(|| no_tile(&text)),
            },
            (Step::Width(interval), ..) => Ok(Key::Long((number(value)? / interval).round() as i64)),
            (step, Format::Date(shown), _) => {
                let millis = matches!(step, Step::Dates(_)) || shown.resolution == DateResolution::Millis;
                let ms = match value.as_i64().filter(|_| !source.shows_text) {
                    Some(ms) => ms,
                    None => shown.format.parse_math(&text, self.context.now_ms, false, Some(&shown.zone))?.ms,
                };
                Ok(Key::Long(if millis { ms } else { ms.saturating_mul(1_000_000) }))
            }
            (_, Format::Ip, _) => {
                Ok(Key::Bytes(ip::address(&text).map_err(|fault| fault.error().clone())?.as_slice().into()))
            }
            (_, Format::Boolean, _) => Ok(Key::Long(i64::from(text == "true" || text == "1"))),
            (_, _, Shape::Bytes) => match value {
                Value::String(text) => Ok(Key::text(text)),
                _ if matches!(source.values.column, Column::Nothing(_)) => Ok(Key::text(&text)),
                other => {
                    let kind = if other.is_number() { "Integer" } else { "Boolean" };
                    Err(Error::illegal_argument(format!("invalid value, expected string, got {kind}")))
                }
            },
            (_, _, Shape::Long) => match value.as_i64() {
                Some(whole) => Ok(Key::Long(whole)),
                None => Ok(Key::Long(number(value)? as i64)),
            },
            (_, _, Shape::Unsigned) => {
                Ok(Key::Unsigned(value.as_u64().map_or_else(|| number(value).map(|n| n as u64), Ok)?))
            }
            (_, _, Shape::Double) => Ok(Key::Double(number(value)?)),
        }
    }
}

fn no_tile(text: &str) -> Error {
    let form = "Must be three integers in a form \"zoom/x/y\".";
    Error::illegal_argument(format!("Invalid geotile_grid hash string of {text}. {form}"))
}
