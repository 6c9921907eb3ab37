//! Tests: copies that are given each other's operations.

use std::path::Path;
use std::sync::Arc;

use wal::Syncer;

use super::interleavings::{Map, Open, number, open_unreplayed, prepare};
use super::operation::{Change, Logged, Operation};
use super::snapshot::{self, HeldFile};

/// Decides a write on a copy that stages; what went to its log.
fn write(open: &Open, id: &str, n: Option<u64>) -> Logged {
    let mut batch = open.begin_write(id, n);
    assert_eq!(batch.logged.len(), 1);
    batch.logged.remove(0)
}

/// Has a copy carry out what another decided.
fn follow(open: &Open, entries: &[Logged]) {
    open.copy.append_logged(entries).unwrap();
    stage(open, entries);
    open.copy.apply_below(entries.last().unwrap().seq_no + 1, 0).unwrap();
}

fn stage(open: &Open, entries: &[Logged]) {
    let mapped = |operation: &Operation| match &operation.change {
        Change::Index { source, .. } => Ok(prepare(&open.preparer, &operation.id, source)),
        Change::Delete | Change::NoOp => panic!("only documents are mapped"),
    };
    open.copy.stage_logged(entries, 2, &mapped).unwrap();
}

fn map(of: &[(&str, u64)]) -> Map {
    of.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect()
}

fn replicated(directory: &Path, syncer: &Arc<Syncer>) -> Open {
    let open = open_unreplayed(directory, syncer);
    open.copy.stage_writes();
    open
}

#[test]
fn searches_see_what_is_agreed_on_and_gets_see_everything() {
    let (directory, syncer) = (tempfile::tempdir().unwrap(), Syncer::start(1).unwrap());
    let open = replicated(directory.path(), &syncer);
    write(&open, "a", Some(1));
    open.copy.apply_below(1, 0).unwrap();
    write(&open, "a", Some(2));
    write(&open, "b", Some(3));
    open.copy.refresh().unwrap();
    assert_eq!(open.visible(), map(&[("a", 1)]));
    assert_eq!(number(&open.copy.get("a").unwrap().unwrap().source), 2);
    write(&open, "a", None);
    assert_eq!(open.copy.get("a").unwrap(), None);
    open.copy.apply_below(3, 0).unwrap();
    open.copy.refresh().unwrap();
    assert_eq!(open.visible(), map(&[("a", 2), ("b", 3)]));
    open.copy.apply_below(4, 0).unwrap();
    open.copy.refresh().unwrap();
    assert_eq!(open.visible(), map(&[("b", 3)]));
}

#[test]
fn a_commit_holds_nothing_that_is_not_agreed_on_and_the_log_keeps_it() {
    let (directory, syncer) = (tempfile::tempdir().unwrap(), Syncer::start(1).unwrap());
    let open = replicated(directory.path(), &syncer);
    let entries = [write(&open, "a", Some(1)), write(&open, "b", Some(2)), write(&open, "a", Some(3))];
    open.copy.apply_below(1, 0).unwrap();
    open.copy.flush(true).unwrap();
    open.close();
    let again = open_unreplayed(directory.path(), &syncer);
    again.copy.refresh().unwrap();
    assert_eq!(again.visible(), map(&[("a", 1)]));
    assert_eq!(again.copy.read_tail().unwrap(), (1, entries[1..].to_vec()));
}

#[test]
fn copies_that_follow_hold_the_same() {
    let (one, other, syncer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Syncer::start(1).unwrap());
    let (primary, replica) = (replicated(one.path(), &syncer), replicated(other.path(), &syncer));
    for (id, n) in [("a", Some(1)), ("b", Some(2)), ("a", Some(3)), ("b", None), ("c", Some(4))] {
        let entry = write(&primary, id, n);
        follow(&replica, std::slice::from_ref(&entry));
        primary.copy.apply_below(entry.seq_no + 1, 0).unwrap();
    }
    follow(&replica, &[Logged::no_op(5, 2)]);
    for open in [&primary, &replica] {
        open.copy.refresh().unwrap();
        assert_eq!(open.visible(), map(&[("a", 3), ("c", 4)]));
    }
    assert_eq!(replica.copy.log_end(), 6);
}

