//! Which nodes begin a cluster: agreed on once among those that may found it, whatever is lost or comes twice.
//!
//! Single-decree Paxos (Lamport 1998): a proposal counts when a majority of the founders has accepted it; whoever proposes later finds it and
//! proposes the same. Each founder keeps its [`Promises`] on the disk before it answers. Not here: messages, time, who is asked.

use std::collections::BTreeMap;

use cluster::state::NodeId;
use serde::{Deserialize, Serialize};

/// The first voters, and where they are reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Founding {
    pub(crate) members: BTreeMap<NodeId, String>,
}

/// Orders proposals: a round, and who began it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Ballot(pub(crate) u64, pub(crate) NodeId);

/// What one founder has promised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Promises {
    promised: Option<Ballot>,
    accepted: Option<(Ballot, Founding)>,
}

/// A founder's answer to a ballot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// It takes part in no older ballot any more; what it has accepted before.
    Promised(Option<(Ballot, Founding)>),
    /// It has promised itself to a later ballot.
    Later(Ballot),
}

impl Promises {
    /// A ballot begins.
    pub(crate) fn prepare(&mut self, ballot: &Ballot) -> Answer {
        match &self.promised {
            Some(promised) if promised > ballot => Answer::Later(promised.clone()),
            _ => {
                self.promised = Some(ballot.clone());
                Answer::Promised(self.accepted.clone())
            }
        }
    }

    /// A ballot's proposal. Out: whether it is accepted.
    pub(crate) fn accept(&mut self, ballot: &Ballot, founding: &Founding) -> bool {
        if self.promised.as_ref().is_some_and(|promised| promised > ballot) {
            return false;
        }
        self.promised = Some(ballot.clone());
        self.accepted = Some((ballot.clone(), founding.clone()));
        true
    }

    /// A ballot that is later than all that this founder has seen.
    pub(crate) fn next_ballot(&self, own: &NodeId) -> Ballot {
        Ballot(self.promised.as_ref().map_or(1, |ballot| ballot.0 + 1), own.clone())
    }
}

/// How many of `founders` are a majority.
pub(crate) fn majority(founders: usize) -> usize {
    founders / 2 + 1
}

/// What a ballot that a majority has promised to proposes: what was accepted by the latest ballot before, else its own.
pub(crate) fn proposal(answers: Vec<Option<(Ballot, Founding)>>, own: Founding) -> Founding {
    let latest = answers.into_iter().flatten().max_by(|a, b| a.0.cmp(&b.0));
    latest.map_or(own, |(_, founding)| founding)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: usize) -> NodeId {
        NodeId(format!("n{n}").into())
    }

    fn founding(of: &[usize]) -> Founding {
        Founding { members: of.iter().map(|n| (id(*n), format!("h:{n}"))).collect() }
    }

    /// One proposer's way: which founders hear its first and its second message, and what it would propose.
    #[derive(Clone, Debug)]
    struct Try {
        by: usize,
        first: Vec<usize>,
        second: Vec<usize>,
    }

    /// Runs proposals with their second messages late by `delay` others. Out: every founding that a majority has accepted.
    fn run(founders: usize, tries: &[Try], delay: usize) -> Vec<Founding> {
        let mut promises = vec![Promises::default(); founders];
        let (mut pending, mut chosen) = (Vec::new(), Vec::new());
        for attempt in tries {
            let ballot = promises[attempt.by].next_ballot(&id(attempt.by));
            let answers: Vec<Answer> = attempt.first.iter().map(|n| promises[*n].prepare(&ballot)).collect();
            let promised: Vec<_> = answers
                .into_iter()
                .filter_map(|answer| if let Answer::Promised(p) = answer { Some(p) } else { None })
                .collect();
            if promised.len() >= majority(founders) {
                pending.push((ballot, proposal(promised, founding(&attempt.first)), attempt.second.clone()));
            }
            if pending.len() > delay {
                let (ballot, founding, to) = pending.remove(0);
                let accepted = to.iter().filter(|n| promises[**n].accept(&ballot, &founding)).count();
                if accepted >= majority(founders) {
                    chosen.push(founding);
                }
            }
        }
        chosen
    }

    #[test]
    fn who_proposes_later_proposes_the_same() {
        let tries = [
            Try { by: 0, first: vec![0, 1], second: vec![0, 1] },
            Try { by: 2, first: vec![1, 2], second: vec![1, 2] },
        ];
        assert_eq!(run(3, &tries, 0), vec![founding(&[0, 1]), founding(&[0, 1])]);
    }

    fn some_founders(founders: usize) -> impl Strategy<Value = Vec<usize>> {
        proptest::sample::subsequence((0..founders).collect::<Vec<_>>(), 0..=founders)
    }

    proptest! {
        #[test]
        fn no_two_clusters_are_founded(
            tries in proptest::collection::vec((0..5usize, some_founders(5), some_founders(5)), 1..12),
            delay in 0..4usize,
        ) {
            let tries: Vec<Try> = tries.into_iter().map(|(by, first, second)| Try { by, first, second }).collect();
            let chosen = run(5, &tries, delay);
            prop_assert!(chosen.windows(2).all(|two| two[0] == two[1]), "{chosen:?}");
        }
    }
}
