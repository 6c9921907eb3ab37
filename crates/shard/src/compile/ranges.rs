//! Which terms of ranges stand to a range as a query asks: two comparisons, byte by byte.

use search::feature::BoundRanges;

use crate::segment::TermAutomaton;

/// No continuation can match.
const DEAD: u32 = u32::MAX;

/// What one half of a term is compared with.
#[derive(Clone, Debug)]
enum Half {
    AtMost(Box<[u8]>),
    AtLeast(Box<[u8]>),
}

/// Accepts terms of two halves that both compare as asked. A state is twice the number of bytes read, and one more where the half is
/// decided already.
#[derive(Clone, Debug)]
pub(super) struct RangeAutomaton {
    halves: [Half; 2],
    width: u32,
}

impl RangeAutomaton {
    pub(super) fn new(ranges: &BoundRanges) -> Self {
        use model::mapping::range::Relation;
        let (from, to): (Box<[u8]>, Box<[u8]>) = ((*ranges.from).into(), (*ranges.to).into());
        let width = from.len() as u32;
        let halves = match ranges.relation {
            Relation::Intersects => [Half::AtMost(to), Half::AtLeast(from)],
            Relation::Within => [Half::AtLeast(from), Half::AtMost(to)],
            Relation::Contains => [Half::AtMost(from), Half::AtLeast(to)],
        };
        Self { halves, width }
    }
}

impl TermAutomaton for RangeAutomaton {
    fn step(&self, state: u32, byte: u8) -> u32 {
        let read = state / 2;
        if state == DEAD || read >= 2 * self.width {
            return DEAD;
        }
        let (half, at) = (&self.halves[usize::from(read >= self.width)], (read % self.width) as usize);
        let decided = if state % 2 == 1 {
            true
        } else {
            let (wanted, at_most) = match half {
                Half::AtMost(bytes) => (bytes[at], true),
                Half::AtLeast(bytes) => (bytes[at], false),
            };
            match byte.cmp(&wanted) {
                std::cmp::Ordering::Equal => false,
                order if (order == std::cmp::Ordering::Less) == at_most => true,
                _ => return DEAD,
            }
        };
        let read = read + 1;
        2 * read + u32::from(decided && read != self.width)
    }

    fn is_match(&self, state: u32) -> bool {
        state != DEAD && state / 2 == 2 * self.width
    }

    fn can_match(&self, state: u32) -> bool {
        state != DEAD
    }
}

#[cfg(test)]
mod tests {
    use model::mapping::range::{End, RangeKind, Relation};

    use super::*;

    fn accepted(relation: Relation, (from, to): (i64, i64), ranges: &[(i64, i64)]) -> Vec<(i64, i64)> {
        let end = |code| End::of_code(code).bytes(RangeKind::Long).into();
        let automaton = RangeAutomaton::new(&BoundRanges { field: "r".into(), relation, from: end(from), to: end(to) });
        let holds = |&&(from, to): &&(i64, i64)| {
            let term = RangeKind::Long.term(End::of_code(from), End::of_code(to));
            automaton.is_match(term.iter().fold(0, |state, &byte| automaton.step(state, byte)))
        };
        ranges.iter().filter(holds).copied().collect()
    }

    #[test]
    fn ranges_meet_hold_and_lie_inside() {
        let all = [(-5, -1), (-1, 4), (1, 2), (3, 900), (256, 300), (i64::MIN, i64::MAX)];
        assert_eq!(accepted(Relation::Intersects, (0, 3), &all), [(-1, 4), (1, 2), (3, 900), (i64::MIN, i64::MAX)]);
        assert_eq!(accepted(Relation::Within, (0, 300), &all), [(1, 2), (256, 300)]);
        assert_eq!(accepted(Relation::Contains, (2, 4), &all), [(-1, 4), (i64::MIN, i64::MAX)]);
        assert_eq!(accepted(Relation::Contains, (1, 2), &all), [(-1, 4), (1, 2), (i64::MIN, i64::MAX)]);
    }

    #[test]
    fn terms_of_another_length_are_refused() {
        let end = |code| End::of_code(code).bytes(RangeKind::Long).into();
        let everything =
            BoundRanges { field: "r".into(), relation: Relation::Intersects, from: end(i64::MIN), to: end(i64::MAX) };
        let automaton = RangeAutomaton::new(&everything);
        let walk = |term: &[u8]| term.iter().fold(0, |state, &byte| automaton.step(state, byte));
        assert!(!automaton.is_match(walk(&[0; 15])) && automaton.is_match(walk(&[0; 16].map(|_| 0x80))));
        assert!(!automaton.is_match(walk(&[0x80; 17])));
    }
}
