//! The standard tokenizer: words by the rules of UAX #29, ideographs and hiragana one by one, emoji whole.
//!
//! A run of ASCII letters and digits is cut byte by byte; everything else goes through `words`. No token is longer than `max_token_length`
//! UTF-16 units: the longest token that fits is cut off and the rest is a new token, as Lucene does.

mod class;
mod words;

use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

/// `standard`.
pub(crate) struct Standard {
    max_token_length: usize,
}

/// What `max_token_length` is when nobody says.
pub(crate) const MAX_TOKEN_LENGTH: usize = 255;

impl Standard {
    pub(crate) fn new(max_token_length: usize) -> Self {
        Standard { max_token_length: max_token_length.max(1) }
    }

    /// The token that begins at the byte `at`: where it ends.
    pub(super) fn token(&self, text: &str, at: usize) -> Option<(usize, TokenKind)> {
        let bytes = text.as_bytes();
        match KIND[*bytes.get(at)? as usize] {
            Ascii::Break => None,
            Ascii::Letter | Ascii::Digit => {
                ascii_run(bytes, at, self.max_token_length).or_else(|| words::token(text, at, self.max_token_length))
            }
            Ascii::Other => words::token(text, at, self.max_token_length),
        }
    }
}

impl Tokenizer for Standard {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            // Lucene's buffer of one unit cannot hold such a character, and there it ends.
            if self.max_token_length == 1 && byte >= 0xf0 {
                break;
            }
            if KIND[byte as usize] == Ascii::Break {
                at += 1;
                continue;
            }
            match self.token(text, at) {
                Some((end, kind)) => {
                    sink(Raw { text: &text[at..end], start: at, end, increment: 1, kind });
                    at = end;
                }
                // Connectors alone are no token, from wherever in their run one looks.
                None if byte == b'_' => {
                    let run = bytes[at..].iter().take_while(|byte| **byte == b'_').count();
                    at += match run.checked_sub(self.max_token_length) {
                        None if run + words::LOOKAHEAD < self.max_token_length => run,
                        // Near the end a shorter run might fit with what follows it.
                        None => 1,
                        Some(surplus) => surplus.max(1),
                    };
                }
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        0
    }
}

/// What a byte is to the fast path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ascii {
    /// Never part of a word.
    Break,
    Letter,
    Digit,
    /// Needs the rules.
    Other,
}

static KIND: [Ascii; 256] = kinds();

const fn kinds() -> [Ascii; 256] {
    let mut table = [Ascii::Break; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' => Ascii::Letter,
            b'0'..=b'9' => Ascii::Digit,
            // Keycaps may follow # and *; the rest joins words, numbers or Hebrew.
            b'_' | b'#' | b'*' | 0x80..=0xff => Ascii::Other,
            _ => Ascii::Break,
        };
        byte += 1;
    }
    table
}

/// A word of ASCII letters, digits and the marks between them, from `start`; `None` when something near needs the full rules
/// or it is longer than `longest`.
fn ascii_run(bytes: &[u8], start: usize, longest: usize) -> Option<(usize, TokenKind)> {
    let mut at = start;
    let mut letters = false;
    let mut last = Ascii::Break;
    loop {
        if at - start > longest {
            return None;
        }
        let byte = bytes.get(at).copied().unwrap_or(b' ');
        match KIND[byte as usize] {
            Ascii::Letter => {
                letters = true;
                last = Ascii::Letter;
            }
            Ascii::Digit => last = Ascii::Digit,
            Ascii::Other if byte == b'_' || byte >= 0x80 => return None,
            _ => {
                let joins = match byte {
                    b'\'' | b'.' => true,
                    b':' => last == Ascii::Letter,
                    b',' | b';' => last == Ascii::Digit,
                    _ => false,
                };
                let next = if joins { bytes.get(at + 1).copied().unwrap_or(b' ') } else { b' ' };
                if next >= 0x80 {
                    return None;
                }
                if !joins || KIND[next as usize] != last {
                    let kind = if letters { TokenKind::Alphanumeric } else { TokenKind::Number };
                    return Some((at, kind));
                }
            }
        }
        at += 1;
    }
}
