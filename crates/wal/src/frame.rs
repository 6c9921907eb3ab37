//! The bytes of one entry: a header of 28 bytes with its own checksum, then the payload. Little endian.
//!
//! ```text
//! 0  length of the payload, u32        20  CRC-32 of the payload
//! 4  sequence number, u64              24  CRC-32 of salt (8 bytes) and bytes 0..24
//! 12 durable_next_seq, u64
//! ```
//!
//! `durable_next_seq` says which entries were on the disk when this one was written: all below it. So a later header proves that an
//! earlier, unreadable frame had been synced (damage), and its absence that it had not (the tail of a crash). The salt, drawn once
//! per log, keeps bytes inside a payload from being taken for a header. Zeros are what preallocation leaves: the end.

use crate::error::Damage;

/// Bytes before each payload.
pub const HEADER_LENGTH: usize = 28;

/// One entry as it lies in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    pub seq: u64,
    pub payload: &'a [u8],
}

/// How a run of frames ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing but zeros follows, or nothing at all.
    Clean {
        offset: usize,
    },
    Damaged {
        offset: usize,
        damage: Damage,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) length: u32,
    pub(crate) seq: u64,
    pub(crate) durable_next_seq: u64,
    pub(crate) payload_crc: u32,
}

impl Header {
    pub(crate) fn encode(&self, salt: u64) -> [u8; HEADER_LENGTH] {
        let mut bytes = [0; HEADER_LENGTH];
        bytes[0..4].copy_from_slice(&self.length.to_le_bytes());
        bytes[4..12].copy_from_slice(&self.seq.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.durable_next_seq.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = header_crc(salt, &bytes);
        bytes[24..28].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    /// `None` when the checksum does not hold, or what it protects cannot have been written.
    pub(crate) fn decode(salt: u64, bytes: &[u8; HEADER_LENGTH]) -> Option<Self> {
        let header = Self {
            length: u32_at(bytes, 0),
            seq: u64_at(bytes, 4),
            durable_next_seq: u64_at(bytes, 12),
            payload_crc: u32_at(bytes, 20),
        };
        // The cheap comparison first: a search for headers tries every offset.
        let possible = header.durable_next_seq <= header.seq && header.seq < u64::MAX;
        (possible && u32_at(bytes, 24) == header_crc(salt, bytes)).then_some(header)
    }

    pub(crate) fn frame_length(&self) -> u64 {
        HEADER_LENGTH as u64 + u64::from(self.length)
    }
}

fn header_crc(salt: u64, bytes: &[u8; HEADER_LENGTH]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&salt.to_le_bytes());
    hasher.update(&bytes[..24]);
    hasher.finalize()
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| *b == 0)
}

/// Appends the frame of one entry to `into`. Nothing is claimed about what was durable before it.
///
/// # Panics
/// When the payload is longer than `u32::MAX` bytes; [`crate::Log::append`] refuses such entries before.
pub fn encode_frame(salt: u64, seq: u64, payload: &[u8], into: &mut Vec<u8>) {
    let length = u32::try_from(payload.len()).expect("an entry is at most u32::MAX bytes long");
    let header = Header { length, seq, durable_next_seq: 0, payload_crc: crc32fast::hash(payload) };
    into.extend_from_slice(&header.encode(salt));
    into.extend_from_slice(payload);
}

