//! The language of `query_string`, as Lucene's classic parser reads it.
//!
//! Operators do not bind by precedence: each clause becomes required, optional or prohibited through the operator before it, and
//! `AND` and `OR` change the clause before them too. In: the text and how it is to be read. Out: a [`Clause`]. A group of
//! prohibited clauses only is left as it is; that it means "all but these" is the binder's business. A [`Clause::Text`] with a space
//! stands for as many clauses of its group as it has tokens (which counts for `minimum_should_match`), one without for one clause.

use model::error::{Error, ErrorKind};
use model::query::full_text::Operator;
use model::query::query_string::{Clause, Occur, RangeEnd};

use super::escape::unescape;
use super::lexer::{Lexeme, Token, lex, refuse};
use super::{MAX_GROUPS, MAX_LENGTH};
use crate::dsl::fuzziness;
use crate::params::number_format;

/// What words without a field are about: it decides what a bare `*` and `>5` mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bare {
    /// All fields, as nothing was said.
    Everything,
    /// One field (`default_field`).
    OneField,
    /// A list (`fields`).
    Fields,
}

/// How a text is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub operator: Operator,
    pub allow_leading_wildcard: bool,
    pub bare: Bare,
}

impl Default for Settings {
    fn default() -> Self {
        Self { operator: Operator::Or, allow_leading_wildcard: true, bare: Bare::Everything }
    }
}

/// The clause that `text` is.
///
/// # Errors
/// `query_shard_exception`, mostly caused by a `parse_exception`, for what is not in the language or nests too deep.
pub fn parse(text: &str, settings: Settings) -> Result<Clause, Error> {
    if text.trim().is_empty() {
        return Ok(Clause::Empty);
    }
    let failed = |error| {
        Error::new(ErrorKind::QueryShard, format!("Failed to parse query [{}]", shorten(text))).with_cause(error)
    };
    let length = text.chars().count();
    if length > MAX_LENGTH {
        let reason = format!("Query string length exceeds max allowed length {MAX_LENGTH}; actual length: {length}");
        return Err(failed(refuse(reason)));
    }
    read(text, settings).map_err(|error| match error.kind {
        ErrorKind::QueryParse | ErrorKind::TokenMgr => {
            let reason = format!("Cannot parse '{}': {}", shorten(text), error.reason);
            failed(refuse(reason).with_cause(error))
        }
        _ => error,
    })
}

fn shorten(text: &str) -> String {
    text.chars().take(1000).collect()
}

fn read(text: &str, settings: Settings) -> Result<Clause, Error> {
    let tokens = lex(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, settings, depth: 0 };
    let clause = parser.group(None)?;
    match parser.peek() {
        None => Ok(clause),
        Some(_) => Err(parser.unexpected()),
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Conjunction {
    None,
    And,
    Or,
}

#[derive(Clone, Copy, PartialEq)]
enum Modifier {
    None,
    Required,
    Prohibited,
}

struct Parser<'a> {
    tokens: &'a [Lexeme<'a>],
    at: usize,
    settings: Settings,
    depth: usize,
}

impl<'a> Parser<'a> {
    /// Clauses up to the end or a `)` that is not theirs. `field`: the nearest one named around them.
    fn group(&mut self, field: Option<&str>) -> Result<Clause, Error> {
        let mut clauses: Vec<(Occur, Clause)> = Vec::new();
        let mut plain = true;
        loop {
            let first = clauses.is_empty();
            if let Some(words) = self.words() {
                let clause = self.text(field, unescape(&words)?);
                clauses.push((self.default_occur(), clause));
            } else {
                let conjunction = if first { Conjunction::None } else { self.conjunction() };
                let modifier = self.modifier();
                let clause = self.clause(field)?;
                plain = plain && modifier == Modifier::None;
                self.add(&mut clauses, conjunction, modifier, clause);
            }
            if matches!(self.peek(), None | Some(Token::Close)) {
                break;
            }
        }
        match clauses.pop() {
            Some((_, only)) if clauses.is_empty() && plain => Ok(only),
            Some(last) => {
                clauses.push(last);
                Ok(Clause::Group(clauses))
            }
            None => Ok(Clause::Empty),
        }
    }

