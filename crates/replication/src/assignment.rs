//! What the metadata says of a shard, as far as one of its copies must know.

use std::collections::BTreeMap;

use model::id::{AllocationId, PrimaryTerm, StateVersion};

/// Who holds the shard, at one version of the metadata.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assignment {
    pub version: StateVersion,
    pub term: PrimaryTerm,
    /// The reader's own copy: an allocation of `copies`, or one that is there no longer.
    pub me: AllocationId,
    pub copies: BTreeMap<AllocationId, Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Orders the writes. In-sync, like a replica.
    Primary,
    /// Has everything that was acknowledged.
    Replica,
    /// Is being brought up to date.
    Initializing {
        /// It is to become the primary in the place of the one there is.
        takes_over: bool,
    },
}

impl Assignment {
    /// `None`: the copy is not part of the shard any more.
    pub fn role(&self) -> Option<Role> {
        self.copies.get(&self.me).copied()
    }

    pub fn primary(&self) -> Option<&AllocationId> {
        self.copies.iter().find(|(_, role)| **role == Role::Primary).map(|(id, _)| id)
    }
}
