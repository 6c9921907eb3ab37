//! What a graph finds, that it is always the same, and that damage to its bytes is seen.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{Block, Effort, Element, Shape, Space, Strategy, flat};

/// Numbers from 0 to 1 that are the same everywhere.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 24) as f32
    }

    /// Nearly normal.
    fn around(&mut self, centre: f32, width: f32) -> f32 {
        let sum: f32 = (0..6).map(|_| self.next()).sum();
        centre + (sum - 3.0) * width
    }
}

const CLUSTERS: usize = 40;

/// Clustered vectors; row `i` is of cluster `i % CLUSTERS`.
pub(super) fn clustered(count: usize, dimension: usize, element: Element) -> Vec<Vec<f32>> {
    let mut chance = Chance(0x5EED);
    let centres: Vec<Vec<f32>> =
        (0..CLUSTERS).map(|_| (0..dimension).map(|_| chance.around(0.0, 1.0)).collect()).collect();
    let value = |x: f32| match element {
        Element::I8 | Element::Binary => (x * 40.0).round().clamp(-128.0, 127.0),
        _ => x,
    };
    (0..count).map(|row| centres[row % CLUSTERS].iter().map(|&c| value(chance.around(c, 0.7))).collect()).collect()
}

pub(super) fn rows_of(shape: Shape, vectors: &[Vec<f32>]) -> Rows {
    let mut bytes = Vec::new();
    vectors.iter().for_each(|vector| shape.push_row(vector, &mut bytes).unwrap());
    Rows::new(shape, Arc::new(bytes)).unwrap()
}

fn block(rows: &Rows, options: &BuildOptions) -> Block {
    let bytes = build(rows, options, &|| true).unwrap();
    Block::new(rows.clone(), Some(Arc::new(Graph::open(Arc::new(bytes), rows, options.origin).unwrap())))
}

/// The part of the true nearest that `block` finds; panics when it finds another number.
fn recall(block: &Block, queries: &[Vec<f32>], k: usize, admitted: Option<Admitted<'_>>, effort: Effort) -> f64 {
    let shape = block.rows().shape();
    let (mut hit, mut all) = (0, 0);
    for query in queries {
        let query = Query::new(shape, query).unwrap();
        let wanted = flat::scan(block.rows(), &query, admitted, k);
        let found = block.nearest(&query, k, admitted, effort).neighbours;
        assert_eq!(found.len(), wanted.len());
        assert!(found.iter().all(|n| admitted.is_none_or(|admitted| admitted.contains(n.row))));
        assert!(found.is_sorted_by(|a, b| a.order(b).is_lt()));
        let far = wanted.last().map_or(f32::INFINITY, |n| n.distance);
        hit += found.iter().filter(|n| n.distance <= far).count();
        all += wanted.len();
    }
    f64::from(hit as u32) / f64::from(all as u32)
}

#[test]
fn every_element_and_space_is_found_through_a_graph() {
    let spaces = [Space::L2, Space::Cosine, Space::InnerProduct];
    for element in [Element::F32, Element::F16, Element::I8] {
        for space in spaces {
            let vectors = clustered(6000, 24, element);
            let (queries, vectors) = vectors.split_at(40);
            let rows = rows_of(Shape::new(24, element, space).unwrap(), vectors);
            for quantized in [true, false] {
                let block = block(&rows, &BuildOptions { quantized, ..BuildOptions::default() });
                let found = recall(&block, queries, 10, None, Effort::default());
                assert!(found >= 0.95, "{element:?} {space:?} quantized {quantized}: {found}");
            }
        }
    }
    let vectors = clustered(6000, 24, Element::Binary);
    let (queries, vectors) = vectors.split_at(40);
    let rows = rows_of(Shape::new(192, Element::Binary, Space::Hamming).unwrap(), vectors);
    let found = recall(&block(&rows, &BuildOptions::default()), queries, 10, None, Effort::default());
    assert!(found >= 0.95, "bits: {found}");
}

