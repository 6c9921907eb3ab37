//! Vectors of a shard copy: found wherever they lie, under filters, after deletions, merges and restarts; by scan and through graphs.

// A test may unwrap: a panic is how it fails.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use analysis::Registry;
use model::mapping::Mapping;
use model::mapping::vector::VectorField;
use model::query::nested::NestedScore;
use model::search::TrackTotal;
use model::write::Condition;
use search::bound::{BoundInside, BoundKind, BoundKnn, BoundNested, BoundQuery, BoundReach, KnnGroups, KnnObjects};
use search::shard_query::{ShardHits, ShardQuery};
use serde_json::{Value, json};
use shard::caches::Caches;
use shard::engine::{Change, CopyOptions, Operation, ShardChange, ShardCopy, ShardWrite};
use shard::execute::{Endless, Limits};
use shard::layout;
use shard::prepare::{Prepared, Preparer, Settings};
use wal::{Durability, Syncer};

const DIMENSION: usize = 16;
const CLUSTERS: u64 = 20;

/// Numbers from -1 to 1, the same everywhere.
fn chance(seed: u64) -> f32 {
    let mixed = (seed ^ seed >> 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    ((mixed ^ mixed >> 32) & 0xffff) as f32 / 32_768.0 - 1.0
}

/// Clustered vectors.
fn vector_of(n: u64) -> Vec<f32> {
    let at = |i: u64| 2.0 * chance(1_000_003 * (n % CLUSTERS) + i) + 0.6 * chance(7_919 * n + 31 * i + 5);
    (0..DIMENSION as u64).map(at).collect()
}

struct Open {
    copy: Arc<ShardCopy>,
    preparer: Arc<Preparer>,
    vectors: VectorField,
}

fn open(directory: &Path, syncer: &Arc<Syncer>) -> Open {
    open_as(directory, syncer, &json!({"type": "knn_vector", "dimension": DIMENSION}))
}

fn open_as(directory: &Path, syncer: &Arc<Syncer>, field: &Value) -> Open {
    open_with(directory, syncer, ("v", json!({"v": field, "n": {"type": "long"}})))
}

/// `field`: whose vectors are searched.
fn open_with(directory: &Path, syncer: &Arc<Syncer>, (field, properties): (&str, Value)) -> Open {
    let mapping = Arc::new(Mapping::parse(&json!({ "properties": properties })).unwrap());
    let registry = Registry::builtin();
    let options = CopyOptions {
        directory: directory.to_owned(),
        durability: Durability::Request,
        disk: Arc::new(wal::RealDisk),
        syncer: syncer.clone(),
        // Background work is done at once, so that tests need not wait.
        spawn: Arc::new(|_, job| drop(std::thread::spawn(job))),
        throttle: Arc::default(),
        similarities: Arc::default(),
        caches: Caches::default(),
        new_history: "history".into(),
        begins_history: false,
    };
    let layouts = |path: &str| layout::layout_at(path, &mapping, &registry).ok().flatten();
    let (copy, _) = ShardCopy::open(options, layout::base_table(), &layouts).unwrap();
    let mut fields = (*copy.fields()).clone();
    layout::append_fields(&mut fields, &mapping, &registry).unwrap();
    let vectors = (**mapping.field(field).unwrap().vector.as_ref().unwrap()).clone();
    let preparer = Arc::new(Preparer::new(mapping, Arc::new(fields), registry, Settings::default()).unwrap());
    copy.set_fields(preparer.fields().clone());
    copy.set_primary_term(1);
    let prepare = preparer.clone();
    copy.replay(0, 2, &|operation: &Operation| {
        let Change::Index { source, .. } = &operation.change else { panic!("only documents are mapped") };
        match prepare.prepare(&operation.id, None, source)? {
            Prepared::Ready(document) => Ok(Arc::new(document)),
            Prepared::NewFields(_) => panic!("every field is mapped"),
        }
    })
    .unwrap();
    Open { copy, preparer, vectors }
}

impl Open {
    fn write(&self, writes: Vec<ShardWrite>) {
        for outcome in self.copy.write(&writes, 0).unwrap().outcomes {
            outcome.unwrap();
        }
    }

    fn index(&self, numbers: impl Iterator<Item = u64>) {
        // One in eleven has no vector.
        self.index_as(numbers, &|n| match n % 11 {
            10 => json!({ "n": n }),
            _ => json!({"n": n, "v": vector_of(n)}),
        });
    }

    fn index_as(&self, numbers: impl Iterator<Item = u64>, source: &dyn Fn(u64) -> Value) {
        let write = |n: u64| {
            let id: Arc<str> = format!("{n:06}").into();
            let source = source(n);
            let document = match self.preparer.prepare(&id, None, &source.to_string().into_bytes().into()).unwrap() {
                Prepared::Ready(document) => Arc::new(document),
                Prepared::NewFields(_) => panic!("every field is mapped"),
            };
            let change = ShardChange::Index { document, create: false };
            ShardWrite { id, change, condition: Condition::default(), generated_id: false }
        };
        self.write(numbers.map(write).collect());
    }

    fn delete(&self, numbers: impl Iterator<Item = u64>) {
        let write = |n: u64| ShardWrite {
            id: format!("{n:06}").into(),
            change: ShardChange::Delete,
            condition: Condition::default(),
            generated_id: false,
        };
        self.write(numbers.map(write).collect());
    }

    fn search(&self, knn: BoundKnn) -> Vec<u64> {
        self.found(BoundKind::Knn(Box::new(knn)))
    }

    fn found(&self, query: BoundKind) -> Vec<u64> {
        let hits = self.above(query, f32::NEG_INFINITY);
        hits.hits.iter().map(|hit| hit.id.parse().unwrap()).collect()
    }

    /// What scores at least so much, and how much there is in all.
    fn above(&self, query: BoundKind, floor: f32) -> ShardHits {
        let top = 2000;
        let query = Arc::new(BoundQuery::new(query));
        let request = ShardQuery {
            query,
            post_filter: None,
            statistics: None,
            top,
            sort: Arc::default(),
            after: None,
            track_scores: true,
            track_total: TrackTotal::All,
            min_score: None,
            terminate_after: None,
            aggregations: None,
        };
        let limits = Limits { floor, ..Limits::none() };
        shard::execute::query_within(&self.copy.reader(), &request, &Endless, &limits).unwrap()
    }

    fn knn(&self, target: &[f32], k: u32, filter: Option<BoundQuery>) -> BoundKnn {
        let reach = BoundReach::Nearest { k, ef: 100, oversample: None, within: None };
        BoundKnn {
            field: "v".into(),
            vectors: self.vectors.clone(),
            vector: target.into(),
            reach,
            objects: None,
            filter,
            by_distance: false,
        }
    }

    /// Searches, and compares with all documents that `counts` admits.
    fn check(&self, what: &str, numbers: u64, counts: &dyn Fn(u64) -> bool, filter: Option<BoundQuery>) {
        let (mut hit, mut all) = (0, 0);
        for q in 0..15 {
            let target = vector_of(1_000_000 + 37 * q);
            let distance = |n: u64| vector_of(n).iter().zip(&target).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
            let mut wanted: Vec<(f32, u64)> =
                (0..numbers).filter(|n| n % 11 != 10 && counts(*n)).map(|n| (distance(n), n)).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
            wanted.truncate(10);
            let found = self.search(self.knn(&target, 10, filter.clone()));
            assert_eq!(found.len(), wanted.len(), "{what}: another number of hits");
            assert!(found.iter().all(|n| counts(*n)), "{what}: what does not count was found");
            let wanted: BTreeSet<u64> = wanted.into_iter().map(|(_, n)| n).collect();
            hit += found.iter().filter(|n| wanted.contains(n)).count();
            all += wanted.len();
        }
        let recall = hit as f64 / all.max(1) as f64;
        assert!(recall >= 0.95, "{what}: recall {recall}");
    }
}

fn range(from: i64, to: i64) -> BoundQuery {
    BoundQuery::new(BoundKind::NumberRange("n".into(), from, to))
}

const COUNT: u64 = 13_000;

#[test]
fn vectors_are_found_wherever_they_lie() {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let open_copy = open(directory.path(), &syncer);
    open_copy.index(0..300);
    open_copy.copy.refresh().unwrap();
    open_copy.check("in memory", 300, &|_| true, None);
    for start in (300..COUNT).step_by(2000) {
        open_copy.index(start..(start + 2000).min(COUNT));
        open_copy.copy.refresh().unwrap();
    }
    open_copy.check("in many segments", COUNT, &|_| true, None);
    open_copy.delete((0..COUNT).filter(|n| n % 10 < 3));
    open_copy.copy.refresh().unwrap();
    open_copy.check("after deletions", COUNT, &|n| n % 10 >= 3, None);
    open_copy.check("filtered", COUNT, &|n| n % 10 >= 3 && n < 700, Some(range(0, 699)));
    open_copy.copy.force_merge(Some(1), false).unwrap();
    let stats = open_copy.copy.vector_stats();
    assert_eq!((stats.graphs, stats.missing), (1, 0), "one segment, one graph: {stats:?}");
    assert!(stats.graph_bytes > 0 && stats.bytes > stats.graph_bytes);
    open_copy.check("merged, through a graph", COUNT, &|n| n % 10 >= 3, None);
    for most in [10, 150, 1500, 6000, 12_000] {
        open_copy.check(
            &format!("{most} filtered"),
            COUNT,
            &|n| n % 10 >= 3 && n < most,
            Some(range(0, most as i64 - 1)),
        );
    }
    open_copy.delete((0..COUNT).filter(|n| n % 10 == 5));
    open_copy.copy.refresh().unwrap();
    open_copy.check("deleted under a graph", COUNT, &|n| n % 10 >= 3 && n % 10 != 5, None);
    open_copy.copy.flush(true).unwrap();
    open_copy.copy.retire();
    drop(open_copy);

    // The graph is read back, and not built again.
    let again = open(directory.path(), &syncer);
    again.check("after a restart", COUNT, &|n| n % 10 >= 3 && n % 10 != 5, None);
    let stats = again.copy.vector_stats();
    assert_eq!((stats.graphs, stats.built), (1, 0));
    again.copy.retire();
    drop(again);

    // A damaged one is not: rows are scanned until there is another.
    let graph = walk(directory.path()).into_iter().find(|path| is_graph(path)).unwrap();
    let mut bytes = std::fs::read(&graph).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&graph, bytes).unwrap();
    let third = open(directory.path(), &syncer);
    third.check("after damage", COUNT, &|n| n % 10 >= 3 && n % 10 != 5, None);
    third.copy.warm_vectors();
    let stats = third.copy.vector_stats();
    assert_eq!((stats.graphs, stats.missing), (1, 0));
    third.check("built again", COUNT, &|n| n % 10 >= 3 && n % 10 != 5, None);
    third.copy.retire();
}

