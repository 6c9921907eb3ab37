//! Many small worlds; and worlds with a broken rule, which the checkers must see.

use sim::rules::Rules;
use sim::world::{run, trace};

const SEEDS: u64 = 300;
/// Within so many seeds every broken rule must be seen.
const ENOUGH: u64 = 2000;

#[test]
fn the_rules_hold_whatever_happens() {
    for seed in 0..SEEDS {
        if let Err(violation) = run(seed, Rules::AsTheyAre) {
            let last = violation.trace.len().saturating_sub(25);
            panic!("seed {seed}: {}\n{}", violation.broken, violation.trace[last..].join("\n"));
        }
    }
}

#[test]
fn a_broken_rule_is_seen() {
    for rules in Rules::BROKEN {
        let seen = (0..ENOUGH).find_map(|seed| run(seed, rules).err().map(|violation| (seed, violation)));
        let (seed, violation) = seen.unwrap_or_else(|| panic!("{rules:?} is not seen"));
        println!("{rules:?}, seed {seed}: {}", violation.broken);
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    for seed in 0..10 {
        assert_eq!(trace(seed, Rules::AsTheyAre), trace(seed, Rules::AsTheyAre));
    }
}
