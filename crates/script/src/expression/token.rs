//! A source cut into words, numbers, texts and marks.

use super::fault::Fault;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lexeme {
    Word(String),
    Int(i32),
    /// 2147483648, which only stands behind a minus.
    IntEdge,
    Long(i64),
    /// 9223372036854775808L, which only stands behind a minus.
    LongEdge,
    Float(f32),
    Double(f64),
    Text(String),
    /// `/pattern/flags`
    Regex(String, String),
    Mark(&'static str),
    End,
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    /// In bytes.
    pub(crate) at: usize,
    pub(crate) lexeme: Lexeme,
}

/// Longer ones first.
const MARKS: [&str; 46] = [
    ">>>=", "===", "==~", "=~", "!==", ">>>", "<<=", ">>=", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=",
    "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "?.", "?:", "->", "::", "(", ")", "{", "}", "[", "]", ".", ",",
    ";", "=", "<", ">", "!", "~", "?", ":",
];
/// Those of one character that are the beginnings of others.
const OPERATORS: [&str; 8] = ["+", "-", "*", "/", "%", "&", "|", "^"];

/// The tokens of a source; the last is [`Lexeme::End`].
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, Fault> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        at = behind_space(source, at)?;
        let rest = &source[at..];
        let Some(first) = rest.chars().next() else {
            tokens.push(Token { at, lexeme: Lexeme::End });
            return Ok(tokens);
        };
        let (length, lexeme) = match first {
            '0'..='9' => number(rest, at)?,
            '\'' | '"' => text(rest, first, at)?,
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = word_length(rest);
                (length, Lexeme::Word(rest[..length].to_owned()))
            }
            '/' if !is_operand(tokens.last()) => regex(rest, at)?,
            _ => {
                let mark = MARKS.iter().chain(&OPERATORS).find(|mark| rest.starts_with(**mark));
                let mark = mark.ok_or_else(|| Fault::lexical(at, format!("unexpected character [{first}].")))?;
                (mark.len(), Lexeme::Mark(mark))
            }
        };
        tokens.push(Token { at, lexeme });
        at += length;
    }
}

/// Whether a slash behind it divides.
fn is_operand(token: Option<&Token>) -> bool {
    match token.map(|token| &token.lexeme) {
        None | Some(Lexeme::Text(_) | Lexeme::Regex(..) | Lexeme::End) => false,
        Some(Lexeme::Mark(mark)) => matches!(*mark, ")" | "]" | "++" | "--"),
        Some(Lexeme::Word(word)) => {
            !matches!(word.as_str(), "return" | "in" | "throw" | "else" | "do" | "new" | "instanceof")
        }
        Some(_) => true,
    }
}

fn regex(rest: &str, at: usize) -> Result<(usize, Lexeme), Fault> {
    let mut escaped = false;
    for (place, c) in rest.char_indices().skip(1) {
        match c {
            '\n' => break,
            '/' if !escaped && place > 1 => {
                let flags = &rest[place + 1..];
                let length = flags.find(|c| !"cilmsUux".contains(c)).unwrap_or(flags.len());
                let (pattern, flags) = (rest[1..place].to_owned(), flags[..length].to_owned());
                return Ok((place + 1 + length, Lexeme::Regex(pattern, flags)));
            }
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    Err(Fault::lexical(at, format!("unexpected character [{}].", rest.lines().next().unwrap_or_default())))
}

fn word_length(rest: &str) -> usize {
    rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
}

/// Behind blanks and comments.
fn behind_space(source: &str, mut at: usize) -> Result<usize, Fault> {
    loop {
        let rest = &source[at..];
        if let Some(comment) = rest.strip_prefix("/*") {
            let end = comment.find("*/").ok_or_else(|| Fault::lexical(at, "unexpected character [/*]."))?;
            at += end + 4;
        } else if rest.starts_with("//") {
            at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        } else if rest.starts_with([' ', '\t', '\n', '\r']) {
            at += 1;
        } else {
            return Ok(at);
        }
    }
}

fn text(rest: &str, quote: char, at: usize) -> Result<(usize, Lexeme), Fault> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1);
    while let Some((place, c)) = characters.next() {
        match c {
            '\\' => match characters.next() {
                Some((_, escaped)) if escaped == '\\' || escaped == quote => text.push(escaped),
                _ => {
                    let reason = format!(
                        "unexpected character [{}]. The only valid escape sequences in strings starting with [{quote}] are [\\\\] and [\\{quote}].",
                        &rest[..place + 1]
                    );
                    return Err(Fault::lexical(at, reason));
                }
            },
            _ if c == quote => return Ok((place + 1, Lexeme::Text(text))),
            _ => text.push(c),
        }
    }
    Err(Fault::lexical(at, format!("unexpected character [{rest}].")))
}

