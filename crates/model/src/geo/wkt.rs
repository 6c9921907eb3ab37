//! The little of well-known text that points and boxes need: `POINT (lon lat)`, `BBOX (left, right, top, bottom)`.

use super::distance::java_double;
use super::read::parse_error;
use super::{GeoBox, GeoPoint, is_latitude, is_longitude};
use crate::error::Error;

/// Reads a point.
///
/// # Errors
/// `parse_exception` "Invalid WKT format" with its cause.
pub(super) fn point(text: &str, ignore_z: bool) -> Result<GeoPoint, Error> {
    try_point(text, ignore_z).map_err(|cause| parse_error("Invalid WKT format").with_cause(cause))
}

fn try_point(text: &str, ignore_z: bool) -> Result<GeoPoint, Error> {
    let mut words = Words::new(text);
    let kind = words.next_word()?;
    if !kind.eq_ignore_ascii_case("point") {
        return Err(parse_error(format!("[geo_point] supports only POINT among WKT primitives, but found {kind}")));
    }
    let open = words.next_word()?;
    if open.eq_ignore_ascii_case("empty") {
        words.end()?;
        return Ok(GeoPoint::default());
    }
    words.must(open, "(")?;
    let (lon, lat) = (words.number()?, words.number()?);
    let mut close = words.next_word()?;
    if close != ")" {
        let z = number(close)?;
        if !ignore_z {
            return Err(Error::illegal_argument(format!(
                "found Z value [{z:?}] but [ignore_z_value] parameter is [false]"
            )));
        }
        close = words.next_word()?;
    }
    words.must(close, ")")?;
    words.end()?;
    if !is_longitude(lon) {
        return Err(Error::illegal_argument(format!("invalid longitude {lon:?}; must be between -180.0 and 180.0")));
    }
    if !is_latitude(lat) {
        return Err(Error::illegal_argument(format!("invalid latitude {lat:?}; must be between -90.0 and 90.0")));
    }
    Ok(GeoPoint { lat, lon })
}

/// Reads a box.
///
/// # Errors
/// `parse_exception`.
pub fn envelope(text: &str) -> Result<GeoBox, Error> {
    let failed = || parse_error("failed to parse WKT bounding box");
    let mut words = Words::new(text);
    let kind = words.next_word().map_err(|_| failed())?.to_uppercase();
    const OTHERS: [&str; 7] =
        ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"];
    if OTHERS.contains(&kind.as_str()) {
        let reason = format!("failed to parse WKT bounding box. [{kind}] found. expected [ENVELOPE]");
        return Err(parse_error(reason));
    }
    let mut read = || -> Result<GeoBox, Error> {
        let open = words.next_word()?;
        words.must(open, "(")?;
        let mut edges = [0.0; 4];
        for (at, edge) in edges.iter_mut().enumerate() {
            if at > 0 {
                let comma = words.next_word()?;
                words.must(comma, ",")?;
            }
            *edge = words.number()?;
        }
        let close = words.next_word()?;
        words.must(close, ")")?;
        words.end()?;
        let [left, right, top, bottom] = edges;
        Ok(GeoBox { top, left, bottom, right })
    };
    let edges = read().map_err(|_| failed())?;
    if !matches!(kind.as_str(), "BBOX" | "ENVELOPE") || edges.top < edges.bottom {
        return Err(failed());
    }
    Ok(edges)
}

/// Words, numbers, brackets and commas.
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Whether the next character that is no space is `mark`.
    pub(super) fn is_next(&self, mark: &str) -> bool {
        self.rest.trim_start().starts_with(mark)
    }

    /// Whether what follows is no mark.
    pub(super) fn is_number_next(&self) -> bool {
        let rest = self.rest.trim_start();
        !rest.is_empty() && !rest.starts_with(['(', ')', ','])
    }

    pub(super) fn next_word(&mut self) -> Result<&'a str, Error> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return Err(parse_error("unexpected end of WKT")) };
        let length = match first {
            '(' | ')' | ',' => 1,
            _ => self.rest.find(|c: char| matches!(c, '(' | ')' | ',') || c.is_whitespace()).unwrap_or(self.rest.len()),
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Ok(word)
    }

    pub(super) fn number(&mut self) -> Result<f64, Error> {
        number(self.next_word()?)
    }

    pub(super) fn must(&self, found: &str, wanted: &str) -> Result<(), Error> {
        if found == wanted { Ok(()) } else { Err(parse_error(format!("expected {wanted} but found: '{found}'"))) }
    }

    pub(super) fn end(&mut self) -> Result<(), Error> {
        let rest = self.rest.trim();
        if rest.is_empty() {
            Ok(())
        } else {
            Err(parse_error(format!("expected end of WKT string but found: '{rest}'")))
        }
    }
}

fn number(word: &str) -> Result<f64, Error> {
    java_double(word).ok_or_else(|| parse_error(format!("expected number but found: '{word}'")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_left_right_top_bottom() {
        let edges = GeoBox { top: 53.0, left: 4.0, bottom: 51.0, right: 6.0 };
        assert_eq!(envelope("BBOX (4, 6, 53, 51)"), Ok(edges));
        assert_eq!(envelope("envelope(4,6,53,51)"), Ok(edges));
        for wrong in ["", "BBOX", "BBOX (4, 6, 53)", "BBOX (4, 6, 51, 53)", "POINT (1 2)", "5", "BBOX (4, 6, 53, 51) x"]
        {
            assert!(envelope(wrong).is_err(), "{wrong}");
        }
    }
}
