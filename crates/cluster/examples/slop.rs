//! How many shards a search for neighbours asks when documents lie by their vectors, and what it misses: by counting, the same every time.
//!
//! `cargo run --release -p cluster --example slop -- [DOCUMENTS] [DIMENSION] [SHARDS]`

use cluster::centroids::Centroids;
use model::id::ShardNumber;

const QUERIES: usize = 200;
const K: usize = 10;

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 40) as f32 / (1u64 << 24) as f32
    }

    /// Nearly normal: the sum of twelve.
    fn normal(&mut self) -> f32 {
        (0..12).map(|_| self.next()).sum::<f32>() - 6.0
    }
}

fn square(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn main() {
    let given: Vec<usize> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    let number = |at: usize, usual: usize| given.get(at).copied().unwrap_or(usual);
    let (count, dimension, shards) = (number(0, 100_000), number(1, 128), number(2, 16));
    println!("{count} vectors of {dimension} dimensions on {shards} shards, {QUERIES} queries, the {K} nearest");
    println!("clusters  spread  asked on average  at most  recall  least and most documents of a shard");
    for (clusters, spread) in [(100, 0.3), (100, 0.6), (1000, 0.5)] {
        let mut chance = Chance(1);
        let middles: Vec<Vec<f32>> = (0..clusters).map(|_| (0..dimension).map(|_| chance.normal()).collect()).collect();
        let mut vector = || -> Vec<f32> {
            let middle = &middles[(chance.next() * clusters as f32) as usize];
            middle.iter().map(|x| x + spread * chance.normal()).collect()
        };
        let vectors: Vec<Vec<f32>> = (0..count).map(|_| vector()).collect();
        let queries: Vec<Vec<f32>> = (0..QUERIES).map(|_| vector()).collect();
        let first = &vectors[..count.min(Centroids::plenty(dimension as u32, shards as u32))];
        let Some(learned) = Centroids::learn(first, dimension as u32, shards as u32) else {
            return println!("too few vectors");
        };
        let places: Vec<ShardNumber> = vectors.iter().filter_map(|vector| learned.shard(vector)).collect();
        let (mut asked, mut most, mut hit) = (0, 0, 0);
        for query in &queries {
            let bounds = learned.bounds(query).unwrap_or_default();
            let mut near: Vec<(f32, ShardNumber)> =
                vectors.iter().zip(&places).map(|(vector, shard)| (square(vector, query), *shard)).collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0));
            let home = near.iter().filter(|(_, shard)| *shard == bounds[0].0).nth(K - 1);
            let last = home.map_or(f32::INFINITY, |(square, _)| square.sqrt());
            let mut shards: Vec<ShardNumber> =
                Centroids::within(&bounds, last).chain([cluster::centroids::FIRST]).collect();
            shards.sort_unstable();
            shards.dedup();
            asked += shards.len();
            most = most.max(shards.len());
            hit += near[..K].iter().filter(|(_, shard)| shards.contains(shard)).count();
        }
        let mut loads = vec![0usize; shards];
        places.iter().for_each(|shard| loads[shard.0 as usize] += 1);
        println!(
            "{clusters:>8}  {spread:>6}  {:>16.2}  {most:>7}  {:>6.4}  {} {}",
            asked as f64 / QUERIES as f64,
            hit as f64 / (K * QUERIES) as f64,
            loads.iter().min().unwrap_or(&0),
            loads.iter().max().unwrap_or(&0),
        );
    }
}
