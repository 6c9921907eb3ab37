//! GeoJSON, with OpenSearch's `envelope` and `circle`.

use serde_json::{Map, Value};

use super::read::{MAX_DEPTH, Reader, Reading, envelope, no_shape, too_deep};
use super::{At, Geometry, Orientation, Rings};
use crate::error::{Error, ErrorKind};
use crate::geo::distance::{DistanceError, DistanceUnit, parse_distance};
use crate::geo::read::parse_error;
use crate::json::token;

/// Reads a shape.
///
/// # Errors
/// As [`Reading::read`].
pub(super) fn read(reading: &Reading, object: &Map<String, Value>) -> Result<Geometry, Error> {
    let mut z = None;
    let shape = Nested { reading, z: &mut z, depth: 1 }.shape(object)?;
    reading.check_z(z)?;
    Ok(shape)
}

struct Nested<'r> {
    reading: &'r Reading,
    /// The first third coordinate.
    z: &'r mut Option<f64>,
    depth: usize,
}

/// Coordinates: one position, or a list of more of them.
enum Node {
    At(At, Option<f64>),
    List(Vec<Node>),
}

fn generic(reason: &str) -> Error {
    Error::new(ErrorKind::Generic, reason)
}

fn null_pointer(what: &str) -> Error {
    Error::new(ErrorKind::NullPointer, format!("{what} must be a list"))
}

/// What an object with declared keys says of a key or of itself.
fn declared(reason: String, cause: Option<Error>) -> Error {
    let error = Error::new(ErrorKind::XContentParse, format!("[geojson] {reason}"));
    match cause {
        Some(cause) => error.with_cause(cause),
        None => error,
    }
}

/// The keys that a shape may have beside its type.
struct Given {
    coordinates: Option<Node>,
    geometries: Option<Vec<Geometry>>,
    orientation: Option<Orientation>,
    /// Metres.
    radius: Option<f64>,
}

