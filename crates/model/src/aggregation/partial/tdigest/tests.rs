use proptest::prelude::*;

use super::*;

fn digest(numbers: impl IntoIterator<Item = f64>) -> TDigest {
    let mut digest = TDigest::new(100.0);
    numbers.into_iter().for_each(|number| digest.add(number));
    digest
}

fn percentiles(digest: &TDigest, percents: &[f64]) -> Vec<f64> {
    let quantiles = digest.quantiles();
    percents.iter().map(|percent| quantiles.quantile(percent / 100.0)).collect()
}

/// OpenSearch 3.4 answers these for the squares of 0 to 199 and of 0 to 499.
#[test]
fn a_few_hundred_numbers_give_what_opensearch_gives() {
    let percents = [1.0, 5.0, 10.0, 20.0, 25.0, 50.0, 75.0, 95.0, 99.0];
    let squares = |count: u32| digest((0..count).rev().map(|n| f64::from(n * n)));
    let found = percentiles(&squares(200), &percents).iter().map(|v| (v * 1000.0).round() / 1000.0).collect::<Vec<_>>();
    assert_eq!(found, [4.0, 91.5, 381.5, 1578.833, 2471.5, 9947.5, 22374.5, 35911.5, 39204.0]);
    let found = percentiles(&squares(500), &percents).iter().map(|v| (v * 1000.0).round() / 1000.0).collect::<Vec<_>>();
    assert_eq!(found, [25.0, 607.5, 2485.167, 10015.5, 15650.167, 62662.167, 140_475.833, 225_161.833, 245_025.0]);
}

#[test]
fn few_numbers_answer_as_they_are() {
    let four = digest([1.5, 2.5, -4.0, 10.0, f64::NAN, f64::INFINITY]);
    assert_eq!(
        percentiles(&four, &[0.0, 1.0, 25.0, 50.0, 75.0, 99.0, 100.0]),
        [-4.0, -4.0, 1.5, 2.5, 10.0, 10.0, 10.0]
    );
    let quantiles = four.quantiles();
    let ranks = [-5.0, -4.0, 0.0, 2.0, 10.0, 11.0].map(|number| quantiles.rank(number) * 100.0);
    assert_eq!(ranks, [0.0, 12.5, 25.0, 50.0, 87.5, 100.0]);
    assert_eq!(four.median_absolute_deviation(), 6.5);
    let one = digest([32.0]).quantiles();
    assert_eq!((one.quantile(0.5), one.rank(32.0), one.rank(50.0)), (32.0, 0.5, 1.0));
    let none = TDigest::new(100.0);
    assert!(none.quantiles().quantile(0.5).is_nan() && none.quantiles().rank(1.0).is_nan());
    assert!(none.median_absolute_deviation().is_nan());
}

#[test]
fn equal_numbers_stay_what_they_are() {
    let same = digest(std::iter::repeat_n(0.1, 5000)).quantiles();
    assert_eq!([0.0, 0.01, 0.5, 0.999, 1.0].map(|q| same.quantile(q)), [0.1; 5]);
    assert_eq!(same.rank(0.1), 0.5);
}

#[test]
fn whole_numbers_are_missed_by_less_than_one() {
    let ages = |n: u64| (20 + n * 7919 % 1_000_003 % 21) as f64;
    let digest = digest((0..50_000).map(ages));
    let mut sorted: Vec<f64> = (0..50_000).map(ages).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    for (found, percent) in percentiles(&digest, &[1.0, 25.0, 50.0, 75.0, 99.0]).iter().zip([1, 25, 50, 75, 99]) {
        assert!((found - sorted[percent * 500]).abs() < 1.0, "{percent}: {found}");
    }
}

