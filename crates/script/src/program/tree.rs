//! A program as it runs: names are places of a frame, everything else is known when it is there.

use std::sync::Arc;

use crate::expression::tree::{Binary, Cast, Unary};
use crate::expression::value::Value;

#[derive(Clone, Debug)]
pub(crate) struct Expr {
    /// In bytes of the source.
    pub(crate) at: usize,
    pub(crate) form: Form,
}

#[derive(Clone, Debug)]
pub(crate) enum Form {
    Constant(Value),
    Local(usize),
    /// `params`, `ctx`, `doc` ..
    Global(Arc<str>),
    Member {
        of: Box<Expr>,
        name: Arc<str>,
        null_safe: bool,
    },
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    Call {
        of: Box<Expr>,
        name: Arc<str>,
        arguments: Vec<Expr>,
        null_safe: bool,
    },
    /// `Class.name(..)`
    Static {
        class: Arc<str>,
        name: Arc<str>,
        arguments: Vec<Expr>,
    },
    New {
        class: Arc<str>,
        arguments: Vec<Expr>,
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
    Elvis {
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Cast {
        to: Cast,
        of: Box<Expr>,
    },
    InstanceOf {
        of: Box<Expr>,
        class: Arc<str>,
    },
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Lambda(Arc<Lambda>),
    /// `target = value`, `target += value`.
    Assign {
        target: Box<Expr>,
        operator: Option<Binary>,
        value: Box<Expr>,
    },
    /// `target++`; `before`: its value is the new one.
    Increment {
        target: Box<Expr>,
        operator: Binary,
        before: bool,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) at: usize,
    pub(crate) deed: Deed,
}

#[derive(Clone, Debug)]
pub(crate) enum Deed {
    Declare {
        local: usize,
        kind: Cast,
        value: Option<Expr>,
    },
    Evaluate(Expr),
    If {
        condition: Expr,
        yes: Box<Step>,
        no: Option<Box<Step>>,
    },
    Block(Vec<Step>),
    /// `for (start; condition; then)`, and `while`.
    Loop {
        start: Vec<Step>,
        condition: Option<Expr>,
        then: Vec<Expr>,
        body: Box<Step>,
    },
    DoWhile {
        condition: Expr,
        body: Box<Step>,
    },
    Each {
        local: usize,
        of: Expr,
        body: Box<Step>,
    },
    Return(Option<Expr>),
    Break,
    Continue,
    Throw(Expr),
}

/// A function written in a program: its parameters are places of the frame that it was written in.
#[derive(Debug)]
pub(crate) struct Lambda {
    pub(crate) parameters: Vec<usize>,
    pub(crate) body: Step,
}
