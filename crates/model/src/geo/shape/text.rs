//! Well-known text, with `BBOX (left, right, top, bottom)` and, in queries, `ENVELOPE`.

use super::read::{MAX_DEPTH, Reading, envelope, too_deep};
use super::{At, Geometry, Rings};
use crate::error::{Error, ErrorKind};
use crate::geo::read::parse_error;
use crate::geo::wkt::Words;

/// Reads a shape; `None`: one that is said to be empty.
///
/// # Errors
/// As [`Reading::read`].
pub(super) fn read(reading: &Reading, text: &str) -> Result<Option<Geometry>, Error> {
    let mut parser = Parser { reading, words: Words::new(text), z: None };
    let shape = parser.shape(1)?;
    if reading.of_query() {
        parser.words.end()?;
    }
    reading.check_z(parser.z)?;
    match shape {
        Some(shape) => Ok(Some(shape)),
        None if reading.of_query() => Ok(None),
        None => Err(Error::new(ErrorKind::NullPointer, "an empty shape has no bounds")),
    }
}

struct Parser<'t> {
    reading: &'t Reading,
    words: Words<'t>,
    /// The first third coordinate.
    z: Option<f64>,
}

/// What follows in a list.
enum After {
    Comma,
    End,
}

impl Parser<'_> {
    fn shape(&mut self, depth: usize) -> Result<Option<Geometry>, Error> {
        let kind = self.words.next_word()?;
        let name = kind.to_lowercase();
        let query = self.reading.of_query();
        Ok(match name.as_str() {
            "point" => self.point()?,
            "multipoint" => self.multi_point()?,
            "linestring" => self.open()?.then(|| self.line()).transpose()?,
            "multilinestring" => self.open()?.then(|| self.multi_line()).transpose()?,
            "polygon" => self.open()?.then(|| Ok(Geometry::Polygon(self.polygon()?))).transpose()?,
            "multipolygon" => self.open()?.then(|| self.multi_polygon()).transpose()?,
            "geometrycollection" => self.open()?.then(|| self.collection(depth)).transpose()?,
            "bbox" => Some(self.bounding_box()?),
            "envelope" if query => Some(self.bounding_box()?),
            "circle" if !query => Some(self.circle()?),
            "circle" => return Err(Error::illegal_argument("Unknown geometry type: circle")),
            _ if query => return Err(Error::illegal_argument(format!("unknown geo_shape [{kind}]"))),
            _ => return Err(Error::illegal_argument(format!("Unknown geometry type: {name}"))),
        })
    }

    /// False: `EMPTY`.
    fn open(&mut self) -> Result<bool, Error> {
        let word = self.words.next_word()?;
        if word.eq_ignore_ascii_case("empty") {
            return Ok(false);
        }
        self.words.must(word, "(").map(|()| true)
    }

    fn must(&mut self, wanted: &str) -> Result<(), Error> {
        let word = self.words.next_word()?;
        self.words.must(word, wanted)
    }

    fn after(&mut self) -> Result<After, Error> {
        match self.words.next_word()? {
            "," => Ok(After::Comma),
            ")" => Ok(After::End),
            other => Err(parse_error(format!("expected , or ) but found: {other}"))),
        }
    }

    /// What `item` reads, separated by commas, up to the closing bracket.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let mut items = vec![item(self)?];
        while let After::Comma = self.after()? {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// Two numbers, and whether a third follows.
    fn position(&mut self) -> Result<(At, bool), Error> {
        let at = At { x: self.words.number()?, y: self.words.number()? };
        let more = self.words.is_number_next();
        if more {
            let z = self.words.number()?;
            self.z.get_or_insert(z);
        }
        Ok((at, more))
    }

    fn positions(&mut self) -> Result<Vec<At>, Error> {
        let read = self.list(Self::position)?;
        if read.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            let kind = if self.reading.of_query() { ErrorKind::Generic } else { ErrorKind::Parse };
            return Err(Error::new(kind, "coordinate dimensions do not match"));
        }
        Ok(read.into_iter().map(|(at, _)| at).collect())
    }

    /// An empty point of a document is that of no degrees.
    fn point(&mut self) -> Result<Option<Geometry>, Error> {
        if !self.open()? {
            let nowhere = Geometry::Point(At { x: 0.0, y: 0.0 });
            return Ok((!self.reading.of_query()).then_some(nowhere));
        }
        let (at, _) = self.position()?;
        self.must(")")?;
        Ok(Some(Geometry::Point(at)))
    }

    /// Of no points, a query finds nothing.
    fn multi_point(&mut self) -> Result<Option<Geometry>, Error> {
        if !self.open()? {
            return Ok(self.reading.of_query().then(|| Geometry::MultiPoint(Vec::new())));
        }
        let points = self.list(|parser| {
            let bracket = parser.reading.of_query() && parser.words.is_next("(");
            if bracket {
                parser.must("(")?;
            }
            let (at, _) = parser.position()?;
            if bracket {
                parser.must(")")?;
            }
            Ok(at)
        })?;
        Ok(Some(Geometry::MultiPoint(points)))
    }

    fn line(&mut self) -> Result<Geometry, Error> {
        let positions = self.positions()?;
        self.reading.line(positions)
    }

    fn multi_line(&mut self) -> Result<Geometry, Error> {
        let lines = self.list(|parser| {
            parser.must("(")?;
            match parser.line()? {
                Geometry::Line(line) => Ok(line),
                _ => Ok(Vec::new()),
            }
        })?;
        Ok(Geometry::MultiLine(lines))
    }

    fn polygon(&mut self) -> Result<Rings, Error> {
        let rings = self.list(|parser| {
            parser.must("(")?;
            parser.positions()
        })?;
        self.reading.polygon(rings)
    }

    fn multi_polygon(&mut self) -> Result<Geometry, Error> {
        let polygons = self.list(|parser| {
            parser.must("(")?;
            parser.polygon()
        })?;
        Ok(Geometry::MultiPolygon(polygons))
    }

    /// Those of no shape are left out.
    fn collection(&mut self, depth: usize) -> Result<Geometry, Error> {
        if depth >= MAX_DEPTH {
            return Err(too_deep());
        }
        let shapes = self.list(|parser| parser.shape(depth + 1))?;
        Ok(Geometry::Collection(shapes.into_iter().flatten().collect()))
    }

    fn bounding_box(&mut self) -> Result<Geometry, Error> {
        self.must("(")?;
        let mut edges = [0.0; 4];
        for (at, edge) in edges.iter_mut().enumerate() {
            if at > 0 {
                self.must(",")?;
            }
            *edge = self.words.number()?;
        }
        self.must(")")?;
        let [left, right, top, bottom] = edges;
        envelope(left, right, top, bottom)
    }

    fn circle(&mut self) -> Result<Geometry, Error> {
        self.must("(")?;
        let center = At { x: self.words.number()?, y: self.words.number()? };
        let radius_m = self.words.number()?;
        self.must(")")?;
        Ok(Geometry::Circle { center, radius_m })
    }
}
