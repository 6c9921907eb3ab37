//! What a client says of the copies that are to be read: the parameter `preference`.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use cluster::state::NodeId;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;

use crate::core::Core;

/// Which shards are asked, and which of their copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Preference {
    /// `None`: all of them.
    pub(super) shards: Option<BTreeSet<ShardNumber>>,
    pub(super) among: Among,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Among {
    #[default]
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
        /// What the client said of them, where no others are to be asked.
        only: Option<Vec<String>>,
    },
    /// A text of the client's own.
    Own(u64),
}

impl Preference {
    /// As `text` says to `core`.
    ///
    /// # Errors
    /// As [`Preference::read`].
    pub(super) fn of(core: &Core, text: Option<&str>) -> Result<Self, Error> {
        Self::read(text, &|filters| {
            let view = super::cluster::view(core);
            let nodes = model::node_filter::select(&view, filters);
            nodes.into_iter().map(|node| NodeId(node.id.clone())).collect()
        })
    }

    /// `nodes`: those that filters mean.
    ///
    /// # Errors
    /// `illegal_argument_exception` for a text that begins with `_` and is none of those that are known; `number_format_exception` for shards
    /// that are no numbers.
    pub(super) fn read(text: Option<&str>, nodes: &dyn Fn(&[String]) -> BTreeSet<NodeId>) -> Result<Self, Error> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Self::default()) };
        let Some(rest) = text.strip_prefix("_shards:") else {
            let own = || {
                let mut hasher = DefaultHasher::new();
                text.hash(&mut hasher);
                Among::Own(hasher.finish())
            };
            let among = if text.starts_with('_') { Among::read(text, nodes)? } else { own() };
            return Ok(Self { shards: None, among });
        };
        let (list, rest) = rest.split_once('|').unwrap_or((rest, ""));
        let among = if rest.is_empty() { Among::Any } else { Among::read(rest, nodes)? };
        let shards = list.split(',').filter(|number| !number.is_empty()).map(shard).collect::<Result<_, _>>()?;
        Ok(Self { shards: Some(shards), among })
    }
}

fn shard(number: &str) -> Result<ShardNumber, Error> {
    let wrong = |_| Error::new(ErrorKind::NumberFormat, format!("For input string: \"{number}\""));
    number.trim().parse().map(ShardNumber).map_err(wrong)
}

impl Among {
    fn read(text: &str, nodes: &dyn Fn(&[String]) -> BTreeSet<NodeId>) -> Result<Self, Error> {
        let (kind, list) = text.split_once(':').map_or((text, None), |(kind, list)| (kind, Some(list)));
        let filters = || {
            let list = list.ok_or_else(|| {
                Error::illegal_argument(format!("[{kind}] of a preference needs nodes behind it: [{kind}:node,..]"))
            })?;
            Ok::<Vec<String>, Error>(list.split(',').map(|filter| filter.trim().to_owned()).collect())
        };
        Ok(match kind {
            "_local" => Self::Any,
            "_only_local" => Self::OnlyLocal,
            "_primary" => Self::Primary { only: true },
            "_primary_first" => Self::Primary { only: false },
            "_replica" => Self::Replica { only: true },
            "_replica_first" => Self::Replica { only: false },
            "_prefer_nodes" => Self::Nodes { nodes: nodes(&filters()?), only: None },
            "_only_nodes" => {
                let filters = filters()?;
                Self::Nodes { nodes: nodes(&filters), only: Some(filters) }
            }
            _ => return Err(Error::illegal_argument(format!("no Preference for [{text}]"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<(Option<&[u32]>, Among), &str>) {
        let nodes = |filters: &[String]| filters.iter().map(|filter| NodeId(filter.as_str().into())).collect();
        let found = Preference::read(Some(text), &nodes).map_err(|error| error.reason);
        let expected = expected.map(|(shards, among)| Preference {
            shards: shards.map(|numbers| numbers.iter().copied().map(ShardNumber).collect()),
            among,
        });
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }

    #[test]
    fn preferences_are_read() {
        let nodes = |only: bool| {
            let filters = ["a", "b"].map(str::to_owned);
            Among::Nodes {
                nodes: filters.iter().map(|id| NodeId(id.as_str().into())).collect(),
                only: only.then(|| filters.into()),
            }
        };
        check("", Ok((None, Among::Any)));
        check("_local", Ok((None, Among::Any)));
        check("_only_local:x", Ok((None, Among::OnlyLocal)));
        check("_primary", Ok((None, Among::Primary { only: true })));
        check("_shards:0,2", Ok((Some(&[0, 2]), Among::Any)));
        check("_shards:2|", Ok((Some(&[2]), Among::Any)));
        check("_shards:", Ok((Some(&[]), Among::Any)));
        check("_shards:1|_replica_first", Ok((Some(&[1]), Among::Replica { only: false })));
        check("_only_nodes:a,b", Ok((None, nodes(true))));
        check("_prefer_nodes:a, b", Ok((None, nodes(false))));
    }

    #[test]
    fn what_is_none_is_refused() {
        check("_bogus", Err("no Preference for [_bogus]"));
        check("_local|x", Err("no Preference for [_local|x]"));
        check("_shards:1|abc", Err("no Preference for [abc]"));
        check("_shards:x", Err("For input string: \"x\""));
        check("_only_nodes", Err("[_only_nodes] of a preference needs nodes behind it: [_only_nodes:node,..]"));
    }
}
