//! Which copy of a shard is read: as the client prefers, and none that has just failed.
//!
//! Without a preference a copy on this node is read, or else each in turn. A text of the client's own always leads to the same copies as long
//! as they are there, so that pages of one search come from one view.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use cluster::state::{Copy, NodeId, State};
use model::id::{AllocationId, ShardNumber};

/// A search's choice, the same for all its parts.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    preference: Preference,
    /// What tells searches without a preference apart.
    turn: u64,
    /// Nodes that have failed this search.
    avoided: BTreeSet<NodeId>,
    /// Those that had failed it have been asked again.
    forgiven: bool,
    /// What they have told of their terms before will do.
    trusting: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Preference {
    Any,
    Primary {
        only: bool,
    },
    Replica {
        only: bool,
    },
    /// No other node than this one.
    OnlyLocal,
    Nodes {
        nodes: BTreeSet<NodeId>,
        only: bool,
    },
    /// A text of the client's own.
    Own(u64),
}

impl Choice {
    /// `text`: the parameter `preference`. `turn`: any number.
    pub(super) fn new(text: Option<&str>, state: &State, turn: u64) -> Self {
        Self {
            preference: Preference::read(text, state),
            turn,
            avoided: BTreeSet::new(),
            forgiven: false,
            trusting: true,
        }
    }

    /// The primary, which shows at once what it was told to publish; another copy where it does not answer.
    pub(super) fn primary_first() -> Self {
        let preference = Preference::Primary { only: false };
        Self { preference, turn: 0, avoided: BTreeSet::new(), forgiven: false, trusting: true }
    }

    pub(super) fn avoids(&self, node: &NodeId) -> bool {
        self.avoided.contains(node)
    }

    /// Asks these nodes no more. Out: whether any of them was asked until now.
    pub(super) fn avoid(&mut self, nodes: BTreeSet<NodeId>) -> bool {
        let before = self.avoided.len();
        self.avoided.extend(nodes);
        self.avoided.len() > before
    }

    /// Asks all nodes again. Out: whether that is done now; once for each search.
    pub(super) fn forgive(&mut self) -> bool {
        self.avoided.clear();
        !std::mem::replace(&mut self.forgiven, true)
    }

    /// Whether counts of terms that nodes have told before will do, where they still hold.
    pub(super) fn trusts(&self) -> bool {
        self.trusting
    }

    /// Has every node count anew: one has changed since it told.
    pub(super) fn distrust(&mut self) {
        self.trusting = false;
    }

    /// One of the copies that serve, which are in the order of their ids; `None`: none of them will do.
    pub(super) fn of<'a>(
        &self,
        ready: &[(&'a AllocationId, &'a Copy)],
        own: &NodeId,
        number: ShardNumber,
    ) -> Option<&'a Copy> {
        let in_turn = |turn: u64| {
            let place = turn.wrapping_add(u64::from(number.0)) % ready.len().max(1) as u64;
            ready.get(place as usize).map(|(_, copy)| *copy)
        };
        let first = |fits: &dyn Fn(&Copy) -> bool| ready.iter().map(|(_, copy)| *copy).find(|copy| fits(copy));
        let local = || first(&|copy| copy.node == *own);
        let any = || local().or_else(|| in_turn(self.turn));
        match &self.preference {
            Preference::Any => any(),
            Preference::OnlyLocal => local(),
            Preference::Own(hash) => in_turn(*hash),
            Preference::Primary { only } => first(&|copy| copy.primary).or_else(|| any().filter(|_| !only)),
            Preference::Replica { only } => first(&|copy| !copy.primary).or_else(|| any().filter(|_| !only)),
            Preference::Nodes { nodes, only } => {
                first(&|copy| nodes.contains(&copy.node)).or_else(|| any().filter(|_| !only))
            }
        }
    }
}

impl Preference {
    fn read(text: Option<&str>, state: &State) -> Self {
        let Some(text) = text else { return Self::Any };
        // `_shards:1,2|_local`: which shards is somebody else's to read.
        let text = match text.strip_prefix("_shards:") {
            Some(rest) => rest.split_once('|').map_or("_local", |(_, rest)| rest),
            None => text,
        };
        let nodes = |list: &str, only| {
            let wanted: BTreeSet<&str> = list.split(',').map(str::trim).collect();
            let fits =
                |(id, node): &(&NodeId, &cluster::state::Node)| wanted.contains(&*id.0) || wanted.contains(&*node.name);
            Self::Nodes { nodes: state.nodes.iter().filter(fits).map(|(id, _)| id.clone()).collect(), only }
        };
        match text {
            "" | "_local" => Self::Any,
            "_only_local" => Self::OnlyLocal,
            "_primary" => Self::Primary { only: true },
            "_primary_first" => Self::Primary { only: false },
            "_replica" => Self::Replica { only: true },
            "_replica_first" => Self::Replica { only: false },
            _ => match text.split_once(':') {
                Some(("_only_nodes", list)) => nodes(list, true),
                Some(("_prefer_nodes", list)) => nodes(list, false),
                _ => {
                    let mut hasher = DefaultHasher::new();
                    text.hash(&mut hasher);
                    Self::Own(hasher.finish())
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> NodeId {
        NodeId(name.into())
    }

    /// Copies on a, b and c, the primary on b. Whom `text` leads to, asked on `own`.
    fn chosen(text: Option<&str>, own: &str, avoided: &[&str], turn: u64) -> String {
        let mut state = State::default();
        let copies: Vec<(AllocationId, Copy)> = ["a", "b", "c"]
            .map(|name| {
                let node = cluster::state::Node { name: format!("node-{name}").into(), ..Default::default() };
                state.nodes.insert(id(name), node);
                (AllocationId(name.into()), Copy { started: true, ..Copy::new(id(name), name == "b") })
            })
            .into();
        let mut choice = Choice::new(text, &state, turn);
        choice.avoid(avoided.iter().map(|name| id(name)).collect());
        let ready: Vec<_> =
            copies.iter().map(|(id, copy)| (id, copy)).filter(|(_, copy)| !choice.avoids(&copy.node)).collect();
        choice.of(&ready, &id(own), ShardNumber(0)).map_or("-".to_owned(), |copy| copy.node.0.to_string())
    }

    #[test]
    fn copies_are_chosen_as_clients_prefer() {
        for (text, own, avoided, expected) in [
            (None, "c", &[][..], "c"),
            (None, "x", &[], "b"),
            (None, "c", &["c"], "b"),
            (Some("_local"), "a", &[], "a"),
            (Some("_only_local"), "x", &[], "-"),
            (Some("_primary"), "a", &[], "b"),
            (Some("_primary"), "a", &["b"], "-"),
            (Some("_primary_first"), "a", &["b"], "a"),
            (Some("_replica"), "b", &[], "a"),
            (Some("_only_nodes:node-c,z"), "a", &[], "c"),
            (Some("_only_nodes:z"), "a", &[], "-"),
            (Some("_prefer_nodes:z"), "a", &[], "a"),
            (Some("_shards:0,1|_primary"), "a", &[], "b"),
        ] {
            assert_eq!(chosen(text, own, avoided, 1), expected, "{text:?} {own} {avoided:?}");
        }
        assert_eq!(chosen(None, "x", &[], 2), "c", "in turn");
        let same: BTreeSet<String> = (0..9).map(|turn| chosen(Some("client-7"), "x", &[], turn)).collect();
        assert_eq!(same.len(), 1, "a text of one's own leads to one copy");
    }
}
