//! Every kind of partial comes back from its bytes, and damaged bytes do no harm.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::aggregation::key::Key;
use crate::geo::GeoPoint;
use crate::id::{PrimaryTerm, SeqNo, Version};
use crate::search::{Explanation, Hit, SortValue};

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![-1e9f64..1e9, Just(0.0), Just(f64::MAX), (-100i32..100).prop_map(f64::from)]
}

fn hit(id: &str) -> Hit {
    let why = Explanation::matched(1.5, "sum of:", Vec::new());
    Hit {
        index: "films".into(),
        id: id.into(),
        routing: Some("r".into()),
        score: Some(1.5),
        source: Some(Arc::from(br#"{"a": 0.1}"#.as_slice())),
        version: Some(Version(3)),
        seq_no: Some((SeqNo(4), PrimaryTerm(1))),
        sort: vec![json!(null), json!(u64::MAX), json!(0.1), json!("x"), json!(true), json!(-1)],
        fields: vec![("f".to_owned(), vec![json!({"b": [1, {"c": 2.5}], "a": "é"})])],
        ignored: vec!["g".to_owned()],
        highlight: vec![("t".to_owned(), vec!["<em>x</em>".to_owned()])],
        matched_queries: vec![("q".to_owned(), None)],
        explanation: Some(Box::new(Explanation { details: vec![why.clone()], ..why })),
        shard: None,
        nested: None,
        inner_hits: Vec::new(),
    }
}

fn sort_value() -> impl Strategy<Value = SortValue> {
    prop_oneof![
        Just(SortValue::Missing),
        any::<i64>().prop_map(SortValue::Long),
        any::<u64>().prop_map(SortValue::Unsigned),
        number().prop_map(SortValue::Double),
        vec(any::<u8>(), 0..5).prop_map(|bytes| SortValue::Bytes(bytes.into())),
    ]
}

fn top_hits() -> impl Strategy<Value = TopHits> {
    let order = any::<(bool, bool)>().prop_map(|(descending, missing_first)| HitOrder { descending, missing_first });
    let one = ("[a-f]{1,3}", 0.0f32..9.0, vec(sort_value(), 2..=2));
    let one = one.prop_map(|(id, score, sort)| TopHit { score, sort, hit: hit(&id) });
    (vec(order, 2..=2), vec(one, 0..6), 1u32..8, any::<bool>()).prop_map(|(order, mut hits, keep, by_score)| {
        let order = if by_score { Vec::new() } else { order };
        hits.sort_by(|a, b| a.compare(b, &order));
        hits.truncate(keep as usize);
        TopHits { total: hits.len() as u64, max_score: hits.first().map(|hit| hit.score), order, keep, hits }
    })
}

fn leaf() -> impl Strategy<Value = Partial> {
    let numbers = || vec(number(), 0..40);
    let each = |numbers: Vec<f64>, add: &mut dyn FnMut(f64)| numbers.into_iter().for_each(add);
    prop_oneof![
        Just(Partial::Unmapped),
        any::<u64>().prop_map(Partial::Count),
        numbers().prop_map(move |numbers| {
            let mut stats = Stats::default();
            each(numbers, &mut |number| {
                stats.count += 1;
                stats.sum.add(number);
                stats.min = stats.min.min(number)
            });
            Partial::Stats(Box::new(stats))
        }),
        (vec(number(), 0..1500), 10.0f64..300.0).prop_map(move |(numbers, compression)| {
            let mut digest = TDigest::new(compression);
            each(numbers, &mut |number| digest.add(number));
            Partial::TDigest(Box::new(digest))
        }),
        (numbers(), 0u8..=5).prop_map(move |(numbers, digits)| {
            let mut hdr = Hdr::new(digits);
            each(numbers, &mut |number| hdr.add(number.abs()).unwrap());
            Partial::Hdr(Box::new(hdr))
        }),
        (0u64..500, 0u32..300).prop_map(|(count, threshold)| {
            let mut cardinality = Cardinality::new(threshold);
            (0..count).for_each(|n| cardinality.add(hash::of_number(n)));
            Partial::Cardinality(Box::new(cardinality))
        }),
        numbers().prop_map(move |numbers| {
            let mut weighted = Weighted::default();
            each(numbers, &mut |number| weighted.add(number, 0.5));
            Partial::Weighted(Box::new(weighted))
        }),
        vec((-90.0f64..90.0, -180.0f64..180.0), 0..9).prop_map(|points| {
            let mut extent = Extent::default();
            points.into_iter().for_each(|(lat, lon)| extent.add(GeoPoint::new(lat, lon)));
            Partial::Extent(Box::new(extent))
        }),
        vec((-90.0f64..90.0, -180.0f64..180.0), 0..9).prop_map(|points| {
            let mut centroid = Centroid::default();
            points.into_iter().for_each(|(lat, lon)| centroid.add(GeoPoint::new(lat, lon)));
            Partial::Centroid(Box::new(centroid))
        }),
        vec((-1e6f64..1e6, -1e6f64..1e6), 0..20).prop_map(|documents| {
            let mut moments = Moments::new(2);
            documents.into_iter().for_each(|(a, b)| moments.add(&[a, b]));
            Partial::Moments(Box::new(moments))
        }),
        top_hits().prop_map(|hits| Partial::TopHits(Box::new(hits))),
        vec(state(), 1..4).prop_map(|states| {
            let mut all = ScriptStates::default();
            states.into_iter().for_each(|state| all.merge(ScriptStates::of(state)));
            Partial::Scripted(all)
        }),
    ]
}

fn state() -> impl Strategy<Value = ScriptState> {
    let plain = prop_oneof![
        Just(ScriptState::Null),
        any::<bool>().prop_map(ScriptState::Bool),
        any::<i32>().prop_map(ScriptState::Int),
        any::<i64>().prop_map(ScriptState::Long),
        (-9.0f32..9.0).prop_map(ScriptState::Float),
        prop_oneof![number(), Just(f64::INFINITY)].prop_map(ScriptState::Double),
        "[a-c]{0,3}".prop_map(ScriptState::Text),
        any::<i64>().prop_map(ScriptState::Date),
    ];
    plain.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(ScriptState::List),
            vec(("[a-c]{1,2}", inner), 0..3).prop_map(ScriptState::Map),
        ]
    })
}

