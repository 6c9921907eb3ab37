//! Queries by shape: what is asked for, ready to be compared; over shapes, and over points.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::geo::area::Area;
use model::geo::shape::ask::Part;
use model::geo::shape::ground;
use model::geo::shape::relate::{Question, Relation};
use model::geo::shape::{At, Geometry};
use model::mapping::{Field, FieldKind};
use model::query::geo::{AskedShape, ByShape};

use super::fault::{Fault, Outcome};
use super::target::Target;
use super::{Binder, none_requested};
use crate::bound::{BoundKind, BoundQuery};

impl Binder<'_> {
    pub(super) fn by_shape(&self, query: &ByShape) -> Outcome<BoundQuery> {
        let name = &query.field;
        let field = match self.target(name) {
            Target::Field(field) if field.kind.is_geo() => field,
            Target::Nothing if query.ignore_unmapped => return Ok(none_requested()),
            Target::Nothing => return Err(Fault::query_shard(format!("failed to find type for field [{name}]"))),
            target => {
                let kind = target.type_name();
                let reason = format!("Field [{name}] is of unsupported type [{kind}] for [geo_shape] query");
                return Err(Fault::query_shard(reason));
            }
        };
        let AskedShape::Given(shape) = &query.shape else {
            return Err(Error::new(ErrorKind::IllegalState, "the shape was not looked up").into());
        };
        let points = field.kind == FieldKind::GeoPoint;
        if points {
            check_points(field, shape, query.relation)?;
        }
        let parts = ground::parts(shape).map_err(Fault::Create)?;
        let line = parts.iter().any(|part| matches!(part, Part::Line(_)));
        if line && query.relation == Relation::Within {
            let reason = "LatLonShapeQuery does not support WITHIN queries with line geometries";
            return Err(Fault::Create(Error::illegal_argument(reason)));
        }
        if parts.is_empty() {
            return Ok(BoundQuery::match_none("a shape of no parts"));
        }
        let question = Question::new(query.relation, parts);
        let path = field.path.clone();
        Ok(BoundQuery::new(match points {
            true => BoundKind::Geo(path, Arc::new(Area::Shape(question))),
            false => BoundKind::Shape(path, Arc::new(question)),
        }))
    }
}

/// Points are only asked whether they lie in an area.
fn check_points(field: &Field, shape: &Geometry, relation: Relation) -> Outcome<()> {
    let name = &field.path;
    if relation != Relation::Intersects {
        let relation = relation.name();
        return Err(Fault::query_shard(format!("{relation} query relation not supported for Field [{name}].")));
    }
    match without_area(shape) {
        Some(kind) => Err(Fault::query_shard(format!("Field [{name}] does not support {kind} queries"))),
        None => Ok(()),
    }
}

/// The name of the first part that has no area.
fn without_area(shape: &Geometry) -> Option<&'static str> {
    match shape {
        Geometry::Collection(all) => all.iter().find_map(without_area),
        Geometry::Point(_) | Geometry::MultiPoint(_) | Geometry::Line(_) | Geometry::MultiLine(_) => Some(shape.name()),
        Geometry::Polygon(_) | Geometry::MultiPolygon(_) | Geometry::Envelope(_) | Geometry::Circle { .. } => None,
    }
}

/// Shapes of a field that meet a circle or a box.
pub(super) fn in_area(field: &Field, area: &Area) -> BoundQuery {
    let parts = match area {
        Area::Circle { center, radius_m } => {
            vec![Part::circle(At { x: center.lon, y: center.lat }, *radius_m)]
        }
        Area::Box(edges) => ground::parts(&Geometry::Envelope(*edges)).unwrap_or_default(),
        Area::Polygon(_) | Area::Shape(_) => Vec::new(),
    };
    let question = Question::new(Relation::Intersects, parts);
    BoundQuery::new(BoundKind::Shape(field.path.clone(), Arc::new(question)))
}
