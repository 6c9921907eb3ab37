//! Computing a checked script. It recurses as deep as the tree, which is bounded; it cannot loop.

use std::sync::Arc;

use model::error::ErrorKind;

use super::Params;
use super::fault::Fault;
use super::math::{Function, round};
use super::node::{Convert, Form, Node, Step};
use super::operate;
use super::tree::Binary;
use super::value::{Type, Value, null_pointer, truth, widened};

/// What a run can see.
pub(crate) struct Frame<'a> {
    params: &'a Params,
    window: Option<Value>,
    values: &'a [f64],
    locals: Vec<Value>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(params: &'a Params, values: &'a [f64], locals: usize) -> Self {
        Self { params, window: None, values, locals: vec![Value::Null; locals] }
    }

    /// What the steps return; `None` when they end without.
    pub(crate) fn steps(&mut self, steps: &[Step]) -> Result<Option<Value>, Fault> {
        for step in steps {
            match step {
                Step::Set { local, value } => {
                    let value = self.value(value)?;
                    if let Some(place) = self.locals.get_mut(*local) {
                        *place = value;
                    }
                }
                Step::If { condition, yes, no } => {
                    let branch = if truth(&self.value(condition)?, condition.at)? { yes } else { no };
                    if let Some(value) = self.steps(branch)? {
                        return Ok(Some(value));
                    }
                }
                Step::Block(inner) => {
                    if let Some(value) = self.steps(inner)? {
                        return Ok(Some(value));
                    }
                }
                Step::Evaluate(value) => {
                    self.value(value)?;
                }
                Step::Return(value) => return self.value(value).map(Some),
            }
        }
        Ok(None)
    }

    pub(crate) fn value(&mut self, node: &Node) -> Result<Value, Fault> {
        match &node.form {
            Form::Constant(value) => Ok(value.clone()),
            Form::Param(name) => Ok(self.params.get(name).cloned().unwrap_or(Value::Null)),
            Form::ParamOf(key) => Ok(self.param(key)?.unwrap_or(Value::Null)),
            Form::HasParam(key) => Ok(Value::Bool(self.param(key)?.is_some())),
            Form::Local(local) => Ok(self.locals.get(*local).cloned().unwrap_or(Value::Null)),
            Form::Window => Ok(self.window()),
            Form::Unary { operator, of } => operate::unary(*operator, &self.value(of)?, node.at),
            Form::Binary { operator, left, right } => self.binary(*operator, (left, right), node.at),
            Form::Conditional { condition, yes, no } => {
                let branch = if truth(&self.value(condition)?, condition.at)? { yes } else { no };
                self.value(branch)
            }
            Form::Elvis { left, right } => match self.value(left)? {
                Value::Null => self.value(right),
                value => Ok(value),
            },
            Form::Convert { how, of } => convert(*how, self.value(of)?, node.at),
            Form::Index { of, index } => {
                let (of, index) = (self.value(of)?, self.value(index)?);
                element(&of, &index, node.at)
            }
            Form::Method { of, name, arguments, is_field, null_safe } => {
                let of = self.value(of)?;
                if of == Value::Null {
                    return if *null_safe { Ok(Value::Null) } else { Err(null_pointer(node.at, "callArgs[0]")) };
                }
                let arguments = self.all(arguments)?;
                member(&of, name, &arguments, *is_field)
                    .unwrap_or_else(|| Err(unknown_member(&of, name, &arguments, (*is_field, node.at))))
            }
            Form::Math { function, arguments } => {
                let arguments = self.all(arguments)?;
                let number = |index: usize| arguments.get(index).and_then(Value::as_f64).unwrap_or(f64::NAN);
                Ok(match function {
                    Function::One(apply) => Value::Double(apply(number(0))),
                    Function::Two(apply) => Value::Double(apply(number(0), number(1))),
                    Function::Round => Value::Long(round(number(0))),
                    Function::Test(apply) => Value::Bool(apply(number(0))),
                })
            }
            Form::Moving { function, arguments } => {
                let arguments = self.all(arguments)?;
                function.apply(&arguments, node.at).map(Value::Double)
            }
        }
    }

    fn all(&mut self, nodes: &[Node]) -> Result<Vec<Value>, Fault> {
        nodes.iter().map(|node| self.value(node)).collect()
    }

    fn window(&mut self) -> Value {
        let values = self.values;
        self.window.get_or_insert_with(|| Value::Doubles(Arc::from(values))).clone()
    }

    fn param(&mut self, key: &Node) -> Result<Option<Value>, Fault> {
        let key = self.value(key)?;
        Ok(match &key {
            Value::Text(name) => self.params.get(name).cloned(),
            _ => None,
        })
    }

    fn binary(&mut self, operator: Binary, sides: (&Node, &Node), at: usize) -> Result<Value, Fault> {
        let left = self.value(sides.0)?;
        match operator {
            Binary::And if !truth(&left, at)? => return Ok(Value::Bool(false)),
            Binary::Or if truth(&left, at)? => return Ok(Value::Bool(true)),
            _ => {}
        }
        let right = self.value(sides.1)?;
        operate::binary(operator, &left, &right, at)
    }
}

