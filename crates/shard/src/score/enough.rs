//! Documents with as many of several parts as each asks for, and a factor on scores.

use std::sync::Arc;

use search::aggregation::values::number;
use search::bound::NumberCode;

use super::script::ScriptRun;
use super::{Outcome, Scorer};
use crate::segment::column::NumberColumn;
use crate::segment::{DocId, NO_MORE_DOCS};

/// How many a document asks for.
pub(crate) enum Least {
    Column(Option<Arc<dyn NumberColumn>>, NumberCode),
    Script(ScriptRun),
}

/// The matches of `base` of which enough of `parts` match.
pub(crate) struct Enough {
    pub(crate) base: Box<dyn Scorer>,
    pub(crate) parts: Vec<Box<dyn Scorer>>,
    pub(crate) least: Least,
}

impl Least {
    /// `None`: it does not say, and so does not match.
    fn of(&self, doc: DocId) -> Outcome<Option<usize>> {
        let number = match self {
            Self::Column(column, code) => {
                column.as_ref().and_then(|column| column.first(doc)).map(|value| number(value, *code))
            }
            Self::Script(script) => Some(script.number(doc, 0.0)?),
        };
        Ok(number.map(|number| (number as i64).max(1) as usize))
    }
}

impl Scorer for Enough {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        let next = self.base.probe(doc)?;
        if next != doc || doc == NO_MORE_DOCS {
            return Ok(next);
        }
        let Some(least) = self.least.of(doc)? else { return Ok(doc + 1) };
        let mut found = 0;
        for part in &mut self.parts {
            found += usize::from(part.probe(doc)? == doc);
        }
        Ok(if found >= least { doc } else { doc + 1 })
    }

    fn score(&mut self) -> Outcome<f32> {
        self.base.score()
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }

    fn bound(&mut self, from: DocId, to: DocId) -> f32 {
        self.base.bound(from, to)
    }
}

/// The same matches with scores times a factor.
pub(crate) struct Scaled {
    pub(crate) base: Box<dyn Scorer>,
    pub(crate) factor: f32,
}

impl Scorer for Scaled {
    fn probe(&mut self, doc: DocId) -> Outcome<DocId> {
        self.base.probe(doc)
    }

    fn seek(&mut self, target: DocId) -> Outcome<DocId> {
        self.base.seek(target)
    }

    fn score(&mut self) -> Outcome<f32> {
        Ok(self.base.score()? * self.factor)
    }

    fn cost(&self) -> u64 {
        self.base.cost()
    }
}
