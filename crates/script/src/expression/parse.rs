//! Tokens to a tree: statements, and expressions by precedence.

use super::fault::Fault;
use super::grammar::{ASSIGNMENTS, Cursor, too_deep, type_of};
use super::token::{Lexeme, Token};
use super::tree::{Binary, Cast, Deed, Expr, Form, Statement, Unary};
use super::value::Value;
use super::{MAX_DEPTH, MAX_NESTING};

/// Statements that the language has and this crate has not.
const OTHER_STATEMENTS: [&str; 9] = ["for", "while", "do", "try", "throw", "break", "continue", "catch", "else"];

/// The statements of a script.
pub(crate) fn script(tokens: &[Token]) -> Result<Vec<Statement>, Fault> {
    let mut parser = Parser::new(tokens, MAX_NESTING, ());
    let mut statements = Vec::new();
    while !matches!(parser.peek(), Lexeme::End) {
        parser.statements(&mut statements)?;
    }
    if statements.is_empty() {
        let at = tokens.last().map_or(0, |token| token.at);
        let reason = "invalid function definition: found no statements for function [execute] with [0] parameters";
        return Err(Fault::syntax(at, reason));
    }
    Ok(statements)
}

type Parser<'a> = Cursor<'a, ()>;

/// A node above others of this depth.
fn grown(at: usize, below: usize, form: Form) -> Result<Expr, Fault> {
    if below >= MAX_DEPTH {
        return Err(too_deep(at, MAX_DEPTH));
    }
    Ok(Expr { at, depth: below + 1, form })
}

