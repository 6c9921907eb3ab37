//! `cargo xtask`: the developer's commands.
//!
//! In: a command line. Out: what the tools print, one line per finding or step, and an honest exit code. Each command
//! is one module; what they need to know of the workspace comes from `cargo metadata` (`workspace`). Nothing of the
//! product is imported here, so that this builds within seconds on a cold machine.

mod bench;
mod failure;
mod fuzz;
mod model;
mod nemesis;
mod sim;
mod tidy;
mod tool;
mod verify;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Failure;
use workspace::Workspace;

/// Developer commands of Shoal.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Check everything and change nothing: fmt, tidy, deny, clippy, tests. Stops at the first failure.
    Verify,
    /// Apply what can be applied safely: the suggestions of clippy, then rustfmt.
    Fix,
    /// Check the rules of the house: who imports whom, sizes, names, heads, links.
    Tidy,
    /// Run one bench, or all of them: each cargo example named `bench_*`.
    Bench {
        /// The example's name without `bench_`; all benches when absent.
        name: Option<String>,
        /// Print the names instead of running.
        #[arg(long)]
        list: bool,
        /// Passed to the bench as they are.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Let the pure cores live through many seeded worlds with faults; ends at the first broken invariant.
    Sim {
        #[arg(long, default_value_t = 100_000)]
        seeds: u64,
        /// The first seed.
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
    /// Follow every history of small worlds of shard copies, within bounds; ends at the first that is wrong.
    Model {
        /// How many states are looked at in each world.
        #[arg(long, default_value_t = 2_000_000)]
        states: u64,
    },
    /// Kill, freeze, restart and wipe real nodes while clients write and search; afterwards nothing acknowledged may be missing.
    Nemesis {
        #[arg(long, default_value_t = 100)]
        rounds: u64,
        /// Where the random sequence starts.
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Feed random input to one target, or to all of them in turn: each cargo example named `fuzz_*`.
    Fuzz {
        /// The example's name without `fuzz_`; all targets when absent.
        target: Option<String>,
        /// How long each target runs.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Where the random sequence starts; printed, so that a finding can be repeated. Default: the clock.
        #[arg(long)]
        seed: Option<u64>,
        /// Print the names instead of running.
        #[arg(long)]
        list: bool,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one command. `Ok(false)`: it ran, has told what is wrong, and the exit code must say so too.
fn run(command: Command) -> Result<bool, Failure> {
    let workspace = Workspace::load()?;
    match command {
        Command::Verify => Ok(verify::verify(&workspace)),
        Command::Fix => verify::fix(&workspace),
        Command::Tidy => tidy::report(&workspace),
        Command::Bench { name, list, arguments } => bench::run(&workspace, name.as_deref(), list, &arguments),
        Command::Sim { seeds, from } => sim::run(&workspace, seeds, from),
        Command::Model { states } => model::run(&workspace, states),
        Command::Nemesis { rounds, seed } => nemesis::run(&workspace, rounds, seed),
        Command::Fuzz { target, seconds, seed, list } => {
            fuzz::run(&workspace, target.as_deref(), list, fuzz::Effort { seconds, seed })
        }
    }
}
