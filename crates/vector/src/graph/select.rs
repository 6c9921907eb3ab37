//! Which of its candidates a node is linked to: near ones in different directions.

use super::pool::Candidate;

/// The first `limit` of `candidates` (nearest first) that are nearer to the node than to any chosen before (Malkov and Yashunin 2016, algorithm 4,
/// without filling up). `between`: the distance of two places.
pub(crate) fn diverse(
    candidates: &[Candidate],
    limit: usize,
    between: impl Fn(u32, u32) -> f32,
    chosen: &mut Vec<Candidate>,
) {
    chosen.clear();
    for &candidate in candidates {
        if chosen.len() >= limit {
            return;
        }
        let place = candidate.place();
        if chosen.iter().all(|other| between(place, other.place()) >= candidate.distance) {
            chosen.push(Candidate::new(place, candidate.distance));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_behind_a_chosen_one_is_left_out() {
        // On a line, the node at 0: 1 and 2 to the right, -3 to the left.
        let at = [1.0f32, 2.0, -3.0];
        let candidates: Vec<Candidate> =
            at.iter().enumerate().map(|(place, x)| Candidate::new(place as u32, x * x)).collect();
        let between = |a: u32, b: u32| (at[a as usize] - at[b as usize]).powi(2);
        let mut chosen = Vec::new();
        diverse(&candidates, 3, between, &mut chosen);
        assert_eq!(chosen.iter().map(|c| c.place()).collect::<Vec<_>>(), [0, 2]);
        diverse(&candidates, 1, between, &mut chosen);
        assert_eq!(chosen.iter().map(|c| c.place()).collect::<Vec<_>>(), [0]);
    }
}
