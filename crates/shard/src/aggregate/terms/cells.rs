//! `geohash_grid` and `geotile_grid`: a bucket for each cell that holds places.

use hashbrown::HashMap;
use model::aggregation::key::Key;
use model::aggregation::partial::Partial;
use search::aggregation::geo::{Cells, GeoGrid};

use super::best::Best;
use super::deferred::Deferred;
use super::rows::{Keyed, Rows};
use crate::aggregate::batch::Sorted;
use crate::aggregate::numbers::Numbers;
use crate::aggregate::{Batch, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;

pub(super) struct CellTerms {
    rows: Rows,
    best: Best,
    children: Deferred,
    places: Numbers,
    cells: Cells,
    /// The number of each bucket's cell.
    numbers: Vec<i64>,
    by_number: HashMap<(u32, i64), u32>,
    /// Of a batch: places of documents with numbers of cells.
    found: Vec<(u32, i64)>,
    inside: Sorted,
}

impl CellTerms {
    pub(super) fn new((rows, best): (Rows, Best), children: Collectors, asked: &GeoGrid) -> Self {
        Self {
            places: Numbers::new(&asked.values),
            children: Deferred::new(children, &best, &rows.budget),
            rows,
            best,
            cells: asked.cells,
            numbers: Vec::new(),
            by_number: HashMap::new(),
            found: Vec::new(),
            inside: Sorted::default(),
        }
    }

    /// Reads the cells of a batch; one that holds several places of a document counts once.
    fn find(&mut self, batch: &Batch<'_>) {
        self.found.clear();
        let (cells, found) = (self.cells, &mut self.found);
        self.places.read(batch.docs).for_each(|at, code| found.extend(cells.of(code).map(|cell| (at as u32, cell))));
        if found.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            found.sort_unstable();
            found.dedup();
        }
    }

    /// The bucket of a cell, made when it is new.
    fn bucket(&mut self, owner: u32, number: i64) -> Outcome<u32> {
        if let Some(found) = self.by_number.get(&(owner, number)) {
            return Ok(*found);
        }
        let made = self.rows.add(owner, size_of::<((u32, i64), u32, i64)>())?;
        self.numbers.push(number);
        self.by_number.insert((owner, number), made);
        Ok(made)
    }
}

impl Collector for CellTerms {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.places.enter(leaf)?;
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        self.inside.clear();
        self.find(&batch);
        for place in 0..self.found.len() {
            let (at, number) = self.found[place];
            let bucket = self.bucket(batch.owners.of(at as usize), number)?;
            self.rows.counts[bucket as usize] += 1;
            if !self.children.is_empty() {
                self.inside.push(&batch, at as usize, bucket);
            }
        }
        self.children.collect(self.inside.batch(), self.rows.counts.len())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        let numbers = &self.numbers;
        let key = |bucket: u32| Ok(Key::Long(numbers[bucket as usize]));
        self.children.end(reader, (&mut self.rows, &mut self.best), Keyed { key: &key, ranks: None })
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let numbers = &self.numbers;
        let key = |bucket: u32| Ok(Key::Long(numbers[bucket as usize]));
        self.children.partial(owner, (&mut self.rows, &mut self.best), Keyed { key: &key, ranks: None })
    }
}
