//! Histories by seed: none is wrong, and every rule taken away is found out.

use super::World;
use crate::rules::Defect;

const STEPS: usize = 1_500;

/// With four of them there may be two in-sync copies, one that is gone, and one that recovers.
fn nodes(seed: u64) -> usize {
    3 + usize::from(seed.is_multiple_of(2))
}

#[test]
fn nothing_acknowledged_is_lost_and_the_shard_becomes_whole() {
    let mut acknowledged = 0;
    // `SEEDS=100000 cargo test -p replication --release` looks further.
    let seeds = std::env::var("SEEDS").map_or(300, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let mut world = World::new(nodes(seed), seed, None);
        if let Err(violation) = world.run(STEPS) {
            panic!("seed {seed}, at {}: {violation}", world.now);
        }
        acknowledged += world.acknowledged.len();
    }
    assert!(
        acknowledged > 10 * seeds as usize,
        "only {acknowledged} writes were acknowledged: the world does not test much"
    );
}

fn is_found(defect: Defect) {
    let found = (0..2_000).find(|seed| World::new(nodes(*seed), *seed, Some(defect)).run(STEPS).is_err());
    assert!(found.is_some(), "nobody notices {defect:?}");
}

macro_rules! found {
    ($($name:ident => $defect:ident),* $(,)?) => {
        $(#[test] fn $name() { is_found(Defect::$defect); })*
    };
}

found! {
    rule_1_lower_terms_are_refused => AnyTerm,
    rule_4_the_master_decides_who_leaves => AcknowledgeFirst,
    rule_4_only_what_is_synced_counts => CountUnsynced,
    rule_5_the_primary_counts_a_copy_first => MasterAddsFirst,
    rule_6_only_what_is_agreed_is_applied => ApplyAtOnce,
    rule_7_a_promoted_copy_sends_again => NoResend,
    rule_7_another_history_is_dropped => KeepBeyond,
    rule_8_a_tail_is_kept => ForgetTail,
    rule_8_a_tail_has_no_credit => KeepCredit,
    rule_10_recovery_begins_where_the_copy_is => SkipHistory,
    rule_10_a_copy_is_refreshed_before_it_is_searched => StartHidden,
    rule_10_a_refresh_is_for_all_that_count => ShowCounted,
}
