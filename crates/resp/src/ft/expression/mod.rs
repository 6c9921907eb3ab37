//! Expressions of `APPLY` and `FILTER`: text to a tree, and its value over the properties of one row.

mod evaluate;
mod functions;
mod parse;
mod scalar;
mod time;

#[cfg(test)]
mod tests;

pub use evaluate::evaluate;
pub use parse::parse;
pub use scalar::{Scalar, exact_text, number_text};

use functions::Function;

#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Value(Scalar),
    /// `@name`
    Property(String),
    Not(Box<Expression>),
    Arithmetic(Operator, Box<Expression>, Box<Expression>),
    Compare(Comparison, Box<Expression>, Box<Expression>),
    And(Box<Expression>, Box<Expression>),
    Or(Box<Expression>, Box<Expression>),
    Call(Function, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Expression {
    /// The properties that it reads, in order, each once.
    pub fn properties(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.gather(&mut found);
        found
    }

    fn gather<'e>(&'e self, found: &mut Vec<&'e str>) {
        match self {
            Self::Value(_) => {}
            Self::Property(name) => {
                if !found.contains(&name.as_str()) {
                    found.push(name);
                }
            }
            Self::Not(inner) => inner.gather(found),
            Self::Arithmetic(_, one, other)
            | Self::Compare(_, one, other)
            | Self::And(one, other)
            | Self::Or(one, other) => {
                one.gather(found);
                other.gather(found);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.gather(found)),
        }
    }
}
