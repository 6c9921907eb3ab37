//! Suggestions: which words, phrases and inputs are offered, of what shards tell of their terms.
//!
//! In: [`Told`] by shards, merged. Out: options, best first. Terms are counted over all shards before anything is chosen, so that the number
//! of shards changes no suggestion. Not here: walking over terms (`shard::suggest`), who is asked.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub mod analyze;
pub mod contexts;
pub mod phrase;
pub mod similar;

/// More terms near one word are not told by a shard.
pub const MAX_NEAR: usize = 10_000;

/// A question to every shard of an index.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Ask {
    /// The terms of a field within `edits` of a text that have its first characters.
    Near { field: String, text: String, edits: u8, prefix_length: u32 },
    /// How often terms occur.
    Counts { field: String, terms: Vec<String> },
    /// How much there is in a field.
    Totals { field: String },
    /// The inputs of a completion field that go on from something.
    Complete(Complete),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Complete {
    pub field: String,
    pub from: CompleteFrom,
    /// At most so many.
    pub size: u32,
    pub skip_duplicates: bool,
    /// Of a field with contexts: those that inputs belong to.
    pub contexts: Vec<contexts::Wanted>,
}

/// What inputs, as analysed, begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CompleteFrom {
    Prefix(String),
    /// Something within `edits` of it that has its first characters.
    Fuzzy {
        text: String,
        edits: u8,
        transpositions: bool,
        prefix_length: u32,
    },
    Regexp {
        pattern: String,
        flags: crate::bound::RegexpFlags,
        max_determinized_states: u32,
    },
}

impl CompleteFrom {
    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Prefix(text) | Self::Fuzzy { text, .. } | Self::Regexp { pattern: text, .. } => text.is_empty(),
        }
    }
}

/// What shards tell. Merging is indifferent to order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Told {
    /// In order of terms.
    Near(Vec<Near>),
    Counts(Vec<TermCount>),
    Totals(Totals),
    /// Best first.
    Complete(Vec<Completed>),
}

/// How often a term occurs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermCount {
    pub doc_freq: u64,
    pub total_term_freq: u64,
}

/// A term near a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Near {
    pub term: String,
    pub edits: u8,
    pub count: TermCount,
}

/// Sums over segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub documents: u64,
    pub total_term_freq: u64,
    /// Those that have the field.
    pub segments: u64,
    /// Of all of them together; a term that several have counts for each.
    pub terms: u64,
}

/// An input of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completed {
    pub input: String,
    pub score: f32,
    pub index: String,
    pub id: String,
    /// Of a field with contexts: those by which it was found, each by its number in the field.
    pub contexts: BTreeSet<(u8, String)>,
}

impl Completed {
    /// Best first.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_score = other.score.total_cmp(&self.score);
        by_score
            .then_with(|| self.input.encode_utf16().cmp(other.input.encode_utf16()))
            .then_with(|| self.id.cmp(&other.id))
    }
}

/// The best of `found`: of a document one input, and with `skip_duplicates` of an input one document. A document that was found by several
/// contexts names them all.
pub fn best_completions(mut found: Vec<Completed>, size: usize, skip_duplicates: bool) -> Vec<Completed> {
    found.sort_by(Completed::order);
    let mut kept: Vec<Completed> = Vec::with_capacity(size.min(found.len()));
    let (mut documents, mut inputs) = (BTreeMap::new(), BTreeSet::new());
    for one in found {
        if let Some(&at) = documents.get(&(one.index.clone(), one.id.clone())) {
            let known: &mut Completed = &mut kept[at];
            known.contexts.extend(one.contexts);
            continue;
        }
        let full = kept.len() == size;
        if full && one.contexts.is_empty() {
            break;
        }
        if full || skip_duplicates && inputs.contains(&one.input) {
            continue;
        }
        documents.insert((one.index.clone(), one.id.clone()), kept.len());
        inputs.insert(one.input.clone());
        kept.push(one);
    }
    kept
}

impl Told {
    /// Adds what another shard tells. Answers to different questions do not mix.
    pub fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Near(mine), Self::Near(others)) => {
                let mut all: BTreeMap<String, Near> =
                    std::mem::take(mine).into_iter().map(|near| (near.term.clone(), near)).collect();
                for near in others {
                    all.entry(near.term.clone()).and_modify(|known| known.count.add(near.count)).or_insert(near);
                }
                *mine = all.into_values().collect();
            }
            (Self::Counts(mine), Self::Counts(others)) => {
                mine.iter_mut().zip(others).for_each(|(mine, other)| mine.add(other));
            }
            (Self::Totals(mine), Self::Totals(other)) => {
                mine.documents += other.documents;
                mine.total_term_freq += other.total_term_freq;
                mine.segments += other.segments;
                mine.terms += other.terms;
            }
            (Self::Complete(mine), Self::Complete(others)) => mine.extend(others),
            _ => {}
        }
    }
}

impl TermCount {
    pub fn add(&mut self, other: Self) {
        self.doc_freq += other.doc_freq;
        self.total_term_freq += other.total_term_freq;
    }
}
