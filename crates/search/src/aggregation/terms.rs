//! `terms` bound to one index.

use model::aggregation::request::terms::Cut;
use model::aggregation::request::{Order, OrderBy};

use super::choice::Choice;
use super::values::Values;

#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub values: Values,
    pub cut: Cut,
    /// At least one; the key decides at last.
    pub order: Vec<Order>,
    pub show_error: bool,
    pub choice: Choice,
}

impl Terms {
    /// Buckets that a shard gives at most.
    pub fn shard_size(&self) -> usize {
        let size = u64::from(self.cut.size);
        let wanted = self.cut.shard_size.map_or(size * 3 / 2 + 10, u64::from);
        wanted.max(size) as usize
    }

    /// Whether what a shard leaves out has fewer documents than what it keeps.
    pub fn is_by_count(&self) -> bool {
        matches!(self.order.first(), Some(Order { by: OrderBy::Count, descending: true }))
    }

    /// Whether what a shard leaves out stands behind what it keeps, for certain.
    pub fn is_by_key(&self) -> bool {
        matches!(self.order.first(), Some(Order { by: OrderBy::Key, .. }))
    }
}
