//! Tests: one copy, every order in which its steps can interleave, against a map.
//!
//! Batches that are being built, merges and sealings are taken apart into their beginning, their writing and their end; other steps come in
//! between, as they do with threads, but the same ones at every run. Background jobs wait in a queue until a step runs one.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use analysis::Registry;
use model::mapping::Mapping;
use model::write::{Condition, Outcome};
use parking_lot::Mutex;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use tempfile::TempDir;
use wal::{Durability, Syncer};

use super::held::{Body, Held, SegmentKey};
use super::merge::{Hurry, Merging};
use super::writer::Taken;
use super::{Change, CopyOptions, ShardChange, ShardCopy, ShardWrite, Work};
use crate::caches::Caches;
use crate::fields::meta;
use crate::layout;
use crate::prepare::{Prepared, Preparer, Settings};
use crate::prepared::PreparedDocument;

type Job = Box<dyn FnOnce() + Send>;
type Jobs = Arc<Mutex<VecDeque<Job>>>;
/// What an id holds: a number, in a document of one field.
pub(super) type Map = BTreeMap<String, u64>;

const IDS: u8 = 12;

/// A copy whose background jobs run when the test says so.
pub(super) struct Open {
    pub(super) copy: Arc<ShardCopy>,
    pub(super) preparer: Preparer,
    jobs: Jobs,
}

