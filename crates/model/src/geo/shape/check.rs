//! Whether a document's polygon is one: its edges do not go through one another.

use super::edges::{Edges, Lies, side};
use super::{At, Rings};
use crate::error::Error;

/// Comparisons of two edges, after which the rest is taken to be sound: long edges side by side would have each compared with each. Few in
/// tests, so that small polygons have more.
const COMPARISONS: usize = if cfg!(test) { 50_000 } else { 20_000_000 };

/// # Errors
/// `illegal_argument_exception`, as OpenSearch's.
pub(super) fn sound(rings: &Rings) -> Result<(), Error> {
    if rings.iter().any(|ring| is_flat(ring)) {
        return Err(Error::illegal_argument("at least three non-collinear points required"));
    }
    let Some(edges) = Edges::new(rings.iter().cloned()) else { return Ok(()) };
    let shell = Edges::new(rings.first().cloned());
    let outside = |hole: &Vec<At>| shell.as_ref().is_some_and(|shell| shell.lies(hole[0]) == Lies::Outside);
    if rings[1..].iter().any(outside) || crosses_itself(&edges) {
        return Err(Error::illegal_argument("Unable to Tessellate shape. Possible malformed shape detected."));
    }
    Ok(())
}

/// Whether an edge goes through another, as far as [`COMPARISONS`] reach.
fn crosses_itself(edges: &Edges) -> bool {
    let (mut left, mut found) = (COMPARISONS, false);
    for edge in edges.all() {
        let ended = edges.any_near(&edge.bounds(), &mut |other| {
            left = left.saturating_sub(1);
            found = other.meets(&edge, false);
            found || left == 0
        });
        if ended {
            return found;
        }
    }
    false
}

fn is_flat(ring: &[At]) -> bool {
    let Some((&first, rest)) = ring.split_first() else { return true };
    let Some(&other) = rest.iter().find(|at| **at != first) else { return true };
    rest.iter().all(|&at| side(first, other, at) == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A comb whose teeth are long, and whose back crosses itself.
    fn comb(teeth: usize) -> Rings {
        let tooth = |at: usize| {
            let x = at as f64 / 1000.0;
            [At { x, y: 0.0 }, At { x: x + 40.0, y: 80.0 }]
        };
        let back =
            [At { x: 60.0, y: 0.0 }, At { x: 60.0, y: -20.0 }, At { x: -20.0, y: -20.0 }, At { x: 70.0, y: -5.0 }];
        let mut ring: Vec<At> = (0..teeth).flat_map(tooth).chain(back).chain([At { x: -20.0, y: 0.0 }]).collect();
        ring.push(ring[0]);
        vec![ring]
    }

    #[test]
    fn edges_are_compared_for_so_long() {
        assert!(sound(&comb(20)).is_err());
        assert!(sound(&comb(2_000)).is_ok());
    }
}
