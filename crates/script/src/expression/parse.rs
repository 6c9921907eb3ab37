//! Tokens to a tree: statements, and expressions by precedence.

use super::fault::Fault;
use super::token::{Lexeme, Token};
use super::tree::{Binary, Cast, Deed, Expr, Form, Statement, Unary};
use super::value::{Type, Value};
use super::{MAX_DEPTH, MAX_NESTING};

/// Operators by how tightly they bind; those of one row group from the left.
pub(crate) const PRECEDENCE: [&[(&str, Binary)]; 10] = [
    &[("||", Binary::Or)],
    &[("&&", Binary::And)],
    &[("|", Binary::BitOr)],
    &[("^", Binary::BitXor)],
    &[("&", Binary::BitAnd)],
    &[("==", Binary::Equal), ("!=", Binary::NotEqual), ("===", Binary::Equal), ("!==", Binary::NotEqual)],
    &[("<", Binary::Less), ("<=", Binary::LessEqual), (">", Binary::Greater), (">=", Binary::GreaterEqual)],
    &[("<<", Binary::ShiftLeft), (">>", Binary::ShiftRight), (">>>", Binary::ShiftRightUnsigned)],
    &[("+", Binary::Add), ("-", Binary::Subtract)],
    &[("*", Binary::Multiply), ("/", Binary::Divide), ("%", Binary::Remainder)],
];
pub(crate) const ASSIGNMENTS: [(&str, Option<Binary>); 9] = [
    ("=", None),
    ("+=", Some(Binary::Add)),
    ("-=", Some(Binary::Subtract)),
    ("*=", Some(Binary::Multiply)),
    ("/=", Some(Binary::Divide)),
    ("%=", Some(Binary::Remainder)),
    ("&=", Some(Binary::BitAnd)),
    ("|=", Some(Binary::BitOr)),
    ("^=", Some(Binary::BitXor)),
];
/// Statements that the language has and this crate has not.
const OTHER_STATEMENTS: [&str; 9] = ["for", "while", "do", "try", "throw", "break", "continue", "catch", "else"];

/// The statements of a script.
pub(crate) fn script(tokens: &[Token]) -> Result<Vec<Statement>, Fault> {
    let mut parser = Parser { tokens, next: 0, nesting: 0 };
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

struct Parser<'a> {
    /// Ends with [`Lexeme::End`].
    tokens: &'a [Token],
    next: usize,
    nesting: usize,
}

/// A node above others of this depth.
fn grown(at: usize, below: usize, form: Form) -> Result<Expr, Fault> {
    if below >= MAX_DEPTH {
        return Err(too_deep(at, MAX_DEPTH));
    }
    Ok(Expr { at, depth: below + 1, form })
}

fn too_deep(at: usize, limit: usize) -> Fault {
    Fault::syntax(at, format!("the script nests deeper than [{limit}] levels"))
}

