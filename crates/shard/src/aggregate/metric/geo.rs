//! `geo_bounds` and `geo_centroid`: where the places of a bucket lie.

use std::sync::Arc;

use model::aggregation::partial::{Centroid, Extent, Partial};
use model::geo::{GeoPoint, decode};
use search::aggregation::values::Values;

use crate::aggregate::numbers::Numbers;
use crate::aggregate::{Batch, Budget, Collector};
use crate::compile::scorer::Leaf;
use crate::score::Outcome;

/// What is kept of the places of one bucket.
pub(in crate::aggregate) trait Gathered: Clone + Default {
    fn add(&mut self, point: GeoPoint);
    fn partial(self) -> Partial;
}

impl Gathered for Extent {
    fn add(&mut self, point: GeoPoint) {
        Extent::add(self, point);
    }

    fn partial(self) -> Partial {
        Partial::Extent(Box::new(self))
    }
}

impl Gathered for Centroid {
    fn add(&mut self, point: GeoPoint) {
        Centroid::add(self, point);
    }

    fn partial(self) -> Partial {
        Partial::Centroid(Box::new(self))
    }
}

pub(in crate::aggregate) struct PlacesOf<T> {
    places: Numbers,
    mapped: bool,
    by_owner: Vec<T>,
    budget: Arc<Budget>,
}

impl<T: Gathered> PlacesOf<T> {
    pub(in crate::aggregate) fn new(values: &Values, budget: Arc<Budget>) -> Self {
        let mapped = values.is_mapped() || values.missing.is_some();
        Self { places: Numbers::new(values), mapped, by_owner: Vec::new(), budget }
    }
}

impl<T: Gathered> Collector for PlacesOf<T> {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.places.enter(leaf)
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.by_owner.len() {
            self.budget.take((owners - self.by_owner.len()) * size_of::<T>())?;
            self.by_owner.resize(owners, T::default());
        }
        let found = &mut self.by_owner;
        self.places.read(batch.docs).for_each(|at, code| found[batch.owners.of(at) as usize].add(decode(code)));
        Ok(())
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        if !self.mapped {
            return Ok(Partial::Unmapped);
        }
        Ok(self.by_owner.get(owner as usize).cloned().unwrap_or_default().partial())
    }
}
