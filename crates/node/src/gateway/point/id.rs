//! What the ids of points in time and of scrolls say: any node reads them, none has to remember them.

use cluster::state::NodeId;
use model::binary::{from_base64, to_base64};
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};
use model::wire::{from_bytes, to_bytes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A point in time: the readers that it is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::gateway) struct PointId {
    pub(in crate::gateway) indexes: Vec<PointIndex>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::gateway) struct PointIndex {
    pub(in crate::gateway) uuid: IndexUuid,
    /// Of the aliases through which it was reached; one must match.
    #[serde(with = "model::wire::json")]
    pub(in crate::gateway) filters: Vec<Value>,
    /// By number.
    pub(in crate::gateway) shards: Vec<PointShard>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::gateway) struct PointShard {
    pub(in crate::gateway) number: ShardNumber,
    pub(in crate::gateway) node: NodeId,
    /// The node's number for what it keeps.
    pub(in crate::gateway) context: u64,
    /// Its place among all shards of the point.
    pub(in crate::gateway) place: u32,
}

/// A scroll: who goes through it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::gateway) struct ScrollId {
    pub(in crate::gateway) node: NodeId,
    pub(in crate::gateway) number: u64,
}

impl PointId {
    pub(in crate::gateway) fn write(&self) -> String {
        written('P', self)
    }

    /// # Errors
    /// `illegal_argument_exception` for what is no such id.
    pub(in crate::gateway) fn read(text: &str) -> Result<Self, Error> {
        read('P', text).ok_or_else(|| Error::illegal_argument(format!("invalid id: [{text}]")).with_cause(cut(text)))
    }

    /// The nodes that keep something for it, and under which number.
    pub(in crate::gateway) fn contexts(&self) -> Vec<(&NodeId, u64)> {
        let mut all: Vec<_> = self.indexes.iter().flat_map(|index| &index.shards).collect();
        all.sort_by(|a, b| (&a.node, a.context).cmp(&(&b.node, b.context)));
        let mut contexts: Vec<_> = all.into_iter().map(|shard| (&shard.node, shard.context)).collect();
        contexts.dedup();
        contexts
    }
}

impl ScrollId {
    pub(in crate::gateway) fn write(&self) -> String {
        written('S', self)
    }

    /// # Errors
    /// `illegal_argument_exception` for what is no such id.
    pub(in crate::gateway) fn read(text: &str) -> Result<Self, Error> {
        read('S', text).ok_or_else(|| Error::illegal_argument("Cannot parse scroll id").with_cause(cut(text)))
    }
}

/// Why a text is no id: it is none in base64, or one of something else.
fn cut(text: &str) -> Error {
    let digits = text.trim_end_matches('=');
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match digits.bytes().find(|&byte| !known(byte)) {
        Some(byte) => Error::illegal_argument(format!("Illegal base64 character {byte:x}")),
        None if digits.len() % 4 == 1 => Error::illegal_argument("the last character of the id is not whole"),
        None => Error::new(ErrorKind::EndOfFile, "the id is not whole"),
    }
}

/// Ids are parts of URLs, too.
fn written<T: Serialize>(kind: char, id: &T) -> String {
    let text = to_base64(&to_bytes(id)).replace('+', "-").replace('/', "_");
    format!("{kind}{text}")
}

fn read<T: DeserializeOwned>(kind: char, text: &str) -> Option<T> {
    let text = text.strip_prefix(kind)?.replace('-', "+").replace('_', "/");
    from_bytes(&from_base64(&text)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_back_and_others_are_refused() {
        let node = NodeId("a+/?b".into());
        let shard =
            |number| PointShard { number: ShardNumber(number), node: node.clone(), context: 1 << 40, place: number };
        let index = PointIndex {
            uuid: IndexUuid("u".into()),
            filters: vec![serde_json::json!({"term": {"a": 1}})],
            shards: vec![shard(0), shard(3)],
        };
        let id = PointId { indexes: vec![index] };
        let text = id.write();
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(PointId::read(&text).unwrap(), id);
        assert_eq!(id.contexts(), [(&node, 1 << 40)]);
        for wrong in ["", "P", "Pabc", "S", &text[..text.len() - 3], &ScrollId { node, number: 1 }.write()] {
            assert!(PointId::read(wrong).is_err(), "{wrong}");
        }
    }
}
