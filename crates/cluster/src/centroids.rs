//! Centroids: an index whose documents lie on shards by their vectors, so that a search for neighbours asks few of them.
//!
//! In: vectors to learn from; a vector to be placed, or to be searched near. Out: the shard of a document; for each shard the distance below which it
//! has nothing near a vector. Each centroid belongs to a shard and each shard has several, so that shards fill evenly. Vectors are compared by l2;
//! those under cosine are brought to length one before.
//!
//! Not here: which documents were placed before there were centroids (they are all on [`FIRST`]), and those whose vectors changed since.

use std::sync::Arc;

use model::id::ShardNumber;
use serde::{Deserialize, Serialize};

/// Where documents lie that came before the centroids.
pub const FIRST: ShardNumber = ShardNumber(0);
/// Centroids of a shard.
const EACH: usize = 8;
/// Numbers of all centroids of an index: they are in every node's metadata.
pub const NUMBERS: usize = 1 << 20;
/// Vectors that a centroid is learned from, at least and at most.
const LEAST: usize = 4;
const MOST: usize = 32;
/// Rounds of learning.
const ROUNDS: usize = 10;
/// What a shard may hold, in even parts, before another gets the next centroid.
const FULL: f32 = 1.25;
/// How near a plane must be, in distances of the last neighbour, that what is behind it is looked at. In many dimensions almost nothing lies right behind it.
const SAFE: f32 = 0.6;

/// Where vectors lie, and whose part is whose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Centroids {
    dimension: u32,
    /// Of each centroid its numbers.
    vectors: Vec<f32>,
    /// Of each centroid its shard.
    shards: Vec<u32>,
}

/// Centroids as an index has them, of one field.
pub type Learned = Arc<Centroids>;

impl Centroids {
    /// How many vectors there must be to learn centroids for so many shards.
    pub fn enough(dimension: u32, shards: u32) -> usize {
        LEAST * count(dimension, shards)
    }

    /// The most vectors that are worth looking at.
    pub fn plenty(dimension: u32, shards: u32) -> usize {
        MOST * count(dimension, shards)
    }

    /// Learns from `vectors`, each of `dimension` numbers; the same from the same. `None`: these are not [`Centroids::enough`], or no such vectors.
    ///
    /// Lloyd's algorithm (1982), begun as Arthur and Vassilvitskii (2007) do.
    pub fn learn(vectors: &[Vec<f32>], dimension: u32, shards: u32) -> Option<Self> {
        let fits = |vector: &&Vec<f32>| vector.len() == dimension as usize && vector.iter().all(|x| x.is_finite());
        let all: Vec<&[f32]> = vectors.iter().filter(fits).map(Vec::as_slice).collect();
        if shards == 0 || all.len() < Self::enough(dimension, shards) {
            return None;
        }
        let step = all.len().div_ceil(Self::plenty(dimension, shards)).max(1);
        let sample: Vec<&[f32]> = all.into_iter().step_by(step).collect();
        let centres = means(&sample, count(dimension, shards));
        let mut sizes = vec![0u32; centres.len()];
        sample.iter().for_each(|vector| sizes[nearest(&centres, vector).0] += 1);
        let shards = shared_out(&centres, &sizes, shards as usize);
        Some(Self { dimension, vectors: centres.concat(), shards })
    }

    /// The shard of a vector; `None`: it has another dimension.
    pub fn shard(&self, vector: &[f32]) -> Option<ShardNumber> {
        let (at, _) = self.nearest(vector)?;
        self.shards.get(at).map(|shard| ShardNumber(*shard))
    }

    /// For each shard that has centroids a distance from `vector` below which nothing lies there that was placed by its vector, the nearest shard
    /// first. `None`: the vector has another dimension.
    ///
    /// What lies nearer to another centroid than to the nearest lies behind the plane in the middle of the two.
    pub fn bounds(&self, vector: &[f32]) -> Option<Vec<(ShardNumber, f32)>> {
        let (home, least) = self.nearest(vector)?;
        let centre = self.centre(home);
        let mut bounds: Vec<(ShardNumber, f32)> = Vec::new();
        for (at, shard) in self.shards.iter().map(|shard| ShardNumber(*shard)).enumerate() {
            let between = square(centre, self.centre(at)).sqrt();
            let beyond = square(vector, self.centre(at)) - least;
            let bound = if at == home || between == 0.0 { 0.0 } else { (beyond / (2.0 * between)).max(0.0) };
            // That of the query's own part comes first even where planes touch it.
            let bound = if at == home { -1.0 } else { bound };
            match bounds.iter_mut().find(|(known, _)| *known == shard) {
                Some((_, known)) => *known = known.min(bound),
                None => bounds.push((shard, bound)),
            }
        }
        bounds.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        Some(bounds)
    }

