//! Where the words and phrases of a query stand in a text: its words are read in order along the tree, the longest run first.

use std::collections::BTreeSet;

use super::super::content::Analysis;
use super::sought::{End, Node, Tree};

/// The words of a field, grouped by position.
#[derive(Debug, Default)]
pub(super) struct Words {
    groups: Vec<Vec<Word>>,
    pub(super) distinct: BTreeSet<String>,
}

#[derive(Debug)]
struct Word {
    text: String,
    /// Units of all values, with one between two of them.
    place: Place,
    position: u32,
}

/// From a unit to another.
pub(super) type Place = (i64, i64);

/// A word: its group, and which of the group.
pub(super) type Slot = (usize, usize);

/// Where something of the query stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Found {
    /// Ascending.
    pub(super) places: Vec<Place>,
    pub(super) boost: f32,
    pub(super) number: usize,
}

/// The words of all values.
pub(super) fn words(values: &[String], analysis: &Analysis) -> Words {
    let mut all = Vec::new();
    let (mut base, mut from) = (0i64, 0u32);
    for value in values {
        let analyzed = analysis.analyzer.analyze(value);
        for token in analyzed.tokens {
            let place = (base + i64::from(token.start_offset), base + i64::from(token.end_offset));
            all.push(Word { text: token.text.to_string(), place, position: from.saturating_add(token.position) });
        }
        base += i64::from(analyzed.end_offset) + 1;
        from = from.saturating_add(analyzed.positions).saturating_add(analysis.gap);
    }
    let distinct = all.iter().map(|word| word.text.clone()).collect();
    // As term vectors have them: by word, then by position.
    all.sort_by(|a, b| (a.position, &a.text).cmp(&(b.position, &b.text)));
    let mut groups: Vec<Vec<Word>> = Vec::new();
    for word in all {
        match groups.last_mut() {
            Some(group) if group.first().is_some_and(|first| first.position == word.position) => group.push(word),
            _ => groups.push(vec![word]),
        }
    }
    Words { groups, distinct }
}

impl Words {
    fn word(&self, (group, member): Slot) -> Option<&Word> {
        self.groups.get(group).and_then(|group| group.get(member))
    }

    pub(super) fn text(&self, slot: Slot) -> &str {
        self.word(slot).map(|word| &*word.text).unwrap_or_default()
    }

    pub(super) fn position(&self, slot: Slot) -> u32 {
        self.word(slot).map_or(0, |word| word.position)
    }

    fn place(&self, slot: Slot) -> Place {
        self.word(slot).map_or((0, 0), |word| word.place)
    }
}

/// The runs of the tree in the words, at most `most`.
pub(super) fn find(words: &Words, tree: &Tree, most: usize) -> Phrases {
    let mut reading = Reading { words, tree, stack: Vec::new(), found: Phrases::default() };
    for (at, group) in words.groups.iter().enumerate().rev() {
        // Of words that are not sought nothing is known.
        reading.stack.extend(group.iter().position(|word| tree.words.contains(&word.text)).map(|first| (at, first)));
    }
    while reading.found.list.len() < most && reading.step() {}
    reading.found
}

struct Reading<'a> {
    words: &'a Words,
    tree: &'a Tree,
    /// What is still to be read, the next one last.
    stack: Vec<Slot>,
    found: Phrases,
}

impl<'a> Reading<'a> {
    /// Reads the longest run that begins at the next word. False: there is none.
    fn step(&mut self) -> bool {
        let Some(slot) = self.stack.pop() else { return false };
        let (slot, Some(mut node)) = self.around(slot, &self.tree.root) else { return true };
        let mut path = vec![slot];
        while let Some(slot) = self.stack.pop() {
            let (slot, found) = self.around(slot, node);
            let Some(found) = found else {
                self.stack.push(slot);
                break;
            };
            path.push(slot);
            node = found;
        }
        let mut end = node.end(&path, self.words);
        while end.is_none() && path.len() > 1 {
            self.stack.extend(path.pop());
            end = self.tree.root.end_of(&path, self.words);
        }
        if let Some(end) = end {
            self.found.add(self.found_at(&path, end));
        }
        true
    }

    /// The first word at the place of `slot`, from that word around, which goes on from `node`; otherwise the last one tried.
    fn around(&self, slot: Slot, node: &'a Node) -> (Slot, Option<&'a Node>) {
        let (group, member) = slot;
        let members = self.words.groups.get(group).map_or(0, Vec::len);
        let turns = (0..members).map(|turn| (group, (member + turn) % members));
        let mut last = slot;
        for turn in turns.filter(|turn| self.tree.words.contains(self.words.text(*turn))) {
            if let Some(next) = node.next(self.words.text(turn)) {
                return (turn, Some(next));
            }
            last = turn;
        }
        (last, None)
    }

    /// Words that follow each other are marked as one.
    fn found_at(&self, path: &[Slot], end: End) -> Found {
        let mut places: Vec<Place> = Vec::with_capacity(path.len());
        let mut before: Option<u32> = None;
        for slot in path {
            let (position, place) = (self.words.position(*slot), self.words.place(*slot));
            match places.last_mut() {
                Some(last) if before.is_some_and(|before| before.checked_add(1) == Some(position)) => last.1 = place.1,
                _ => places.push(place),
            }
            before = Some(position);
        }
        Found { places, boost: end.boost, number: end.number }
    }
}

/// What was found, in the order of reading.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    pub(super) list: Vec<Found>,
}

impl Phrases {
    /// What overlaps with something that was found is part of it.
    fn add(&mut self, found: Found) {
        let (start, end) = found.range();
        let overlaps = self.list.iter().map(Found::range).any(|(from, to)| {
            (from <= start && start < to)
                || (from < end && end <= to)
                || (start <= from && from < end)
                || (start < to && to <= end)
        });
        if !overlaps {
            self.list.push(found);
        }
    }

    /// What was found in several fields, as one: what overlaps is joined.
    pub(super) fn merged(mut all: Vec<Self>) -> Self {
        if all.len() < 2 {
            return all.pop().unwrap_or_default();
        }
        let mut list: Vec<Found> = all.into_iter().flat_map(|phrases| phrases.list).collect();
        list.sort_by(|a, b| a.range().cmp(&b.range()).then(a.boost.total_cmp(&b.boost)));
        let mut merged: Vec<Found> = Vec::with_capacity(list.len());
        let mut reach = i64::MIN;
        for found in list {
            let (start, end) = found.range();
            match merged.last_mut() {
                Some(last) if start <= reach => {
                    last.boost += found.boost;
                    last.places.extend(found.places);
                    reach = reach.max(end);
                }
                _ => {
                    reach = end;
                    merged.push(found);
                }
            }
        }
        merged.iter_mut().for_each(Found::join);
        Self { list: merged }
    }
}

impl Found {
    /// From the first unit to the last.
    pub(super) fn range(&self) -> Place {
        let first = self.places.first().map_or(0, |place| place.0);
        (first, self.places.last().map_or(first, |place| place.1))
    }

    /// Places that touch become one.
    fn join(&mut self) {
        self.places.sort_unstable();
        let mut joined: Vec<Place> = Vec::with_capacity(self.places.len());
        for place in self.places.drain(..) {
            match joined.last_mut() {
                Some(last) if place.0 <= last.1 => last.1 = last.1.max(place.1),
                _ => joined.push(place),
            }
        }
        self.places = joined;
    }
}
