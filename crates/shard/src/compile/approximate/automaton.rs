//! How many edits a text is away from having a match in it: the states of a pattern in layers, one for each edit made (Wu and Manber 1992
//! for expressions), whose sets become states of a table as they are met.
//!
//! An edit is a character too many, one missing, or another. However a pattern is written, a character costs one look into the table, or one
//! step of every state in every layer where the table does not know it yet; the table is emptied when it has grown too large.

use std::collections::{BTreeSet, HashMap};

use super::nfa::{Nfa, State, StateId};

/// Bytes that the table and its states may take.
const MAX_BYTES: usize = 8 << 20;
/// Texts that are read side by side: the next look into the table for one need not wait for that for another.
pub(super) const LANES: usize = 4;
/// A step that is not in the table yet.
const UNKNOWN: u32 = u32::MAX;
/// Bits of a step that say with how many edits a match ends there; all of them: none does.
const LEVEL_BITS: u32 = 3;
const NEVER: u8 = (1 << LEVEL_BITS) - 1;

/// Where a match may stand by now: of each layer the states, sorted.
type Layers = Vec<Vec<StateId>>;

/// Fewest edits of a match that ends here, and of one that may only end with the text; `NEVER`: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Accepts {
    here: u8,
    at_end: u8,
}

/// How far a text has been read.
#[derive(Clone, Copy)]
struct Place {
    row: u32,
    bytes: usize,
    best: u8,
}

pub(super) struct Matcher {
    nfa: Nfa,
    edits: u8,
    /// A row for each state, a step for each class of characters (the row of the next state, and what is accepted there), and behind those one that
    /// stays, for a text that has ended before others.
    table: Vec<u32>,
    sets: Vec<Layers>,
    accepts: Vec<Accepts>,
    numbers: HashMap<Layers, u32>,
    bytes: usize,
    /// How often the table was emptied.
    emptied: u64,
}

impl Matcher {
    pub(super) fn new(nfa: Nfa, edits: u8) -> Self {
        let (table, sets, accepts, numbers) = Default::default();
        let mut matcher = Self { nfa, edits, table, sets, accepts, numbers, bytes: 0, emptied: 0 };
        let first = matcher.closed(vec![vec![matcher.nfa.start]], true);
        let accepts = matcher.accepted(&first, true);
        matcher.state(first, accepts);
        matcher
    }

    /// The fewest edits that make part of `text` match; `None`: more than are allowed, or it is no UTF-8.
    pub(super) fn edits(&mut self, text: &[u8]) -> Option<u8> {
        self.read(text, self.begin())
    }

    /// The same of each text.
    pub(super) fn edits_of_all(&mut self, texts: [&[u8]; LANES]) -> [Option<u8>; LANES] {
        let mut places = [self.begin(); LANES];
        self.read_together(&texts, &mut places);
        let known = self.emptied;
        std::array::from_fn(|lane| {
            let place = if self.emptied == known { places[lane] } else { self.begin() };
            self.read(texts[lane], place)
        })
    }

    fn begin(&self) -> Place {
        Place { row: 0, bytes: 0, best: self.accepts[0].here }
    }

    /// As far as all texts are ASCII and the table knows the steps.
    fn read_together(&self, texts: &[&[u8]; LANES], places: &mut [Place; LANES]) {
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        for at in 0..longest {
            let mut steps = [UNKNOWN; LANES];
            for lane in 0..LANES {
                let class = match texts[lane].get(at) {
                    None => self.nfa.alphabet.count(),
                    Some(byte) => match self.nfa.alphabet.class_of_ascii(*byte) {
                        Some(class) => usize::from(class),
                        None => return,
                    },
                };
                steps[lane] = self.table[places[lane].row as usize + class];
            }
            if steps.contains(&UNKNOWN) {
                return;
            }
            for (place, step) in places.iter_mut().zip(steps) {
                place.take(step, at + 1);
            }
        }
    }