impl Parser<'_> {
    /// One statement as written; a declaration of several variables makes several.
    fn statements(&mut self, into: &mut Vec<Statement>) -> Result<(), Fault> {
        let at = self.at();
        let form = match self.peek() {
            Lexeme::Mark("{") => Deed::Block(self.nested(Self::block)?),
            Lexeme::Word(word) if word == "if" => self.nested(Self::condition)?,
            Lexeme::Word(word) if OTHER_STATEMENTS.contains(&word.as_str()) => {
                return Err(Fault::missing(at, &format!("[{word}]")));
            }
            _ => {
                self.plain(into)?;
                return self.end_of_statement();
            }
        };
        into.push(Statement { at, form });
        Ok(())
    }

    fn end_of_statement(&mut self) -> Result<(), Fault> {
        if self.take_mark(";") || matches!(self.peek(), Lexeme::End) || self.mark_at(0, "}") {
            return Ok(());
        }
        if ASSIGNMENTS.iter().any(|(mark, _)| self.mark_at(0, mark)) {
            return Err(Fault::missing(self.at(), "assigning to anything but a variable"));
        }
        Err(self.unexpected("{<EOF>, ';'}"))
    }

    fn block(&mut self) -> Result<Vec<Statement>, Fault> {
        self.need_mark("{")?;
        let mut statements = Vec::new();
        while !self.take_mark("}") {
            if matches!(self.peek(), Lexeme::End) {
                return Err(self.unexpected("'}'"));
            }
            self.statements(&mut statements)?;
        }
        Ok(statements)
    }

    fn condition(&mut self) -> Result<Deed, Fault> {
        self.next += 1;
        self.need_mark("(")?;
        let condition = self.expression()?;
        self.need_mark(")")?;
        let yes = self.branch()?;
        let no = if self.take_word("else") { Some(self.branch()?) } else { None };
        Ok(Deed::If { condition, yes, no })
    }

    fn branch(&mut self) -> Result<Vec<Statement>, Fault> {
        if self.mark_at(0, "{") {
            return self.nested(Self::block);
        }
        let mut statements = Vec::new();
        self.nested(|parser| parser.statements(&mut statements))?;
        Ok(statements)
    }

    /// A statement that ends with a semicolon.
    fn plain(&mut self, into: &mut Vec<Statement>) -> Result<(), Fault> {
        let at = self.at();
        if self.take_word("return") {
            if self.mark_at(0, ";") || matches!(self.peek(), Lexeme::End) {
                return Err(Fault::cast(at, "cannot cast from [def] to [void]"));
            }
            let value = self.expression()?;
            into.push(Statement { at, form: Deed::Return(value) });
            return Ok(());
        }
        if let (Lexeme::Word(kind), Lexeme::Word(name)) = (&self.token(0).lexeme, &self.token(1).lexeme)
            && kind != "new"
            && name != "instanceof"
        {
            let kind = type_of(kind).ok_or_else(|| Fault::missing(at, &format!("the type [{kind}]")))?;
            return self.declarations(kind, into);
        }
        let form = match self.assignment()? {
            Some(assignment) => assignment,
            None => Deed::Evaluate(self.expression()?),
        };
        into.push(Statement { at, form });
        Ok(())
    }

    fn declarations(&mut self, kind: Cast, into: &mut Vec<Statement>) -> Result<(), Fault> {
        self.next += 1;
        let Cast::To(kind) = kind else { return Err(Fault::missing(self.at(), "variables of [byte] and [short]")) };
        loop {
            let at = self.at();
            let name = self.need_word("ID")?;
            if self.mark_at(0, "(") {
                return Err(Fault::missing(at, "declaring functions"));
            }
            let value = if self.take_mark("=") { Some(self.expression()?) } else { None };
            into.push(Statement { at, form: Deed::Declare { kind, name, value } });
            if !self.take_mark(",") {
                return Ok(());
            }
        }
    }

    fn assignment(&mut self) -> Result<Option<Deed>, Fault> {
        for (mark, operator) in [("++", Binary::Add), ("--", Binary::Subtract)] {
            let before = self.mark_at(0, mark);
            if !before && !self.mark_at(1, mark) {
                continue;
            }
            let Lexeme::Word(name) = self.token(usize::from(before)).lexeme.clone() else { break };
            let at = self.at();
            self.next += 2;
            let value = Expr { at, depth: 1, form: Form::Constant(Value::Int(1)) };
            return Ok(Some(Deed::Assign { name, operator: Some(operator), value }));
        }
        let Lexeme::Word(name) = self.peek().clone() else { return Ok(None) };
        let Some((_, operator)) = ASSIGNMENTS.iter().find(|(mark, _)| self.mark_at(1, mark)) else {
            return Ok(None);
        };
        self.next += 2;
        let value = self.expression()?;
        Ok(Some(Deed::Assign { name, operator: *operator, value }))
    }

    fn expression(&mut self) -> Result<Expr, Fault> {
        self.nested(Self::conditional)
    }

    fn conditional(&mut self) -> Result<Expr, Fault> {
        let condition = self.binary(0)?;
        let at = self.at();
        if self.take_mark("?:") {
            let right = self.nested(Self::conditional)?;
            let depth = condition.depth.max(right.depth);
            return grown(at, depth, Form::Elvis { left: Box::new(condition), right: Box::new(right) });
        }
        if !self.take_mark("?") {
            return Ok(condition);
        }
        let yes = self.expression()?;
        self.need_mark(":")?;
        let no = self.expression()?;
        let depth = condition.depth.max(yes.depth).max(no.depth);
        let (condition, yes, no) = (Box::new(condition), Box::new(yes), Box::new(no));
        grown(at, depth, Form::Conditional { condition, yes, no })
    }

    /// Operators of the row `row` and of those that bind tighter.
    fn binary(&mut self, row: usize) -> Result<Expr, Fault> {
        let mut left = self.unary()?;
        loop {
            if self.word_at(0) == Some("instanceof") {
                return Err(Fault::missing(self.at(), "[instanceof]"));
            }
            let Some((found, operator)) = self.operator(row) else { return Ok(left) };
            let at = self.at();
            self.next += 1;
            let right = self.nested(|parser| parser.binary(found + 1))?;
            let depth = left.depth.max(right.depth);
            left = grown(at, depth, Form::Binary { operator, left: Box::new(left), right: Box::new(right) })?;
        }
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        if self.mark_at(0, "++") || self.mark_at(0, "--") {
            return Err(Fault::missing(at, "an increment inside an expression"));
        }
        if self.mark_at(0, "(") && self.mark_at(2, ")") {
            let Some(to) = self.word_at(1).and_then(type_of) else { return self.postfix() };
            self.next += 3;
            let of = self.nested(Self::unary)?;
            return grown(at, of.depth, Form::Cast { to, of: Box::new(of) });
        }
        let Some(operator) = self.prefix() else { return self.postfix() };
        self.next += 1;
        if operator == Unary::Minus
            && let Some(least) = self.take_least()
        {
            return grown(at, 0, Form::Constant(least));
        }
        let of = self.nested(Self::unary)?;
        grown(at, of.depth, Form::Unary { operator, of: Box::new(of) })
    }

    fn postfix(&mut self) -> Result<Expr, Fault> {
        let mut of = self.primary()?;
        loop {
            let at = self.at();
            let null_safe = self.mark_at(0, "?.");
            if self.take_mark("[") {
                let index = self.expression()?;
                self.need_mark("]")?;
                let depth = of.depth.max(index.depth);
                of = grown(at, depth, Form::Index { of: Box::new(of), index: Box::new(index) })?;
            } else if self.take_mark(".") || self.take_mark("?.") {
                let name = self.need_word("DOTID")?;
                let of_box = Box::new(of);
                let below = of_box.depth;
                of = if self.take_mark("(") {
                    let arguments = self.arguments()?;
                    let depth = arguments.iter().map(|argument| argument.depth).fold(below, usize::max);
                    grown(at, depth, Form::Call { of: of_box, name, arguments, null_safe })?
                } else {
                    grown(at, below, Form::Member { of: of_box, name, null_safe })?
                };
            } else if self.mark_at(0, "++") || self.mark_at(0, "--") {
                return Err(Fault::missing(at, "an increment inside an expression"));
            } else {
                return Ok(of);
            }
        }
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Fault> {
        let mut arguments = Vec::new();
        if self.take_mark(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.take_mark(",") {
                self.need_mark(")")?;
                return Ok(arguments);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        if let Some(value) = self.take_constant()? {
            return grown(at, 0, Form::Constant(value));
        }
        match self.peek().clone() {
            Lexeme::Mark("(") => {
                self.next += 1;
                let inner = self.expression()?;
                self.need_mark(")")?;
                Ok(inner)
            }
            Lexeme::Mark("[") => Err(Fault::missing(at, "a list or a map written out")),
            Lexeme::Mark(mark) => Err(Fault::grammatical(at, format!("invalid sequence of tokens near ['{mark}']."))),
            Lexeme::Word(word) if word == "new" => Err(Fault::missing(at, "[new]")),
            Lexeme::Word(word) => self.name(word),
            _ => Err(self.unexpected("")),
        }
    }

    fn name(&mut self, word: String) -> Result<Expr, Fault> {
        let at = self.at();
        self.next += 1;
        if self.take_mark("(") {
            let arguments = self.arguments()?.len();
            return Err(Fault::syntax(at, format!("Unknown call [{word}] with [{arguments}] arguments.")));
        }
        if self.mark_at(0, "->") || self.mark_at(0, "::") {
            return Err(Fault::missing(at, "a function as a value"));
        }
        grown(at, 0, Form::Name(word))
    }
}
