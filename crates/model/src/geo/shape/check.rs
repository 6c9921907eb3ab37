//! Whether a document's polygon is one: its edges do not go through one another.

use super::edges::{Edges, Lies, side};
use super::{At, Rings};
use crate::error::Error;

/// # Errors
/// `illegal_argument_exception`, as OpenSearch's.
pub(super) fn sound(rings: &Rings) -> Result<(), Error> {
    if rings.iter().any(|ring| is_flat(ring)) {
        return Err(Error::illegal_argument("at least three non-collinear points required"));
    }
    let Some(edges) = Edges::new(rings.iter().cloned()) else { return Ok(()) };
    let shell = Edges::new(rings.first().cloned());
    let outside = |hole: &Vec<At>| shell.as_ref().is_some_and(|shell| shell.lies(hole[0]) == Lies::Outside);
    if rings[1..].iter().any(outside) || edges.all().any(|edge| edges.meet(&edge, false)) {
        return Err(Error::illegal_argument("Unable to Tessellate shape. Possible malformed shape detected."));
    }
    Ok(())
}

fn is_flat(ring: &[At]) -> bool {
    let Some((&first, rest)) = ring.split_first() else { return true };
    let Some(&other) = rest.iter().find(|at| **at != first) else { return true };
    rest.iter().all(|&at| side(first, other, at) == 0)
}
