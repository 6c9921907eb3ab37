//! From what was written to what lies on the globe: pieces for a document, parts for a query.

use super::ask::Part;
use super::{At, Bounds, Geometry, Piece, Rings, check, cut};
use crate::error::{Error, ErrorKind};
use crate::geo::{GeoBox, GeoPoint, decode_lat, decode_lon, encode_lat, encode_lon, is_latitude, is_longitude};

pub(super) fn invalid_shape(reason: String) -> Error {
    Error::new(ErrorKind::InvalidShape, reason)
}

/// At the precision of what is stored.
fn snap(at: At) -> At {
    At { x: decode_lon(encode_lon(at.x)), y: decode_lat(encode_lat(at.y)) }
}

fn check_at(x: f64, y: f64) -> Result<(), Error> {
    if !is_latitude(y) {
        return Err(Error::illegal_argument(format!("invalid latitude {y:?}; must be between -90.0 and 90.0")));
    }
    if !is_longitude(x) {
        return Err(Error::illegal_argument(format!("invalid longitude {x:?}; must be between -180.0 and 180.0")));
    }
    Ok(())
}

/// The boxes that an envelope is: two where it crosses the dateline.
fn boxes(envelope: &GeoBox) -> Result<Vec<Bounds>, Error> {
    check_at(envelope.left, envelope.bottom)?;
    check_at(envelope.right, envelope.top)?;
    let one = |left, right| Bounds { min: At { x: left, y: envelope.bottom }, max: At { x: right, y: envelope.top } };
    Ok(if envelope.left <= envelope.right {
        vec![one(envelope.left, envelope.right)]
    } else if envelope.left == 180.0 {
        vec![one(-180.0, envelope.right)]
    } else {
        vec![one(envelope.left, 180.0), one(-180.0, envelope.right)]
    })
}

fn corners(bounds: &Bounds) -> Vec<At> {
    let Bounds { min, max } = *bounds;
    vec![min, At { x: max.x, y: min.y }, max, At { x: min.x, y: max.y }, min]
}

/// The pieces of a document's shape, at the precision of what is stored.
///
/// # Errors
/// As OpenSearch refuses to index it: `invalid_shape_exception`, `illegal_argument_exception`, `unsupported_operation_exception` for circles.
pub fn pieces(geometry: Geometry) -> Result<Vec<Piece>, Error> {
    let mut pieces = Vec::new();
    add(geometry, &mut pieces)?;
    Ok(pieces)
}

fn add(geometry: Geometry, out: &mut Vec<Piece>) -> Result<(), Error> {
    match geometry {
        Geometry::Point(at) => add_point(at, out),
        Geometry::MultiPoint(all) => all.into_iter().try_for_each(|at| add_point(at, out)),
        Geometry::Line(line) => add_line(&line, out),
        Geometry::MultiLine(lines) => lines.iter().try_for_each(|line| add_line(line, out)),
        Geometry::Polygon(rings) => add_polygon(rings, out),
        Geometry::MultiPolygon(all) => all.into_iter().try_for_each(|rings| add_polygon(rings, out)),
        Geometry::Envelope(envelope) => {
            boxes(&envelope)?.iter().try_for_each(|bounds| add_area(vec![corners(bounds)], out))
        }
        Geometry::Circle { .. } => Err(Error::new(ErrorKind::UnsupportedOperation, "circle geometry is not supported")),
        Geometry::Collection(all) => all.into_iter().try_for_each(|one| add(one, out)),
    }
}

fn add_point(at: At, out: &mut Vec<Piece>) -> Result<(), Error> {
    let point = GeoPoint::new(at.y, at.x).normalized();
    check_at(point.lon, point.lat)?;
    out.push(Piece::Point(snap(At { x: point.lon, y: point.lat })));
    Ok(())
}

fn add_line(line: &[At], out: &mut Vec<Piece>) -> Result<(), Error> {
    let parts = cut::line(line)?;
    out.extend(parts.into_iter().map(|part| Piece::Line(part.into_iter().map(snap).collect())));
    Ok(())
}

fn add_polygon(rings: Rings, out: &mut Vec<Piece>) -> Result<(), Error> {
    cut::area(rings)?.into_iter().try_for_each(|part| add_area(part, out))
}

fn add_area(mut rings: Rings, out: &mut Vec<Piece>) -> Result<(), Error> {
    rings.iter_mut().flatten().for_each(|at| *at = snap(*at));
    check::sound(&rings)?;
    out.push(Piece::Area(rings));
    Ok(())
}

/// The parts of what a query asks for.
///
/// # Errors
/// `invalid_shape_exception`, `illegal_argument_exception`: coordinates and polygons that are none.
pub fn parts(geometry: &Geometry) -> Result<Vec<Part>, Error> {
    let mut parts = Vec::new();
    ask(geometry, &mut parts)?;
    Ok(parts)
}

fn ask(geometry: &Geometry, out: &mut Vec<Part>) -> Result<(), Error> {
    match geometry {
        Geometry::Point(at) => ask_point(*at, out)?,
        Geometry::MultiPoint(all) => all.iter().try_for_each(|at| ask_point(*at, out))?,
        Geometry::Line(line) => out.extend(cut::line(line)?.into_iter().filter_map(Part::line)),
        Geometry::MultiLine(lines) => {
            for line in lines {
                out.extend(cut::line(line)?.into_iter().filter_map(Part::line));
            }
        }
        Geometry::Polygon(rings) => ask_polygon(rings, out)?,
        Geometry::MultiPolygon(all) => all.iter().try_for_each(|rings| ask_polygon(rings, out))?,
        Geometry::Envelope(envelope) => out.extend(boxes(envelope)?.iter().filter_map(Part::envelope)),
        Geometry::Circle { center, radius_m } => {
            check_at(center.x, center.y)?;
            out.push(Part::circle(*center, *radius_m));
        }
        Geometry::Collection(all) => all.iter().try_for_each(|one| ask(one, out))?,
    }
    Ok(())
}

fn ask_point(at: At, out: &mut Vec<Part>) -> Result<(), Error> {
    check_at(at.x, at.y)?;
    out.push(Part::point(at));
    Ok(())
}

fn ask_polygon(rings: &Rings, out: &mut Vec<Part>) -> Result<(), Error> {
    out.extend(cut::area(rings.clone())?.into_iter().filter_map(Part::area));
    Ok(())
}
