//! Lines and polygons that go beyond ±180 degrees, cut at the dateline into parts on the globe.

use std::collections::BTreeSet;

use super::edges::{Edges, Lies, side};
use super::ground::invalid_shape;
use super::{At, Rings};
use crate::error::Error;
use crate::geo::centered;

/// Longitudes beyond are no coordinates.
const FARTHEST: f64 = 900.0;

/// # Errors
/// `illegal_argument_exception` for what is no number, and for longitudes that go around the globe more than once.
fn check(positions: &[At]) -> Result<(), Error> {
    let wrong = |what: &str, value: f64, most: f64| {
        let reason = format!("invalid {what} {value:?}; must be between -{most:?} and {most:?}");
        Err(Error::illegal_argument(reason))
    };
    for at in positions {
        if !at.y.is_finite() {
            return wrong("latitude", at.y, 90.0);
        }
        if at.x.is_nan() || at.x.abs() > FARTHEST {
            return wrong("longitude", at.x, 180.0);
        }
    }
    Ok(())
}

/// A latitude brought back over the pole that it lies beyond; whether it was.
fn latitude(y: f64) -> (f64, bool) {
    if (-90.0..=90.0).contains(&y) {
        return (y, false);
    }
    match centered(y, 360.0) {
        y if y > 90.0 => (180.0 - y, true),
        y if y < -90.0 => (-180.0 - y, true),
        y => (y, false),
    }
}

/// The turn of the globe that a longitude lies in, 0 from -180 to 180; at its edge, the one that a line to the east or west enters.
fn turn(x: f64, west: bool) -> f64 {
    if west { ((x - 180.0) / 360.0).ceil() } else { ((x + 180.0) / 360.0).floor() }
}

/// The parts of a line on the globe.
///
/// # Errors
/// `illegal_argument_exception` for what are no coordinates.
pub(super) fn line(positions: &[At]) -> Result<Vec<Vec<At>>, Error> {
    check(positions)?;
    let over = |at: &At| {
        let (y, beyond) = latitude(at.y);
        At { x: if beyond { at.x + 180.0 } else { at.x }, y }
    };
    let positions: Vec<At> = positions.iter().map(over).collect();
    let (mut parts, mut part, mut now) = (Vec::new(), Vec::new(), None);
    for ends in positions.windows(2) {
        let (mut a, b) = (ends[0], ends[1]);
        let west = b.x < a.x;
        loop {
            let turn = if a.x == b.x { now.unwrap_or(turn(a.x, false)) } else { turn(a.x, west) };
            let on = |at: At| At { x: at.x - 360.0 * turn, y: at.y };
            if now != Some(turn) {
                parts.extend((part.len() > 1).then(|| std::mem::take(&mut part)));
                part = vec![on(a)];
                now = Some(turn);
            }
            let edge = 360.0 * turn + if west { -180.0 } else { 180.0 };
            if if west { b.x >= edge } else { b.x <= edge } {
                part.push(on(b));
                break;
            }
            a = At { x: edge, y: a.y + (b.y - a.y) * (edge - a.x) / (b.x - a.x) };
            part.push(on(a));
        }
    }
    parts.extend((part.len() > 1).then_some(part));
    Ok(parts)
}

/// The parts of a polygon on the globe. An outer ring that runs clockwise and spans more than half of the globe is meant to span the other
/// half.
///
/// # Errors
/// `invalid_shape_exception`, `illegal_argument_exception`, as OpenSearch.
pub(super) fn area(mut rings: Rings) -> Result<Vec<Rings>, Error> {
    rings.iter().try_for_each(|ring| check(ring))?;
    let Some((shell, holes)) = rings.split_first() else { return Ok(Vec::new()) };
    holes.iter().try_for_each(|hole| check_hole(shell, hole))?;
    let mut moved = false;
    for (at, ring) in rings.iter_mut().enumerate() {
        let mut clockwise = runs_clockwise(ring)?;
        let span = span_of(ring);
        let width = span.1 - span.0;
        let wrong = at == 0 && clockwise && width > 180.0 && width != 360.0;
        if wrong || moved && at > 0 {
            ring.iter_mut().filter(|at| at.x < 0.0).for_each(|at| at.x += 360.0);
            moved = true;
            if at == 0 || !clockwise {
                clockwise = !clockwise;
            }
        }
        // As OpenSearch, which sees duplicates in rings that run as they should.
        if (at > 0) == clockwise {
            check_duplicates(ring)?;
        }
    }
    on_globe(rings)
}