pub(super) fn open_unreplayed(directory: &Path, syncer: &Arc<Syncer>) -> Open {
    let mapping = Arc::new(Mapping::parse(&serde_json::json!({"properties": {"n": {"type": "long"}}})).unwrap());
    let registry = Registry::builtin();
    let jobs = Jobs::default();
    let queue = jobs.clone();
    let options = CopyOptions {
        directory: directory.to_owned(),
        durability: Durability::Async { interval: Duration::from_secs(3600) },
        disk: Arc::new(wal::RealDisk),
        syncer: syncer.clone(),
        spawn: Arc::new(move |_: Work, job| queue.lock().push_back(job)),
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
    Open { copy, preparer, jobs }
}

fn open(directory: &Path, syncer: &Arc<Syncer>) -> Open {
    let open = open_unreplayed(directory, syncer);
    let prepare = |operation: &super::Operation| match &operation.change {
        Change::Index { source, .. } => Ok(prepare(&open.preparer, &operation.id, source)),
        Change::Delete | Change::NoOp => panic!("only documents are mapped"),
    };
    open.copy.replay(0, 2, &prepare).unwrap();
    open
}

pub(super) fn prepare(preparer: &Preparer, id: &Arc<str>, source: &Arc<[u8]>) -> Arc<PreparedDocument> {
    match preparer.prepare(id, None, source).unwrap() {
        Prepared::Ready(document) => Arc::new(document),
        Prepared::NewFields(_) => panic!("every field is mapped"),
    }
}

pub(super) fn source(n: u64) -> Arc<[u8]> {
    format!(r#"{{"n":{n}}}"#).into_bytes().into()
}

pub(super) fn number(source: &[u8]) -> u64 {
    serde_json::from_slice::<serde_json::Value>(source).unwrap()["n"].as_u64().unwrap()
}

impl Open {
    fn write(&self, id: &str, n: Option<u64>) -> Outcome {
        let mut batch = self.begin_write(id, n);
        self.copy.wait_safe(batch.position.unwrap()).unwrap();
        batch.outcomes.remove(0).unwrap().outcome
    }

    pub(super) fn begin_write(&self, id: &str, n: Option<u64>) -> super::WriteBatch {
        let id: Arc<str> = id.into();
        let change = match n {
            Some(n) => ShardChange::Index { document: prepare(&self.preparer, &id, &source(n)), create: false },
            None => ShardChange::Delete,
        };
        let write = ShardWrite { id, change, condition: Condition::default(), generated_id: false };
        self.copy.write(&[write], 0).unwrap()
    }

    /// As a process that ends does.
    pub(super) fn close(&self) {
        self.copy.retire();
    }

    /// What searches see. A document that is there twice is an error.
    pub(super) fn visible(&self) -> Map {
        let mut all = Map::new();
        for view in self.copy.reader().segments.iter() {
            let ids = view.segment.strings(meta::ID).unwrap().unwrap();
            for doc in (0..view.segment.doc_count()).filter(|doc| view.is_alive(*doc)) {
                let mut id = Vec::new();
                ids.value(ids.first(doc).unwrap(), &mut id).unwrap();
                let id = String::from_utf8(id).unwrap();
                let before = all.insert(id.clone(), number(&view.segment.source(doc).unwrap()));
                assert_eq!(before, None, "{id} is seen twice");
            }
        }
        all
    }

    fn run_job(&self) {
        let job = self.jobs.lock().pop_front();
        job.into_iter().for_each(|job| job());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Index(u8),
    Delete(u8),
    Refresh,
    /// The batch is taken; then built; then published, still not shown.
    BeginBuild,
    Build,
    EndBuild,
    /// A merge of those free segments of one kind that the bits choose; its writing; its end.
    BeginMerge(bool, u16),
    WriteMerge(usize),
    EndMerge(usize),
    Flush,
    RunJob,
    Crash,
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..IDS).prop_map(Step::Index),
        4 => (0..IDS).prop_map(Step::Delete),
        4 => Just(Step::Refresh),
        3 => Just(Step::BeginBuild),
        3 => Just(Step::Build),
        3 => Just(Step::EndBuild),
        5 => (any::<bool>(), any::<u16>()).prop_map(|(memory, bits)| Step::BeginMerge(memory, bits)),
        5 => any::<usize>().prop_map(Step::WriteMerge),
        5 => any::<usize>().prop_map(Step::EndMerge),
        1 => Just(Step::Flush),
        2 => Just(Step::RunJob),
        1 => Just(Step::Crash),
    ]
}

/// A batch on its way, and its segment once it is built.
type Building = (Taken, Option<Option<Body>>);
/// A merge on its way, and its output once it is written.
type Merge = (Merging, Option<Option<Body>>);

struct World {
    directory: TempDir,
    syncer: Arc<Syncer>,
    open: Open,
    building: Option<Building>,
    merges: Vec<Merge>,
    /// What there is, and what the last refresh showed.
    now: Map,
    shown: Map,
    next: u64,
}

impl World {
    fn new() -> Self {
        let (directory, syncer) = (tempfile::tempdir().unwrap(), Syncer::start(1).unwrap());
        let open = open(directory.path(), &syncer);
        let (now, shown) = Default::default();
        Self { directory, syncer, open, building: None, merges: Vec::new(), now, shown, next: 0 }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Index(id) => self.index(&id.to_string()),
            Step::Delete(id) => {
                let id = id.to_string();
                let known = self.now.remove(&id).is_some();
                assert_eq!(self.open.write(&id, None), if known { Outcome::Deleted } else { Outcome::NotFound });
            }
            Step::Refresh => {
                self.finish_build();
                self.open.copy.refresh().unwrap();
                self.shown = self.now.clone();
            }
            Step::BeginBuild => {
                self.finish_build();
                self.building = self.open.copy.take_batch().map(|taken| (taken, None));
            }
            Step::Build => self.build(),
            Step::EndBuild => self.finish_build(),
            Step::BeginMerge(memory, bits) => self.begin_merge(*memory, *bits),
            Step::WriteMerge(at) => self.write_merge(*at),
            Step::EndMerge(at) => self.end_merge(*at),
            Step::Flush => {
                self.finish_build();
                self.finish_sealings();
                self.open.copy.flush(true).unwrap();
            }
            Step::RunJob => {
                self.finish_build();
                self.finish_sealings();
                self.open.run_job();
            }
            Step::Crash => self.crash(),
        }
    }

    fn index(&mut self, id: &str) {
        self.next += 1;
        let expected = if self.now.contains_key(id) { Outcome::Updated } else { Outcome::Created };
        assert_eq!(self.open.write(id, Some(self.next)), expected);
        self.now.insert(id.to_owned(), self.next);
    }

    fn build(&mut self) {
        if let Some((taken, body @ None)) = &mut self.building {
            *body = Some(self.open.copy.build(taken).unwrap());
        }
    }

    /// Who builds another batch waits for this one.
    fn finish_build(&mut self) {
        self.build();
        if let Some((taken, Some(body))) = self.building.take() {
            self.open.copy.publish(taken, body);
            self.open.copy.tidy_memory().unwrap();
            self.open.copy.merge_in_background();
        }
    }

    fn begin_merge(&mut self, memory: bool, bits: u16) {
        let choose = |held: &[Held]| {
            let free = held.iter().filter(|held| held.body.is_memory() == memory && !held.busy).enumerate();
            let chosen: Vec<SegmentKey> =
                free.filter(|(at, _)| bits >> (at % 16) & 1 == 1).map(|(_, held)| held.key).collect();
            (!chosen.is_empty()).then_some(chosen)
        };
        let inputs = self.open.copy.begin(choose);
        self.merges.extend(inputs.map(|inputs| (self.open.copy.start_merge(inputs), None)));
    }

    fn write_merge(&mut self, at: usize) {
        let count = self.merges.len().max(1);
        if let Some((merging, body @ None)) = self.merges.get_mut(at % count) {
            *body = Some(self.open.copy.write_merged(merging, Hurry::No).unwrap());
        }
    }

    fn end_merge(&mut self, at: usize) {
        if !self.merges.is_empty() {
            let at = at % self.merges.len();
            self.write_merge(at);
            let (merging, body) = self.merges.remove(at);
            self.open.copy.end_merge(merging, Ok(body.unwrap())).unwrap();
        }
    }

    /// A flush waits for sealings that run.
    fn finish_sealings(&mut self) {
        let is_sealing = |(merging, _): &Merge| merging.inputs.0.iter().any(|(_, body, _)| body.is_memory());
        while let Some(at) = self.merges.iter().position(is_sealing) {
            self.end_merge(at);
        }
    }

    /// All that was on its way is lost, but for what was acknowledged.
    fn crash(&mut self) {
        self.building = None;
        self.merges.clear();
        self.open.jobs.lock().clear();
        self.open = open(self.directory.path(), &self.syncer);
        self.shown = self.now.clone();
    }

    fn check(&self, step: &Step) {
        assert_eq!(self.open.visible(), self.shown, "searches see what the last refresh showed, after {step:?}");
        for id in (0..IDS).map(|id| id.to_string()) {
            let found = self.open.copy.get(&id).unwrap().map(|found| number(&found.source));
            assert_eq!(found, self.now.get(&id).copied(), "a get of {id} sees what was written, after {step:?}");
        }
    }
}