    fn default_occur(&self) -> Occur {
        match self.settings.operator {
            Operator::Or => Occur::Should,
            Operator::And => Occur::Must,
        }
    }

    fn add(&self, clauses: &mut Vec<(Occur, Clause)>, conjunction: Conjunction, modifier: Modifier, clause: Clause) {
        let and = self.settings.operator == Operator::And;
        if let Some((before, _)) = clauses.last_mut().filter(|(occur, _)| *occur != Occur::MustNot) {
            match conjunction {
                Conjunction::And => *before = Occur::Must,
                Conjunction::Or if and => *before = Occur::Should,
                _ => {}
            }
        }
        let required = if and {
            conjunction != Conjunction::Or
        } else {
            modifier == Modifier::Required || conjunction == Conjunction::And
        };
        let occur = match modifier {
            Modifier::Prohibited => Occur::MustNot,
            _ if required => Occur::Must,
            _ => Occur::Should,
        };
        clauses.push((occur, clause));
    }

    /// Two terms or more in a row, which are analysed together. A term that is a field's name, has a suffix or stands before
    /// `AND` or `OR` is not one of them.
    fn words(&mut self) -> Option<String> {
        let joins = |at: usize| {
            self.token(at) == Some(Token::Term)
                && !matches!(
                    self.token(at + 1),
                    Some(Token::Colon | Token::Star | Token::Tilde | Token::Caret | Token::And | Token::Or)
                )
        };
        if self.token(self.at) != Some(Token::Term) || !joins(self.at + 1) {
            return None;
        }
        let mut end = self.at + 1;
        while joins(end) {
            end += 1;
        }
        let words: Vec<&str> = self.tokens[self.at..end].iter().map(|lexeme| lexeme.text).collect();
        self.at = end;
        Some(words.join(" "))
    }

    fn conjunction(&mut self) -> Conjunction {
        let found = match self.peek() {
            Some(Token::And) => Conjunction::And,
            Some(Token::Or) => Conjunction::Or,
            _ => return Conjunction::None,
        };
        self.at += 1;
        found
    }

    fn modifier(&mut self) -> Modifier {
        let found = match self.peek() {
            Some(Token::Plus) => Modifier::Required,
            Some(Token::Minus | Token::Not) => Modifier::Prohibited,
            _ => return Modifier::None,
        };
        self.at += 1;
        found
    }

    fn clause(&mut self, around: Option<&str>) -> Result<Clause, Error> {
        let named = match (self.peek(), self.token(self.at + 1)) {
            (Some(Token::Term), Some(Token::Colon)) => Some(unescape(self.tokens[self.at].text)?),
            (Some(Token::Star), Some(Token::Colon)) => Some("*".to_owned()),
            _ => None,
        };
        if named.is_some() {
            self.at += 2;
        }
        let field = named.as_deref().or(around);
        let clause = match self.peek() {
            Some(Token::Open) => self.parenthesis(field)?,
            Some(Token::RangeOpen { inclusive }) => self.range(inclusive)?,
            Some(Token::Quoted) => self.quoted(field)?,
            _ => self.term(field)?,
        };
        Ok(match named {
            Some(name) => within(name, clause),
            None => clause,
        })
    }

    fn parenthesis(&mut self, field: Option<&str>) -> Result<Clause, Error> {
        if self.depth >= MAX_GROUPS {
            return Err(refuse(format!("Groups nest deeper than the allowed {MAX_GROUPS} levels")));
        }
        self.depth += 1;
        self.at += 1;
        let clause = self.group(field)?;
        let clause = self.apart(clause);
        self.depth -= 1;
        if self.next().map(|lexeme| lexeme.token) != Some(Token::Close) {
            return Err(refuse("Encountered \"<EOF>\". Was expecting \")\""));
        }
        let boost = self.boost()?;
        Ok(boosted(clause, boost))
    }