#[test]
fn states_of_shards_do_not_tell_who_came_first() {
    let states =
        [ScriptState::Long(3), ScriptState::Text("a".to_owned()), ScriptState::Long(-1), ScriptState::Map(Vec::new())];
    let merged = |order: [usize; 4]| {
        let parts = order.map(|at| Partial::Scripted(ScriptStates::of(states[at].clone())));
        Partial::merge_all(parts.to_vec()).unwrap()
    };
    assert_eq!(merged([0, 1, 2, 3]), merged([3, 1, 0, 2]));
    let Partial::Scripted(all) = merged([2, 3, 1, 0]) else { panic!("no states") };
    assert_eq!(all.into_list().len(), 4);
}

#[test]
fn the_deepest_state_of_a_script_crosses_the_wire() {
    let deepest = (0..ScriptState::MAX_DEPTH).fold(ScriptState::Null, |inner, at| match at % 2 {
        0 => ScriptState::List(vec![inner]),
        _ => ScriptState::Map(vec![("k".to_owned(), inner)]),
    });
    let partial = Partial::Scripted(ScriptStates::of(deepest));
    assert_eq!(Partial::from_bytes(&partial.to_bytes()).unwrap(), partial);
}

fn key() -> impl Strategy<Value = Key> {
    let one = prop_oneof![
        any::<i64>().prop_map(Key::Long),
        any::<u64>().prop_map(Key::Unsigned),
        number().prop_map(Key::Double),
        vec(any::<u8>(), 0..6).prop_map(|bytes| Key::Bytes(bytes.into())),
        Just(Key::Null),
    ];
    prop_oneof![3 => one.clone(), 1 => vec(one, 0..3).prop_map(Key::List)]
}

