//! Torn tails and changed bytes: a crash's leftovers are cut off, everything else is an error that names the place, and no wrong
//! entry is ever given.

use std::path::PathBuf;
use std::sync::Arc;

use crate::support::{DIRECTORY, append_safely, open, payload, read_all, small};
use wal::faulty::FaultyDisk;
use wal::{Damage, Error, HEADER_LENGTH, Options, Syncer, Torn};

const SEGMENT_HEADER: usize = 32;

/// Entries 0..count, each synced before the next; the files' bytes, the last one last.
fn written(syncer: &Arc<Syncer>, count: u64, options: Options) -> Vec<(PathBuf, Vec<u8>)> {
    let disk = FaultyDisk::default();
    let (log, _) = open(&disk, options, syncer).unwrap();
    (0..count).for_each(|seq| append_safely(&log, seq).unwrap());
    disk.paths().into_iter().map(|path| (path.clone(), disk.read(&path).unwrap())).collect()
}

fn disk_of(files: &[(PathBuf, Vec<u8>)]) -> FaultyDisk {
    let disk = FaultyDisk::default();
    for (path, bytes) in files {
        wal::Disk::create(&disk, path).unwrap();
        disk.overwrite(path, bytes.clone());
    }
    disk
}

fn entries(count: u64) -> Vec<(u64, Vec<u8>)> {
    (0..count).map(|seq| (seq, payload(seq, 0))).collect()
}

fn frame_length(seq: u64) -> usize {
    HEADER_LENGTH + payload(seq, 0).len()
}

/// Where the last entry and the zeros after it begin, in a log of one segment.
fn last_frame(count: u64) -> (usize, usize) {
    let start = SEGMENT_HEADER + (0..count - 1).map(frame_length).sum::<usize>();
    (start, start + frame_length(count - 1))
}

fn one_segment() -> Options {
    Options { segment_size: 1 << 20, ..small() }
}

#[test]
fn a_tail_torn_at_any_byte_loses_the_last_entry_alone() {
    let syncer = Syncer::start(1).unwrap();
    let files = written(&syncer, 5, one_segment());
    let (path, whole) = &files[0];
    let (start, end) = last_frame(5);
    for at in start..end {
        let cut = whole[..at].to_vec();
        let mut zeroed = whole.clone();
        zeroed[at..end].fill(0);
        for bytes in [cut, zeroed] {
            let left = bytes[start..].iter().rposition(|b| *b != 0).map_or(0, |last| last as u64 + 1);
            let disk = disk_of(&[(path.clone(), bytes)]);
            let (log, recovery) = open(&disk, one_segment(), &syncer).unwrap();
            let torn = (left > 0).then(|| Torn { path: path.clone(), offset: start as u64, dropped_bytes: left });
            assert_eq!(recovery.torn, torn, "at {at}");
            assert_eq!(read_all(&log), entries(4), "at {at}");
            // The place of the torn entry is written again.
            append_safely(&log, 4).unwrap();
            drop(log);
            let (log, recovery) = open(&disk, one_segment(), &syncer).unwrap();
            assert_eq!((recovery.torn, read_all(&log)), (None, entries(5)), "at {at}");
        }
    }
}

#[test]
fn a_changed_bit_anywhere_never_gives_a_wrong_entry() {
    let syncer = Syncer::start(1).unwrap();
    let files = written(&syncer, 12, small());
    assert!(files.len() > 2, "the log should have closed segments");
    let last = files.len() - 1;
    for (number, at, bit) in positions(&files) {
        let mut damaged = files.clone();
        damaged[number].1[at] ^= 1 << bit;
        let context = format!("{} at {at}, bit {bit}", files[number].0.display());
        match open(&disk_of(&damaged), small(), &syncer) {
            Ok((log, recovery)) => {
                assert!(number == last && recovery.torn.is_some(), "{context}: not noticed");
                let found = read_all(&log);
                assert!(found.len() >= 11 && entries(12).starts_with(&found), "{context}: {found:?}");
            }
            Err(Error::Corrupt { path, offset, .. }) => {
                assert!(path == files[number].0 && offset <= at as u64, "{context}: {}:{offset}", path.display());
            }
            Err(other) => panic!("{context}: {other}"),
        }
    }
}

