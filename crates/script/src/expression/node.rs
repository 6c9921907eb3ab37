//! A checked script: names are resolved, types meet, constants are folded.

use std::sync::Arc;

use super::math::Function;
use super::moving::MovingFunction;
use super::tree::{Binary, Unary};
use super::value::{Type, Value};

#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// In bytes of the source.
    pub(crate) at: usize,
    pub(crate) kind: Type,
    pub(crate) form: Form,
}

#[derive(Clone, Debug)]
pub(crate) enum Form {
    Constant(Value),
    /// `params.name`
    Param(Arc<str>),
    /// `params[..]`
    ParamOf(Box<Node>),
    /// `params.containsKey(..)`
    HasParam(Box<Node>),
    Local(usize),
    /// `values`
    Window,
    Unary {
        operator: Unary,
        of: Box<Node>,
    },
    Binary {
        operator: Binary,
        left: Box<Node>,
        right: Box<Node>,
    },
    Conditional {
        condition: Box<Node>,
        yes: Box<Node>,
        no: Box<Node>,
    },
    Elvis {
        left: Box<Node>,
        right: Box<Node>,
    },
    Convert {
        how: Convert,
        of: Box<Node>,
    },
    Index {
        of: Box<Node>,
        index: Box<Node>,
    },
    /// `of.name(arguments)`, and `of.name` as a call without arguments where `is_field`.
    Method {
        of: Box<Node>,
        name: Arc<str>,
        arguments: Vec<Node>,
        is_field: bool,
        null_safe: bool,
    },
    Math {
        function: Function,
        arguments: Vec<Node>,
    },
    Moving {
        function: MovingFunction,
        arguments: Vec<Node>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Convert {
    /// Where a type is needed.
    Widen(Type),
    /// `(type) value`
    Cast(Type),
    Byte,
    Short,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Set { local: usize, value: Node },
    If { condition: Node, yes: Vec<Step>, no: Vec<Step> },
    Block(Vec<Step>),
    Evaluate(Node),
    Return(Node),
}
