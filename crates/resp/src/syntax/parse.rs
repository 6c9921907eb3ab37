//! Tokens to a tree: unions, intersections, what stands before and behind a clause.

use std::collections::{BTreeMap, BTreeSet};

use super::ast::{Clause, Knn, Node};
use super::lexer::{Lexeme, Token, lex};
use super::{MAX_DEPTH, MAX_LENGTH, SyntaxError};

/// What a query is read with.
#[derive(Clone, Copy, Debug)]
pub struct Options<'o> {
    /// 1 to 4.
    pub dialect: u8,
    /// `PARAMS`.
    pub parameters: &'o BTreeMap<String, Vec<u8>>,
    /// Lower case.
    pub stop_words: &'o BTreeSet<String>,
    /// `NOSTOPWORDS`: none is left out.
    pub keep_stop_words: bool,
}

pub(super) type Outcome<T> = Result<T, SyntaxError>;

/// The tree of a query.
///
/// # Errors
/// What RediSearch says of a text that is no query, of parameters that are not given, of attributes that it does not know.
pub fn parse(text: &str, options: &Options<'_>) -> Outcome<Clause> {
    if text.len() > MAX_LENGTH {
        return Err(SyntaxError(format!("Query is longer than {MAX_LENGTH} bytes")));
    }
    let lexemes = lex(text, options.dialect)?;
    let mut parser = Parser { lexemes, at: 0, depth: 0, options, last: String::new() };
    if matches!(parser.token(), Token::End) {
        return Ok(Clause::new(Node::Empty));
    }
    let query = parser.query()?;
    match parser.token() {
        Token::End => Ok(query),
        _ => Err(parser.unexpected()),
    }
}

pub(super) struct Parser<'o> {
    lexemes: Vec<Lexeme>,
    at: usize,
    depth: u32,
    pub(super) options: &'o Options<'o>,
    /// The last word that was read, for messages.
    last: String,
}

