//! Damages logs at random and replays them: `fuzz_replay [--seconds N] [--seed S]`.
//!
//! Whatever the bytes: no panic, no entry that was never written, no order but the written one. A violation ends the process.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wal::faulty::FaultyDisk;
use wal::{Log, Options, Syncer, parse_frames};

#[path = "../../rest/examples/fuzz/random.rs"]
mod random;

use random::{Random, arguments};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (seconds, seed) = arguments();
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let syncer = Syncer::start(1)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut rounds, mut opened) = (0u64, 0u64);
    while Instant::now() < end {
        rounds += 1;
        opened += u64::from(round(&mut random, &syncer)?);
    }
    println!("{rounds} damaged logs, {opened} of them opened");
    Ok(())
}

/// One log: written, damaged, opened, read. True: it opened.
fn round(random: &mut Random, syncer: &Arc<Syncer>) -> Result<bool, Box<dyn std::error::Error>> {
    let disk = Arc::new(FaultyDisk::default());
    let directory = Path::new("/log");
    let options = Options { segment_size: 256, preallocation: 64, ..Options::default() };
    let (log, _) = Log::open(disk.clone(), directory, options.clone(), syncer)?;
    let entries: Vec<Vec<u8>> = (0..random.below(24)).map(|_| payload(random)).collect();
    for (seq, entry) in entries.iter().enumerate() {
        let position = log.append(seq as u64, entry)?;
        if random.below(3) == 0 {
            log.wait(position)?;
        }
    }
    log.sync()?;
    drop(log);
    for path in disk.paths() {
        if let Some(bytes) = disk.read(&path) {
            let damaged = damage(random, bytes);
            let _ = parse_frames(random.next(), 0, &damaged);
            disk.overwrite(&path, damaged);
        }
    }
    let Ok((log, _)) = Log::open(disk, directory, options, syncer) else { return Ok(false) };
    let mut last = None;
    for entry in log.read_from(log.stats().first_seq)? {
        let Ok(entry) = entry else { break };
        let written = entries.get(entry.seq as usize);
        assert_eq!(Some(&entry.payload), written, "entry {} was never written so", entry.seq);
        assert!(last < Some(entry.seq), "entry {} came after {last:?}", entry.seq);
        last = Some(entry.seq);
    }
    Ok(true)
}

fn payload(random: &mut Random) -> Vec<u8> {
    (0..random.below(90)).map(|_| random.next() as u8).collect()
}

/// A file with a few bits flipped, a stretch zeroed, doubled or cut off, or as it was.
fn damage(random: &mut Random, mut bytes: Vec<u8>) -> Vec<u8> {
    for _ in 0..random.below(4) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes.truncate(at),
            2 => bytes[at..].iter_mut().take(17).for_each(|byte| *byte = 0),
            _ => {
                let stretch: Vec<u8> = bytes[at..].iter().copied().take(40).collect();
                bytes.splice(at..at, stretch);
            }
        }
    }
    bytes
}