    fn term(&mut self, field: Option<&str>) -> Result<Clause, Error> {
        let Some(lexeme) = self.next() else { return Err(self.unexpected()) };
        let (boost, tilde) = match lexeme.token {
            Token::Term | Token::Star | Token::Prefix | Token::Wildcard | Token::Regexp | Token::BareOperator => {
                self.suffixes()?
            }
            _ => {
                self.at -= 1;
                return Err(self.unexpected());
            }
        };
        let text = if lexeme.token == Token::BareOperator { &lexeme.text[..1] } else { lexeme.text };
        let plain = unescape(text)?;
        let clause = match lexeme.token {
            Token::Star | Token::Wildcard => self.wildcard(field, text)?,
            Token::Prefix => Clause::Prefix(unescape(&text[..text.len() - 1])?),
            Token::Regexp => Clause::Regexp(text[1..text.len() - 1].to_owned()),
            _ => match tilde {
                Some(suffix) => Clause::Fuzzy { text: plain, edits: edits(suffix)? },
                None => {
                    let clause = self.text(field, plain);
                    self.apart(clause)
                }
            },
        };
        Ok(boosted(clause, boost))
    }

    /// Several words that are not clauses of the group around them, as they came in parentheses or with escaped spaces.
    fn apart(&self, clause: Clause) -> Clause {
        match clause {
            Clause::Text(text) if text.contains(' ') => Clause::Group(vec![(self.default_occur(), Clause::Text(text))]),
            other => other,
        }
    }

    fn wildcard(&self, field: Option<&str>, text: &str) -> Result<Clause, Error> {
        if text == "*" {
            match field {
                Some("*") => return Ok(Clause::All),
                Some(name) => return Ok(Clause::Exists(name.to_owned())),
                None if self.settings.bare == Bare::Everything => return Ok(Clause::All),
                // Exists in any of the fields: the binder knows them.
                None => return Ok(Clause::Wildcard(text.to_owned())),
            }
        }
        if !self.settings.allow_leading_wildcard && text.starts_with(['*', '?']) {
            return Err(refuse("'*' or '?' not allowed as first character in WildcardQuery"));
        }
        Ok(Clause::Wildcard(text.to_owned()))
    }

    /// Words, which are a range when they begin with a comparison and have a field.
    fn text(&self, field: Option<&str>, text: String) -> Clause {
        if field == Some("_exists_") {
            return Clause::Exists(text);
        }
        if field.is_none() && self.settings.bare == Bare::Fields {
            return Clause::Text(text);
        }
        let rest = &text.get(1..).unwrap_or("");
        if rest.is_empty() || !text.starts_with(['<', '>']) {
            return Clause::Text(text);
        }
        let inclusive = rest.len() > 1 && rest.starts_with('=');
        let end =
            Some(RangeEnd { text: rest[usize::from(inclusive)..].to_owned(), inclusive }).filter(|end| end.text != "*");
        match text.starts_with('>') {
            true => Clause::Range { lower: end, upper: None },
            false => Clause::Range { lower: None, upper: end },
        }
    }

    fn quoted(&mut self, field: Option<&str>) -> Result<Clause, Error> {
        let Some(lexeme) = self.next() else { return Err(self.unexpected()) };
        let (boost, tilde) = self.suffixes()?;
        let text = unescape(&lexeme.text[1..lexeme.text.len() - 1])?;
        if field == Some("_exists_") {
            return Ok(boosted(Clause::Exists(text), boost));
        }
        // A slop that is no number counts as none, as in Lucene.
        let slop = tilde.and_then(|suffix| suffix[1..].parse::<f32>().ok());
        if slop.is_some_and(|slop| slop < 0.0) {
            return Err(Error::new(ErrorKind::QueryShard, "failed to create query: slop cannot be negative"));
        }
        Ok(boosted(Clause::Phrase { text, slop: slop.map(|slop| slop as u32) }, boost))
    }

