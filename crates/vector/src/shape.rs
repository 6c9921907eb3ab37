//! What the vectors of a block are: how many dimensions, of what, and how far apart two are.

use crate::VectorError;

/// What a dimension holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    F32,
    /// IEEE 754 half precision.
    F16,
    I8,
    /// Single bits, eight a byte; given as bytes.
    Binary,
}

impl Element {
    /// Its number in files.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::F32 => 0,
            Self::F16 => 1,
            Self::I8 => 2,
            Self::Binary => 3,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::F32 => "float",
            Self::F16 => "half",
            Self::I8 => "byte",
            Self::Binary => "binary",
        }
    }
}

/// How the distance of two vectors is measured. Distances are lower for what is nearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// The sum of squared differences.
    L2,
    /// 1 less the cosine of the angle.
    Cosine,
    /// The inner product, negated.
    InnerProduct,
    /// Bits that differ.
    Hamming,
    /// The sum of differences.
    L1,
    /// The largest difference.
    Linf,
}

impl Space {
    /// Its number in files.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::L2 => 0,
            Self::Cosine => 1,
            Self::InnerProduct => 2,
            Self::Hamming => 3,
            Self::L1 => 4,
            Self::Linf => 5,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::L2 => "l2",
            Self::Cosine => "cosine",
            Self::InnerProduct => "inner product",
            Self::Hamming => "hamming",
            Self::L1 => "l1",
            Self::Linf => "linf",
        }
    }
}

/// The vectors of one block are all of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    dimension: usize,
    element: Element,
    space: Space,
}

impl Shape {
    /// The most dimensions; sums of squared bytes stay below 2^31.
    pub const MAX_DIMENSION: usize = 16_000;

    /// # Errors
    /// A dimension of 0, beyond [`Shape::MAX_DIMENSION`] (eight times that for bits) or, for bits, no multiple of 8; hamming goes with bits, and with
    /// nothing else.
    pub fn new(dimension: usize, element: Element, space: Space) -> Result<Self, VectorError> {
        let bits = element == Element::Binary;
        let most = if bits { 8 * Self::MAX_DIMENSION } else { Self::MAX_DIMENSION };
        if dimension == 0 || dimension > most || (bits && !dimension.is_multiple_of(8)) {
            return Err(VectorError::Shape(dimension));
        }
        if bits != (space == Space::Hamming) {
            return Err(VectorError::Space { space: space.name(), element: element.name() });
        }
        Ok(Self { dimension, element, space })
    }

    pub fn dimension(&self) -> usize {
        self.dimension
    }

    pub fn element(&self) -> Element {
        self.element
    }

    pub fn space(&self) -> Space {
        self.space
    }

    /// Numbers that make a vector: bits come eight in one.
    pub fn values(&self) -> usize {
        if self.element == Element::Binary { self.dimension / 8 } else { self.dimension }
    }

    /// Bytes of the elements.
    pub(crate) fn element_bytes(&self) -> usize {
        match self.element {
            Element::F32 => 4 * self.dimension,
            Element::F16 => 2 * self.dimension,
            Element::I8 => self.dimension,
            Element::Binary => self.dimension / 8,
        }
    }

    /// Bytes of a row: the elements and, under cosine, the inverse of the length.
    pub fn row_bytes(&self) -> usize {
        self.element_bytes() + if self.space == Space::Cosine { 4 } else { 0 }
    }

