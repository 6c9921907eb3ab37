//! Scripts that change documents: what they see of one as `ctx`, and what they leave there.
//!
//! In: a program, its parameters, a document with its place. Out: what is to be done, and the document as it is now. Not here: the language
//! (`script::program`), reading and writing of documents.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use script::program::{Bindings, Fields, Heap, Object, Program};
use serde_json::{Map, Value};

use crate::document::Document;

/// Values inside values of a document.
const MAX_DEPTH: usize = 100;
const GLOBALS: [&str; 2] = ["ctx", "params"];

/// A program over documents and its parameters.
#[derive(Clone, Debug)]
pub struct Script {
    program: Program,
    params: Value,
}

/// A document as a script sees it: `_source`, and beside it what `meta` has (`_id`, `op` ..).
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub source: Map<String, Value>,
    pub meta: Map<String, Value>,
}

impl Script {
    /// # Errors
    /// `script_exception` for a source that does not read, 501 for what is not in the language here.
    pub fn compile(source: &str, params: Value) -> Result<Self, Error> {
        Ok(Self { program: Program::compile(source, &GLOBALS)?, params })
    }

    /// Changes a document.
    ///
    /// # Errors
    /// What the script fails with; `illegal_argument_exception` for what no document can hold.
    pub fn change(&self, seen: Seen) -> Result<Seen, Error> {
        let mut heap = Heap::default();
        let mut fields = fields_of(&mut heap, seen.meta);
        let source = heap.from_json(&Value::Object(seen.source));
        fields.insert(Arc::from("_source"), source);
        let ctx = heap.map(fields);
        self.run(&mut heap, &ctx)?;
        let Value::Object(mut meta) = left(&heap, &ctx)? else { return Err(unfit()) };
        match meta.shift_remove("_source") {
            Some(Value::Object(source)) => Ok(Seen { source, meta }),
            _ => Err(unfit()),
        }
    }

    /// Changes a document on its way through a pipeline, whose fields and whose place lie side by side.
    ///
    /// # Errors
    /// As [`Script::change`].
    pub(crate) fn pass(&self, document: &mut Document) -> Result<(), Error> {
        let mut heap = Heap::default();
        let ctx = beside(&mut heap, document);
        self.run(&mut heap, &ctx)?;
        let Value::Object(mut all) = left(&heap, &ctx)? else { return Err(unfit()) };
        all.shift_remove("_ingest");
        for name in ["_index", "_id", "_routing", "_version", "_version_type"] {
            match all.shift_remove(name) {
                Some(Value::Null) | None => drop(document.meta.shift_remove(name)),
                Some(value) => drop(document.meta.insert(name.to_owned(), value)),
            }
        }
        document.source = all;
        Ok(())
    }

    /// Whether it says true of a document, which it does not change.
    ///
    /// # Errors
    /// What the script fails with.
    pub(crate) fn holds(&self, document: &Document) -> Result<bool, Error> {
        let mut heap = Heap::default();
        let ctx = beside(&mut heap, document);
        match self.run(&mut heap, &ctx)? {
            Object::Plain(script::expression::value::Value::Bool(holds)) => Ok(holds),
            _ => Err(Error::illegal_argument("a condition is true or false")),
        }
    }

    fn run(&self, heap: &mut Heap, ctx: &Object) -> Result<Object, Error> {
        let params = heap.from_json(&self.params);
        let bindings =
            Bindings { globals: vec![("ctx", ctx.clone()), ("params", params)], document: None, max_steps: None };
        self.program.run(heap, &bindings)
    }
}

/// What a script gives that sees its parameters alone, as Java shows it.
///
/// # Errors
/// `script_exception`, 501 for what is not in the language here.
pub fn shown(source: &str, params: &Value) -> Result<String, Error> {
    let program = Program::compile(source, &["params"])?;
    let mut heap = Heap::default();
    let params = heap.from_json(params);
    let bindings = Bindings { globals: vec![("params", params)], ..Bindings::default() };
    let value = program.run(&mut heap, &bindings)?;
    program.shown(&heap, &value)
}

fn fields_of(heap: &mut Heap, map: Map<String, Value>) -> Fields {
    let mut fields = Fields::default();
    for (name, value) in map {
        let value = heap.from_json(&value);
        fields.insert(Arc::from(name), value);
    }
    fields
}

fn beside(heap: &mut Heap, document: &Document) -> Object {
    let mut fields = fields_of(heap, document.meta.clone());
    for (name, value) in &document.source {
        let value = heap.from_json(value);
        fields.insert(Arc::from(name.as_str()), value);
    }
    let ingest = heap.from_json(&Value::Object(document.ingest.clone()));
    fields.insert(Arc::from("_ingest"), ingest);
    heap.map(fields)
}

fn left(heap: &Heap, ctx: &Object) -> Result<Value, Error> {
    heap.to_json(ctx, MAX_DEPTH).ok_or_else(unfit)
}

fn unfit() -> Error {
    Error::new(ErrorKind::IllegalArgument, "the script left something in [ctx] that no document can hold")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(object) = value else { panic!("an object") };
        object
    }

    #[test]
    fn a_script_changes_the_source_and_says_what_is_to_be_done() {
        let script = Script::compile("ctx._source.n += params.by; ctx.op = 'delete'", json!({"by": 2})).expect("reads");
        let seen = Seen { source: object(json!({"n": 1})), meta: object(json!({"_id": "1", "op": "index"})) };
        let after = script.change(seen).expect("runs");
        assert_eq!(Value::Object(after.source), json!({"n": 3}));
        assert_eq!(Value::Object(after.meta), json!({"_id": "1", "op": "delete"}));
    }

    #[test]
    fn in_a_pipeline_fields_lie_beside_the_place() {
        let mut document = Document::new("i", Some("1"), None, object(json!({"a": 1})), "now");
        let script = Script::compile("ctx.b = ctx.a + 1; ctx._index = 'j'; ctx.remove('a')", json!({})).expect("reads");
        script.pass(&mut document).expect("runs");
        assert_eq!(Value::Object(document.source.clone()), json!({"b": 2}));
        assert_eq!(document.meta("_index").as_deref(), Some("j"));
        assert!(Script::compile("ctx.b > 1", json!({})).expect("reads").holds(&document).expect("runs"));
        assert!(Script::compile("ctx.b", json!({})).expect("reads").holds(&document).is_err());
        let held = Script::compile("ctx._source = 1", json!({})).expect("reads");
        assert!(held.change(Seen { source: Map::new(), meta: Map::new() }).is_err());
    }
}
