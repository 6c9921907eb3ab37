//! Tokens to a program: statements and loops; names of variables become places. Expressions are [`super::expressions`].

use super::tree::{Catch, Declared, Deed, Expr, Form, Step};
use crate::expression::fault::Fault;
use crate::expression::grammar::{Cursor, type_of};
use crate::expression::token::{Lexeme, Token};
use crate::expression::tree::Cast;
use crate::expression::value::Type;

/// How deep statements and expressions may nest: what reads and runs them recurses.
pub(super) const MAX_NESTING: usize = 100;
/// Variables of one program.
const MAX_LOCALS: usize = 10_000;
pub(super) const CLASSES: [&str; 30] = [
    "Collectors",
    "Comparator",
    "Function",
    "IntStream",
    "LongStream",
    "Optional",
    "OptionalInt",
    "Pattern",
    "Short",
    "Byte",
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
    "Character",
    "Number",
];
/// Types of variables whose values are not converted.
pub(super) const LOOSE: [&str; 66] = [
    "ChronoUnit",
    "Date",
    "DateTimeFormatter",
    "DayOfWeek",
    "Duration",
    "LocalDate",
    "LocalDateTime",
    "LocalTime",
    "Month",
    "OffsetDateTime",
    "Period",
    "SimpleDateFormat",
    "ZoneId",
    "char",
    "RuntimeException",
    "BiConsumer",
    "BiFunction",
    "BiPredicate",
    "BinaryOperator",
    "Character",
    "CharSequence",
    "Comparator",
    "Consumer",
    "Deque",
    "DoubleStream",
    "Exception",
    "ArithmeticException",
    "ArrayDeque",
    "Function",
    "IllegalArgumentException",
    "IllegalStateException",
    "IntStream",
    "Iterator",
    "LinkedHashSet",
    "LinkedList",
    "ListIterator",
    "LongStream",
    "Matcher",
    "Optional",
    "OptionalDouble",
    "OptionalInt",
    "OptionalLong",
    "Pattern",
    "Predicate",
    "Queue",
    "SortedMap",
    "Stream",
    "StringBuffer",
    "Supplier",
    "TreeMap",
    "UnaryOperator",
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

/// A program as it was read.
pub(crate) struct Read {
    pub(crate) functions: Vec<Declared>,
    pub(crate) body: Vec<Step>,
    /// How many variables the body has.
    pub(crate) locals: usize,
}

/// Reads a program: its functions, and what it does. `globals`: names that are there beside variables.
pub(crate) fn program<'a>(tokens: &'a [Token], globals: &'a [&'a str]) -> Result<Read, Fault> {
    let names = Names { globals, scope: Vec::new(), locals: 0, functions: Vec::new(), open: Vec::new() };
    let mut parser = Parser::new(tokens, MAX_NESTING, names);
    parser.note_functions();
    let mut functions = Vec::new();
    while let Some(head) = parser.function_head() {
        functions.push(parser.function(head)?);
    }
    let mut body = Vec::new();
    while !matches!(parser.peek(), Lexeme::End) {
        parser.statements(&mut body)?;
    }
    give_last(&mut body);
    Ok(Read { functions, body, locals: parser.known.locals })
}

/// What ends in a value gives it.
pub(super) fn give_last(steps: &mut [Step]) {
    let Some(last) = steps.last_mut() else { return };
    match &mut last.deed {
        Deed::Block(inner) => give_last(inner),
        Deed::If { yes, no, .. } => {
            give_last(std::slice::from_mut(&mut **yes));
            no.iter_mut().for_each(|no| give_last(std::slice::from_mut(&mut **no)));
        }
        Deed::Try { body, catches } => {
            give_last(std::slice::from_mut(&mut **body));
            catches.iter_mut().for_each(|one| give_last(std::slice::from_mut(&mut one.body)));
        }
        deed @ Deed::Evaluate(_) => {
            if let Deed::Evaluate(value) = std::mem::replace(deed, Deed::Break) {
                *deed = Deed::Return(Some(value));
            }
        }
        _ => {}
    }
}

/// The names of a program.
pub(super) struct Names<'a> {
    pub(super) globals: &'a [&'a str],
    /// Variables that can be named here, the innermost last.
    pub(super) scope: Vec<(String, usize)>,
    /// Variables until now.
    pub(super) locals: usize,
    /// Functions, each with how many arguments it takes.
    pub(super) functions: Vec<(String, usize)>,
    /// Functions in place that are being read: where their own variables begin, and which others they name.
    pub(super) open: Vec<(usize, Vec<usize>)>,
}

