//! Where words begin and end: as Java's word iterator for no language in particular finds it, whose answers are the specification.
//!
//! Words are letters and digits, with hyphens, quotes and stops between letters and with points and commas between digits; blanks that
//! follow each other are one piece, other signs are pieces of their own; each East Asian script makes runs.

use analysis::category;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Han,
    Hiragana,
    Katakana,
    /// The marks that both kana share.
    Kana,
    Mark,
    Format,
    Blank,
    Return,
    Newline,
    Control,
    /// Joins letters.
    Hyphen,
    /// Joins letters, and digits.
    Quote,
    Point,
    Comma,
    /// Stands before numbers.
    Currency,
    /// Stands behind numbers.
    Percent,
    Danda,
    Other,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        ' ' | '\t' => Class::Blank,
        '\r' => Class::Return,
        '\n' | '\u{c}' | '\u{2028}' | '\u{2029}' => Class::Newline,
        '.' => Class::Point,
        ',' | '\u{66b}' => Class::Comma,
        '"' | '\'' => Class::Quote,
        '\u{ad}' | '\u{2027}' => Class::Hyphen,
        '#' => Class::Currency,
        '%' | '&' | '\u{66a}' | '\u{2030}' | '\u{2031}' | '\u{a2}' => Class::Percent,
        '\u{964}' | '\u{965}' => Class::Danda,
        '\u{30fb}' | '\u{30fc}' | '\u{309b}' | '\u{309c}' => Class::Kana,
        '\u{3041}'..='\u{3096}' | '\u{309d}' | '\u{309e}' => Class::Hiragana,
        '\u{30a1}'..='\u{30fa}' | '\u{30fd}' | '\u{30fe}' => Class::Katakana,
        '\u{3005}' | '\u{4e00}'..='\u{9fa5}' | '\u{f900}'..='\u{fa2d}' => Class::Han,
        _ => by_category(c),
    }
}

fn by_category(c: char) -> Class {
    match category(c) {
        b'U' | b'l' | b'T' | b'm' | b'o' | b'c' => Class::Letter,
        b'd' | b'L' | b'N' => Class::Digit,
        b'n' | b'e' => Class::Mark,
        b'F' => Class::Format,
        b's' => Class::Blank,
        b'C' => Class::Control,
        b'D' | b'_' => Class::Hyphen,
        b'$' => Class::Currency,
        _ => Class::Other,
    }
}

/// Reads classes of characters.
#[derive(Clone, Copy)]
struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl Cursor<'_> {
    fn class(self) -> Option<Class> {
        self.text[self.at..].chars().next().map(class)
    }

    fn step(&mut self) {
        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
    }

    fn skip(&mut self, skipped: impl Fn(Class) -> bool) {
        while self.class().is_some_and(&skipped) {
            self.step();
        }
    }

    /// Passes over a character and the marks on it.
    fn step_marked(&mut self) {
        self.step();
        self.skip(|class| matches!(class, Class::Mark | Class::Format));
    }

    /// Passes over a character and format characters.
    fn step_plain(&mut self) {
        self.step();
        self.skip(|class| class == Class::Format);
    }

    /// The class of the character behind this one and its marks, and where it is.
    fn ahead(mut self) -> (Option<Class>, Self) {
        self.step_marked();
        (self.class(), self)
    }
}

/// Where the piece that begins at byte `from` ends: a later byte, at most the text's length.
pub(super) fn next(text: &str, from: usize) -> usize {
    let mut cursor = Cursor { text, at: from };
    cursor.skip(|class| class == Class::Format);
    let Some(first) = cursor.class() else { return text.len() };
    match first {
        Class::Blank => {
            cursor.skip(|class| matches!(class, Class::Blank | Class::Mark | Class::Format));
            for line_end in [Class::Return, Class::Newline] {
                if cursor.class() == Some(line_end) {
                    cursor.step_plain();
                }
            }
        }
        Class::Return => {
            cursor.step_plain();
            if cursor.class() == Some(Class::Newline) {
                cursor.step_plain();
            }
        }
        Class::Newline | Class::Control | Class::Mark => cursor.step_plain(),
        Class::Han | Class::Hiragana | Class::Katakana | Class::Kana => script(&mut cursor, first),
        Class::Currency | Class::Point => match cursor.ahead() {
            (Some(Class::Digit), number) => {
                cursor = number;
                word(&mut cursor, Class::Digit);
            }
            _ => cursor.step_marked(),
        },
        Class::Letter | Class::Digit => word(&mut cursor, first),
        _ => cursor.step_marked(),
    }
    cursor.at
}