impl Parser<'_> {
    pub(super) fn token(&self) -> &Token {
        self.lexemes.get(self.at).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    pub(super) fn ahead(&self, by: usize) -> &Token {
        self.lexemes.get(self.at + by).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    fn before(&self) -> &Token {
        self.at.checked_sub(1).and_then(|at| self.lexemes.get(at)).map_or(&Token::End, |lexeme| &lexeme.token)
    }

    /// Whether the token `by` ahead stands right behind the one before it.
    pub(super) fn joined(&self, by: usize) -> bool {
        self.lexemes.get(self.at + by).is_some_and(|lexeme| !lexeme.spaced)
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.token().clone();
        match &token {
            Token::Word(word) | Token::Field(word) | Token::Parameter(word) | Token::Number(word, _) => {
                self.last.clone_from(word);
            }
            _ => {}
        }
        if self.at + 1 < self.lexemes.len() {
            self.at += 1;
        }
        token
    }

    pub(super) fn take(&mut self, sign: char) -> bool {
        let found = *self.token() == Token::Sign(sign);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn expect(&mut self, sign: char) -> Outcome<()> {
        match self.take(sign) {
            true => Ok(()),
            false => Err(self.unexpected()),
        }
    }

    pub(super) fn unexpected(&self) -> SyntaxError {
        let near = match self.token() {
            Token::Word(word) | Token::Field(word) | Token::Parameter(word) | Token::Number(word, _) => word,
            Token::Quoted(text) => text,
            Token::Sign('-') if self.joined(1) => match self.ahead(1) {
                Token::Number(word, _) => &format!("-{word}"),
                _ => &self.last,
            },
            // Of an arrow the sign behind it is what stands wrong.
            Token::Arrow => match self.ahead(1) {
                Token::Sign(sign) => &format!(">{sign}"),
                _ => &self.last,
            },
            _ => &self.last,
        };
        // At the end it is the last token that stands wrong.
        let at = match self.token() {
            Token::End => self.at.saturating_sub(1),
            // The first dialect takes the arrow behind `*` apart.
            Token::Arrow if self.options.dialect == 1 && self.at == 1 && *self.before() == Token::Sign('*') => self.at,
            Token::Arrow if self.at > 0 => self.at + 1,
            _ => self.at,
        };
        let offset = self.lexemes.get(at).map_or(0, |lexeme| lexeme.from);
        SyntaxError(format!("Syntax error at offset {offset} near {near}"))
    }

    fn query(&mut self) -> Outcome<Clause> {
        let start = self.at;
        let inner = if self.everything() {
            Clause::new(Node::All)
        } else {
            self.union()?.unwrap_or_else(|| Clause::new(Node::Empty))
        };
        if *self.token() == Token::Arrow && *self.ahead(1) == Token::Sign('[') {
            if self.options.dialect == 1 || !self.is_one(start, &inner) {
                return Err(self.unexpected());
            }
            // Where nothing but stop words stands the neighbours are those among all.
            let inner = if inner.node == Node::Empty { Clause::new(Node::All) } else { inner };
            self.next();
            self.next();
            let knn = self.knn()?;
            return self.behind_knn(inner, knn);
        }
        Ok(inner)
    }

    /// Takes `*` where it is the whole of what is asked, in parentheses or not.
    fn everything(&mut self) -> bool {
        let open = if self.options.dialect == 1 {
            0
        } else {
            (0..).take_while(|by| *self.ahead(*by) == Token::Sign('(')).count()
        };
        let star = *self.ahead(open) == Token::Sign('*');
        let closed = (0..open).all(|by| *self.ahead(open + 1 + by) == Token::Sign(')'));
        let affix = open == 0 && self.starts_affix();
        let found = star && closed && !affix;
        if found {
            self.at = (self.at + 2 * open + 1).min(self.lexemes.len() - 1);
        }
        found
    }

    /// Whether the clause that began at `start` and ends here is one by itself, or stands in parentheses: several would leave open
    /// to which of them the neighbours belong.
    fn is_one(&self, start: usize, clause: &Clause) -> bool {
        if !matches!(clause.node, Node::And(_) | Node::Or(_) | Node::Not(_) | Node::Optional(_)) {
            return true;
        }
        let tokens: Vec<&Token> = self.lexemes[start..self.at].iter().map(|lexeme| &lexeme.token).collect();
        let opens = match tokens.first() {
            Some(Token::Field(_)) if matches!(tokens.get(1), Some(Token::Compare(_))) => return true,
            Some(Token::Field(_)) => tokens.iter().position(|token| **token == Token::Sign(':')).map_or(0, |at| at + 1),
            _ => 0,
        };
        let Some(closes) = closing(&tokens, opens) else { return false };
        match &tokens[closes + 1..] {
            [] => true,
            [Token::Arrow, inside @ .., Token::Sign('}')] => !inside.contains(&&Token::Sign('}')),
            _ => false,
        }
    }

    fn behind_knn(&mut self, inner: Clause, knn: Knn) -> Outcome<Clause> {
        let mut clause = Clause::new(Node::Knn(Box::new(inner), knn));
        if *self.token() == Token::Arrow {
            clause.attributes = self.attributes(true)?;
            let named = clause.attributes.yield_distance_as.clone();
            if let (Node::Knn(_, knn), Some(named)) = (&mut clause.node, named)
                && let Some(first) = knn.distance_as.replace(named.clone())
            {
                return Err(SyntaxError(format!(
                    "Distance field was specified twice for vector query: {first} and {named}"
                )));
            }
        }
        Ok(clause)
    }

    /// Alternatives; `None` when nothing but stop words stands there.
    pub(super) fn union(&mut self) -> Outcome<Option<Clause>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError(format!("Query is nested deeper than {MAX_DEPTH} levels")));
        }
        if self.options.dialect == 1 {
            let found = self.old_intersection()?;
            self.depth -= 1;
            return Ok(found);
        }
        let mut parts = Vec::new();
        loop {
            parts.extend(self.intersection()?);
            if !self.take('|') {
                break;
            }
        }
        self.depth -= 1;
        Ok(alternatives(parts))
    }

    /// Dialect 1: alternatives bind their neighbours, but words that stand side by side belong together.
    fn old_intersection(&mut self) -> Outcome<Option<Clause>> {
        let mut parts = Vec::new();
        let mut any = false;
        while self.starts_clause() {
            any = true;
            parts.extend(self.old_union()?);
        }
        match any {
            true => Ok(conjunction(parts)),
            false => Err(self.unexpected()),
        }
    }

    pub(super) fn old_union(&mut self) -> Outcome<Option<Clause>> {
        let mut parts = Vec::new();
        loop {
            if !self.starts_clause() {
                return Err(self.unexpected());
            }
            parts.extend(if self.starts_word() { self.words()? } else { self.clause()? });
            if !self.take('|') {
                break;
            }
        }
        Ok(alternatives(parts))
    }

    /// Dialect 1: a sign holds for all that follows, up to the next such sign; what is optional may hold what is not wanted.
    fn old_rest(&mut self, sign: char) -> Outcome<Option<Clause>> {
        let mut parts = Vec::new();
        let mut any = false;
        while self.starts_clause() {
            let ends = match self.token() {
                Token::Sign('~') => any,
                Token::Sign('-') => any && sign == '-',
                _ => false,
            };
            if ends {
                break;
            }
            any = true;
            parts.extend(self.old_union()?);
        }
        match any {
            true => Ok(conjunction(parts)),
            false => Err(self.unexpected()),
        }
    }

    fn starts_word(&self) -> bool {
        matches!(self.token(), Token::Word(_) | Token::Number(..)) && !self.starts_affix()
    }

    /// Words side by side, up to a stop word; one that stands first is all there is.
    fn words(&mut self) -> Outcome<Option<Clause>> {
        let mut parts = Vec::new();
        while self.starts_word() && (parts.is_empty() || !self.stops()) {
            let found = self.clause()?;
            if found.is_none() && parts.is_empty() {
                return Ok(None);
            }
            parts.extend(found);
        }
        Ok(conjunction(parts))
    }

    fn intersection(&mut self) -> Outcome<Option<Clause>> {
        let mut parts = Vec::new();
        let mut any = false;
        while self.starts_clause() {
            any = true;
            parts.extend(self.clause()?);
        }
        if !any {
            return Err(self.unexpected());
        }
        Ok(conjunction(parts))
    }

    pub(super) fn starts_clause(&self) -> bool {
        match self.token() {
            Token::Sign(sign) => matches!(sign, '(' | '-' | '~' | '*' | '%' | '"'),
            Token::Word(_) | Token::Number(..) | Token::Field(_) | Token::Parameter(_) | Token::Wildcard(_) => true,
            Token::Quoted(text) => text.is_empty(),
            _ => false,
        }
    }

    /// What may stand before a clause, and behind it; `None`: a stop word.
    pub(super) fn clause(&mut self) -> Outcome<Option<Clause>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError(format!("Query is nested deeper than {MAX_DEPTH} levels")));
        }
        let found = match self.token().clone() {
            Token::Sign(sign @ ('-' | '~')) => {
                self.next();
                let inner = if self.options.dialect == 1 { self.old_rest(sign)? } else { self.clause()? };
                let wrap = if sign == '-' { Node::Not } else { Node::Optional };
                inner.map(|inner| Clause::new(wrap(Box::new(inner))))
            }
            _ => self.primary()?,
        };
        self.depth -= 1;
        let behind = *self.token() == Token::Arrow && *self.ahead(1) == Token::Sign('{');
        if !behind {
            return Ok(found);
        }
        let of_vectors = found.as_ref().is_some_and(|clause| matches!(clause.node, Node::VectorRange(_)));
        let attributes = self.attributes(of_vectors)?;
        Ok(found.map(|clause| Clause { attributes, ..clause }))
    }
}

