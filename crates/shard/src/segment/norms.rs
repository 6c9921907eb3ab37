//! Length codes: how many tokens a document has in a field, in one byte.
//!
//! The codes of Lucene's `SmallFloat.intToByte4`: exact up to 40, then a float of four significant bits above 24. They order as the lengths
//! do, and scores equal OpenSearch's only because lengths are rounded as there.

/// Lengths up to here are their own codes.
const EXACT: u32 = 24;

/// The length that each code stands for: the least one that has it.
pub const LENGTHS: [u32; 256] = lengths();

const fn lengths() -> [u32; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = decode_length(code as u8);
        code += 1;
    }
    table
}

/// The code of a length: of the greatest length in [`LENGTHS`] that is not above it.
pub const fn encode_length(length: u32) -> u8 {
    if length < EXACT {
        return length as u8;
    }
    let rest = length - EXACT;
    let bits = 32 - rest.leading_zeros();
    if bits < 4 {
        return (EXACT + rest) as u8;
    }
    let shift = bits - 4;
    // The bit above the three that are kept is always set, and so not written.
    let code = EXACT + ((rest >> shift & 7) | (shift + 1) << 3);
    if code > 255 { 255 } else { code as u8 }
}

/// The length of a code.
pub const fn decode_length(code: u8) -> u32 {
    let code = code as u32;
    if code < EXACT {
        return code;
    }
    let rest = code - EXACT;
    let (kept, shift) = (rest & 7, rest >> 3);
    EXACT + if shift == 0 { kept } else { (kept | 8) << (shift - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_order_as_lengths_and_read_back_rounded_down() {
        assert!(LENGTHS.is_sorted_by(|a, b| a < b));
        for (code, &length) in LENGTHS.iter().enumerate() {
            assert_eq!(usize::from(encode_length(length)), code);
            let next = LENGTHS.get(code + 1).copied().unwrap_or(i32::MAX as u32);
            assert_eq!(usize::from(encode_length(next - 1)), code);
        }
    }

    #[test]
    fn known_codes() {
        // As a real Lucene computes them.
        for (length, code) in
            [(0, 0), (1, 1), (39, 39), (40, 40), (41, 40), (42, 41), (100, 57), (1000, 87), (i32::MAX as u32, 255)]
        {
            assert_eq!(encode_length(length), code, "{length}");
        }
    }
}
