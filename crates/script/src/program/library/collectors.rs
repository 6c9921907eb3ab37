//! Collectors: what a stream ends in.

use std::cmp::Ordering;
use std::sync::Arc;

use model::error::ErrorKind;

use super::streams::{best, distinct, is_true, optional};
use super::texts::bounded;
use crate::expression::fault::Fault;
use crate::expression::value::Value;
use crate::program::functions;
use crate::program::object::{Fields, Function, Object};
use crate::program::run::Frame;

#[derive(Debug)]
pub enum Collector {
    List,
    Set,
    /// Between, before and behind.
    Joining(Arc<str>, Arc<str>, Arc<str>),
    Map {
        key: Function,
        value: Function,
        merge: Option<Function>,
    },
    Counting,
    Summing(Function, Number),
    Averaging(Function),
    Mapping(Function, Arc<Collector>),
    Grouping(Function, Arc<Collector>),
    Partitioning(Function, Arc<Collector>),
    Best(Function, Ordering),
}

/// What a sum is told as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    Int,
    Long,
    Double,
}

/// `Collectors.name(arguments)`; `None`: there is no such one.
pub(crate) fn made(name: &str, arguments: &[Object], at: usize) -> Result<Option<Object>, Fault> {
    let depth = functions::one_deeper(arguments.iter().map(Object::depth), at)?;
    Ok(read(name, arguments).map(|collector| Object::Collector(Arc::new(collector), depth)))
}

fn read(name: &str, arguments: &[Object]) -> Option<Collector> {
    use Collector::{Averaging, Best, Counting, Grouping, Joining, List, Map, Mapping, Partitioning, Set, Summing};
    let text = |index: usize| -> Option<Arc<str>> {
        arguments.get(index).map_or(Some(Arc::from("")), |text| text.as_text().map(Arc::from))
    };
    Some(match (name, arguments) {
        ("toList", []) => List,
        ("toSet", []) => Set,
        ("toCollection", [Object::Lambda(_)]) => List,
        ("joining", _) => Joining(text(0)?, text(1)?, text(2)?),
        ("toMap", [Object::Lambda(key), Object::Lambda(value)]) => {
            Map { key: key.clone(), value: value.clone(), merge: None }
        }
        ("toMap", [Object::Lambda(key), Object::Lambda(value), Object::Lambda(merge), ..]) => {
            Map { key: key.clone(), value: value.clone(), merge: Some(merge.clone()) }
        }
        ("counting", []) => Counting,
        ("summingInt", [Object::Lambda(of)]) => Summing(of.clone(), Number::Int),
        ("summingLong", [Object::Lambda(of)]) => Summing(of.clone(), Number::Long),
        ("summingDouble", [Object::Lambda(of)]) => Summing(of.clone(), Number::Double),
        ("averagingInt" | "averagingLong" | "averagingDouble", [Object::Lambda(of)]) => Averaging(of.clone()),
        ("mapping", [Object::Lambda(of), Object::Collector(next, _)]) => Mapping(of.clone(), next.clone()),
        ("groupingBy", [Object::Lambda(key)]) => Grouping(key.clone(), Arc::new(List)),
        ("groupingBy", [Object::Lambda(key), .., Object::Collector(next, _)]) => Grouping(key.clone(), next.clone()),
        ("partitioningBy", [Object::Lambda(key)]) => Partitioning(key.clone(), Arc::new(List)),
        ("partitioningBy", [Object::Lambda(key), Object::Collector(next, _)]) => {
            Partitioning(key.clone(), next.clone())
        }
        ("minBy", [Object::Lambda(order)]) => Best(order.clone(), Ordering::Less),
        ("maxBy", [Object::Lambda(order)]) => Best(order.clone(), Ordering::Greater),
        _ => return None,
    })
}

