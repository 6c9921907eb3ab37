//! `cargo xtask sim`: the simulator over many seeds, as fast as it goes.
//!
//! The world, its faults and its checkers are the crate `sim`; this builds its example and passes the numbers on.

use crate::failure::Failure;
use crate::tool;
use crate::workspace::Workspace;

/// True when every invariant held in every world.
pub(crate) fn run(workspace: &Workspace, seeds: u64, from: u64) -> Result<bool, Failure> {
    let (seeds, from) = (seeds.to_string(), from.to_string());
    let program = ["run", "--quiet", "--release", "--locked", "-p", "sim", "--example", "sim_cluster"];
    let own = ["--", "--seeds", &seeds, "--from", &from];
    tool::run(&workspace.root, &[program.as_slice(), own.as_slice()].concat())?;
    Ok(true)
}
