//! Bytes as text: base64, as `binary` fields hold them.

use base64::Engine;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD, STANDARD_NO_PAD};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD_ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of a text, padded or not, white space passed over; `None`: it is none.
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    match text.bytes().any(|byte| byte <= b' ') {
        true => LENIENT.decode(text.replace(|c| c <= ' ', "")).ok(),
        false => LENIENT.decode(text).ok(),
    }
}

/// The text of bytes, with padding.
pub fn to_padded_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The text of bytes, without padding.
pub fn to_base64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        for text in ["", "aGVsbG8", "AAAA", "+/8"] {
            assert_eq!(from_base64(text).map(|bytes| to_base64(&bytes)).as_deref(), Some(text));
        }
        assert_eq!(from_base64("aGVsbG8="), from_base64("aGVsbG8"));
        assert_eq!(from_base64("aGV\n sbG8="), from_base64("aGVsbG8"));
        assert_eq!(from_base64("*"), None);
        assert_eq!(to_padded_base64(b"hello"), "aGVsbG8=");
    }
}
