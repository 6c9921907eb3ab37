//! Refreshes: what clients were told that searches find, and whether every copy that is searched shows it.

use std::collections::{BTreeMap, BTreeSet};

use model::id::{AllocationId, PrimaryTerm, SeqNo};

use super::{Travelling, Violation, World};
use crate::event::Event;

/// A copy is asked to show what lies below `below`.
#[derive(Clone, Debug, Hash)]
pub(super) struct Show {
    pub(super) from: usize,
    pub(super) to: AllocationId,
    pub(super) below: SeqNo,
    pub(super) term: PrimaryTerm,
    /// Of a client; `None`: the protocol asked for it.
    pub(super) refresh: Option<u32>,
}

#[derive(Clone, Default, Hash)]
pub(super) struct Refreshes {
    begun: u32,
    /// Who has not answered yet, and what everybody shows then.
    waiting: BTreeMap<u32, (BTreeSet<AllocationId>, SeqNo)>,
    /// Clients were told that everything below it is found.
    done: SeqNo,
}

impl World {
    /// A client's, at a node that believes to have the primary.
    pub(super) fn refresh(&mut self, node: usize) {
        let Some(copy) = self.nodes[node].copy.as_ref().filter(|copy| copy.is_primary()) else { return };
        let (below, term, counted) = (copy.applied(), copy.assignment().term, copy.counted());
        self.nodes[node].shown = below;
        let refresh = self.refreshes.begun;
        self.refreshes.begun += 1;
        for to in &counted {
            let show = Show { from: node, to: to.clone(), below, term, refresh: Some(refresh) };
            self.travelling.push(Travelling::Show(show));
        }
        self.refreshes.waiting.insert(refresh, (counted.into_iter().collect(), below));
        self.answered(refresh, None);
    }

    fn answered(&mut self, refresh: u32, by: Option<&AllocationId>) {
        let Some((waiting, below)) = self.refreshes.waiting.get_mut(&refresh) else { return };
        waiting.retain(|copy| Some(copy) != by);
        if waiting.is_empty() {
            self.refreshes.done = self.refreshes.done.max(*below);
            self.refreshes.waiting.remove(&refresh);
        }
    }

    /// The copy shows it, or is not there, or serves a newer primary, or has not got it yet; only then a client goes on waiting.
    pub(super) fn show(&mut self, show: Show) -> Result<(), Violation> {
        let Show { from, to, below, term, refresh } = &show;
        let place = self.node_of(to).filter(|node| !self.cut[*from] && !self.cut[*node]);
        let there = place.and_then(|node| Some((node, self.nodes[node].copy.as_ref()?)));
        let there = there.filter(|(_, copy)| copy.assignment().term <= *term);
        let lost = self.faults && self.random.below(12) == 0;
        let done = match there {
            Some((_, copy)) if !lost && copy.applied() < *below && refresh.is_some() => {
                self.travelling.push(Travelling::Show(show));
                return Ok(());
            }
            Some((node, copy)) if !lost && copy.applied() >= *below => {
                self.nodes[node].shown = copy.applied();
                true
            }
            _ => false,
        };
        match refresh {
            Some(refresh) => {
                if done {
                    self.answered(*refresh, Some(to));
                }
                Ok(())
            }
            None => self.on(*from, Event::Shown { copy: to.clone(), term: *term, done }),
        }
    }

    /// Whatever a client was told to be found is found in every copy that may be searched.
    pub(super) fn check_shown(&self) -> Result<(), Violation> {
        for (copy, node) in self.master.replicas() {
            let (node, done) = (&self.nodes[node], self.refreshes.done);
            if node.me.as_ref() == Some(copy) && node.shown < done {
                return Err(format!("{copy} shows what lies below {}, where {done} was told to be found", node.shown));
            }
        }
        Ok(())
    }
}
