//! Documents by how their shapes stand to one: those that the boxes around them do not decide are read and compared.

use std::io;
use std::sync::Arc;

use model::geo::shape::relate::{Question, Relation, Told};
use model::geo::shape::{At, Bounds};
use model::geo::{decode_lat, decode_lon, encode_lat, encode_lon};

use super::{Outcome, Scorer, bits};
use crate::segment::column::{NumberColumn, StringColumn};
use crate::segment::{DocId, NO_MORE_DOCS};
use crate::shapes::Shapes;

/// The columns of a field of shapes in one segment.
pub(crate) struct ShapeColumns {
    pub(crate) shapes: Arc<dyn StringColumn>,
    /// West, east, south, north.
    pub(crate) sides: [Arc<dyn NumberColumn>; 4],
}

impl ShapeColumns {
    /// The box around the shapes of a document that has some.
    fn bounds(&self, doc: DocId) -> Option<Bounds> {
        let [west, east, south, north] = &self.sides;
        // Of several shapes, each column has the ends of all.
        let most = |column: &Arc<dyn NumberColumn>| {
            let mut all = Vec::new();
            column.values(doc, &mut all);
            all.last().copied()
        };
        let (least_x, least_y) = (west.first(doc)?, south.first(doc)?);
        let min = At { x: decode_lon(least_x as i32), y: decode_lat(least_y as i32) };
        let max = At { x: decode_lon(most(east)? as i32), y: decode_lat(most(north)? as i32) };
        Some(Bounds { min, max })
    }
}

/// Matches of one segment.
pub(crate) struct ByShape {
    columns: ShapeColumns,
    question: Arc<Question>,
    max: u32,
    score: f32,
    /// Documents of `start..end` that the boxes do not rule out.
    words: Vec<u64>,
    start: DocId,
    end: DocId,
    ords: Vec<u64>,
    value: Vec<u8>,
    /// The document that was compared last, and what came out.
    last: Option<(DocId, bool)>,
}

/// Documents whose boxes are looked at together.
const STRETCH: u32 = 4096;

impl ByShape {
    pub(crate) fn new(columns: ShapeColumns, question: Arc<Question>, max: u32, score: f32) -> Self {
        let (words, ords, value) = (Vec::new(), Vec::new(), Vec::new());
        Self { columns, question, max, score, words, start: 0, end: 0, ords, value, last: None }
    }

    /// Finds the documents of a stretch from `doc` that may match.
    fn look_around(&mut self, doc: DocId) {
        (self.start, self.end) = (doc, (doc + STRETCH).min(self.max));
        let [west, east, south, north] = &self.columns.sides;
        let Bounds { min, max } = self.question.bounds();
        // A step more, for what lies between two of them.
        let up = |step: i32| i64::from(step) + 1;
        let all = i64::MIN..=i64::MAX;
        let (to_west, to_east) = (up(encode_lon(max.x)), i64::from(encode_lon(min.x)));
        let (to_south, to_north) = (up(encode_lat(max.y)), i64::from(encode_lat(min.y)));
        let ranges = match self.question.relation() {
            Relation::Disjoint => vec![(west, all)],
            Relation::Intersects | Relation::Within | Relation::Contains => vec![
                (west, i64::MIN..=to_west),
                (east, to_east..=i64::MAX),
                (south, i64::MIN..=to_south),
                (north, to_north..=i64::MAX),
            ],
        };
        let length = ((self.end - self.start) as usize).div_ceil(64);
        self.words.clear();
        for (column, range) in ranges {
            let mut words = vec![0; length];
            column.fill_range(range, self.start..self.end, &mut words);
            if self.words.is_empty() {
                self.words = words;
            } else {
                self.words.iter_mut().zip(&words).for_each(|(all, one)| *all &= one);
            }
        }
    }

    /// Whether a document matches that may.
    fn matches(&mut self, doc: DocId) -> Outcome<bool> {
        if let Some((last, matched)) = self.last
            && last == doc
        {
            return Ok(matched);
        }
        let told = self.columns.bounds(doc).map_or(Told::No, |bounds| self.question.told(&bounds));
        let matched = match told {
            Told::Yes => true,
            Told::No => false,
            Told::Unsure => self.compare(doc)?,
        };
        self.last = Some((doc, matched));
        Ok(matched)
    }

    fn compare(&mut self, doc: DocId) -> Outcome<bool> {
        self.ords.clear();
        self.columns.shapes.ords(doc, &mut self.ords);
        let mut shapes = Shapes::default();
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "the bytes of a shape are damaged");
        for &ord in &self.ords {
            self.columns.shapes.value(ord, &mut self.value)?;
            if !shapes.add(&self.value) {
                return Err(damaged().into());
            }
        }
        let pieces = shapes.finish().ok_or_else(damaged)?;
        Ok(self.question.matches(pieces))
    }
}

impl Scorer for ByShape {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        if doc >= self.max {
            return Ok(NO_MORE_DOCS);
        }
        if doc < self.start || doc >= self.end {
            self.look_around(doc);
        }
        match bits::next(&self.words, doc - self.start) {
            None => Ok(self.end),
            Some(next) if self.start + next > doc => Ok(self.start + next),
            Some(_) => Ok(if self.matches(doc)? { doc } else { doc + 1 }),
        }
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.score)
    }

    fn cost(&self) -> u64 {
        u64::from(self.max)
    }

    fn bound(&mut self, _: DocId, _: DocId) -> f32 {
        self.score
    }
}
