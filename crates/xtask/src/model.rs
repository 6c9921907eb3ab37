//! `cargo xtask model`: every history of small worlds of shard copies, as far as wanted.
//!
//! The worlds and what must hold in them are a test of the crate `replication` (`world::explore`), on the cores that the product runs; this builds it
//! optimised and tells it how many states to look at in each.

use crate::failure::Failure;
use crate::tool;
use crate::workspace::Workspace;

/// True when no history was wrong, and each rule taken away was noticed.
pub(crate) fn run(workspace: &Workspace, states: u64) -> Result<bool, Failure> {
    let program = ["test", "--release", "--locked", "-p", "replication", "--lib", "world::explore"];
    let own = ["--", "--nocapture", "--test-threads", "1"];
    let variables = [("SHOAL_MODEL_STATES", states.to_string())];
    tool::run_with(&workspace.root, &[program.as_slice(), own.as_slice()].concat(), &variables)?;
    Ok(true)
}
