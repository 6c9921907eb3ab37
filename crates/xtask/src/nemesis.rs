//! `cargo xtask nemesis`: real nodes under faults, for as many rounds as wanted.
//!
//! The faults, the clients and the checks are a test of the crate `cli` (`tests/it/nemesis`); this builds it with the optimised program and tells it
//! how long to go on.

use crate::failure::Failure;
use crate::tool;
use crate::workspace::Workspace;

/// True when all that was acknowledged was there at the end.
pub(crate) fn run(workspace: &Workspace, rounds: u64, seed: u64) -> Result<bool, Failure> {
    let arguments = ["test", "--release", "--locked", "-p", "cli", "--test", "it", "nemesis::", "--", "--nocapture"];
    let variables = [("SHOAL_NEMESIS_ROUNDS", rounds.to_string()), ("SHOAL_NEMESIS_SEED", seed.to_string())];
    tool::run_with(&workspace.root, &arguments, &variables)?;
    Ok(true)
}
