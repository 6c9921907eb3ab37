//! A regular expression as states between which characters lead (Thompson 1968), over characters rather than bytes: edits are of characters.

use std::collections::BTreeMap;

use model::error::Error;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use super::alphabet::{Alphabet, Ranges};

/// More states are refused: repetitions of repetitions grow fast.
const MAX_STATES: usize = 2_000;

pub(super) type StateId = u32;

#[derive(Clone, Debug)]
pub(super) enum State {
    /// A character of this set leads on.
    Chars(u32, StateId),
    Split(Vec<StateId>),
    /// Only at the beginning of the text.
    Start(StateId),
    /// Only at its end.
    End(StateId),
    Accept,
}

pub(super) struct Nfa {
    pub(super) states: Vec<State>,
    pub(super) start: StateId,
    pub(super) alphabet: Alphabet,
    /// Of each set, which classes of the alphabet are in it.
    pub(super) members: Vec<Vec<bool>>,
}

impl Nfa {
    /// # Errors
    /// What cannot be matched within edits; an expression that grows too large.
    pub(super) fn of(hir: &Hir) -> Result<Self, Error> {
        let mut builder = Builder { states: vec![State::Accept], sets: Vec::new(), numbers: BTreeMap::new() };
        let start = builder.add(hir, 0)?;
        let (alphabet, members) = Alphabet::of(&builder.sets).ok_or_else(too_large)?;
        Ok(Self { states: builder.states, start, alphabet, members })
    }
}

fn too_large() -> Error {
    Error::illegal_argument(format!("the pattern is too large: it has more than {MAX_STATES} states"))
}

struct Builder {
    states: Vec<State>,
    sets: Vec<Ranges>,
    numbers: BTreeMap<Ranges, u32>,
}

type Built = Result<StateId, Error>;

impl Builder {
    fn push(&mut self, state: State) -> Built {
        if self.states.len() >= MAX_STATES {
            return Err(too_large());
        }
        self.states.push(state);
        Ok(self.states.len() as StateId - 1)
    }

    fn chars(&mut self, ranges: Ranges, next: StateId) -> Built {
        let fresh = self.sets.len() as u32;
        let number = *self.numbers.entry(ranges.clone()).or_insert(fresh);
        if number == fresh {
            self.sets.push(ranges);
        }
        self.push(State::Chars(number, next))
    }

    /// States for `hir` that lead to `next`; depth is bounded by the parser.
    fn add(&mut self, hir: &Hir, next: StateId) -> Built {
        match hir.kind() {
            HirKind::Empty => Ok(next),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0)
                    .map_err(|_| Error::illegal_argument("the pattern matches bytes that are no text"))?;
                text.chars().rev().try_fold(next, |next, c| self.chars(vec![(c, c)], next))
            }
            HirKind::Class(Class::Unicode(class)) => {
                self.chars(class.iter().map(|range| (range.start(), range.end())).collect(), next)
            }
            HirKind::Class(Class::Bytes(class)) => self
                .chars(class.iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect(), next),
            HirKind::Look(Look::Start) => self.push(State::Start(next)),
            HirKind::Look(Look::End) => self.push(State::End(next)),
            HirKind::Look(_) => {
                Err(Error::not_implemented("boundaries of words and lines in a pattern that is matched within edits"))
            }
            HirKind::Capture(capture) => self.add(&capture.sub, next),
            HirKind::Concat(parts) => parts.iter().rev().try_fold(next, |next, part| self.add(part, next)),
            HirKind::Alternation(parts) => {
                let ways = parts.iter().map(|part| self.add(part, next)).collect::<Result<Vec<_>, _>>()?;
                self.push(State::Split(ways))
            }
            HirKind::Repetition(repetition) => {
                let mut to = next;
                match repetition.max {
                    Some(max) => {
                        for _ in repetition.min..max {
                            let once = self.add(&repetition.sub, to)?;
                            to = self.push(State::Split(vec![once, next]))?;
                        }
                    }
                    None => {
                        let again = self.push(State::Split(vec![next]))?;
                        let once = self.add(&repetition.sub, again)?;
                        self.states[again as usize] = State::Split(vec![once, next]);
                        to = again;
                    }
                }
                (0..repetition.min).try_fold(to, |to, _| self.add(&repetition.sub, to))
            }
        }
    }
}
