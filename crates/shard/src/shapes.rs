//! How shapes lie in a segment: the bytes of [`model::geo::shape::code`] as terms of a column of strings, and the ends of the box around
//! each in four columns of numbers.
//!
//! A short shape is one term. A long one is several, which begin alike: they ascend in the order in which they are put together.

use model::geo::shape::Piece;
use model::geo::shape::code::{decode, mark};

/// Bytes of a shape in one term.
const LONGEST: usize = 24_000;

/// What a term begins with.
const WHOLE: u8 = 0;
const PART: u8 = 1;
/// Of a part: its mark, the hash of the whole, its number.
const HEAD: usize = 1 + 8 + 4;

/// The terms of the bytes of one shape.
pub(crate) fn terms(bytes: &[u8], each: &mut dyn FnMut(&[u8])) {
    let mut term = Vec::with_capacity(bytes.len().min(LONGEST) + HEAD);
    if bytes.len() <= LONGEST {
        term.push(WHOLE);
        term.extend_from_slice(bytes);
        return each(&term);
    }
    let hash = mark(bytes).to_be_bytes();
    for (number, part) in bytes.chunks(LONGEST).enumerate() {
        term.clear();
        term.push(PART);
        term.extend_from_slice(&hash);
        term.extend_from_slice(&(number as u32).to_be_bytes());
        term.extend_from_slice(part);
        each(&term);
    }
}

/// Puts the shapes of a document together, term by term, in the order of terms.
#[derive(Default)]
pub(crate) struct Shapes {
    pieces: Vec<Piece>,
    /// The head of the parts so far, without their number.
    head: Vec<u8>,
    parts: Vec<u8>,
}

impl Shapes {
    /// False: the bytes are no shape's.
    pub(crate) fn add(&mut self, term: &[u8]) -> bool {
        match term.split_first() {
            Some((&WHOLE, bytes)) => self.decoded(bytes),
            Some((&PART, _)) if term.len() > HEAD => {
                let head = &term[..HEAD - 4];
                let whole = self.head == head || self.end();
                if self.head != head {
                    self.head = head.to_vec();
                }
                self.parts.extend_from_slice(&term[HEAD..]);
                whole
            }
            _ => false,
        }
    }

    fn decoded(&mut self, bytes: &[u8]) -> bool {
        decode(bytes).map(|pieces| self.pieces.extend(pieces)).is_some()
    }

    /// Ends a shape of several parts.
    fn end(&mut self) -> bool {
        let parts = std::mem::take(&mut self.parts);
        self.decoded(&parts)
    }

    /// All pieces; `None`: the bytes were no shape's.
    pub(crate) fn finish(mut self) -> Option<Vec<Piece>> {
        self.end().then_some(self.pieces)
    }
}

#[cfg(test)]
mod tests {
    use model::geo::shape::At;
    use model::geo::shape::code::encode;

    use super::*;

    fn line(count: usize, from: f64) -> Piece {
        let step = |at: usize| At { x: from + 10.0 * (at % 2) as f64, y: (at % 3) as f64 * 22.5 };
        Piece::Line((0..count).map(step).collect())
    }

    fn kept(pieces: &[Piece]) -> Vec<Vec<u8>> {
        let (bytes, _) = encode(pieces).expect("there are some");
        let mut kept = Vec::new();
        terms(&bytes, &mut |term| kept.push(term.to_vec()));
        kept
    }

    #[test]
    fn shapes_of_any_length_come_back() {
        let shapes = [vec![line(3, 0.0)], vec![line(40_000, 0.0), line(2, 45.0)], vec![line(30_000, 90.0)]];
        let mut terms: Vec<Vec<u8>> = shapes.iter().flat_map(|shape| kept(shape)).collect();
        terms.sort();
        assert!(terms.len() > 20 && terms.iter().all(|term| term.len() <= LONGEST + HEAD));
        let mut read = Shapes::default();
        assert!(terms.iter().all(|term| read.add(term)));
        let mut read = read.finish().expect("whole");
        let mut expected: Vec<Piece> = shapes
            .concat()
            .into_iter()
            .map(|piece| model::geo::shape::code::decode(&encode(&[piece]).unwrap().0).unwrap().remove(0))
            .collect();
        let length = |piece: &Piece| if let Piece::Line(line) = piece { line.len() } else { 0 };
        read.sort_by_key(length);
        expected.sort_by_key(length);
        assert_eq!(read, expected);
    }

    #[test]
    fn other_bytes_are_no_shape() {
        for term in [&b""[..], b"\x02", b"\x00\x07", b"\x01short"] {
            let mut read = Shapes::default();
            assert!(!read.add(term) || read.finish().is_none(), "{term:?}");
        }
    }
}
