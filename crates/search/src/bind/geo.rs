//! Queries on places, sorting by distance, the places of decay functions.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::geo::area::Area;
use model::geo::distance::{DistanceError, DistanceKind, DistanceUnit, parse_distance};
use model::geo::polygon::Polygon;
use model::geo::read::{Corner, point};
use model::geo::{GeoBox, GeoPoint, is_latitude, is_longitude};
use model::mapping::{Field, FieldKind};
use model::query::compound::Decay;
use model::query::geo::{Geo, Shape, Validation};
use model::search::{GeoDistanceSort, Missing, SortKey, SortMode};
use serde_json::Value;

use super::fault::{Fault, Outcome};
use super::functions::{check_decay, parse, readable};
use super::number::java_text;
use super::target::Target;
use super::{BindContext, Binder, by_shape, none_requested};
use crate::bound::{BoundKind, BoundQuery, NumberCode, ScoreFunction};
use crate::shard_query::{BoundDistance, SortBy, SortValues};

impl Binder<'_> {
    pub(super) fn geo(&self, query: &Geo) -> Outcome<BoundQuery> {
        let field = match self.target(&query.field) {
            Target::Field(field) if field.kind == FieldKind::GeoPoint => field,
            Target::Field(field) if field.kind == FieldKind::GeoShape && !matches!(query.shape, Shape::Polygon(_)) => {
                let area = area_of(query)?;
                return Ok(by_shape::in_area(field, &area));
            }
            Target::Nothing if query.ignore_unmapped => return Ok(none_requested()),
            target => return Err(no_place(query, &target)),
        };
        let area = area_of(query)?;
        Ok(BoundQuery::new(BoundKind::Geo(field.path.clone(), Arc::new(area))))
    }
}

fn area_of(query: &Geo) -> Outcome<Area> {
    Ok(match &query.shape {
        Shape::Distance { center, radius_m } => circle(*center, *radius_m, query.validation)?,
        Shape::BoundingBox(edges) => Area::Box(edges_of(*edges, query.validation)?),
        Shape::Polygon(corners) => polygon(corners, query.validation)?,
    })
}

/// The refusal of a field that has no places.
fn no_place(query: &Geo, target: &Target<'_>) -> Fault {
    let (name, kind) = (&query.field, query.shape.kind_name());
    let polygon = matches!(query.shape, Shape::Polygon(_));
    Fault::query_shard(match target {
        Target::Nothing if polygon => format!("failed to find geo_point field [{name}]"),
        Target::Nothing => format!("failed to find geo field [{name}]"),
        _ if polygon => format!("field [{name}] is not a geo_point field"),
        _ => {
            let found = target.type_name();
            format!(
                "type [{found}] for field [{name}] is not supported for [{kind}] queries. Must be one of [geo_point] or [geo_shape]"
            )
        }
    })
}

fn invalid(faults: &[String]) -> Fault {
    let mut reason = "Validation Failed: ".to_owned();
    for (at, fault) in faults.iter().enumerate() {
        reason.push_str(&format!("{}: {fault};", at + 1));
    }
    let cause = Error::new(ErrorKind::QueryValidation, reason);
    Fault::AsIs(Error::new(ErrorKind::QueryShard, "couldn't validate latitude/ longitude values").with_cause(cause))
}

/// What Lucene says of coordinates that nobody has checked.
fn on_globe(points: &[GeoPoint]) -> Outcome<()> {
    for point in points {
        if !is_latitude(point.lat) {
            let lat = point.lat;
            return Err(Fault::illegal_argument(format!("invalid latitude {lat:?}; must be between -90.0 and 90.0")));
        }
        if !is_longitude(point.lon) {
            let lon = point.lon;
            return Err(Fault::illegal_argument(format!(
                "invalid longitude {lon:?}; must be between -180.0 and 180.0"
            )));
        }
    }
    Ok(())
}

fn circle(center: GeoPoint, radius_m: f64, validation: Validation) -> Outcome<Area> {
    let mut faults = Vec::new();
    if validation != Validation::IgnoreMalformed {
        let coerce = validation == Validation::Coerce;
        if center.lat.is_nan() || !coerce && !is_latitude(center.lat) {
            faults.push(format!("[geo_distance] center point latitude is invalid: {:?}", center.lat));
        }
        if center.lon.is_nan() || !coerce && !is_longitude(center.lon) {
            faults.push(format!("[geo_distance] center point longitude is invalid: {:?}", center.lon));
        }
    }
    if !faults.is_empty() {
        return Err(invalid(&faults));
    }
    let center = if validation == Validation::Coerce { center.normalized() } else { center };
    on_globe(&[center])?;
    if !radius_m.is_finite() {
        let shown = if radius_m.is_nan() { "NaN" } else { "Infinity" };
        return Err(Fault::illegal_argument(format!("radiusMeters: '{shown}' is invalid")));
    }
    Ok(Area::Circle { center, radius_m })
}