fn is_graph(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("graph-"))
}

fn walk(directory: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

/// A bound from other shards leaves out what lies beyond it, and changes neither the number of neighbours nor who is found within.
#[test]
fn neighbours_that_others_exceed_are_counted_and_not_shown() {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let open_copy = open(directory.path(), &syncer);
    open_copy.index(0..6000);
    open_copy.copy.force_merge(Some(1), false).unwrap();
    open_copy.index(6000..8000);
    open_copy.delete((0..8000).filter(|n| n % 10 == 5));
    open_copy.copy.refresh().unwrap();
    let (mut wanted, mut found) = (0, 0);
    for q in 0..15 {
        let target = vector_of(2_000_000 + 31 * q);
        for filter in [None, Some(range(0, 7000)), Some(range(100, 105))] {
            let knn = || BoundKind::Knn(Box::new(open_copy.knn(&target, 20, filter.clone())));
            let all = open_copy.above(knn(), f32::NEG_INFINITY);
            let floor = all.hits[all.hits.len() / 3].score;
            let above = open_copy.above(knn(), floor);
            assert_eq!(above.total, all.total);
            assert!(above.hits.iter().all(|hit| hit.score >= floor));
            let expected: BTreeSet<&str> =
                all.hits.iter().filter(|hit| hit.score >= floor).map(|hit| &*hit.id).collect();
            wanted += expected.len();
            found += above.hits.iter().filter(|hit| expected.contains(&*hit.id)).count();
        }
    }
    assert!(found >= wanted * 97 / 100, "{found} of {wanted}");
    open_copy.copy.retire();
}

#[test]
fn radii_and_similarities_cut_off() {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let open_copy = open(directory.path(), &syncer);
    open_copy.index(0..500);
    open_copy.copy.refresh().unwrap();
    let target = vector_of(3);
    let distance = |n: u64| vector_of(n).iter().zip(&target).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
    let near: BTreeSet<u64> = (0..500).filter(|n| n % 11 != 10 && distance(*n) <= 3.0).collect();
    assert!(near.len() > 3 && near.len() < 100);
    let radial = BoundKnn { reach: BoundReach::Within(3.0), ..open_copy.knn(&target, 1, None) };
    assert_eq!(open_copy.search(radial).into_iter().collect::<BTreeSet<_>>(), near);
    let reach = BoundReach::Nearest { k: 400, ef: 400, oversample: None, within: Some(3.0) };
    let cut = BoundKnn { reach, ..open_copy.knn(&target, 1, None) };
    assert_eq!(open_copy.search(cut).into_iter().collect::<BTreeSet<_>>(), near);
    open_copy.copy.retire();
}

#[test]
fn of_several_vectors_the_nearest_counts_and_each_document_once() {
    const DOCUMENTS: u64 = 400;
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let field = json!({"type": "knn_vector", "dimension": DIMENSION, "multiple": true});
    let open_copy = open_as(directory.path(), &syncer, &field);
    // None, one that stands alone, and lists.
    let count = |n: u64| n % 5;
    let source = |n: u64| match count(n) {
        0 => json!({ "n": n }),
        1 => json!({"n": n, "v": vector_of(5 * n)}),
        count => json!({"n": n, "v": (0..count).map(|i| vector_of(5 * n + i)).collect::<Vec<_>>()}),
    };
    let target = vector_of(3);
    let distance = |n: u64| {
        let of = |i: u64| vector_of(5 * n + i).iter().zip(&target).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
        (0..count(n)).map(of).reduce(f32::min)
    };
    let mut nearest: Vec<(f32, u64)> = (0..DOCUMENTS).filter_map(|n| Some((distance(n)?, n))).collect();
    nearest.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let check = |when: &str| {
        for k in [1, 30, DOCUMENTS as u32] {
            let mut found = open_copy.search(open_copy.knn(&target, k, None));
            let mut expected: Vec<u64> = nearest.iter().take(k as usize).map(|(_, n)| *n).collect();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{when}: {k}");
        }
    };
    open_copy.index_as(0..DOCUMENTS / 2, &source);
    open_copy.copy.refresh().unwrap();
    open_copy.index_as(DOCUMENTS / 2..DOCUMENTS, &source);
    open_copy.copy.refresh().unwrap();
    check("in memory");
    open_copy.copy.flush(false).unwrap();
    check("on the disk");
    open_copy.copy.retire();
}

const BOOKS: u64 = 5_000;

/// Passages of a document.
fn passages(n: u64) -> u64 {
    n % 5
}

/// What is in one.
fn passage(n: u64, i: u64) -> u64 {
    5 * n + i
}

impl Open {
    /// The documents with the nearest passages, of those that `filter` admits.
    fn by_passage(&self, target: &[f32], k: u32, filter: Option<BoundQuery>) -> Vec<u64> {
        let groups = KnnGroups { parent: None, all: false };
        let knn = BoundKnn {
            field: "p.v".into(),
            objects: Some(KnnObjects { path: "p".into(), grouped: Some(groups) }),
            ..self.knn(target, k, filter)
        };
        let query = BoundQuery::new(BoundKind::Knn(Box::new(knn)));
        let nested = BoundNested { path: "p".into(), parent: None, query, score_mode: NestedScore::Max };
        self.found(BoundKind::Nested(Box::new(nested)))
    }

    /// Searches, and compares with all passages that `counts` admits.
    fn check_passages(&self, what: &str, counts: &dyn Fn(u64, u64) -> bool, filter: Option<&BoundQuery>) {
        let (mut hit, mut all) = (0, 0);
        for q in 0..8 {
            let target = vector_of(1_000_000 + 37 * q);
            let distance = |p: u64| vector_of(p).iter().zip(&target).map(|(a, b)| (a - b) * (a - b)).sum::<f32>();
            let nearest =
                |n: u64| (0..passages(n)).filter(|i| counts(n, *i)).map(|i| distance(passage(n, i))).reduce(f32::min);
            let mut wanted: Vec<(f32, u64)> = (0..BOOKS).filter_map(|n| Some((nearest(n)?, n))).collect();
            wanted.sort_by(|a, b| a.0.total_cmp(&b.0));
            wanted.truncate(10);
            let found = self.by_passage(&target, 10, filter.cloned());
            let distinct: BTreeSet<u64> = found.iter().copied().collect();
            assert_eq!((found.len(), distinct.len()), (wanted.len(), wanted.len()), "{what}: each document once");
            assert!(found.iter().all(|n| (0..passages(*n)).any(|i| counts(*n, i))), "{what}: it does not count");
            hit += wanted.iter().filter(|(_, n)| distinct.contains(n)).count();
            all += wanted.len();
        }
        let recall = hit as f64 / all.max(1) as f64;
        assert!(recall >= 0.95, "{what}: recall {recall}");
    }
}

#[test]
fn the_nearest_passage_stands_for_its_document() {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let inside = json!({"v": {"type": "knn_vector", "dimension": DIMENSION}, "at": {"type": "long"}});
    let properties = json!({"n": {"type": "long"}, "p": {"type": "nested", "properties": inside}});
    let open_copy = open_with(directory.path(), &syncer, ("p.v", properties));
    let source = |n: u64| {
        let passages = (0..passages(n)).map(|i| json!({"at": i, "v": vector_of(passage(n, i))}));
        json!({"n": n, "p": passages.collect::<Vec<_>>()})
    };
    let documents = |from: u64, to: u64| {
        let query = BoundQuery::new(BoundKind::NumberRange("n".into(), from as i64, to as i64 - 1));
        BoundQuery::new(BoundKind::InsideOf(Box::new(BoundInside { around: None, query })))
    };
    let second = BoundQuery::new(BoundKind::NumberRange("p.at".into(), 1, 1));
    for start in (0..BOOKS).step_by(1_250) {
        open_copy.index_as(start..start + 1_250, &source);
        open_copy.copy.refresh().unwrap();
    }
    open_copy.check_passages("in many segments", &|_, _| true, None);
    open_copy.delete((0..BOOKS).filter(|n| n % 10 < 3));
    open_copy.copy.refresh().unwrap();
    let alive = |n: u64| n % 10 >= 3;
    open_copy.check_passages("after deletions", &|n, _| alive(n), None);
    open_copy.copy.force_merge(Some(1), false).unwrap();
    assert_eq!(open_copy.copy.vector_stats().graphs, 1, "one segment, one graph");
    open_copy.delete((0..BOOKS).filter(|n| n % 10 == 7));
    open_copy.copy.refresh().unwrap();
    let alive = |n: u64| n % 10 >= 3 && n % 10 != 7;
    open_copy.check_passages("through a graph", &|n, _| alive(n), None);
    for most in [7, 60, 500, 4_500] {
        let what = format!("{most} documents");
        open_copy.check_passages(&what, &|n, _| alive(n) && n < most, Some(&documents(0, most)));
    }
    open_copy.check_passages("second passages", &|n, i| alive(n) && i == 1, Some(&second));
    // As many as there are, however many passages stand in the way.
    let all = (0..BOOKS).filter(|n| alive(*n) && passages(*n) > 0).count();
    assert_eq!(open_copy.by_passage(&vector_of(1), 10_000, None).len(), all.min(2000));
    open_copy.copy.retire();
}

#[test]
fn vectors_that_do_not_fit_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let open_copy = open(directory.path(), &syncer);
    let refused = |value: Value| {
        let source = json!({ "v": value }).to_string().into_bytes();
        let error = open_copy.preparer.prepare(&"1".into(), None, &source.into()).unwrap_err();
        error.cause.unwrap().reason
    };
    assert_eq!(refused(json!([1, 2])), "Vector dimension mismatch. Expected: 16, Given: 2");
    assert_eq!(refused(json!("x")), "Vector dimension mismatch. Expected: 16, Given: 0");
    assert_eq!(refused(json!([1e39])), "KNN vector values cannot be infinity");
    open_copy.copy.retire();
}
