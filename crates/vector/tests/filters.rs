//! Recall under filters, near the query and away from it, and over several blocks, against a scan of all.

use std::path::Path;
use std::sync::Arc;

use vector::graph::{BuildOptions, Graph, build};
use vector::{Admitted, Block, Effort, Element, Query, Rows, Shape, Space, within};

/// Parts of the rows that pass a filter.
const SHARES: [f64; 5] = [0.001, 0.01, 0.1, 0.5, 0.9];
const K: usize = 10;

fn read(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).expect("whole test data")
}

fn sift(name: &str) -> Vec<Vec<f32>> {
    read(name).chunks(128).map(|row| row.iter().map(|&x| f32::from(x)).collect()).collect()
}

fn deep() -> Vec<Vec<f32>> {
    let shape = Shape::new(96, Element::F16, Space::L2).expect("whole test data");
    read("deep_rows.f16").chunks(192).map(|row| shape.vector(row)).collect()
}

fn block_of(vectors: &[Vec<f32>]) -> Block {
    let shape = Shape::new(vectors[0].len(), Element::F32, Space::L2).expect("whole test data");
    let mut bytes = Vec::new();
    vectors.iter().for_each(|vector| shape.push_row(vector, &mut bytes).expect("whole test data"));
    let rows = Rows::new(shape, Arc::new(bytes)).expect("whole test data");
    let built = build(&rows, &BuildOptions::default(), &|| true).expect("whole test data");
    let graph = Graph::open(Arc::new(built), &rows, 0).expect("whole test data");
    Block::new(rows, Some(Arc::new(graph)))
}

/// Numbers from 0 to 1, the same everywhere.
fn chance(seed: usize) -> f64 {
    let mixed = (seed as u64 ^ 0x5bd1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 40) as f64 / (1 << 24) as f64
}

fn words(passes: impl Iterator<Item = bool>, count: usize) -> Vec<u64> {
    let mut words = vec![0u64; count.div_ceil(64)];
    passes.enumerate().filter(|(_, passes)| *passes).for_each(|(row, _)| words[row / 64] |= 1 << (row % 64));
    words
}

/// Where the rows that pass lie.
#[derive(Clone, Copy, Debug)]
enum Lie {
    Anywhere,
    /// Together, somewhere.
    Together,
    /// As far from the query as they can.
    Away,
}

/// The rows that pass, of those that are there.
fn passing(block: &Block, query: &Query, (lie, share): (Lie, f64), there: &[bool], seed: usize) -> Vec<u64> {
    let count = there.len();
    let wanted = ((count as f64 * share) as usize).max(1);
    let shape = block.rows().shape();
    let order: Vec<u32> = match lie {
        Lie::Anywhere => {
            let mut rows: Vec<u32> = (0..count as u32).collect();
            rows.sort_by(|a, b| chance(seed + 7 * *a as usize).total_cmp(&chance(seed + 7 * *b as usize)));
            rows
        }
        Lie::Together => {
            let middle = shape.vector(block.rows().bytes_of((seed * 31 % count) as u32));
            let middle = Query::new(shape, &middle).expect("whole test data");
            within(block.rows(), &middle, None, f32::INFINITY).iter().map(|found| found.row).collect()
        }
        Lie::Away => within(block.rows(), query, None, f32::INFINITY).iter().rev().map(|found| found.row).collect(),
    };
    let mut passes = vec![false; count];
    order.iter().take(wanted).for_each(|row| passes[*row as usize] = there[*row as usize]);
    words(passes.into_iter(), count)
}

/// Checks every share and place of filters; `there`: rows that have not been deleted.
fn check(name: &str, block: &Block, queries: &[Vec<f32>], there: &[bool]) {
    let scan = Block::new(block.rows().clone(), None);
    for lie in [Lie::Anywhere, Lie::Together, Lie::Away] {
        for share in SHARES {
            let (mut hit, mut all) = (0usize, 0usize);
            for (seed, query) in queries.iter().enumerate() {
                let query = Query::new(block.rows().shape(), query).expect("whole test data");
                let passes = passing(block, &query, (lie, share), there, seed);
                let passes = Admitted::new(&passes);
                // So few candidates that many are not scanned.
                let effort = Effort { ef: 50, ..Effort::default() };
                let wanted = scan.nearest(&query, K, Some(passes), effort).neighbours;
                let found = block.nearest(&query, K, Some(passes), effort).neighbours;
                assert_eq!(found.len(), K.min(passes.count() as usize), "{name}, {lie:?}, {share}: not all of {K}");
                assert!(found.iter().all(|n| passes.contains(n.row)), "{name}, {lie:?}, {share}: does not pass");
                hit += found.iter().filter(|n| wanted.contains(n)).count();
                all += wanted.len();
            }
            let recall = hit as f64 / all.max(1) as f64;
            assert!(recall >= 0.95, "{name}, {lie:?}, {share}: recall {recall}");
        }
    }
}

#[test]
fn filters_keep_recall_and_count_of_real_vectors() {
    let rows = sift("sift_rows.u8");
    let queries: Vec<Vec<f32>> = sift("sift_queries.u8").into_iter().take(60).collect();
    let block = block_of(&rows);
    check("sift", &block, &queries, &vec![true; rows.len()]);
    let alive: Vec<bool> = (0..rows.len()).map(|row| row % 10 >= 3).collect();
    check("sift without 30 %", &block, &queries, &alive);
    let rows = deep();
    let queries: Vec<Vec<f32>> = rows.iter().step_by(40).cloned().collect();
    check("deep", &block_of(&rows), &queries, &vec![true; rows.len()]);
}

#[test]
fn blocks_together_answer_as_one() {
    let (rows, queries) = (sift("sift_rows.u8"), sift("sift_queries.u8"));
    let whole = Block::new(block_of(&rows).rows().clone(), None);
    let effort = Effort { ef: 50, ..Effort::default() };
    for shards in [1, 3, 8] {
        // Row `r` lies in block `r % shards` at `r / shards`.
        let part = |shard: usize| rows.iter().skip(shard).step_by(shards).cloned().collect::<Vec<_>>();
        let blocks: Vec<Block> = (0..shards).map(|shard| block_of(&part(shard))).collect();
        let (mut hit, mut all) = (0, 0);
        for query in &queries {
            let query = Query::new(whole.rows().shape(), query).expect("whole test data");
            let mut found: Vec<(f32, u32)> = Vec::new();
            for (shard, block) in blocks.iter().enumerate() {
                let near = block.nearest(&query, K, None, effort).neighbours;
                found.extend(near.iter().map(|n| (n.distance, n.row * shards as u32 + shard as u32)));
            }
            found.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let wanted = whole.nearest(&query, K, None, effort).neighbours;
            hit += found.iter().take(K).filter(|(_, row)| wanted.iter().any(|n| n.row == *row)).count();
            all += wanted.len();
        }
        let recall = f64::from(hit as u32) / f64::from(all as u32);
        assert!(recall >= 0.95, "{shards} shards: recall {recall}");
    }
}