/// How a function begins: what it gives, its name, and how many tokens that takes.
struct Head {
    returns: Cast,
    name: String,
    tokens: usize,
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
            Some("try") => self.attempt()?,
            Some("else") => return Err(self.unexpected("a statement")),
            _ => {
                self.plain(into)?;
                return self.end();
            }
        };
        into.push(Step { at, deed });
        Ok(())
    }

    fn attempt(&mut self) -> Result<Deed, Fault> {
        self.next += 1;
        let body = Box::new(Step { at: self.at(), deed: Deed::Block(self.block()?) });
        let mut catches = Vec::new();
        while self.take_word("catch") {
            catches.push(self.scoped(|parser| {
                parser.need_mark("(")?;
                let at = parser.at();
                let class = parser.need_word("TYPE")?;
                if super::library::exceptions::kind_of(&class).is_none() {
                    let reason = format!("invalid catch declaration: cannot resolve type [{class}]");
                    return Err(Fault::syntax(at, reason));
                }
                let name = parser.need_word("ID")?;
                let local = parser.declare(&name, at)?;
                parser.need_mark(")")?;
                let body = Step { at, deed: Deed::Block(parser.block()?) };
                Ok(Catch { class: class.into(), local, body })
            })?);
        }
        if catches.is_empty() { Err(self.unexpected("'catch'")) } else { Ok(Deed::Try { body, catches }) }
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
        let kind = if self.is_entry(0) { 3 } else { 1 };
        let each = self.word_at(0).is_some()
            && self.word_at(kind).is_some()
            && (self.mark_at(kind + 1, ":") || self.word_at(kind + 1) == Some("in"));
        if each || self.word_at(1) == Some("in") {
            self.next += if each { kind } else { 0 };
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
        if self.is_entry(0) {
            ahead = 3;
        }
        while self.mark_at(ahead, "[") && self.mark_at(ahead + 1, "]") {
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

    /// Whether `Map.Entry` stands there.
    pub(super) fn is_entry(&self, ahead: usize) -> bool {
        self.word_at(ahead) == Some("Map") && self.mark_at(ahead + 1, ".") && self.word_at(ahead + 2) == Some("Entry")
    }

    fn declarations(&mut self, kind: Cast, into: &mut Vec<Step>) -> Result<(), Fault> {
        loop {
            let at = self.at();
            let name = self.need_word("ID")?;
            let value = if self.take_mark("=") { Some(self.expression()?) } else { None };
            let local = self.declare(&name, at)?;
            into.push(Step { at, deed: Deed::Declare { local, kind, value } });
            if !self.take_mark(",") {
                return Ok(());
            }
        }
    }

    /// How a function begins that is declared here; `None`: none is.
    fn function_head(&self) -> Option<Head> {
        let kind = self.word_at(0)?;
        let mut tokens = 1;
        while self.mark_at(tokens, "[") && self.mark_at(tokens + 1, "]") {
            tokens += 2;
        }
        let returns = match type_of(kind) {
            Some(known) if tokens == 1 => known,
            None if kind != "void" && !LOOSE.contains(&kind) => return None,
            _ => Cast::To(Type::Def),
        };
        let name = self.word_at(tokens)?.to_owned();
        self.mark_at(tokens + 1, "(").then_some(Head { returns, name, tokens: tokens + 1 })
    }

    /// Looks through the functions in front of the program, so that each may call those behind it.
    fn note_functions(&mut self) {
        let begin = self.next;
        while let Some(head) = self.function_head() {
            self.next += head.tokens;
            let (mut depth, mut arguments, mut is_body) = (0_usize, 0, false);
            loop {
                match self.peek() {
                    Lexeme::End => break,
                    Lexeme::Mark("(" | "{") => {
                        is_body |= self.mark_at(0, "{");
                        depth += 1;
                    }
                    Lexeme::Mark(")" | "}") => depth = depth.saturating_sub(1),
                    Lexeme::Word(_) if !is_body && depth == 1 && arguments == 0 => arguments = 1,
                    Lexeme::Mark(",") if !is_body && depth == 1 => arguments += 1,
                    _ => {}
                }
                self.next += 1;
                if depth == 0 && is_body {
                    break;
                }
            }
            self.known.functions.push((head.name, arguments));
        }
        self.next = begin;
    }

    /// Reads a function, whose names are its own.
    fn function(&mut self, head: Head) -> Result<Declared, Fault> {
        let at = self.at();
        self.next += head.tokens;
        self.need_mark("(")?;
        let (scope, locals) = (std::mem::take(&mut self.known.scope), std::mem::take(&mut self.known.locals));
        let mut parameters = Vec::new();
        while !self.take_mark(")") {
            let kind = self.declared_type().ok_or_else(|| self.unexpected("TYPE"))?;
            let place = self.at();
            let name = self.need_word("ID")?;
            parameters.push((self.declare(&name, place)?, kind));
            if !self.mark_at(0, ")") {
                self.need_mark(",")?;
            }
        }
        let mut body = self.block()?;
        give_last(&mut body);
        let own = std::mem::replace(&mut self.known.locals, locals);
        self.known.scope = scope;
        let body = Step { at, deed: Deed::Block(body) };
        Ok(Declared { name: head.name.into(), parameters, returns: head.returns, locals: own, body })
    }
}
