//! The planner is idempotent: one input, one plan; and once it is carried out, nothing is due.

use cluster::allocation::Facts;
use cluster::command::Command;
use cluster::state::State;

use super::Broken;
use crate::rules::Rules;

/// Commands of a plan that are applied twice: the first few stand for all.
const TWICE: usize = 3;

/// Returns the state after the plan.
pub fn check(rules: Rules, state: &State, facts: &Facts, plan: &[Command]) -> Result<State, Broken> {
    if rules.plan(state, facts) != plan {
        return Err("two plans for one state".to_owned());
    }
    let mut after = state.clone();
    for (at, command) in plan.iter().enumerate() {
        after = rules.apply(&after, command).map_err(|error| format!("{command:?} is refused: {error}"))?;
        // A command that comes twice changes nothing, or is refused.
        if at < TWICE
            && let Ok(again) = rules.apply(&after, command)
            && again != after
        {
            return Err(format!("{command:?} does something twice"));
        }
    }
    match rules.plan(&after, facts).as_slice() {
        [] => Ok(after),
        due => Err(format!("after the plan there is still due: {due:?}")),
    }
}