fn digits(rest: &str, is_digit: fn(&char) -> bool) -> usize {
    rest.chars().take_while(is_digit).count()
}

fn number(rest: &str, at: usize) -> Result<(usize, Lexeme), Fault> {
    let bytes = rest.as_bytes();
    let next = bytes.get(1).copied().unwrap_or_default();
    if bytes[0] == b'0' && (next == b'x' || next == b'X') {
        let length = 2 + digits(&rest[2..], char::is_ascii_hexdigit);
        return whole(rest, (2, length), 16, at);
    }
    if bytes[0] == b'0' && (b'0'..=b'7').contains(&next) {
        let length = 1 + digits(&rest[1..], |c| matches!(c, '0'..='7'));
        return whole(rest, (1, length), 8, at);
    }
    let mut length = if bytes[0] == b'0' { 1 } else { digits(rest, char::is_ascii_digit) };
    let plain = length;
    if bytes.get(length) == Some(&b'.') {
        let fraction = digits(&rest[length + 1..], char::is_ascii_digit);
        length += if fraction > 0 { 1 + fraction } else { 0 };
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = rest.get(length + 1 + sign..).map_or(0, |rest| digits(rest, char::is_ascii_digit));
        length += if exponent > 0 { 1 + sign + exponent } else { 0 };
    }
    let text = &rest[..length];
    let malformed = |_| Fault::syntax(at, format!("Invalid double constant [{text}]."));
    match bytes.get(length) {
        Some(b'f' | b'F') => Ok((length + 1, Lexeme::Float(text.parse().map_err(malformed)?))),
        Some(b'd' | b'D') => Ok((length + 1, Lexeme::Double(text.parse().map_err(malformed)?))),
        _ if length > plain => Ok((length, Lexeme::Double(text.parse().map_err(malformed)?))),
        _ => whole(rest, (0, length), 10, at),
    }
}

/// The digits `range` of a whole number, with a suffix `L` perhaps.
fn whole(rest: &str, range: (usize, usize), radix: u32, at: usize) -> Result<(usize, Lexeme), Fault> {
    let (digits, behind) = (&rest[range.0..range.1], range.1);
    let number = u64::from_str_radix(digits, radix);
    let invalid = |kind: &str| Fault::syntax(at, format!("Invalid {kind} constant [{}].", &rest[..behind]));
    if matches!(rest.as_bytes().get(behind), Some(b'l' | b'L')) {
        let number = number.map_err(|_| invalid("long"))?;
        let lexeme = match i64::try_from(number) {
            Ok(number) => Lexeme::Long(number),
            Err(_) if number == i64::MIN.unsigned_abs() => Lexeme::LongEdge,
            Err(_) => return Err(invalid("long")),
        };
        return Ok((behind + 1, lexeme));
    }
    let number = number.map_err(|_| invalid("int"))?;
    match i32::try_from(number) {
        Ok(number) => Ok((behind, Lexeme::Int(number))),
        Err(_) if number == u64::from(i32::MIN.unsigned_abs()) => Ok((behind, Lexeme::IntEdge)),
        Err(_) => Err(invalid("int")),
    }
}