fn word(cursor: &mut Cursor<'_>, mut last: Class) {
    cursor.step_marked();
    while let Some(class) = cursor.class() {
        match (last, class) {
            (_, Class::Letter | Class::Digit) => {
                last = class;
                cursor.step_marked();
            }
            (Class::Letter, Class::Hyphen | Class::Quote | Class::Point)
            | (Class::Digit, Class::Quote | Class::Point | Class::Comma) => match cursor.ahead() {
                (Some(next), behind) if next == last => *cursor = behind,
                _ => return,
            },
            (Class::Digit, Class::Percent) => return cursor.step_marked(),
            (Class::Letter, Class::Danda) => {
                cursor.step_marked();
                if cursor.class() != Some(Class::Digit) {
                    return;
                }
                last = Class::Digit;
            }
            _ => return,
        }
    }
}

/// A run of one East Asian script; marks are taken only behind its first character.
fn script(cursor: &mut Cursor<'_>, mut script: Class) {
    cursor.step_plain();
    if cursor.class() == Some(Class::Mark) {
        return cursor.skip(|class| matches!(class, Class::Mark | Class::Format));
    }
    while let Some(class) = cursor.class() {
        let kana = matches!(class, Class::Hiragana | Class::Katakana);
        match (script, class) {
            (Class::Kana, class) if kana => script = class,
            (Class::Hiragana | Class::Katakana, Class::Kana) => {}
            _ if class == script => {}
            _ => return,
        }
        cursor.step_plain();
    }
}

/// How far back a safe beginning is looked for, in bytes.
const FAR: usize = 4096;

/// The last boundary at or before byte `at`, and the first behind it (at most the text's length). `at`: between characters.
pub(super) fn around(text: &str, at: usize) -> (usize, usize) {
    let mut begin = safe(text, at);
    loop {
        let end = next(text, begin);
        if end > at || end >= text.len() {
            return if end > at { (begin, end) } else { (text.len(), text.len()) };
        }
        begin = end;
    }
}

/// A boundary at or before `at`: behind a blank that a letter follows, or the beginning.
fn safe(text: &str, at: usize) -> usize {
    let mut behind = text[at..].chars().next().map(class);
    let mut place = at;
    for (before, c) in text[..at].char_indices().rev() {
        let class = class(c);
        if class == Class::Blank && matches!(behind, Some(Class::Letter | Class::Digit | Class::Han)) {
            return place;
        }
        (behind, place) = (Some(class), before);
        if at - place > FAR {
            return place;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(expected: &[&str]) {
        let text = expected.concat();
        let (mut found, mut from) = (Vec::new(), 0);
        while from < text.len() {
            let to = next(&text, from);
            found.push(&text[from..to]);
            from = to;
        }
        assert_eq!(found, expected);
    }

    #[test]
    fn words_end_where_java_ends_them() {
        check(&[
            "The",
            " ",
            "well-known",
            " ",
            "keeper's",
            "  ",
            "lamp",
            ".",
            " ",
            "3.5",
            " ",
            "1,000.5",
            " ",
            "$5",
            " ",
            "50%",
        ]);
        check(&["e.g", ".", " ", "example.com", "/", "path", "?", "a", "=", "1"]);
        check(&["(", "a1", ")", "\r\n", "b", " \n", "c"]);
        check(&["漢字", "かな", "カナー", "abc"]);
        check(&["Zwo\u{308}lf", " ", "Boote"]);
    }

    proptest! {
        #[test]
        fn boundaries_around_a_place_are_those_from_the_beginning(text in "[a-c5 ,.'$%-]{0,30}|[漢あアー\u{301} a\r\n]{0,20}|.{0,30}", at in 0usize..60) {
            let at = text.floor_char_boundary(at.min(text.len().saturating_sub(1)));
            let (mut from, mut to) = (0, 0);
            while to <= at && to < text.len() {
                (from, to) = (to, next(&text, to));
                prop_assert!(to > from && text.is_char_boundary(to));
            }
            if at < text.len() {
                prop_assert_eq!(around(&text, at), (from, to));
            }
        }
    }
}
