//! The document of a key: `{"type": "hash", "position": 77, "expires_at": 1700000000000, "value": {..}}`.

use std::fmt;

use bytes::Bytes;
use model::document::Source;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::id::{bytes_of, text_of};
use super::value::{Fields, Value};
use super::{Entry, walk};
use crate::error::RespError;

/// What a value is, as `type` holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    String,
    Hash,
    Json,
}

impl Kind {
    /// As `TYPE` answers.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Hash => "hash",
            Self::Json => "ReJSON-RL",
        }
    }

    /// As `type` holds it.
    pub(super) fn stored(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Hash => "hash",
            Self::Json => "json",
        }
    }

    fn of(value: &Value) -> Self {
        match value {
            Value::Text(_) => Self::String,
            Value::Hash(_) => Self::Hash,
            Value::Json(_) => Self::Json,
        }
    }
}

/// A document read as far as its type and its end; its value is read when it is wanted.
pub(super) struct Record {
    pub(super) kind: Kind,
    pub(super) expires_at_ms: Option<u64>,
    source: Source,
}

#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    expires_at: Option<u64>,
    #[serde(borrow)]
    value: &'a RawValue,
}

impl Record {
    pub(super) fn new(source: Source) -> Result<Self, RespError> {
        let stored: Stored<'_> = serde_json::from_slice(&source).map_err(damaged)?;
        Ok(Self { kind: stored.kind, expires_at_ms: stored.expires_at, source })
    }

    pub(super) fn is_alive(&self, now_ms: u64) -> bool {
        self.expires_at_ms.is_none_or(|at| at > now_ms)
    }

    pub(super) fn entry(&self) -> Result<Entry, RespError> {
        let stored: Stored<'_> = serde_json::from_slice(&self.source).map_err(damaged)?;
        let raw = stored.value.get();
        let value = match self.kind {
            Kind::String => Value::Text(serde_json::from_str::<Text>(raw).map_err(damaged)?.0),
            Kind::Hash => Value::Hash(serde_json::from_str::<Map>(raw).map_err(damaged)?.0),
            Kind::Json => Value::Json(serde_json::from_str(raw).map_err(damaged)?),
        };
        Ok(Entry { value, expires_at_ms: self.expires_at_ms })
    }
}

fn damaged(error: serde_json::Error) -> RespError {
    RespError::refused(format!("a document of the index of keys does not read: {error}"))
}

/// The document of `key` with this entry.
pub(super) fn source(key: &[u8], entry: &Entry) -> Source {
    let kind = Kind::of(&entry.value).stored();
    let mut out = format!("{{\"type\":\"{kind}\",\"position\":{}", walk::position(key)).into_bytes();
    if let Some(at) = entry.expires_at_ms {
        out.extend_from_slice(format!(",\"expires_at\":{at}").as_bytes());
    }
    out.extend_from_slice(b",\"value\":");
    match &entry.value {
        Value::Text(text) => quoted(text, &mut out),
        Value::Hash(fields) => {
            out.push(b'{');
            for (at, (name, value)) in fields.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                quoted(name, &mut out);
                out.push(b':');
                quoted(value, &mut out);
            }
            out.push(b'}');
        }
        Value::Json(json) => serde_json::to_writer(&mut out, json).expect("writing JSON to memory cannot fail"),
    }
    out.push(b'}');
    out.into()
}

fn quoted(bytes: &[u8], out: &mut Vec<u8>) {
    serde_json::to_writer(out, &*text_of(bytes)).expect("writing a string to memory cannot fail");
}

/// A string of a document as the bytes that it stands for.
struct Text(Bytes);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(bytes_of(text)))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

struct Map(Fields);

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Map;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Map, A::Error> {
                let mut fields = Fields::default();
                while let Some((name, value)) = pairs.next_entry::<Text, Text>()? {
                    fields.insert(name.0, value.0);
                }
                Ok(Map(fields))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, expires_at_ms: Option<u64>) {
        let entry = Entry { value, expires_at_ms };
        let record = Record::new(source(b"k", &entry)).unwrap();
        assert_eq!(record.entry().unwrap(), entry);
        assert_eq!(record.kind.type_name(), entry.value.type_name());
    }

    #[test]
    fn entries_come_back() {
        check(Value::Text(Bytes::from_static(b"a\0\"\xff")), None);
        let fields = [("b", &b"1"[..]), ("a", &[0, 1, 255][..]), ("", b"\0x")];
        let pair = |(name, value): (&'static str, &'static [u8])| (Bytes::from_static(name.as_bytes()), value.into());
        check(Value::Hash(fields.into_iter().map(pair).collect()), Some(7));
        check(Value::Json(serde_json::json!({"b": [1, 2.5, null], "a": {"x": "é"}})), Some(u64::MAX));
    }
}
