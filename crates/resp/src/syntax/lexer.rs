//! Bytes of a query to tokens, one at a time, with their places.

use super::SyntaxError;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A word, escapes resolved.
    Word(String),
    /// As written, and its value.
    Number(String, f64),
    /// `@name`
    Field(String),
    /// `$name`
    Parameter(String),
    /// `w'..'`
    Wildcard(String),
    /// Between single quotes, escapes resolved.
    Quoted(String),
    /// `=>`
    Arrow,
    /// `==`, `!=`, `>`, `>=`, `<`, `<=`
    Compare(&'static str),
    Sign(char),
    End,
}

/// A token, where it begins, and whether white space stands before it.
#[derive(Clone, Debug)]
pub(super) struct Lexeme {
    pub(super) token: Token,
    pub(super) from: usize,
    pub(super) spaced: bool,
}

/// All tokens of a query; the last is [`Token::End`].
pub(super) fn lex(text: &str, dialect: u8) -> Result<Vec<Lexeme>, SyntaxError> {
    let mut lexer = Lexer { text, at: 0, dialect, behind_field: false, in_phrase: false };
    let mut found = Vec::new();
    loop {
        let start = lexer.at;
        lexer.skip();
        let (spaced, from) = (lexer.at > start || start == 0, lexer.at);
        let token = lexer.token()?;
        lexer.behind_field = matches!(token, Token::Field(_));
        lexer.in_phrase ^= token == Token::Sign('"');
        let end = token == Token::End;
        found.push(Lexeme { token, from, spaced });
        if end {
            return Ok(found);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    dialect: u8,
    /// The token before names a field.
    behind_field: bool,
    /// A double quote is open.
    in_phrase: bool,
}

/// Punctuation with a meaning.
const SIGNS: &str = "(){}[]|:;-~*%\"";

/// Whether a character is part of a word.
pub(super) fn is_word(c: char) -> bool {
    c == '_' || !(c.is_ascii_punctuation() || c.is_ascii_whitespace() || c.is_ascii_control())
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    /// Passes over what separates words and means nothing.
    fn skip(&mut self) {
        while let Some(c) = self.peek() {
            let name = self.second().is_some_and(|next| is_word(next) || next == '\\');
            let meant = (is_word(c) && !self.is_dash())
                || SIGNS.contains(c)
                || self.compare().is_some()
                || self.rest().starts_with("=>")
                || (c == '\\' && self.escaped().is_some())
                || (c == '@' && name)
                || (c == '$' && name && !self.in_phrase)
                || (c == '\'' && self.is_quoted())
                || (c == '+' && self.is_infinity());
            if meant {
                return;
            }
            self.bump();
        }
    }

    /// Whether `+inf` stands here, as a number of its own.
    fn is_infinity(&self) -> bool {
        let rest = self.rest();
        let ends = |next: char| !is_word(next) && next != '\\';
        rest.get(1..4).is_some_and(|name| name.eq_ignore_ascii_case("inf")) && rest[4..].chars().next().is_none_or(ends)
    }

    /// Whether `_` stands here alone.
    fn is_dash(&self) -> bool {
        let part = |c: Option<char>| c.is_some_and(|c| is_word(c) || c == '\\');
        self.peek() == Some('_') && !part(self.second()) && !part(self.text[..self.at].chars().next_back())
    }

    /// Whether a text in single quotes begins here.
    fn is_quoted(&self) -> bool {
        let mut inside = self.rest().chars().skip(1);
        while let Some(c) = inside.next() {
            match c {
                '\'' => return self.dialect >= 2 && !self.in_phrase,
                '\\' => drop(inside.next()),
                _ => {}
            }
        }
        false
    }

    /// The character behind a backslash, where that takes its meaning away.
    fn escaped(&self) -> Option<char> {
        self.second().filter(|next| !next.is_alphanumeric())
    }

    /// A comparison means something behind a field, and before what it is compared with.
    fn compare(&self) -> Option<&'static str> {
        let rest = self.rest();
        if rest.starts_with("=>") || self.dialect < 2 || !self.behind_field {
            return None;
        }
        let sign = ["==", "!=", ">=", "<=", ">", "<"].into_iter().find(|sign| rest.starts_with(sign))?;
        (!rest[sign.len()..].trim_start().is_empty()).then_some(sign)
    }

    fn token(&mut self) -> Result<Token, SyntaxError> {
        let Some(c) = self.peek() else { return Ok(Token::End) };
        if self.rest().starts_with("=>") {
            self.at += 2;
            return Ok(Token::Arrow);
        }
        if let Some(sign) = self.compare() {
            self.at += sign.len();
            return Ok(Token::Compare(sign));
        }
        if let Some(number) = self.number() {
            return Ok(number);
        }
        match c {
            '@' => {
                self.bump();
                Ok(Token::Field(self.word()))
            }
            '$' => {
                self.bump();
                Ok(Token::Parameter(self.word()))
            }
            '\'' if self.is_quoted() => self.quoted(),
            'w' if self.dialect >= 2 && self.second() == Some('\'') => self.wildcard(),
            _ if SIGNS.contains(c) => {
                self.bump();
                Ok(Token::Sign(c))
            }
            _ => {
                let word = self.word();
                // Every token takes something, or reading would never end.
                if word.is_empty() {
                    self.bump();
                }
                Ok(Token::Word(word))
            }
        }
    }

    /// A number that ends where a word would: `1.5`, `-3`, `1e5`, `inf`.
    fn number(&mut self) -> Option<Token> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut end = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
        let lower = rest.get(end..).map(|rest| rest.get(..3).unwrap_or_default().to_ascii_lowercase());
        if lower.as_deref() == Some("inf") {
            end += 3;
        } else {
            end = digits(bytes, end)?;
            if bytes.get(end) == Some(&b'.') {
                end = digits(bytes, end + 1).unwrap_or(end);
            }
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'-' | b'+')));
                end = digits(bytes, end + 1 + sign).unwrap_or(end);
            }
        }
        if rest[end..].chars().next().is_some_and(|next| is_word(next) || next == '\\') {
            return None;
        }
        let written = rest[..end].to_owned();
        let value = written.parse().ok()?;
        self.at += end;
        Some(Token::Number(written, value))
    }

    /// Word characters and escapes.
    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.peek() {
            if c == '\\' {
                let Some(next) = self.escaped() else { break };
                self.bump();
                self.bump();
                word.push(next);
            } else if is_word(c) {
                self.bump();
                word.push(c);
            } else {
                break;
            }
        }
        word
    }

    fn wildcard(&mut self) -> Result<Token, SyntaxError> {
        let from = self.at;
        self.at += 2;
        let start = self.at;
        while let Some(c) = self.peek() {
            match c {
                '\'' => {
                    let pattern = self.text[start..self.at].to_owned();
                    self.bump();
                    return Ok(Token::Wildcard(pattern.replace("\\'", "'")));
                }
                '\\' => {
                    self.bump();
                    self.bump();
                }
                _ => self.bump(),
            }
        }
        Err(SyntaxError(format!("Syntax error at offset {from} near w")))
    }

    fn quoted(&mut self) -> Result<Token, SyntaxError> {
        let from = self.at;
        self.bump();
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.bump();
            match c {
                '\'' => return Ok(Token::Quoted(text)),
                '\\' => {
                    text.extend(self.peek());
                    self.bump();
                }
                _ => text.push(c),
            }
        }
        Err(SyntaxError(format!("Syntax error at offset {from} near {text}")))
    }
}

/// Where the digits that begin at `from` end; `None` without one.
fn digits(bytes: &[u8], from: usize) -> Option<usize> {
    let count = bytes.get(from..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then_some(from + count)
}
