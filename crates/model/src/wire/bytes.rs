//! Sources on the wire: one run of bytes, not a list of numbers. For `#[serde(with = ..)]`.

use std::fmt;
use std::sync::Arc;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes, or perhaps bytes.
pub trait Bytes: Sized {
    /// As they are written.
    type Wire<'a>: Serialize
    where
        Self: 'a;
    /// As they are read.
    type Read: for<'de> Deserialize<'de>;

    fn wire(&self) -> Self::Wire<'_>;
    fn read(read: Self::Read) -> Self;
}

pub struct Run<'a>(&'a [u8]);

pub struct Owned(Arc<[u8]>);

impl Serialize for Run<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

struct RunVisitor;

impl Visitor<'_> for RunVisitor {
    type Value = Owned;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Owned, E> {
        Ok(Owned(bytes.into()))
    }
}

impl<'de> Deserialize<'de> for Owned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(RunVisitor)
    }
}

impl Bytes for Arc<[u8]> {
    type Wire<'a> = Run<'a>;
    type Read = Owned;

    fn wire(&self) -> Run<'_> {
        Run(self)
    }

    fn read(read: Owned) -> Self {
        read.0
    }
}

impl<T: Bytes> Bytes for Option<T> {
    type Wire<'a>
        = Option<T::Wire<'a>>
    where
        T: 'a;
    type Read = Option<T::Read>;

    fn wire(&self) -> Self::Wire<'_> {
        self.as_ref().map(T::wire)
    }

    fn read(read: Self::Read) -> Self {
        read.map(T::read)
    }
}

pub fn serialize<T: Bytes, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.wire().serialize(serializer)
}

pub fn deserialize<'de, T: Bytes, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::Read::deserialize(deserializer).map(T::read)
}