#[test]
fn the_end_of_a_log_is_replaced_whole_or_not_at_all() {
    let (one, other, syncer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Syncer::start(1).unwrap());
    let (primary, replica) = (replicated(one.path(), &syncer), replicated(other.path(), &syncer));
    let told: Vec<Logged> = (0..4).map(|n| write(&primary, "a", Some(n))).collect();
    let own: Vec<Logged> = (0..6).map(|n| write(&replica, "b", Some(n))).collect();
    replica.copy.rewrite_log(2, &told[2..]).unwrap();
    let expected = [&own[..2], &told[2..]].concat();
    assert_eq!(replica.copy.read_log(0, u64::MAX, u64::MAX).unwrap(), Some(expected.clone()));
    assert_eq!(replica.copy.read_log(0, u64::MAX, 0).unwrap(), Some(expected[..1].to_vec()), "one at least");
    // A crash after the file was written, and one before it was whole.
    replica.close();
    std::fs::write(other.path().join("log.rewrite"), b"not whole").unwrap();
    let again = open_unreplayed(other.path(), &syncer);
    assert_eq!(again.copy.read_tail().unwrap(), (0, expected));
    again.copy.rewrite_log(0, &[]).unwrap();
    assert_eq!(again.copy.log_end(), 0);
}

#[test]
fn files_take_the_place_of_a_copy() {
    let (one, other, syncer) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), Syncer::start(1).unwrap());
    let target = other.path().join("0");
    let (primary, stale) = (replicated(one.path(), &syncer), replicated(&target, &syncer));
    write(&stale, "x", Some(9));
    let entries: Vec<Logged> = (0..3).map(|n| write(&primary, "a", Some(n))).collect();
    primary.copy.apply_below(2, 0).unwrap();
    let held = primary.copy.snapshot("s1").unwrap();
    assert_eq!(held.next_seq, 2);
    // What the primary does meanwhile takes nothing away.
    primary.copy.apply_below(3, 0).unwrap();
    primary.copy.flush(true).unwrap();
    snapshot::clear_incoming(&target).unwrap();
    let mut changed = Vec::new();
    for HeldFile { name, length, crc32 } in &held.files {
        let path = snapshot::incoming(&target, name).unwrap();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        assert_eq!(std::fs::copy(held.path(name), &path).unwrap(), *length);
        assert_eq!(crc32.is_some(), name.split('/').count() == 3, "{name}: parts of segments have checksums");
        let whole = std::fs::read(&path).unwrap();
        let mut other = whole.clone();
        if let (Some(last), true) = (other.last_mut(), crc32.is_some()) {
            *last ^= 1;
            changed.push((name.clone(), path, whole, other));
        }
    }
    // Whichever of them comes to harm is told by its checksum.
    for (name, path, whole, other) in changed {
        std::fs::write(&path, other).unwrap();
        assert_eq!(snapshot::damaged(&target, 3).unwrap(), [name]);
        std::fs::write(&path, whole).unwrap();
    }
    assert!(snapshot::damaged(&target, 3).unwrap().is_empty());
    assert_eq!(snapshot::incoming(&target, "segments/../../x"), None);
    stale.close();
    snapshot::install(&target).unwrap();
    let fresh = replicated(&target, &syncer);
    assert_eq!((fresh.copy.history(), fresh.copy.log_end()), (primary.copy.history(), 2));
    follow(&fresh, &entries[2..]);
    fresh.copy.refresh().unwrap();
    assert_eq!(fresh.visible(), map(&[("a", 2)]));
    drop(held);
    assert!(!one.path().join("snapshots/s1").exists());
}
