//! Expressions of a program, by precedence.

use std::sync::Arc;

use super::functions::Callable;
use super::library::classes::FREE;
use super::library::clocks;
use super::library::patterns::Pattern;
use super::parse::{CLASSES, LOOSE, MAX_NESTING, Parser, expr, give_last};
use super::tree::{Deed, Expr, Form, Lambda, Step};
use crate::expression::fault::Fault;
use crate::expression::grammar::{ASSIGNMENTS, SHIFTS, too_deep, type_of};
use crate::expression::token::Lexeme;
use crate::expression::tree::{Binary, Cast, Unary};
use crate::expression::value::{Type, Value};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Fault> {
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
        if self.mark_at(0, "(") && self.mark_at(1, ")") && self.mark_at(2, "->") {
            self.next += 2;
        } else if self.word_at(0).is_some() && self.mark_at(1, "->") {
            names.push(self.need_word("ID")?);
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
            parser.known.open.push((parser.known.locals, Vec::new()));
            let mut parameters = Vec::new();
            for name in &names {
                parameters.push(parser.declare(name, at)?);
            }
            let body = if parser.mark_at(0, "{") {
                let mut steps = parser.block()?;
                give_last(&mut steps);
                Step { at, deed: Deed::Block(steps) }
            } else {
                Step { at, deed: Deed::Return(Some(parser.expression()?)) }
            };
            let (_, captured) = parser.known.open.pop().unwrap_or_default();
            let locals = parser.known.locals;
            Ok(Some(expr(at, Form::Lambda(Arc::new(Lambda { parameters, captured, locals, body })))))
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
                let class = self.need_word("ID")?.into();
                left = expr(at, Form::InstanceOf { of: Box::new(left), class });
                continue;
            }
            if row <= SHIFTS && (self.mark_at(0, "=~") || self.mark_at(0, "==~")) {
                let whole = self.mark_at(0, "==~");
                self.next += 1;
                let pattern = Box::new(self.nested(|parser| parser.binary(SHIFTS + 1))?);
                left = expr(at, Form::Matches { of: Box::new(left), pattern, whole });
                continue;
            }
            let Some((found, operator)) = self.operator(row) else { return Ok(left) };
            self.next += 1;
            let right = Box::new(self.nested(|parser| parser.binary(found + 1))?);
            left = expr(at, Form::Binary { operator, left: Box::new(left), right });
            grown += 1;
            if grown > 2 * MAX_NESTING {
                return Err(too_deep(at, MAX_NESTING));
            }
        }
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        for (mark, operator) in [("++", Binary::Add), ("--", Binary::Subtract)] {
            if self.take_mark(mark) {
                let target = Box::new(self.nested(Self::unary)?);
                return Ok(expr(at, Form::Increment { target, operator, before: true }));
            }
        }
        if self.mark_at(0, "(") && self.mark_at(2, ")") {
            return self.cast(at);
        }
        let Some(operator) = self.prefix() else { return self.postfix() };
        self.next += 1;
        if operator == Unary::Minus
            && let Some(least) = self.take_least()
        {
            return Ok(expr(at, Form::Constant(least)));
        }
        let of = Box::new(self.nested(Self::unary)?);
        Ok(expr(at, Form::Unary { operator, of }))
    }

    /// `(int) x`, or a name in parentheses.
    fn cast(&mut self, at: usize) -> Result<Expr, Fault> {
        let Some(name) = self.word_at(1) else { return self.postfix() };
        if name == "char" {
            self.next += 3;
            let arguments = vec![self.nested(Self::unary)?];
            return Ok(expr(at, Form::Static { class: "Character".into(), name: "of".into(), arguments }));
        }
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
                return Err(too_deep(at, MAX_NESTING));
            }
            let null_safe = self.mark_at(0, "?.");
            if self.take_mark("[") {
                let index = Box::new(self.expression()?);
                self.need_mark("]")?;
                of = expr(at, Form::Index { of: Box::new(of), index });
            } else if self.take_mark(".") || self.take_mark("?.") {
                let name: Arc<str> = self.need_word("ID")?.into();
                let inner = Box::new(of);
                of = if self.take_mark("(") {
                    let arguments = self.arguments(")")?;
                    expr(at, Form::Call { of: inner, name, arguments, null_safe })
                } else {
                    expr(at, Form::Member { of: inner, name, null_safe })
                };
            } else if self.take_mark("::") {
                let name = self.need_word("ID")?.into();
                of = expr(at, Form::Bound { of: Box::new(of), name });
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
        if let Some(value) = self.take_constant()? {
            return Ok(expr(at, Form::Constant(value)));
        }
        match self.peek().clone() {
            Lexeme::Mark("(") => self.parenthesized(),
            Lexeme::Mark("[") => self.literal(at),
            Lexeme::Regex(source, flags) => {
                self.next += 1;
                Ok(expr(at, Form::Pattern(Arc::new(Pattern::new(&source, &flags, at)?))))
            }
            Lexeme::Mark(mark) => Err(Fault::grammatical(at, format!("invalid sequence of tokens near ['{mark}']."))),
            Lexeme::Word(word) if word == "new" => self.made(at),
            Lexeme::Word(word) => self.name(at, &word),
            _ => Err(self.unexpected("")),
        }
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
            Some(word) if self.mark_at(1, ":") && !self.known.scope.iter().any(|(name, _)| name == word) => {
                let word = word.to_owned();
                self.next += 1;
                Ok(expr(at, Form::Constant(Value::Text(word.into()))))
            }
            _ => self.expression(),
        }
    }

    fn made(&mut self, at: usize) -> Result<Expr, Fault> {
        self.next += 1;
        let class: Arc<str> = self.need_word("ID")?.into();
        if self.mark_at(0, "[") {
            return self.array(at, &class);
        }
        self.need_mark("(")?;
        let arguments = self.arguments(")")?;
        Ok(expr(at, Form::New { class, arguments }))
    }

    fn name(&mut self, at: usize, word: &str) -> Result<Expr, Fault> {
        self.next += 1;
        if self.mark_at(0, "::") && !self.known.scope.iter().any(|(name, _)| name == word) {
            return self.reference(at, word);
        }
        if word == "Map" && self.mark_at(0, ".") && self.word_at(1) == Some("Entry") {
            return self.of_entries(at);
        }
        if matches!(word, "Locale" | "TextStyle") && self.take_mark(".") {
            return Ok(expr(at, Form::Constant(Value::Text(self.need_word("ID")?.into()))));
        }
        if self.mark_at(0, "(") {
            if self.known.functions.iter().any(|(name, _)| name == word) {
                return self.invocation(at, word);
            }
            if super::library::vectors::is_known(word) || super::library::scoring::is_known(word) {
                self.need_mark("(")?;
                let (class, name, arguments) = (FREE.into(), word.into(), self.arguments(")")?);
                return Ok(expr(at, Form::Static { class, name, arguments }));
            }
            return Err(Fault::syntax(at, format!("Unknown call [{word}].")));
        }
        if let Some(local) = self.known.scope.iter().rev().find(|(name, _)| name == word).map(|(_, local)| *local) {
            for (own, captured) in &mut self.known.open {
                if local < *own && !captured.contains(&local) {
                    captured.push(local);
                }
            }
            return Ok(expr(at, Form::Local(local)));
        }
        if self.known.globals.contains(&word) {
            return Ok(expr(at, Form::Global(word.into())));
        }
        let is_class = CLASSES.contains(&word) || clocks::CLASSES.contains(&word);
        if is_class && self.take_mark(".") {
            let name: Arc<str> = self.need_word("ID")?.into();
            let class: Arc<str> = word.into();
            if self.take_mark("(") {
                let arguments = self.arguments(")")?;
                return Ok(expr(at, Form::Static { class, name, arguments }));
            }
            if let Some(time) = clocks::constant(word, &name) {
                return Ok(expr(at, Form::Fixed(time)));
            }
            let constant = crate::expression::math::constant(word, &name);
            let value = constant.ok_or_else(|| Fault::syntax(at, format!("field [{word}, {name}] not found")))?;
            return Ok(expr(at, Form::Constant(value)));
        }
        if matches!(word, "Base64" | "BigDecimal" | "BigInteger" | "Debug" | "Stream" | "System" | "UUID") {
            return Err(Fault::missing(at, &format!("the class [{word}]")));
        }
        Err(Fault::syntax(at, format!("cannot resolve symbol [{word}]")))
    }

    /// `new int[2]`, `new int[] {1, 2}`
    fn array(&mut self, at: usize, class: &str) -> Result<Expr, Fault> {
        let kind = type_of(class).unwrap_or(Cast::To(Type::Def));
        if self.mark_at(1, "]") {
            let mut rank = 0;
            while self.take_mark("[") {
                self.need_mark("]")?;
                rank += 1;
            }
            self.need_mark("{")?;
            let kind = if rank == 1 { kind } else { Cast::To(Type::Def) };
            return Ok(expr(at, Form::Items { kind, items: self.arguments("}")? }));
        }
        let mut lengths = Vec::new();
        while self.take_mark("[") {
            lengths.push(self.expression()?);
            self.need_mark("]")?;
        }
        Ok(expr(at, Form::Array { kind, lengths }))
    }

    /// `Class::name`, `this::name`
    fn reference(&mut self, at: usize, word: &str) -> Result<Expr, Fault> {
        self.need_mark("::")?;
        let name = self.need_word("ID")?;
        let callable = if word == "this" {
            let known = self.known.functions.iter().position(|(known, _)| *known == name);
            Callable::Declared(known.ok_or_else(|| Fault::syntax(at, format!("Unknown reference [this::{name}].")))?)
        } else if name == "new" {
            Callable::Made(word.into())
        } else {
            Callable::Named(word.into(), name.into())
        };
        Ok(expr(at, Form::Reference(Arc::new(callable))))
    }

    /// `Map.Entry::name`, `Map.Entry.name(..)`
    fn of_entries(&mut self, at: usize) -> Result<Expr, Fault> {
        self.next += 2;
        if !self.take_mark(".") {
            return self.reference(at, "Entry");
        }
        let name = self.need_word("ID")?.into();
        self.need_mark("(")?;
        let arguments = self.arguments(")")?;
        Ok(expr(at, Form::Static { class: "Entry".into(), name, arguments }))
    }

    /// A call of a function of the program.
    fn invocation(&mut self, at: usize, name: &str) -> Result<Expr, Fault> {
        self.need_mark("(")?;
        let arguments = self.arguments(")")?;
        let fits = |(known, count): &(String, usize)| known == name && *count == arguments.len();
        let count = arguments.len();
        let unknown = || Fault::syntax(at, format!("Unknown call [{name}] with [{count}] arguments."));
        let function = self.known.functions.iter().position(fits).ok_or_else(unknown)?;
        Ok(expr(at, Form::Invoke { function, arguments }))
    }
}
