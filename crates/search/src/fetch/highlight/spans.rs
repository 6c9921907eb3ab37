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

/// The most words that the stretches of one text may hold together.
const MAX_PARTS: usize = 4_000_000;

/// Calls `visit` with the words of every stretch. `clauses`: the places of each leaf, ascending by position; where there are very many
/// leaves, those of the later places are not looked at.
pub(super) fn stretches(spans: &Spans<usize>, clauses: &[Vec<Place>], visit: &mut dyn FnMut(&[Place])) {
    let most = MAX_PARTS / clauses.len().max(1);
    let Ok(found) = spans.clone().stretches(&mut |leaf: &mut usize| {
        let places = clauses.get(*leaf).into_iter().flatten().take(most);
        let word =
            |place: &Place| Stretch { start: place.position, end: place.position + 1, width: 0, parts: vec![*place] };
        Ok::<_, Infallible>(places.map(word).collect())
    });
    found.iter().for_each(|one| visit(&one.parts));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clauses: &[&[u32]], slop: u32, ordered: bool, expected: &[&[u32]]) {
        let place = |position: &u32| Place { position: *position, token: *position as usize };
        let clauses: Vec<Vec<Place>> = clauses.iter().map(|places| places.iter().map(place).collect()).collect();
        let mut found = Vec::new();
        stretches(&Spans::near(0..clauses.len(), slop, ordered), &clauses, &mut |places| {
            found.push(places.iter().map(|place| place.position).collect::<Vec<_>>());
        });
        assert_eq!(found, expected, "{clauses:?}");
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
}
