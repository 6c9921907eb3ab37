//! One token by the full rules: the longest word, number, run or emoji that begins at a place.

use super::class::{Class, class_of};
use crate::token::TokenKind;

/// The token that begins at byte `start`: its end and kind; `None` when none begins there.
/// It is at most `max_units` UTF-16 units long.
pub(super) fn token(text: &str, start: usize, max_units: usize) -> Option<(usize, TokenKind)> {
    // What lies far behind the longest token decides nothing, and looking there for every token would make long runs quadratic.
    let near = window_end(text, start, max_units.saturating_add(LOOKAHEAD));
    let found = match_at(&text[..near], start)?;
    if found.0 - start <= max_units {
        return Some(found);
    }
    let window = window_end(text, start, max_units);
    if found.0 <= window {
        return Some(found);
    }
    match_at(&text[..window], start)
}

/// How many UTF-16 units behind the longest token may decide where it ends.
pub(super) const LOOKAHEAD: usize = 64;

/// The end of the longest stretch from `start` of at most `units` UTF-16 units, and at least one character.
fn window_end(text: &str, start: usize, units: usize) -> usize {
    // No unit takes less than a byte.
    if text.len() - start <= units {
        return text.len();
    }
    let mut taken = 0;
    for (at, c) in text[start..].char_indices() {
        taken += c.len_utf16();
        if taken > units && at > 0 {
            return start + at;
        }
    }
    text.len()
}

fn match_at(text: &str, start: usize) -> Option<(usize, TokenKind)> {
    let scan = Scan { text };
    let (class, after) = scan.class(start)?;
    let word = match class {
        Class::Han => return Some((scan.extended(after), TokenKind::Ideographic)),
        Class::Hiragana => return Some((scan.extended(after), TokenKind::Hiragana)),
        Class::SoutheastAsian | Class::SoutheastAsianMark => {
            return Some((scan.southeast_asian(after), TokenKind::SoutheastAsian));
        }
        Class::RegionalIndicator => return scan.flag(after).map(|end| (end, TokenKind::Emoji)),
        _ => scan.word(start),
    };
    let emoji = match class {
        Class::Pictograph | Class::LetterPictograph | Class::EmojiModifier | Class::Joiner => scan.emoji(start),
        Class::Digit | Class::KeycapBase => scan.keycap(after),
        _ => None,
    };
    match (word, emoji) {
        (Some((end, _)), Some(emoji)) if emoji >= end => Some((emoji, TokenKind::Emoji)),
        (None, Some(emoji)) => Some((emoji, TokenKind::Emoji)),
        (word, _) => word,
    }
}

/// What a word has seen so far; decides its kind.
#[derive(Default)]
struct Seen {
    letter: bool,
    number: bool,
    hangul: bool,
    katakana: bool,
    connector: bool,
}

impl Seen {
    fn kind(&self) -> TokenKind {
        match (self.letter, self.number, self.hangul, self.katakana) {
            (false, true, false, false) => TokenKind::Number,
            (false, false, true, false) if !self.connector => TokenKind::Hangul,
            (false, false, false, true) if !self.connector => TokenKind::Katakana,
            _ => TokenKind::Alphanumeric,
        }
    }
}

/// The character before the place where a word may go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Nothing,
    Letter,
    Hebrew,
    /// A Hebrew letter and its geresh: the word is complete but letters may follow.
    Geresh,
    Number,
    Katakana,
    Connector,
}

struct Scan<'a> {
    text: &'a str,
}

