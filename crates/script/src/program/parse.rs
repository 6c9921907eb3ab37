//! Tokens to a program: statements and loops; names of variables become places. Expressions are [`super::expressions`].

use super::tree::{Deed, Expr, Form, Step};
use crate::expression::fault::Fault;
use crate::expression::grammar::{Cursor, type_of};
use crate::expression::token::{Lexeme, Token};
use crate::expression::tree::Cast;
use crate::expression::value::Type;

/// How deep statements and expressions may nest: what reads and runs them recurses.
pub(super) const MAX_NESTING: usize = 100;
/// Variables of one program.
const MAX_LOCALS: usize = 10_000;
pub(super) const CLASSES: [&str; 22] = [
    "Math",
    "Integer",
    "Long",
    "Double",
    "Float",
    "Boolean",
    "String",
    "Object",
    "Objects",
    "Arrays",
    "Collections",
    "List",
    "Map",
    "ArrayList",
    "HashMap",
    "LinkedHashMap",
    "HashSet",
    "Set",
    "Instant",
    "ZonedDateTime",
    "Character",
    "Number",
];
/// Types of variables whose values are not converted.
pub(super) const LOOSE: [&str; 15] = [
    "List",
    "ArrayList",
    "Map",
    "HashMap",
    "LinkedHashMap",
    "Set",
    "HashSet",
    "Collection",
    "Iterable",
    "Entry",
    "Number",
    "ZonedDateTime",
    "Instant",
    "JodaCompatibleZonedDateTime",
    "StringBuilder",
];

/// The body of a program and how many variables it has. `globals`: names that are there beside variables.
pub(crate) fn program<'a>(tokens: &'a [Token], globals: &'a [&'a str]) -> Result<(Vec<Step>, usize), Fault> {
    let names = Names { globals, scope: Vec::new(), locals: 0 };
    let mut parser = Parser::new(tokens, MAX_NESTING, names);
    let mut steps = Vec::new();
    while !matches!(parser.peek(), Lexeme::End) {
        parser.statements(&mut steps)?;
    }
    Ok((steps, parser.known.locals))
}

/// The names of a program.
pub(super) struct Names<'a> {
    pub(super) globals: &'a [&'a str],
    /// Variables that can be named here, the innermost last.
    pub(super) scope: Vec<(String, usize)>,
    /// Variables until now.
    locals: usize,
}

pub(super) type Parser<'a> = Cursor<'a, Names<'a>>;

pub(super) fn expr(at: usize, form: Form) -> Expr {
    Expr { at, form }
}

