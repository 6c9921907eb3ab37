//! Shapes written again: as GeoJSON and as well-known text.

use serde_json::{Value, json};

use super::{At, Geometry, Rings};

/// As an object of `type` and `coordinates` or `geometries`.
pub fn geojson(shape: &Geometry) -> Value {
    let list = |positions: &Vec<At>| Value::Array(positions.iter().map(pair).collect());
    let lists = |chains: &Vec<Vec<At>>| Value::Array(chains.iter().map(list).collect());
    let (name, coordinates) = match shape {
        Geometry::Point(at) => ("Point", pair(at)),
        Geometry::MultiPoint(all) => ("MultiPoint", list(all)),
        Geometry::Line(line) => ("LineString", list(line)),
        Geometry::MultiLine(lines) => ("MultiLineString", lists(lines)),
        Geometry::Polygon(rings) => ("Polygon", lists(rings)),
        Geometry::MultiPolygon(all) => ("MultiPolygon", all.iter().map(lists).collect()),
        Geometry::Envelope(edges) => ("Envelope", json!([[edges.left, edges.top], [edges.right, edges.bottom]])),
        Geometry::Circle { center, radius_m } => {
            return json!({"type": "Circle", "radius": format!("{radius_m:?}m"), "coordinates": pair(center)});
        }
        Geometry::Collection(all) => {
            let geometries: Vec<Value> = all.iter().map(geojson).collect();
            return json!({"type": "GeometryCollection", "geometries": geometries});
        }
    };
    json!({"type": name, "coordinates": coordinates})
}

fn pair(at: &At) -> Value {
    json!([at.x, at.y])
}

/// As one text.
pub fn wkt(shape: &Geometry) -> String {
    let chain = |positions: &Vec<At>| bracketed(positions.iter().map(|at| format!("{:?} {:?}", at.x, at.y)), ", ");
    let polygon = |rings: &Rings| bracketed(rings.iter().map(chain), ", ");
    match shape {
        Geometry::Point(at) => format!("POINT ({:?} {:?})", at.x, at.y),
        Geometry::MultiPoint(all) => format!("MULTIPOINT {}", chain(all)),
        Geometry::Line(line) => format!("LINESTRING {}", chain(line)),
        Geometry::MultiLine(lines) => format!("MULTILINESTRING {}", bracketed(lines.iter().map(chain), ",")),
        Geometry::Polygon(rings) => format!("POLYGON {}", polygon(rings)),
        Geometry::MultiPolygon(all) => format!("MULTIPOLYGON {}", bracketed(all.iter().map(polygon), ",")),
        Geometry::Envelope(edges) => {
            format!("BBOX ({:?}, {:?}, {:?}, {:?})", edges.left, edges.right, edges.top, edges.bottom)
        }
        Geometry::Circle { center, radius_m } => format!("CIRCLE ({:?} {:?} {radius_m:?})", center.x, center.y),
        Geometry::Collection(all) => {
            format!("GEOMETRYCOLLECTION {}", bracketed(all.iter().map(wkt), ","))
        }
    }
}

fn bracketed(parts: impl Iterator<Item = String>, between: &str) -> String {
    format!("({})", parts.collect::<Vec<String>>().join(between))
}
