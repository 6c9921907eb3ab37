//! `missing`: documents without a value.

use std::sync::Arc;

use model::aggregation::partial::Partial;
use search::aggregation::values::{Column, Values};

use super::batch::Sorted;
use super::filter::{bucket, grow};
use super::{Batch, Budget, Collector, Collectors};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::DocId;
use crate::segment::column::{NumberColumn, StringColumn};

pub(super) struct Missing {
    column: Column,
    /// Something stands for missing values: none is missing.
    never: bool,
    present: Present,
    children: Collectors,
    counts: Vec<u64>,
    inside: Sorted,
    budget: Arc<Budget>,
}

/// Which documents of a segment have a value.
enum Present {
    None,
    All,
    Numbers(Arc<dyn NumberColumn>),
    Strings(Arc<dyn StringColumn>),
}

impl Present {
    fn has(&self, doc: DocId) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Numbers(column) => column.has(doc),
            Self::Strings(column) => column.has(doc),
        }
    }
}

impl Missing {
    pub(super) fn new(values: &Values, children: Collectors, budget: Arc<Budget>) -> Self {
        Self {
            column: values.column.clone(),
            never: values.missing.is_some(),
            present: Present::None,
            children,
            counts: Vec::new(),
            inside: Sorted::default(),
            budget,
        }
    }
}

impl Collector for Missing {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        let slot = |field: &str| leaf.fields.by_path(field).map(|entry| entry.slot);
        self.present = match &self.column {
            _ if self.never => Present::All,
            Column::Nothing(_) => Present::None,
            Column::Constant(_) => Present::All,
            Column::Script(script) => match (leaf.made_numbers(script), leaf.made_strings(script)) {
                (Some(numbers), _) => Present::Numbers(numbers),
                (_, Some(strings)) => Present::Strings(strings),
                _ => Present::None,
            },
            Column::Number(field, _) => match slot(field) {
                Some(slot) => leaf.segment.numbers(slot)?.map_or(Present::None, Present::Numbers),
                None => Present::None,
            },
            Column::Boolean(field) | Column::Strings(field) | Column::Ranges(field, _) => {
                match leaf.fields.by_path(field) {
                    Some(entry) => leaf.strings(entry)?.map_or(Present::None, Present::Strings),
                    None => Present::None,
                }
            }
        };
        self.children.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        grow(&mut self.counts, batch.owners.bound(), &self.budget)?;
        self.inside.clear();
        for (at, &doc) in batch.docs.iter().enumerate() {
            if !self.present.has(doc) {
                let owner = batch.owners.of(at);
                self.counts[owner as usize] += 1;
                self.inside.push(&batch, at, owner);
            }
        }
        self.children.collect(self.inside.batch())
    }

    fn leave(&mut self) -> Outcome<()> {
        self.children.leave()
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.children.finish(reader, &mut self.counts)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        Ok(Partial::Bucket(bucket(&self.counts, &mut self.children, owner)?))
    }
}
