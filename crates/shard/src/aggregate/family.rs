//! `children` and `parent`: from documents to the others of their families, which lie anywhere in the shard and are shown to what is inside
//! when all documents have been seen.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use model::aggregation::partial::Partial;
use search::aggregation::Family;
use search::bound::FieldName;

use super::batch::Sorted;
use super::filter::{bucket, grow};
use super::{Batch, Budget, Collector, Collectors, Workshop};
use crate::compile::Weight;
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::{Outcome, bits};
use crate::segment::NO_MORE_DOCS;
use crate::segment::column::StringColumn;

/// Documents that are shown at once.
const BATCH: usize = 4096;
/// Bytes of a family besides its name, and of an owner of it.
const FAMILY_BYTES: usize = 48;
const OWNER_BYTES: usize = 24;

/// Two kinds of documents of one family.
pub(super) struct Kin {
    field: FieldName,
    from: Weight,
    to: Weight,
}

impl Kin {
    pub(super) fn compile(family: &Family, workshop: &mut Workshop<'_, '_>) -> Outcome<Self> {
        let (from, to) = (workshop.weight(&family.from)?, workshop.weight(&family.to)?);
        Ok(Self { field: family.field.clone(), from, to })
    }
}

pub(super) struct Relatives {
    /// `None`: the index has no such kinds.
    kin: Option<Kin>,
    /// Of the segment: which documents are of the first kind, and their families.
    segment: Option<(Vec<u64>, Arc<dyn StringColumn>)>,
    /// Families by the id of the parent.
    families: HashMap<Box<[u8]>, u32>,
    /// In whose buckets they are, each once.
    owners: Vec<Vec<u32>>,
    known: HashSet<(u32, u32)>,
    children: Collectors,
    counts: Vec<u64>,
    budget: Arc<Budget>,
}

impl Relatives {
    pub(super) fn new(kin: Option<Kin>, children: Collectors, budget: Arc<Budget>) -> Self {
        let (families, owners, known, counts) = Default::default();
        Self { kin, segment: None, families, owners, known, children, counts, budget }
    }

    /// The number of a family.
    fn family(&mut self, parent: &[u8]) -> Outcome<u32> {
        if let Some(known) = self.families.get(parent) {
            return Ok(*known);
        }
        self.budget.take(parent.len() + FAMILY_BYTES)?;
        let number = self.owners.len() as u32;
        self.families.insert(parent.into(), number);
        self.owners.push(Vec::new());
        Ok(number)
    }

    /// Shows the others of all families.
    fn show(&mut self, kin: &Kin, reader: &Reader) -> Outcome<()> {
        let Some(entry) = reader.fields.by_path(&kin.field) else { return Ok(()) };
        let (mut parent, mut found) = (Vec::new(), Sorted::default());
        for (number, view) in reader.segments.iter().enumerate() {
            let Some(column) = view.segment.strings(entry.slot)? else { continue };
            let leaf = Leaf::new(reader, number);
            self.children.enter(&leaf)?;
            let mut scorer = leaf.scorer(&kin.to)?;
            let mut doc = scorer.seek(0)?;
            while doc != NO_MORE_DOCS {
                if view.is_alive(doc)
                    && let Some(ord) = column.first(doc)
                {
                    column.value(ord, &mut parent)?;
                    let family = self.families.get(parent.as_slice()).map(|&family| &self.owners[family as usize]);
                    for &owner in family.into_iter().flatten() {
                        self.counts[owner as usize] += 1;
                        found.docs.push(doc);
                        found.owners.push(owner);
                        found.scores.push(1.0);
                    }
                }
                if found.docs.len() >= BATCH {
                    self.children.collect(found.batch())?;
                    found.clear();
                }
                doc = scorer.seek(doc + 1)?;
            }
            self.children.collect(found.batch())?;
            found.clear();
            self.children.leave()?;
        }
        Ok(())
    }
}

impl Collector for Relatives {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.segment = None;
        let Some(kin) = &self.kin else { return Ok(()) };
        let Some(entry) = leaf.fields.by_path(&kin.field) else { return Ok(()) };
        if let Some(column) = leaf.segment.strings(entry.slot)? {
            let mut from = bits::none(leaf.max);
            leaf.scorer(&kin.from)?.fill(0, leaf.max, &mut from)?;
            self.segment = Some((from, column));
        }
        Ok(())
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        grow(&mut self.counts, batch.owners.bound(), &self.budget)?;
        let Some((from, column)) = self.segment.take() else { return Ok(()) };
        let mut parent = Vec::new();
        for (at, &doc) in batch.docs.iter().enumerate() {
            if !bits::contains(&from, doc) {
                continue;
            }
            let Some(ord) = column.first(doc) else { continue };
            column.value(ord, &mut parent)?;
            let (family, owner) = (self.family(&parent)?, batch.owners.of(at));
            if self.known.insert((family, owner)) {
                self.budget.take(OWNER_BYTES)?;
                self.owners[family as usize].push(owner);
            }
        }
        self.segment = Some((from, column));
        Ok(())
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.segment = None;
        if let Some(kin) = self.kin.take() {
            self.owners.iter_mut().for_each(|owners| owners.sort_unstable());
            self.show(&kin, reader)?;
        }
        self.children.finish(reader, &mut self.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        Ok(Partial::Bucket(bucket(&self.counts, &mut self.children, owner)?))
    }
}
