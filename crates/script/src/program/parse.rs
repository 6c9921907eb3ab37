//! Tokens to a program: statements, loops, functions in place, and expressions by precedence. Names of variables become places.

use std::sync::Arc;

use super::tree::{Deed, Expr, Form, Lambda, Step};
use crate::expression::fault::Fault;
use crate::expression::parse::{ASSIGNMENTS, PRECEDENCE, type_of};
use crate::expression::token::{Lexeme, Token};
use crate::expression::tree::{Binary, Cast, Unary};
use crate::expression::value::{Type, Value};

/// How deep statements and expressions may nest: what reads and runs them recurses.
const MAX_NESTING: usize = 100;
/// Variables of one program.
const MAX_LOCALS: usize = 10_000;
const CLASSES: [&str; 22] = [
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
const LOOSE: [&str; 15] = [
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
pub(crate) fn program(tokens: &[Token], globals: &[&str]) -> Result<(Vec<Step>, usize), Fault> {
    let mut parser = Parser { tokens, globals, next: 0, nesting: 0, scope: Vec::new(), locals: 0 };
    let mut steps = Vec::new();
    while !matches!(parser.peek(), Lexeme::End) {
        parser.statements(&mut steps)?;
    }
    Ok((steps, parser.locals))
}

struct Parser<'a> {
    /// Ends with [`Lexeme::End`].
    tokens: &'a [Token],
    globals: &'a [&'a str],
    next: usize,
    nesting: usize,
    /// Variables that can be named here, the innermost last.
    scope: Vec<(String, usize)>,
    locals: usize,
}

fn expr(at: usize, form: Form) -> Expr {
    Expr { at, form }
}

