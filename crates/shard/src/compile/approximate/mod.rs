//! `approximate_regexp`: every term of a field looked at, or those that hold a piece that a match must hold; found when the query is compiled, as
//! neighbours are. Stops at the deadline like any walk.

mod alphabet;
mod automaton;
mod nfa;
mod pieces;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Bound;

use memchr::memmem;
use model::error::{Error, ErrorKind};
use regex_automata::meta;
use regex_syntax::hir::Hir;
use search::bound::BoundApproximate;

use self::automaton::Matcher;
use self::nfa::Nfa;
use super::{Compiler, Context, Kind, NearestWeight, Weight};
use crate::execute::{Patience, Verdict};
use crate::score::Outcome;
use crate::segment::{DocId, EveryTerm, Terms};

/// Terms between two looks at the time. Few: a long value may take a while under a wide pattern.
const WINDOW: usize = 16;
/// Memory of a plain expression's automata.
const PLAIN_BYTES: usize = 4 << 20;

/// What matches, by the edits it takes.
enum Matching {
    /// No edits: any expression, by the engine that is made for them.
    Plain(Box<meta::Regex>),
    Within(Box<Matcher>),
}

struct Search<'a> {
    matching: Matching,
    pieces: Option<Vec<memmem::Finder<'a>>>,
    patience: &'a dyn Patience,
    seen: usize,
}

/// Terms and their edits.
type Found = Vec<(Vec<u8>, u8)>;

impl Compiler<'_, '_> {
    pub(super) fn approximate(&mut self, query: &BoundApproximate, context: Context) -> Outcome<Weight> {
        let pieces = pieces::of(&query.hir, query.edits);
        let finders = pieces.as_ref().map(|pieces| pieces.iter().map(memmem::Finder::new).collect());
        let matching = Matching::new(&query.hir, query.edits)?;
        let mut search = Search { matching, pieces: finders, patience: self.patience, seen: 0 };
        let reader = self.counts.reader();
        let mut hits = vec![Vec::new(); reader.segments.len()];
        if let Some(entry) = reader.fields.by_path(&query.field) {
            for (view, hits) in reader.segments.iter().zip(&mut hits) {
                let Some(terms) = view.segment.terms(entry.slot)? else { continue };
                let found = search.terms(&*terms)?;
                let scored = search.documents(&*terms, found, query.edits)?;
                hits.extend(scored.into_iter().map(|(doc, score)| (doc, score * context.boost)));
            }
        }
        let notation = format!("{}:/{}/~{}", query.field, query.pattern, query.edits);
        Ok(Weight::new(Kind::Nearest(NearestWeight { hits, k: None, notation }), context.boost))
    }
}

impl Matching {
    fn new(hir: &Hir, edits: u8) -> Outcome<Self> {
        if edits > 0 {
            return Ok(Self::Within(Box::new(Matcher::new(Nfa::of(hir)?, edits))));
        }
        let config = meta::Config::new()
            .nfa_size_limit(Some(PLAIN_BYTES))
            .onepass_size_limit(Some(PLAIN_BYTES))
            .hybrid_cache_capacity(PLAIN_BYTES);
        let built = meta::Builder::new().configure(config).build_from_hir(hir);
        let plain =
            built.map_err(|error| Error::illegal_argument(format!("the pattern cannot be searched: {error}")))?;
        Ok(Self::Plain(Box::new(plain)))
    }

    fn edits(&mut self, term: &[u8]) -> Option<u8> {
        match self {
            Self::Plain(plain) => plain.is_match(term).then_some(0),
            Self::Within(matcher) => matcher.edits(std::str::from_utf8(term).ok()?),
        }
    }
}

impl Search<'_> {
    /// False: the time is over.
    fn go_on(&mut self) -> Outcome<bool> {
        self.seen += 1;
        if !self.seen.is_multiple_of(WINDOW) {
            return Ok(true);
        }
        match self.patience.verdict() {
            Verdict::GoOn => Ok(true),
            Verdict::TimedOut => Ok(false),
            Verdict::Cancelled => Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled").into()),
        }
    }

    fn terms(&mut self, terms: &dyn Terms) -> Outcome<Found> {
        let mut found = Found::new();
        let Some(flat) = terms.flat()? else {
            let mut failure = None;
            terms.walk((Bound::Unbounded, Bound::Unbounded), &EveryTerm, &mut |term, _| {
                found.extend(self.matching.edits(term).map(|edits| (term.to_vec(), edits)));
                self.go_on().unwrap_or_else(|error| {
                    failure = Some(error);
                    false
                })
            })?;
            return failure.map_or(Ok(found), Err);
        };
        let mut look = |search: &mut Self, at: usize| {
            let term = flat.get(at);
            found.extend(search.matching.edits(term).map(|edits| (term.to_vec(), edits)));
            search.go_on()
        };
        let Some(pieces) = self.pieces.take() else {
            for at in 0..flat.len() {
                if !look(self, at)? {
                    break;
                }
            }
            return Ok(found);
        };
        let mut candidates: Vec<usize> = Vec::new();
        for piece in &pieces {
            for place in piece.find_iter(flat.bytes()) {
                let at = flat.at(place);
                if candidates.last() != Some(&at) {
                    candidates.push(at);
                }
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        self.pieces = Some(pieces);
        for at in candidates {
            if !look(self, at)? {
                break;
            }
        }
        Ok(found)
    }

    /// Documents with their scores: fewer edits come first, of the same number the shorter terms.
    fn documents(&mut self, terms: &dyn Terms, found: Found, most: u8) -> Outcome<Vec<(DocId, f32)>> {
        let mut best: BTreeMap<DocId, f32> = BTreeMap::new();
        let mut docs = Vec::new();
        for (term, edits) in found {
            let Some(entry) = terms.get(&term)? else { continue };
            let length = String::from_utf8_lossy(&term).chars().count() as f32;
            let score = f32::from(most - edits.min(most)) + 1.0 / (1.0 + length / 16.0);
            docs.clear();
            terms.docs(&entry, &mut docs)?;
            for doc in &docs {
                let known = best.entry(*doc).or_insert(score);
                *known = known.max(score);
            }
            if !self.go_on()? {
                break;
            }
        }
        Ok(best.into_iter().collect())
    }
}