fn check_hole(shell: &[At], hole: &[At]) -> Result<(), Error> {
    let set = |ring: &[At]| ring.iter().map(|at| (at.x.to_bits(), at.y.to_bits())).collect::<BTreeSet<_>>();
    if set(shell).intersection(&set(hole)).nth(1).is_some() {
        let reason = "Invalid polygon, interior cannot share more than one point with the exterior";
        return Err(Error::illegal_argument(reason));
    }
    Ok(())
}

fn check_duplicates(ring: &[At]) -> Result<(), Error> {
    match ring[..ring.len() - 1].windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let At { x, y } = pair[0];
            let reason = format!("Provided shape has duplicate consecutive coordinates at: (POINT ({x:?} {y:?}))");
            Err(invalid_shape(reason))
        }
        None => Ok(()),
    }
}

/// By the turn at the southernmost, then westernmost corner.
fn runs_clockwise(ring: &[At]) -> Result<bool, Error> {
    let corners = &ring[..ring.len() - 1];
    let mut south = 0;
    for (at, corner) in corners.iter().enumerate() {
        if (corner.y, corner.x) < (corners[south].y, corners[south].x) {
            south = at;
        }
    }
    let (count, at) = (corners.len(), corners[south]);
    match side(corners[(south + count - 1) % count], at, corners[(south + 1) % count]) {
        0 => {
            let At { x, y } = at;
            Err(invalid_shape(format!("Cannot determine orientation: edges adjacent to ({x:?},{y:?}) coincide")))
        }
        side => Ok(side < 0),
    }
}

fn span_of(ring: &[At]) -> (f64, f64) {
    ring.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(west, east), at| (west.min(at.x), east.max(at.x)))
}

/// A ring that is being cut, and whether it is a hole.
type Cut = (Vec<At>, bool);

fn on_globe(rings: Rings) -> Result<Vec<Rings>, Error> {
    let span = span_of(&rings[0]);
    let rings: Vec<Cut> = rings.into_iter().enumerate().map(|(at, ring)| (ring, at > 0)).collect();
    if -180.0 <= span.0 && span.1 <= 180.0 {
        return assemble(rings);
    }
    let (mut parts, mut turn) = (Vec::new(), turn(span.0, false));
    while 360.0 * turn - 180.0 < span.1 {
        let shift = |at: At, by: f64| At { x: at.x + by, y: at.y };
        let mut here: Vec<Cut> = rings.clone();
        for (ring, _) in &mut here {
            ring.iter_mut().for_each(|at| *at = shift(*at, -360.0 * turn));
        }
        let mirrored = |mut cuts: Vec<Cut>| {
            cuts.iter_mut().flat_map(|(ring, _)| ring).for_each(|at| at.x = -at.x);
            cuts
        };
        here = mirrored(west_of_dateline(mirrored(west_of_dateline(here))));
        parts.extend(assemble(here)?);
        turn += 1.0;
    }
    Ok(parts)
}

