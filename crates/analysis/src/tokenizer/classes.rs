//! Named sets of characters, for `token_chars` of the n-gram tokenizers and `tokenize_on_chars` of `char_group`.

use crate::unicode::{category, is_digit, is_letter, is_whitespace};

/// A union of named classes and single characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Classes {
    classes: Vec<CharClass>,
    characters: Vec<char>,
}

/// A class by one of OpenSearch's names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum CharClass {
    Letter,
    Digit,
    Whitespace,
    Punctuation,
    Symbol,
    /// General categories, as letters of the table.
    Categories(&'static [u8]),
}

/// Java's names of the general categories.
const CATEGORIES: &[(&str, &[u8])] = &[
    ("combining_spacing_mark", b"c"),
    ("connector_punctuation", b"_"),
    ("control", b"C"),
    ("currency_symbol", b"$"),
    ("dash_punctuation", b"D"),
    ("decimal_digit_number", b"d"),
    ("enclosing_mark", b"e"),
    ("end_punctuation", b")"),
    ("final_quote_punctuation", b">"),
    ("format", b"F"),
    ("initial_quote_punctuation", b"<"),
    ("letter_number", b"L"),
    ("line_separator", b"i"),
    ("lowercase_letter", b"l"),
    ("math_symbol", b"+"),
    ("modifier_letter", b"m"),
    ("modifier_symbol", b"^"),
    ("non_spacing_mark", b"n"),
    ("other_letter", b"o"),
    ("other_number", b"N"),
    ("other_punctuation", b"."),
    ("other_symbol", b"*"),
    ("paragraph_separator", b"p"),
    ("private_use", b"P"),
    ("space_separator", b"s"),
    ("start_punctuation", b"("),
    ("surrogate", b""),
    ("titlecase_letter", b"T"),
    ("unassigned", b"-"),
    ("uppercase_letter", b"U"),
];

impl Classes {
    pub(crate) fn is_empty(&self) -> bool {
        self.classes.is_empty() && self.characters.is_empty()
    }

    /// Adds a class by name; false when there is none of this name.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        let lower = name.trim().to_lowercase();
        let class = match lower.as_str() {
            "letter" => CharClass::Letter,
            "digit" => CharClass::Digit,
            "whitespace" => CharClass::Whitespace,
            "punctuation" => CharClass::Punctuation,
            "symbol" => CharClass::Symbol,
            other => match CATEGORIES.iter().find(|(name, _)| *name == other) {
                Some((_, categories)) => CharClass::Categories(categories),
                None => return false,
            },
        };
        self.classes.push(class);
        true
    }

    pub(crate) fn add_characters(&mut self, characters: impl IntoIterator<Item = char>) {
        self.characters.extend(characters);
    }

    pub(crate) fn contains(&self, c: char) -> bool {
        self.classes.iter().any(|class| class.contains(c)) || self.characters.contains(&c)
    }
}

impl CharClass {
    fn contains(&self, c: char) -> bool {
        match self {
            CharClass::Letter => is_letter(c),
            CharClass::Digit => is_digit(c),
            CharClass::Whitespace => is_whitespace(c),
            CharClass::Punctuation => matches!(category(c), b'D' | b'(' | b')' | b'_' | b'.' | b'<' | b'>'),
            CharClass::Symbol => matches!(category(c), b'+' | b'$' | b'^' | b'*'),
            CharClass::Categories(categories) => categories.contains(&category(c)),
        }
    }
}
