//! Rows through steps, one by one; groups and sorts hold them back until the end.

use std::cmp::Ordering;
use std::sync::Arc;

use bytes::Bytes;
use indexmap::IndexMap;

use super::super::expression::{Expression, Scalar, evaluate};
use super::reduce::{Reducer, State};
use super::row::Row;

/// One step, its names resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Identifier, name, and whether as sortable attributes keep it.
    Load(Vec<(String, Arc<str>, bool)>),
    LoadAll,
    Apply(Expression, Arc<str>),
    Filter(Expression),
    Group {
        keys: Vec<Arc<str>>,
        reducers: Vec<(Reducer, Arc<str>)>,
    },
    Sort {
        keys: Vec<(Arc<str>, bool)>,
        most: Option<usize>,
    },
    Limit {
        offset: u64,
        count: u64,
    },
}

/// Rows, groups and values that one request may hold.
const MOST_HELD: usize = 2_000_000;

/// A reducer, and the name of what it makes.
type Named = (Reducer, Arc<str>);

/// A step with what it holds.
enum Stage {
    Through(Step),
    Limit { offset: u64, count: u64, seen: u64 },
    Group { keys: Vec<Arc<str>>, reducers: Vec<(Reducer, Arc<str>)>, groups: IndexMap<Vec<Part>, Vec<State>> },
    Sort { keys: Vec<(Arc<str>, bool)>, most: usize, rows: Vec<Row> },
}

/// A part of a group's key, comparable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Part {
    Null,
    Number(u64),
    Text(String),
    Bytes(Bytes),
    /// Values of a JSON document, as text.
    Json(String),
}

impl Part {
    fn of(value: &Scalar) -> Self {
        match value {
            Scalar::Null => Self::Null,
            // Both zeros are one.
            Scalar::Number(number) => Self::Number((number + 0.0).to_bits()),
            Scalar::Text(text) => Self::Text(text.clone()),
            Scalar::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Scalar::Json(_) => Self::Json(value.text()),
            Scalar::List(_) => Self::Text(value.text()),
        }
    }

    fn value(&self) -> Scalar {
        match self {
            Self::Null => Scalar::Null,
            Self::Number(bits) => Scalar::Number(f64::from_bits(*bits)),
            Self::Text(text) => Scalar::Text(text.clone()),
            Self::Bytes(bytes) => Scalar::Bytes(bytes.clone()),
            Self::Json(text) => serde_json::from_str(text).map_or(Scalar::Null, Scalar::Json),
        }
    }
}

pub struct Pipeline {
    stages: Vec<Stage>,
    rows: Vec<Row>,
    read: u64,
    /// What is told as the total; fixed by the first row that comes out, or by what holds rows back.
    total: Option<u64>,
    held: usize,
}

/// A row went in; false: no more are wanted.
type Outcome = Result<bool, String>;

impl Pipeline {
    pub fn new(steps: Vec<Step>) -> Self {
        let stages = steps.into_iter().map(|step| match step {
            Step::Group { keys, reducers } => Stage::Group { keys, reducers, groups: IndexMap::new() },
            Step::Sort { keys, most } => Stage::Sort { keys, most: most.unwrap_or(usize::MAX), rows: Vec::new() },
            Step::Limit { offset, count } => Stage::Limit { offset, count, seen: 0 },
            step => Stage::Through(step),
        });
        Self { stages: stages.collect(), rows: Vec::new(), read: 0, total: None, held: 0 }
    }

    /// Sends a row on its way.
    ///
    /// # Errors
    /// An expression without a value, when no row has come out yet; more than may be held.
    pub fn push(&mut self, row: Row) -> Outcome {
        self.read += 1;
        match self.from(0, row) {
            // What came out before stands.
            Err(_) if !self.rows.is_empty() => Ok(false),
            outcome => outcome,
        }
    }

    fn from(&mut self, first: usize, mut row: Row) -> Outcome {
        for at in first..self.stages.len() {
            match &mut self.stages[at] {
                Stage::Through(step) => match through(step, &mut row)? {
                    true => {}
                    false => return Ok(true),
                },
                Stage::Limit { offset, count, seen } => {
                    *seen += 1;
                    if *seen <= *offset {
                        return Ok(true);
                    }
                    if *seen > *offset + *count {
                        // With no row wanted, all are counted.
                        return Ok(*count == 0);
                    }
                }
                Stage::Group { keys, reducers, groups } => {
                    grouped(&row, (keys, reducers), groups, &mut self.held)?;
                    return self.within_bounds();
                }
                Stage::Sort { keys, most, rows } => {
                    rows.push(row);
                    // Twice as many as are wanted: the worse half goes.
                    if rows.len() > most.saturating_mul(2).max(1024) {
                        rows.sort_by(|a, b| order(keys, a, b));
                        rows.truncate(*most);
                    }
                    if rows.len() > MOST_HELD {
                        return Err(format!("SORTBY would hold more than {MOST_HELD} rows: give it a LIMIT or MAX"));
                    }
                    return Ok(true);
                }
            }
        }
        self.total.get_or_insert(self.read);
        self.rows.push(row);
        self.held += 1;
        self.within_bounds()
    }