/// All of some clauses; `None` of none. What is joined already and stands first takes the others in, and what stands behind it holds for all.
fn conjunction(parts: Vec<Clause>) -> Option<Clause> {
    let mut parts = parts.into_iter();
    let mut first = parts.next()?;
    let others: Vec<Clause> = parts.collect();
    match &mut first {
        _ if others.is_empty() => return Some(first),
        Clause { node: Node::And(joined), fields: None, .. } => joined.extend(others),
        _ => return Some(Clause::new(Node::And([first].into_iter().chain(others).collect()))),
    }
    Some(first)
}

/// Any of some clauses, in the same way.
fn alternatives(parts: Vec<Clause>) -> Option<Clause> {
    let mut parts = parts.into_iter();
    let mut first = parts.next()?;
    let others: Vec<Clause> = parts.collect();
    match &mut first {
        _ if others.is_empty() => return Some(first),
        Clause { node: Node::Or(joined), fields: None, .. } => joined.extend(others),
        _ => return Some(Clause::new(Node::Or([first].into_iter().chain(others).collect()))),
    }
    Some(first)
}

/// Where the parenthesis that opens at `opens` closes; `None`: none opens there.
fn closing(tokens: &[&Token], opens: usize) -> Option<usize> {
    let (mut depth, mut in_range) = (0_usize, false);
    for (at, token) in tokens.iter().enumerate().skip(opens) {
        match token {
            Token::Sign('[') => in_range = true,
            Token::Sign(']') => in_range = false,
            // The end of a range that is not part of it.
            Token::Sign('(') if in_range => {}
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return (at > opens).then_some(at);
        }
    }
    None
}
