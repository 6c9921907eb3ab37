//! Functions as values: those written where they are used, those that a program declares, methods by their names, orders.

use std::cmp::Ordering;
use std::sync::Arc;

use model::error::ErrorKind;

use super::library::{classes, lists, methods};
use super::object::{Function, Object};
use super::run::{Flow, Frame, declared};
use super::tree::Lambda;
use crate::expression::fault::Fault;
use crate::expression::value::Value;

type Outcome = Result<Object, Fault>;

#[derive(Debug)]
pub(crate) enum Callable {
    Lambda {
        lambda: Arc<Lambda>,
        /// What it names of the frame that it was written in, as it was then.
        captured: Vec<(usize, Object)>,
        /// The frame that it was written in.
        frame: u32,
    },
    /// A function of the program, by its number.
    Declared(usize),
    /// `Class::name`: a function of the class, or a method of the first argument.
    Named(Arc<str>, Arc<str>),
    /// A method of this object.
    Bound(Object, Arc<str>),
    /// `Class::new`
    Made(Arc<str>),
    Natural,
    By(Function),
    Reversed(Function),
    Then(Function, Function),
}

/// How deep functions may lie in functions: what lets go of them recurses.
const MAX_DEPTH: u16 = 50;

/// The depth of what holds functions of these depths.
pub(crate) fn one_deeper(inner: impl Iterator<Item = u16>, at: usize) -> Result<u16, Fault> {
    let depth = inner.max().unwrap_or(0) + 1;
    if depth > MAX_DEPTH {
        return Err(Fault::limit(at, format!("functions lie in functions deeper than [{MAX_DEPTH}] levels")));
    }
    Ok(depth)
}

impl Function {
    pub(crate) fn new(callable: Callable, at: usize) -> Result<Self, Fault> {
        let depth = match &callable {
            Callable::Lambda { captured, .. } => one_deeper(captured.iter().map(|(_, object)| object.depth()), at)?,
            Callable::Bound(of, _) => one_deeper([of.depth()].into_iter(), at)?,
            Callable::By(inner) | Callable::Reversed(inner) => one_deeper([inner.depth].into_iter(), at)?,
            Callable::Then(first, second) => one_deeper([first.depth, second.depth].into_iter(), at)?,
            Callable::Declared(_) | Callable::Named(..) | Callable::Made(_) | Callable::Natural => 1,
        };
        Ok(Self { callable: Arc::new(callable), depth })
    }

    /// One that holds no other.
    pub(crate) fn plain(callable: Callable) -> Self {
        Self { callable: Arc::new(callable), depth: 1 }
    }
}

impl Frame<'_, '_> {
    /// Calls a function. As deep as functions call each other, which is bounded.
    pub(crate) fn call(&mut self, function: &Function, arguments: Vec<Object>, at: usize) -> Outcome {
        self.count(at)?;
        self.check_stack(at)?;
        match &*function.callable {
            Callable::Lambda { lambda, captured, frame } => self.call_lambda(lambda, (captured, *frame), arguments),
            Callable::Declared(number) => self.invoke(*number, arguments, at),
            Callable::Bound(of, name) => methods::call(self, of, (name, at), arguments),
            Callable::Made(class) => classes::made(self, class, &arguments, at),
            Callable::Named(class, name) => self.call_named((class, name), arguments, at),
            Callable::Natural | Callable::By(_) | Callable::Reversed(_) | Callable::Then(..) => {
                let [a, b] = arguments.as_slice() else { return Err(wrong_count(at, "compare", arguments.len())) };
                let order = self.compare(function, (a, b), at)?;
                Ok(Object::Plain(Value::Int(order as i32)))
            }
        }
    }

    fn call_lambda(
        &mut self,
        lambda: &Lambda,
        (captured, frame): (&[(usize, Object)], u32),
        arguments: Vec<Object>,
    ) -> Outcome {
        let put = |frame: &mut Self| {
            for (local, value) in lambda.parameters.iter().zip(arguments) {
                frame.locals[*local] = value;
            }
        };
        let flow = if frame == self.frame {
            put(self);
            self.step(&lambda.body)
        } else {
            let mut locals = vec![Object::NULL; lambda.locals];
            captured.iter().for_each(|(local, value)| locals[*local] = value.clone());
            self.elsewhere(locals, |inner| {
                put(inner);
                inner.step(&lambda.body)
            })
        };
        Ok(returned(flow?))
    }

