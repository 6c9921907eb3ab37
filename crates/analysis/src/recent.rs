//! What the filters of a chain made of the words that came last, so that a word which comes again is looked up and not stemmed again.
//!
//! In: a word as the tokenizer cut it. Out: what the chain's filters of one token at a time make of it, which depends on nothing else.
//! Bounded: each word has one place, and the newest one takes it. Nobody waits: who finds all shelves taken does without.

use std::sync::{Mutex, MutexGuard};

use crate::token::TokenKind;

/// So many texts may be analysed at one time with what is remembered.
const SHELVES: usize = 16;
/// Places of a shelf that has been used a little, and at most: 48 kB.
const FEWEST: usize = 64;
const MOST: usize = 1024;
/// Bytes for a word and for what was made of it; where both need more, they are not remembered.
const BYTES: usize = 45;
/// Stands for the length of what was made: the filters dropped the word.
const DROPPED: u8 = u8::MAX;

/// What is remembered for one chain, each shelf on its own, so that threads do not share one.
#[derive(Default)]
pub(crate) struct Recent {
    shelves: Vec<Mutex<Words>>,
}

impl Recent {
    /// `worth_it`: whether the filters cost more than looking a word up.
    pub(crate) fn new(worth_it: bool) -> Self {
        let shelves = if worth_it { SHELVES } else { 0 };
        Self { shelves: (0..shelves).map(|_| Mutex::default()).collect() }
    }

    /// A shelf for as long as a text is analysed; `None`: there is none, or none free.
    pub(crate) fn shelf(&self) -> Option<MutexGuard<'_, Words>> {
        self.shelves.iter().find_map(|shelf| shelf.try_lock().ok())
    }
}

/// Words and what was made of them, placed by their hash.
#[derive(Default)]
pub(crate) struct Words {
    /// None, or a power of two.
    places: Vec<Place>,
    /// Words put since there are so many places.
    put: usize,
}

#[derive(Clone, Copy)]
struct Place {
    /// Length of the word; 0: free.
    word: u8,
    /// Length of what was made of it, or [`DROPPED`].
    made: u8,
    kind: TokenKind,
    /// The word, then what was made of it.
    bytes: [u8; BYTES],
}

const FREE: Place = Place { word: 0, made: 0, kind: TokenKind::Word, bytes: [0; BYTES] };

impl Words {
    /// What the filters make of a word; `Some(None)`: they drop it. `None`: it is not remembered.
    pub(crate) fn get(&self, word: &str, kind: TokenKind) -> Option<Option<&str>> {
        let place = self.places.get(self.place(word))?;
        let length = usize::from(place.word);
        if length != word.len() || place.kind != kind || place.bytes.get(..length) != Some(word.as_bytes()) {
            return None;
        }
        if place.made == DROPPED {
            return Some(None);
        }
        let made = place.bytes.get(length..length + usize::from(place.made))?;
        std::str::from_utf8(made).ok().map(Some)
    }

    /// Remembers what the filters made of a word (`None`: they dropped it), unless it is too long.
    pub(crate) fn put(&mut self, word: &str, kind: TokenKind, made: Option<&str>) {
        let made_bytes = made.unwrap_or_default().as_bytes();
        let length = word.len();
        if length == 0 || length + made_bytes.len() > BYTES {
            return;
        }
        self.grow();
        let at = self.place(word);
        if let Some(place) = self.places.get_mut(at) {
            place.bytes[..length].copy_from_slice(word.as_bytes());
            place.bytes[length..length + made_bytes.len()].copy_from_slice(made_bytes);
            (place.word, place.kind) = (length as u8, kind);
            place.made = if made.is_some() { made_bytes.len() as u8 } else { DROPPED };
        }
    }

    /// More places when many more words came than there are places for; then all are free.
    fn grow(&mut self) {
        self.put += 1;
        let places = self.places.len();
        if places == 0 || (self.put > 4 * places && places < MOST) {
            let more = (4 * places).clamp(FEWEST, MOST);
            self.places.clear();
            self.places.resize(more, FREE);
            self.put = 1;
        }
    }

    fn place(&self, word: &str) -> usize {
        hash(word.as_bytes()) as usize & self.places.len().wrapping_sub(1)
    }
}

/// Multiply and fold, eight bytes at a time. Who chooses words that meet only has them stemmed again.
fn hash(word: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let fold = |value: u64| {
        let product = u128::from(value) * u128::from(FACTOR);
        product as u64 ^ (product >> 64) as u64
    };
    let mut hash = word.len() as u64;
    for chunk in word.chunks(8) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        hash = fold(hash.rotate_left(23) ^ u64::from_le_bytes(bytes) ^ FACTOR);
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_word_of_a_place_is_remembered_as_it_was_made() {
        let mut words = Words::default();
        assert_eq!(words.get("foxes", TokenKind::Word), None);
        words.put("foxes", TokenKind::Word, Some("fox"));
        words.put("the", TokenKind::Word, None);
        words.put("s", TokenKind::Word, Some(""));
        assert_eq!(words.get("foxes", TokenKind::Word), Some(Some("fox")));
        assert_eq!(words.get("foxes", TokenKind::Number), None);
        assert_eq!(words.get("the", TokenKind::Word), Some(None));
        assert_eq!(words.get("s", TokenKind::Word), Some(Some("")));
        words.put("foxes", TokenKind::Number, None);
        assert_eq!(words.get("foxes", TokenKind::Number), Some(None));
        assert_eq!(words.get("foxes", TokenKind::Word), None);
    }

    #[test]
    fn long_and_empty_words_are_not_remembered() {
        let mut words = Words::default();
        let long = "x".repeat(BYTES);
        words.put(&long, TokenKind::Word, Some("x"));
        words.put("", TokenKind::Word, Some(""));
        assert_eq!((words.get(&long, TokenKind::Word), words.get("", TokenKind::Word)), (None, None));
        words.put(&long, TokenKind::Word, None);
        assert_eq!(words.get(&long, TokenKind::Word), Some(None));
    }

    #[test]
    fn room_is_bounded_and_grows_with_need() {
        let mut words = Words::default();
        for n in 0..20_000 {
            let word = n.to_string();
            words.put(&word, TokenKind::Word, Some("n"));
            assert_eq!(words.get(&word, TokenKind::Word), Some(Some("n")));
            assert_eq!(words.places.len() == FEWEST, n < 4 * FEWEST);
        }
        assert_eq!((words.places.len(), size_of::<Place>()), (MOST, 48));
    }

    #[test]
    fn nobody_waits_for_a_shelf() {
        let recent = Recent::new(true);
        let taken: Vec<_> = (0..SHELVES).filter_map(|_| recent.shelf()).collect();
        assert_eq!((taken.len(), recent.shelf().is_none()), (SHELVES, true));
        drop(taken);
        assert!(recent.shelf().is_some());
        assert!(Recent::new(false).shelf().is_none());
    }
}