impl Nested<'_> {
    fn of_query(&self) -> bool {
        self.reading.of_query()
    }

    fn shape(&mut self, object: &Map<String, Value>) -> Result<Geometry, Error> {
        if self.depth > MAX_DEPTH {
            return Err(too_deep());
        }
        let kind = self.kind(object)?;
        let given = Given {
            coordinates: object.get("coordinates").map(|value| self.coordinates(value)).transpose()?,
            geometries: object.get("geometries").map(|value| self.geometries(value)).transpose()?,
            radius: object.get("radius").map(|value| self.radius(value)).transpose()?,
            orientation: None,
        };
        let orientation = object.get("orientation").filter(|value| !value.is_null());
        let built = orientation
            .map(|value| self.orientation(value))
            .transpose()
            .and_then(|orientation| self.build(&kind, Given { orientation, ..given }));
        match self.reading.reader {
            Reader::Query => built,
            Reader::Document => built.map_err(|cause| {
                let reason = "Failed to build [geojson] after last required field arrived";
                Error::new(ErrorKind::XContentParse, reason).with_cause(cause)
            }),
        }
    }

    fn kind(&self, object: &Map<String, Value>) -> Result<String, Error> {
        match (object.get("type"), self.reading.reader) {
            (Some(Value::String(kind)), _) => Ok(kind.clone()),
            (None, Reader::Document) => Err(Error::illegal_argument("Required [type]")),
            (None, Reader::Query) => Err(parse_error("shape type not included")),
            (Some(other), Reader::Document) => {
                Err(declared(format!("type doesn't support values of type: {}", token(other)), None))
            }
            (Some(Value::Null), Reader::Query) => {
                Err(Error::new(ErrorKind::IllegalState, "Can't get text on a VALUE_NULL"))
            }
            (Some(other), Reader::Query) => Ok(other.to_string()),
        }
    }

    fn orientation(&self, value: &Value) -> Result<Orientation, Error> {
        let name = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Orientation::parse(&name).ok_or_else(|| Error::illegal_argument(format!("Unknown orientation [{name}]")))
    }

    fn radius(&self, value: &Value) -> Result<f64, Error> {
        let text = match (value, self.reading.reader) {
            (Value::String(text), _) => text.clone(),
            (Value::Number(number), Reader::Query) => number.to_string(),
            _ => return Err(declared(format!("radius doesn't support values of type: {}", token(value)), None)),
        };
        parse_distance(&text, DistanceUnit::Meters).map_err(|error| match error {
            DistanceError::Empty => Error::new(ErrorKind::NumberFormat, "empty String"),
            DistanceError::NotANumber(text) => {
                Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\""))
            }
        })
    }

    fn geometries(&mut self, value: &Value) -> Result<Vec<Geometry>, Error> {
        let items = match (value, self.reading.reader) {
            (Value::Array(items), _) => items.as_slice(),
            (Value::Object(_), Reader::Document) => std::slice::from_ref(value),
            (_, Reader::Query) => return Err(parse_error("geometries must be an array of geojson objects")),
            _ => return Err(declared(format!("geometries doesn't support values of type: {}", token(value)), None)),
        };
        let depth = self.depth + 1;
        let reading = self.reading;
        let read = |item: &Value, z: &mut Option<f64>| match item {
            Value::Object(inner) => Nested { reading, z, depth }.shape(inner),
            _ if reading.of_query() => Err(no_shape()),
            _ => Err(declared(format!("Expected START_OBJECT but was: {}", token(item)), None)),
        };
        let read: Result<Vec<Geometry>, Error> = items.iter().map(|item| read(item, self.z)).collect();
        match self.reading.reader {
            Reader::Query => read,
            Reader::Document => {
                read.map_err(|cause| declared("failed to parse field [geometries]".into(), Some(cause)))
            }
        }
    }

    fn coordinates(&mut self, value: &Value) -> Result<Node, Error> {
        match (value, self.reading.reader) {
            (Value::Object(_), Reader::Query) => Err(parse_error("coordinates cannot be specified as objects")),
            (Value::Object(_), Reader::Document) => {
                Err(declared("coordinates doesn't support values of type: START_OBJECT".into(), None))
            }
            (_, Reader::Query) => node(value, 1),
            (_, Reader::Document) => {
                node(value, 1).map_err(|cause| declared("failed to parse field [coordinates]".into(), Some(cause)))
            }
        }
    }

    fn build(&mut self, kind: &str, given: Given) -> Result<Geometry, Error> {
        let name = kind.to_lowercase();
        if name == "geometrycollection" {
            let geometries = given.geometries.ok_or_else(|| parse_error("geometries not included"))?;
            self.refuse(kind, given.orientation.is_some(), "orientation")?;
            self.refuse(kind, given.radius.is_some(), "radius")?;
            self.refuse(kind, given.coordinates.is_some() && !self.of_query(), "coordinates")?;
            self.some(geometries.is_empty() && !self.of_query())?;
            return Ok(Geometry::Collection(geometries));
        }
        const KNOWN: [&str; 9] = [
            "point",
            "multipoint",
            "linestring",
            "multilinestring",
            "polygon",
            "multipolygon",
            "envelope",
            "bbox",
            "circle",
        ];
        if !KNOWN.contains(&name.as_str()) {
            return Err(Error::illegal_argument(match self.reading.reader {
                Reader::Query => format!("unknown geo_shape [{kind}]"),
                Reader::Document => format!("No enum constant ShapeType.{}", kind.to_uppercase()),
            }));
        }
        let coordinates = given.coordinates.ok_or_else(|| parse_error("coordinates not included"))?;
        let polygonal = name.ends_with("polygon");
        self.refuse(kind, given.geometries.is_some(), "geometries")?;
        self.refuse(kind, given.orientation.is_some() && !polygonal, "orientation")?;
        self.refuse(kind, given.radius.is_some() && name != "circle", "radius")?;
        let orientation = given.orientation.unwrap_or(self.reading.orientation);
        match name.as_str() {
            "circle" => self.circle(coordinates, given.radius),
            "point" => Ok(Geometry::Point(self.point(coordinates)?)),
            "multipoint" => Ok(Geometry::MultiPoint(self.points(coordinates)?)),
            "linestring" => self.line(coordinates),
            "multilinestring" => {
                let lines: Result<Vec<Vec<At>>, Error> = self
                    .list(coordinates)?
                    .into_iter()
                    .map(|line| match self.line(line)? {
                        Geometry::Line(line) => Ok(line),
                        _ => Ok(Vec::new()),
                    })
                    .collect();
                Ok(Geometry::MultiLine(lines?))
            }
            "polygon" => Ok(Geometry::Polygon(self.polygon(coordinates, orientation)?)),
            "multipolygon" => {
                let polygons = self.list(coordinates)?.into_iter().map(|polygon| self.polygon(polygon, orientation));
                Ok(Geometry::MultiPolygon(polygons.collect::<Result<Vec<Rings>, Error>>()?))
            }
            _ => self.envelope(coordinates),
        }
    }

    fn refuse(&self, kind: &str, given: bool, what: &str) -> Result<(), Error> {
        if !given {
            return Ok(());
        }
        Err(parse_error(match self.reading.reader {
            Reader::Document => format!("parameter {what} is not supported for type {kind}"),
            Reader::Query => format!("cannot have [{what}] with type set to [{kind}]"),
        }))
    }

    fn some(&self, empty: bool) -> Result<(), Error> {
        if !empty {
            return Ok(());
        }
        Err(match self.reading.reader {
            Reader::Document => Error::illegal_argument("the list of shapes cannot be null or empty"),
            Reader::Query => parse_error("no data provided where more than 0 points are expected"),
        })
    }

    fn list(&self, node: Node) -> Result<Vec<Node>, Error> {
        match (node, self.reading.reader) {
            (Node::List(nodes), _) => Ok(nodes),
            (Node::At(..), Reader::Document) => Err(generic("expected a list of points but got a point")),
            (Node::At(..), Reader::Query) => Err(parse_error(
                "Invalid LinearRing found. Found a single coordinate when expecting a coordinate array",
            )),
        }
    }

    fn point(&mut self, node: Node) -> Result<At, Error> {
        match (node, self.reading.reader) {
            (Node::At(at, z), _) => {
                *self.z = self.z.or(z);
                Ok(at)
            }
            (Node::List(_), Reader::Document) => Err(generic("expected a single points but got a list")),
            (Node::List(nodes), Reader::Query) => {
                let count = nodes.len();
                Err(parse_error(format!("a list of {count} points provided where a single coordinate is expected")))
            }
        }
    }

    fn points(&mut self, node: Node) -> Result<Vec<At>, Error> {
        let nodes = match (node, self.reading.reader) {
            (Node::At(..), Reader::Query) => {
                return Err(parse_error("single coordinate found when expecting an array of coordinates"));
            }
            (node, _) => self.list(node)?,
        };
        let points: Vec<At> = nodes.into_iter().map(|node| self.point(node)).collect::<Result<_, Error>>()?;
        self.some(points.is_empty())?;
        Ok(points)
    }

    fn line(&mut self, node: Node) -> Result<Geometry, Error> {
        let query = self.of_query();
        let nodes = match node {
            Node::At(..) if query => return Err(null_pointer("the coordinates of a line")),
            node => self.list(node)?,
        };
        if nodes.len() < 2 {
            let count = nodes.len();
            return Err(if query {
                parse_error(format!("invalid number of points in LineString (found [{count}] - must be >= 2)"))
            } else {
                generic("not enough points to build a line")
            });
        }
        let positions: Vec<At> = nodes.into_iter().map(|node| self.point(node)).collect::<Result<_, Error>>()?;
        self.reading.line(positions)
    }

    fn polygon(&mut self, node: Node, orientation: Orientation) -> Result<Rings, Error> {
        let rings = self.list(node)?;
        if rings.is_empty() {
            return Err(match self.reading.reader {
                Reader::Document => Error::new(ErrorKind::IndexOutOfBounds, "Index 0 out of bounds for length 0"),
                Reader::Query => parse_error("invalid LinearRing provided for type polygon"),
            });
        }
        let ring = |shape: &mut Self, ring: Node| {
            let nodes = shape.list(ring)?;
            if nodes.len() < 2 {
                return Err(match shape.reading.reader {
                    Reader::Document => generic("not enough points to build a line"),
                    Reader::Query => parse_error("Invalid LinearRing found. No coordinate array provided"),
                });
            }
            let mut ring: Vec<At> = nodes.into_iter().map(|node| shape.point(node)).collect::<Result<_, Error>>()?;
            // Only the reader of documents turns rings around.
            if orientation == Orientation::Left && !shape.of_query() {
                ring.reverse();
            }
            shape.reading.ring(ring)
        };
        rings.into_iter().map(|node| ring(self, node)).collect()
    }

    fn envelope(&mut self, node: Node) -> Result<Geometry, Error> {
        let nodes = match node {
            Node::List(nodes) => nodes,
            Node::At(..) => return Err(null_pointer("the coordinates of an envelope")),
        };
        let count = nodes.len();
        match nodes.as_slice() {
            [Node::At(top_left, _), Node::At(bottom_right, _)] => {
                envelope(top_left.x, bottom_right.x, top_left.y, bottom_right.y)
            }
            [_, _] => Err(null_pointer("the corners of an envelope")),
            _ => Err(parse_error(format!(
                "invalid number of points [{count}] provided for geo_shape [envelope] when expecting an array of 2 coordinates"
            ))),
        }
    }

    fn circle(&mut self, node: Node, radius_m: Option<f64>) -> Result<Geometry, Error> {
        let radius_m = radius_m.ok_or_else(|| match self.reading.reader {
            Reader::Document => parse_error("radius is not specified"),
            Reader::Query => Error::new(ErrorKind::NullPointer, "a circle must have a radius"),
        })?;
        let center = self.point(node)?;
        if radius_m < 0.0 {
            return Err(Error::illegal_argument(format!("Circle radius [{radius_m:?}] cannot be negative")));
        }
        Ok(Geometry::Circle { center, radius_m })
    }
}

