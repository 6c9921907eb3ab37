//! Expressions as people write them in Painless: compiled once, run for each bucket or document.
//!
//! [`token`] cuts the source, [`parse`] makes a tree, [`check`] finds types, folds constants and refuses, [`run`] computes. Numbers behave
//! as in Java: whole numbers of 32 and 64 bits wrap and divide without a rest, floats of 32 and 64 bits follow IEEE 754. Not here: loops,
//! functions of one's own, objects, regular expressions, and any class but a few; each is an error that names it.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::Error;

use fault::Fault;
use run::Frame;
use tree::Statement;
use value::Value;

mod check;
pub(crate) mod fault;
pub(crate) mod grammar;
pub(crate) mod math;
mod moving;
pub(crate) mod node;
pub(crate) mod operate;
mod parse;
pub(crate) mod run;
pub(crate) mod token;
pub(crate) mod tree;
pub mod value;

#[cfg(test)]
mod tests;

/// OpenSearch's `script.max_size_in_bytes`.
pub(crate) const MAX_BYTES: usize = 65_535;
/// How deep parentheses and blocks may nest: what reads them recurses.
const MAX_NESTING: usize = 60;
/// How deep a tree may be (a sum of so many terms): what walks it recurses.
const MAX_DEPTH: usize = 200;

/// What `params` names.
pub type Params = BTreeMap<Arc<str>, Value>;

/// What a script is for: what it must give, and what it may name beside `params`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Any value.
    Any,
    /// A number, or null: `bucket_script`.
    Number,
    /// True or false: `bucket_selector`.
    Boolean,
    /// A float, with `values` and `MovingFunctions`: `moving_fn`.
    Moving,
}

/// A script that has been read and checked.
#[derive(Clone, Debug)]
pub struct Expression {
    source: Arc<str>,
    purpose: Purpose,
    body: Vec<node::Step>,
    /// How many variables it declares.
    locals: usize,
}

impl Expression {
    /// Reads and checks a source.
    ///
    /// # Errors
    /// `script_exception`: the place, and as its cause what is wrong there, or what is not implemented.
    pub fn compile(source: &str, purpose: Purpose) -> Result<Self, Error> {
        if source.len() > MAX_BYTES {
            let size = source.len();
            let reason = format!("exceeded max allowed inline script size in bytes [{MAX_BYTES}] with size [{size}]");
            return Err(Error::illegal_argument(reason));
        }
        let statements: Result<Vec<Statement>, Fault> = token::tokens(source).and_then(|tokens| parse::script(&tokens));
        let checked = statements.and_then(|statements| check::script(&statements, purpose));
        let (body, locals) = checked.map_err(|fault| fault.error("compile error", source))?;
        Ok(Self { source: Arc::from(source), purpose, body, locals })
    }

    /// Computes the value; `values` are the numbers of a moving function's window.
    ///
    /// # Errors
    /// `script_exception`: types that do not fit, a division by zero of whole numbers.
    pub fn run(&self, params: &Params, values: &[f64]) -> Result<Value, Error> {
        let mut frame = Frame::new(params, values, self.locals);
        let found = frame.steps(&self.body).and_then(|value| value::returned(value, self.purpose));
        found.map_err(|fault| fault.error("runtime error", &self.source))
    }
}
