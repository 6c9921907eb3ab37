//! Which nodes vote: three of those that may, or five where there are so many. A pure decision.

use cluster::state::{NodeId, State};

/// The voters that this state should have. `voters`: those of now; `elected`: one of them, which stays.
///
/// Never fewer than three once there were three: a node that is away for a while keeps its vote until another takes its place.
pub(crate) fn wanted(state: &State, voters: &[NodeId], elected: &NodeId) -> Vec<NodeId> {
    let excluded = |id: &NodeId| is_excluded(state, id);
    let eligible: Vec<&NodeId> = state
        .nodes
        .iter()
        .filter(|(id, node)| node.is_cluster_manager() && (!excluded(id) || *id == elected))
        .map(|(id, _)| id)
        .collect();
    let absent = voters.iter().filter(|id| !state.nodes.contains_key(*id) && !excluded(id)).count();
    let count = match eligible.len() {
        5.. => 5,
        3..=4 => 3,
        few if few + absent >= 3 && voters.len() >= 3 => 3,
        2 if voters.len() == 2 => 2,
        few => few.min(1),
    };
    // Those who vote now first, the elected one before them; then new ones; those that are away last.
    let mut candidates: Vec<(u8, &NodeId)> = eligible.iter().map(|id| (rank(id, voters, elected), *id)).collect();
    candidates.extend(voters.iter().filter(|id| !state.nodes.contains_key(*id) && !excluded(id)).map(|id| (3, id)));
    candidates.sort();
    let mut wanted: Vec<NodeId> = candidates.into_iter().take(count).map(|(_, id)| id.clone()).collect();
    wanted.sort();
    wanted
}

/// Whether an operator wants this node to vote no more.
pub(crate) fn is_excluded(state: &State, id: &NodeId) -> bool {
    let name = state.nodes.get(id).map(|node| &node.name);
    state.voting_exclusions.iter().any(|exclusion| exclusion.id == *id || Some(&exclusion.name) == name)
}

fn rank(id: &NodeId, voters: &[NodeId], elected: &NodeId) -> u8 {
    if id == elected {
        0
    } else if voters.contains(id) {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use cluster::state::{Node, VotingExclusion};

    use super::*;

    fn ids(names: &str) -> Vec<NodeId> {
        names.chars().map(|name| NodeId(name.to_string().into())).collect()
    }

    fn state(masters: &str, others: &str) -> State {
        let mut state = State::default();
        let roles = |role: &str| [role.to_owned()].into();
        for (names, role) in [(masters, "cluster_manager"), (others, "data")] {
            for id in ids(names) {
                let node = Node { name: format!("node-{}", id.0).into(), roles: roles(role), ..Node::default() };
                state.nodes.insert(id, node);
            }
        }
        state
    }

    fn check(masters: &str, others: &str, voters: &str, expected: &str) {
        let elected = ids(voters)[0].clone();
        let wanted: String = wanted(&state(masters, others), &ids(voters), &elected).iter().map(|id| &*id.0).collect();
        assert_eq!(wanted, expected, "{masters} {others} {voters}");
    }

    #[test]
    fn there_are_one_three_or_five() {
        check("a", "x", "a", "a");
        check("ab", "", "a", "a");
        check("ab", "", "ab", "ab");
        check("abc", "xyz", "a", "abc");
        check("abcd", "", "dbc", "bcd");
        check("abcde", "", "abc", "abcde");
        check("abcdefg", "", "gab", "abcdg");
    }

    #[test]
    fn who_is_away_keeps_its_vote_until_another_takes_it() {
        check("ab", "", "abc", "abc");
        check("abd", "", "abc", "abd");
        check("abcd", "", "abcde", "abc");
        check("a", "", "abc", "abc");
    }

    #[test]
    fn who_is_excluded_does_not_vote() {
        let mut state = state("abcd", "");
        state.voting_exclusions.insert(VotingExclusion { id: NodeId("b".into()), name: "_absent_".into() });
        assert_eq!(wanted(&state, &ids("abc"), &ids("a")[0]), ids("acd"));
    }
}
