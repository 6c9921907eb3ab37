//! Keys of buckets.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A value that made a bucket. Ordered: null, numbers by value, texts by bytes, lists element by element.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub enum Key {
    #[default]
    Null,
    Long(i64),
    Unsigned(u64),
    Double(f64),
    /// UTF-8, or the 16 bytes of an address.
    Bytes(Box<[u8]>),
    List(Vec<Key>),
}

impl Key {
    pub fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().into())
    }

    /// As a number, where it is one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Long(number) => Some(*number as f64),
            Self::Unsigned(number) => Some(*number as f64),
            Self::Double(number) => Some(*number),
            Self::Null | Self::Bytes(_) | Self::List(_) => None,
        }
    }

    /// Whether both can be keys of one table: texts and numbers cannot.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::List(mine), Self::List(theirs)) => mine.iter().zip(theirs).all(|(one, other)| one.is_like(other)),
            (Self::Null, _) | (_, Self::Null) => true,
            (one, other) => one.rank() == other.rank(),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Long(_) | Self::Unsigned(_) | Self::Double(_) => 1,
            Self::Bytes(_) => 2,
            Self::List(_) => 3,
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        use Key::{Bytes, Double, List, Long, Unsigned};
        match (self, other) {
            (Long(a), Long(b)) => a.cmp(b),
            (Bytes(a), Bytes(b)) => a.cmp(b),
            (Unsigned(a), Unsigned(b)) => a.cmp(b),
            (Double(a), Double(b)) => a.total_cmp(b),
            (Long(a), Unsigned(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (Unsigned(a), Long(b)) => i128::from(*a).cmp(&i128::from(*b)),
            (List(a), List(b)) => a.cmp(b),
            (a, b) => match (a.as_f64(), b.as_f64()) {
                (Some(one), Some(two)) => one.total_cmp(&two).then_with(|| a.kind().cmp(&b.kind())),
                _ => a.rank().cmp(&b.rank()),
            },
        }
    }
}

impl Key {
    /// Whole numbers and floats of one value stay apart.
    fn kind(&self) -> u8 {
        u8::from(matches!(self, Self::Double(_)))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Null => state.write_u8(0),
            Self::Long(number) => state.write_i128(i128::from(*number)),
            Self::Unsigned(number) => state.write_i128(i128::from(*number)),
            Self::Double(number) => state.write_u64(number.to_bits()),
            Self::Bytes(bytes) => state.write(bytes),
            Self::List(keys) => keys.iter().for_each(|key| key.hash(state)),
        }
    }
}
