//! What the grammars of expressions and of programs have in common: a place among the tokens, operators by precedence, constants, names of types.

use super::fault::Fault;
use super::token::{Lexeme, Token};
use super::tree::{Binary, Cast, Unary};
use super::value::{Type, Value};

/// Operators by how tightly they bind; those of one row group from the left.
const PRECEDENCE: [&[(&str, Binary)]; 10] = [
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
/// The row in front of which a text is matched with a pattern.
pub(crate) const SHIFTS: usize = 7;
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

pub(crate) fn too_deep(at: usize, limit: usize) -> Fault {
    Fault::syntax(at, format!("the script nests deeper than [{limit}] levels"))
}

/// A place among the tokens, with what else a grammar knows there.
pub(crate) struct Cursor<'a, K> {
    /// Ends with [`Lexeme::End`].
    tokens: &'a [Token],
    pub(crate) next: usize,
    nesting: usize,
    /// How deep it may nest: what reads it recurses.
    most: usize,
    pub(crate) known: K,
}

impl<'a, K> Cursor<'a, K> {
    pub(crate) fn new(tokens: &'a [Token], most: usize, known: K) -> Self {
        Self { tokens, next: 0, nesting: 0, most, known }
    }

    pub(crate) fn token(&self, ahead: usize) -> &Token {
        let last = self.tokens.len().saturating_sub(1);
        &self.tokens[(self.next + ahead).min(last)]
    }

    pub(crate) fn peek(&self) -> &Lexeme {
        &self.token(0).lexeme
    }

    pub(crate) fn at(&self) -> usize {
        self.token(0).at
    }

    pub(crate) fn mark_at(&self, ahead: usize, mark: &str) -> bool {
        matches!(&self.token(ahead).lexeme, Lexeme::Mark(found) if *found == mark)
    }

    pub(crate) fn word_at(&self, ahead: usize) -> Option<&str> {
        match &self.token(ahead).lexeme {
            Lexeme::Word(word) => Some(word),
            _ => None,
        }
    }

    pub(crate) fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.mark_at(0, mark);
        self.next += usize::from(found);
        found
    }

    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let found = self.word_at(0) == Some(word);
        self.next += usize::from(found);
        found
    }

    pub(crate) fn need_mark(&mut self, mark: &str) -> Result<(), Fault> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.unexpected(&format!("'{mark}'"))) }
    }

    /// `expected`: as OpenSearch calls the word in an error.
    pub(crate) fn need_word(&mut self, expected: &str) -> Result<String, Fault> {
        match self.word_at(0).map(str::to_owned) {
            Some(word) => {
                self.next += 1;
                Ok(word)
            }
            None => Err(self.unexpected(expected)),
        }
    }

    pub(crate) fn unexpected(&self, expected: &str) -> Fault {
        if matches!(self.peek(), Lexeme::End) {
            return Fault::grammatical(self.at(), "unexpected end of script.");
        }
        let reason = format!("unexpected token ['{}'] was expecting one of [{expected}].", shown(self.peek()));
        Fault::syntax(self.at(), reason)
    }

    pub(crate) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.nesting >= self.most {
            return Err(too_deep(self.at(), self.most));
        }
        self.nesting += 1;
        let found = read(self);
        self.nesting -= 1;
        found
    }

    /// The operator that comes next with its row, unless it binds looser than `row`.
    pub(crate) fn operator(&self, row: usize) -> Option<(usize, Binary)> {
        let Lexeme::Mark(mark) = self.peek() else { return None };
        let rows = PRECEDENCE.iter().enumerate().skip(row);
        rows.flat_map(|(row, operators)| operators.iter().map(move |operator| (row, operator)))
            .find(|(_, (name, _))| name == mark)
            .map(|(row, (_, operator))| (row, *operator))
    }

    /// The operator that stands before its only operand.
    pub(crate) fn prefix(&self) -> Option<Unary> {
        Some(match self.peek() {
            Lexeme::Mark("+") => Unary::Plus,
            Lexeme::Mark("-") => Unary::Minus,
            Lexeme::Mark("!") => Unary::Not,
            Lexeme::Mark("~") => Unary::Complement,
            _ => return None,
        })
    }

    /// Behind a minus: the least whole number, whose digits alone are none.
    pub(crate) fn take_least(&mut self) -> Option<Value> {
        let least = match self.peek() {
            Lexeme::IntEdge => Value::Int(i32::MIN),
            Lexeme::LongEdge => Value::Long(i64::MIN),
            _ => return None,
        };
        self.next += 1;
        Some(least)
    }

    /// A constant that is written out: a number, a text, true, false, null. `None`: something else stands here.
    pub(crate) fn take_constant(&mut self) -> Result<Option<Value>, Fault> {
        let at = self.at();
        let value = match self.peek() {
            Lexeme::Int(number) => Value::Int(*number),
            Lexeme::Long(number) => Value::Long(*number),
            Lexeme::Float(number) => Value::Float(*number),
            Lexeme::Double(number) => Value::Double(*number),
            Lexeme::Text(text) => Value::Text(text.as_str().into()),
            Lexeme::IntEdge => return Err(Fault::syntax(at, "Invalid int constant [2147483648].")),
            Lexeme::LongEdge => return Err(Fault::syntax(at, "Invalid long constant [9223372036854775808L].")),
            Lexeme::End => return Err(self.unexpected("")),
            Lexeme::Mark(_) | Lexeme::Regex(..) => return Ok(None),
            Lexeme::Word(word) => match word.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                "null" => Value::Null,
                _ => return Ok(None),
            },
        };
        self.next += 1;
        Ok(Some(value))
    }
}

fn shown(lexeme: &Lexeme) -> String {
    match lexeme {
        Lexeme::Word(word) => word.clone(),
        Lexeme::Int(number) => number.to_string(),
        Lexeme::Long(number) => number.to_string(),
        Lexeme::Float(number) => number.to_string(),
        Lexeme::Double(number) => number.to_string(),
        Lexeme::IntEdge => "2147483648".to_owned(),
        Lexeme::LongEdge => "9223372036854775808L".to_owned(),
        Lexeme::Text(text) => format!("\"{text}\""),
        Lexeme::Regex(pattern, flags) => format!("/{pattern}/{flags}"),
        Lexeme::Mark(mark) => (*mark).to_owned(),
        Lexeme::End => "<EOF>".to_owned(),
    }
}