    fn range(&mut self, lower_inclusive: bool) -> Result<Clause, Error> {
        self.at += 1;
        let lower = self.range_end(lower_inclusive)?;
        if self.next().map(|lexeme| lexeme.token) != Some(Token::To) {
            return Err(refuse("Was expecting \"TO\" within a range"));
        }
        let upper = self.range_end(true)?;
        let Some(Lexeme { token: Token::RangeClose { inclusive }, .. }) = self.next() else {
            return Err(refuse("Was expecting the end of a range"));
        };
        let upper = upper.map(|end| RangeEnd { inclusive, ..end });
        let boost = self.boost()?;
        Ok(boosted(Clause::Range { lower, upper }, boost))
    }

    fn range_end(&mut self, inclusive: bool) -> Result<Option<RangeEnd>, Error> {
        let text = match self.next() {
            Some(Lexeme { token: Token::RangeWord | Token::To, text }) => text,
            Some(Lexeme { token: Token::RangeQuoted, text }) => &text[1..text.len() - 1],
            _ => return Err(refuse("Was expecting a bound of a range")),
        };
        let text = unescape(text)?;
        Ok((text != "*").then_some(RangeEnd { text, inclusive }))
    }

    /// `^2`, `~1`, both in either order, or neither.
    fn suffixes(&mut self) -> Result<(Option<f32>, Option<&'a str>), Error> {
        if self.peek() == Some(Token::Tilde) {
            let tilde = self.next().map(|lexeme| lexeme.text);
            return Ok((self.boost()?, tilde));
        }
        let boost = self.boost()?;
        let tilde = if boost.is_some() && self.peek() == Some(Token::Tilde) { self.next() } else { None };
        Ok((boost, tilde.map(|lexeme| lexeme.text)))
    }

    fn boost(&mut self) -> Result<Option<f32>, Error> {
        if self.peek() != Some(Token::Caret) {
            return Ok(None);
        }
        self.at += 1;
        match self.next() {
            Some(Lexeme { token: Token::Number, text }) => Ok(Some(text.parse::<f32>().unwrap_or(1.0).min(f32::MAX))),
            _ => Err(refuse("Was expecting a number after \"^\"")),
        }
    }

    fn token(&self, at: usize) -> Option<Token> {
        self.tokens.get(at).map(|lexeme| lexeme.token)
    }

    fn peek(&self) -> Option<Token> {
        self.token(self.at)
    }

    fn next(&mut self) -> Option<Lexeme<'a>> {
        let found = self.tokens.get(self.at).copied();
        self.at += usize::from(found.is_some());
        found
    }

    fn unexpected(&self) -> Error {
        let found = self.tokens.get(self.at).map_or("<EOF>", |lexeme| lexeme.text);
        refuse(format!("Encountered \"{}\", which cannot stand there", shorten(found)))
    }
}

/// `clause` under the field `name`, unless it names its field itself.
fn within(name: String, clause: Clause) -> Clause {
    match clause {
        Clause::Exists(_) | Clause::All => clause,
        Clause::Boosted(inner, factor) => Clause::Boosted(Box::new(within(name, *inner)), factor),
        clause => Clause::Field(name, Box::new(clause)),
    }
}

fn boosted(clause: Clause, boost: Option<f32>) -> Clause {
    match boost {
        Some(factor) => Clause::Boosted(Box::new(clause), factor),
        None => clause,
    }
}

/// What `~` and its suffix allow; `None` for a bare `~`: the query's own `fuzziness`.
fn edits(suffix: &str) -> Result<Option<model::query::full_text::Fuzziness>, Error> {
    match &suffix[1..] {
        "" => Ok(None),
        text => fuzziness::parse(text).map(Some).map_err(|error| {
            Error::new(ErrorKind::QueryShard, format!("failed to create query: {}", error.reason))
                .with_cause(number_format(text))
        }),
    }
}

#[cfg(test)]
#[path = "classic_tests.rs"]
mod tests;
