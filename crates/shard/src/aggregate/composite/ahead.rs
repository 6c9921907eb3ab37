//! Pages of `composite` in order of the index: where every document of a segment matches and the first source is a keyword, its terms are
//! walked in order, behind the page before, and the walk ends with the page.

use std::ops::Bound;
use std::sync::Arc;

use model::aggregation::key::Key;
use search::aggregation::composite::{Composite as Asked, Step};

use super::Composite;
use crate::aggregate::{Batch, Owners};
use crate::compile::scorer::Leaf;
use crate::score::{Fault, Outcome};
use crate::segment::{EveryTerm, Terms};

/// A walk over terms pays where there are so many times more of them than a page has buckets.
const TERMS_PER_BUCKET: u64 = 4;
/// Documents that are shown together.
const BATCH: usize = 4096;

/// Whether the order of the first source is that of its terms, and no document without a value counts.
fn is_in_order(asked: &Asked) -> bool {
    let plain = |source: &search::aggregation::composite::Source| {
        source.step == Step::Value && !source.descending && !source.missing_bucket && source.values.missing.is_none()
    };
    asked.sources.first().is_some_and(plain)
}

impl Composite {
    /// Takes in a segment of which every document matches; false: it is to be shown the documents.
    pub(super) fn walk_ahead(&mut self, leaf: &Leaf<'_>) -> Outcome<bool> {
        if !is_in_order(&self.asked) || !self.children.is_empty() {
            return Ok(false);
        }
        let Some(terms) = self.sources.first().map(|source| source.terms(leaf)).transpose()?.flatten() else {
            return Ok(false);
        };
        if terms.len() <= u64::from(self.asked.size).saturating_mul(TERMS_PER_BUCKET) {
            return Ok(false);
        }
        let after = match self.asked.after.as_ref().and_then(|keys| keys.first()) {
            Some(Key::Bytes(value)) => Some(value.clone()),
            // Behind no value at all lies every value.
            Some(Key::Null) | None => None,
            Some(_) => return Ok(false),
        };
        // More combinations may begin with the value that ended the page before.
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Included);
        self.walk(&terms, from).map(|()| true)
    }

    fn walk(&mut self, terms: &Arc<dyn Terms>, from: Bound<&[u8]>) -> Outcome<()> {
        let (mut docs, mut outcome) = (Vec::new(), Ok(()));
        terms.walk((from, Bound::Unbounded), &EveryTerm, &mut |term, entry| {
            if self.is_behind(term) {
                return false;
            }
            docs.clear();
            outcome = terms.docs(&entry, &mut docs).map_err(Fault::from).and_then(|()| self.show(&docs));
            outcome.is_ok()
        })?;
        outcome
    }

    fn show(&mut self, docs: &[u32]) -> Outcome<()> {
        let batches = docs.chunks(BATCH).map(|docs| Batch { docs, owners: Owners::One(0), scores: &[] });
        batches.into_iter().try_for_each(|batch| self.take(batch))
    }

    /// Whether the page is full of combinations before all that begin with the term.
    fn is_behind(&mut self, term: &[u8]) -> bool {
        if self.buckets.order.len() > self.asked.size as usize
            || (self.buckets.order.len() == self.asked.size as usize && self.buckets.last.is_none())
        {
            self.buckets.drop_last(&self.asked);
        }
        if self.buckets.order.len() < self.asked.size as usize {
            return false;
        }
        match self.buckets.last.as_ref().and_then(|last| last.first()) {
            Some(Key::Bytes(last)) => **last < *term,
            _ => false,
        }
    }
}
