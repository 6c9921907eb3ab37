//! Running a program: steps are counted, so that it ends; lists and maps are counted, so that memory ends it, too.

use std::sync::Arc;

use model::error::ErrorKind;

use super::Bindings;
use super::library::classes;
use super::library::exceptions;
use super::library::lists::items_of;
use super::library::methods;
use super::object::{Full, Heap, Object};
use super::tree::{Catch, Declared, Deed, Expr, Form, Step};
use crate::expression::fault::Fault;
use crate::expression::node::Convert;
use crate::expression::operate;
use crate::expression::run::convert;
use crate::expression::tree::{Binary, Cast};
use crate::expression::value::{Type, Value, null_pointer, truth};

/// Steps of one run.
const MAX_STEPS: u32 = 1_000_000;
/// Bytes of stack that functions which call each other may take: threads that run scripts have eight times as many.
const MAX_STACK: usize = 1 << 20;
/// Items that are looked at in the time of a step.
const STEP_ITEMS: usize = 64;
/// How deep values are compared.
pub(crate) const MAX_DEPTH: usize = 100;

/// What a run has at hand.
pub(crate) struct Frame<'a, 'b> {
    pub(crate) heap: &'a mut Heap,
    bindings: &'a Bindings<'b>,
    pub(super) functions: &'a [Declared],
    pub(super) locals: Vec<Object>,
    /// Whose variables these are, and how many have had some.
    pub(super) frame: u32,
    pub(super) frames: u32,
    steps: u32,
    /// Where on the stack the run began.
    base: usize,
}

/// How a step ends.
pub(crate) enum Flow {
    On,
    Break,
    Continue,
    Return(Object),
}