impl Scan<'_> {
    /// The class of the character at a byte and where the next begins.
    fn class(&self, at: usize) -> Option<(Class, usize)> {
        let c = self.text[at..].chars().next()?;
        Some((class_of(c), at + c.len_utf8()))
    }

    /// Where the characters that extend the one before `at` end.
    fn extended(&self, mut at: usize) -> usize {
        while let Some((class, after)) = self.class(at).filter(|(class, _)| class.extends()) {
            debug_assert!(class.extends());
            at = after;
        }
        at
    }

    fn southeast_asian(&self, mut at: usize) -> usize {
        while let Some((_, after)) =
            self.class(at).filter(|(class, _)| *class == Class::SoutheastAsian || class.extends())
        {
            at = after;
        }
        at
    }

    /// Two regional indicators; `at` is behind the first.
    fn flag(&self, at: usize) -> Option<usize> {
        let (class, after) = self.class(self.extended(at))?;
        (class == Class::RegionalIndicator).then(|| self.extended(after))
    }

    /// A keycap on the character before `at`.
    fn keycap(&self, mut at: usize) -> Option<usize> {
        let mut found = None;
        while let Some((class, after)) = self.class(at).filter(|(class, _)| class.extends()) {
            if class == Class::TextStyle {
                break;
            }
            at = after;
            if class == Class::Keycap || found.is_some() {
                found = Some(at);
            }
        }
        found
    }

    /// Pictographs joined by joiners, with what modifies them.
    fn emoji(&self, start: usize) -> Option<usize> {
        let mut at = start;
        let mut end = None;
        let mut joined = true;
        while let Some((class, after)) = self.class(at) {
            let begins = class.pictograph() || (class == Class::EmojiModifier && end.is_none() && at == start);
            match class {
                _ if begins && joined => joined = false,
                Class::Joiner => joined = true,
                Class::TextStyle => break,
                Class::EmojiStyle => {
                    if end.is_some() && !self.bare_modifier(start, at) {
                        end = Some(after);
                    }
                    match self.class(after) {
                        Some((Class::Joiner, behind)) if end == Some(after) => {
                            at = behind;
                            end = Some(at);
                            joined = true;
                            continue;
                        }
                        _ => break,
                    }
                }
                _ if class.extends() && end.is_some() => joined = false,
                _ => break,
            }
            at = after;
            // Joiners before the first pictograph are an emoji only together with it.
            if begins || end.is_some() {
                end = Some(at);
            }
        }
        end
    }

    /// Is the text from `start` to `at` a lone modifier, which takes no style?
    fn bare_modifier(&self, start: usize, at: usize) -> bool {
        matches!(self.class(start), Some((Class::EmojiModifier, after)) if after == at)
    }

    /// A word or number with connectors: Katakana, Hebrew, numbers and letters by WB5 to WB13b.
    fn word(&self, start: usize) -> Option<(usize, TokenKind)> {
        let mut seen = Seen::default();
        let mut last = Last::Nothing;
        let mut end = None;
        let mut at = start;
        while let Some((class, after)) = self.class(at) {
            let after = self.extended(after);
            let Some((next, behind)) = self.step(last, class, after, &mut seen) else { break };
            at = behind;
            last = next;
            if last != Last::Connector || end.is_some() {
                end = Some(at);
            }
        }
        end.map(|end| (end, seen.kind()))
    }

    /// Can a word that ends with `last` go on with a character of `class`, whose extensions end at `after`?
    fn step(&self, last: Last, class: Class, after: usize, seen: &mut Seen) -> Option<(Last, usize)> {
        let open = !matches!(last, Last::Katakana);
        let next = match class {
            Class::Letter | Class::LetterPictograph if open => {
                seen.letter = true;
                Last::Letter
            }
            Class::HebrewLetter if open => {
                seen.letter = true;
                Last::Hebrew
            }
            Class::Hangul if open => {
                seen.hangul = true;
                Last::Letter
            }
            Class::Numeric | Class::Digit if open => {
                seen.number = true;
                Last::Number
            }
            Class::Katakana if matches!(last, Last::Nothing | Last::Katakana | Last::Connector) => {
                seen.katakana = true;
                Last::Katakana
            }
            Class::ExtendNumLet => {
                seen.connector = true;
                Last::Connector
            }
            _ => return self.between(last, class, after, seen),
        };
        Some((next, after))
    }

    /// Marks inside words and numbers: they count only with the right character behind them.
    fn between(&self, last: Last, mark: Class, after: usize, seen: &mut Seen) -> Option<(Last, usize)> {
        let behind = self.class(after);
        let letter = |class: Class| {
            matches!(class, Class::Letter | Class::LetterPictograph | Class::HebrewLetter | Class::Hangul)
        };
        let number = |class: Class| matches!(class, Class::Numeric | Class::Digit);
        match (last, mark) {
            (Last::Letter | Last::Hebrew, Class::MidLetter | Class::MidNumLet | Class::SingleQuote)
                if behind.is_some_and(|(class, _)| letter(class)) =>
            {
                self.step(last, behind?.0, self.extended(behind?.1), seen)
            }
            (Last::Number, Class::MidNum | Class::MidNumLet | Class::SingleQuote)
                if behind.is_some_and(|(class, _)| number(class)) =>
            {
                Some((Last::Number, self.extended(behind?.1)))
            }
            (Last::Hebrew, Class::SingleQuote) => {
                seen.letter = true;
                Some((Last::Geresh, after))
            }
            (Last::Hebrew, Class::DoubleQuote) if behind.is_some_and(|(class, _)| class == Class::HebrewLetter) => {
                Some((Last::Hebrew, self.extended(behind?.1)))
            }
            _ => None,
        }
    }
}
