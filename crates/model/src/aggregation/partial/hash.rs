//! Hashes of values, the same on every node: what [`super::Cardinality`] counts.

use twox_hash::XxHash3_64;

/// Of a text or an address.
pub fn of_bytes(bytes: &[u8]) -> u64 {
    XxHash3_64::oneshot(bytes)
}

/// Of a number's 64 bits: an integer, or a double's (`-0.0` and `0.0` are two values). Stafford's thirteenth variant of
/// MurmurHash3's finalizer: each bit of the number turns half of the bits of the hash.
pub fn of_number(bits: u64) -> u64 {
    let mut hash = bits;
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
