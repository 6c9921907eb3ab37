//! The parts of a word: where it is cut, and what each part is.

use crate::unicode::category;

pub(super) const LOWER: u8 = 1;
pub(super) const UPPER: u8 = 2;
pub(super) const DIGIT: u8 = 4;
pub(super) const DELIMITER: u8 = 8;
pub(super) const ALPHA: u8 = LOWER | UPPER;

/// What characters are, and where words are cut by that.
#[derive(Clone, Debug)]
pub(crate) struct CharTypes {
    /// Characters that are something else than their category says.
    pub(crate) given: Vec<(char, u8)>,
    pub(crate) on_case_change: bool,
    pub(crate) on_numerics: bool,
    /// `'s` at the end of a word is no part of it.
    pub(crate) possessive: bool,
}

/// A kind by its name in a `type_table`.
pub(crate) fn kind_named(name: &str) -> Option<u8> {
    Some(match name {
        "LOWER" => LOWER,
        "UPPER" => UPPER,
        "ALPHA" => ALPHA,
        "DIGIT" => DIGIT,
        "ALPHANUM" => ALPHA | DIGIT,
        "SUBWORD_DELIM" => DELIMITER,
        _ => return None,
    })
}

/// A part of a word, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: u8,
}

/// A word's parts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cut {
    pub(super) parts: Vec<Part>,
    /// It is one part, with delimiters or a possessive around it.
    pub(super) single: bool,
}

impl Cut {
    /// Whether nothing of the word is cut.
    pub(super) fn leaves_whole(&self, word: &str) -> bool {
        self.parts.first().is_some_and(|part| part.from == 0 && part.to == word.len())
    }
}

impl CharTypes {
    fn of(&self, c: char) -> u8 {
        if let Some((_, kind)) = self.given.iter().find(|(given, _)| *given == c) {
            return *kind;
        }
        // Half of a pair of surrogates says nothing.
        if c as u32 > 0xffff {
            return ALPHA | DIGIT;
        }
        match category(c) {
            b'U' => UPPER,
            b'l' => LOWER,
            b'o' if matches!(c, 'ª' | 'º') => LOWER,
            b'd' => DIGIT,
            _ if (c as u32) < 0x100 => DELIMITER,
            b'T' | b'm' | b'o' | b'n' | b'e' | b'c' => ALPHA,
            b'L' | b'N' => DIGIT,
            _ => DELIMITER,
        }
    }

    fn breaks(&self, last: u8, kind: u8) -> bool {
        let alpha = |kind: u8| kind & ALPHA != 0;
        let digit = |kind: u8| kind & DIGIT != 0;
        // From upper to lower case is how words begin.
        let case = alpha(last) && alpha(kind) && (!self.on_case_change || last & UPPER != 0);
        let number = !self.on_numerics && (alpha(last) && digit(kind) || digit(last) && alpha(kind));
        kind & last == 0 && !(case || number)
    }

    /// Cuts a word.
    pub(super) fn cut(&self, word: &str) -> Cut {
        let chars: Vec<(usize, char, u8)> = word.char_indices().map(|(at, c)| (at, c, self.of(c))).collect();
        let delimiter = |at: usize| chars[at].2 & DELIMITER != 0;
        let mut start = 0;
        while start < chars.len() && delimiter(start) {
            start += 1;
        }
        let mut end = chars.len();
        while end > start && delimiter(end - 1) {
            end -= 1;
        }
        let possessive = |at: usize| {
            self.possessive
                && at > 2
                && chars[at - 2].1 == '\''
                && matches!(chars[at - 1].1, 's' | 'S')
                && chars[at - 3].2 & ALPHA != 0
                && (at == end || delimiter(at))
        };
        let whole = if end > 0 && possessive(end) { end - 2 } else { end };
        let byte = |at: usize| chars.get(at).map_or(word.len(), |(at, ..)| *at);
        let (mut parts, mut single, mut at) = (Vec::new(), false, start);
        while at < end {
            if delimiter(at) {
                at += 1;
                continue;
            }
            let (from, mut last) = (at, chars[at].2);
            at += 1;
            while at < end && !self.breaks(last, chars[at].2) {
                last = chars[at].2;
                at += 1;
            }
            let first = chars[from].2;
            let kind = if matches!(first, LOWER | UPPER) { ALPHA } else { first };
            single |= from == start && at == whole;
            parts.push(Part { from: byte(from), to: byte(at), kind });
            if at + 1 < end && possessive(at + 2) {
                at += 2;
            }
        }
        Cut { parts, single }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_where_their_characters_change() {
        let types = CharTypes { given: vec![('+', ALPHA)], on_case_change: true, on_numerics: true, possessive: true };
        let parts = |word: &str| -> Vec<String> {
            types.cut(word).parts.iter().map(|part| word[part.from..part.to].to_owned()).collect()
        };
        assert_eq!(parts("PowerShot500-42"), ["Power", "Shot", "500", "42"]);
        assert_eq!(parts("--O'Neil's--"), ["O", "Neil"]);
        assert_eq!(parts("XL500's'x"), ["XL", "500", "s", "x"]);
        assert_eq!(parts("c++ Überß"), ["c++", "Überß"]);
        assert_eq!(parts("--"), [""; 0]);
        assert!(types.cut("-word's-").single && !types.cut("two-words").single);
    }
}