    fn within_bounds(&self) -> Outcome {
        match self.held <= MOST_HELD {
            true => Ok(true),
            false => Err(format!("the aggregation would hold more than {MOST_HELD} rows or values")),
        }
    }

    /// So many rows there are, of which those that follow are the first.
    pub fn counted(&mut self, rows: u64) {
        self.total = Some(rows);
    }

    /// As [`Pipeline::finish`], of groups that were made elsewhere.
    ///
    /// # Errors
    /// As [`Pipeline::push`].
    pub fn finish_with(mut self, groups: Vec<Row>) -> Result<(u64, Vec<Row>), String> {
        self.counted(groups.len() as u64);
        for row in groups {
            if !self.push(row)? {
                break;
            }
        }
        self.finish()
    }

    /// What has been held back goes on its way: the total that is told, and all rows.
    ///
    /// # Errors
    /// As [`Pipeline::push`].
    pub fn finish(mut self) -> Result<(u64, Vec<Row>), String> {
        for at in 0..self.stages.len() {
            let held = match &mut self.stages[at] {
                Stage::Group { keys, reducers, groups } => {
                    let (keys, reducers) = (std::mem::take(keys), std::mem::take(reducers));
                    let rows: Vec<Row> = std::mem::take(groups)
                        .into_iter()
                        .map(|(key, states)| {
                            let keys = keys.iter().cloned().zip(key.iter().map(Part::value));
                            let values = reducers.iter().map(|(_, name)| name.clone());
                            Row::new(keys.chain(values.zip(states.into_iter().map(State::finish))).collect())
                        })
                        .collect();
                    self.total = Some(rows.len() as u64);
                    rows
                }
                Stage::Sort { keys, most, rows } => {
                    let mut rows = std::mem::take(rows);
                    rows.sort_by(|a, b| order(keys, a, b));
                    rows.truncate(*most);
                    self.total.get_or_insert(self.read);
                    rows
                }
                _ => continue,
            };
            for row in held {
                match self.from(at + 1, row) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(_) if !self.rows.is_empty() => break,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok((self.total.unwrap_or(self.read), self.rows))
    }
}

/// Whether the row goes on.
fn through(step: &Step, row: &mut Row) -> Outcome {
    match step {
        Step::Load(fields) => {
            for (field, name, sorted) in fields {
                row.load(field, name, *sorted);
            }
        }
        Step::LoadAll => row.load_all(),
        Step::Apply(expression, name) => {
            let value = evaluate(expression, &|name| row.get(name).cloned())?;
            row.set(name, value.flat());
        }
        Step::Filter(expression) => {
            return Ok(evaluate(expression, &|name| row.get(name).cloned())?.is_true());
        }
        Step::Group { .. } | Step::Sort { .. } | Step::Limit { .. } => {}
    }
    Ok(true)
}

/// Adds a row to its groups: one for each value of a list.
fn grouped(
    row: &Row,
    (keys, reducers): (&[Arc<str>], &[Named]),
    groups: &mut IndexMap<Vec<Part>, Vec<State>>,
    held: &mut usize,
) -> Result<(), String> {
    let mut found: Vec<Vec<Part>> = vec![Vec::with_capacity(keys.len())];
    for key in keys {
        match row.get(key) {
            Some(Scalar::List(items)) if !items.is_empty() => {
                if found.len() * items.len() > MOST_HELD {
                    return Err(format!("one row belongs to more than {MOST_HELD} groups"));
                }
                found = found
                    .iter()
                    .flat_map(|key| items.iter().map(move |item| key.iter().cloned().chain([Part::of(item)]).collect()))
                    .collect();
            }
            value => {
                let part = Part::of(value.unwrap_or(&Scalar::Null));
                found.iter_mut().for_each(|key| key.push(part.clone()));
            }
        }
    }
    for key in found {
        let states = groups.entry(key).or_insert_with(|| {
            *held += 1 + reducers.len();
            reducers.iter().map(|(reducer, _)| State::new(reducer)).collect()
        });
        for (state, (reducer, _)) in states.iter_mut().zip(reducers) {
            *held += state.add(reducer, row);
        }
    }
    Ok(())
}

/// By the keys in turn; rows without a value last, whichever way it goes. Null, as groups have it, is the least value.
fn order(keys: &[(Arc<str>, bool)], one: &Row, other: &Row) -> Ordering {
    for (name, descending) in keys {
        let order = match (one.get(name), other.get(name)) {
            (Some(a), Some(b)) if *descending => b.order(a),
            (Some(a), Some(b)) => a.order(b),
            (one, other) => one.is_none().cmp(&other.is_none()),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}