fn positions(files: &[(PathBuf, Vec<u8>)]) -> impl Iterator<Item = (usize, usize, u32)> {
    let bytes = files.iter().enumerate().flat_map(|(number, (_, bytes))| (0..bytes.len()).map(move |at| (number, at)));
    bytes.flat_map(|(number, at)| [0, 3, 7].map(|bit| (number, at, bit)))
}

#[test]
fn damage_before_a_synced_entry_is_an_error_and_not_cut_off() {
    let syncer = Syncer::start(1).unwrap();
    let files = written(&syncer, 5, one_segment());
    let (last, _) = last_frame(5);
    for at in SEGMENT_HEADER..last {
        let mut damaged = files.clone();
        damaged[0].1[at] ^= 0x10;
        let disk = disk_of(&damaged);
        let error = open(&disk, one_segment(), &syncer).map(drop).unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. }), "at {at}: {error}");
        assert_eq!(disk.read(&damaged[0].0).as_ref(), Some(&damaged[0].1), "at {at}: the file was changed");
    }
}

#[test]
fn below_the_checkpoint_nothing_is_cut_off() {
    let syncer = Syncer::start(1).unwrap();
    let mut files = written(&syncer, 5, one_segment());
    let (start, end) = last_frame(5);
    let checkpoint = |seq| Options { checkpoint: Some(seq), ..one_segment() };
    files[0].1[end - 1] ^= 1;
    let error = open(&disk_of(&files), checkpoint(4), &syncer).map(drop).unwrap_err();
    let place =
        format!("/log/00000000000000000000.log is damaged at byte {start}: the entry does not match its checksum");
    assert_eq!(error.to_string(), place);
    assert!(open(&disk_of(&files), checkpoint(3), &syncer).is_ok());

    files[0].1[start..].fill(0);
    let error = open(&disk_of(&files), checkpoint(4), &syncer).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the log in /log ends before sequence number 4, but 4 was synced");

    let error = open(&disk_of(&[]), checkpoint(4), &syncer).map(drop).unwrap_err();
    assert_eq!(error.to_string(), "the log in /log ends before sequence number 0, but 4 was synced");
}

#[test]
fn a_segment_that_is_missing_cut_or_foreign_is_an_error() {
    let syncer = Syncer::start(1).unwrap();
    let files = written(&syncer, 12, small());
    let damage = |files: &[(PathBuf, Vec<u8>)]| match open(&disk_of(files), small(), &syncer) {
        Err(Error::Corrupt { path, damage, .. }) => (path, damage),
        other => panic!("{:?}", other.map(|(_, recovery)| recovery)),
    };
    let mut missing = files.clone();
    missing.remove(1);
    assert_eq!(damage(&missing), (files[2].0.clone(), Damage::Gap));

    let mut cut = files.clone();
    let whole = cut[0].1.len();
    cut[0].1.truncate(whole - 1);
    assert_eq!(damage(&cut), (files[0].0.clone(), Damage::Payload));

    let mut foreign = files.clone();
    foreign[1] = written(&syncer, 12, small())[1].clone();
    assert_eq!(damage(&foreign), (files[1].0.clone(), Damage::OtherLog));

    let mut text = files.clone();
    text[1].1 = b"not a segment".to_vec();
    assert_eq!(damage(&text), (files[1].0.clone(), Damage::NotASegment));
}

#[test]
fn leftovers_of_a_segment_being_made_are_removed_and_other_files_left_alone() {
    let syncer = Syncer::start(1).unwrap();
    let mut files = written(&syncer, 3, one_segment());
    let beside = |name: &str| PathBuf::from(DIRECTORY).join(name);
    files.push((beside("00000000000000000003.log.new"), b"half".to_vec()));
    files.push((beside("notes.txt"), b"mine".to_vec()));
    let disk = disk_of(&files);
    let (log, _) = open(&disk, one_segment(), &syncer).unwrap();
    assert_eq!(read_all(&log), entries(3));
    assert_eq!(disk.paths(), [beside("00000000000000000000.log"), beside("notes.txt")]);
}