impl<'a, 'b> Frame<'a, 'b> {
    pub(crate) fn new(
        heap: &'a mut Heap,
        bindings: &'a Bindings<'b>,
        (locals, functions): (usize, &'a [Declared]),
    ) -> Self {
        let spent = bindings.max_steps.map_or(0, |most| MAX_STEPS.saturating_sub(most));
        let locals = vec![Object::NULL; locals];
        Self { heap, bindings, functions, locals, frame: 0, frames: 0, steps: spent, base: stack_place() }
    }

    pub(crate) fn count(&mut self, at: usize) -> Result<(), Fault> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            let reason = "The maximum number of statements that can be executed in a loop has been reached.";
            return Err(Fault::limit(at, reason));
        }
        Ok(())
    }

    /// Counts the steps that it takes to look at so many items.
    pub(crate) fn spend(&mut self, items: usize, at: usize) -> Result<(), Fault> {
        self.steps = self.steps.saturating_add(u32::try_from(items / STEP_ITEMS).unwrap_or(u32::MAX));
        self.count(at)
    }

    /// Refuses to go deeper than the stack allows. Between two calls a program goes no deeper than its source nests.
    pub(crate) fn check_stack(&self, at: usize) -> Result<(), Fault> {
        if self.base.abs_diff(stack_place()) > MAX_STACK {
            let reason = format!("functions call each other deeper than [{MAX_STACK}] bytes of stack");
            return Err(Fault { kind: ErrorKind::StackOverflow, ..Fault::limit(at, reason) });
        }
        Ok(())
    }

    pub(crate) fn list(&mut self, items: Vec<Object>, at: usize) -> Result<Object, Fault> {
        self.take(items.len() + 1, at)?;
        Ok(self.heap.list(items))
    }

    /// Items of which each is there once.
    pub(crate) fn set(&mut self, items: Vec<Object>) -> Object {
        match self.heap.list(items) {
            Object::List(place) => Object::Set(place),
            other => other,
        }
    }

    pub(crate) fn array(&mut self, items: Vec<Object>, at: usize) -> Result<Object, Fault> {
        Ok(match self.list(items, at)? {
            Object::List(place) => Object::Array(place),
            other => other,
        })
    }

    /// Counts what is about to be held.
    pub(crate) fn take(&mut self, cells: usize, at: usize) -> Result<(), Fault> {
        self.heap.take(cells).map_err(|Full| Fault::limit(at, "the lists and maps of the script grew too large"))
    }

    /// The value of the whole.
    pub(crate) fn program(&mut self, steps: &[Step]) -> Result<Object, Fault> {
        match self.all(steps)? {
            Flow::Return(value) => Ok(value),
            _ => Ok(Object::NULL),
        }
    }

    fn all(&mut self, steps: &[Step]) -> Result<Flow, Fault> {
        for step in steps {
            match self.step(step)? {
                Flow::On => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::On)
    }

    pub(super) fn step(&mut self, step: &Step) -> Result<Flow, Fault> {
        self.count(step.at)?;
        match &step.deed {
            Deed::Declare { local, kind, value } => {
                let value = match value {
                    Some(value) => {
                        let given = self.value(value)?;
                        declared(given, *kind, value.at)?
                    }
                    None => initial(*kind),
                };
                self.locals[*local] = value;
            }
            Deed::Evaluate(value) => drop(self.value(value)?),
            Deed::If { condition, yes, no } => {
                if self.truth(condition)? {
                    return self.step(yes);
                }
                if let Some(no) = no {
                    return self.step(no);
                }
            }
            Deed::Block(steps) => return self.all(steps),
            Deed::Loop { start, condition, then, body } => {
                return self.loop_over(start, condition.as_ref(), (then, body));
            }
            Deed::DoWhile { condition, body } => loop {
                match self.step(body)? {
                    Flow::Return(value) => return Ok(Flow::Return(value)),
                    Flow::Break => break,
                    Flow::On | Flow::Continue => {}
                }
                if !self.truth(condition)? {
                    break;
                }
            },
            Deed::Each { local, of, body } => return self.each(*local, of, body),
            Deed::Return(value) => {
                let value = value.as_ref().map_or(Ok(Object::NULL), |value| self.value(value))?;
                return Ok(Flow::Return(value));
            }
            Deed::Break => return Ok(Flow::Break),
            Deed::Continue => return Ok(Flow::Continue),
            Deed::Throw(value) => {
                return Err(match self.value(value)? {
                    Object::Thrown(thrown) => thrown.fault(step.at),
                    other => {
                        Fault::cast(step.at, format!("Cannot cast from [{}] to [java.lang.Exception].", other.class()))
                    }
                });
            }
            Deed::Try { body, catches } => {
                let done = self.step(body);
                return done.or_else(|fault| self.caught(fault, catches));
            }
        }
        Ok(Flow::On)
    }

    /// Has the first clause that takes it in go on.
    fn caught(&mut self, fault: Fault, catches: &[Catch]) -> Result<Flow, Fault> {
        let takes = |one: &&Catch| !fault.is_final && exceptions::is_a(fault.kind, &one.class);
        match catches.iter().find(takes) {
            Some(found) => {
                self.locals[found.local] = exceptions::caught(&fault);
                self.step(&found.body)
            }
            None => Err(fault),
        }
    }

    fn loop_over(
        &mut self,
        start: &[Step],
        condition: Option<&Expr>,
        (then, body): (&[Expr], &Step),
    ) -> Result<Flow, Fault> {
        self.all(start)?;
        loop {
            self.count(body.at)?;
            if let Some(condition) = condition
                && !self.truth(condition)?
            {
                return Ok(Flow::On);
            }
            match self.step(body)? {
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Break => return Ok(Flow::On),
                Flow::On | Flow::Continue => {}
            }
            for one in then {
                self.value(one)?;
            }
        }
    }

    fn each(&mut self, local: usize, of: &Expr, body: &Step) -> Result<Flow, Fault> {
        let items = match self.value(of)? {
            Object::View(place, part) => super::library::maps::viewed(self, (place, part), of.at)?,
            Object::Plain(Value::Null) => return Err(null_pointer(of.at, "iterator")),
            other if items_of(self.heap, &other).is_some() => {
                items_of(self.heap, &other).map(<[Object]>::to_vec).unwrap_or_default()
            }
            other => {
                let reason = format!("Cannot iterate over [{}]", other.class());
                return Err(Fault::new(of.at, ErrorKind::IllegalArgument, reason));
            }
        };
        self.take(items.len(), of.at)?;
        for item in items {
            self.count(body.at)?;
            self.locals[local] = item;
            match self.step(body)? {
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::Break => break,
                Flow::On | Flow::Continue => {}
            }
        }
        Ok(Flow::On)
    }

    fn truth(&mut self, condition: &Expr) -> Result<bool, Fault> {
        match self.value(condition)? {
            Object::Plain(value) => truth(&value, condition.at),
            other => Err(Fault::cast(condition.at, format!("cannot cast def [{}] to boolean", other.class()))),
        }
    }

    pub(super) fn values(&mut self, exprs: &[Expr]) -> Result<Vec<Object>, Fault> {
        exprs.iter().map(|expr| self.value(expr)).collect()
    }

    pub(crate) fn value(&mut self, expr: &Expr) -> Result<Object, Fault> {
        match &expr.form {
            Form::Constant(value) => Ok(Object::Plain(value.clone())),
            Form::Local(local) => Ok(self.locals[*local].clone()),
            _ => self.computed(expr),
        }
    }

    fn computed(&mut self, expr: &Expr) -> Result<Object, Fault> {
        let at = expr.at;
        match &expr.form {
            Form::Global(name) => self.global(name, at),
            Form::Member { of, name, null_safe } => {
                let of = self.value(of)?;
                if of.is_null() {
                    return if *null_safe { Ok(Object::NULL) } else { Err(null_pointer(at, "callArgs[0]")) };
                }
                methods::member(self, &of, name, at)
            }
            Form::Index { of, index } => {
                let (of, index) = (self.value(of)?, self.value(index)?);
                self.element(&of, &index, at)
            }
            Form::Call { of, name, arguments, null_safe } => {
                let of = self.value(of)?;
                if of.is_null() {
                    return if *null_safe { Ok(Object::NULL) } else { Err(null_pointer(at, "callArgs[0]")) };
                }
                let arguments = self.values(arguments)?;
                methods::call(self, &of, (name, at), arguments)
            }
            Form::Static { class, name, arguments } => {
                let arguments = self.values(arguments)?;
                classes::call(self, (class, name), &arguments, at)
            }
            Form::New { class, arguments } => {
                let arguments = self.values(arguments)?;
                classes::made(self, class, &arguments, at)
            }
            Form::Unary { operator, of } => {
                let of = plain(self.value(of)?, operator_name(*operator), at)?;
                operate::unary(*operator, &of, at).map(Object::Plain)
            }
            Form::Binary { operator, left, right } => self.binary(*operator, (left, right), at),
            Form::Conditional { condition, yes, no } => {
                let branch = if self.truth(condition)? { yes } else { no };
                self.value(branch)
            }
            Form::Elvis { left, right } => {
                let left = self.value(left)?;
                if left.is_null() { self.value(right) } else { Ok(left) }
            }
            Form::Cast { to, of } => cast(self.value(of)?, *to, at),
            Form::InstanceOf { of, class } => classes::instance_of(&self.value(of)?, class, at).map(Object::bool),
            Form::Invoke { function, arguments } => {
                let arguments = self.values(arguments)?;
                self.invoke(*function, arguments, at)
            }
            Form::Matches { of, pattern, whole } => self.matches((of, pattern), *whole, at),
            Form::Assign { target, operator, value } => self.assign(target, *operator, (value, at)),
            Form::Increment { target, operator, before } => {
                let old = self.value(target)?;
                let one = Object::Plain(Value::Int(1));
                let new = self.joined(*operator, old.clone(), one, at)?;
                self.put(target, new.clone())?;
                Ok(if *before { new } else { old })
            }
            _ => self.literal(expr),
        }
    }

    fn matches(&mut self, (of, pattern): (&Expr, &Expr), whole: bool, at: usize) -> Result<Object, Fault> {
        let (of, pattern) = (self.value(of)?, self.value(pattern)?);
        match (&of, &pattern) {
            (Object::Plain(Value::Text(text)), Object::Pattern(pattern)) => {
                self.spend(text.len(), at)?;
                Ok(Object::bool(pattern.finds(text, whole)))
            }
            (Object::Plain(Value::Null), _) | (_, Object::Plain(Value::Null)) => Err(null_pointer(at, "input")),
            _ => Err(Fault::cast(at, format!("Cannot match [{}] with [{}].", of.class(), pattern.class()))),
        }
    }

    /// Keys are texts here, as they are in documents.
    pub(crate) fn key(&self, key: &Object, at: usize) -> Result<Arc<str>, Fault> {
        match key {
            Object::Plain(Value::Text(text)) => Ok(text.clone()),
            Object::Plain(value) => operate::shown(value, at).map(Arc::from),
            other => Err(Fault::missing(at, &format!("a key of the class [{}]", other.class()))),
        }
    }

    fn global(&mut self, name: &str, at: usize) -> Result<Object, Fault> {
        match self.bindings.global(name) {
            Some(object) => Ok(object),
            None if name == "doc" => Ok(Object::Doc),
            None => Err(Fault::syntax(at, format!("cannot resolve symbol [{name}]"))),
        }
    }

    /// The values of a field of the document.
    pub(crate) fn doc(&mut self, field: &str, at: usize) -> Result<Object, Fault> {
        let missing = || Fault::syntax(at, "there is no document here");
        let document = self.bindings.document.ok_or_else(missing)?;
        let values = document.values(field, self.heap).map_err(|error| Fault::new(at, error.kind, error.reason))?;
        let none = || Fault::new(at, ErrorKind::IllegalArgument, format!("No field found for [{field}] in mapping"));
        let values = values.ok_or_else(none)?;
        self.take(values.len() + 1, at)?;
        Ok(self.heap.values(values))
    }

    pub(crate) fn has_doc(&mut self, field: &str) -> bool {
        self.bindings.document.is_some_and(|document| document.knows(field))
    }

    fn assign(
        &mut self,
        target: &Expr,
        operator: Option<Binary>,
        (value, at): (&Expr, usize),
    ) -> Result<Object, Fault> {
        let value = match operator {
            None => self.value(value)?,
            Some(operator) => {
                let old = self.value(target)?;
                let given = self.value(value)?;
                self.joined(operator, old, given, at)?
            }
        };
        self.put(target, value.clone())?;
        Ok(value)
    }

    fn put(&mut self, target: &Expr, value: Object) -> Result<(), Fault> {
        let at = target.at;
        match &target.form {
            Form::Local(local) => {
                self.locals[*local] = value;
                Ok(())
            }
            Form::Member { of, name, .. } => {
                let of = self.value(of)?;
                self.put_key(&of, &Object::Plain(Value::Text(name.clone())), (value, at))
            }
            Form::Index { of, index } => {
                let (of, index) = (self.value(of)?, self.value(index)?);
                self.put_key(&of, &index, (value, at))
            }
            _ => Err(Fault::syntax(at, "invalid assignment: the left-hand side is no variable")),
        }
    }

    pub(crate) fn put_key(&mut self, of: &Object, key: &Object, (value, at): (Object, usize)) -> Result<(), Fault> {
        self.take(1, at)?;
        match of {
            Object::Map(place) => {
                let key = self.key(key, at)?;
                self.heap.fields_mut(*place).insert(key, value);
                Ok(())
            }
            Object::List(place) | Object::Array(place) => {
                let length = self.heap.items(*place).len();
                let found = methods::place_in(key, length, at)?;
                self.heap.items_mut(*place)[found] = value;
                Ok(())
            }
            Object::Plain(Value::Null) => Err(null_pointer(at, "callArgs[0]")),
            other => {
                let reason = format!("dynamic setter [{}] not found", other.class());
                Err(Fault::new(at, ErrorKind::IllegalArgument, reason))
            }
        }
    }

    fn element(&mut self, of: &Object, index: &Object, at: usize) -> Result<Object, Fault> {
        match of {
            Object::Map(place) => {
                let key = self.key(index, at)?;
                Ok(self.heap.fields(*place).get(&key).cloned().unwrap_or(Object::NULL))
            }
            Object::List(place) | Object::Values(place) | Object::Array(place) => {
                let items = self.heap.items(*place);
                let found = methods::place_in(index, items.len(), at)?;
                Ok(items[found].clone())
            }
            Object::Doc => {
                let key = self.key(index, at)?;
                self.doc(&key, at)
            }
            Object::Plain(Value::Null) => Err(null_pointer(at, "callArgs[0]")),
            other => {
                let reason = format!("Attempting to address a non-array-like type [{}] as an array.", other.class());
                Err(Fault::new(at, ErrorKind::IllegalArgument, reason))
            }
        }
    }

    fn binary(&mut self, operator: Binary, (left, right): (&Expr, &Expr), at: usize) -> Result<Object, Fault> {
        match operator {
            Binary::And => return Ok(Object::bool(self.truth(left)? && self.truth(right)?)),
            Binary::Or => return Ok(Object::bool(self.truth(left)? || self.truth(right)?)),
            _ => {}
        }
        let left = self.value(left)?;
        let right = self.value(right)?;
        self.joined(operator, left, right, at)
    }

    fn joined(&mut self, operator: Binary, left: Object, right: Object, at: usize) -> Result<Object, Fault> {
        match (operator, &left, &right) {
            (_, Object::Plain(a), Object::Plain(b)) => operate::binary(operator, a, b, at).map(Object::Plain),
            (Binary::Equal | Binary::NotEqual, a, b) => {
                let same = self.heap.same(a, b, MAX_DEPTH);
                Ok(Object::bool(same == (operator == Binary::Equal)))
            }
            (Binary::Add, Object::Plain(Value::Text(_)), _) | (Binary::Add, _, Object::Plain(Value::Text(_))) => {
                let (a, b) = (self.shown(&left, at)?, self.shown(&right, at)?);
                operate::binary(operator, &Value::Text(a.into()), &Value::Text(b.into()), at).map(Object::Plain)
            }
            (_, a, b) => {
                let reason = format!(
                    "Cannot apply [{}] operation to types [{}] and [{}].",
                    operator.mark(),
                    a.class(),
                    b.class()
                );
                Err(Fault::cast(at, reason))
            }
        }
    }

    /// As Java shows it.
    pub(crate) fn shown(&self, object: &Object, at: usize) -> Result<String, Fault> {
        methods::shown(self.heap, object, (MAX_DEPTH, at))
    }
}