fn run(steps: &[Step]) {
    let mut world = World::new();
    for step in steps {
        world.step(step);
        world.check(step);
    }
    for last in [Step::Refresh, Step::Crash] {
        world.step(&last);
        world.check(&last);
    }
}

proptest! {
    // The same schedules at every run; PROPTEST_RNG_SEED and PROPTEST_CASES in the environment do not change them.
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: RngSeed::Fixed(20_261_121), ..ProptestConfig::default() })]
    #[test]
    fn searches_see_exactly_what_the_last_refresh_showed(steps in proptest::collection::vec(any_step(), 1..70)) {
        run(&steps);
    }
}

/// Two sealed segments, of which one document is replaced.
fn two_segments() -> World {
    let mut world = World::new();
    for ids in ["ab", "bc"] {
        ids.chars().for_each(|id| world.index(&id.to_string()));
        world.step(&Step::Flush);
    }
    world.step(&Step::Refresh);
    world
}

#[test]
fn a_sweep_leaves_the_folder_of_a_merge_alone() {
    let mut world = two_segments();
    world.step(&Step::BeginMerge(false, u16::MAX));
    world.step(&Step::WriteMerge(0));
    let name = world.merges[0].0.name.clone();
    world.index("c");
    world.step(&Step::Flush); // sweeps
    assert!(world.open.copy.segment_path(&name).is_dir(), "the merge's folder was swept");
    world.step(&Step::EndMerge(0));
    world.step(&Step::Refresh);
    world.check(&Step::Refresh);
    world.step(&Step::Flush);
    world.step(&Step::Crash);
    world.check(&Step::Crash);
    assert!(world.open.copy.segment_path(&name).is_dir());
}

#[test]
fn what_a_crash_leaves_of_a_merge_is_swept() {
    let mut world = two_segments();
    world.step(&Step::BeginMerge(false, u16::MAX));
    world.step(&Step::WriteMerge(0));
    let path = world.open.copy.segment_path(&world.merges[0].0.name);
    world.step(&Step::Crash);
    world.check(&Step::Crash);
    assert!(!path.exists());
}

#[test]
fn a_flush_waits_for_no_job_that_waits_itself() {
    let world = World::new();
    // Blocks enough that a sealing waits in the queue, of which nothing is run.
    for batch in 0..6 {
        for n in 0..800 {
            world.open.write(&format!("{batch}-{n}"), Some(n));
        }
        world.open.copy.refresh().unwrap();
    }
    assert!(!world.open.jobs.lock().is_empty(), "a sealing waits");
    let (done, flushed) = mpsc::channel();
    let copy = world.open.copy.clone();
    std::thread::spawn(move || done.send(copy.flush(false).is_ok()));
    assert_eq!(flushed.recv_timeout(Duration::from_secs(60)), Ok(true), "the flush waits for the queue behind it");
    // What the flush has sealed is none of the job's business any more.
    world.open.run_job();
    assert_eq!(world.open.visible().len(), 4800);
}

#[test]
fn writers_wait_when_merges_fall_far_behind_and_go_on_when_they_have_caught_up() {
    let mut world = World::new();
    for n in 0..82 {
        for step in [Step::Index(n), Step::Refresh, Step::BeginMerge(true, u16::MAX), Step::EndMerge(0)] {
            world.step(&step);
        }
    }
    let throttled = || world.open.copy.stats().throttled_ms;
    let before = throttled();
    assert!(before > 0, "nobody runs the merges, so writers have waited");
    while !world.open.jobs.lock().is_empty() {
        world.open.run_job();
    }
    let waited = throttled();
    assert!(world.open.copy.stats().segments.len() < 80);
    world.open.write("one more", Some(1));
    assert_eq!((throttled(), world.open.copy.is_throttled()), (waited, false));
}
