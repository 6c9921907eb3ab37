//! The document of a key: `{"type": "hash", "position": 77, "expires_at": 1700000000000, "value": {..}}`.
//!
//! Of a hash some of whose fields expire, before its value: `"fields_expire_at"`, when the first does; `"fields_end_at"`, when the last does, if
//! all do; `"expiries"`, of each when.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use bytes::Bytes;
use model::document::Source;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::id::{bytes_of, quoted};
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
    /// When no field is left.
    fields_end_at_ms: Option<u64>,
    /// Where its parts stand in the document.
    value: Range<usize>,
    expiries: Option<Range<usize>>,
    source: Source,
}

#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default)]
    expires_at: Option<u64>,
    #[serde(default)]
    fields_end_at: Option<u64>,
    #[serde(borrow, default)]
    expiries: Option<&'a RawValue>,
    #[serde(borrow)]
    value: &'a RawValue,
}

impl Record {
    pub(super) fn new(source: Source) -> Result<Self, RespError> {
        let stored: Stored<'_> = serde_json::from_slice(&source).map_err(damaged)?;
        let Stored { kind, expires_at, fields_end_at, expiries, value } = stored;
        let (value, expiries) = (place(value, &source), expiries.map(|expiries| place(expiries, &source)));
        Ok(Self { kind, expires_at_ms: expires_at, fields_end_at_ms: fields_end_at, value, expiries, source })
    }

    pub(super) fn is_alive(&self, now_ms: u64) -> bool {
        self.expires_at_ms.is_none_or(|at| at > now_ms) && self.fields_end_at_ms.is_none_or(|at| at > now_ms)
    }

    /// In bytes.
    pub(super) fn size(&self) -> usize {
        self.source.len()
    }

    /// What it holds, without fields that have expired.
    pub(super) fn entry(&self, now_ms: u64) -> Result<Entry, RespError> {
        let value = match self.kind {
            Kind::String => Value::Text(self.read::<Text>(&self.value)?.0),
            Kind::Hash => {
                let values = self.read::<Map<Text>>(&self.value)?;
                let values = values.0.into_iter().map(|(name, value)| (name, value.0)).collect();
                let expiries = self.expiries.as_ref().map(|expiries| self.read::<Map<u64>>(expiries)).transpose()?;
                let expiries = expiries.map_or_else(Vec::new, |expiries| expiries.0);
                let mut fields = Fields::new(values, expiries.into_iter().collect());
                fields.drop_expired(now_ms);
                Value::Hash(fields)
            }
            Kind::Json => Value::Json(self.read(&self.value)?),
        };
        Ok(Entry { value, expires_at_ms: self.expires_at_ms })
    }

    /// What stands at a place of the document.
    fn read<'s, T: Deserialize<'s>>(&'s self, place: &Range<usize>) -> Result<T, RespError> {
        serde_json::from_slice(self.source.get(place.clone()).unwrap_or_default()).map_err(damaged)
    }
}

/// Where in a document a part of it stands.
fn place(part: &RawValue, document: &[u8]) -> Range<usize> {
    let from = part.get().as_ptr().addr() - document.as_ptr().addr();
    from..from + part.get().len()
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
    if let Value::Hash(fields) = &entry.value {
        write_expiries(fields, &mut out);
    }
    out.extend_from_slice(b",\"value\":");
    match &entry.value {
        Value::Text(text) => quoted(text, &mut out),
        Value::Hash(fields) => {
            out.reserve(fields.json_bytes() + 2);
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

fn write_expiries(fields: &Fields, out: &mut Vec<u8>) {
    let Some(first) = fields.next_expiry_ms() else { return };
    out.extend_from_slice(format!(",\"fields_expire_at\":{first}").as_bytes());
    if let Some(end) = fields.end_ms() {
        out.extend_from_slice(format!(",\"fields_end_at\":{end}").as_bytes());
    }
    out.extend_from_slice(b",\"expiries\":{");
    for (at, (name, expiry)) in fields.expiries().iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        quoted(name, out);
        out.extend_from_slice(format!(":{expiry}").as_bytes());
    }
    out.push(b'}');
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

/// An object in its order, its names as the bytes that they stand for.
struct Map<V>(Vec<(Bytes, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for Reader<V> {
            type Value = Map<V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Map<V>, A::Error> {
                let mut found = Vec::new();
                while let Some((name, value)) = pairs.next_entry::<Text, V>()? {
                    found.push((name.0, value));
                }
                Ok(Map(found))
            }
        }
        deserializer.deserialize_map(Reader(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: Value, expires_at_ms: Option<u64>) {
        let entry = Entry { value, expires_at_ms };
        let record = Record::new(source(b"k", &entry)).unwrap();
        assert_eq!(record.entry(0).unwrap(), entry);
        assert_eq!(record.kind.type_name(), entry.value.type_name());
    }

    #[test]
    fn entries_come_back() {
        check(Value::Text(Bytes::from_static(b"a\0\"\xff")), None);
        let fields = [("b", &b"1"[..]), ("a", &[0, 1, 255][..]), ("", b"\0x")];
        let pair = |(name, value): (&'static str, &'static [u8])| (Bytes::from_static(name.as_bytes()), value.into());
        check(Value::Hash(fields.into_iter().map(pair).collect()), Some(7));
        let mut expiring: Fields = fields.into_iter().map(pair).collect();
        expiring.expire(&Bytes::from_static(b"a"), Some(9));
        expiring.expire(&Bytes::new(), Some(8));
        check(Value::Hash(expiring), Some(7));
        check(Value::Json(serde_json::json!({"b": [1, 2.5, null], "a": {"x": "é"}})), Some(u64::MAX));
    }

    #[test]
    fn a_hash_ends_with_its_last_field() {
        let mut fields: Fields = [(Bytes::from_static(b"a"), Bytes::from_static(b"1"))].into_iter().collect();
        fields.expire(&Bytes::from_static(b"a"), Some(9));
        let record = Record::new(source(b"k", &Entry::new(Value::Hash(fields)))).unwrap();
        assert!(record.is_alive(8) && !record.is_alive(9));
        assert!(record.entry(9).unwrap().value.is_empty());
    }
}
