//! Word-break classes of characters, as the standard tokenizer of Lucene 10 tells them apart (UAX #29 of Unicode 12.1, with the line
//! break class Complex_Context, scripts Han and Hiragana, and Extended_Pictographic for emoji).
//!
//! `word_break.txt` has one range a line: first and last code point in hexadecimal and the letter of the class; all others are `Other`.

use crate::unicode::{Table, beyond};

/// What a character is to the standard tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Class {
    Other,
    Letter,
    HebrewLetter,
    Hangul,
    Katakana,
    Numeric,
    /// Numeric, and may carry a keycap: 0 to 9.
    Digit,
    ExtendNumLet,
    MidLetter,
    MidNum,
    MidNumLet,
    SingleQuote,
    DoubleQuote,
    /// `#` and `*`, which may carry a keycap.
    KeycapBase,
    Extend,
    Joiner,
    TextStyle,
    EmojiStyle,
    Keycap,
    /// Extends what stands before it; alone it is an emoji.
    EmojiModifier,
    Pictograph,
    /// A letter that is also a pictograph: ℹ and such.
    LetterPictograph,
    RegionalIndicator,
    SoutheastAsian,
    /// A combining mark of a Southeast Asian script: extends, or stands alone.
    SoutheastAsianMark,
    Han,
    Hiragana,
}

impl Class {
    const fn of_letter(letter: u8) -> Class {
        match letter {
            b'L' => Class::Letter,
            b'H' => Class::HebrewLetter,
            b'G' => Class::Hangul,
            b'A' => Class::Katakana,
            b'N' => Class::Numeric,
            b'9' => Class::Digit,
            b'_' => Class::ExtendNumLet,
            b'C' => Class::MidLetter,
            b'M' => Class::MidNum,
            b'B' => Class::MidNumLet,
            b'S' => Class::SingleQuote,
            b'D' => Class::DoubleQuote,
            b'K' => Class::KeycapBase,
            b'X' => Class::Extend,
            b'J' => Class::Joiner,
            b'V' => Class::TextStyle,
            b'W' => Class::EmojiStyle,
            b'Y' => Class::Keycap,
            b'E' => Class::EmojiModifier,
            b'P' => Class::Pictograph,
            b'Q' => Class::LetterPictograph,
            b'F' => Class::RegionalIndicator,
            b'T' => Class::SoutheastAsian,
            b'U' => Class::SoutheastAsianMark,
            b'I' => Class::Han,
            b'R' => Class::Hiragana,
            _ => Class::Other,
        }
    }

    /// Does it belong to the character before it?
    pub(super) fn extends(self) -> bool {
        matches!(
            self,
            Class::Extend
                | Class::Joiner
                | Class::TextStyle
                | Class::EmojiStyle
                | Class::Keycap
                | Class::EmojiModifier
                | Class::SoutheastAsianMark
        )
    }

    pub(super) fn pictograph(self) -> bool {
        matches!(self, Class::Pictograph | Class::LetterPictograph)
    }
}

const DATA: &[u8] = include_bytes!("word_break.txt");
static TABLE: Table<{ beyond(DATA) }> = Table::read(DATA);

/// The class of a character.
pub(super) fn class_of(c: char) -> Class {
    Class::of_letter(TABLE.get(c))
}
