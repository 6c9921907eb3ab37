//! Feeds the readers of queries and expressions with mutated input: `fuzz_syntax [--seconds N] [--seed S]`.
//!
//! A panic, a stack that runs out, and a query that reads but cannot be explained are failures.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use resp::ft::expression::{self, Scalar};
use resp::syntax::{self, Options};

#[path = "../../rest/examples/fuzz/random.rs"]
mod random;

use random::{Random, arguments};

const QUERIES: &[&str] = &[
    "(hello world)|(\"big bang\"=>{$slop: 2; $inorder: true}) -@title:(war|peace) ~%near%",
    "@a|b:foo* @n:[(1 +inf] @g:[1.5 2.5 10 km] @t:{a b | c\\-d | w'x?y*'} ismissing(@m)",
    "(@t:{x} *suf %%%fuz%%%)=>[KNN $k @v $b EF_RUNTIME 10 AS d]=>{$yield_distance_as: e}",
    "@v:[VECTOR_RANGE 0.5 $b]=>{$epsilon: 0.1; $yield_distance_as: d} | *in* w'a?*'",
    "@n==5 @n!=$k @n>=-2.5 (*)",
];

const EXPRESSIONS: &[&str] = &[
    "(@a + 3) * -2 ^ @b % 7 >= sqrt(@c) && !(@d == 'x' || exists(@e))",
    "format(\"%s-%s\", upper(substr(@t, 0, -1)), timefmt(@when, \"%Y\")) != to_str(log2(@n))",
    "case(@a < 1, split(@b, ',', ' '), geodistance(@g, '1,2'))",
];

/// Signs that mean something to one of the readers.
const SPICE: &str = "()[]{}|-~%*@:$\"'\\=><;,.! 0aé";

fn main() {
    let (seconds, seed) = arguments();
    let mut random = Random::new(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let parameters = BTreeMap::from([("k".to_owned(), b"3".to_vec()), ("b".to_owned(), vec![0, 0, 128, 63])]);
    let stop_words = BTreeSet::from(["the".to_owned()]);
    let stem = |word: &str| Some(format!("+{word}"));
    let forms = syntax::Forms {
        stem: &stem,
        sounds: &|_, word| Some(word.to_uppercase()),
        synonyms: &|_| Vec::new(),
        exact: true,
    };
    let (mut inputs, mut queries, mut expressions) = (0_u64, 0_u64, 0_u64);
    while Instant::now() < end {
        for _ in 0..100 {
            inputs += 1;
            let text = spoiled(QUERIES, &mut random);
            let dialect = 1 + random.below(4) as u8;
            let options = Options { dialect, parameters: &parameters, stop_words: &stop_words, keep_stop_words: false };
            if let Ok(clause) = syntax::parse(&text, &options) {
                queries += 1;
                let plan = syntax::explain(&clause, &forms, &|_| true);
                assert!(!plan.is_empty(), "{text}");
            }
            let text = spoiled(EXPRESSIONS, &mut random);
            if let Ok(expression) = expression::parse(&text) {
                expressions += 1;
                let value = |name: &str| (name != "e").then(|| Scalar::read(if name == "t" { "text" } else { "7" }));
                let _ = expression::evaluate(&expression, &value);
            }
        }
    }
    println!("{inputs} inputs, {queries} queries and {expressions} expressions taken, no failure (seed {seed})");
}

/// One of the seeds, changed in places; now and then repeated until it is deep.
fn spoiled(seeds: &[&str], random: &mut Random) -> String {
    let mut text: Vec<char> = seeds[random.below(seeds.len())].chars().collect();
    let spice: Vec<char> = SPICE.chars().collect();
    for _ in 0..random.below(6) {
        if text.is_empty() {
            break;
        }
        let at = random.below(text.len());
        match random.below(5) {
            0 => text[at] = spice[random.below(spice.len())],
            1 => text.insert(at, spice[random.below(spice.len())]),
            2 => drop(text.remove(at)),
            3 => text.truncate(at),
            _ => {
                let copy = text[at..(at + 20).min(text.len())].to_vec();
                text.splice(at..at, copy);
            }
        }
    }
    if random.below(50) == 0 {
        let sign = ['(', '-', '~', '"'][random.below(4)];
        return std::iter::repeat_n(sign, 5_000).chain(text).collect();
    }
    text.into_iter().collect()
}