/// Coordinates in lists, at most so deep as those of multipolygons are, and a little more.
fn node(value: &Value, depth: usize) -> Result<Node, Error> {
    let no_number = || parse_error("geo coordinates must be numbers");
    let Value::Array(items) = value else { return Err(no_number()) };
    match items.first() {
        Some(Value::Null) => return Err(Error::illegal_argument("coordinates cannot contain NULL values)")),
        None | Some(Value::Array(_)) => {}
        Some(_) => return position(items),
    }
    if depth > 8 {
        return Err(parse_error("coordinates nest deeper than those of any shape"));
    }
    let nodes: Vec<Node> = items.iter().map(|item| node(item, depth + 1)).collect::<Result<_, Error>>()?;
    let dimensions: Vec<usize> = nodes.iter().map(dimensions).collect::<Result<_, Error>>()?;
    if dimensions.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(parse_error("Exception parsing coordinates: number of dimensions do not match"));
    }
    Ok(Node::List(nodes))
}

fn dimensions(node: &Node) -> Result<usize, Error> {
    match node {
        Node::At(_, z) => Ok(2 + usize::from(z.is_some())),
        Node::List(nodes) => nodes.first().map_or(Ok(0), dimensions),
    }
}

fn position(items: &[Value]) -> Result<Node, Error> {
    let numbers: Option<Vec<f64>> = items.iter().map(Value::as_f64).collect();
    match numbers.as_deref() {
        Some([x, y]) => Ok(Node::At(At { x: *x, y: *y }, None)),
        Some([x, y, z]) => Ok(Node::At(At { x: *x, y: *y }, Some(*z))),
        Some([_, _, _, _, ..]) => Err(parse_error("geo coordinates greater than 3 dimensions are not supported")),
        _ => Err(parse_error("geo coordinates must be numbers")),
    }
}
