//! `lowercase` and `uppercase`: one character to one character, as Java's `Character` maps them.

use crate::stream::{Term, TermFilter};

pub(crate) struct Lowercase;

impl TermFilter for Lowercase {
    fn apply(&self, term: &mut Term) -> bool {
        lowercase(&mut term.text);
        true
    }
}

pub(crate) struct Uppercase;

impl TermFilter for Uppercase {
    fn apply(&self, term: &mut Term) -> bool {
        if term.text.is_ascii() {
            term.text.make_ascii_uppercase();
        } else {
            term.text = term.text.chars().map(upper).collect();
        }
        true
    }
}

/// Lower case in place.
pub(crate) fn lowercase(text: &mut String) {
    if text.is_ascii() {
        text.make_ascii_lowercase();
    } else {
        *text = text.chars().map(lower).collect();
    }
}

/// The simple lower case of a character. Only U+0130 has a full one of several characters, and its simple one is the first of them.
pub(crate) fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// The simple upper case of a character: where the full one has several characters, Greek with iota subscript has its capital with
/// iota adscript, and all others stay.
pub(crate) fn upper(c: char) -> char {
    let mut full = c.to_uppercase();
    match (full.next(), full.next()) {
        (Some(only), None) => only,
        _ => match c {
            '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}' => shifted(c, 8),
            '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}' => shifted(c, 9),
            _ => c,
        },
    }
}

fn shifted(c: char, by: u32) -> char {
    char::from_u32(c as u32 + by).unwrap_or(c)
}