impl Parser<'_> {
    fn token(&self, ahead: usize) -> &Token {
        let last = self.tokens.len().saturating_sub(1);
        &self.tokens[(self.next + ahead).min(last)]
    }

    fn peek(&self) -> &Lexeme {
        &self.token(0).lexeme
    }

    fn at(&self) -> usize {
        self.token(0).at
    }

    fn mark_at(&self, ahead: usize, mark: &str) -> bool {
        matches!(&self.token(ahead).lexeme, Lexeme::Mark(found) if *found == mark)
    }

    fn word_at(&self, ahead: usize) -> Option<&str> {
        match &self.token(ahead).lexeme {
            Lexeme::Word(word) => Some(word),
            _ => None,
        }
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.mark_at(0, mark);
        self.next += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.word_at(0) == Some(word);
        self.next += usize::from(found);
        found
    }

    fn need_mark(&mut self, mark: &str) -> Result<(), Fault> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("'{mark}'"))) }
    }

    fn need_word(&mut self) -> Result<String, Fault> {
        match self.word_at(0).map(str::to_owned) {
            Some(word) => {
                self.next += 1;
                Ok(word)
            }
            None => Err(self.unexpected("ID")),
        }
    }

    fn unexpected(&self, expected: &str) -> Fault {
        if matches!(self.peek(), Lexeme::End) {
            return Fault::grammatical(self.at(), "unexpected end of script.");
        }
        let shown = match self.peek() {
            Lexeme::Word(word) => word.clone(),
            Lexeme::Mark(mark) => (*mark).to_owned(),
            Lexeme::Text(text) => text.clone(),
            other => format!("{other:?}"),
        };
        Fault::syntax(self.at(), format!("unexpected token ['{shown}'] was expecting one of [{expected}]."))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.nesting >= MAX_NESTING {
            return Err(Fault::syntax(self.at(), format!("the script nests deeper than [{MAX_NESTING}] levels")));
        }
        self.nesting += 1;
        let found = read(self);
        self.nesting -= 1;
        found
    }

    fn declare(&mut self, name: &str, at: usize) -> Result<usize, Fault> {
        if self.scope.iter().any(|(known, _)| known == name) || self.globals.contains(&name) {
            return Err(Fault::syntax(at, format!("variable [{name}] is already defined")));
        }
        if self.locals >= MAX_LOCALS {
            return Err(Fault::syntax(at, format!("the script has more than [{MAX_LOCALS}] variables")));
        }
        let local = self.locals;
        self.locals += 1;
        self.scope.push((name.to_owned(), local));
        Ok(local)
    }

    /// Runs `read` with what it declares forgotten afterwards.
    fn scoped<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        let known = self.scope.len();
        let found = self.nested(read);
        self.scope.truncate(known);
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

    fn block(&mut self) -> Result<Vec<Step>, Fault> {
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

    fn parenthesized(&mut self) -> Result<Expr, Fault> {
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
            let name = self.need_word()?;
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
            let name = self.need_word()?;
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

    fn expression(&mut self) -> Result<Expr, Fault> {
        self.nested(Self::assignment)
    }

    fn assignment(&mut self) -> Result<Expr, Fault> {
        if let Some(lambda) = self.lambda()? {
            return Ok(lambda);
        }
        let target = self.conditional()?;
        let at = self.at();
        let Some((_, operator)) = ASSIGNMENTS.iter().find(|(mark, _)| self.mark_at(0, mark)) else {
            return Ok(target);
        };
        if !matches!(target.form, Form::Local(_) | Form::Member { .. } | Form::Index { .. }) {
            return Err(Fault::syntax(at, "invalid assignment: the left-hand side is no variable"));
        }
        self.next += 1;
        let value = Box::new(self.expression()?);
        Ok(expr(at, Form::Assign { target: Box::new(target), operator: *operator, value }))
    }

    /// `x -> ..`, `(a, b) -> ..`
    fn lambda(&mut self) -> Result<Option<Expr>, Fault> {
        let at = self.at();
        let mut names = Vec::new();
        if self.word_at(0).is_some() && self.mark_at(1, "->") {
            names.push(self.need_word()?);
        } else if self.mark_at(0, "(") {
            let mut ahead = 1;
            while let Some(name) = self.word_at(ahead) {
                names.push(name.to_owned());
                ahead += 1;
                if !self.mark_at(ahead, ",") {
                    break;
                }
                ahead += 1;
            }
            if !self.mark_at(ahead, ")") || !self.mark_at(ahead + 1, "->") {
                return Ok(None);
            }
            self.next += ahead + 1;
        } else {
            return Ok(None);
        }
        self.need_mark("->")?;
        self.scoped(|parser| {
            let mut parameters = Vec::new();
            for name in &names {
                parameters.push(parser.declare(name, at)?);
            }
            let body = if parser.mark_at(0, "{") {
                Step { at, deed: Deed::Block(parser.block()?) }
            } else {
                Step { at, deed: Deed::Return(Some(parser.expression()?)) }
            };
            Ok(Some(expr(at, Form::Lambda(Arc::new(Lambda { parameters, body })))))
        })
    }

    fn conditional(&mut self) -> Result<Expr, Fault> {
        let condition = self.binary(0)?;
        let at = self.at();
        if self.take_mark("?:") {
            let right = Box::new(self.nested(Self::conditional)?);
            return Ok(expr(at, Form::Elvis { left: Box::new(condition), right }));
        }
        if !self.take_mark("?") {
            return Ok(condition);
        }
        let yes = Box::new(self.expression()?);
        self.need_mark(":")?;
        let no = Box::new(self.expression()?);
        Ok(expr(at, Form::Conditional { condition: Box::new(condition), yes, no }))
    }

    /// Operators of the row `row` and of those that bind tighter.
    fn binary(&mut self, row: usize) -> Result<Expr, Fault> {
        let mut left = self.unary()?;
        let mut grown = 0;
        loop {
            let at = self.at();
            if self.take_word("instanceof") {
                let class = self.need_word()?.into();
                left = expr(at, Form::InstanceOf { of: Box::new(left), class });
                continue;
            }
            let Some((found, operator)) = self.operator(row) else { return Ok(left) };
            self.next += 1;
            let right = Box::new(self.nested(|parser| parser.binary(found + 1))?);
            left = expr(at, Form::Binary { operator, left: Box::new(left), right });
            grown += 1;
            if grown > 2 * MAX_NESTING {
                return Err(Fault::syntax(at, format!("the script nests deeper than [{MAX_NESTING}] levels")));
            }
        }
    }

    fn operator(&self, row: usize) -> Option<(usize, Binary)> {
        let Lexeme::Mark(mark) = self.peek() else { return None };
        let rows = PRECEDENCE.iter().enumerate().skip(row);
        rows.flat_map(|(row, operators)| operators.iter().map(move |operator| (row, operator)))
            .find(|(_, (name, _))| name == mark)
            .map(|(row, (_, operator))| (row, *operator))
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        for (mark, operator) in [("++", Binary::Add), ("--", Binary::Subtract)] {
            if self.take_mark(mark) {
                let target = Box::new(self.nested(Self::unary)?);
                return Ok(expr(at, Form::Increment { target, operator, before: true }));
            }
        }
        let operator = match self.peek() {
            Lexeme::Mark("+") => Unary::Plus,
            Lexeme::Mark("-") => Unary::Minus,
            Lexeme::Mark("!") => Unary::Not,
            Lexeme::Mark("~") => Unary::Complement,
            Lexeme::Mark("(") if self.mark_at(2, ")") => return self.cast(at),
            _ => return self.postfix(),
        };
        self.next += 1;
        if operator == Unary::Minus {
            let edge = match self.peek() {
                Lexeme::IntEdge => Some(Value::Int(i32::MIN)),
                Lexeme::LongEdge => Some(Value::Long(i64::MIN)),
                _ => None,
            };
            if let Some(edge) = edge {
                self.next += 1;
                return Ok(expr(at, Form::Constant(edge)));
            }
        }
        let of = Box::new(self.nested(Self::unary)?);
        Ok(expr(at, Form::Unary { operator, of }))
    }

    /// `(int) x`, or a name in parentheses.
    fn cast(&mut self, at: usize) -> Result<Expr, Fault> {
        let Some(name) = self.word_at(1) else { return self.postfix() };
        let begins = matches!(
            self.token(3).lexeme,
            Lexeme::Word(_) | Lexeme::Int(_) | Lexeme::Long(_) | Lexeme::Double(_) | Lexeme::Float(_) | Lexeme::Text(_)
        ) || self.mark_at(3, "(")
            || self.mark_at(3, "-");
        let to = match type_of(name) {
            Some(to) => to,
            None if LOOSE.contains(&name) && begins => Cast::To(Type::Def),
            None => return self.postfix(),
        };
        self.next += 3;
        let of = Box::new(self.nested(Self::unary)?);
        Ok(expr(at, Form::Cast { to, of }))
    }

    fn postfix(&mut self) -> Result<Expr, Fault> {
        let mut of = self.primary()?;
        let mut grown = 0;
        loop {
            let at = self.at();
            grown += 1;
            if grown > 2 * MAX_NESTING {
                return Err(Fault::syntax(at, format!("the script nests deeper than [{MAX_NESTING}] levels")));
            }
            let null_safe = self.mark_at(0, "?.");
            if self.take_mark("[") {
                let index = Box::new(self.expression()?);
                self.need_mark("]")?;
                of = expr(at, Form::Index { of: Box::new(of), index });
            } else if self.take_mark(".") || self.take_mark("?.") {
                let name: Arc<str> = self.need_word()?.into();
                let inner = Box::new(of);
                of = if self.take_mark("(") {
                    let arguments = self.arguments(")")?;
                    expr(at, Form::Call { of: inner, name, arguments, null_safe })
                } else {
                    expr(at, Form::Member { of: inner, name, null_safe })
                };
            } else if self.mark_at(0, "++") || self.mark_at(0, "--") {
                let operator = if self.mark_at(0, "++") { Binary::Add } else { Binary::Subtract };
                self.next += 1;
                of = expr(at, Form::Increment { target: Box::new(of), operator, before: false });
            } else {
                return Ok(of);
            }
        }
    }

    fn arguments(&mut self, end: &str) -> Result<Vec<Expr>, Fault> {
        let mut arguments = Vec::new();
        if self.take_mark(end) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.take_mark(",") {
                self.need_mark(end)?;
                return Ok(arguments);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        let value = match self.peek().clone() {
            Lexeme::Int(number) => Value::Int(number),
            Lexeme::Long(number) => Value::Long(number),
            Lexeme::Float(number) => Value::Float(number),
            Lexeme::Double(number) => Value::Double(number),
            Lexeme::Text(text) => Value::Text(text.into()),
            Lexeme::IntEdge => return Err(Fault::syntax(at, "Invalid int constant [2147483648].")),
            Lexeme::LongEdge => return Err(Fault::syntax(at, "Invalid long constant [9223372036854775808L].")),
            Lexeme::End => return Err(self.unexpected("")),
            Lexeme::Mark("(") => return self.parenthesized(),
            Lexeme::Mark("[") => return self.literal(at),
            Lexeme::Mark("/") => return Err(Fault::missing(at, "a regular expression")),
            Lexeme::Mark(mark) => {
                return Err(Fault::grammatical(at, format!("invalid sequence of tokens near ['{mark}'].")));
            }
            Lexeme::Word(word) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                "new" => return self.made(at),
                _ => return self.name(at, &word),
            },
        };
        self.next += 1;
        Ok(expr(at, Form::Constant(value)))
    }

    /// `[1, 2]`, `['a': 1]`, `[]`, `[:]`
    fn literal(&mut self, at: usize) -> Result<Expr, Fault> {
        self.next += 1;
        if self.mark_at(0, ":") && self.mark_at(1, "]") {
            self.next += 2;
            return Ok(expr(at, Form::Map(Vec::new())));
        }
        if self.take_mark("]") {
            return Ok(expr(at, Form::List(Vec::new())));
        }
        let (mut items, mut pairs) = (Vec::new(), Vec::new());
        loop {
            let first = self.map_key()?;
            if self.take_mark(":") {
                pairs.push((first, self.expression()?));
            } else {
                items.push(first);
            }
            if !self.take_mark(",") {
                break;
            }
        }
        self.need_mark("]")?;
        match (items.is_empty(), pairs.is_empty()) {
            (false, true) => Ok(expr(at, Form::List(items))),
            (true, false) => Ok(expr(at, Form::Map(pairs))),
            _ => Err(Fault::syntax(at, "a list or a map, not both")),
        }
    }

    /// A word before a colon is itself a key.
    fn map_key(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        match self.word_at(0) {
            Some(word) if self.mark_at(1, ":") && !self.scope.iter().any(|(name, _)| name == word) => {
                let word = word.to_owned();
                self.next += 1;
                Ok(expr(at, Form::Constant(Value::Text(word.into()))))
            }
            _ => self.expression(),
        }
    }

    fn made(&mut self, at: usize) -> Result<Expr, Fault> {
        self.next += 1;
        let class: Arc<str> = self.need_word()?.into();
        if self.mark_at(0, "[") {
            return Err(Fault::missing(at, "an array"));
        }
        self.need_mark("(")?;
        let arguments = self.arguments(")")?;
        Ok(expr(at, Form::New { class, arguments }))
    }

    fn name(&mut self, at: usize, word: &str) -> Result<Expr, Fault> {
        self.next += 1;
        if self.mark_at(0, "::") {
            return Err(Fault::missing(at, "a function as a value"));
        }
        if self.mark_at(0, "(") {
            return Err(Fault::syntax(at, format!("Unknown call [{word}].")));
        }
        if let Some((_, local)) = self.scope.iter().rev().find(|(name, _)| name == word) {
            return Ok(expr(at, Form::Local(*local)));
        }
        if self.globals.contains(&word) {
            return Ok(expr(at, Form::Global(word.into())));
        }
        if CLASSES.contains(&word) && self.take_mark(".") {
            let name: Arc<str> = self.need_word()?.into();
            let class: Arc<str> = word.into();
            if self.take_mark("(") {
                let arguments = self.arguments(")")?;
                return Ok(expr(at, Form::Static { class, name, arguments }));
            }
            let constant = crate::expression::math::constant(word, &name);
            let value = constant.ok_or_else(|| Fault::syntax(at, format!("field [{word}, {name}] not found")))?;
            return Ok(expr(at, Form::Constant(value)));
        }
        let known = matches!(
            word,
            "StringBuilder"
                | "Pattern"
                | "Duration"
                | "ChronoUnit"
                | "DateTimeFormatter"
                | "LocalDate"
                | "LocalDateTime"
                | "ZoneId"
                | "Collectors"
                | "Stream"
                | "Base64"
                | "Debug"
        );
        if known {
            return Err(Fault::missing(at, &format!("the class [{word}]")));
        }
        Err(Fault::syntax(at, format!("cannot resolve symbol [{word}]")))
    }
}