pub(crate) fn convert(how: Convert, value: Value, at: usize) -> Result<Value, Fault> {
    let to = match how {
        Convert::Widen(to) => return widened(value, to, at),
        Convert::Cast(to) if !to.is_number() => return widened(value, to, at),
        Convert::Cast(to) => to,
        Convert::Byte | Convert::Short => Type::Int,
    };
    if value == Value::Null {
        return Err(null_pointer(at, "value"));
    }
    let converted = if value.kind().is_number() { value.convert(to) } else { None };
    match (how, converted) {
        (Convert::Byte, Some(Value::Int(number))) => Ok(Value::Int(i32::from(number as i8))),
        (Convert::Short, Some(Value::Int(number))) => Ok(Value::Int(i32::from(number as i16))),
        (_, Some(value)) => Ok(value),
        (_, None) => Err(Fault::cast(at, format!("cannot explicitly cast def [{}] to {}", value.class(), to.name()))),
    }
}

/// `of[index]`
fn element(of: &Value, index: &Value, at: usize) -> Result<Value, Fault> {
    if *of == Value::Null {
        return Err(null_pointer(at, "callArgs[0]"));
    }
    if let (Value::Map(map), Value::Text(name)) = (of, index) {
        return Ok(map.get(name).cloned().unwrap_or(Value::Null));
    }
    let Value::Int(place) = index else {
        return Err(Fault::cast(at, format!("cannot implicitly cast def [{}] to int", index.class())));
    };
    let length = match of {
        Value::List(list) => list.len(),
        Value::Doubles(values) => values.len(),
        Value::Map(_) => return Ok(Value::Null),
        other => {
            let reason = format!("Attempting to address a non-array-like type [{}] as an array.", other.class());
            return Err(Fault::new(at, ErrorKind::IllegalArgument, reason));
        }
    };
    // A negative place counts from the end.
    let wanted = if *place < 0 { length as i64 + i64::from(*place) } else { i64::from(*place) };
    let found = usize::try_from(wanted).ok().and_then(|place| match of {
        Value::List(list) => list.get(place).cloned(),
        Value::Doubles(values) => values.get(place).copied().map(Value::Double),
        _ => None,
    });
    found.ok_or_else(|| {
        let reason = format!("Index {place} out of bounds for length {length}");
        Fault::new(at, ErrorKind::ArrayIndexOutOfBounds, reason)
    })
}

/// A field or a method of a value; `None`: it has no such one.
fn member(of: &Value, name: &str, arguments: &[Value], is_field: bool) -> Option<Result<Value, Fault>> {
    let count = |length: usize| Ok(Value::Int(i32::try_from(length).unwrap_or(i32::MAX)));
    Some(match (of, name, arguments) {
        (Value::Doubles(values), "length", []) if is_field => count(values.len()),
        (Value::List(list), "length", []) if is_field => count(list.len()),
        (Value::Map(map), name, []) if is_field => Ok(map.get(name).cloned().unwrap_or(Value::Null)),
        _ if is_field => return None,
        (Value::Text(text), "length", []) => count(text.encode_utf16().count()),
        (Value::Text(text), "isEmpty", []) => Ok(Value::Bool(text.is_empty())),
        (Value::Text(text), "contains", [Value::Text(part)]) => Ok(Value::Bool(text.contains(&**part))),
        (Value::Text(text), "startsWith", [Value::Text(part)]) => Ok(Value::Bool(text.starts_with(&**part))),
        (Value::Text(text), "endsWith", [Value::Text(part)]) => Ok(Value::Bool(text.ends_with(&**part))),
        (Value::List(list), "size", []) => count(list.len()),
        (Value::List(list), "isEmpty", []) => Ok(Value::Bool(list.is_empty())),
        (Value::List(list), "contains", [value]) => Ok(Value::Bool(list.contains(value))),
        (Value::Map(map), "size", []) => count(map.len()),
        (Value::Map(map), "get", [Value::Text(key)]) => Ok(map.get(key).cloned().unwrap_or(Value::Null)),
        (Value::Map(map), "containsKey", [Value::Text(key)]) => Ok(Value::Bool(map.contains_key(key))),
        (value, "equals", [other]) => Ok(Value::Bool(value == other)),
        (value, "intValue", []) => Ok(value.convert(Type::Int)?),
        (value, "longValue", []) => Ok(value.convert(Type::Long)?),
        (value, "floatValue", []) => Ok(value.convert(Type::Float)?),
        (value, "doubleValue", []) => Ok(value.convert(Type::Double)?),
        (Value::Double(number), "isNaN", []) => Ok(Value::Bool(number.is_nan())),
        (Value::Double(number), "isInfinite", []) => Ok(Value::Bool(number.is_infinite())),
        _ => return None,
    })
}

fn unknown_member(of: &Value, name: &str, arguments: &[Value], (is_field, at): (bool, usize)) -> Fault {
    let class = of.class();
    if is_field {
        return Fault::syntax(at, format!("dynamic getter [{class}, {name}] not found"));
    }
    let count = arguments.len();
    Fault::missing(at, &format!("the method [{class}, {name}/{count}]"))
}
