//! Where the words of a phrase, or of spans, stand as the query has them.
//!
//! As Lucene's span queries find it: in order, each word as soon as it comes behind the one before; or in any order, through a window over
//! all words whose first is moved on.

use std::convert::Infallible;

use crate::span::{BoundSpan, Spans, Stretch};

/// One word of a text that one clause accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) position: u32,
    /// Which token of the text.
    pub(super) token: usize,
}

/// Places looked at in one text for one phrase; what occurs behind them is not found. Only phrases of hundreds of equal words need more.
const MAX_WORK: usize = 20_000_000;

/// Calls `visit` with one place of each clause for every occurrence. `clauses`: the places of each, ascending by position.
pub(super) fn occurrences(clauses: &[Vec<Place>], slop: u32, ordered: bool, visit: &mut dyn FnMut(&[Place])) {
    if clauses.is_empty() || clauses.iter().any(Vec::is_empty) {
        return;
    }
    if ordered { in_order(clauses, slop, visit) } else { in_any_order(clauses, slop, visit) }
}

/// The most words that the stretches of one text may hold together.
const MAX_PARTS: usize = 4_000_000;

/// Calls `visit` with the words of every stretch. `clauses`: the places of each leaf, ascending by position; where there are very many
/// leaves, those of the later places are not looked at.
pub(super) fn stretches(span: &BoundSpan, clauses: &[Vec<Place>], visit: &mut dyn FnMut(&[Place])) {
    let most = MAX_PARTS / clauses.len().max(1);
    let mut numbers = 0..clauses.len();
    let Ok(mut spans) = Spans::new(span, &mut |_| Ok::<_, Infallible>(numbers.next()));
    let Ok(found) = spans.stretches(&mut |leaf: &mut Option<usize>| {
        let places = leaf.and_then(|leaf| clauses.get(leaf)).into_iter().flatten().take(most);
        let word =
            |place: &Place| Stretch { start: place.position, end: place.position + 1, width: 0, parts: vec![*place] };
        Ok::<_, Infallible>(places.map(word).collect())
    });
    found.iter().for_each(|one| visit(&one.parts));
}

fn in_order(clauses: &[Vec<Place>], slop: u32, visit: &mut dyn FnMut(&[Place])) {
    let [first, rest @ ..] = clauses else { return };
    let mut at = vec![0; rest.len()];
    let mut found = Vec::with_capacity(clauses.len());
    for place in first {
        found.clear();
        found.push(*place);
        let mut end = place.position + 1;
        let mut between = 0u32;
        for (places, at) in rest.iter().zip(&mut at) {
            while places.get(*at).is_some_and(|next| next.position < end) {
                *at += 1;
            }
            // No word is left for this clause, and none will be.
            let Some(next) = places.get(*at) else { return };
            between = between.saturating_add(next.position - end);
            end = next.position + 1;
            found.push(*next);
        }
        if between <= slop {
            visit(&found);
        }
    }
}

fn in_any_order(clauses: &[Vec<Place>], slop: u32, visit: &mut dyn FnMut(&[Place])) {
    let mut at = vec![0usize; clauses.len()];
    let mut found: Vec<Place> = clauses.iter().filter_map(|places| places.first().copied()).collect();
    let words = clauses.len() as u32;
    for _ in 0..MAX_WORK / clauses.len() {
        let Some((first, lowest)) = found.iter().enumerate().min_by_key(|(_, place)| place.position) else { return };
        let end = found.iter().map(|place| place.position + 1).max().unwrap_or(0);
        if (end - lowest.position).saturating_sub(words) <= slop {
            visit(&found);
        }
        at[first] += 1;
        match clauses[first].get(at[first]) {
            Some(next) => found[first] = *next,
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(clauses: &[&[u32]], slop: u32, ordered: bool, expected: &[&[u32]]) {
        let place = |position: &u32| Place { position: *position, token: *position as usize };
        let clauses: Vec<Vec<Place>> = clauses.iter().map(|places| places.iter().map(place).collect()).collect();
        let mut found = Vec::new();
        occurrences(&clauses, slop, ordered, &mut |places| {
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
