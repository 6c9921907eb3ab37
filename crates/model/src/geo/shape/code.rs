//! A document's pieces as bytes: the steps of [`crate::geo::encode`] from one position to the next, as numbers of seven bits a byte.

use twox_hash::XxHash3_64;

use super::{At, Piece, Rings};
use crate::geo::{decode_lat, decode_lon, encode_lat, encode_lon};

const POINT: u8 = 0;
const LINE: u8 = 1;
const AREA: u8 = 2;

/// The steps of the outermost positions: west, east, south, north.
pub type Steps = [i32; 4];

/// The paths of the columns of a field's [`Steps`]; no field of a mapping has such a path.
pub fn paths(field: &str) -> [String; 4] {
    ["west", "east", "south", "north"].map(|side| format!("{field}..{side}"))
}

/// The bytes of some pieces, and the box around them; `None`: there are none.
pub fn encode(pieces: &[Piece]) -> Option<(Vec<u8>, Steps)> {
    let mut writer = Writer { out: Vec::new(), last: (0, 0), steps: [i32::MAX, i32::MIN, i32::MAX, i32::MIN] };
    for piece in pieces {
        match piece {
            Piece::Point(at) => {
                writer.out.push(POINT);
                writer.at(*at);
            }
            Piece::Line(line) => {
                writer.out.push(LINE);
                writer.chain(line);
            }
            Piece::Area(rings) => {
                writer.out.push(AREA);
                writer.number(rings.len() as u64);
                rings.iter().for_each(|ring| writer.chain(ring));
            }
        }
    }
    (!pieces.is_empty()).then_some((writer.out, writer.steps))
}

/// What tells the bytes of one shape of a document from those of another.
pub fn mark(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

struct Writer {
    out: Vec<u8>,
    last: (i32, i32),
    steps: Steps,
}

impl Writer {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    /// Small numbers of both signs are short.
    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    fn at(&mut self, at: At) {
        let (x, y) = (encode_lon(at.x), encode_lat(at.y));
        self.signed(i64::from(x) - i64::from(self.last.0));
        self.signed(i64::from(y) - i64::from(self.last.1));
        self.last = (x, y);
        let [west, east, south, north] = self.steps;
        self.steps = [west.min(x), east.max(x), south.min(y), north.max(y)];
    }

    fn chain(&mut self, chain: &[At]) {
        self.number(chain.len() as u64);
        chain.iter().for_each(|at| self.at(*at));
    }
}

/// The pieces of bytes that [`encode`] made; `None`: they are others.
pub fn decode(bytes: &[u8]) -> Option<Vec<Piece>> {
    let mut reader = Reader { rest: bytes, last: (0, 0) };
    let mut pieces = Vec::new();
    while let Some((&kind, rest)) = reader.rest.split_first() {
        reader.rest = rest;
        pieces.push(match kind {
            POINT => Piece::Point(reader.at()?),
            LINE => Piece::Line(reader.chain()?),
            AREA => {
                let count = reader.count()?;
                Piece::Area((0..count).map(|_| reader.chain()).collect::<Option<Rings>>()?)
            }
            _ => return None,
        });
    }
    Some(pieces)
}

struct Reader<'b> {
    rest: &'b [u8],
    last: (i32, i32),
}

impl Reader<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn step(&mut self, from: i32) -> Option<i32> {
        let number = self.number()?;
        let step = (number >> 1) as i64 ^ -((number & 1) as i64);
        i32::try_from(i64::from(from).checked_add(step)?).ok()
    }

    /// No more than there are bytes for.
    fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.rest.len()).then_some(count)
    }

    fn at(&mut self) -> Option<At> {
        self.last = (self.step(self.last.0)?, self.step(self.last.1)?);
        Some(At { x: decode_lon(self.last.0), y: decode_lat(self.last.1) })
    }

    fn chain(&mut self) -> Option<Vec<At>> {
        let count = self.count()?;
        (0..count).map(|_| self.at()).collect()
    }
}