    /// Appends the row of a vector.
    ///
    /// # Errors
    /// Another number of values, one that is not finite or does not fit the element; under cosine a vector of zeros.
    pub fn push_row(&self, vector: &[f32], out: &mut Vec<u8>) -> Result<(), VectorError> {
        if vector.len() != self.values() {
            return Err(VectorError::Dimension { found: vector.len(), wanted: self.values() });
        }
        if let Some(at) = vector.iter().position(|value| !value.is_finite()) {
            return Err(VectorError::NotFinite { at });
        }
        match self.element {
            Element::F32 => out.extend(vector.iter().flat_map(|value| value.to_le_bytes())),
            Element::F16 => {
                for (at, &value) in vector.iter().enumerate() {
                    let half = half::f16::from_f32(value);
                    if !half.is_finite() {
                        return Err(VectorError::TooLarge { at, value });
                    }
                    out.extend(half.to_le_bytes());
                }
            }
            Element::I8 | Element::Binary => {
                for (at, &value) in vector.iter().enumerate() {
                    if value.fract() != 0.0 || !(-128.0..=127.0).contains(&value) {
                        return Err(VectorError::NotAByte { at, value });
                    }
                    out.push(value as i8 as u8);
                }
            }
        }
        if self.space == Space::Cosine {
            let square: f64 = vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
            let inverse = (1.0 / square.sqrt()) as f32;
            if !inverse.is_finite() || inverse == 0.0 {
                return Err(VectorError::ZeroLength);
            }
            out.extend(inverse.to_le_bytes());
        }
        Ok(())
    }

    /// The vector of a row, as it was given (of 16 bits: as it was kept).
    pub fn vector(&self, row: &[u8]) -> Vec<f32> {
        let bytes = &row[..self.element_bytes().min(row.len())];
        match self.element {
            Element::F32 => bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect(),
            Element::F16 => {
                bytes.as_chunks::<2>().0.iter().map(|two| half::f16::from_le_bytes(*two).to_f32()).collect()
            }
            Element::I8 | Element::Binary => bytes.iter().map(|&byte| f32::from(byte as i8)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(shape: Shape, vector: &[f32]) -> Result<Vec<u8>, VectorError> {
        let mut out = Vec::new();
        shape.push_row(vector, &mut out).map(|()| out)
    }

    #[test]
    fn vectors_come_back_from_their_rows() {
        for element in [Element::F32, Element::F16, Element::I8] {
            for space in [Space::L2, Space::Cosine, Space::InnerProduct, Space::L1, Space::Linf] {
                let shape = Shape::new(3, element, space).unwrap();
                let bytes = row(shape, &[1.0, -128.0, 127.0]).unwrap();
                assert_eq!(bytes.len(), shape.row_bytes());
                assert_eq!(shape.vector(&bytes), [1.0, -128.0, 127.0]);
            }
        }
        let bits = Shape::new(16, Element::Binary, Space::Hamming).unwrap();
        assert_eq!(bits.vector(&row(bits, &[-1.0, 5.0]).unwrap()), [-1.0, 5.0]);
    }

    #[test]
    fn what_fits_no_row_is_refused() {
        let check = |element, space, vector: &[f32], wanted| {
            assert_eq!(row(Shape::new(2, element, space).unwrap(), vector), Err(wanted));
        };
        check(Element::F32, Space::L2, &[1.0], VectorError::Dimension { found: 1, wanted: 2 });
        check(Element::F32, Space::L2, &[1.0, f32::NAN], VectorError::NotFinite { at: 1 });
        check(Element::F32, Space::Cosine, &[0.0, 0.0], VectorError::ZeroLength);
        check(Element::F16, Space::L2, &[1.0, 70_000.0], VectorError::TooLarge { at: 1, value: 70_000.0 });
        check(Element::I8, Space::L2, &[1.5, 0.0], VectorError::NotAByte { at: 0, value: 1.5 });
        check(Element::I8, Space::L2, &[0.0, 128.0], VectorError::NotAByte { at: 1, value: 128.0 });
        assert!(Shape::new(12, Element::Binary, Space::Hamming).is_err());
        assert!(Shape::new(8, Element::Binary, Space::L2).is_err());
        assert!(Shape::new(8, Element::F32, Space::Hamming).is_err());
        assert!(Shape::new(0, Element::F32, Space::L2).is_err());
        assert!(Shape::new(16_001, Element::F32, Space::L2).is_err());
    }
}