/// About where the stack ends now.
#[inline(never)]
fn stack_place() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

fn operator_name(operator: crate::expression::tree::Unary) -> &'static str {
    use crate::expression::tree::Unary;
    match operator {
        Unary::Plus => "+",
        Unary::Minus => "-",
        Unary::Not => "!",
        Unary::Complement => "~",
    }
}

fn plain(object: Object, mark: &str, at: usize) -> Result<Value, Fault> {
    match object {
        Object::Plain(value) => Ok(value),
        other => Err(Fault::cast(at, format!("Cannot apply [{mark}] operation to type [{}].", other.class()))),
    }
}

fn cast(given: Object, to: Cast, at: usize) -> Result<Object, Fault> {
    let how = match to {
        Cast::To(Type::Def) => return Ok(given),
        Cast::To(kind) => Convert::Cast(kind),
        Cast::Byte => Convert::Byte,
        Cast::Short => Convert::Short,
    };
    match given {
        Object::Plain(value) => convert(how, value, at).map(Object::Plain),
        other => Err(Fault::cast(at, format!("Cannot cast {} to another type", other.class()))),
    }
}

/// A value where a type is declared: numbers widen, and do not narrow.
pub(super) fn declared(given: Object, kind: Cast, at: usize) -> Result<Object, Fault> {
    let to = match kind {
        Cast::To(Type::Def) => return Ok(given),
        Cast::To(kind) => kind,
        Cast::Byte | Cast::Short => return cast(given, kind, at),
    };
    match given {
        // Boxes may be empty.
        Object::Plain(Value::Null) => Ok(Object::NULL),
        Object::Plain(value) => convert(Convert::Widen(to), value, at).map(Object::Plain),
        other => Err(Fault::cast(at, format!("Cannot cast {} to {}", other.class(), to.name()))),
    }
}

pub(super) fn initial(kind: Cast) -> Object {
    Object::Plain(match kind {
        Cast::To(Type::Bool) => Value::Bool(false),
        Cast::To(Type::Long) => Value::Long(0),
        Cast::To(Type::Float) => Value::Float(0.0),
        Cast::To(Type::Double) => Value::Double(0.0),
        Cast::To(Type::Int) | Cast::Byte | Cast::Short => Value::Int(0),
        Cast::To(_) => Value::Null,
    })
}
