//! What is searched: vectors, queries, filters, and the true answers, in files that every engine reads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vector::{Admitted, Element, Neighbour, Query, Rows, Shape, Space, scan};

pub(crate) const K: usize = 10;
pub(crate) const QUERIES: usize = 1000;
/// Parts of the rows that the filters admit.
const SHARES: [f64; 3] = [0.01, 0.1, 0.5];

pub(crate) struct Work {
    pub(crate) dimension: usize,
    rows: Vec<f32>,
    queries: Vec<f32>,
}

/// Numbers from 0 to 1.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.next()).sum::<f32>() - 6.0
    }
}

impl Work {
    /// 100,000 vectors of 128 dimensions around 1,000 centres.
    pub(crate) fn generated() -> Self {
        let (dimension, mut chance) = (128, Chance(0x5EED));
        let centres: Vec<f32> = (0..1000 * dimension).map(|_| chance.normal()).collect();
        let mut many = |count: usize| -> Vec<f32> {
            let mut all = Vec::with_capacity(count * dimension);
            for _ in 0..count {
                let centre = (chance.next() * 1000.0) as usize % 1000;
                all.extend(centres[centre * dimension..][..dimension].iter().map(|at| at + 0.6 * chance.normal()));
            }
            all
        };
        Self { dimension, rows: many(100_000), queries: many(QUERIES) }
    }

    /// Rows of an `.fvecs` file; the last are the queries.
    pub(crate) fn from_file(path: &Path) -> Self {
        let words: Vec<u32> =
            std::fs::read(path).unwrap().as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        let dimension = words[0] as usize;
        let rows: Vec<f32> =
            words.chunks(dimension + 1).flat_map(|row| row[1..].iter().map(|bits| f32::from_bits(*bits))).collect();
        let split = rows.len() - QUERIES * dimension;
        Self { dimension, queries: rows[split..].to_vec(), rows: rows[..split].to_vec() }
    }

    pub(crate) fn rows(&self) -> Rows {
        let shape = Shape::new(self.dimension, Element::F32, Space::L2).unwrap();
        let mut bytes = Vec::new();
        self.rows.chunks(self.dimension).for_each(|row| shape.push_row(row, &mut bytes).unwrap());
        Rows::new(shape, Arc::new(bytes)).unwrap()
    }

    pub(crate) fn queries(&self) -> Vec<Query> {
        let shape = Shape::new(self.dimension, Element::F32, Space::L2).unwrap();
        self.queries.chunks(self.dimension).map(|query| Query::new(shape, query).unwrap()).collect()
    }

    /// Writes everything, the true answers included, for the engines to read.
    pub(crate) fn write(&self, folder: &Path) {
        let (rows, queries) = (self.rows(), self.queries());
        let filters: Vec<Vec<u64>> = SHARES.iter().map(|share| filter(rows.count(), *share)).collect();
        let mut truths: Vec<u32> = Vec::new();
        for filter in std::iter::once(None).chain(filters.iter().map(Some)) {
            let admitted = filter.map(|words| Admitted::new(words));
            queries.iter().for_each(|query| truths.extend(ids(&scan(&rows, query, admitted, K))));
        }
        let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).unwrap();
        let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
        write("rows", floats(&self.rows));
        write("queries", floats(&self.queries));
        write("filters", filters.iter().flatten().flat_map(|word| word.to_le_bytes()).collect());
        write("truths", truths.iter().flat_map(|row| row.to_le_bytes()).collect());
    }

    /// Reads what [`Work::write`] has written, with filters and true answers; those without a filter come first.
    pub(crate) fn read(folder: &Path, dimension: usize) -> (Self, Vec<Vec<u64>>, Vec<Vec<u32>>) {
        let read = |name: &str| -> PathBuf { folder.join(name) };
        let words = |name: &str| -> Vec<u32> {
            let bytes = std::fs::read(read(name)).unwrap();
            bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
        };
        let floats = |name: &str| words(name).into_iter().map(f32::from_bits).collect::<Vec<f32>>();
        let work = Self { dimension, rows: floats("rows"), queries: floats("queries") };
        let halves = words("filters");
        let filters: Vec<u64> = halves.chunks(2).map(|two| u64::from(two[0]) | u64::from(two[1]) << 32).collect();
        let each = (work.rows.len() / dimension).div_ceil(64);
        let truths = words("truths");
        let asked = work.queries.len() / dimension * K;
        (work, filters.chunks(each).map(<[u64]>::to_vec).collect(), truths.chunks(asked).map(<[u32]>::to_vec).collect())
    }
}

pub(crate) fn ids(found: &[Neighbour]) -> Vec<u32> {
    found.iter().map(|it| it.row).collect()
}

fn filter(count: u32, share: f64) -> Vec<u64> {
    let mut chance = Chance(0xF117E4 + (share * 1000.0) as u64);
    let mut words = vec![0u64; count.div_ceil(64) as usize];
    for row in 0..count {
        words[row as usize / 64] |= u64::from(f64::from(chance.next()) < share) << (row % 64);
    }
    words
}
