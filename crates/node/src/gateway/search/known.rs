//! How often terms occur in shards of other nodes, as those have told.
//!
//! In: what a node has counted, and the generations of its shards then. Out: the same again, as long as no later generation was heard of. A
//! search that trusts it says which generations it has trusted; a node whose shards are others by now says so, and the search counts anew.
//! What was used longest ago is forgotten first.

use std::collections::BTreeMap;

use cluster::state::NodeId;
use lru::LruCache;
use model::id::{IndexUuid, ShardNumber};
use parking_lot::Mutex;
use search::bound::{FieldName, TermBytes};
use search::statistics::{FieldStatistics, Statistics, TermStatistics};
use serde::{Deserialize, Serialize};

/// Counts kept, of one term in one shard each: some 10 MB.
const COUNTS: usize = 100_000;
/// Shards of which the generation is known.
const SHARDS: usize = 20_000;

/// What a shard has counted for a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::gateway) struct ShardCounts {
    /// Of the view that was counted.
    pub(in crate::gateway) generation: u64,
    pub(in crate::gateway) statistics: Statistics,
}

/// A copy: the node that has it, the index, the number.
type CopyOf = (NodeId, IndexUuid, ShardNumber);
/// A term, or with `None` a field, of an index.
type Name = (IndexUuid, FieldName, Option<TermBytes>);

#[derive(Clone, Copy)]
struct Count {
    generation: u64,
    docs: u64,
    tokens: u64,
}

/// What a node remembers of the others' counts.
pub(crate) struct KnownCounts(Mutex<Kept>);

struct Kept {
    counts: LruCache<Name, BTreeMap<(NodeId, ShardNumber), Count>>,
    /// In all of `counts`.
    count: usize,
    newest: LruCache<CopyOf, u64>,
}

impl KnownCounts {
    pub(crate) fn new() -> Self {
        let newest = LruCache::new(SHARDS.try_into().unwrap_or(std::num::NonZeroUsize::MIN));
        Self(Mutex::new(Kept { counts: LruCache::unbounded(), count: 0, newest }))
    }

    /// The sum over some copies of one node, and the generation of each; `None`: not all that is named is known.
    pub(super) fn find(
        &self,
        (node, index): (&NodeId, &IndexUuid),
        numbers: &[ShardNumber],
        named: &Statistics,
    ) -> Option<(Statistics, Vec<u64>)> {
        let kept = &mut *self.0.lock();
        let newest = |number: &ShardNumber| kept.newest.get(&(node.clone(), index.clone(), *number)).copied();
        let generations: Vec<u64> = numbers.iter().map(newest).collect::<Option<_>>()?;
        let mut sum_of = |field: &FieldName, term: Option<&TermBytes>| {
            let counts = kept.counts.get(&(index.clone(), field.clone(), term.cloned()))?;
            let mut sum = (0, 0);
            for (number, generation) in numbers.iter().zip(&generations) {
                let count = counts.get(&(node.clone(), *number)).filter(|count| count.generation == *generation)?;
                sum = (sum.0 + count.docs, sum.1 + count.tokens);
            }
            Some(sum)
        };
        let mut sum = named.clone();
        for (field, of) in &mut sum.fields {
            (of.doc_count, of.total_term_freq) = sum_of(field, None)?;
        }
        for (field, terms) in &mut sum.terms {
            for (term, of) in terms {
                (of.doc_freq, of.total_term_freq) = sum_of(field, Some(term))?;
            }
        }
        Some((sum, generations))
    }

