//! One operation as the log holds it.
//!
//! Layout, little endian: kind `u8`, primary term `u64`, version `u64`, id length `u32`, id, then for documents: routing length `u32`
//! plus one (0: none), routing, source to the end. The sequence number is the log's own.

use std::sync::Arc;

use crate::error::ShardError;

/// A change whose outcome was decided: replaying it needs no decision again.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    pub seq_no: u64,
    pub primary_term: u64,
    pub version: u64,
    pub id: Arc<str>,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Index {
        routing: Option<Arc<str>>,
        source: Arc<[u8]>,
    },
    Delete,
    /// Fills a place in the history without changing anything.
    NoOp,
}

/// An operation as it goes to other copies: what the log holds of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    pub seq_no: u64,
    /// The term under which it was first written.
    pub primary_term: u64,
    /// As [`Operation::encode`] makes them.
    pub bytes: Arc<[u8]>,
}

impl Logged {
    /// What fills a place in the history.
    pub fn no_op(seq_no: u64, primary_term: u64) -> Self {
        let operation = Operation { seq_no, primary_term, version: 0, id: "".into(), change: Change::NoOp };
        Self { seq_no, primary_term, bytes: operation.encode().into() }
    }

    pub(super) fn read(entry: &wal::Entry) -> Result<Self, ShardError> {
        let primary_term = Operation::primary_term_of(entry.seq, &entry.payload)?;
        Ok(Self { seq_no: entry.seq, primary_term, bytes: entry.payload.as_slice().into() })
    }
}

const INDEX: u8 = 1;
const DELETE: u8 = 2;
const NO_OP: u8 = 3;

impl Operation {
    /// The log's bytes for it.
    pub fn encode(&self) -> Vec<u8> {
        let (kind, routing, source) = match &self.change {
            Change::Index { routing, source } => (INDEX, routing.as_deref(), source.as_ref()),
            Change::Delete => (DELETE, None, &[][..]),
            Change::NoOp => (NO_OP, None, &[][..]),
        };
        let mut out = Vec::with_capacity(25 + self.id.len() + routing.map_or(0, str::len) + source.len());
        out.push(kind);
        out.extend_from_slice(&self.primary_term.to_le_bytes());
        out.extend_from_slice(&self.version.to_le_bytes());
        out.extend_from_slice(&(self.id.len() as u32).to_le_bytes());
        out.extend_from_slice(self.id.as_bytes());
        if kind == INDEX {
            out.extend_from_slice(&routing.map_or(0, |r| r.len() as u32 + 1).to_le_bytes());
            out.extend_from_slice(routing.unwrap_or_default().as_bytes());
            out.extend_from_slice(source);
        }
        out
    }

    /// The term that stands in what `encode` wrote.
    fn primary_term_of(seq_no: u64, bytes: &[u8]) -> Result<u64, ShardError> {
        let mut input = Input { rest: bytes, seq_no };
        input.take(1)?;
        input.u64()
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// [`ShardError::Operation`] for anything else; the log's checksums make that a defect, not an accident.
    pub fn decode(seq_no: u64, bytes: &[u8]) -> Result<Self, ShardError> {
        let mut input = Input { rest: bytes, seq_no };
        let kind = input.take(1)?[0];
        let (primary_term, version) = (input.u64()?, input.u64()?);
        let id_length = input.u32()?;
        let id = input.text(id_length)?;
        let change = match kind {
            INDEX => {
                let routing = match input.u32()? {
                    0 => None,
                    length => Some(input.text(length - 1)?),
                };
                Change::Index { routing, source: input.rest.into() }
            }
            DELETE => Change::Delete,
            NO_OP => Change::NoOp,
            _ => return Err(input.wrong("unknown kind")),
        };
        Ok(Self { seq_no, primary_term, version, id, change })
    }
}

struct Input<'a> {
    rest: &'a [u8],
    seq_no: u64,
}

impl<'a> Input<'a> {
    fn wrong(&self, what: &'static str) -> ShardError {
        ShardError::Operation { seq_no: self.seq_no, what }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ShardError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.wrong("too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    fn u32(&mut self) -> Result<u32, ShardError> {
        let bytes = self.take(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    fn u64(&mut self) -> Result<u64, ShardError> {
        Ok(u64::from(self.u32()?) | u64::from(self.u32()?) << 32)
    }

    fn text(&mut self, length: u32) -> Result<Arc<str>, ShardError> {
        let bytes = self.take(length as usize)?;
        std::str::from_utf8(bytes).map(Arc::from).map_err(|_| self.wrong("not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_change() -> impl Strategy<Value = Change> {
        prop_oneof![
            (proptest::option::of(".{0,9}"), proptest::collection::vec(any::<u8>(), 0..99))
                .prop_map(|(routing, source)| Change::Index { routing: routing.map(Arc::from), source: source.into() }),
            Just(Change::Delete),
            Just(Change::NoOp),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seq_no: u64, primary_term: u64, version: u64, id in ".{0,20}", change in any_change()) {
            let operation = Operation { seq_no, primary_term, version, id: id.into(), change };
            let bytes = operation.encode();
            prop_assert_eq!(Operation::primary_term_of(seq_no, &bytes).expect("own bytes"), primary_term);
            prop_assert_eq!(Operation::decode(seq_no, &bytes).expect("own bytes"), operation);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = (Operation::decode(1, &bytes), Operation::primary_term_of(1, &bytes));
        }
    }
}