    /// Goes on to the end of a text.
    fn read(&mut self, text: &[u8], mut place: Place) -> Option<u8> {
        while let Some(byte) = text.get(place.bytes) {
            let Some(class) = self.nfa.alphabet.class_of_ascii(*byte) else {
                return self.read_characters(std::str::from_utf8(&text[place.bytes..]).ok()?, place);
            };
            place.take(self.step(place.row, class), place.bytes + 1);
        }
        self.end(place)
    }

    fn read_characters(&mut self, text: &str, mut place: Place) -> Option<u8> {
        for c in text.chars() {
            let step = self.step(place.row, self.nfa.alphabet.class(c));
            place.take(step, place.bytes + c.len_utf8());
        }
        self.end(place)
    }

    fn end(&self, place: Place) -> Option<u8> {
        let at_end = self.accepts[place.row as usize / self.row_len()].at_end;
        Some(place.best.min(at_end)).filter(|best| *best != NEVER)
    }

    fn step(&mut self, row: u32, class: u16) -> u32 {
        let at = row as usize + usize::from(class);
        match self.table[at] {
            UNKNOWN => self.found(at, class),
            known => known,
        }
    }

    /// A step that the table does not know.
    fn found(&mut self, at: usize, class: u16) -> u32 {
        let next = self.stepped(&self.sets[at / self.row_len()], class);
        if let Some(known) = self.numbers.get(&next) {
            let step = self.step_to(*known);
            self.table[at] = step;
            return step;
        }
        let accepts = self.accepted(&next, false);
        if self.bytes > MAX_BYTES {
            // The first state stays the first: every text begins there.
            let first = self.sets.swap_remove(0);
            let first_accepts = self.accepts[0];
            self.forget();
            self.state(first, first_accepts);
            let next = self.state(next, accepts);
            return self.step_to(next);
        }
        let next = self.state(next, accepts);
        let step = self.step_to(next);
        self.table[at] = step;
        step
    }

    fn step_to(&self, state: u32) -> u32 {
        let row = state * self.row_len() as u32;
        row << LEVEL_BITS | u32::from(self.accepts[state as usize].here)
    }

    fn row_len(&self) -> usize {
        self.nfa.alphabet.count() + 1
    }

    fn forget(&mut self) {
        self.table.clear();
        self.sets.clear();
        self.accepts.clear();
        self.numbers.clear();
        self.bytes = 0;
        self.emptied += 1;
    }

    fn state(&mut self, set: Layers, accepts: Accepts) -> u32 {
        let number = self.sets.len() as u32;
        let (row, row_len) = (self.table.len(), self.row_len());
        self.table.resize(row + row_len - 1, UNKNOWN);
        self.table.push((row as u32) << LEVEL_BITS | u32::from(NEVER));
        let held: usize = set.iter().map(|layer| 24 + 4 * layer.len()).sum();
        self.bytes += 4 * row_len + 2 * held + 100;
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
        let mut accepts = Accepts { here: NEVER, at_end: NEVER };
        let mut base: Layers = Vec::with_capacity(set.len());
        for (layer, states) in set.iter().enumerate() {
            if states.contains(&0) {
                accepts.here = accepts.here.min(layer as u8);
            }
            let mut left = states.clone();
            if let Some(below) = layer.checked_sub(1).and_then(|below| base.get(below)) {
                left.extend(below.iter().filter_map(|state| self.beyond(*state)));
            }
            let mut met = BTreeSet::new();
            self.reach(left, (at_start, true), &mut met);
            if met.contains(&0) {
                accepts.at_end = accepts.at_end.min(layer as u8);
            }
            base.push(met.into_iter().collect());
        }
        accepts
    }
}

impl Place {
    fn take(&mut self, step: u32, bytes: usize) {
        self.row = step >> LEVEL_BITS;
        self.best = self.best.min((step & u32::from(NEVER)) as u8);
        self.bytes = bytes;
    }
}
