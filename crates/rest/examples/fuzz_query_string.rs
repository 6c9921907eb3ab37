//! Feeds the two query languages with texts made of their own symbols: `fuzz_query_string [--seconds N] [--seed S]`.
//!
//! A panic, or a stack that runs out, is the failure; the text is printed before it happens again with the same seed.

use std::time::{Duration, Instant};

use model::query::full_text::Operator;
use rest::query_string::simple::{self, Flags};
use rest::query_string::{Bare, Settings, classic};

#[path = "fuzz/random.rs"]
mod random;

use random::{Random, arguments};

const PIECES: [&str; 52] = [
    "a",
    "b",
    "foo",
    "field:",
    "a.b\\*:",
    "_exists_:",
    "*",
    "?",
    "*:*",
    "AND",
    "OR",
    "NOT",
    "&&",
    "||",
    "!",
    "+",
    "-",
    "(",
    ")",
    "((",
    "))",
    "\"",
    "\"a b\"",
    "~",
    "~1",
    "~AUTO",
    "~AUTO:1,2",
    "~0.5",
    "^",
    "^2",
    "^0.5",
    "[",
    "]",
    "{",
    "}",
    " TO ",
    "TO",
    ">=",
    "<",
    ">",
    "\\",
    "\\u0041",
    "\\u12",
    "\\ud83d",
    "/",
    "/a.b/",
    " ",
    "\u{3000}",
    "é",
    "😀",
    "|",
    "\t",
];

fn main() {
    let (seconds, seed) = arguments();
    let mut random = Random::new(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let (mut texts, mut read) = (0u64, 0u64);
    while Instant::now() < end {
        for _ in 0..200 {
            let text = text(&mut random);
            let settings = Settings {
                operator: if random.below(2) == 0 { Operator::Or } else { Operator::And },
                allow_leading_wildcard: random.below(8) > 0,
                bare: [Bare::Everything, Bare::OneField, Bare::Fields][random.below(3)],
            };
            texts += 1;
            // What is cloned, compared and dropped has walked every level.
            if let Ok(clause) = classic::parse(&text, settings) {
                assert_eq!(clause.clone(), clause);
                read += 1;
            }
            let flags = if random.below(2) == 0 { Flags::ALL } else { Flags(random.below(1024) as i32) };
            if let Ok(clause) = simple::parse(&text, settings.operator, flags) {
                assert_eq!(clause.clone(), clause);
            }
        }
    }
    println!("{texts} texts, {read} in the classic language, no failure (seed {seed})");
}

fn text(random: &mut Random) -> String {
    let pieces = if random.below(50) == 0 { 3000 } else { 1 + random.below(24) };
    let repeat = if random.below(40) == 0 { 400 } else { 1 };
    let mut text = String::new();
    for _ in 0..pieces {
        text.push_str(PIECES[random.below(PIECES.len())]);
        if random.below(3) == 0 {
            text.push(' ');
        }
    }
    text.repeat(repeat)
}