    /// Runs in a new frame, with other variables; those of now are back afterwards.
    fn elsewhere<T>(&mut self, locals: Vec<Object>, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.locals, locals);
        self.frames += 1;
        let frame = std::mem::replace(&mut self.frame, self.frames);
        let done = run(self);
        (self.locals, self.frame) = (outer, frame);
        done
    }

    /// Calls a function that the program declares.
    pub(crate) fn invoke(&mut self, number: usize, arguments: Vec<Object>, at: usize) -> Outcome {
        let functions = self.functions;
        let Some(function) = functions.get(number) else { return Err(Fault::syntax(at, "there is no such function")) };
        if arguments.len() != function.parameters.len() {
            return Err(wrong_count(at, &function.name, arguments.len()));
        }
        let mut locals = vec![Object::NULL; function.locals];
        for ((local, kind), value) in function.parameters.iter().zip(arguments) {
            locals[*local] = declared(value, *kind, at)?;
        }
        self.count(at)?;
        self.check_stack(at)?;
        let flow = self.elsewhere(locals, |inner| inner.step(&function.body))?;
        declared(returned(flow), function.returns, at)
    }

    fn call_named(&mut self, (class, name): (&Arc<str>, &Arc<str>), arguments: Vec<Object>, at: usize) -> Outcome {
        match classes::call(self, (class, name), &arguments, at) {
            Err(fault) if fault.kind == ErrorKind::NotImplemented => {}
            done => return done,
        }
        let mut arguments = arguments.into_iter();
        let of = arguments.next().ok_or_else(|| wrong_count(at, name, 0))?;
        methods::call(self, &of, (name, at), arguments.collect())
    }

    /// How a function orders two values.
    pub(crate) fn compare(
        &mut self,
        function: &Function,
        (a, b): (&Object, &Object),
        at: usize,
    ) -> Result<Ordering, Fault> {
        self.check_stack(at)?;
        Ok(match &*function.callable {
            Callable::Natural => lists::natural(a, b),
            Callable::By(key) => {
                let keys = (self.call(key, vec![a.clone()], at)?, self.call(key, vec![b.clone()], at)?);
                lists::natural(&keys.0, &keys.1)
            }
            Callable::Reversed(inner) => self.compare(inner, (b, a), at)?,
            Callable::Then(first, second) => match self.compare(first, (a, b), at)? {
                Ordering::Equal => self.compare(second, (a, b), at)?,
                order => order,
            },
            _ => {
                let number = self.call(function, vec![a.clone(), b.clone()], at)?;
                number.as_f64().map_or(Ordering::Equal, |number| number.total_cmp(&0.0))
            }
        })
    }
}

fn returned(flow: Flow) -> Object {
    if let Flow::Return(value) = flow { value } else { Object::NULL }
}

fn wrong_count(at: usize, name: &str, count: usize) -> Fault {
    Fault::syntax(at, format!("Unknown call [{name}] with [{count}] arguments."))
}

/// `Comparator.name(arguments)`; `None`: there is no such one.
pub(super) fn order(name: &str, arguments: &[Object], at: usize) -> Result<Option<Object>, Fault> {
    let callable = match (name, arguments) {
        ("naturalOrder", []) => Callable::Natural,
        ("comparingByKey" | "comparingByValue", []) => {
            let part = if name == "comparingByKey" { "getKey" } else { "getValue" };
            Callable::By(Function::plain(Callable::Named("Entry".into(), part.into())))
        }
        ("reverseOrder", []) => Callable::Reversed(Function::plain(Callable::Natural)),
        ("comparing" | "comparingInt" | "comparingLong" | "comparingDouble", [Object::Lambda(key)]) => {
            Callable::By(key.clone())
        }
        _ => return Ok(None),
    };
    Function::new(callable, at).map(|function| Some(Object::Lambda(function)))
}

/// A method of a function: what its interface calls it, or how an order goes on.
pub(super) fn method(
    frame: &mut Frame<'_, '_>,
    function: &Function,
    (name, at): (&str, usize),
    arguments: &[Object],
) -> Result<Option<Object>, Fault> {
    Ok(Some(match (name, arguments) {
        (
            "apply" | "test" | "accept" | "get" | "compare" | "applyAsInt" | "applyAsLong" | "applyAsDouble"
            | "getAsBoolean" | "getAsInt" | "getAsLong" | "getAsDouble" | "run" | "call",
            arguments,
        ) => frame.call(function, arguments.to_vec(), at)?,
        ("reversed", []) => Object::Lambda(Function::new(Callable::Reversed(function.clone()), at)?),
        (
            "thenComparing" | "thenComparingInt" | "thenComparingLong" | "thenComparingDouble",
            [Object::Lambda(next)],
        ) => {
            let is_order = match &*next.callable {
                Callable::Lambda { lambda, .. } => lambda.parameters.len() == 2,
                callable => !matches!(callable, Callable::Named(..) | Callable::Declared(_)),
            };
            let next = if is_order { next.clone() } else { Function::new(Callable::By(next.clone()), at)? };
            Object::Lambda(Function::new(Callable::Then(function.clone(), next), at)?)
        }
        _ => return Ok(None),
    }))
}
