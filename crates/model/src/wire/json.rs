//! JSON values on the wire, for `#[serde(with = ..)]`: the wire does not describe itself, which serde_json's values would need.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// A value that is JSON, or holds some.
pub trait Json: Sized {
    /// As it travels.
    type Wire: Serialize + for<'de> Deserialize<'de>;

    fn to_wire(&self) -> Self::Wire;
    fn from_wire(wire: Self::Wire) -> Self;
}

/// A JSON value as the wire has it.
#[derive(Serialize, Deserialize)]
pub enum WireJson {
    Null,
    Bool(bool),
    Long(i64),
    Unsigned(u64),
    Double(f64),
    Text(String),
    List(Vec<WireJson>),
    Object(Vec<(String, WireJson)>),
}

pub fn serialize<T: Json, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.to_wire().serialize(serializer)
}

pub fn deserialize<'de, T: Json, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::Wire::deserialize(deserializer).map(T::from_wire)
}

impl Json for Value {
    type Wire = WireJson;

    fn to_wire(&self) -> WireJson {
        match self {
            Self::Null => WireJson::Null,
            Self::Bool(truth) => WireJson::Bool(*truth),
            Self::String(text) => WireJson::Text(text.clone()),
            Self::Array(list) => WireJson::List(list.to_wire()),
            Self::Object(map) => WireJson::Object(map.to_wire()),
            Self::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => WireJson::Long(number),
                (None, Some(number)) => WireJson::Unsigned(number),
                (None, None) => WireJson::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
        }
    }

    fn from_wire(wire: WireJson) -> Self {
        match wire {
            WireJson::Null => Self::Null,
            WireJson::Bool(truth) => truth.into(),
            WireJson::Long(number) => number.into(),
            WireJson::Unsigned(number) => number.into(),
            WireJson::Double(number) => Number::from_f64(number).map_or(Self::Null, Self::Number),
            WireJson::Text(text) => text.into(),
            WireJson::List(list) => Self::Array(Json::from_wire(list)),
            WireJson::Object(pairs) => Self::Object(Json::from_wire(pairs)),
        }
    }
}

impl Json for Map<String, Value> {
    type Wire = Vec<(String, WireJson)>;

    fn to_wire(&self) -> Self::Wire {
        self.iter().map(|(name, value)| (name.clone(), value.to_wire())).collect()
    }

    fn from_wire(wire: Self::Wire) -> Self {
        wire.into_iter().map(|(name, value)| (name, Value::from_wire(value))).collect()
    }
}

impl Json for BTreeMap<String, Value> {
    type Wire = Vec<(String, WireJson)>;

    fn to_wire(&self) -> Self::Wire {
        self.iter().map(|(name, value)| (name.clone(), value.to_wire())).collect()
    }

    fn from_wire(wire: Self::Wire) -> Self {
        wire.into_iter().map(|(name, value)| (name, Value::from_wire(value))).collect()
    }
}

impl<T: Json> Json for Option<T> {
    type Wire = Option<T::Wire>;

    fn to_wire(&self) -> Self::Wire {
        self.as_ref().map(T::to_wire)
    }

    fn from_wire(wire: Self::Wire) -> Self {
        wire.map(T::from_wire)
    }
}

impl<T: Json> Json for Vec<T> {
    type Wire = Vec<T::Wire>;

    fn to_wire(&self) -> Self::Wire {
        self.iter().map(T::to_wire).collect()
    }

    fn from_wire(wire: Self::Wire) -> Self {
        wire.into_iter().map(T::from_wire).collect()
    }
}

/// A name and what it names.
impl<T: Json> Json for (String, T) {
    type Wire = (String, T::Wire);

    fn to_wire(&self) -> Self::Wire {
        (self.0.clone(), self.1.to_wire())
    }

    fn from_wire(wire: Self::Wire) -> Self {
        (wire.0, T::from_wire(wire.1))
    }
}

macro_rules! plain {
    ($($kind:ty)*) => {
        $(impl Json for $kind {
            type Wire = Self;

            fn to_wire(&self) -> Self {
                self.clone()
            }

            fn from_wire(wire: Self) -> Self {
                wire
            }
        })*
    };
}

plain! { String f64 }