/// The type of this name, where it is one that is known here.
pub(crate) fn type_of(name: &str) -> Option<Cast> {
    Some(match name {
        "def" | "Object" => Cast::To(Type::Def),
        "int" | "Integer" => Cast::To(Type::Int),
        "long" | "Long" => Cast::To(Type::Long),
        "float" | "Float" => Cast::To(Type::Float),
        "double" | "Double" => Cast::To(Type::Double),
        "boolean" | "Boolean" => Cast::To(Type::Bool),
        "String" => Cast::To(Type::Text),
        "byte" | "Byte" => Cast::Byte,
        "short" | "Short" => Cast::Short,
        _ => return None,
    })
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

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Lexeme::Mark(found) if *found == mark)
    }

    fn is_mark_ahead(&self, ahead: usize, mark: &str) -> bool {
        matches!(&self.token(ahead).lexeme, Lexeme::Mark(found) if *found == mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Lexeme::Word(found) if found == word)
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        self.next += usize::from(found);
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.next += usize::from(found);
        found
    }

    fn need_mark(&mut self, mark: &str) -> Result<(), Fault> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("'{mark}'"))) }
    }

    fn shown(&self) -> String {
        match self.peek() {
            Lexeme::Word(word) => word.clone(),
            Lexeme::Int(number) => number.to_string(),
            Lexeme::Long(number) => number.to_string(),
            Lexeme::Float(number) => number.to_string(),
            Lexeme::Double(number) => number.to_string(),
            Lexeme::IntEdge => "2147483648".to_owned(),
            Lexeme::LongEdge => "9223372036854775808L".to_owned(),
            Lexeme::Text(text) => format!("\"{text}\""),
            Lexeme::Mark(mark) => (*mark).to_owned(),
            Lexeme::End => "<EOF>".to_owned(),
        }
    }

    fn unexpected(&self, expected: &str) -> Fault {
        if matches!(self.peek(), Lexeme::End) {
            return Fault::grammatical(self.at(), "unexpected end of script.");
        }
        Fault::syntax(self.at(), format!("unexpected token ['{}'] was expecting one of [{expected}].", self.shown()))
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.nesting >= MAX_NESTING {
            return Err(too_deep(self.at(), MAX_NESTING));
        }
        self.nesting += 1;
        let found = read(self);
        self.nesting -= 1;
        found
    }

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
        if self.take_mark(";") || matches!(self.peek(), Lexeme::End) || self.is_mark("}") {
            return Ok(());
        }
        if ASSIGNMENTS.iter().any(|(mark, _)| self.is_mark(mark)) {
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
        if self.is_mark("{") {
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
            if self.is_mark(";") || matches!(self.peek(), Lexeme::End) {
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
            let Lexeme::Word(name) = self.peek().clone() else { return Err(self.unexpected("ID")) };
            self.next += 1;
            if self.is_mark("(") {
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
            let before = self.is_mark(mark);
            if !before && !self.is_mark_ahead(1, mark) {
                continue;
            }
            let Lexeme::Word(name) = self.token(usize::from(before)).lexeme.clone() else { break };
            let at = self.at();
            self.next += 2;
            let value = Expr { at, depth: 1, form: Form::Constant(Value::Int(1)) };
            return Ok(Some(Deed::Assign { name, operator: Some(operator), value }));
        }
        let Lexeme::Word(name) = self.peek().clone() else { return Ok(None) };
        let Some((_, operator)) = ASSIGNMENTS.iter().find(|(mark, _)| self.is_mark_ahead(1, mark)) else {
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
            if self.is_word("instanceof") {
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

    /// The operator that comes next with its row, unless it binds looser than `row`.
    fn operator(&self, row: usize) -> Option<(usize, Binary)> {
        let Lexeme::Mark(mark) = self.peek() else { return None };
        let rows = PRECEDENCE.iter().enumerate().skip(row);
        rows.flat_map(|(row, operators)| operators.iter().map(move |operator| (row, operator)))
            .find(|(_, (name, _))| name == mark)
            .map(|(row, (_, operator))| (row, *operator))
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let at = self.at();
        let operator = match self.peek() {
            Lexeme::Mark("+") => Unary::Plus,
            Lexeme::Mark("-") => Unary::Minus,
            Lexeme::Mark("!") => Unary::Not,
            Lexeme::Mark("~") => Unary::Complement,
            Lexeme::Mark("++" | "--") => return Err(Fault::missing(at, "an increment inside an expression")),
            Lexeme::Mark("(") if self.is_mark_ahead(2, ")") => {
                let Lexeme::Word(name) = &self.token(1).lexeme else { return self.postfix() };
                let Some(to) = type_of(name) else { return self.postfix() };
                self.next += 3;
                let of = self.nested(Self::unary)?;
                return grown(at, of.depth, Form::Cast { to, of: Box::new(of) });
            }
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
                return grown(at, 0, Form::Constant(edge));
            }
        }
        let of = self.nested(Self::unary)?;
        grown(at, of.depth, Form::Unary { operator, of: Box::new(of) })
    }

    fn postfix(&mut self) -> Result<Expr, Fault> {
        let mut of = self.primary()?;
        loop {
            let at = self.at();
            let null_safe = self.is_mark("?.");
            if self.take_mark("[") {
                let index = self.expression()?;
                self.need_mark("]")?;
                let depth = of.depth.max(index.depth);
                of = grown(at, depth, Form::Index { of: Box::new(of), index: Box::new(index) })?;
            } else if self.take_mark(".") || self.take_mark("?.") {
                let Lexeme::Word(name) = self.peek().clone() else { return Err(self.unexpected("DOTID")) };
                self.next += 1;
                let of_box = Box::new(of);
                let below = of_box.depth;
                of = if self.take_mark("(") {
                    let arguments = self.arguments()?;
                    let depth = arguments.iter().map(|argument| argument.depth).fold(below, usize::max);
                    grown(at, depth, Form::Call { of: of_box, name, arguments, null_safe })?
                } else {
                    grown(at, below, Form::Member { of: of_box, name, null_safe })?
                };
            } else if self.is_mark("++") || self.is_mark("--") {
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
        let value = match self.peek().clone() {
            Lexeme::Int(number) => Value::Int(number),
            Lexeme::Long(number) => Value::Long(number),
            Lexeme::Float(number) => Value::Float(number),
            Lexeme::Double(number) => Value::Double(number),
            Lexeme::Text(text) => Value::Text(text.into()),
            Lexeme::IntEdge => return Err(Fault::syntax(at, "Invalid int constant [2147483648].")),
            Lexeme::LongEdge => return Err(Fault::syntax(at, "Invalid long constant [9223372036854775808L].")),
            Lexeme::End => return Err(self.unexpected("")),
            Lexeme::Mark("(") => {
                self.next += 1;
                let inner = self.expression()?;
                self.need_mark(")")?;
                return Ok(inner);
            }
            Lexeme::Mark("[") => return Err(Fault::missing(at, "a list or a map written out")),
            Lexeme::Mark(mark) => {
                return Err(Fault::grammatical(at, format!("invalid sequence of tokens near ['{mark}'].")));
            }
            Lexeme::Word(word) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                "new" => return Err(Fault::missing(at, "[new]")),
                _ => return self.name(word),
            },
        };
        self.next += 1;
        grown(at, 0, Form::Constant(value))
    }

    fn name(&mut self, word: String) -> Result<Expr, Fault> {
        let at = self.at();
        self.next += 1;
        if self.take_mark("(") {
            let arguments = self.arguments()?.len();
            return Err(Fault::syntax(at, format!("Unknown call [{word}] with [{arguments}] arguments.")));
        }
        if self.is_mark("->") || self.is_mark("::") {
            return Err(Fault::missing(at, "a function as a value"));
        }
        grown(at, 0, Form::Name(word))
    }
}
