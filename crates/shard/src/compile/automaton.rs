//! Automata over bytes behind one face: regular expressions as dense tables, edit distances.

use std::sync::OnceLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use model::error::{Error, ErrorKind};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, MatchKind, util::start};

use crate::score::Outcome;
use crate::segment::TermAutomaton;

/// Memory that one automaton may take, for each state allowed.
const BYTES_PER_STATE: usize = 1100;

/// A regular expression, matched against the whole term.
pub(crate) struct DenseAutomaton {
    dfa: dense::DFA<Vec<u32>>,
    start: u32,
}

impl DenseAutomaton {
    /// `source` in the syntax of the `regex` crate.
    ///
    /// # Errors
    /// It cannot be read, or needs more than `max_states` states.
    pub(crate) fn new(source: &str, max_states: u32) -> Outcome<Self> {
        let bytes = (max_states as usize).clamp(64, 16_384) * BYTES_PER_STATE;
        let config = dense::Config::new()
            .match_kind(MatchKind::All)
            .start_kind(StartKind::Anchored)
            .dfa_size_limit(Some(bytes))
            .determinize_size_limit(Some(bytes));
        let nfa = thompson::Config::new().nfa_size_limit(Some(8 << 20)).shrink(false);
        let anchored = format!("(?:{source})");
        let built = dense::Builder::new().configure(config).thompson(nfa).build(&anchored);
        let dfa = built.map_err(|error| refused(&error, max_states))?;
        let start = dfa.start_state(&start::Config::new().anchored(Anchored::Yes));
        let start = start.map_err(|error| Error::illegal_argument(format!("cannot start the automaton: {error}")))?;
        Ok(Self { dfa, start: start.as_u32() })
    }

    /// Ours name the start 0; in the table 0 is where nothing matches any more.
    fn swap(&self, state: u32) -> u32 {
        match state {
            0 => self.start,
            state if state == self.start => 0,
            state => state,
        }
    }

    fn state(&self, state: u32) -> StateID {
        StateID::new_unchecked(self.swap(state) as usize)
    }
}

fn refused(error: &dense::BuildError, max_states: u32) -> Error {
    if !error.is_size_limit_exceeded() {
        return Error::illegal_argument(format!("cannot build the automaton: {error}"));
    }
    too_complex(max_states)
}

/// OpenSearch's error for an expression that needs too many states.
pub(super) fn too_complex(max_states: u32) -> Error {
    let effort = format!("Determinizing automaton would require more than {max_states} effort.");
    let cause = Error::new(ErrorKind::TooComplexToDeterminize, effort.clone());
    Error::new(ErrorKind::QueryShard, format!("failed to create query: {effort}")).with_cause(cause)
}

impl TermAutomaton for DenseAutomaton {
    fn step(&self, state: u32, byte: u8) -> u32 {
        self.swap(self.dfa.next_state(self.state(state), byte).as_u32())
    }

    fn is_match(&self, state: u32) -> bool {
        self.dfa.is_match_state(self.dfa.next_eoi_state(self.state(state)))
    }

    fn can_match(&self, state: u32) -> bool {
        !self.dfa.is_dead_state(self.state(state))
    }
}

/// What queries allow.
const MOST_EDITS: u8 = 3;

/// What automata of edit distances are made of, whatever their text: computed when first wanted, which takes a millisecond or two.
#[derive(Default)]
pub struct FuzzyTables {
    /// By edits, without and with transpositions.
    made: [[OnceLock<LevenshteinAutomatonBuilder>; 2]; MOST_EDITS as usize + 1],
}

impl FuzzyTables {
    fn get(&self, edits: u8, transpositions: bool) -> &LevenshteinAutomatonBuilder {
        let edits = edits.min(MOST_EDITS);
        let made = &self.made[usize::from(edits)][usize::from(transpositions)];
        made.get_or_init(|| LevenshteinAutomatonBuilder::new(edits, transpositions))
    }
}

/// Terms within an edit distance of a text.
pub(crate) struct FuzzyAutomaton {
    dfa: DFA,
}

impl FuzzyAutomaton {
    /// `edits`: at most [`MOST_EDITS`], as queries allow no more.
    pub(crate) fn new(tables: &FuzzyTables, text: &str, edits: u8, transpositions: bool) -> Self {
        Self { dfa: tables.get(edits, transpositions).build_dfa(text) }
    }

    pub(crate) fn distance(&self, term: &[u8]) -> Distance {
        self.dfa.eval(term)
    }

    fn swap(&self, state: u32) -> u32 {
        let start = self.dfa.initial_state();
        match state {
            0 => start,
            state if state == start => 0,
            state => state,
        }
    }
}

impl TermAutomaton for FuzzyAutomaton {
    fn step(&self, state: u32, byte: u8) -> u32 {
        self.swap(self.dfa.transition(self.swap(state), byte))
    }

    fn is_match(&self, state: u32) -> bool {
        matches!(self.dfa.distance(self.swap(state)), Distance::Exact(_))
    }

    fn can_match(&self, state: u32) -> bool {
        self.swap(state) != SINK_STATE
    }
}
