//! `FT.REGEX` over many strings: how long patterns of four fixed characters take, by the edits that they allow.

use std::time::{Duration, Instant};

use super::{Failure, chance, line};
use crate::peer::Peer;

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
/// Searches of each kind.
const ROUNDS: u64 = 200;
const AT_ONCE: u64 = 1_000;

/// Ten to sixteen letters, those of the first half of the alphabet more often.
fn string(n: u64) -> String {
    let letter = |at: u64| {
        let drawn = chance(n.wrapping_mul(131).wrapping_add(at));
        let span = if drawn & 1 == 0 { 26 } else { 13 };
        char::from(LETTERS[((drawn >> 1) % span) as usize])
    };
    (0..10 + chance(n) % 7).map(letter).collect()
}

/// Patterns with four fixed characters of a string that is there, in turns: in a row, apart, at the beginning.
fn pattern(n: u64, count: u64) -> String {
    let string = string(chance(n) % count);
    match n % 3 {
        0 => string[3..7].to_owned(),
        1 => format!("{}.{}", &string[2..4], &string[5..7]),
        _ => format!("^{}[a-z]+{}", &string[..2], &string[6..8]),
    }
}

pub(crate) fn run(peer: &mut Peer, count: u64) -> Result<(), Failure> {
    peer.ask(&line("FT.CREATE strings PREFIX 1 strings: SCHEMA s TAG"))?;
    for first in (0..count).step_by(AT_ONCE as usize) {
        let batch = first..(first + AT_ONCE).min(count);
        for n in batch.clone() {
            peer.send(&line(&format!("HSET strings:{n} s {}", string(n))))?;
        }
        for _ in batch {
            peer.answer()?;
        }
    }
    println!("{count} strings\n{:<8} {:>8} {:>8} {:>8}   milliseconds", "edits", "p50", "p99", "most");
    for edits in 0..3 {
        let mut took: Vec<Duration> = Vec::new();
        for n in 0..ROUNDS {
            let mut words = line("FT.REGEX strings s");
            words.push(pattern(n, count).into_bytes());
            words.extend(line(&format!("K {edits} LIMIT 0 10 NOCONTENT")));
            let begun = Instant::now();
            peer.ask(&words)?;
            took.push(begun.elapsed());
        }
        took.sort_unstable();
        let millis = |at: usize| took[at.min(took.len() - 1)].as_secs_f64() * 1e3;
        let (half, most) = (took.len() / 2, took.len() - 1);
        println!("{edits:<8} {:>8.1} {:>8.1} {:>8.1}", millis(half), millis(took.len() * 99 / 100), millis(most));
    }
    peer.ask(&line("FT.DROPINDEX strings DD"))?;
    Ok(())
}
