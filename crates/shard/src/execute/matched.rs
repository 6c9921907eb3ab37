//! Which named queries match a document.

use std::sync::Arc;

use search::named;
use search::shard_query::DocAddress;

use crate::compile::Weight;
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::{Outcome, Scorer};

/// The names of the queries that match a document, with their scores where these are asked for.
pub type Matched = Vec<(Arc<str>, Option<f32>)>;

pub(super) fn names(
    reader: &Reader,
    (weights, scored): (&[(Arc<str>, Weight)], bool),
    addresses: &[DocAddress],
) -> Outcome<Vec<Matched>> {
    let mut result = vec![Vec::new(); addresses.len()];
    // Scorers only go forward: segment by segment, documents ascending.
    let mut order: Vec<usize> = (0..addresses.len()).collect();
    order.sort_by_key(|&at| addresses[at]);
    let mut scorers: Option<(u32, Vec<Box<dyn Scorer>>)> = None;
    for at in order {
        let DocAddress { segment, doc } = addresses[at];
        if scorers.as_ref().is_none_or(|(of, _)| *of != segment) {
            let leaf = Leaf::new(reader, segment as usize);
            let built = weights.iter().map(|(_, weight)| leaf.scorer(weight)).collect::<Outcome<Vec<_>>>()?;
            scorers = Some((segment, built));
        }
        for ((name, _), scorer) in weights.iter().zip(scorers.iter_mut().flat_map(|(_, scorers)| scorers)) {
            if scorer.probe(doc)? == doc {
                let score = if scored { Some(scorer.score()?) } else { None };
                result[at].push((name.clone(), score));
            }
        }
    }
    result.iter_mut().for_each(|matched| named::in_order(matched, |(name, _)| name));
    Ok(result)
}