/// Gives each hole to the outer ring around it, and brings latitudes to the globe.
fn assemble(cuts: Vec<Cut>) -> Result<Vec<Rings>, Error> {
    let (holes, outers): (Vec<Cut>, Vec<Cut>) = cuts.into_iter().partition(|(_, hole)| *hole);
    let mut parts: Vec<Rings> = outers.into_iter().map(|(ring, _)| vec![ring]).collect();
    if !holes.is_empty() {
        let around: Vec<Option<Edges>> = parts.iter().map(|part| Edges::new([part[0].clone()])).collect();
        for (hole, _) in holes {
            let has = |edges: &Option<Edges>| edges.as_ref().is_some_and(|edges| edges.lies(hole[0]) != Lies::Outside);
            // One that is outside changes nothing; OpenSearch refuses it where no outer ring has its longitude.
            let beside = |part: &Rings| {
                let (west, east) = span_of(&part[0]);
                (west..=east).contains(&hole[0].x)
            };
            let at = around.iter().position(has).or_else(|| parts.iter().position(beside));
            let at = at.ok_or_else(|| invalid_shape("Invalid shape: Hole is not within polygon".into()))?;
            parts[at].push(hole);
        }
    }
    parts.iter_mut().flatten().flatten().for_each(|at| at.y = latitude(at.y).0);
    Ok(parts)
}

/// What of some rings lies west of 180 degrees. Rings that are cut are closed along that meridian, between neighbours on it.
fn west_of_dateline(rings: Vec<Cut>) -> Vec<Cut> {
    let (mut kept, mut chains) = (Vec::new(), Vec::new());
    for (ring, hole) in rings {
        if ring.iter().all(|at| at.x <= 180.0) {
            kept.push((ring, hole));
        } else if ring.iter().any(|at| at.x < 180.0) {
            chains.extend(chains_of(&ring));
        }
    }
    kept.extend(linked(chains).into_iter().map(|ring| (ring, false)));
    kept
}

/// The stretches of a ring west of 180 degrees, from the meridian to the meridian.
fn chains_of(ring: &[At]) -> Vec<Vec<At>> {
    let corners = &ring[..ring.len() - 1];
    let start = corners.iter().position(|at| at.x >= 180.0).unwrap_or_default();
    let (mut chains, mut chain) = (Vec::new(), Vec::new());
    for step in 0..corners.len() {
        let (a, b) = (corners[(start + step) % corners.len()], corners[(start + step + 1) % corners.len()]);
        match (a.x < 180.0, b.x < 180.0) {
            (false, true) => chain = vec![crossing(a, b), b],
            (true, true) => chain.push(b),
            (true, false) => {
                chain.push(crossing(a, b));
                chains.push(std::mem::take(&mut chain));
            }
            (false, false) => {}
        }
    }
    chains
}

fn crossing(a: At, b: At) -> At {
    match (a.x == 180.0, b.x == 180.0) {
        (true, _) => a,
        (_, true) => b,
        _ => At { x: 180.0, y: a.y + (b.y - a.y) * (180.0 - a.x) / (b.x - a.x) },
    }
}

/// Rings of chains whose ends are neighbours: of all ends from south to north, the first and second, the third and fourth ..
fn linked(chains: Vec<Vec<At>>) -> Vec<Vec<At>> {
    let mut ends: Vec<(f64, usize, bool)> = Vec::new();
    for (at, chain) in chains.iter().enumerate() {
        ends.extend(chain.first().map(|end| (end.y, at, true)));
        ends.extend(chain.last().map(|end| (end.y, at, false)));
    }
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Where each end of each chain stands among all ends.
    let mut places = vec![[0; 2]; chains.len()];
    for (place, &(_, chain, start)) in ends.iter().enumerate() {
        places[chain][usize::from(start)] = place;
    }
    let (mut used, mut rings) = (vec![false; chains.len()], Vec::new());
    for first in 0..chains.len() {
        let (mut ring, mut next, mut forward) = (Vec::new(), first, true);
        while !used[next] {
            used[next] = true;
            if forward {
                ring.extend(chains[next].iter().copied());
            } else {
                ring.extend(chains[next].iter().rev().copied());
            }
            let (_, chain, start) = ends[places[next][usize::from(!forward)] ^ 1];
            (next, forward) = (chain, start);
        }
        if let Some(&start) = ring.first() {
            ring.push(start);
            rings.push(ring);
        }
    }
    rings
}
