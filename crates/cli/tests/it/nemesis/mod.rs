//! Three nodes that are killed, frozen, restarted and wiped in every state of the cluster, while clients write, delete, compare-and-set and
//! search; afterwards nothing that was acknowledged may be missing, nothing that was deleted may be back, and all must be green.
//!
//! In: how many rounds, and where the random sequence starts (`SHOAL_NEMESIS_ROUNDS`, `SHOAL_NEMESIS_SEED`: `cargo xtask nemesis`). Out: a panic
//! with what is wrong, or a line of figures. The faults: [`faults`]; the clients: [`load`]; what must hold: [`checks`].

mod checks;
mod door;
mod faults;
mod load;

use std::time::Instant;

use serde_json::json;

use crate::nodes::Peers;
use faults::{Fault, Field};
use load::Load;

const INDEX: &str = "nemesis";

/// Lives through some faults. `strict`: warnings that no fault explains are failures, too, and searches
/// that fail while a copy is left.
fn run(faults: impl IntoIterator<Item = Fault>, seed: u64, strict: bool) {
    let begun = Instant::now();
    let mut field = Field::new(Peers::start(), seed);
    let door = field.door(0);
    let settings = json!({"settings": {"number_of_shards": 2, "number_of_replicas": 1,
        "index.unassigned.node_left.delayed_timeout": "3s"}});
    door.ok("PUT", "/nemesis", &settings.to_string());
    field.green();
    let load = Load::start(&field, !strict);
    let mut rounds = 0;
    for fault in faults {
        load.progress(20);
        println!("{:6} ms: {fault:?}", begun.elapsed().as_millis());
        field.inflict(fault, &load);
        load.told();
        rounds += 1;
    }
    load.progress(20);
    let record = load.stop();
    field.green();
    checks::all(&field, &record);
    let complaints = field.complaints(strict);
    assert!(complaints.is_empty(), "unexpected in the logs:\n{}", complaints.join("\n"));
    println!("nemesis: {rounds} rounds, seed {seed}, {} s: {}", begun.elapsed().as_secs(), record.figures());
}

#[test]
fn what_is_acknowledged_outlives_kills_amid_moves_and_freezes() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let Some(rounds) = number("SHOAL_NEMESIS_ROUNDS") else {
        return run([Fault::KillAmidMove, Fault::Freeze], 1, false);
    };
    let seed = number("SHOAL_NEMESIS_SEED").unwrap_or(1);
    let faults = (0..rounds).map(|round| Fault::ALL[((seed + round) % Fault::ALL.len() as u64) as usize]);
    run(faults, seed, true);
}
