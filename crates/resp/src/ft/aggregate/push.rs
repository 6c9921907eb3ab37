//! What of an aggregation the shards can do themselves: groups as partial aggregations, the first rows of a sort.
//!
//! In: the steps and the schema. Out: a [`Pushed`] when everything up to the first group, sort or limit can be told by columns; rows
//! travel only where that is not so. Not here: carrying it out (`pushed`).

use std::sync::Arc;

use model::mapping::Mapping;

use super::super::definition::{AttributeKind, Definition, GROUPED, KeyKind, SORTED};
use super::pipeline::Step;
use super::reduce::Reducer;
use crate::ft::expression::Scalar;

/// More rows than this are not asked of shards at once.
const MOST_ROWS: u64 = 10_000;

/// Where values lie, behind the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub field: String,
    pub numeric: bool,
}

#[derive(Debug, PartialEq)]
pub enum Pushed {
    /// Made by shards, merged; the steps behind it go on with its rows.
    Group { keys: Vec<(Arc<str>, Column)>, reducers: Vec<Reduced>, rest: Vec<Step> },
    /// The first so many rows by these columns are enough; all steps still see them.
    First { sort: Vec<(Column, bool)>, rows: u64 },
}

/// A reducer that shards can do.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduced {
    pub name: Arc<str>,
    pub kind: ReducedKind,
    /// `None`: counts rows.
    pub column: Option<Column>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReducedKind {
    Count,
    Sum,
    Least,
    Most,
    Average,
    Deviation,
    /// Every value with how often it is there: what is counted, listed or cut by it.
    Distinct,
    List,
    Quantile(f64),
}

struct Names<'d> {
    definition: &'d Definition,
    mapping: &'d Mapping,
    /// Name, identifier, and whether as sortable attributes keep it.
    loaded: Vec<(Arc<str>, String, bool)>,
}

/// What of these steps can be pushed down.
pub fn of(steps: &[Step], definition: &Definition, mapping: &Mapping) -> Option<Pushed> {
    let mut names = Names { definition, mapping, loaded: Vec::new() };
    for (at, step) in steps.iter().enumerate() {
        match step {
            Step::Load(fields) => {
                for (identifier, name, sorted) in fields {
                    // What is there stays.
                    if !names.loaded.iter().any(|(known, ..)| known == name) {
                        names.loaded.push((name.clone(), identifier.clone(), *sorted));
                    }
                }
            }
            // Values of JSON documents may be several, which make several groups.
            Step::Group { keys, reducers } if definition.kind == KeyKind::Hash => {
                let keys = keys.iter().map(|key| Some((key.clone(), names.column(key)?))).collect::<Option<_>>()?;
                let reducers =
                    reducers.iter().map(|(reducer, name)| names.reduced(reducer, name)).collect::<Option<_>>()?;
                return Some(Pushed::Group { keys, reducers, rest: steps[at + 1..].to_vec() });
            }
            Step::Sort { keys, most: Some(most) } => {
                let rows = u64::try_from(*most).ok().filter(|most| *most <= MOST_ROWS)?;
                let sort = keys.iter().map(|(key, descending)| Some((names.sorted(key)?, *descending)));
                return Some(Pushed::First { sort: sort.collect::<Option<_>>()?, rows });
            }
            Step::Limit { offset, count } if *count > 0 => {
                let rows = (offset + count).min(MOST_ROWS);
                return Some(Pushed::First { sort: Vec::new(), rows });
            }
            _ => return None,
        }
    }
    None
}

impl Names<'_> {
    /// The column of what rows would hold under a name.
    fn column(&self, name: &str) -> Option<Column> {
        let (_, identifier, sorted) = self.loaded.iter().find(|(known, ..)| **known == *name)?;
        let attribute = self.definition.attribute(identifier)?;
        let (field, numeric) = match &attribute.kind {
            AttributeKind::Numeric => (attribute.name.clone(), true),
            AttributeKind::Text { .. } | AttributeKind::Tag { .. }
                if attribute.sortable && (*sorted || attribute.unf) =>
            {
                (format!("{SORTED}.{}", attribute.name), false)
            }
            AttributeKind::Tag { .. } => (format!("{GROUPED}.{}", attribute.name), false),
            _ => return None,
        };
        // Indexes that were made before it was kept do not have it.
        self.mapping.field(&field).map(|_| Column { field, numeric })
    }

    /// As [`Names::column`], in the order of rows: texts by what sortable attributes keep.
    fn sorted(&self, name: &str) -> Option<Column> {
        let (_, identifier, sorted) = self.loaded.iter().find(|(known, ..)| **known == *name)?;
        let attribute = self.definition.attribute(identifier)?;
        let single = self.definition.kind == KeyKind::Hash || !attribute.is_tag();
        let column = self.column(name).filter(|_| single)?;
        (column.numeric || attribute.unf || (*sorted && attribute.sortable) || attribute.is_tag()).then_some(column)
    }

    fn reduced(&self, reducer: &Reducer, name: &Arc<str>) -> Option<Reduced> {
        let (kind, property) = match reducer {
            Reducer::Count => (ReducedKind::Count, None),
            Reducer::Sum(property) => (ReducedKind::Sum, Some(property)),
            Reducer::Min(property) => (ReducedKind::Least, Some(property)),
            Reducer::Max(property) => (ReducedKind::Most, Some(property)),
            Reducer::Average(property) => (ReducedKind::Average, Some(property)),
            Reducer::Deviation(property) => (ReducedKind::Deviation, Some(property)),
            Reducer::Distinct(property) => (ReducedKind::Distinct, Some(property)),
            Reducer::List(property) => (ReducedKind::List, Some(property)),
            Reducer::Quantile(property, quantile) => (ReducedKind::Quantile(*quantile), Some(property)),
            Reducer::First { .. } | Reducer::Sample(..) => return None,
        };
        let column = match property {
            None => None,
            Some(property) => Some(self.column(property)?),
        };
        // Texts that look like numbers are numbers to these.
        let of_texts = matches!(kind, ReducedKind::Count | ReducedKind::Distinct | ReducedKind::List);
        let fits = of_texts || column.as_ref().is_some_and(|column| column.numeric);
        fits.then(|| Reduced { name: name.clone(), kind, column })
    }
}

impl Column {
    /// A value of it as rows hold it.
    pub fn scalar(&self, key: &model::aggregation::key::Key) -> Scalar {
        use model::aggregation::key::Key;
        match key {
            Key::Bytes(bytes) => Scalar::Text(String::from_utf8_lossy(bytes).into_owned()),
            key => key.as_f64().map_or(Scalar::Null, |number| Scalar::Number(number + 0.0)),
        }
    }
}
