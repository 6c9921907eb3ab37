//! Values and their types.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::ErrorKind;
use serde_json::Value as Json;

use super::Purpose;
use super::fault::Fault;

/// What a script computes with.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i32),
    Long(i64),
    Float(f32),
    Double(f64),
    Text(Arc<str>),
    /// The window of a moving function.
    Doubles(Arc<[f64]>),
    List(Arc<[Value]>),
    Map(Arc<BTreeMap<Arc<str>, Value>>),
}

/// What is known about a value before it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    /// The constant null.
    Null,
    Bool,
    Int,
    Long,
    Float,
    Double,
    Text,
    Doubles,
    /// Known when it is there.
    Def,
}

impl Type {
    pub(crate) fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Long | Self::Float | Self::Double)
    }

    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Int | Self::Long)
    }

    /// Of two numbers: the type in which they meet.
    pub(crate) fn wider(self, other: Self) -> Self {
        let rank = |kind: Self| match kind {
            Self::Long => 1,
            Self::Float => 2,
            Self::Double => 3,
            _ => 0,
        };
        if rank(self) >= rank(other) { self } else { other }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Text => "java.lang.String",
            Self::Doubles => "double[]",
            Self::Def => "def",
        }
    }
}

impl Value {
    /// As parameters come: whole numbers in the smallest type that holds them.
    pub fn from_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => i32::try_from(whole).map_or(Self::Long(whole), Self::Int),
                None => Self::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Self::Text(Arc::from(text.as_str())),
            Json::Array(list) => Self::List(list.iter().map(Self::from_json).collect()),
            Json::Object(map) => {
                let entries = map.iter().map(|(key, value)| (Arc::from(key.as_str()), Self::from_json(value)));
                Self::Map(Arc::new(entries.collect()))
            }
        }
    }

    /// As a number, where it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(f64::from(*number)),
            Self::Long(number) => Some(*number as f64),
            Self::Float(number) => Some(f64::from(*number)),
            Self::Double(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn kind(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Long(_) => Type::Long,
            Self::Float(_) => Type::Float,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::Doubles(_) => Type::Doubles,
            Self::List(_) | Self::Map(_) => Type::Def,
        }
    }

    /// The name of the class it has in Java.
    pub(crate) fn class(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "java.lang.Boolean",
            Self::Int(_) => "java.lang.Integer",
            Self::Long(_) => "java.lang.Long",
            Self::Float(_) => "java.lang.Float",
            Self::Double(_) => "java.lang.Double",
            Self::Text(_) => "java.lang.String",
            Self::Doubles(_) => "double[]",
            Self::List(_) => "java.util.ArrayList",
            Self::Map(_) => "java.util.HashMap",
        }
    }

    /// A number in another type of numbers, as Java casts: floats saturate, whole numbers wrap.
    pub(crate) fn convert(&self, to: Type) -> Option<Self> {
        Some(match (self, to) {
            (Self::Int(number), Type::Long) => Self::Long(i64::from(*number)),
            (Self::Int(number), Type::Float) => Self::Float(*number as f32),
            (Self::Long(number), Type::Int) => Self::Int(*number as i32),
            (Self::Long(number), Type::Float) => Self::Float(*number as f32),
            (Self::Float(number), Type::Int) => Self::Int(*number as i32),
            (Self::Float(number), Type::Long) => Self::Long(*number as i64),
            (Self::Double(number), Type::Int) => Self::Int(*number as i32),
            (Self::Double(number), Type::Long) => Self::Long(*number as i64),
            (Self::Double(number), Type::Float) => Self::Float(*number as f32),
            (value, Type::Double) => Self::Double(value.as_f64()?),
            (value, to) if value.kind() == to => value.clone(),
            _ => return None,
        })
    }
}

/// How a null is refused.
pub(crate) fn null_pointer(at: usize, what: &str) -> Fault {
    let reason = format!("Cannot invoke \"Object.getClass()\" because \"{what}\" is null");
    Fault::new(at, ErrorKind::NullPointer, reason)
}

/// A value where true or false is needed.
pub(crate) fn truth(value: &Value, at: usize) -> Result<bool, Fault> {
    match value {
        Value::Bool(value) => Ok(*value),
        Value::Null => Err(null_pointer(at, "value")),
        other => {
            let kind = if other.kind().is_number() { other.kind().name() } else { other.class() };
            Err(Fault::cast(at, format!("cannot cast def [{kind}] to boolean")))
        }
    }
}

/// A value where a type is declared: numbers widen, and do not narrow.
pub(crate) fn widened(value: Value, to: Type, at: usize) -> Result<Value, Fault> {
    let from = value.kind();
    let fits = match to {
        Type::Def => return Ok(value),
        Type::Bool => return truth(&value, at).map(Value::Bool),
        Type::Text if value == Value::Null => return Ok(value),
        to if to.is_number() => from.is_number() && from.wider(to) == to,
        to => from == to,
    };
    if value == Value::Null {
        return Err(null_pointer(at, "value"));
    }
    value.convert(to).filter(|_| fits).ok_or_else(|| {
        let kind = if from.is_number() { from.name() } else { value.class() };
        Fault::cast(at, format!("cannot implicitly cast def [{kind}] to {}", to.name()))
    })
}

/// What a script gives back, in the type its purpose asks for; a script that ends without returning gives nothing, false or zero.
pub(crate) fn returned(value: Option<Value>, purpose: Purpose) -> Result<Value, Fault> {
    let Some(value) = value else {
        return Ok(match purpose {
            Purpose::Any | Purpose::Number => Value::Null,
            Purpose::Boolean => Value::Bool(false),
            Purpose::Moving => Value::Double(0.0),
        });
    };
    match purpose {
        Purpose::Any => Ok(value),
        Purpose::Boolean => truth(&value, 0).map(Value::Bool),
        Purpose::Moving => widened(value, Type::Double, 0),
        Purpose::Number if value == Value::Null || value.kind().is_number() => Ok(value),
        Purpose::Number => Err(Fault::cast(0, format!("Cannot cast {} to java.lang.Number", value.class()))),
    }
}
