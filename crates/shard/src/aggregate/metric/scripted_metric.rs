//! `scripted_metric`: a script sees each document of a bucket beside a state that it changes; another makes something of the state at the end.
//!
//! Memory: what the states hold, as it is found whenever a state has doubled, and at least once in [`RUNS`] documents.

use std::sync::Arc;

use model::aggregation::partial::{Partial, ScriptStates};
use model::error::{Error, ErrorKind};
use script::program::{Bindings, Fields, Heap, Object};
use search::aggregation::metric::ScriptedMetric as Asked;
use search::bound::BoundScript;
use serde_json::Value;

use crate::aggregate::{Batch, Budget, Collector};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;
use crate::score::script::ScriptRun;

/// Documents between two looks at what a state holds.
const RUNS: u32 = 1024;
/// What lists, maps and entries a state may lose before it is tidied up.
const SLACK: usize = 512;
/// Bytes of a state that holds nothing.
const STATE_BYTES: usize = 512;

pub(in crate::aggregate) struct ScriptedMetric {
    asked: Arc<Asked>,
    /// Of the segment.
    run: Option<ScriptRun>,
    by_owner: Vec<Option<Box<Gathered>>>,
    budget: Arc<Budget>,
}

/// What was gathered for one owner.
struct Gathered {
    heap: Heap,
    state: Object,
    /// Of the script that sees documents, which may change them.
    params: Object,
    runs: u32,
    /// Lists, maps and entries beyond which it is tidied up.
    limit: usize,
    /// Bytes that were taken for it.
    taken: usize,
}

impl Gathered {
    fn new(asked: &Asked, budget: &Budget) -> Outcome<Self> {
        budget.take(STATE_BYTES)?;
        let mut heap = Heap::default();
        let state = heap.map(Fields::default());
        let params = heap.from_json(&Value::Object(asked.map.params.clone()));
        let mut gathered = Self { heap, state, params, runs: 0, limit: SLACK, taken: STATE_BYTES };
        if let Some(init) = &asked.init {
            gathered.apart(init)?;
            gathered.tidy(budget)?;
        }
        Ok(gathered)
    }

    /// Runs a script that sees no document.
    fn apart(&mut self, script: &BoundScript) -> Outcome<Object> {
        let params = self.heap.from_json(&Value::Object(script.params.clone()));
        let globals = vec![("state", self.state.clone()), ("params", params)];
        Ok(script.program.run(&mut self.heap, &Bindings { globals, ..Bindings::default() })?)
    }

    fn see(&mut self, run: &ScriptRun, scored: (u32, f32), budget: &Budget) -> Outcome<()> {
        run.gather(scored, &mut self.heap, (self.state.clone(), self.params.clone()))?;
        self.runs += 1;
        if self.runs >= RUNS || self.heap.cells() > self.limit {
            self.tidy(budget)?;
        }
        Ok(())
    }

    /// Lets go of what the state no longer holds, and takes bytes for what it does.
    fn tidy(&mut self, budget: &Budget) -> Outcome<()> {
        let bytes = STATE_BYTES + self.heap.compact(&mut [&mut self.state, &mut self.params]);
        self.runs = 0;
        self.limit = 2 * self.heap.cells() + SLACK;
        // It may double before the next look.
        let wanted = 2 * bytes;
        if wanted > self.taken {
            budget.take(wanted - self.taken)?;
            self.taken = wanted;
        }
        Ok(())
    }

    fn partial(mut self, asked: &Asked) -> Outcome<Partial> {
        let made = self.apart(&asked.combine)?;
        if made.is_null() {
            let reason = "the combine script of a scripted metric gives nothing: have it return what was gathered";
            return Err(Error::new(ErrorKind::NullPointer, reason).into());
        }
        let kept = self.heap.keep(&made).ok_or_else(|| {
            Error::illegal_argument(
                "Iterable object is self-referencing itself, nests too deep or holds what is no value (Scripted metric aggs combine script)",
            )
        })?;
        Ok(Partial::Scripted(ScriptStates::of(kept)))
    }
}

impl ScriptedMetric {
    pub(in crate::aggregate) fn new(asked: Arc<Asked>, budget: Arc<Budget>) -> Self {
        Self { asked, run: None, by_owner: Vec::new(), budget }
    }
}

impl Collector for ScriptedMetric {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.run = Some(leaf.script(&self.asked.map));
        Ok(())
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * size_of::<Option<Box<Gathered>>>())?;
            self.by_owner.resize_with(owners, || None);
        }
        let Some(run) = &self.run else { return Ok(()) };
        for (at, &doc) in batch.docs.iter().enumerate() {
            let place = &mut self.by_owner[batch.owners.of(at) as usize];
            if place.is_none() {
                *place = Some(Box::new(Gathered::new(&self.asked, &self.budget)?));
            }
            let score = batch.scores.get(at).copied().unwrap_or(0.0);
            if let Some(gathered) = place {
                gathered.see(run, (doc, score), &self.budget)?;
            }
        }
        Ok(())
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let gathered = match self.by_owner.get_mut(owner as usize).and_then(Option::take) {
            Some(gathered) => *gathered,
            None => Gathered::new(&self.asked, &self.budget)?,
        };
        gathered.partial(&self.asked)
    }
}