#[test]
fn rows_that_come_place_by_place_are_found_from_everywhere() {
    let mut chance = Chance(0xC1A5);
    let mut vectors: Vec<Vec<f32>> = Vec::new();
    for _ in 0..400 {
        let centre: Vec<f32> = (0..32).map(|_| chance.around(0.0, 1.0)).collect();
        vectors.extend((0..41).map(|_| centre.iter().map(|&c| chance.around(c, 0.5)).collect::<Vec<_>>()));
    }
    let (queries, vectors): (Vec<_>, Vec<_>) = vectors.into_iter().enumerate().partition(|(at, _)| at % 41 == 0);
    let plain = |all: Vec<(usize, Vec<f32>)>| all.into_iter().map(|(_, vector)| vector).collect::<Vec<_>>();
    let rows = rows_of(Shape::new(32, Element::F32, Space::L2).unwrap(), &plain(vectors));
    let queries = plain(queries);
    for quantized in [true, false] {
        let block = block(&rows, &BuildOptions { quantized, ..BuildOptions::default() });
        let found = recall(&block, &queries, 10, None, Effort { ef: 40, ..Effort::default() });
        assert!(found >= 0.95, "quantized {quantized}: {found}");
    }
}

/// Several blocks one after the other, each asked only for what is nearer than what the ones before have.
#[test]
fn what_others_have_nearer_is_not_looked_for() {
    for (space, quantized) in [Space::L2, Space::Cosine, Space::InnerProduct].into_iter().zip([true, true, false]) {
        let vectors = clustered(16_000, 24, Element::F32);
        let (queries, vectors) = vectors.split_at(60);
        let shape = Shape::new(24, Element::F32, space).unwrap();
        let whole = rows_of(shape, vectors);
        // Neighbours in number are of different clusters, so every block has some of each.
        let parts: Vec<Vec<Vec<f32>>> = vectors.chunks(vectors.len().div_ceil(4)).map(<[_]>::to_vec).collect();
        let options = BuildOptions { quantized, ..BuildOptions::default() };
        let blocks: Vec<Block> = parts.iter().map(|part| block(&rows_of(shape, part), &options)).collect();
        let (mut hit, mut met, mut met_unbound) = (0, 0, 0);
        for query in queries {
            let query = Query::new(shape, query).unwrap();
            let mut found: Vec<f32> = Vec::new();
            for block in &blocks {
                let within = found.get(9).copied().unwrap_or(f32::INFINITY);
                met_unbound += met_by(block, || block.nearest(&query, 10, None, Effort::default()));
                let mut near = Vec::new();
                met += met_by(block, || {
                    near = block.nearest_within(&query, (10, within), None, Effort::default()).neighbours;
                });
                assert!(near.iter().all(|near| near.distance <= within));
                found.extend(near.iter().map(|near| near.distance));
                found.sort_by(f32::total_cmp);
                found.truncate(10);
            }
            let wanted = flat::scan(&whole, &query, None, 10);
            hit += found.iter().filter(|distance| **distance <= wanted[9].distance).count();
        }
        assert!(hit >= 10 * queries.len() * 98 / 100, "{space:?}: {hit} of {}", 10 * queries.len());
        assert!(met < met_unbound * 9 / 10, "{space:?}: {met} rows are met, {met_unbound} without a bound");
    }
}

/// How many rows a search compares by what it walks over.
fn met_by<T>(block: &Block, search: impl FnOnce() -> T) -> usize {
    search();
    block.graph().unwrap().scratches.lock().last().unwrap().visited.count()
}

