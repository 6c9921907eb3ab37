//! Filters that map characters: `asciifolding`, `decimal_digit`, `cjk_width`. Not here: what is done for one language (`normalize`).

use crate::stream::{Stream, StreamFilter, Term, TermFilter};
use crate::token::TokenKind;
use crate::unicode;

/// Line by line: code point in hexadecimal, a space, what it becomes.
const ASCII: &str = include_str!("ascii.txt");

/// `asciifolding`: letters, digits and marks beyond ASCII to their nearest ASCII form.
pub(crate) struct AsciiFolding {
    /// By ascending character.
    table: Vec<(char, &'static str)>,
}

impl AsciiFolding {
    pub(crate) fn new() -> Self {
        let entry = |line: &'static str| {
            let (code, folded) = line.split_once(' ')?;
            Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, folded))
        };
        AsciiFolding { table: ASCII.lines().filter_map(entry).collect() }
    }

    /// The folded text, when it differs.
    fn fold(&self, text: &str) -> Option<String> {
        if text.is_ascii() {
            return None;
        }
        let mut folded = String::with_capacity(text.len());
        for c in text.chars() {
            match self.table.binary_search_by_key(&c, |(from, _)| *from) {
                Ok(at) if !c.is_ascii() => folded.push_str(self.table[at].1),
                _ => folded.push(c),
            }
        }
        (folded != text).then_some(folded)
    }
}

impl TermFilter for AsciiFolding {
    fn apply(&self, term: &mut Term) -> bool {
        if let Some(folded) = self.fold(&term.text) {
            term.text = folded;
        }
        true
    }
}

/// `asciifolding` with `preserve_original`: the folded term, and the term as it was at the same position.
pub(crate) struct FoldingBeside(pub(crate) AsciiFolding);

impl StreamFilter for FoldingBeside {
    fn apply(&self, stream: Stream) -> Stream {
        let mut pieces = Vec::with_capacity(stream.pieces.len());
        for mut piece in stream.pieces {
            let Some(folded) = self.0.fold(&piece.term.text) else {
                pieces.push(piece);
                continue;
            };
            let mut original = piece.clone();
            original.increment = 0;
            piece.term.text = folded;
            pieces.push(piece);
            pieces.push(original);
        }
        Stream { pieces, ..stream }
    }
}

/// `decimal_digit`: digits of any script to 0 to 9.
pub(crate) struct DecimalDigit;

impl TermFilter for DecimalDigit {
    fn apply(&self, term: &mut Term) -> bool {
        if !term.text.is_ascii() {
            term.text = term.text.chars().map(decimal).collect();
        }
        true
    }
}

fn decimal(c: char) -> char {
    if c.is_ascii() || !unicode::is_digit(c) {
        return c;
    }
    // Every script has its ten digits in a row; runs of several such rows (mathematical digits) have a length of tens.
    let before = (0..50).take_while(|back| digit_at(c, back + 1)).count() as u32;
    char::from_digit(before % 10, 10).unwrap_or(c)
}

fn digit_at(c: char, back: u32) -> bool {
    (c as u32).checked_sub(back).and_then(char::from_u32).is_some_and(unicode::is_digit)
}

/// A filter that maps one term to another by a function.
pub(crate) struct Map {
    map: fn(&str) -> String,
    ascii_too: bool,
    /// Whether keywords are left alone, and known as such.
    keywords: bool,
}

impl Map {
    /// A function that changes nothing in ASCII terms.
    pub(crate) fn beyond_ascii(map: fn(&str) -> String) -> Self {
        Map { map, ascii_too: false, keywords: false }
    }

    /// As [`Map::beyond_ascii`], for terms that are no keywords.
    pub(crate) fn beyond_keywords(map: fn(&str) -> String) -> Self {
        Map { map, ascii_too: false, keywords: true }
    }

    pub(crate) fn any(map: fn(&str) -> String) -> Self {
        Map { map, ascii_too: true, keywords: false }
    }
}

impl TermFilter for Map {
    fn apply(&self, term: &mut Term) -> bool {
        let keeps = self.keywords && term.keyword;
        if !keeps && (self.ascii_too || !term.text.is_ascii()) {
            term.text = (self.map)(&term.text);
        }
        true
    }

    fn knows_keywords(&self) -> bool {
        self.keywords
    }
}

/// `cjk_width`: full-width ASCII to ASCII, half-width Katakana to full width with their voice marks.
pub(crate) fn cjk_width(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{ff01}'..='\u{ff5e}' => folded.push(char::from_u32(c as u32 - 0xfee0).unwrap_or(c)),
            '\u{ff9e}' | '\u{ff9f}' if voice(&mut folded, c == '\u{ff9e}') => {}
            '\u{ff65}'..='\u{ff9f}' => folded.push(full_width(c)),
            _ => folded.push(c),
        }
    }
    folded
}

fn full_width(c: char) -> char {
    use unicode_normalization::UnicodeNormalization;
    match c {
        '\u{ff9e}' => '\u{3099}',
        '\u{ff9f}' => '\u{309a}',
        _ => std::iter::once(c).nfkc().next().unwrap_or(c),
    }
}

/// Puts a voice mark on the last character, if it can carry it.
fn voice(text: &mut String, voiced: bool) -> bool {
    let Some(last) = text.chars().next_back() else { return false };
    let mark = if voiced { '\u{3099}' } else { '\u{309a}' };
    // Katakana only, as the half-width forms are.
    let Some(composed) =
        unicode_normalization::char::compose(last, mark).filter(|_| ('\u{30a1}'..='\u{30fe}').contains(&last))
    else {
        return false;
    };
    text.pop();
    text.push(composed);
    true
}

/// `cjk_bigram` reads these kinds.
pub(crate) fn is_cjk(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::Ideographic | TokenKind::Hiragana | TokenKind::Katakana | TokenKind::Hangul)
}