impl Parser<'_> {
    pub(super) fn declare(&mut self, name: &str, at: usize) -> Result<usize, Fault> {
        if self.known.scope.iter().any(|(known, _)| known == name) || self.known.globals.contains(&name) {
            return Err(Fault::syntax(at, format!("variable [{name}] is already defined")));
        }
        if self.known.locals >= MAX_LOCALS {
            return Err(Fault::syntax(at, format!("the script has more than [{MAX_LOCALS}] variables")));
        }
        let local = self.known.locals;
        self.known.locals += 1;
        self.known.scope.push((name.to_owned(), local));
        Ok(local)
    }

    /// Runs `read` with what it declares forgotten afterwards.
    pub(super) fn scoped<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let known = self.known.scope.len();
        let found = self.nested(read);
        self.known.scope.truncate(known);
        found
    }

    fn statements(&mut self, into: &mut Vec<Step>) -> Result<(), Fault> {
        let at = self.at();
        if self.take_mark(";") {
            return Ok(());
        }
        let word = self.word_at(0).map(str::to_owned);
        let deed = match word.as_deref() {
            _ if self.mark_at(0, "{") => Deed::Block(self.block()?),
            Some("if") => self.condition()?,
            Some("for") => self.scoped(Self::for_loop)?,
            Some("while") => {
                self.next += 1;
                let condition = Some(self.parenthesized()?);
                let body = Box::new(self.branch()?);
                Deed::Loop { start: Vec::new(), condition, then: Vec::new(), body }
            }
            Some("do") => {
                self.next += 1;
                let body = Box::new(self.branch()?);
                if !self.take_word("while") {
                    return Err(self.unexpected("'while'"));
                }
                let condition = self.parenthesized()?;
                self.end()?;
                Deed::DoWhile { condition, body }
            }
            Some("try" | "catch") => return Err(Fault::missing(at, "[try]")),
            Some("else") => return Err(self.unexpected("a statement")),
            _ => {
                self.plain(into)?;
                return self.end();
            }
        };
        into.push(Step { at, deed });
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        if self.take_mark(";") || matches!(self.peek(), Lexeme::End) || self.mark_at(0, "}") {
            return Ok(());
        }
        Err(self.unexpected("{<EOF>, ';'}"))
    }

    pub(super) fn block(&mut self) -> Result<Vec<Step>, Fault> {
        self.need_mark("{")?;
        self.scoped(|parser| {
            let mut steps = Vec::new();
            while !parser.take_mark("}") {
                if matches!(parser.peek(), Lexeme::End) {
                    return Err(parser.unexpected("'}'"));
                }
                parser.statements(&mut steps)?;
            }
            Ok(steps)
        })
    }

    fn branch(&mut self) -> Result<Step, Fault> {
        let at = self.at();
        if self.mark_at(0, "{") {
            return Ok(Step { at, deed: Deed::Block(self.block()?) });
        }
        let mut steps = Vec::new();
        self.scoped(|parser| parser.statements(&mut steps))?;
        Ok(Step { at, deed: Deed::Block(steps) })
    }

    pub(super) fn parenthesized(&mut self) -> Result<Expr, Fault> {
        self.need_mark("(")?;
        let inner = self.expression()?;
        self.need_mark(")")?;
        Ok(inner)
    }

    fn condition(&mut self) -> Result<Deed, Fault> {
        self.next += 1;
        let condition = self.parenthesized()?;
        let yes = Box::new(self.branch()?);
        let no = if self.take_word("else") { Some(Box::new(self.branch()?)) } else { None };
        Ok(Deed::If { condition, yes, no })
    }

    fn for_loop(&mut self) -> Result<Deed, Fault> {
        self.next += 1;
        self.need_mark("(")?;
        let each = self.word_at(0).is_some()
            && self.word_at(1).is_some()
            && (self.mark_at(2, ":") || self.word_at(2) == Some("in"));
        if each || self.word_at(1) == Some("in") {
            self.next += usize::from(each);
            let at = self.at();
            let name = self.need_word("ID")?;
            self.next += 1;
            let of = self.expression()?;
            self.need_mark(")")?;
            let local = self.declare(&name, at)?;
            return Ok(Deed::Each { local, of, body: Box::new(self.branch()?) });
        }
        let mut start = Vec::new();
        if !self.mark_at(0, ";") {
            self.plain(&mut start)?;
        }
        self.need_mark(";")?;
        let condition = if self.mark_at(0, ";") { None } else { Some(self.expression()?) };
        self.need_mark(";")?;
        let mut then = Vec::new();
        while !self.mark_at(0, ")") {
            then.push(self.expression()?);
            if !self.take_mark(",") {
                break;
            }
        }
        self.need_mark(")")?;
        Ok(Deed::Loop { start, condition, then, body: Box::new(self.branch()?) })
    }

    /// A statement that ends with a semicolon.
    fn plain(&mut self, into: &mut Vec<Step>) -> Result<(), Fault> {
        let at = self.at();
        let deed = match self.word_at(0) {
            Some("return") => {
                self.next += 1;
                let empty = self.mark_at(0, ";") || self.mark_at(0, "}") || matches!(self.peek(), Lexeme::End);
                Deed::Return(if empty { None } else { Some(self.expression()?) })
            }
            Some("break") => {
                self.next += 1;
                Deed::Break
            }
            Some("continue") => {
                self.next += 1;
                Deed::Continue
            }
            Some("throw") => {
                self.next += 1;
                Deed::Throw(self.expression()?)
            }
            _ => match self.declared_type() {
                Some(kind) => return self.declarations(kind, into),
                None => Deed::Evaluate(self.expression()?),
            },
        };
        into.push(Step { at, deed });
        Ok(())
    }

    /// The type that a declaration begins with; it is passed over.
    fn declared_type(&mut self) -> Option<Cast> {
        let kind = self.word_at(0)?.to_owned();
        let mut ahead = 1;
        if self.mark_at(1, ".") && kind == "Map" && self.word_at(2) == Some("Entry") {
            ahead = 3;
        }
        if self.mark_at(ahead, "[") && self.mark_at(ahead + 1, "]") {
            ahead += 2;
        }
        self.word_at(ahead).filter(|word| !matches!(*word, "in" | "instanceof")).map(str::to_owned)?;
        if kind == "new" {
            return None;
        }
        let known =
            if LOOSE.contains(&kind.as_str()) || ahead > 1 { Some(Cast::To(Type::Def)) } else { type_of(&kind) };
        if known.is_some() {
            self.next += ahead;
        }
        known
    }

    fn declarations(&mut self, kind: Cast, into: &mut Vec<Step>) -> Result<(), Fault> {
        loop {
            let at = self.at();
            let name = self.need_word("ID")?;
            if self.mark_at(0, "(") {
                return Err(Fault::missing(at, "declaring functions"));
            }
            let value = if self.take_mark("=") { Some(self.expression()?) } else { None };
            let local = self.declare(&name, at)?;
            into.push(Step { at, deed: Deed::Declare { local, kind, value } });
            if !self.take_mark(",") {
                return Ok(());
            }
        }
    }
}