#[test]
fn filters_keep_their_recall_and_their_count() {
    let vectors = clustered(20_000, 32, Element::F32);
    let (queries, vectors) = vectors.split_at(40);
    let rows = rows_of(Shape::new(32, Element::F32, Space::L2).unwrap(), vectors);
    let block = block(&rows, &BuildOptions::default());
    let count = rows.count();
    let words_of = |admits: &dyn Fn(u32) -> bool| {
        let mut words = vec![0u64; count.div_ceil(64) as usize];
        (0..count).filter(|row| admits(*row)).for_each(|row| words[row as usize / 64] |= 1 << (row % 64));
        words
    };
    for share in [0.001, 0.01, 0.1, 0.5, 0.9] {
        let chance = |row: u32| f64::from(row.wrapping_mul(0x9E37_79B1) >> 8) / f64::from(1 << 24);
        let random = words_of(&|row| chance(row) < share);
        // Whole clusters: for most queries what is admitted lies elsewhere.
        let clusters = words_of(&|row| f64::from((row + 40) % CLUSTERS as u32) < (share * CLUSTERS as f64).max(1.0));
        for (name, words) in [("random", random), ("correlated", clusters)] {
            let admitted = Some(Admitted::new(&words));
            let found = recall(&block, queries, 10, admitted, Effort::default());
            assert!(found >= 0.95, "{name} {share}: {found}");
            let found = recall(&block, &queries[..4], 1000, admitted, Effort::default());
            assert!(found >= 0.95, "{name} {share}, 1000 of them: {found}");
            if share <= 0.1 {
                let found = recall(&block, queries, 10, admitted, Effort { ef: 20, ..Effort::default() });
                assert!(found >= 0.95, "{name} {share}, with few candidates: {found}");
            }
        }
    }
}

#[test]
fn what_is_admitted_is_walked_only_where_that_is_faster() {
    let vectors = clustered(30_000, 8, Element::F32);
    let rows = rows_of(Shape::new(8, Element::F32, Space::L2).unwrap(), &vectors);
    let block = block(&rows, &BuildOptions::default());
    let query = Query::new(rows.shape(), &vectors[0]).unwrap();
    for (every, ef, wanted) in [
        (100, 10, Strategy::Scan),
        (20, 10, Strategy::Codes),
        (6, 10, Strategy::FilteredWalk),
        (6, 50, Strategy::Codes),
        (2, 50, Strategy::FilteredWalk),
        (2, 200, Strategy::Codes),
        (1, 200, Strategy::Walk),
    ] {
        let mut words = vec![0u64; 30_000usize.div_ceil(64)];
        (0..30_000).step_by(every).for_each(|row| words[row / 64] |= 1 << (row % 64));
        let effort = Effort { ef, ..Effort::default() };
        let found = block.nearest(&query, 10, Some(Admitted::new(&words)), effort);
        assert_eq!(found.strategy, wanted, "one in {every}, {ef} candidates");
    }
}

#[test]
fn exactly_as_many_are_found_as_there_are() {
    let vectors = clustered(3000, 8, Element::F32);
    let rows = rows_of(Shape::new(8, Element::F32, Space::L2).unwrap(), &vectors);
    let block = block(&rows, &BuildOptions::default());
    let query = Query::new(rows.shape(), &vectors[0]).unwrap();
    let found = |k, admitted| block.nearest(&query, k, admitted, Effort { ef: 10, oversample: 1.0 });
    assert_eq!(found(5000, None).neighbours.len(), 3000);
    assert_eq!(found(2999, None).neighbours.len(), 2999);
    assert_eq!(found(10, None).strategy, Strategy::Walk);
    assert_eq!(found(0, None).neighbours.len(), 0);
    let one = [0, 1 << 7];
    assert_eq!(found(10, Some(Admitted::new(&one))).neighbours.iter().map(|n| n.row).collect::<Vec<_>>(), [71]);
    assert_eq!(found(10, Some(Admitted::new(&[]))).neighbours, []);
}

#[test]
fn equal_vectors_and_single_ones_do_no_harm() {
    for count in [1, 2, 5, 4000] {
        let rows = rows_of(Shape::new(4, Element::F32, Space::L2).unwrap(), &vec![vec![1.0; 4]; count]);
        let block = block(&rows, &BuildOptions::default());
        let query = Query::new(rows.shape(), &[1.0; 4]).unwrap();
        let found = block.nearest(&query, 10, None, Effort::default()).neighbours;
        assert_eq!(found.len(), count.min(10));
    }
}

