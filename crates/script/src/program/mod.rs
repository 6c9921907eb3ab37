//! Programs in the words of Painless: statements, loops, lists and maps, over what they are given. Types are found out as they run.
//!
//! [`parse`] makes a tree, [`run`] walks it, [`library`] is what values can do. A run ends after a number of steps, whatever it does, and holds so
//! many lists, maps and entries at most. Not here: what time it is.

use std::sync::Arc;

use model::error::{Error, ErrorKind};

use crate::expression::fault::Fault;
use crate::expression::{MAX_BYTES, token};

mod compact;
mod expressions;
mod functions;
mod library;
mod literals;
pub mod object;
mod parse;
mod run;
mod state;
mod tree;

#[cfg(test)]
mod tests;

pub use library::patterns::replacement;
pub use library::times::Time;
pub use object::{Fields, Heap, Object};
pub use state::shown as shown_state;

/// A program that has been read.
#[derive(Clone, Debug)]
pub struct Program {
    source: Arc<str>,
    functions: Arc<[tree::Declared]>,
    body: Arc<[tree::Step]>,
    /// How many variables it declares.
    locals: usize,
}

/// A document whose fields a program may read.
pub trait Document {
    /// The values of a field; `None`: there is no such field.
    ///
    /// # Errors
    /// A field that cannot be read by document.
    fn values(&self, field: &str, heap: &mut Heap) -> Result<Option<Vec<Object>>, Error>;

    /// Whether there is such a field.
    fn knows(&self, field: &str) -> bool;
}

/// What a program is given.
#[derive(Default)]
pub struct Bindings<'a> {
    pub globals: Vec<(&'static str, Object)>,
    /// What `doc` is.
    pub document: Option<&'a dyn Document>,
    /// Fewer steps than a run may have otherwise.
    pub max_steps: Option<u32>,
}

impl Bindings<'_> {
    fn global(&self, name: &str) -> Option<Object> {
        self.globals.iter().find(|(known, _)| *known == name).map(|(_, object)| object.clone())
    }
}

impl Program {
    /// Reads a source; `globals` are the names that it may use beside its own.
    ///
    /// # Errors
    /// `script_exception`: the place, and as its cause what is wrong there, or what is not implemented.
    pub fn compile(source: &str, globals: &[&str]) -> Result<Self, Error> {
        if source.len() > MAX_BYTES {
            let size = source.len();
            let reason = format!("exceeded max allowed inline script size in bytes [{MAX_BYTES}] with size [{size}]");
            return Err(Error::illegal_argument(reason));
        }
        let read = token::tokens(source).and_then(|tokens| parse::program(&tokens, globals));
        let read = read.map_err(|fault| told(fault, "compile error", source))?;
        let (functions, body) = (read.functions.into(), read.body.into());
        Ok(Self { source: Arc::from(source), functions, body, locals: read.locals })
    }

    /// Runs it over what lies in `heap`.
    ///
    /// # Errors
    /// `script_exception`: types that do not fit, places out of bounds, too many steps.
    pub fn run(&self, heap: &mut Heap, bindings: &Bindings<'_>) -> Result<Object, Error> {
        let mut frame = run::Frame::new(heap, bindings, (self.locals, &self.functions));
        frame.program(&self.body).map_err(|fault| told(fault, "runtime error", &self.source))
    }
}

impl Program {
    /// What a run gave, as Java shows it.
    ///
    /// # Errors
    /// `script_exception` for what nests too deep, or is too long.
    pub fn shown(&self, heap: &Heap, value: &Object) -> Result<String, Error> {
        let shown = library::methods::shown(heap, value, (run::MAX_DEPTH, 0));
        shown.map_err(|fault| told(fault, "runtime error", &self.source))
    }
}

/// JSON as Java shows it: `{k=1}`, `[1, x]`, `1.0E30`.
///
/// # Errors
/// `script_exception` for what nests too deep, or is too long.
pub fn java_text(value: &serde_json::Value) -> Result<String, Error> {
    let mut heap = Heap::default();
    let object = heap.from_json(value);
    library::methods::shown(&heap, &object, (run::MAX_DEPTH, 0)).map_err(|fault| told(fault, "runtime error", ""))
}

/// What is not there is told as such.
fn told(fault: Fault, stage: &str, source: &str) -> Error {
    match fault.kind {
        ErrorKind::NotImplemented => Error::new(ErrorKind::NotImplemented, fault.reason),
        _ => fault.error(stage, source),
    }
}