/// What a collector makes of values. It recurses as deep as collectors lie in each other.
pub(crate) fn collect(
    frame: &mut Frame<'_, '_>,
    items: Vec<Object>,
    collector: &Collector,
    at: usize,
) -> Result<Object, Fault> {
    frame.check_stack(at)?;
    frame.take(items.len() + 1, at)?;
    Ok(match collector {
        Collector::List => frame.heap.list(items),
        Collector::Set => {
            let items = distinct(frame, items, at)?;
            frame.set(items)
        }
        Collector::Joining(between, before, behind) => {
            let parts: Result<Vec<String>, Fault> = items.iter().map(|item| frame.shown(item, at)).collect();
            bounded(format!("{before}{}{behind}", parts?.join(between)), at)?
        }
        Collector::Map { key, value, merge } => mapped(frame, items, (key, value, merge.as_ref()), at)?,
        Collector::Counting => Object::Plain(Value::Long(items.len() as i64)),
        Collector::Summing(of, kind) => {
            let total: f64 = numbers(frame, items, of, at)?.iter().sum();
            Object::Plain(match kind {
                Number::Int => Value::Int(total as i32),
                Number::Long => Value::Long(total as i64),
                Number::Double => Value::Double(total),
            })
        }
        Collector::Averaging(of) => {
            let numbers = numbers(frame, items, of, at)?;
            Object::Plain(Value::Double(numbers.iter().sum::<f64>() / numbers.len().max(1) as f64))
        }
        Collector::Mapping(of, next) => {
            let mut made = Vec::with_capacity(items.len());
            for item in items {
                made.push(frame.call(of, vec![item], at)?);
            }
            collect(frame, made, next, at)?
        }
        Collector::Grouping(key, next) => grouped(frame, items, (key, next), at)?,
        Collector::Partitioning(key, next) => {
            let (mut yes, mut no) = (Vec::new(), Vec::new());
            for item in items {
                let holds = is_true(&frame.call(key, vec![item.clone()], at)?);
                if holds { yes.push(item) } else { no.push(item) }
            }
            let mut fields = Fields::default();
            for (name, items) in [("false", no), ("true", yes)] {
                fields.insert(name.into(), collect(frame, items, next, at)?);
            }
            frame.heap.map(fields)
        }
        Collector::Best(order, wanted) => {
            let found = best(frame, &items, (Some(order), *wanted), at)?;
            optional(frame, found, at)?
        }
    })
}

fn numbers(frame: &mut Frame<'_, '_>, items: Vec<Object>, of: &Function, at: usize) -> Result<Vec<f64>, Fault> {
    let mut numbers = Vec::with_capacity(items.len());
    for item in items {
        let made = frame.call(of, vec![item], at)?;
        let wrong = || Fault::cast(at, format!("Cannot cast from [{}] to a number", made.class()));
        numbers.push(made.as_f64().ok_or_else(wrong)?);
    }
    Ok(numbers)
}

fn mapped(
    frame: &mut Frame<'_, '_>,
    items: Vec<Object>,
    (key, value, merge): (&Function, &Function, Option<&Function>),
    at: usize,
) -> Result<Object, Fault> {
    let mut fields = Fields::default();
    for item in items {
        let name = frame.call(key, vec![item.clone()], at)?;
        let name = frame.key(&name, at)?;
        let mut made = frame.call(value, vec![item], at)?;
        if let Some(old) = fields.get(&name).cloned() {
            let twice = || Fault::new(at, ErrorKind::IllegalState, format!("Duplicate key {name}"));
            made = frame.call(merge.ok_or_else(twice)?, vec![old, made], at)?;
        }
        fields.insert(name, made);
    }
    Ok(frame.heap.map(fields))
}

/// The values of each key, made into something.
pub(crate) fn grouped(
    frame: &mut Frame<'_, '_>,
    items: Vec<Object>,
    (key, next): (&Function, &Collector),
    at: usize,
) -> Result<Object, Fault> {
    let mut groups: Vec<(Arc<str>, Vec<Object>)> = Vec::new();
    for item in items {
        let name = frame.call(key, vec![item.clone()], at)?;
        let name = frame.key(&name, at)?;
        frame.spend(groups.len(), at)?;
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, items)) => items.push(item),
            None => groups.push((name, vec![item])),
        }
    }
    let mut fields = Fields::default();
    for (name, items) in groups {
        fields.insert(name, collect(frame, items, next, at)?);
    }
    Ok(frame.heap.map(fields))
}