#[test]
fn a_seed_makes_one_graph_on_any_number_of_threads() {
    let rows = rows_of(Shape::new(16, Element::F32, Space::L2).unwrap(), &clustered(4000, 16, Element::F32));
    let of = |threads, seed| {
        let options = BuildOptions { threads, seed, ..BuildOptions::default() };
        build(&rows, &options, &|| true).unwrap()
    };
    let one = of(1, 7);
    assert!(one == of(3, 7), "three threads make another graph");
    assert!(one != of(1, 8), "the seed changes nothing");
}

#[test]
fn a_build_can_be_cancelled() {
    let rows = rows_of(Shape::new(16, Element::F32, Space::L2).unwrap(), &clustered(2000, 16, Element::F32));
    let left = std::sync::atomic::AtomicUsize::new(5);
    let proceed = || left.fetch_sub(1, std::sync::atomic::Ordering::Relaxed) > 1;
    assert_eq!(build(&rows, &BuildOptions::default(), &proceed), Err(VectorError::Cancelled));
}

#[test]
fn a_graph_of_other_vectors_is_refused() {
    let shape = Shape::new(16, Element::F32, Space::L2).unwrap();
    let vectors = clustered(500, 16, Element::F32);
    let rows = rows_of(shape, &vectors);
    let bytes: Bytes =
        Arc::new(build(&rows, &BuildOptions { origin: 9, ..BuildOptions::default() }, &|| true).unwrap());
    assert!(Graph::open(bytes.clone(), &rows, 9).is_ok());
    assert!(Graph::open(bytes.clone(), &rows, 8).is_err());
    assert!(Graph::open(bytes.clone(), &rows_of(shape, &vectors[1..]), 9).is_err());
    let other = rows_of(Shape::new(16, Element::F32, Space::InnerProduct).unwrap(), &vectors);
    assert!(Graph::open(bytes, &other, 9).is_err());
}

fn small() -> (Rows, Vec<u8>) {
    let rows = rows_of(Shape::new(4, Element::F32, Space::L2).unwrap(), &clustered(700, 4, Element::F32));
    let bytes = build(&rows, &BuildOptions { m: 4, ..BuildOptions::default() }, &|| true).unwrap();
    (rows, bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Any damage is an error; nothing panics.
    #[test]
    fn damage_is_seen(at in any::<prop::sample::Index>(), bit in 0..8u8, cut in prop::option::of(any::<prop::sample::Index>())) {
        let (rows, mut bytes) = small();
        // Bytes 12 to 16 mean nothing.
        let index = at.index(bytes.len());
        prop_assume!(!(12..16).contains(&index));
        bytes[index] ^= 1 << bit;
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        prop_assert!(Graph::open(Arc::new(bytes), &rows, 0).is_err());
    }

    /// Even bytes whose checksum was made to match are refused, or walked without leaving the graph.
    #[test]
    fn a_forged_graph_is_walked_within_its_bounds(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        head in any::<bool>(),
    ) {
        let (rows, mut bytes) = small();
        let reach = if head { 96 } else { bytes.len() };
        for (at, value) in changes {
            bytes[at.index(reach)] = value;
        }
        bytes[..8].copy_from_slice(b"SHOALG01");
        let checksum = crc32fast::hash(&bytes[16..]);
        bytes[8..12].copy_from_slice(&checksum.to_le_bytes());
        let Ok(graph) = Graph::open(Arc::new(bytes), &rows, 0) else { return Ok(()) };
        let block = Block::new(rows.clone(), Some(Arc::new(graph)));
        let query = Query::new(rows.shape(), &[0.1, 0.2, 0.3, 0.4]).unwrap();
        let words = vec![0x7777_7777_7777_7777u64; 10];
        for admitted in [None, Some(Admitted::new(&words))] {
            let found = block.nearest(&query, 3, admitted, Effort { ef: 3, oversample: 1.0 });
            prop_assert_eq!(found.neighbours.len(), 3);
        }
    }
}
