//! The master, as a value: what it decides about one shard.

use std::collections::BTreeMap;

use model::id::{AllocationId, PrimaryTerm, StateVersion};

use super::node::is_in_sync;
use super::random::Random;
use crate::assignment::{Assignment, Role};
use crate::event::Question;

#[derive(Clone, Hash)]
pub(super) struct Master {
    nodes: usize,
    version: u64,
    term: u64,
    copies: BTreeMap<AllocationId, (usize, Role)>,
    /// Where an allocation was, once and now.
    places: BTreeMap<AllocationId, usize>,
}

impl Master {
    pub(super) fn new(nodes: usize) -> Self {
        Self { nodes, version: 0, term: 0, copies: BTreeMap::new(), places: BTreeMap::new() }
    }

    pub(super) fn appoint_first(&mut self) {
        self.assign(0, Role::Primary);
        self.term = 1;
    }

    pub(super) fn assign(&mut self, node: usize, role: Role) {
        let id = AllocationId(format!("a{}@{node}", self.places.len()).into());
        self.places.insert(id.clone(), node);
        self.copies.insert(id, (node, role));
        self.version += 1;
    }

    pub(super) fn node_of(&self, copy: &AllocationId) -> Option<usize> {
        self.places.get(copy).copied()
    }

    pub(super) fn copy_on(&self, node: usize) -> Option<(&AllocationId, Role)> {
        self.copies.iter().find(|(_, (on, _))| *on == node).map(|(id, (_, role))| (id, *role))
    }

    pub(super) fn assignment(&self, me: AllocationId) -> Assignment {
        let copies = self.copies.iter().map(|(id, (_, role))| (id.clone(), *role)).collect();
        Assignment { version: StateVersion(self.version), term: PrimaryTerm(self.term), me, copies }
    }

    pub(super) fn version(&self) -> StateVersion {
        StateVersion(self.version)
    }

    pub(super) fn assignment_term(&self) -> u64 {
        self.term
    }

    pub(super) fn in_sync(&self) -> impl Iterator<Item = (&AllocationId, usize)> {
        self.copies.iter().filter(|(_, (_, role))| is_in_sync(*role)).map(|(id, (node, _))| (id, *node))
    }

    /// Those that searches may go to without being the primary.
    pub(super) fn replicas(&self) -> impl Iterator<Item = (&AllocationId, usize)> {
        self.copies.iter().filter(|(_, (_, role))| *role == Role::Replica).map(|(id, (node, _))| (id, *node))
    }

    pub(super) fn is_whole(&self) -> bool {
        self.copies.len() == self.nodes && self.in_sync().count() == self.nodes
    }

    /// # Errors
    /// The shard's term, when the asking primary is one of another.
    pub(super) fn answer(&mut self, question: &Question, random: &mut Random) -> Result<(), PrimaryTerm> {
        let (Question::FailCopy { term, .. } | Question::CopyStarted { term, .. } | Question::HandOver { term, .. }) =
            question;
        if term.0 != self.term {
            return Err(PrimaryTerm(self.term));
        }
        match question {
            Question::FailCopy { copy, .. } => self.fail(copy, random),
            Question::CopyStarted { copy, .. } => {
                if let Some((_, role @ Role::Initializing { .. })) = self.copies.get_mut(copy) {
                    *role = Role::Replica;
                    self.version += 1;
                }
            }
            Question::HandOver { to, .. } => {
                if let Some((_, Role::Initializing { takes_over: true })) = self.copies.get(to) {
                    self.copies.retain(|_, (_, role)| *role != Role::Primary);
                    self.promote(&to.clone());
                }
            }
        }
        Ok(())
    }

    fn promote(&mut self, copy: &AllocationId) {
        if let Some((_, role)) = self.copies.get_mut(copy) {
            *role = Role::Primary;
        }
        self.term += 1;
        self.version += 1;
    }

    /// Rule R3: the last in-sync copy stays listed, though nobody may be there.
    fn fail(&mut self, copy: &AllocationId, random: &mut Random) {
        let Some((_, role)) = self.copies.get(copy).copied() else { return };
        if role == Role::Primary {
            let replicas: Vec<_> =
                self.copies.iter().filter(|(_, (_, role))| *role == Role::Replica).map(|(id, _)| id.clone()).collect();
            if replicas.is_empty() {
                return;
            }
            let next = replicas[random.below(replicas.len() as u64) as usize].clone();
            self.copies.remove(copy);
            return self.promote(&next);
        }
        self.copies.remove(copy);
        self.version += 1;
    }

    /// The node's process ended, or the node is cut off.
    pub(super) fn node_left(&mut self, node: usize, random: &mut Random) {
        if let Some(copy) = self.copy_on(node).map(|(id, _)| id.clone()) {
            self.fail(&copy, random);
        }
    }

    pub(super) fn primary_node(&self) -> Option<usize> {
        self.copies.values().find(|(_, role)| *role == Role::Primary).map(|(node, _)| *node)
    }

    /// Takes the primary's node for gone.
    pub(super) fn replace_primary(&mut self, random: &mut Random) {
        if let Some(node) = self.primary_node() {
            self.node_left(node, random);
        }
    }

    /// A process that comes back finds a new allocation where only its data can go on.
    pub(super) fn node_returned(&mut self, node: usize, random: &mut Random) {
        self.node_left(node, random);
        if let Some((id, Role::Primary)) = self.copy_on(node).map(|(id, role)| (id.clone(), role)) {
            self.copies.remove(&id);
            self.assign(node, Role::Primary);
            self.term += 1;
        }
    }

    /// Gives the shard its missing copies, and sometimes moves the primary to one that is still missing.
    pub(super) fn allocate(&mut self, up: &[bool], random: &mut Random) {
        let node = random.below(self.nodes as u64) as usize;
        if up[node] && self.copy_on(node).is_none() {
            self.assign(node, Role::Initializing { takes_over: random.below(4) == 0 });
        }
    }
}