/// The frames at the start of `bytes`, and how they end. Sequence numbers rise from `next_seq`. For any bytes: no panic, and no
/// allocation beyond one `Frame` for each 28 bytes.
pub fn parse_frames(salt: u64, mut next_seq: u64, bytes: &[u8]) -> (Vec<Frame<'_>>, Tail) {
    let mut frames = Vec::new();
    let mut offset = 0;
    loop {
        let rest = &bytes[offset..];
        let Some(head) = rest.first_chunk::<HEADER_LENGTH>() else {
            return (frames, if is_zero(rest) { Tail::Clean { offset } } else { damaged(offset, Damage::Header) });
        };
        let Some(header) = Header::decode(salt, head) else {
            return (frames, if is_zero(rest) { Tail::Clean { offset } } else { damaged(offset, Damage::Header) });
        };
        if header.seq < next_seq {
            return (frames, damaged(offset, Damage::OutOfOrder));
        }
        match rest[HEADER_LENGTH..].get(..header.length as usize) {
            Some(payload) if crc32fast::hash(payload) == header.payload_crc => {
                frames.push(Frame { seq: header.seq, payload });
                next_seq = header.seq + 1;
                offset += HEADER_LENGTH + payload.len();
            }
            _ => return (frames, damaged(offset, Damage::Payload)),
        }
    }
}

fn damaged(offset: usize, damage: Damage) -> Tail {
    Tail::Damaged { offset, damage }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SALT: u64 = 0x5eed;

    fn encode(entries: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (seq, payload) in entries {
            encode_frame(SALT, *seq, payload, &mut bytes);
        }
        bytes
    }

    #[test]
    fn a_header_is_known_only_under_its_salt() {
        let header = Header { length: 3, seq: 9, durable_next_seq: 8, payload_crc: 77 };
        assert_eq!(Header::decode(SALT, &header.encode(SALT)), Some(header));
        assert_eq!(Header::decode(SALT + 1, &header.encode(SALT)), None);
    }

    #[test]
    fn a_repeated_frame_is_out_of_order() {
        let bytes = encode(&[(4, b"a".to_vec()), (4, b"a".to_vec())]);
        let (frames, tail) = parse_frames(SALT, 0, &bytes);
        assert_eq!(frames, [Frame { seq: 4, payload: b"a" }]);
        assert_eq!(tail, Tail::Damaged { offset: 29, damage: Damage::OutOfOrder });
    }

    #[test]
    fn zeros_are_a_clean_end_and_an_empty_entry_is_not() {
        let mut bytes = encode(&[(0, Vec::new())]);
        bytes.extend_from_slice(&[0; 100]);
        let (frames, tail) = parse_frames(SALT, 0, &bytes);
        assert_eq!(frames.len(), 1);
        assert_eq!(tail, Tail::Clean { offset: 28 });
    }

    proptest! {
        #[test]
        fn any_entries_round_trip(payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20), zeros in 0usize..60) {
            let entries: Vec<_> = payloads.into_iter().enumerate().map(|(i, p)| (3 * i as u64, p)).collect();
            let mut bytes = encode(&entries);
            let end = bytes.len();
            bytes.resize(end + zeros, 0);
            let (frames, tail) = parse_frames(SALT, 0, &bytes);
            let read: Vec<_> = frames.iter().map(|f| (f.seq, f.payload.to_vec())).collect();
            prop_assert_eq!(read, entries);
            prop_assert_eq!(tail, Tail::Clean { offset: end });
        }

        #[test]
        fn any_bytes_parse_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let (frames, _) = parse_frames(SALT, 0, &bytes);
            prop_assert!(frames.len() * HEADER_LENGTH <= bytes.len());
        }

        /// One changed byte loses frames from there on and changes none before it.
        #[test]
        fn one_changed_byte_never_gives_a_wrong_entry(at in 0usize..1000, flip in 1u8..) {
            let entries: Vec<_> = (0..6u64).map(|i| (i, vec![i as u8 + 1; 10 + i as usize])).collect();
            let mut bytes = encode(&entries);
            let at = at % bytes.len();
            bytes[at] ^= flip;
            let (frames, tail) = parse_frames(SALT, 0, &bytes);
            let read: Vec<_> = frames.iter().map(|f| (f.seq, f.payload.to_vec())).collect();
            prop_assert!(read.len() < entries.len() && entries.starts_with(&read));
            let stops_before = matches!(tail, Tail::Damaged { offset, .. } if offset <= at);
            prop_assert!(stops_before);
        }
    }
}
