//! Metadata and allocation under faults, one world for each seed: `--seeds N --from SEED`.

use std::process::ExitCode;

use sim::rules::Rules;
use sim::world::run;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, otherwise: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(otherwise)
    };
    let (from, seeds) = (number("--from", 0), number("--seeds", 1000));
    for seed in from..from.saturating_add(seeds) {
        if let Err(violation) = run(seed, Rules::AsTheyAre) {
            violation.trace.iter().for_each(|line| println!("{line}"));
            println!("seed {seed}: {}", violation.broken);
            return ExitCode::FAILURE;
        }
    }
    println!("sim_cluster: {seeds} seeds from {from}: every invariant holds");
    ExitCode::SUCCESS
}
