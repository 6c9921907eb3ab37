//! Minimal movement: a plan leaves every copy that is assigned where and what it is.

use cluster::command::Command;
use cluster::state::State;

use super::{Broken, shards};

/// `plan`: what was made of `state`.
pub fn check(state: &State, plan: &[Command]) -> Result<(), Broken> {
    for command in plan {
        let Command::AppointPrimary { shard, node, .. } = command else { continue };
        let assigned = shards(state).find(|(id, ..)| id == shard).and_then(|(_, _, table)| table.primary());
        if let Some((id, copy)) = assigned {
            let (at, number) = (&copy.node.0, shard.number);
            return Err(format!("{}[{number}] lies as {} on {at} and is to go to {}", shard.index, id.0, node.0));
        }
    }
    Ok(())
}