    /// Keeps what a copy has counted of all that is named.
    pub(super) fn learn(&self, (node, index, number): CopyOf, counted: &ShardCounts, named: &Statistics) {
        let ShardCounts { generation, statistics } = counted;
        let kept = &mut *self.0.lock();
        let mut keep = |field: &FieldName, term: Option<&TermBytes>, (docs, tokens)| {
            let counts = kept.counts.get_or_insert_mut((index.clone(), field.clone(), term.cloned()), BTreeMap::new);
            let count = Count { generation: *generation, docs, tokens };
            kept.count += usize::from(counts.insert((node.clone(), number), count).is_none());
        };
        for field in named.fields.keys() {
            let FieldStatistics { doc_count, total_term_freq } =
                statistics.fields.get(field).copied().unwrap_or_default();
            keep(field, None, (doc_count, total_term_freq));
        }
        for (field, terms) in &named.terms {
            for term in terms.keys() {
                let of = statistics.terms.get(field).and_then(|terms| terms.get(term));
                let TermStatistics { doc_freq, total_term_freq } = of.copied().unwrap_or_default();
                keep(field, Some(term), (doc_freq, total_term_freq));
            }
        }
        kept.newest.put((node, index, number), *generation);
        while kept.count > COUNTS
            && let Some((_, counts)) = kept.counts.pop_lru()
        {
            kept.count -= counts.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use search::bound::{BoundKind, BoundQuery};

    use super::*;

    fn named(terms: &[&str]) -> Statistics {
        let terms = terms.iter().map(|term| term.as_bytes().into()).collect();
        Statistics::named(&BoundQuery::new(BoundKind::Synonyms("body".into(), terms))).unwrap()
    }

    fn copy(node: &str, number: u32) -> CopyOf {
        (NodeId(node.into()), IndexUuid("films".into()), ShardNumber(number))
    }

    /// Counts that tell shards and terms apart.
    fn counted(generation: u64, factor: u64, terms: &[&str]) -> ShardCounts {
        let mut statistics = named(terms);
        statistics.fields.values_mut().for_each(|of| of.doc_count = factor);
        let of_terms = statistics.terms.values_mut().flat_map(|terms| terms.values_mut());
        of_terms.zip(1..).for_each(|(of, n)| of.doc_freq = n * factor);
        ShardCounts { generation, statistics }
    }

    fn found(known: &KnownCounts, node: &str, numbers: &[u32], terms: &[&str]) -> Option<(Vec<u64>, Vec<u64>)> {
        let (node, index, _) = copy(node, 0);
        let numbers: Vec<ShardNumber> = numbers.iter().copied().map(ShardNumber).collect();
        let (sum, generations) = known.find((&node, &index), &numbers, &named(terms))?;
        let docs = sum.terms.values().flat_map(|terms| terms.values()).map(|of| of.doc_freq).collect();
        Some((docs, generations))
    }

    #[test]
    fn what_was_told_is_added_up_until_a_shard_has_changed() {
        let known = KnownCounts::new();
        let names = ["reef", "sea"];
        known.learn(copy("a", 0), &counted(7, 1, &names), &named(&names));
        assert_eq!(found(&known, "a", &[0, 1], &names), None, "shard 1 has told nothing");
        known.learn(copy("a", 1), &counted(9, 10, &names), &named(&names));
        assert_eq!(found(&known, "a", &[0, 1], &names), Some((vec![11, 22], vec![7, 9])));
        assert_eq!(found(&known, "a", &[1], &["sea"]), Some((vec![20], vec![9])));
        assert_eq!(found(&known, "b", &[0], &names), None, "another copy is another");
        assert_eq!(found(&known, "a", &[0], &["reef", "tide"]), None, "nobody has counted it");
        known.learn(copy("a", 1), &counted(12, 100, &["reef"]), &named(&["reef"]));
        assert_eq!(found(&known, "a", &[0, 1], &["reef"]), Some((vec![101], vec![7, 12])));
        assert_eq!(found(&known, "a", &[0, 1], &names), None, "shard 1 has told nothing of it since");
    }

    #[test]
    fn a_term_that_a_shard_lacks_is_known_to_be_missing() {
        let known = KnownCounts::new();
        known.learn(copy("a", 0), &counted(7, 1, &["reef"]), &named(&["reef", "tide"]));
        assert_eq!(found(&known, "a", &[0], &["tide"]), Some((vec![0], vec![7])));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let known = KnownCounts::new();
        for n in 0..COUNTS as u32 + 10 {
            let term = n.to_string();
            known.learn(copy("a", 0), &counted(7, 1, &[&term]), &named(&[&term]));
        }
        assert!(known.0.lock().count <= COUNTS);
        assert_eq!(found(&known, "a", &[0], &["0"]), None);
        assert!(found(&known, "a", &[0], &["100000"]).is_some());
    }
}