    /// Of [`Centroids::bounds`] the shards that may hold something nearer than `distance`.
    pub fn within(bounds: &[(ShardNumber, f32)], distance: f32) -> impl Iterator<Item = ShardNumber> {
        bounds.iter().filter(move |(_, bound)| *bound < SAFE * distance).map(|(shard, _)| *shard)
    }

    fn nearest(&self, vector: &[f32]) -> Option<(usize, f32)> {
        if vector.len() != self.dimension as usize {
            return None;
        }
        let distances = (0..self.shards.len()).map(|at| (at, square(vector, self.centre(at))));
        distances.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    fn centre(&self, at: usize) -> &[f32] {
        let dimension = self.dimension as usize;
        self.vectors.get(at * dimension..(at + 1) * dimension).unwrap_or_default()
    }
}

/// Centroids of an index.
fn count(dimension: u32, shards: u32) -> usize {
    let each = NUMBERS / (dimension.max(1) as usize * shards.max(1) as usize);
    each.clamp(1, EACH) * shards as usize
}

fn square(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn nearest(centres: &[Vec<f32>], vector: &[f32]) -> (usize, f32) {
    let distances = centres.iter().enumerate().map(|(at, centre)| (at, square(centre, vector)));
    distances.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

/// Numbers below one that look random and are the same every time: SplitMix64 (Steele, Lea and Flood 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// So many centres of the vectors, fewer only where fewer differ.
fn means(vectors: &[&[f32]], count: usize) -> Vec<Vec<f32>> {
    let mut centres = apart(vectors, count);
    for _ in 0..ROUNDS {
        let mut sums = vec![(0u32, vec![0f64; vectors[0].len()]); centres.len()];
        for vector in vectors {
            let (members, sum) = &mut sums[nearest(&centres, vector).0];
            *members += 1;
            sum.iter_mut().zip(*vector).for_each(|(sum, x)| *sum += f64::from(*x));
        }
        for (centre, (members, sum)) in centres.iter_mut().zip(sums).filter(|(_, (members, _))| *members > 0) {
            *centre = sum.into_iter().map(|sum| (sum / f64::from(members)) as f32).collect();
        }
    }
    centres
}

/// Vectors that lie apart: each is chosen by chance, the farther from those before the likelier.
fn apart(vectors: &[&[f32]], count: usize) -> Vec<Vec<f32>> {
    let mut chance = Chance(17);
    let mut centres = vec![vectors[(chance.next() * vectors.len() as f64) as usize].to_vec()];
    let mut away: Vec<f32> = vectors.iter().map(|vector| square(vector, &centres[0])).collect();
    while centres.len() < count {
        let sum: f64 = away.iter().copied().map(f64::from).sum();
        if sum <= 0.0 {
            break;
        }
        let mut left = chance.next() * sum;
        let passed = away.iter().position(|away| {
            left -= f64::from(*away);
            left < 0.0 && *away > 0.0
        });
        let Some(chosen) = passed.or_else(|| away.iter().rposition(|away| *away > 0.0)) else { break };
        centres.push(vectors[chosen].to_vec());
        away.iter_mut().zip(vectors).for_each(|(away, vector)| *away = away.min(square(vector, vectors[chosen])));
    }
    centres
}

/// The shard of each centre: those near each other together, as far as shards fill evenly.
fn shared_out(centres: &[Vec<f32>], sizes: &[u32], shards: usize) -> Vec<u32> {
    let places: Vec<&[f32]> = centres.iter().map(Vec::as_slice).collect();
    let middles = means(&places, shards);
    let full = FULL * sizes.iter().sum::<u32>() as f32 / shards as f32;
    let mut loads = vec![0u32; shards];
    let mut shared = vec![0u32; centres.len()];
    let mut order: Vec<usize> = (0..centres.len()).collect();
    order.sort_by_key(|&at| (std::cmp::Reverse(sizes[at]), at));
    for at in order {
        let mut near: Vec<(f32, usize)> =
            middles.iter().enumerate().map(|(shard, middle)| (square(middle, &centres[at]), shard)).collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let roomy = near.iter().map(|(_, shard)| *shard).find(|shard| (loads[*shard] + sizes[at]) as f32 <= full);
        let emptiest = (0..shards).min_by_key(|shard| loads[*shard]).unwrap_or(0);
        let shard = roomy.unwrap_or(emptiest);
        loads[shard] += sizes[at];
        shared[at] = shard as u32;
    }
    shared
}

#[cfg(test)]
mod tests {
    use model::id::IndexUuid;
    use serde_json::json;

    use super::*;
    use crate::apply::apply;
    use crate::command::{Command, CreateIndex};
    use crate::state::State;

    const DIMENSION: usize = 8;
    const SHARDS: u32 = 6;

    /// Vectors around a hundred places.
    fn clustered(count: usize, seed: u64) -> Vec<Vec<f32>> {
        let mut places = Chance(3);
        let middles: Vec<Vec<f64>> = (0..100).map(|_| (0..DIMENSION).map(|_| places.next()).collect()).collect();
        let mut chance = Chance(seed);
        let one = |_| {
            let middle = &middles[(chance.next() * 100.0) as usize];
            middle.iter().map(|x| (x + 0.25 * (chance.next() + chance.next() - 1.0)) as f32).collect()
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn shards_fill_evenly_and_nothing_is_nearer_than_its_bound() {
        let vectors = clustered(1_200, 1);
        let learned = Centroids::learn(&vectors, DIMENSION as u32, SHARDS).expect("enough");
        assert_eq!(learned, Centroids::learn(&vectors, DIMENSION as u32, SHARDS).expect("enough"));
        let mut loads = [0u32; SHARDS as usize];
        vectors.iter().for_each(|vector| loads[learned.shard(vector).expect("fits").0 as usize] += 1);
        // An even part is 200.
        assert!(loads.iter().all(|load| (10..350).contains(load)), "{loads:?}");
        for query in clustered(10, 2) {
            let bounds = learned.bounds(&query).expect("fits");
            assert_eq!(bounds[0].0, learned.shard(&query).expect("fits"));
            assert!(bounds.is_sorted_by(|a, b| a.1 <= b.1) && bounds.len() == SHARDS as usize);
            for vector in &vectors {
                let shard = learned.shard(vector).expect("fits");
                let (_, bound) = bounds.iter().find(|(known, _)| *known == shard).expect("every shard has centroids");
                assert!(square(vector, &query).sqrt() >= bound - 1e-4);
            }
        }
    }

    #[test]
    fn too_few_vectors_and_others_teach_nothing() {
        let few = clustered(Centroids::enough(DIMENSION as u32, SHARDS) - 1, 1);
        assert_eq!(Centroids::learn(&few, DIMENSION as u32, SHARDS), None);
        let wrong = vec![vec![f32::NAN; DIMENSION]; 500];
        assert_eq!(Centroids::learn(&wrong, DIMENSION as u32, SHARDS), None);
        let same = vec![vec![1.0; DIMENSION]; 500];
        let learned = Centroids::learn(&same, DIMENSION as u32, SHARDS).expect("enough");
        assert!(learned.shard(&same[0]).is_some());
        assert_eq!(learned.shard(&[1.0]), None);
    }

    #[test]
    fn what_was_learned_first_stays() {
        let field = json!({"type": "knn_vector", "dimension": DIMENSION});
        let settings = json!({"index.number_of_shards": SHARDS, "index.routing.centroids.field": "v"});
        let uuid = IndexUuid("u".into());
        let create = Command::CreateIndex(CreateIndex {
            name: "i".into(),
            uuid: uuid.clone(),
            creation_date_ms: 1,
            settings: settings.as_object().cloned().expect("an object"),
            mappings: Some(json!({"properties": {"v": field}})),
            aliases: serde_json::Map::new(),
            resized_from: None,
        });
        let state = apply(&State::default(), &create).expect("applied");
        assert!(state.index_by_uuid(&uuid).expect("there").centroids.is_none());
        let of = |seed| Arc::new(Centroids::learn(&clustered(400, seed), DIMENSION as u32, SHARDS).expect("enough"));
        let learn = |centroids| Command::LearnCentroids { index: uuid.clone(), centroids };
        let state = apply(&state, &learn(of(1))).expect("applied");
        let again = apply(&state, &learn(of(2))).expect("applied");
        assert_eq!(again, state);
        assert_eq!(state.index_by_uuid(&uuid).expect("there").centroids, Some(of(1)));
        let told = serde_json::to_string(&state.index_by_uuid(&uuid)).expect("json");
        let read: Option<Arc<crate::state::IndexMetadata>> = serde_json::from_str(&told).expect("json");
        assert_eq!(read.expect("there").centroids, Some(of(1)));
    }
}
