//! Tokens of the classic query language. At each place the longest token wins, among equals the one named first here.
//!
//! Three modes, as in Lucene's grammar: outside, right after `^`, and between the brackets of a range.

use model::error::{Error, ErrorKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    And,
    Or,
    Not,
    Plus,
    Minus,
    /// `+`, `-` or `!` with a space after it: a word.
    BareOperator,
    Open,
    Close,
    Colon,
    Star,
    Caret,
    Quoted,
    Term,
    /// `~` and what follows it.
    Tilde,
    Prefix,
    Wildcard,
    Regexp,
    /// `[` or `{`.
    RangeOpen {
        inclusive: bool,
    },
    /// After `^`.
    Number,
    To,
    RangeClose {
        inclusive: bool,
    },
    RangeQuoted,
    RangeWord,
}

/// A token and its text, quotes and slashes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lexeme<'a> {
    pub(super) token: Token,
    pub(super) text: &'a str,
}

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Outside,
    Boost,
    Range,
}

/// `parse_exception` about `reason`.
pub(super) fn refuse(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::QueryParse, reason)
}

/// All tokens of `text`.
pub(super) fn lex(text: &str) -> Result<Vec<Lexeme<'_>>, Error> {
    let mut found = Vec::new();
    let mut mode = Mode::Outside;
    let mut rest = text;
    loop {
        if mode != Mode::Boost {
            rest = skip(rest, mode);
        }
        let Some(first) = rest.chars().next() else { return Ok(found) };
        let next = match mode {
            Mode::Outside => outside(rest, first),
            Mode::Boost => number(rest).map(|length| (Token::Number, length)),
            Mode::Range => Some(range(rest, first)),
        };
        let Some((token, length)) = next else {
            let column = text.len() - rest.len();
            let reason = format!("Lexical error at column {column}. Encountered: '{first}'");
            return Err(Error::new(ErrorKind::TokenMgr, reason));
        };
        found.push(Lexeme { token, text: &rest[..length] });
        rest = &rest[length..];
        mode = match token {
            Token::Caret => Mode::Boost,
            Token::RangeOpen { .. } => Mode::Range,
            Token::Number | Token::RangeClose { .. } => Mode::Outside,
            _ => mode,
        };
    }
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{3000}')
}

fn skip(rest: &str, mode: Mode) -> &str {
    if mode == Mode::Outside {
        return rest.trim_start_matches(is_space);
    }
    // Within a range only a space ends a word, so that other white space is skipped only where no word begins.
    let mut rest = rest;
    while let Some(first) = rest.chars().next().filter(|&c| is_space(c)) {
        if first != ' ' && range_word(rest) > first.len_utf8() {
            break;
        }
        rest = &rest[first.len_utf8()..];
    }
    rest
}

fn outside(rest: &str, first: char) -> Option<(Token, usize)> {
    let token = match first {
        '+' | '-' | '!' => {
            if let Some(space) = rest[1..].chars().next().filter(|&c| is_space(c)) {
                return Some((Token::BareOperator, 1 + space.len_utf8()));
            }
            match first {
                '+' => Token::Plus,
                '-' => Token::Minus,
                _ => Token::Not,
            }
        }
        '(' => Token::Open,
        ')' => Token::Close,
        ':' => Token::Colon,
        '^' => Token::Caret,
        '[' => Token::RangeOpen { inclusive: true },
        '{' => Token::RangeOpen { inclusive: false },
        '"' => return quoted(rest).map(|length| (Token::Quoted, length)),
        '~' => return Some((Token::Tilde, 1 + term(&rest[1..], true))),
        '/' => return delimited(rest, '/').map(|length| (Token::Regexp, length)),
        ']' | '}' => return None,
        _ => return word(rest),
    };
    Some((token, 1))
}

/// A term, a prefix, a wildcard or an operator in letters.
fn word(rest: &str) -> Option<(Token, usize)> {
    let plain = term(rest, false);
    let whole = plain + wild(&rest[plain..]);
    match &rest[plain..whole] {
        "" if plain == 0 => None,
        "" => Some((
            match &rest[..plain] {
                "AND" | "&&" => Token::And,
                "OR" | "||" => Token::Or,
                "NOT" => Token::Not,
                _ => Token::Term,
            },
            plain,
        )),
        "*" if plain == 0 => Some((Token::Star, whole)),
        "*" => Some((Token::Prefix, whole)),
        _ => Some((Token::Wildcard, whole)),
    }
}

/// Length of the term at the beginning. `within`: it has begun before, so that `+` and `-` belong to it.
fn term(text: &str, within: bool) -> usize {
    let mut within = within;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            // A backslash at the very end belongs to nothing.
            '\\' if chars.next().is_none() => return at,
            '\\' => {}
            '+' | '-' if within => {}
            _ if ends_term(c) => return at,
            _ => {}
        }
        within = true;
    }
    text.len()
}

fn ends_term(c: char) -> bool {
    is_space(c)
        || matches!(c, '+' | '-' | '!' | '(' | ')' | ':' | '^' | '[' | ']' | '"' | '{' | '}' | '~' | '*' | '?' | '/')
}

/// Length of what goes on with wildcards: `*`, `?` and term characters.
fn wild(text: &str) -> usize {
    let mut at = 0;
    while text[at..].starts_with(['*', '?']) {
        at += 1;
        at += term(&text[at..], true);
    }
    at
}

/// Length of `"…"`, where a backslash makes any character part of it.
fn quoted(rest: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Length of what stands between two `mark`s, the longest: a `mark` after a backslash may end it, but need not.
fn delimited(rest: &str, mark: char) -> Option<usize> {
    let mut end = None;
    let mut before = mark;
    for (at, c) in rest.char_indices().skip(1) {
        if c == mark {
            end = Some(at + 1);
            if before != '\\' {
                break;
            }
        }
        before = c;
    }
    end
}

fn number(rest: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(rest);
    if whole == 0 {
        return None;
    }
    let fraction = rest[whole..].strip_prefix('.').map_or(0, digits);
    Some(if fraction > 0 { whole + 1 + fraction } else { whole })
}

fn range(rest: &str, first: char) -> (Token, usize) {
    match first {
        ']' => return (Token::RangeClose { inclusive: true }, 1),
        '}' => return (Token::RangeClose { inclusive: false }, 1),
        _ => {}
    }
    let word = range_word(rest);
    let quoted = if first == '"' { delimited(rest, '"').filter(|&length| length > 2) } else { None };
    match quoted {
        Some(length) if length >= word => (Token::RangeQuoted, length),
        _ if &rest[..word] == "TO" => (Token::To, word),
        _ => (Token::RangeWord, word),
    }
}

fn range_word(rest: &str) -> usize {
    rest.find([' ', ']', '}']).unwrap_or(rest.len())
}
