//! Normalizations of single languages, beside those of `fold`: Scandinavian, Serbian, Sorani.

use crate::unicode::category;

/// `scandinavian_normalization`: the ways to write `å`, `æ` and `ø` as one.
pub(crate) fn scandinavian_normalization(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().map(char::to_ascii_lowercase);
        let (one, eats) = match (c, next) {
            ('ä', _) => ('æ', false),
            ('Ä', _) => ('Æ', false),
            ('ö', _) => ('ø', false),
            ('Ö', _) => ('Ø', false),
            ('a', Some('a' | 'o')) => ('å', true),
            ('A', Some('a' | 'o')) => ('Å', true),
            ('a', Some('e')) => ('æ', true),
            ('A', Some('e')) => ('Æ', true),
            ('o', Some('e' | 'o')) => ('ø', true),
            ('O', Some('e' | 'o')) => ('Ø', true),
            _ => (c, false),
        };
        out.push(one);
        if eats {
            chars.next();
        }
    }
    out
}

/// `scandinavian_folding`: as [`scandinavian_normalization`], and then without dots, rings and strokes.
pub(crate) fn scandinavian_folding(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next = chars.peek().map(char::to_ascii_lowercase);
        let (one, eats) = match (c, next) {
            ('å' | 'ä' | 'æ', _) => ('a', false),
            ('Å' | 'Ä' | 'Æ', _) => ('A', false),
            ('ö' | 'ø', _) => ('o', false),
            ('Ö' | 'Ø', _) => ('O', false),
            ('a' | 'A', Some('a' | 'e' | 'o')) => (c, true),
            ('o' | 'O', Some('e' | 'o')) => (c, true),
            _ => (c, false),
        };
        out.push(one);
        if eats {
            chars.next();
        }
    }
    out
}

/// `serbian_normalization`: Cyrillic and Latin letters as plain Latin ones.
pub(crate) fn serbian(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push_str(match c {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' => "g",
            'д' => "d",
            'ђ' | 'đ' => "dj",
            'е' => "e",
            'ж' | 'з' | 'ž' => "z",
            'и' => "i",
            'ј' => "j",
            'к' => "k",
            'л' => "l",
            'љ' => "lj",
            'м' => "m",
            'н' => "n",
            'њ' => "nj",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' | 'ш' | 'š' => "s",
            'т' => "t",
            'ћ' | 'ц' | 'ч' | 'č' | 'ć' => "c",
            'у' => "u",
            'ф' => "f",
            'х' => "h",
            'џ' => "dz",
            other => {
                out.push(other);
                continue;
            }
        });
    }
    out
}

/// `sorani_normalization`: the letters that stand for one sound as one, without marks.
pub(crate) fn sorani(text: &str) -> String {
    let mut out: Vec<char> = Vec::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut at_start = true;
    while let Some(c) = chars.next() {
        let first = std::mem::take(&mut at_start);
        match c {
            '\u{64a}' | '\u{649}' => out.push('\u{6cc}'),
            '\u{643}' => out.push('\u{6a9}'),
            '\u{200c}' => {
                if let Some(last) = out.last_mut().filter(|last| **last == '\u{647}') {
                    *last = '\u{6d5}';
                }
            }
            '\u{647}' if chars.peek().is_none() => out.push('\u{6d5}'),
            '\u{6be}' => out.push('\u{647}'),
            '\u{631}' if first => out.push('\u{695}'),
            '\u{692}' => out.push('\u{695}'),
            '\u{640}' | '\u{64b}'..='\u{652}' => {}
            other if category(other) == b'F' => {}
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}
