//! Names of steps against the schema: what is not loaded and can be is, what cannot be is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::definition::{Definition, KeyKind};
use super::super::target::Searched;
use super::parse::{Asked, Request};
use super::pipeline::Step;
use crate::error::RespError;

struct Resolver<'d> {
    definition: &'d Definition,
    known: BTreeSet<String>,
    /// To load everything is to load the document as one value: its attributes are not loaded by that.
    whole: bool,
    /// Everything was loaded; of that only what is in the schema has a name.
    open: bool,
    /// Behind a group the schema is out of reach.
    grouped: bool,
    steps: Vec<Step>,
}

/// The steps of a request. `known`: what rows have before the first of them.
///
/// # Errors
/// A name that is neither in the schema nor in the rows by then.
pub fn steps(
    request: &Request,
    searched: &Searched,
    known: impl IntoIterator<Item = String>,
) -> Result<Vec<Step>, RespError> {
    let known: BTreeSet<String> = known.into_iter().chain(["__score".to_owned()]).collect();
    let definition = &searched.definition;
    let whole = definition.kind == KeyKind::Json && !searched.foreign;
    let mut resolver = Resolver { definition, whole, known, open: false, grouped: false, steps: Vec::new() };
    let stretches = request.steps.split(|step| matches!(step, Asked::Group { .. }));
    for stretch in stretches {
        if stretch.iter().filter(|step| matches!(step, Asked::Sort { .. })).count() > 1 {
            return Err(RespError::line(
                "Multiple SORTBY steps are not allowed. Sort multiple fields in a single step",
            ));
        }
    }
    for asked in &arranged(&request.steps) {
        resolver.step(asked)?;
    }
    // A sort that is cut right behind keeps no more than that.
    for at in 1..resolver.steps.len() {
        if let (Step::Limit { offset, count }, Step::Sort { most, .. }) = {
            let (before, behind) = resolver.steps.split_at_mut(at);
            (&behind[0], &mut before[at - 1])
        } {
            let cut = (offset + count) as usize;
            *most = Some(most.map_or(cut, |most| most.min(cut)));
        }
    }
    Ok(resolver.steps)
}

/// Rows of a sort that nobody has cut.
const SORTED_ROWS: usize = 10;

/// `SORTBY` and `LIMIT` up to the next group are one step, where the first of them stands; the last that cuts holds.
fn arranged(steps: &[Asked]) -> Vec<Asked> {
    let mut found: Vec<Asked> = Vec::with_capacity(steps.len() + 1);
    let mut rest = steps;
    while !rest.is_empty() {
        let end = rest.iter().position(|step| matches!(step, Asked::Group { .. })).map_or(rest.len(), |at| at + 1);
        let (stretch, behind) = rest.split_at(end);
        rest = behind;
        let arranges = |step: &&Asked| matches!(step, Asked::Sort { .. } | Asked::Limit(..));
        let (mut sort, mut limit) = (None, None);
        for step in stretch.iter().filter(arranges) {
            match step {
                Asked::Sort { keys, most } => {
                    sort = Some(keys.clone());
                    limit = most.filter(|most| *most > 0).map(|most| (0, most as u64)).or(limit);
                }
                Asked::Limit(offset, count) => limit = Some((*offset, *count)),
                _ => {}
            }
        }
        let mut arranged = false;
        for step in stretch {
            if !arranges(&step) {
                found.push(step.clone());
            } else if !std::mem::replace(&mut arranged, true) {
                let most = limit.is_none().then_some(SORTED_ROWS);
                found.extend(sort.take().map(|keys| Asked::Sort { keys, most }));
                found.extend(limit.map(|(offset, count)| Asked::Limit(offset, count)));
            }
        }
    }
    found
}

impl Resolver<'_> {
    /// What an expression reads: of the schema only what is sortable comes by itself.
    fn read(&mut self, name: &str) -> Result<(), RespError> {
        let missing = || format!("Property `{name}` not loaded nor in pipeline");
        let loaded = self.known.contains(name) || self.open;
        if !loaded && self.definition.attribute(name).is_some_and(|attribute| !attribute.sortable) {
            return Err(RespError::line(missing()));
        }
        self.need(name, missing)
    }

    fn need(&mut self, name: &str, missing: impl FnOnce() -> String) -> Result<(), RespError> {
        if self.known.contains(name) {
            return Ok(());
        }
        if self.grouped || self.definition.attribute(name).is_none() {
            return Err(RespError::line(missing()));
        }
        if self.open {
            return Ok(());
        }
        self.known.insert(name.to_owned());
        self.steps.push(Step::Load(vec![(name.to_owned(), Arc::from(name), true)]));
        Ok(())
    }

    fn step(&mut self, asked: &Asked) -> Result<(), RespError> {
        let step = match asked {
            Asked::Load(_) if self.grouped => {
                return Err(RespError::line("LOAD cannot be applied after projectors or reducers"));
            }
            Asked::Load(None) => {
                self.open = !self.whole;
                Step::LoadAll
            }
            Asked::Load(Some(fields)) => {
                let loads = fields.iter().map(|(field, name)| {
                    self.known.insert(name.clone());
                    (field.clone(), Arc::from(name.as_str()), false)
                });
                Step::Load(loads.collect())
            }
            Asked::Apply(expression, name) => {
                for property in expression.properties() {
                    self.read(property)?;
                }
                self.known.insert(name.clone());
                Step::Apply(expression.clone(), Arc::from(name.as_str()))
            }
            Asked::Filter(expression) => {
                for property in expression.properties() {
                    self.read(property)?;
                }
                Step::Filter(expression.clone())
            }
            Asked::Sort { keys, most } => {
                for (name, _) in keys {
                    self.need(name, || format!("Property `{name}` not loaded nor in schema"))?;
                }
                let keys = keys.iter().map(|(name, descending)| (Arc::from(name.as_str()), *descending)).collect();
                Step::Sort { keys, most: *most }
            }
            Asked::Limit(offset, count) => Step::Limit { offset: *offset, count: *count },
            Asked::Group { keys, reducers } => {
                for name in keys {
                    self.need(name, || format!("No such property `{name}`"))?;
                }
                for (reducer, _) in reducers {
                    for name in reducer.properties() {
                        self.need(name, || format!("Property `{name}` not present in document or pipeline"))?;
                    }
                }
                let mut made = BTreeSet::new();
                for name in keys.iter().chain(reducers.iter().map(|(_, name)| name)) {
                    if !made.insert(name) {
                        return Err(RespError::line(format!("Property `{name}` specified more than once")));
                    }
                }
                self.grouped = true;
                self.known = keys.iter().cloned().chain(reducers.iter().map(|(_, name)| name.clone())).collect();
                let reducers = reducers.iter().map(|(reducer, name)| (reducer.clone(), Arc::from(name.as_str())));
                Step::Group {
                    keys: keys.iter().map(|name| Arc::from(name.as_str())).collect(),
                    reducers: reducers.collect(),
                }
            }
        };
        self.steps.push(step);
        Ok(())
    }
}
