//! Length codes, and the bound of a posting's impact that follows from one.

/// How much greater a bound is made, against rounding.
const SLACK: f32 = 1.000_002;
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// The length code of so many tokens: Lucene's `SmallFloat` byte4, which tantivy uses too.
pub(crate) fn code_of_length(length: u32) -> u8 {
    tantivy::fieldnorm::FieldNormReader::fieldnorm_to_id(length)
}

/// `freq / (freq + k1 * (1 - b + b * length / average))` under one average length.
pub(crate) struct Curve {
    per_token: f32,
}

impl Curve {
    /// `average`: of the lengths of documents with the field.
    pub(crate) fn new(average: f32) -> Self {
        Self { per_token: if average > 0.0 { B / average } else { 0.0 } }
    }

    /// Not less than the impact, not more than 1.
    pub(crate) fn bound(&self, code: u8, freq: u32) -> f32 {
        let length = tantivy::fieldnorm::FieldNormReader::id_to_fieldnorm(code) as f32;
        let freq = freq as f32;
        (freq / (freq + K1 * (1.0 - B + self.per_token * length)) * SLACK).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lucene's `SmallFloat.intToByte4`, from its description: exact up to 23, then a float of four significant bits.
    fn byte4(length: u32) -> u8 {
        const FREE: u32 = 24;
        let float = |value: u32| {
            let bits = 32 - value.leading_zeros();
            if bits < 4 {
                return value;
            }
            let shift = bits - 4;
            (value >> shift) & 7 | (shift + 1) << 3
        };
        if length < FREE { length as u8 } else { (FREE + float(length - FREE)) as u8 }
    }

    #[test]
    fn length_codes_are_lucenes() {
        for length in (0..1_000_000).chain((0..20).map(|n| i32::MAX as u32 - n * 1_000_003)) {
            assert_eq!(code_of_length(length), byte4(length), "{length}");
        }
    }

    #[test]
    fn bounds_grow_with_freq_and_shrink_with_length() {
        let curve = Curve::new(10.0);
        assert!(curve.bound(5, 2) > curve.bound(5, 1) && curve.bound(5, 2) > curve.bound(6, 2));
        assert!((curve.bound(10, 1) - 1.0 / 2.2).abs() < 1e-5);
        assert_eq!(Curve::new(0.0).bound(0, u32::MAX), 1.0);
    }
}
