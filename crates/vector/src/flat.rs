//! The exact scan.

use crate::kernel::prefetch;
use crate::neighbour::Nearest;
use crate::{Admitted, Neighbour, Query, Rows};

/// Rows that are fetched ahead of a scan with gaps.
const AHEAD: usize = 6;

/// The `k` rows nearest to `query` among those admitted (`None`: all), best first; of rows as near the lower ones. Fewer only when fewer are
/// admitted.
pub fn scan(rows: &Rows, query: &Query, admitted: Option<Admitted<'_>>, k: usize) -> Vec<Neighbour> {
    let mut nearest = Nearest::new(k.min(rows.count() as usize));
    each(rows, query, admitted, |row, distance| {
        if distance <= nearest.bound() {
            nearest.push(row, distance);
        }
    });
    let mut found = nearest.finish();
    found.truncate(k);
    found
}

/// All admitted rows at most so far from `query`, best first.
pub fn within(rows: &Rows, query: &Query, admitted: Option<Admitted<'_>>, distance: f32) -> Vec<Neighbour> {
    let mut found = Vec::new();
    each(rows, query, admitted, |row, near| {
        if near <= distance {
            found.push(Neighbour { row, distance: near });
        }
    });
    found.sort_unstable_by(Neighbour::order);
    found
}

fn each(rows: &Rows, query: &Query, admitted: Option<Admitted<'_>>, mut visit: impl FnMut(u32, f32)) {
    let view = rows.view();
    let Some(admitted) = admitted else {
        for (row, bytes) in view.bytes.chunks_exact(view.stride).enumerate() {
            visit(row as u32, view.metric.distance(&query.row, bytes));
        }
        return;
    };
    let mut batch = Vec::with_capacity(256);
    let mut left = admitted.rows().take_while(|row| *row < rows.count());
    loop {
        batch.clear();
        batch.extend(left.by_ref().take(256));
        if batch.is_empty() {
            return;
        }
        for (at, &row) in batch.iter().enumerate() {
            if let Some(&next) = batch.get(at + AHEAD) {
                prefetch(view.row(next));
            }
            visit(row, view.metric.distance(&query.row, view.row(row)));
        }
    }
}
