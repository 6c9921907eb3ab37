//! `scripted_metric`: a last script over what others made of each shard.

use model::aggregation::answer::Body;
use model::aggregation::partial::{Partial, ScriptState};
use model::error::Error;
use script::program::{Bindings, Heap, Object, Program, shown_state};
use serde_json::Value;

use crate::aggregation::metric::ScriptedMetric;

pub(super) fn answer(asked: &ScriptedMetric, partial: Partial) -> Result<Body, Error> {
    let states = match partial {
        Partial::Scripted(states) => states.into_list(),
        // Of what was found nowhere there is nothing to be gathered.
        _ => vec![ScriptState::Null],
    };
    let program = Program::compile(&asked.reduce.source, &["states", "params"])?;
    let mut heap = Heap::default();
    let states: Vec<Object> = states.iter().map(|state| heap.bring(state)).collect();
    let states = heap.list(states);
    let params = heap.from_json(&Value::Object(asked.reduce.params.iter().cloned().collect()));
    let bindings = Bindings { globals: vec![("states", states), ("params", params)], ..Bindings::default() };
    let made = program.run(&mut heap, &bindings)?;
    let kept = heap.keep(&made).ok_or_else(|| {
        Error::illegal_argument("the reduce script of a scripted metric gives what is no value, or nests too deep")
    })?;
    Ok(Body::Made(shown_state(&kept)))
}
