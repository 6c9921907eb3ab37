//! How near to each other the parts of a query stand in a document.

use model::query::ranked::Window;
use smallvec::SmallVec;

/// Where the parts of a group stand, as far as they stand anywhere: few mostly.
pub(super) type Placed<'a> = SmallVec<[&'a [u32]; 4]>;

/// How far neighbours among the parts stand apart, at their nearest: the root of the sum of squares, without its fraction.
/// `parts`: how many there are, those among them that stand nowhere.
pub(super) fn distance(parts: usize, placed: &[&[u32]]) -> f64 {
    if parts <= 1 {
        return 1.0;
    }
    let sum: u64 = placed.windows(2).map(|pair| u64::from(nearest(pair[0], pair[1])).pow(2)).sum();
    match sum {
        0 => (parts - 1) as f64,
        sum => (sum as f64).sqrt().floor(),
    }
}

/// The least distance of a position of one list from one of the other. What stands nowhere is as far from the first of the other as if it
/// stood two places before the text.
fn nearest(one: &[u32], other: &[u32]) -> u32 {
    if let (Some(first), None) | (None, Some(first)) = (one.first(), other.first()) {
        return first.saturating_add(2);
    }
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut least = u32::MAX;
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        least = least.min(a.abs_diff(**b));
        if least <= 1 {
            break;
        }
        if b > a {
            one.next();
        } else {
            other.next();
        }
    }
    if least == u32::MAX { 0 } else { least }
}

/// Whether the parts stand near each other. What does not stand anywhere is passed over; of groups without a place nothing is near.
pub(super) fn within(parts: usize, placed: &[&[u32]], window: Window) -> bool {
    if parts <= 1 || placed.is_empty() {
        return true;
    }
    if placed.iter().any(|all| all.is_empty()) {
        return false;
    }
    let slop = window.slop.unwrap_or(u32::MAX);
    if window.in_order { in_order(placed, slop) } else { in_any_order(placed, slop) }
}

/// Each at the one before or behind it, with at most `slop` other words between them in all.
fn in_order(placed: &[&[u32]], slop: u32) -> bool {
    let mut at = vec![0; placed.len()];
    for first in placed[0] {
        let mut last = *first;
        let mut span = 0_i64;
        let mut fits = true;
        for (list, at) in placed.iter().zip(&mut at).skip(1) {
            while list.get(*at).is_some_and(|position| *position < last) {
                *at += 1;
            }
            let Some(position) = list.get(*at) else { return false };
            span += i64::from(*position) - i64::from(last) - 1;
            last = *position;
            if span > i64::from(slop) {
                fits = false;
                break;
            }
        }
        if fits {
            return true;
        }
    }
    false
}

/// All within a stretch that holds at most `slop` other words.
fn in_any_order(placed: &[&[u32]], slop: u32) -> bool {
    let mut at = vec![0; placed.len()];
    let others = placed.len() as u32 - 1;
    loop {
        let (mut least, mut most, mut lowest) = (u32::MAX, 0, 0);
        for (list, position) in placed.iter().enumerate().map(|(list, all)| (list, all[at[list]])) {
            if position < least {
                (least, lowest) = (position, list);
            }
            most = most.max(position);
        }
        // Words that all stand at one place are one word, which is near to nothing.
        if most != least && (most - least).saturating_sub(others) <= slop {
            return true;
        }
        at[lowest] += 1;
        if at[lowest] >= placed[lowest].len() {
            return false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_search_module() {
        let check = |lists: &[&[u32]], expected| assert_eq!(distance(lists.len(), lists), expected, "{lists:?}");
        check(&[&[3]], 1.0);
        check(&[&[1], &[2]], 1.0);
        check(&[&[6], &[6], &[1]], 5.0);
        check(&[&[4, 7], &[4, 7], &[2]], 2.0);
        check(&[&[2, 5], &[2, 5]], 1.0);
        check(&[&[2, 5], &[]], 4.0);
        check(&[&[], &[]], 1.0);
    }

    #[test]
    fn windows_hold_in_order_or_in_any() {
        let check = |lists: &[&[u32]], slop, in_order, expected| {
            let window = Window { slop: Some(slop), in_order };
            assert_eq!(within(lists.len(), lists, window), expected, "{lists:?} {slop} {in_order}");
        };
        check(&[&[1], &[2]], 0, true, true);
        check(&[&[2], &[1]], 0, true, false);
        check(&[&[2], &[1]], 0, false, true);
        check(&[&[1, 8], &[4, 9]], 0, true, true);
        check(&[&[1], &[4]], 1, true, false);
        check(&[&[1], &[4]], 2, true, true);
        check(&[&[5], &[1], &[3]], 2, false, true);
        check(&[&[5], &[1], &[3]], 1, false, false);
        check(&[&[4], &[4]], 0, true, true);
        check(&[&[4], &[4]], 9, false, false);
        check(&[&[4], &[]], 9, true, false);
        check(&[&[4]], 0, false, true);
    }
}