#[test]
fn many_at_once_keep_their_ends_and_what_they_are() {
    let skewed = |n: u64| 1.0 / (1 + n * 7919 % 50_021) as f64 * if n.is_multiple_of(3) { -1e9 } else { 1e9 };
    let shapes: [Vec<f64>; 6] = [
        (0..50_000).map(|n| f64::from(n * 7919 % 50_021)).collect(),
        (0..50_000).map(skewed).collect(),
        (0..50_000).map(|n| f64::from(n % 1009) - 100.0).collect(),
        vec![-0.25; 20_000],
        (0..5000).map(|n| if n % 2 == 0 { f64::MAX } else { f64::MIN } / f64::from(1 + n)).collect(),
        (0..50_000).map(|n| f64::from(n * 7919 % 10_007) - 2000.0).collect(),
    ];
    for numbers in shapes {
        let mut at_once = TDigest::new(100.0);
        numbers.chunks(25_000).for_each(|part| at_once.add_all(part));
        let mut sorted = numbers.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let total: u64 = at_once.centroids.iter().map(|centroid| centroid.weight).sum();
        assert_eq!(total + at_once.fresh.len() as u64, numbers.len() as u64);
        assert_eq!((at_once.min, at_once.max), (sorted[0], sorted[sorted.len() - 1]));
        assert!(at_once.centroids.is_sorted_by(|a, b| a.mean <= b.mean), "{:?}", at_once.centroids);
        check_ranks(&at_once, numbers).unwrap();
    }
}

#[test]
fn a_million_numbers_stay_small() {
    let mut digest = TDigest::new(100.0);
    (0..1_000_000u64).for_each(|n| digest.add((n * 7919 % 1_000_003) as f64));
    assert!(digest.bytes() < 16_384, "{}", digest.bytes());
}

/// The most by which the rank of an answer may be wrong: the heaviest centroid at q holds so much, and merging may shift it once more.
fn tolerance(q: f64) -> f64 {
    0.002 + q * (1.0 - q) * 0.08
}

fn check_ranks(digest: &TDigest, mut numbers: Vec<f64>) -> Result<(), TestCaseError> {
    numbers.sort_unstable_by(f64::total_cmp);
    let quantiles = digest.quantiles();
    let count = numbers.len() as f64;
    for q in [0.0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.95, 0.999, 1.0] {
        let found = quantiles.quantile(q);
        let low = numbers.partition_point(|number| *number < found) as f64 / count;
        let high = numbers.partition_point(|number| *number <= found) as f64 / count;
        let slack = tolerance(q) + 1.0 / count;
        prop_assert!(low - slack <= q && q <= high + slack, "{q} of {count}: {found} lies at {low} to {high}");
        let rank = quantiles.rank(found);
        prop_assert!(low - slack <= rank && rank <= high + slack, "{found} has rank {rank}, not {low} to {high}");
    }
    Ok(())
}

fn many() -> impl Strategy<Value = Vec<f64>> {
    let shape = prop_oneof![Just(0u8), Just(1), Just(2)];
    (shape, 1usize..6000, any::<u64>()).prop_map(|(shape, count, seed)| {
        let mut state = seed | 1;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let number = |n: usize, random: f64| match shape {
            0 => random,
            1 => n as f64,
            _ => -(1.0 - random).ln() * 1000.0,
        };
        (0..count).map(|n| number(n, random())).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_split_in_any_order_stays_within_the_error(numbers in many(), shards in 1usize..12) {
        let mut parts = vec![TDigest::new(100.0); shards];
        numbers.iter().enumerate().for_each(|(n, number)| parts[n % shards].add(*number));
        let merge = |mut one: TDigest, other: TDigest| { one.merge(other); one };
        let left = parts.iter().cloned().reduce(merge).unwrap();
        let right = parts.into_iter().rev().reduce(|all, part| merge(part, all)).unwrap();
        check_ranks(&left, numbers.clone())?;
        check_ranks(&right, numbers.clone())?;
        check_ranks(&digest(numbers.iter().copied()), numbers.clone())?;
        let mut at_once = TDigest::new(100.0);
        at_once.add_all(&numbers);
        check_ranks(&at_once, numbers)?;
    }

    #[test]
    fn up_to_a_thousand_numbers_give_one_answer_however_they_are_split(
        numbers in proptest::collection::vec(-1e6f64..1e6, 1..1000),
        shards in 1usize..9,
    ) {
        let mut parts = vec![TDigest::new(100.0); shards];
        numbers.iter().enumerate().for_each(|(n, number)| parts[n % shards].add(*number));
        let all = parts.into_iter().rev().reduce(|mut one, other| { one.merge(other); one }).unwrap();
        prop_assert_eq!(all.quantiles(), digest(numbers).quantiles());
    }
}