fn edges_of(edges: GeoBox, validation: Validation) -> Outcome<GeoBox> {
    let corners = |edges: &GeoBox| [GeoPoint::new(edges.top, edges.left), GeoPoint::new(edges.bottom, edges.right)];
    match validation {
        Validation::Strict => {
            let latitudes = [("top", edges.top), ("bottom", edges.bottom)];
            let longitudes = [("left", edges.left), ("right", edges.right)];
            let mut faults = Vec::new();
            for (lat, lon) in latitudes.iter().zip(&longitudes) {
                if !is_latitude(lat.1) {
                    faults.push(format!("[geo_bounding_box] {} latitude is invalid: {:?}", lat.0, lat.1));
                }
                if !is_longitude(lon.1) {
                    faults.push(format!("[geo_bounding_box] {} longitude is invalid: {:?}", lon.0, lon.1));
                }
            }
            if faults.is_empty() { Ok(edges) } else { Err(invalid(&faults)) }
        }
        Validation::Coerce => {
            // All longitudes stay all longitudes.
            let whole = (edges.right - edges.left) % 360.0 == 0.0 && edges.right > edges.left;
            let [top_left, bottom_right] = corners(&edges).map(GeoPoint::normalized);
            Ok(GeoBox {
                top: top_left.lat,
                left: if whole { -180.0 } else { top_left.lon },
                bottom: bottom_right.lat,
                right: if whole { 180.0 } else { bottom_right.lon },
            })
        }
        Validation::IgnoreMalformed => {
            on_globe(&corners(&edges))?;
            Ok(edges)
        }
    }
}

fn polygon(corners: &[GeoPoint], validation: Validation) -> Outcome<Area> {
    let mut corners = corners.to_vec();
    match validation {
        Validation::Coerce => corners.iter_mut().for_each(|corner| *corner = corner.normalized()),
        Validation::Strict => {
            for corner in &corners {
                let of = " for [geo_polygon]";
                model::geo::read::check(*corner, of).map_err(|error| Fault::query_shard(error.reason))?;
            }
        }
        Validation::IgnoreMalformed => on_globe(&corners)?,
    }
    Polygon::new(corners)
        .map(Area::Polygon)
        .ok_or_else(|| Fault::illegal_argument("too few points defined for geo_polygon query"))
}

/// The refusal of a geo field where numbers, words and bounds are asked for.
pub(super) fn not_exact(field: &Field) -> Fault {
    let path = &field.path;
    Fault::query_shard(format!(
        "Geometry fields do not support exact searching, use dedicated geometry queries instead: [{path}]"
    ))
}

/// Sorting by the distance of a field's places.
pub(super) fn distance_sort(key: &SortKey, asked: &GeoDistanceSort, context: &BindContext) -> Outcome<SortBy> {
    let name = &key.field;
    let mut from = asked.points.clone();
    match asked.validation {
        Validation::Strict => {
            for point in &from {
                let of = format!(" for [GeoDistanceSort] for field [{name}].");
                let refused = |error: Error| Fault::AsIs(Error::new(ErrorKind::Parse, error.reason));
                model::geo::read::check(*point, &of).map_err(refused)?;
            }
        }
        Validation::Coerce => from.iter_mut().for_each(|point| *point = point.normalized()),
        Validation::IgnoreMalformed => {}
    }
    let field = match Target::of(name, &context.mapping) {
        Target::Field(field) => {
            readable(field)?;
            if field.kind != FieldKind::GeoPoint {
                let kind = field.type_name();
                let reason = format!("field [{name}] of type [{kind}] has no places to sort by");
                return Err(Fault::Create(Error::new(ErrorKind::ClassCast, reason)));
            }
            field.path.clone()
        }
        _ if asked.ignore_unmapped => name.as_str().into(),
        _ => {
            return Err(Fault::illegal_argument(format!(
                "failed to find mapper for [{name}] for geo distance based sort"
            )));
        }
    };
    let mode = key.mode.unwrap_or(if key.descending { SortMode::Max } else { SortMode::Min });
    // OpenSearch leaves the commonest case to Lucene, which knows no other distance.
    let plain = from.len() == 1 && asked.unit == DistanceUnit::Meters && mode == SortMode::Min && !key.descending;
    let kind = if plain { DistanceKind::Arc } else { asked.kind };
    // What has no place is infinitely far away.
    let missing = if key.descending { Missing::First } else { Missing::Last };
    let distance = BoundDistance { from, kind, unit: asked.unit };
    Ok(SortBy::Field { field, values: SortValues::Distance(Arc::new(distance)), missing, mode, nested: None })
}

impl Binder<'_> {
    /// A decay by the distance from `origin`; `scale` and `offset` are lengths.
    pub(super) fn geo_decay(&self, field: &Field, decay: &Decay) -> Outcome<ScoreFunction> {
        let given = |value: Option<&Value>| value.filter(|value| !value.is_null()).cloned();
        let place = match given(decay.origin.as_ref()) {
            Some(origin) => point(&origin, false, Corner::default())?,
            None => GeoPoint::default(),
        };
        let Some(scale) = given(Some(&decay.scale)) else {
            return Err(parse("[origin] and [scale] must be set for geo fields."));
        };
        let scale = length(&scale)?;
        let offset = given(decay.offset.as_ref()).map_or(Ok(0.0), |offset| length(&offset))?;
        readable(field)?;
        check_decay(scale, offset, decay.decay)?;
        Ok(ScoreFunction::Decay {
            shape: decay.shape,
            field: field.path.clone(),
            code: NumberCode::Double,
            place: Some(place),
            origin: 0.0,
            scale,
            offset,
            decay: decay.decay,
            mode: decay.multi_value_mode,
        })
    }
}

/// Metres.
pub(super) fn length(value: &Value) -> Outcome<f64> {
    parse_distance(&java_text(value), DistanceUnit::Meters).map_err(|error| {
        let reason = match error {
            DistanceError::Empty => "empty String".to_owned(),
            DistanceError::NotANumber(text) => format!("For input string: \"{text}\""),
        };
        Fault::Create(Error::new(ErrorKind::NumberFormat, reason))
    })
}
