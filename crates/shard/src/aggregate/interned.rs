//! The values of one field as small numbers, the same in every segment.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use model::aggregation::key::Key;
use search::aggregation::values::{Shape, Values, key};

use super::Budget;
use super::numbers::Numbers;
use super::places::Places;
use super::strings::{Ords, Strings};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;
use crate::segment::DocId;

/// Reads a field; each value it meets has a number, from 0.
pub(super) struct Interned {
    source: Source,
    /// The numbers of a batch, and where those of each document begin; the last entry is their end.
    ids: Vec<u32>,
    begins: Vec<u32>,
    budget: Arc<Budget>,
}

enum Source {
    Numbers(Box<Codes>),
    Strings(Box<Texts>),
}

struct Codes {
    numbers: Numbers,
    known: Vec<i64>,
    by_code: HashMap<i64, u32>,
}

struct Texts {
    strings: Strings,
    ords: Ords,
    /// Ordinals of the segment.
    places: Places,
    known: Vec<Box<[u8]>>,
    by_text: HashTable<u32>,
    hasher: DefaultHashBuilder,
    buffer: Vec<u8>,
}

impl Codes {
    fn id(known: &mut Vec<i64>, by_code: &mut HashMap<i64, u32>, code: i64, budget: &Budget) -> Outcome<u32> {
        if let Some(found) = by_code.get(&code) {
            return Ok(*found);
        }
        budget.take(3 * size_of::<(i64, u32)>())?;
        let id = known.len() as u32;
        known.push(code);
        by_code.insert(code, id);
        Ok(id)
    }
}

impl Texts {
    fn read(&mut self, docs: &[DocId], budget: &Budget, mut each: impl FnMut(usize, u32)) -> Outcome<()> {
        let Self { strings, ords, places, known, by_text, hasher, buffer } = self;
        strings.read(docs, ords).try_for_each(|at, ord| {
            let make = || -> Outcome<u32> {
                strings.value(ord, buffer)?;
                let hash = hasher.hash_one(buffer.as_slice());
                if let Some(found) = by_text.find(hash, |&id| *known[id as usize] == **buffer) {
                    return Ok(*found);
                }
                budget.take(buffer.len() + 3 * size_of::<Box<[u8]>>())?;
                let id = known.len() as u32;
                known.push(buffer.as_slice().into());
                by_text.insert_unique(hash, id, |&id| hasher.hash_one(&*known[id as usize]));
                Ok(id)
            };
            each(at, places.get(0, ord, make)?);
            Ok(())
        })
    }
}

impl Interned {
    pub(super) fn new(values: &Values, budget: Arc<Budget>) -> Self {
        let source = match values.shape() {
            Shape::Bytes => Source::Strings(Box::new(Texts {
                strings: Strings::new(values),
                ords: Ords::default(),
                places: Places::new(budget.clone()),
                known: Vec::new(),
                by_text: HashTable::new(),
                hasher: DefaultHashBuilder::default(),
                buffer: Vec::new(),
            })),
            Shape::Long | Shape::Unsigned | Shape::Double => Source::Numbers(Box::new(Codes {
                numbers: Numbers::new(values),
                known: Vec::new(),
                by_code: HashMap::new(),
            })),
        };
        Self { source, ids: Vec::new(), begins: Vec::new(), budget }
    }

    pub(super) fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        match &mut self.source {
            Source::Numbers(codes) => codes.numbers.enter(leaf),
            Source::Strings(texts) => {
                texts.strings.enter(leaf)?;
                texts.places.reset(texts.strings.ord_bound());
                Ok(())
            }
        }
    }

    /// Reads the values of ascending documents.
    pub(super) fn read(&mut self, docs: &[DocId]) -> Outcome<()> {
        let (ids, begins, budget) = (&mut self.ids, &mut self.begins, &*self.budget);
        ids.clear();
        begins.clear();
        let mut add = |at: usize, id: u32| {
            begins.resize(at.max(begins.len().saturating_sub(1)) + 1, ids.len() as u32);
            // A number that a document holds twice counts once.
            if ids.len() == begins[at] as usize || ids.last() != Some(&id) {
                ids.push(id);
            }
        };
        match &mut self.source {
            Source::Strings(texts) => texts.read(docs, budget, add)?,
            Source::Numbers(codes) => {
                let Codes { numbers, known, by_code } = &mut **codes;
                numbers.read(docs).try_for_each(|at, code| {
                    add(at, Codes::id(known, by_code, code, budget)?);
                    Ok(())
                })?;
            }
        }
        self.begins.resize(docs.len() + 1, self.ids.len() as u32);
        Ok(())
    }

    /// The values of the document at a place of what was read.
    #[inline]
    pub(super) fn of(&self, at: usize) -> &[u32] {
        &self.ids[self.begins[at] as usize..self.begins[at + 1] as usize]
    }

    pub(super) fn key(&self, id: u32) -> Key {
        match &self.source {
            Source::Numbers(codes) => key(codes.known[id as usize], codes.numbers.code),
            Source::Strings(texts) => Key::Bytes(texts.known[id as usize].clone()),
        }
    }
}
