//! The tree of a script as it was written.

use super::value::{Type, Value};

#[derive(Debug)]
pub(crate) struct Expr {
    /// Where its operator or its first word stands, in bytes.
    pub(crate) at: usize,
    /// Of the tree from here.
    pub(crate) depth: usize,
    pub(crate) form: Form,
}

#[derive(Debug)]
pub(crate) enum Form {
    Constant(Value),
    /// A variable or a class.
    Name(String),
    /// `of.name`; with `null_safe`, null gives null.
    Member {
        of: Box<Expr>,
        name: String,
        null_safe: bool,
    },
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    Call {
        of: Box<Expr>,
        name: String,
        arguments: Vec<Expr>,
        null_safe: bool,
    },
    Unary {
        operator: Unary,
        of: Box<Expr>,
    },
    Binary {
        operator: Binary,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Conditional {
        condition: Box<Expr>,
        yes: Box<Expr>,
        no: Box<Expr>,
    },
    /// `left ?: right`
    Elvis {
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Cast {
        to: Cast,
        of: Box<Expr>,
    },
}

/// What a cast names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    To(Type),
    Byte,
    Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unary {
    Plus,
    Minus,
    Not,
    Complement,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    BitAnd,
    BitOr,
    BitXor,
    ShiftLeft,
    ShiftRight,
    ShiftRightUnsigned,
}

impl Binary {
    pub(crate) fn mark(self) -> &'static str {
        use Binary::*;
        match self {
            Add => "+",
            Subtract => "-",
            Multiply => "*",
            Divide => "/",
            Remainder => "%",
            And => "&&",
            Or => "||",
            Equal => "==",
            NotEqual => "!=",
            Less => "<",
            LessEqual => "<=",
            Greater => ">",
            GreaterEqual => ">=",
            BitAnd => "&",
            BitOr => "|",
            BitXor => "^",
            ShiftLeft => "<<",
            ShiftRight => ">>",
            ShiftRightUnsigned => ">>>",
        }
    }
}

#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) at: usize,
    pub(crate) form: Deed,
}

#[derive(Debug)]
pub(crate) enum Deed {
    Declare {
        kind: Type,
        name: String,
        value: Option<Expr>,
    },
    /// `name = value`; with an operator, `name += value`.
    Assign {
        name: String,
        operator: Option<Binary>,
        value: Expr,
    },
    If {
        condition: Expr,
        yes: Vec<Statement>,
        no: Option<Vec<Statement>>,
    },
    Block(Vec<Statement>),
    Return(Expr),
    Evaluate(Expr),
}
