//! One shard copy under writers, refreshes and merges at the same time.

// A test may unwrap: a panic is how it fails.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use analysis::Registry;
use model::mapping::Mapping;
use model::write::{Condition, Outcome};
use shard::caches::Caches;
use shard::engine::{CopyOptions, ShardChange, ShardCopy, ShardWrite};
use shard::fields::meta;
use shard::layout;
use shard::prepare::{Prepared, Preparer, Settings};
use wal::{Durability, Syncer};

/// So many that a merge ends while a batch is being built at least once.
const MERGES: u64 = 5;
/// Enough that documents of the segment that is being merged are replaced all the while.
const IDS: u64 = 4_000;

struct Open {
    copy: Arc<ShardCopy>,
    preparer: Preparer,
}

fn open(directory: &Path) -> Open {
    let mapping = Arc::new(Mapping::parse(&serde_json::json!({"properties": {"n": {"type": "long"}}})).unwrap());
    let registry = Registry::builtin();
    let options = CopyOptions {
        directory: directory.to_owned(),
        durability: Durability::Async { interval: std::time::Duration::from_secs(60) },
        disk: Arc::new(wal::RealDisk),
        syncer: Syncer::start(1).unwrap(),
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
    let preparer = Preparer::new(mapping, Arc::new(fields), registry, Settings::default()).unwrap();
    copy.set_fields(preparer.fields().clone());
    copy.set_primary_term(1);
    copy.replay(0, 2, &|_| panic!("a new log is empty")).unwrap();
    Open { copy, preparer }
}

impl Open {
    fn index(&self, id: &str, n: u64) -> Outcome {
        let id: Arc<str> = id.into();
        let source = format!(r#"{{"n":{n}}}"#).into_bytes().into();
        let Prepared::Ready(document) = self.preparer.prepare(&id, None, &source).unwrap() else {
            panic!("every field is mapped")
        };
        let change = ShardChange::Index { document: Arc::new(document), create: false };
        let write = ShardWrite { id, change, condition: Condition::default(), generated_id: false };
        self.copy.write(&[write], 0).unwrap().outcomes.remove(0).unwrap().outcome
    }

    /// Ids that searches see, sorted.
    fn visible(&self) -> Vec<String> {
        let mut all = Vec::new();
        for view in self.copy.reader().segments.iter() {
            let ids = view.segment.strings(meta::ID).unwrap().unwrap();
            for doc in (0..view.segment.doc_count()).filter(|doc| view.is_alive(*doc)) {
                let mut id = Vec::new();
                ids.value(ids.first(doc).unwrap(), &mut id).unwrap();
                all.push(String::from_utf8(id).unwrap());
            }
        }
        all.sort();
        all
    }
}

#[test]
fn a_document_replaced_while_its_segment_is_merged_is_there_once() {
    let directory = tempfile::tempdir().unwrap();
    let open = open(directory.path());
    (0..IDS).for_each(|n| assert_eq!(open.index(&format!("{n:04}"), n), Outcome::Created));
    let merges = AtomicU64::new(0);
    let goes_on = || merges.load(Ordering::Relaxed) < MERGES;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while goes_on() {
                open.copy.force_merge(Some(1), false).unwrap();
                merges.fetch_add(1, Ordering::Relaxed);
            }
        });
        scope.spawn(|| {
            while goes_on() {
                open.copy.refresh().unwrap();
            }
        });
        for n in (0..).take_while(|_| goes_on()) {
            let outcome = open.index(&format!("{:04}", n * 7 % IDS), n);
            assert_eq!(outcome, Outcome::Updated, "an id that is there is found");
        }
    });
    open.copy.refresh().unwrap();
    assert_eq!(open.visible(), (0..IDS).map(|n| format!("{n:04}")).collect::<Vec<_>>());
}

#[test]
fn a_refresh_shows_what_was_written_before_it_however_many_refresh() {
    let directory = tempfile::tempdir().unwrap();
    let open = open(directory.path());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let open = &open;
            scope.spawn(move || {
                for n in 0..150 {
                    let id = format!("{thread}-{n}");
                    open.index(&id, n);
                    open.copy.refresh().unwrap();
                    assert!(open.visible().binary_search(&id).is_ok(), "{id} is not seen");
                }
            });
        }
    });
}

#[test]
fn a_document_that_is_replaced_over_and_over_is_always_seen() {
    let directory = tempfile::tempdir().unwrap();
    let open = open(directory.path());
    let ids: Vec<String> = (0..50).map(|n| format!("{n:02}")).collect();
    ids.iter().for_each(|id| assert_eq!(open.index(id, 0), Outcome::Created));
    open.copy.refresh().unwrap();
    let (refreshes, mut views) = (AtomicU64::new(0), Vec::new());
    let goes_on = || refreshes.load(Ordering::Relaxed) < 400;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for id in ids.iter().cycle().take_while(|_| goes_on()) {
                open.index(id, 1);
            }
        });
        while goes_on() {
            open.copy.refresh().unwrap();
            refreshes.fetch_add(1, Ordering::Relaxed);
            views.push(open.visible());
        }
    });
    assert!(views.iter().all(|view| *view == ids));
}
