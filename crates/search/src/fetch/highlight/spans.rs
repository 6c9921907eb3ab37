//! Where the words of a phrase, or of spans, stand as the query has them.

use std::convert::Infallible;

use crate::span::{Spans, Stretch};

/// One word of a text that one clause accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) position: u32,
    /// Which token of the text.
    pub(super) token: usize,
}

/// The most words that the stretches of all phrases of one text may hold together.
const MAX_PARTS: usize = 4_000_000;

/// Where the words of one phrase stand in a text.
pub(super) struct Clauses {
    /// Of each leaf, ascending by position.
    places: Vec<Vec<Place>>,
    /// As many may still be added: there are at most as many stretches as places, each with a part of every leaf at most.
    left: usize,
}

impl Clauses {
    /// Of so many leaves, beside so many other phrases.
    pub(super) fn new(leaves: usize, phrases: usize) -> Self {
        Self { places: vec![Vec::new(); leaves], left: MAX_PARTS / leaves.max(1) / phrases.max(1) }
    }

    /// Adds a place of a leaf. Places come as they stand in the text; the last ones of very many are not looked at.
    pub(super) fn add(&mut self, leaf: usize, place: Place) {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            self.places[leaf].push(place);
        }
    }

    /// Calls `visit` with the words of every stretch.
    pub(super) fn stretches(&self, spans: &Spans<usize>, visit: &mut dyn FnMut(&[Place])) {
        let Ok(found) = spans.clone().stretches(&mut |leaf: &mut usize| {
            let word = |place: &Place| Stretch {
                start: place.position,
                end: place.position + 1,
                width: 0,
                parts: vec![*place],
            };
            Ok::<_, Infallible>(self.places.get(*leaf).into_iter().flatten().map(word).collect())
        });
        found.iter().for_each(|one| visit(&one.parts));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(leaves: &[&[u32]], slop: u32, ordered: bool, expected: &[&[u32]]) {
        let mut clauses = Clauses::new(leaves.len(), 1);
        for (leaf, places) in leaves.iter().enumerate() {
            places.iter().for_each(|&position| clauses.add(leaf, Place { position, token: position as usize }));
        }
        let mut found = Vec::new();
        clauses.stretches(&Spans::near(0..leaves.len(), slop, ordered), &mut |places| {
            found.push(places.iter().map(|place| place.position).collect::<Vec<_>>());
        });
        assert_eq!(found, expected, "{leaves:?}");
    }

    #[test]
    fn phrases_occur_where_their_words_follow_each_other() {
        check(&[&[1, 5, 9], &[2, 7]], 0, true, &[&[1, 2]]);
        check(&[&[1, 5], &[2, 7]], 1, true, &[&[1, 2], &[5, 7]]);
        check(&[&[3], &[1, 2]], 5, true, &[]);
        check(&[&[3], &[1, 2]], 0, false, &[&[3, 2]]);
        check(&[&[3], &[1, 2]], 1, false, &[&[3, 1], &[3, 2]]);
        check(&[&[3], &[]], 1, false, &[]);
    }

    #[test]
    fn what_stretches_hold_is_bounded() {
        let (leaves, mut held) = (100, 0);
        let mut clauses = Clauses::new(leaves, 2);
        for position in 0..10_000 {
            (0..leaves).for_each(|leaf| clauses.add(leaf, Place { position, token: position as usize }));
        }
        clauses.stretches(&Spans::near(0..leaves, u32::MAX, false), &mut |places| held += places.len());
        assert!((1_000_000..=MAX_PARTS / 2).contains(&held), "{held}");
    }
}
