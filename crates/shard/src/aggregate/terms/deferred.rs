//! What lies inside of buckets, collected breadth first once these are many: documents are held back with their buckets, and when the
//! buckets that are told are known, theirs alone are shown to what is inside. Few buckets are cheaper depth first.

use std::sync::Arc;

use hashbrown::HashMap;
use model::aggregation::partial::Partial;

use super::rows::{Chosen, Finish, Keyed, Rows};
use crate::aggregate::batch::Sorted;
use crate::aggregate::doc_count::Beyond;
use crate::aggregate::{Batch, Budget, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

/// Buckets that are told, with the numbers by which what is inside knows them: close together, as it may have a place for each number.
struct Told {
    /// Numbers below are those of the buckets themselves.
    known: u32,
    next: u32,
    numbers: HashMap<u32, u32>,
}

impl Told {
    fn add(&mut self, bucket: u32) -> u32 {
        let number = if bucket < self.known { bucket } else { self.next };
        self.next += u32::from(bucket >= self.known);
        self.numbers.insert(bucket, number);
        number
    }
}

pub(super) struct Deferred {
    children: Collectors,
    /// Of what counts are made: nothing of it is held back.
    beyond: Option<Beyond>,
    budget: Arc<Budget>,
    /// Whether the buckets that are told are known without what is inside of them.
    may_hold: bool,
    /// Documents are held back from now on: there were so many buckets when that began, and what is inside knows those by their numbers.
    holds: Option<u32>,
    segment: u32,
    /// By segment, with the bucket of each document for its owner. Those before have been shown.
    held: Vec<(u32, Sorted)>,
    /// By owner, what is told where documents were held back.
    chosen: HashMap<u32, Chosen>,
}

impl Deferred {
    pub(super) fn new(mut children: Collectors, finish: &dyn Finish, budget: &Arc<Budget>) -> Self {
        Self {
            beyond: children.take_beyond(),
            may_hold: !children.is_empty() && finish.chooses_first(),
            children,
            budget: budget.clone(),
            holds: None,
            segment: 0,
            held: Vec::new(),
            chosen: HashMap::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.children.is_empty() && self.beyond.is_none()
    }

    pub(super) fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.segment = leaf.number;
        self.beyond.iter_mut().for_each(|beyond| beyond.enter(leaf));
        if self.holds.is_some() { Ok(()) } else { self.children.enter(leaf) }
    }

    /// Takes documents with their buckets, of which there are so many by now.
    pub(super) fn collect(&mut self, batch: Batch<'_>, buckets: usize) -> Outcome<()> {
        self.beyond.iter_mut().try_for_each(|beyond| beyond.collect(&batch))?;
        if self.may_hold && self.holds.is_none() && buckets > self.budget.depth_first() {
            self.holds = Some(buckets as u32);
            self.children.leave()?;
        }
        if self.holds.is_some() { self.hold(&batch) } else { self.children.collect(batch) }
    }

    fn hold(&mut self, batch: &Batch<'_>) -> Outcome<()> {
        self.budget.take(batch.docs.len() * 2 * size_of::<u32>() + size_of_val(batch.scores))?;
        if self.held.last().is_none_or(|(segment, _)| *segment != self.segment) {
            self.held.push((self.segment, Sorted::default()));
        }
        if let Some((_, held)) = self.held.last_mut() {
            held.docs.extend_from_slice(batch.docs);
            held.owners.extend((0..batch.docs.len()).map(|at| batch.owners.of(at)));
            held.scores.extend_from_slice(batch.scores);
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) -> Outcome<()> {
        if self.holds.is_some() { Ok(()) } else { self.children.leave() }
    }

    /// All segments have been seen, and all buckets are there.
    pub(super) fn end(
        &mut self,
        reader: &Reader,
        (rows, finish): (&mut Rows, &mut dyn Finish),
        keyed: Keyed<'_>,
    ) -> Outcome<()> {
        self.beyond.iter_mut().for_each(|beyond| beyond.add_to(&mut rows.counts));
        rows.end();
        finish.end(reader, rows, keyed.key)?;
        if let Some(known) = self.holds {
            let told = self.choose(known, (rows, finish), keyed)?;
            for (segment, mut held) in std::mem::take(&mut self.held) {
                held.keep(|bucket| told.numbers.get(&bucket).copied());
                self.show(reader, segment, &held)?;
            }
        }
        self.children.end(reader)
    }

    /// The buckets that are told.
    fn choose(&mut self, known: u32, (rows, finish): (&mut Rows, &mut dyn Finish), keyed: Keyed<'_>) -> Outcome<Told> {
        let mut told = Told { next: known, known, numbers: HashMap::new() };
        for owner in 0..rows.owners_bound() {
            let mut chosen = finish.choose(owner, rows, keyed, &mut self.children)?;
            self.budget.take(chosen.open.len() * size_of::<(u32, u32, usize)>())?;
            chosen.open.iter_mut().for_each(|(_, bucket)| *bucket = told.add(*bucket));
            self.chosen.insert(owner, chosen);
        }
        Ok(told)
    }

    /// Shows documents of a segment with their buckets to what is inside. Segments ascend.
    pub(super) fn show(&mut self, reader: &Reader, segment: u32, held: &Sorted) -> Outcome<()> {
        if held.docs.is_empty() {
            return Ok(());
        }
        self.children.enter(&Leaf::new(reader, segment as usize))?;
        held.batches().try_for_each(|batch| self.children.collect(batch))?;
        self.children.leave()
    }

    /// What one owner's buckets say; taken once.
    pub(super) fn partial(
        &mut self,
        owner: u32,
        (rows, finish): (&mut Rows, &mut dyn Finish),
        keyed: Keyed<'_>,
    ) -> Outcome<Partial> {
        let chosen = match self.chosen.remove(&owner) {
            Some(chosen) => chosen,
            None => finish.choose(owner, rows, keyed, &mut self.children)?,
        };
        chosen.told_with(&mut self.children)
    }
}
