//! How many distinct values there are.
//!
//! In: hashes of values ([`super::hash`]). Few are kept and counted exactly; beyond a limit each only raises one of 2^precision
//! registers. What is kept depends on the set of hashes alone, never on their order or how they came together: merging is
//! associative and commutative to the bit.
//!
//! Sources: Flajolet et al., "HyperLogLog" (2007); the estimate is Ertl's improved raw one, "New cardinality estimation algorithms for
//! HyperLogLog sketches" (2017), which needs no tables and is good over the whole range.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};

/// Registers of 1 KB at least: an error of about 3 %.
const LEAST_PRECISION: u32 = 10;
/// 256 KB: 0.2 %.
const GREATEST_PRECISION: u32 = 18;

/// A set of hashes, or what can be remembered of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub struct Cardinality {
    precision: u8,
    found: Found,
}

#[derive(Clone, Debug, PartialEq)]
enum Found {
    Few(Hashes),
    /// For each index the greatest number of leading zeros, plus one.
    Registers(Vec<u8>),
}

impl Cardinality {
    /// `threshold`: up to about so many distinct values are counted exactly.
    pub fn new(threshold: u32) -> Self {
        // Registers take four times the bytes of a table of 32 bits that is three quarters full, as in OpenSearch.
        let entries = (f64::from(threshold) / 0.75).ceil() as u64;
        let bits = (entries * 4).checked_ilog2().map_or(0, |log| log + 1);
        Self { precision: bits.clamp(LEAST_PRECISION, GREATEST_PRECISION) as u8, found: Found::Few(Hashes::default()) }
    }

    pub fn add(&mut self, hash: u64) {
        // The table marks empty places with zero.
        let hash = hash.max(1);
        match &mut self.found {
            Found::Registers(registers) => raise(registers, hash, self.precision),
            Found::Few(hashes) => {
                hashes.insert(hash);
                if hashes.count > limit(self.precision) {
                    self.forget();
                }
            }
        }
    }

    /// Whether the other counts as closely: only then can the two be one.
    pub fn admits(&self, other: &Self) -> bool {
        self.precision == other.precision
    }

    /// Takes in the values of another that counts as closely.
    pub fn merge(&mut self, mut other: Self) {
        debug_assert!(self.admits(&other), "counts of different precision");
        if matches!((&self.found, &other.found), (Found::Few(_), Found::Registers(_))) {
            std::mem::swap(self, &mut other);
        }
        match other.found {
            Found::Few(hashes) => {
                if let Found::Few(mine) = &mut self.found {
                    mine.reserve(hashes.count.min(limit(self.precision)) as usize);
                }
                hashes.iter().for_each(|hash| self.add(hash));
            }
            Found::Registers(theirs) => {
                if let Found::Registers(mine) = &mut self.found {
                    mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(theirs));
                }
            }
        }
    }

    /// How many distinct values: exact below the threshold, an estimate beyond.
    pub fn count(&self) -> u64 {
        match &self.found {
            Found::Few(hashes) => u64::from(hashes.count),
            Found::Registers(registers) => {
                (estimate(registers, self.precision).round() as u64).max(u64::from(limit(self.precision)) + 1)
            }
        }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        size_of::<Self>()
            + match &self.found {
                Found::Few(hashes) => hashes.slots.capacity() * size_of::<u64>(),
                Found::Registers(registers) => registers.capacity(),
            }
    }

    /// From hashes to registers.
    fn forget(&mut self) {
        if let Found::Few(hashes) = &self.found {
            let mut registers = vec![0; 1 << self.precision];
            hashes.iter().for_each(|hash| raise(&mut registers, hash, self.precision));
            self.found = Found::Registers(registers);
        }
    }
}

/// How many hashes are kept at most.
fn limit(precision: u8) -> u32 {
    3 << (precision - 4)
}

fn raise(registers: &mut [u8], hash: u64, precision: u8) {
    let index = (hash >> (64 - precision)) as usize;
    // The bit behind the hash ends the run of zeros.
    let rest = (hash << precision) | (1 << (precision - 1));
    registers[index] = registers[index].max(rest.leading_zeros() as u8 + 1);
}

/// Ertl's algorithm 6.
fn estimate(registers: &[u8], precision: u8) -> f64 {
    let mut counts = [0u32; 66];
    registers.iter().for_each(|register| counts[usize::from(*register).min(65)] += 1);
    let all = registers.len() as f64;
    let most = usize::from(64 - precision);
    let mut z = all * tau(1.0 - f64::from(counts[most + 1]) / all);
    for count in counts[1..=most].iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += all * sigma(f64::from(counts[0]) / all);
    all / (2.0 * LN_2) * all / z
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// A set of hashes in a table of a power of two, at most three quarters full. Zero marks an empty place.
#[derive(Clone, Debug, Default)]
struct Hashes {
    slots: Vec<u64>,
    count: u32,
}

impl Hashes {
    fn insert(&mut self, hash: u64) {
        if (self.count as usize + 1) * 4 > self.slots.len() * 3 {
            self.resize((self.slots.len() * 2).max(4));
        }
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            if self.slots[at] == hash {
                return;
            }
            at = (at + 1) & mask;
        }
        self.slots[at] = hash;
        self.count += 1;
    }

    /// Room for so many more, at once: entries in the order of one table make long runs in a smaller one.
    fn reserve(&mut self, more: usize) {
        let wanted = ((self.count as usize + more) * 4).div_ceil(3).next_power_of_two();
        if wanted > self.slots.len() {
            self.resize(wanted.max(4));
        }
    }

    fn resize(&mut self, slots: usize) {
        let before = std::mem::replace(self, Self { slots: vec![0; slots], count: 0 });
        before.iter().for_each(|hash| self.insert(hash));
    }

    fn iter(&self) -> impl Iterator<Item = u64> {
        self.slots.iter().copied().filter(|hash| *hash != 0)
    }

    fn sorted(&self) -> Vec<u64> {
        let mut hashes: Vec<u64> = self.iter().collect();
        hashes.sort_unstable();
        hashes
    }
}

