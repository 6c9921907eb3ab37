//! How many edits a text is away from having a match in it: the states of a pattern in layers, one for each edit made (Wu and Manber 1992
//! for expressions), whose sets become states of a table as they are met.
//!
//! An edit is a character too many, one missing, or another. However a pattern is written, a character costs one look into the table, or one
//! step of every state in every layer where the table does not know it yet; the table is emptied when it has grown too large.

use std::collections::{BTreeSet, HashMap};

use super::nfa::{Nfa, State, StateId};

/// Bytes that the table and its states may take.
const MAX_BYTES: usize = 8 << 20;
/// Not in the table yet.
const UNKNOWN: u32 = u32::MAX;

/// Where a match may stand by now: of each layer the states, sorted.
type Layers = Vec<Vec<StateId>>;

/// Fewest edits of a match that ends here, and of one that may only end with the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Accepts {
    here: Option<u8>,
    at_end: Option<u8>,
}

pub(super) struct Matcher {
    nfa: Nfa,
    edits: u8,
    table: Vec<u32>,
    sets: Vec<Layers>,
    accepts: Vec<Accepts>,
    numbers: HashMap<Layers, u32>,
    bytes: usize,
}

impl Matcher {
    pub(super) fn new(nfa: Nfa, edits: u8) -> Self {
        let (table, sets, accepts, numbers) = Default::default();
        Self { nfa, edits, table, sets, accepts, numbers, bytes: 0 }
    }

    /// The fewest edits that make part of `text` match; `None`: more than are allowed.
    pub(super) fn edits(&mut self, text: &str) -> Option<u8> {
        if self.sets.is_empty() {
            let first = self.closed(vec![vec![self.nfa.start]], true);
            let accepts = self.accepted(&first, true);
            self.state(first, accepts);
        }
        let mut state = 0;
        let mut best = self.accepts[0].here;
        for c in text.chars() {
            if best == Some(0) {
                return best;
            }
            state = self.next(state, self.nfa.alphabet.class(c));
            best = fewer(best, self.accepts[state as usize].here);
        }
        fewer(best, self.accepts[state as usize].at_end)
    }

    fn next(&mut self, state: u32, class: u16) -> u32 {
        let at = state as usize * self.nfa.alphabet.count() + usize::from(class);
        match self.table[at] {
            UNKNOWN => self.found(state, class, at),
            known => known,
        }
    }

    /// A step that the table does not know.
    fn found(&mut self, state: u32, class: u16, at: usize) -> u32 {
        let next = self.stepped(&self.sets[state as usize], class);
        if let Some(known) = self.numbers.get(&next) {
            self.table[at] = *known;
            return *known;
        }
        let accepts = self.accepted(&next, false);
        if self.bytes > MAX_BYTES {
            // The first state stays the first: every text begins there.
            let first = self.sets.swap_remove(0);
            let first_accepts = self.accepts[0];
            self.forget();
            self.state(first, first_accepts);
            return self.state(next, accepts);
        }
        let next = self.state(next, accepts);
        self.table[at] = next;
        next
    }

    fn forget(&mut self) {
        self.table.clear();
        self.sets.clear();
        self.accepts.clear();
        self.numbers.clear();
        self.bytes = 0;
    }

    fn state(&mut self, set: Layers, accepts: Accepts) -> u32 {
        let number = self.sets.len() as u32;
        let row = self.nfa.alphabet.count();
        self.table.resize(self.table.len() + row, UNKNOWN);
        let held: usize = set.iter().map(|layer| 24 + 4 * layer.len()).sum();
        self.bytes += 4 * row + 2 * held + 100;
        // At the very first state more is possible than anywhere else, so that no step may lead back to it.
        if number > 0 {
            self.numbers.insert(set.clone(), number);
        }
        self.sets.push(set);
        self.accepts.push(accepts);
        number
    }

    /// What one more character of the text makes of a set; a match may also begin behind it.
    fn stepped(&self, set: &Layers, class: u16) -> Layers {
        let mut base: Layers = vec![Vec::new(); usize::from(self.edits) + 1];
        for (layer, states) in set.iter().enumerate() {
            for &state in states {
                if let State::Chars(chars, next) = self.nfa.states[state as usize]
                    && self.nfa.members[chars as usize][usize::from(class)]
                {
                    base[layer].push(next);
                }
                let Some(above) = base.get_mut(layer + 1) else { continue };
                // The character is one too many, or stands for another.
                above.push(state);
                if let State::Chars(_, next) = self.nfa.states[state as usize] {
                    above.push(next);
                }
            }
        }
        base[0].push(self.nfa.start);
        self.closed(base, false)
    }

    /// Everything that can be reached without a character: by empty steps, and by characters that the text lacks.
    fn closed(&self, mut base: Layers, at_start: bool) -> Layers {
        base.resize(usize::from(self.edits) + 1, Vec::new());
        for layer in 0..base.len() {
            if layer > 0 {
                let lacking: Vec<StateId> = base[layer - 1].iter().filter_map(|state| self.beyond(*state)).collect();
                base[layer].extend(lacking);
            }
            let mut met: BTreeSet<StateId> = BTreeSet::new();
            self.reach(std::mem::take(&mut base[layer]), (at_start, false), &mut met);
            // What stands in a layer below costs less there.
            let kept = met.into_iter().filter(|state| {
                let waits = !matches!(self.nfa.states[*state as usize], State::Split(_) | State::Start(_));
                waits && !base[..layer].iter().any(|below| below.binary_search(state).is_ok())
            });
            base[layer] = kept.collect();
        }
        base
    }

    fn beyond(&self, state: StateId) -> Option<StateId> {
        match self.nfa.states[state as usize] {
            State::Chars(_, next) => Some(next),
            _ => None,
        }
    }

    fn reach(&self, mut left: Vec<StateId>, (at_start, at_end): (bool, bool), met: &mut BTreeSet<StateId>) {
        while let Some(state) = left.pop() {
            if !met.insert(state) {
                continue;
            }
            match &self.nfa.states[state as usize] {
                State::Split(ways) => left.extend(ways),
                State::Start(next) if at_start => left.push(*next),
                State::End(next) if at_end => left.push(*next),
                _ => {}
            }
        }
    }

    fn accepted(&self, set: &Layers, at_start: bool) -> Accepts {
        let mut accepts = Accepts::default();
        let mut base: Layers = Vec::with_capacity(set.len());
        for (layer, states) in set.iter().enumerate() {
            if states.contains(&0) {
                accepts.here = fewer(accepts.here, Some(layer as u8));
            }
            let mut left = states.clone();
            if let Some(below) = layer.checked_sub(1).and_then(|below| base.get(below)) {
                left.extend(below.iter().filter_map(|state| self.beyond(*state)));
            }
            let mut met = BTreeSet::new();
            self.reach(left, (at_start, true), &mut met);
            if met.contains(&0) {
                accepts.at_end = fewer(accepts.at_end, Some(layer as u8));
            }
            base.push(met.into_iter().collect());
        }
        accepts
    }
}

fn fewer(one: Option<u8>, other: Option<u8>) -> Option<u8> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}
