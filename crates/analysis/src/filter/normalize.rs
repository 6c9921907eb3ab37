//! Normalizations of single languages: letters that are written in several ways as one.

use crate::unicode::category;

/// `german_normalization`: umlauts written as two letters and as one to the plain vowel, ß to ss.
pub(crate) fn german(text: &str) -> String {
    /// What came before decides what an `e` is.
    #[derive(PartialEq)]
    enum Before {
        Other,
        /// `q` and vowels: an `u` after them stands for itself.
        Vowel,
        /// `a`, `o`, or `u` not after a vowel: an `e` makes it an umlaut.
        Umlaut,
    }
    let mut folded = String::with_capacity(text.len());
    let mut before = Before::Other;
    for c in text.chars() {
        before = match c {
            'a' | 'o' => {
                folded.push(c);
                Before::Umlaut
            }
            'u' => {
                folded.push(c);
                if before == Before::Other { Before::Umlaut } else { Before::Vowel }
            }
            'e' => {
                if before != Before::Umlaut {
                    folded.push(c);
                }
                Before::Vowel
            }
            'i' | 'q' | 'y' => {
                folded.push(c);
                Before::Vowel
            }
            'ä' | 'ö' | 'ü' => {
                folded.push(match c {
                    'ä' => 'a',
                    'ö' => 'o',
                    _ => 'u',
                });
                Before::Vowel
            }
            'ß' => {
                folded.push_str("ss");
                Before::Other
            }
            _ => {
                folded.push(c);
                Before::Other
            }
        };
    }
    folded
}

/// `hindi_normalization`, after L. Larkey, M. Connell, N. Abduljaleel ("Hindi CLIR in thirty days", 2003): nasals, nukta letters, and vowels that are often
/// taken for each other, in one form; no virama.
pub(crate) fn hindi(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        folded.push(match c {
            '\u{93c}' | '\u{94d}' | '\u{200c}' | '\u{200d}' => continue,
            '\u{928}' if chars.peek() == Some(&'\u{94d}') => {
                chars.next();
                '\u{902}'
            }
            '\u{901}' => '\u{902}',
            '\u{929}' => '\u{928}',
            '\u{931}' => '\u{930}',
            '\u{934}' => '\u{933}',
            '\u{958}' => '\u{915}',
            '\u{959}' => '\u{916}',
            '\u{95a}' => '\u{917}',
            '\u{95b}' => '\u{91c}',
            '\u{95c}' => '\u{921}',
            '\u{95d}' => '\u{922}',
            '\u{95e}' => '\u{92b}',
            '\u{95f}' => '\u{92f}',
            '\u{945}' | '\u{946}' | '\u{948}' => '\u{947}',
            '\u{90d}' | '\u{90e}' | '\u{910}' => '\u{90f}',
            '\u{949}' | '\u{94a}' | '\u{94c}' => '\u{94b}',
            '\u{911}' | '\u{912}' | '\u{914}' => '\u{913}',
            '\u{972}' | '\u{906}' => '\u{905}',
            '\u{908}' => '\u{907}',
            '\u{90a}' => '\u{909}',
            '\u{960}' => '\u{90b}',
            '\u{961}' => '\u{90c}',
            '\u{940}' => '\u{93f}',
            '\u{942}' => '\u{941}',
            '\u{944}' => '\u{943}',
            '\u{963}' => '\u{962}',
            other => other,
        });
    }
    folded
}

/// `arabic_normalization`: one form of alef, yeh and teh marbuta, no tatweel, no vowel marks.
pub(crate) fn arabic(text: &str) -> String {
    let letter = |c| match c {
        '\u{622}' | '\u{623}' | '\u{625}' => Some('\u{627}'),
        '\u{649}' => Some('\u{64a}'),
        '\u{629}' => Some('\u{647}'),
        '\u{640}' | '\u{64b}'..='\u{652}' => None,
        other => Some(other),
    };
    text.chars().filter_map(letter).collect()
}

/// `persian_normalization`: one form of yeh, keheh and heh, no hamza above.
pub(crate) fn persian(text: &str) -> String {
    let letter = |c| match c {
        '\u{6cc}' | '\u{6d2}' => Some('\u{64a}'),
        '\u{6a9}' => Some('\u{643}'),
        '\u{6c0}' | '\u{6c1}' => Some('\u{647}'),
        '\u{654}' => None,
        other => Some(other),
    };
    text.chars().filter_map(letter).collect()
}

/// `scandinavian_normalization`: the ways to write `å`, `æ` and `ø` as one.
pub(crate) fn scandinavian(text: &str) -> String {
    by_pairs(text, |c, next| match (c, next) {
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
    })
}

/// `scandinavian_folding`: as [`scandinavian`], and then without dots, rings and strokes.
pub(crate) fn scandinavian_folding(text: &str) -> String {
    by_pairs(text, |c, next| match (c, next) {
        ('å' | 'ä' | 'æ', _) => ('a', false),
        ('Å' | 'Ä' | 'Æ', _) => ('A', false),
        ('ö' | 'ø', _) => ('o', false),
        ('Ö' | 'Ø', _) => ('O', false),
        ('a' | 'A', Some('a' | 'e' | 'o')) => (c, true),
        ('o' | 'O', Some('e' | 'o')) => (c, true),
        _ => (c, false),
    })
}

/// What `replaced` makes of each character and the next one in lower case, and whether that is part of it.
fn by_pairs(text: &str, replaced: impl Fn(char, Option<char>) -> (char, bool)) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let (one, takes_next) = replaced(c, chars.peek().map(char::to_ascii_lowercase));
        out.push(one);
        chars.next_if(|_| takes_next);
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
