//! One shard copy against a plain map: whatever is written, refreshed, flushed, merged, and however often the process ends.

// A test may unwrap: a panic is how it fails.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use analysis::Registry;
use model::document::Source;
use model::error::ErrorKind;
use model::id::{PrimaryTerm, SeqNo, Version};
use model::mapping::Mapping;
use model::write::{Condition, Outcome, VersionType};
use proptest::prelude::*;
use shard::caches::Caches;
use shard::engine::{Change, CopyOptions, Operation, ShardChange, ShardCopy, ShardWrite};
use shard::layout;
use shard::prepare::{Prepared, Preparer, Settings};
use shard::prepared::PreparedDocument;
use shard::reader::SegmentView;
use wal::{Durability, Syncer};

/// A copy with what maps its documents.
struct Open {
    copy: Arc<ShardCopy>,
    preparer: Arc<Preparer>,
}

fn open(directory: &Path, syncer: &Arc<Syncer>) -> Open {
    let mapping = serde_json::json!({"properties": {"text": {"type": "text"}, "n": {"type": "long"}, "tag": {"type": "keyword"},
        "in": {"type": "nested", "properties": {"owner": {"type": "long"}, "deep": {"type": "nested", "properties": {"owner": {"type": "long"}}}}}}});
    let mapping = Arc::new(Mapping::parse(&mapping).unwrap());
    let registry = Registry::builtin();
    let options = CopyOptions {
        directory: directory.to_owned(),
        durability: Durability::Request,
        disk: Arc::new(wal::RealDisk),
        syncer: syncer.clone(),
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
    let preparer = Arc::new(Preparer::new(mapping, Arc::new(fields), registry, Settings::default()).unwrap());
    copy.set_fields(preparer.fields().clone());
    copy.set_primary_term(1);
    copy.replay(0, 2, &|operation: &Operation| {
        let Change::Index { source, .. } = &operation.change else { panic!("only documents are mapped") };
        Ok(prepare(&preparer, &operation.id, source))
    })
    .unwrap();
    Open { copy, preparer }
}

fn prepare(preparer: &Preparer, id: &Arc<str>, source: &Source) -> Arc<PreparedDocument> {
    match preparer.prepare(id, None, source).unwrap() {
        Prepared::Ready(document) => Arc::new(document),
        Prepared::NewFields(_) => panic!("every field is mapped"),
    }
}

impl Open {
    fn source(n: u64) -> Source {
        let deep = if n.is_multiple_of(2) { format!(r#","deep":{{"owner":{n}}}"#) } else { String::new() };
        let inside = vec![format!(r#"{{"owner":{n}{deep}}}"#); n as usize % 4].join(",");
        format!(r#"{{"text":"word{} common {n}","n":{n},"tag":["t{}","all"],"in":[{inside}]}}"#, n % 7, n % 3)
            .into_bytes()
            .into()
    }

    fn index(&self, id: &str, n: u64, condition: Condition, create: bool) -> Result<(Outcome, u64, u64), ErrorKind> {
        let id: Arc<str> = id.into();
        let document = prepare(&self.preparer, &id, &Self::source(n));
        self.write(ShardWrite { id, change: ShardChange::Index { document, create }, condition, generated_id: false })
    }

    fn delete(&self, id: &str) -> Result<(Outcome, u64, u64), ErrorKind> {
        let condition = Condition::default();
        self.write(ShardWrite { id: id.into(), change: ShardChange::Delete, condition, generated_id: false })
    }

    fn write(&self, write: ShardWrite) -> Result<(Outcome, u64, u64), ErrorKind> {
        let batch = self.copy.write(&[write], 0).unwrap();
        if let Some(position) = batch.position {
            self.copy.wait_safe(position).unwrap();
        }
        let outcome = batch.outcomes.into_iter().next().unwrap();
        outcome.map(|applied| (applied.outcome, applied.version.0, applied.seq_no.0)).map_err(|error| error.kind)
    }

    /// What searches see: ids and sources of alive documents.
    fn visible(&self) -> BTreeMap<String, Vec<u8>> {
        let reader = self.copy.reader();
        let mut all = BTreeMap::new();
        for view in reader.segments.iter() {
            let ids = view.segment.strings(shard::fields::meta::ID).unwrap().unwrap();
            for doc in (0..view.segment.doc_count()).filter(|doc| view.is_alive(*doc)) {
                let mut id = Vec::new();
                ids.value(ids.first(doc).unwrap(), &mut id).unwrap();
                let before = all.insert(String::from_utf8(id).unwrap(), view.segment.source(doc).unwrap().to_vec());
                assert!(before.is_none(), "a document is there twice");
                self.check_block(view, doc);
            }
        }
        all
    }

    /// What lies right before a document, back to the one before it, is what lies inside of it.
    fn check_block(&self, view: &SegmentView, doc: u32) {
        let number = |path: &str, doc: u32| {
            let slot = self.preparer.fields().by_path(path).unwrap().slot;
            view.segment.numbers(slot).unwrap().and_then(|column| column.first(doc))
        };
        let n = number("n", doc).unwrap();
        let expected = (n % 4) * (1 + i64::from(n % 2 == 0));
        let roots = view.segment.nested().map(|nested| nested.roots());
        let is_root = |doc: u32| roots.is_none_or(|roots| roots.contains(doc));
        let inside: Vec<u32> = (0..doc).rev().take_while(|doc| !is_root(*doc)).collect();
        assert_eq!(inside.len() as i64, expected, "the block of {n}");
        for inner in inside {
            let owners = (number("in.owner", inner), number("in.deep.owner", inner));
            assert!(matches!(owners, (Some(owner), None) | (None, Some(owner)) if owner == n), "{owners:?} in {n}");
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Index(u8, u64),
    Delete(u8),
    Many(u8, u16),
    Refresh,
    Flush,
    Merge,
    Restart,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (any::<u8>(), 0u64..1000).prop_map(|(id, n)| Step::Index(id % 24, n)),
        3 => any::<u8>().prop_map(|id| Step::Delete(id % 24)),
        1 => (any::<u8>(), 1u16..1500).prop_map(|(id, count)| Step::Many(id, count)),
        3 => Just(Step::Refresh),
        1 => Just(Step::Flush),
        1 => Just(Step::Merge),
        1 => Just(Step::Restart),
    ]
}

fn check(steps: &[Step]) {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let mut open_copy = open(directory.path(), &syncer);
    let mut model: BTreeMap<String, (Vec<u8>, u64)> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Index(id, n) => index_one(&open_copy, &mut model, &id.to_string(), *n),
            Step::Many(seed, count) => {
                for n in 0..u64::from(*count) {
                    index_one(&open_copy, &mut model, &format!("m{}", (n + u64::from(*seed)) % 900), n);
                }
            }
            Step::Delete(id) => {
                let id = id.to_string();
                let (outcome, ..) = open_copy.delete(&id).unwrap();
                let expected = if model.remove(&id).is_some() { Outcome::Deleted } else { Outcome::NotFound };
                assert_eq!(outcome, expected);
            }
            Step::Refresh => open_copy.copy.refresh().unwrap(),
            Step::Flush => open_copy.copy.flush(false).unwrap(),
            Step::Merge => open_copy.copy.force_merge(Some(1), false).unwrap(),
            Step::Restart => {
                drop(open_copy);
                open_copy = open(directory.path(), &syncer);
            }
        }
        if matches!(step, Step::Refresh | Step::Merge | Step::Restart) {
            let expected: BTreeMap<String, Vec<u8>> =
                model.iter().map(|(id, (source, _))| (id.clone(), source.clone())).collect();
            assert_eq!(open_copy.visible(), expected, "after {step:?}");
        }
    }
    for (id, (source, version)) in &model {
        let found = open_copy.copy.get(id).unwrap().unwrap();
        assert_eq!((&found.source.to_vec(), found.version), (source, *version), "{id}");
    }
}

fn index_one(open: &Open, model: &mut BTreeMap<String, (Vec<u8>, u64)>, id: &str, n: u64) {
    let known = model.contains_key(id);
    let (outcome, version, _) = open.index(id, n, Condition::default(), false).unwrap();
    assert_eq!(outcome, if known { Outcome::Updated } else { Outcome::Created });
    model.insert(id.to_owned(), (Open::source(n).to_vec(), version));
    let found = open.copy.get(id).unwrap().unwrap();
    assert_eq!((found.version, found.source), (version, Open::source(n)), "a get sees what was just written");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_copy_is_a_map_whatever_happens(steps in proptest::collection::vec(any_step(), 1..40)) {
        check(&steps);
    }
}

#[test]
fn conditions_hold_or_nothing_happens() {
    let directory = tempfile::tempdir().unwrap();
    let open = open(directory.path(), &Syncer::start(1).unwrap());
    let plain = Condition::default();
    assert_eq!(open.index("a", 1, plain, true), Ok((Outcome::Created, 1, 0)));
    assert_eq!(open.index("a", 1, plain, true), Err(ErrorKind::VersionConflict));
    let at = |seq_no, term| Condition { if_seq_no: Some((SeqNo(seq_no), PrimaryTerm(term))), version: None };
    assert_eq!(open.index("a", 2, at(0, 2), false), Err(ErrorKind::VersionConflict));
    assert_eq!(open.index("a", 2, at(0, 1), false), Ok((Outcome::Updated, 2, 1)));
    open.copy.refresh().unwrap();
    assert_eq!(open.index("a", 3, at(0, 1), false), Err(ErrorKind::VersionConflict));
    assert_eq!(open.index("b", 3, at(0, 1), false), Err(ErrorKind::VersionConflict));
    let external = |version, kind| Condition { if_seq_no: None, version: Some((Version(version), kind)) };
    assert_eq!(open.index("a", 4, external(2, VersionType::External), false), Err(ErrorKind::VersionConflict));
    assert_eq!(open.index("a", 4, external(9, VersionType::External), false), Ok((Outcome::Updated, 9, 2)));
    assert_eq!(open.index("a", 4, external(9, VersionType::ExternalGte), false), Ok((Outcome::Updated, 9, 3)));
    assert_eq!(open.delete("a"), Ok((Outcome::Deleted, 10, 4)));
    open.copy.refresh().unwrap();
    assert_eq!(
        open.index("a", 5, external(10, VersionType::External), false),
        Err(ErrorKind::VersionConflict),
        "a tombstone has a version"
    );
    assert_eq!(open.delete("zzz"), Ok((Outcome::NotFound, 1, 5)));
}

#[test]
fn a_corrupt_segment_is_named_and_nothing_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let first = open(directory.path(), &syncer);
    first.index("a", 1, Condition::default(), false).unwrap();
    first.copy.flush(true).unwrap();
    drop(first);
    let segments = std::fs::read_dir(directory.path().join("segments")).unwrap();
    let segment = segments.filter_map(|entry| Some(entry.ok()?.path())).find(|path| path.is_dir()).unwrap();
    std::fs::write(segment.join("postings"), b"x").unwrap();
    let options = CopyOptions {
        directory: directory.path().to_owned(),
        durability: Durability::Request,
        disk: Arc::new(wal::RealDisk),
        syncer,
        spawn: Arc::new(|_, job| job()),
        throttle: Arc::default(),
        similarities: Arc::default(),
        caches: Caches::default(),
        new_history: String::new(),
        begins_history: false,
    };
    let error = ShardCopy::open(options, layout::base_table(), &|_| None).err().unwrap().to_string();
    assert!(error.contains("postings"), "{error}");
}

#[test]
fn a_long_log_is_replayed_in_slices_and_of_each_id_the_newest_stays() {
    let directory = tempfile::tempdir().unwrap();
    let syncer = Syncer::start(1).unwrap();
    let first = open(directory.path(), &syncer);
    let write = |range: std::ops::Range<u64>, n: u64| {
        let writes: Vec<ShardWrite> = range
            .map(|id| {
                let id: Arc<str> = id.to_string().into();
                let document = prepare(&first.preparer, &id, &Open::source(n));
                let change = ShardChange::Index { document, create: false };
                ShardWrite { id, change, condition: Condition::default(), generated_id: false }
            })
            .collect();
        first.copy.wait_safe(first.copy.write(&writes, 0).unwrap().position.unwrap()).unwrap();
    };
    write(0..2_000, 1);
    first.copy.flush(true).unwrap();
    write(1_000..5_000, 2); // replaces half of what the commit holds
    write(4_500..6_000, 3);
    (500..600).for_each(|id| assert_eq!(first.delete(&id.to_string()).unwrap().0, Outcome::Deleted));
    first.delete("5999").unwrap();
    drop(first);
    let again = open(directory.path(), &syncer);
    let expected = |id: u64| match id {
        500..600 | 5_999 => None,
        0..1_000 => Some(1),
        1_000..4_500 => Some(2),
        _ => Some(3),
    };
    let expected: BTreeMap<String, Vec<u8>> =
        (0..6_000).filter_map(|id| Some((id.to_string(), Open::source(expected(id)?).to_vec()))).collect();
    assert!(again.visible() == expected);
    let version = |id: &str| again.copy.get(id).unwrap().map(|found| found.version);
    assert_eq!((version("1"), version("1500"), version("4700"), version("550")), (Some(1), Some(2), Some(2), None));
    assert_eq!(
        again.index("550", 4, Condition::default(), false),
        Ok((Outcome::Created, 3, 7_601)),
        "deleted at version 2"
    );
}
