//! Which bucket a value of an owner has.

use std::sync::Arc;

use hashbrown::HashMap;

use super::Budget;
use crate::score::Outcome;

/// Pairs of owner and value that may lie in a plain table; more only of one owner that has many of them.
const DENSE: u64 = 1 << 20;
/// Bytes of a pair in a table that is half full, and where it lies in a plain one.
const SHARE: u64 = 8;
/// The place of a value that makes no bucket.
pub(super) const REFUSED: u32 = u32::MAX - 1;
/// No bucket yet.
pub(super) const NONE: u32 = u32::MAX;

/// Owner and value (from 0) -> bucket; a plain table while the values are few.
pub(super) struct Places {
    /// Values lie below it.
    width: u64,
    /// By owner, then value.
    dense: Vec<u32>,
    /// Pairs below it lie in the plain table.
    bound: u64,
    sparse: HashMap<(u32, u64), u32>,
    budget: Arc<Budget>,
}

impl Places {
    pub(super) fn new(budget: Arc<Budget>) -> Self {
        Self { width: 0, dense: Vec::new(), bound: DENSE, sparse: HashMap::new(), budget }
    }

    /// Forgets everything; values that follow lie below `width`.
    pub(super) fn reset(&mut self, width: u64) {
        self.width = width;
        self.bound = DENSE;
        self.dense.clear();
        self.sparse.clear();
    }

    /// The bucket of a value, made by `make` when it is new.
    #[inline]
    pub(super) fn get(&mut self, owner: u32, value: u64, make: impl FnOnce() -> Outcome<u32>) -> Outcome<u32> {
        let at = u64::from(owner).saturating_mul(self.width).saturating_add(value);
        if at >= self.bound {
            return self.get_sparse(owner, value, make);
        }
        let at = at as usize;
        if at >= self.dense.len() {
            self.grow(owner)?;
        }
        let found = self.dense[at];
        if found != NONE {
            return Ok(found);
        }
        let made = make()?;
        self.dense[at] = made;
        Ok(made)
    }

    /// The buckets of all values of an owner, where they lie in the plain table. [`NONE`]: not made yet.
    pub(super) fn row(&mut self, owner: u32) -> Outcome<Option<&[u32]>> {
        let begin = u64::from(owner).saturating_mul(self.width);
        if begin.saturating_add(self.width) > self.bound {
            return Ok(None);
        }
        let row = begin as usize..(begin + self.width) as usize;
        if row.end > self.dense.len() {
            self.grow(owner)?;
        }
        Ok(self.dense.get(row))
    }

    #[cold]
    fn grow(&mut self, owner: u32) -> Outcome<()> {
        let len = ((u64::from(owner) + 1).saturating_mul(self.width)).min(self.bound) as usize;
        let len = len.max(self.dense.len() * 2).min(self.bound as usize);
        if len > self.dense.capacity() {
            self.budget.take((len - self.dense.capacity()) * size_of::<u32>())?;
        }
        self.dense.resize(len, NONE);
        Ok(())
    }

    fn get_sparse(&mut self, owner: u32, value: u64, make: impl FnOnce() -> Outcome<u32>) -> Outcome<u32> {
        if let Some(found) = self.sparse.get(&(owner, value)) {
            return Ok(*found);
        }
        let made = make()?;
        if self.sparse.len() == self.sparse.capacity() {
            self.budget.take(self.sparse.capacity().max(16) * size_of::<((u32, u64), u32)>())?;
        }
        self.sparse.insert((owner, value), made);
        if owner == 0 && self.sparse.len() as u64 * SHARE > self.width {
            self.widen()?;
        }
        Ok(made)
    }

    /// Lays all values of the first owner out plainly.
    #[cold]
    fn widen(&mut self) -> Outcome<()> {
        if self.bound >= self.width {
            return Ok(());
        }
        self.bound = self.width;
        self.grow(0)?;
        let dense = &mut self.dense;
        self.sparse.retain(|&(owner, value), bucket| {
            if owner == 0 {
                dense[value as usize] = *bucket;
            }
            owner != 0
        });
        self.sparse.shrink_to_fit();
        Ok(())
    }
}
