//! A program as it runs: names are places of a frame, everything else is known when it is there.

use std::sync::Arc;

use super::functions::Callable;
use super::library::patterns::Pattern;
use super::object::Object;
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
    /// A constant of a class.
    Fixed(Object),
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
    /// `Class::name`, `this::name`, `Class::new`
    Reference(Arc<Callable>),
    /// `of::name`
    Bound {
        of: Box<Expr>,
        name: Arc<str>,
    },
    /// A function of the program, by its number.
    Invoke {
        function: usize,
        arguments: Vec<Expr>,
    },
    Pattern(Arc<Pattern>),
    /// `of =~ pattern`; `whole`: `of ==~ pattern`.
    Matches {
        of: Box<Expr>,
        pattern: Box<Expr>,
        whole: bool,
    },
    /// `new kind[length][length]`
    Array {
        kind: Cast,
        lengths: Vec<Expr>,
    },
    /// `new kind[] {..}`
    Items {
        kind: Cast,
        items: Vec<Expr>,
    },
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
    Try {
        body: Box<Step>,
        catches: Vec<Catch>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Catch {
    pub(crate) class: Arc<str>,
    pub(crate) local: usize,
    pub(crate) body: Step,
}

/// A function that a program declares: it has a frame of its own.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) name: Arc<str>,
    pub(crate) parameters: Vec<(usize, Cast)>,
    pub(crate) returns: Cast,
    pub(crate) locals: usize,
    pub(crate) body: Step,
}

/// A function written in a program: its parameters are places of the frame that it was written in.
#[derive(Debug)]
pub(crate) struct Lambda {
    pub(crate) parameters: Vec<usize>,
    /// Variables from around it that it names.
    pub(crate) captured: Vec<usize>,
    /// Variables of a frame that has it run elsewhere.
    pub(crate) locals: usize,
    pub(crate) body: Step,
}
