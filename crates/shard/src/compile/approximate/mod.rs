//! `approximate_regexp`: every term of a field looked at, or those that hold a piece that a match must hold; found when the query is compiled, as
//! neighbours are. Stops at the deadline like any walk.

mod alphabet;
mod automaton;
mod hits;
mod nfa;
mod pieces;

#[cfg(test)]
mod tests;

use std::ops::Bound;

use memchr::memmem;
use model::error::{Error, ErrorKind};
use regex_automata::meta;
use regex_syntax::hir::Hir;
use search::bound::BoundApproximate;

use self::automaton::{LANES, Matcher};
use self::hits::Hits;
use self::nfa::Nfa;
use super::{Compiler, Context, Kind, NearestWeight, Weight};
use crate::execute::{Patience, Verdict};
use crate::score::Outcome;
use crate::segment::{EveryTerm, FlatField, Terms};

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
    /// Terms since the last look at the time.
    seen: usize,
}

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
                let mut found = Hits::new(&*terms, query.edits, context.boost);
                match terms.flat()? {
                    Some(flat) => search.flat(&flat, &mut found)?,
                    None => search.walk(&*terms, &mut found)?,
                }
                *hits = found.by_document(view.segment.doc_count());
            }
        }
        let notation = format!("{}:/{}/~{}", query.field, query.pattern, query.edits);
        Ok(Weight::new(Kind::Nearest(NearestWeight { hits, count: None, k: None, notation }), context.boost))
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
            Self::Within(matcher) => matcher.edits(term),
        }
    }

    fn edits_of_all(&mut self, terms: [&[u8]; LANES]) -> [Option<u8>; LANES] {
        match self {
            Self::Plain(plain) => terms.map(|term| plain.is_match(term).then_some(0)),
            Self::Within(matcher) => matcher.edits_of_all(terms),
        }
    }
}

impl Search<'_> {
    /// After so many terms more; false: the time is over.
    fn go_on(&mut self, terms: usize) -> Outcome<bool> {
        self.seen += terms;
        if self.seen < WINDOW {
            return Ok(true);
        }
        self.seen = 0;
        match self.patience.verdict() {
            Verdict::GoOn => Ok(true),
            Verdict::TimedOut => Ok(false),
            Verdict::Cancelled => Err(Error::new(ErrorKind::TaskCancelled, "the search was cancelled").into()),
        }
    }

    fn walk(&mut self, terms: &dyn Terms, hits: &mut Hits<'_>) -> Outcome<()> {
        let mut result = Ok(());
        terms.walk((Bound::Unbounded, Bound::Unbounded), &EveryTerm, &mut |term, entry| {
            let found = self.matching.edits(term).map_or(Ok(()), |edits| hits.add(term, edits, &entry));
            let next = found.map_err(Into::into).and_then(|()| self.go_on(1));
            let go_on = matches!(next, Ok(true));
            result = next.map(|_| ());
            go_on
        })?;
        result
    }

    fn flat(&mut self, flat: &FlatField, hits: &mut Hits<'_>) -> Outcome<()> {
        match self.candidates(flat) {
            Some(candidates) => self.look_at(candidates.into_iter(), flat, hits),
            None => self.look_at(0..flat.terms().len(), flat, hits),
        }
    }

    /// The numbers of the terms that hold a piece, ascending.
    fn candidates(&self, flat: &FlatField) -> Option<Vec<usize>> {
        let mut candidates: Vec<usize> = Vec::new();
        for piece in self.pieces.as_ref()? {
            let mut last = None;
            for place in piece.find_iter(flat.terms().bytes()) {
                let at = flat.terms().at(place, last.unwrap_or(0));
                if last != Some(at) {
                    candidates.push(at);
                }
                last = Some(at);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        Some(candidates)
    }

    fn look_at(
        &mut self,
        mut numbers: impl ExactSizeIterator<Item = usize>,
        flat: &FlatField,
        hits: &mut Hits<'_>,
    ) -> Outcome<()> {
        let terms = flat.terms();
        while numbers.len() >= LANES {
            let lanes: [usize; LANES] = std::array::from_fn(|_| numbers.next().unwrap_or_default());
            let found = self.matching.edits_of_all(lanes.map(|at| terms.get(at)));
            for (at, edits) in lanes.into_iter().zip(found) {
                let Some(edits) = edits else { continue };
                hits.add_flat(terms.get(at), edits, flat.lone(at))?;
            }
            if !self.go_on(LANES)? {
                return Ok(());
            }
        }
        for at in numbers {
            let Some(edits) = self.matching.edits(terms.get(at)) else { continue };
            hits.add_flat(terms.get(at), edits, flat.lone(at))?;
        }
        Ok(())
    }
}