fn partial() -> impl Strategy<Value = Partial> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        let bucket = (any::<u32>(), vec(inner, 0..3));
        let bucket = bucket.prop_map(|(count, children)| Bucket { doc_count: u64::from(count), children });
        let row = (key(), bucket.clone(), 0u64..9).prop_map(|(key, bucket, known)| Row { key, bucket, known });
        let significant = (key(), bucket.clone(), 0u64..9);
        let significant = significant.prop_map(|(key, bucket, background)| SignificantRow { key, bucket, background });
        prop_oneof![
            bucket.clone().prop_map(Partial::Bucket),
            vec(bucket, 0..4).prop_map(Partial::Slots),
            (vec(row, 0..4), 0u64..9, 0u64..9).prop_map(|(rows, other, error)| Partial::Table(Table {
                rows,
                other,
                error,
                shards: 1,
            })),
            (vec(significant, 0..4), 0u64..9, 0u64..9).prop_map(|(rows, foreground, background)| {
                Partial::Significance(Box::new(Significance { foreground, background, rows }))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_partial_comes_back_from_its_bytes(partial in partial()) {
        prop_assert_eq!(Partial::from_bytes(&partial.to_bytes()).unwrap(), partial);
    }

    /// Bytes that are changed, cut or made up are refused, or are another partial that can be merged and written.
    #[test]
    fn damaged_bytes_do_no_harm(
        partial in partial(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        noise in vec(any::<u8>(), 0..200),
    ) {
        let whole = partial.to_bytes();
        let mut changed = whole.clone();
        changes.iter().for_each(|(at, byte)| changed[at.index(whole.len())] = *byte);
        for bytes in [changed, whole[..cut.index(whole.len())].to_vec(), noise] {
            if let Ok(mut found) = Partial::from_bytes(&bytes) {
                let _ = found.merge(partial.clone());
                let _ = found.clone().merge(found.clone());
                found.to_bytes();
            }
        }
    }

    #[test]
    fn the_best_hits_are_the_same_in_any_order(parts in vec(top_hits(), 1..5)) {
        let parts: Vec<TopHits> = parts.iter().map(|part| {
            let (order, keep) = (parts[0].order.clone(), 5);
            let mut hits = part.hits.clone();
            hits.sort_by(|a, b| a.compare(b, &order));
            TopHits { order, keep, hits, ..part.clone() }
        }).collect();
        let merge = |mut one: TopHits, other: TopHits| { one.merge(other); one };
        let left = parts.iter().cloned().reduce(merge).unwrap();
        let right = parts.iter().rev().cloned().reduce(|all, part| merge(part, all)).unwrap();
        prop_assert_eq!(&left.total, &right.total);
        let keys = |hits: &TopHits| hits.hits.iter().map(|hit| (hit.hit.id.clone(), format!("{:?}", hit.sort))).collect::<Vec<_>>();
        prop_assert_eq!(keys(&left).len(), keys(&right).len());
        prop_assert!(left.hits.is_sorted_by(|a, b| a.compare(b, &left.order).is_le()));
    }
}

/// As deep as aggregations may be asked for, and no deeper.
#[test]
fn a_tower_of_buckets_is_refused_before_the_stack_ends() {
    let tower = |levels: usize| {
        (0..levels).fold(Partial::Count(1), |inner, _| {
            let row = Row { key: Key::Long(1), bucket: Bucket { doc_count: 1, children: vec![inner] }, known: 0 };
            Partial::Table(Table { rows: vec![row], ..Table::default() })
        })
    };
    let small = std::thread::Builder::new().stack_size(2 << 20);
    let refused = small.spawn(move || {
        let deep = tower(101);
        assert_eq!(Partial::from_bytes(&deep.to_bytes()).unwrap(), deep);
        // The bytes of one level, again and again.
        let level = &Partial::Slots(vec![Bucket { doc_count: 1, children: vec![Partial::Count(1)] }]).to_bytes()[..4];
        Partial::from_bytes(&level.repeat(1_000_000)).unwrap_err().to_string()
    });
    let refused = refused.unwrap().join().unwrap();
    assert!(refused.contains("damaged"), "{refused}");
}

#[test]
fn a_length_is_not_believed() {
    let mut bytes = Partial::Slots(vec![Bucket::default()]).to_bytes();
    bytes.truncate(1);
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    assert!(Partial::from_bytes(&bytes).is_err());
    let mut more = Partial::Count(7).to_bytes();
    more.push(0);
    assert!(Partial::from_bytes(&more).is_err());
}