impl PartialEq for Hashes {
    fn eq(&self, other: &Self) -> bool {
        self.sorted() == other.sorted()
    }
}

#[derive(Serialize, Deserialize)]
struct Wire {
    precision: u8,
    found: WireFound,
}

#[derive(Serialize, Deserialize)]
enum WireFound {
    /// Hashes in order, each as its distance from the one before.
    Steps(Vec<u64>),
    Registers(Vec<u8>),
}

impl From<Cardinality> for Wire {
    fn from(cardinality: Cardinality) -> Self {
        let found = match cardinality.found {
            Found::Registers(registers) => WireFound::Registers(registers),
            Found::Few(hashes) => {
                let mut before = 0;
                let steps = hashes.sorted().into_iter().map(|hash| hash - std::mem::replace(&mut before, hash));
                WireFound::Steps(steps.collect())
            }
        };
        Self { precision: cardinality.precision, found }
    }
}

impl TryFrom<Wire> for Cardinality {
    type Error = &'static str;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        const DAMAGED: &str = "no count of distinct values";
        let precision = wire.precision;
        if !(LEAST_PRECISION..=GREATEST_PRECISION).contains(&u32::from(precision)) {
            return Err(DAMAGED);
        }
        let found = match wire.found {
            WireFound::Registers(registers) => {
                if registers.len() != 1 << precision || registers.iter().any(|register| *register > 65 - precision) {
                    return Err(DAMAGED);
                }
                Found::Registers(registers)
            }
            WireFound::Steps(steps) => {
                let mut hashes = Hashes::default();
                if steps.len() > limit(precision) as usize {
                    return Err(DAMAGED);
                }
                hashes.reserve(steps.len());
                let mut at = 0u64;
                for step in steps {
                    at = at.checked_add(step).filter(|_| step > 0).ok_or(DAMAGED)?;
                    hashes.insert(at);
                }
                Found::Few(hashes)
            }
        };
        Ok(Self { precision, found })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::hash;
    use super::*;

    fn of(threshold: u32, numbers: impl IntoIterator<Item = u64>) -> Cardinality {
        let mut all = Cardinality::new(threshold);
        numbers.into_iter().for_each(|number| all.add(hash::of_number(number)));
        all
    }

    #[test]
    fn few_are_counted_exactly_and_stay_small() {
        assert_eq!(of(3000, 0..3072).count(), 3072);
        assert_eq!(of(3000, (0..100_000).map(|n| n % 7)).count(), 7);
        assert_eq!(of(40_000, 0..49_152).count(), 49_152);
        assert!(of(40_000, 0..10).bytes() < 256);
        assert_eq!(Cardinality::new(0).count(), 0);
        let mut zeros = Cardinality::new(100);
        zeros.add(0);
        assert_eq!(zeros.count(), 1);
    }

    #[test]
    fn many_are_estimated_within_the_error_of_the_registers() {
        for threshold in [0, 100, 1000, 3000, 40_000] {
            let precision = Cardinality::new(threshold).precision;
            let error = 1.04 / f64::from(1u32 << precision).sqrt();
            for count in [200u64, 1000, 5000, 60_000, 1_000_000] {
                let found = of(threshold, 0..count).count() as f64;
                let off = (found - count as f64).abs() / count as f64;
                assert!(off <= 3.5 * error, "threshold {threshold}, {count}: {found}");
            }
        }
    }

    #[test]
    fn texts_spread_as_numbers_do() {
        let mut all = Cardinality::new(3000);
        (0..500_000).for_each(|n| all.add(hash::of_bytes(format!("user-{n}").as_bytes())));
        assert!((all.count() as f64 - 500_000.0).abs() < 15_000.0, "{}", all.count());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn any_split_in_any_order_gives_one_value(
            numbers in proptest::collection::vec(0u64..5000, 0..3000),
            shards in 1usize..7,
            threshold in prop_oneof![Just(0u32), Just(100), Just(500), Just(3000)],
        ) {
            let mut parts = vec![Cardinality::new(threshold); shards];
            numbers.iter().enumerate().for_each(|(n, number)| parts[n % shards].add(hash::of_number(*number)));
            let merge = |mut one: Cardinality, other: Cardinality| { one.merge(other); one };
            let left = parts.iter().cloned().reduce(merge).unwrap();
            let right = parts.into_iter().rev().reduce(|all, part| merge(part, all)).unwrap();
            prop_assert_eq!(&left, &right);
            prop_assert_eq!(left, of(threshold, numbers));
        }
    }
}
