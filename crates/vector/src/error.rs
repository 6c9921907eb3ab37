//! What can be wrong with vectors, queries and the bytes of a graph.

/// Everything that this crate refuses.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum VectorError {
    #[error("a vector of {found} dimensions where {wanted} are wanted")]
    Dimension { found: usize, wanted: usize },
    #[error("the value of dimension {at} is not a finite number")]
    NotFinite { at: usize },
    #[error("the value {value} of dimension {at} is no whole number from -128 to 127")]
    NotAByte { at: usize, value: f32 },
    #[error("the value {value} of dimension {at} is too large for 16 bits")]
    TooLarge { at: usize, value: f32 },
    #[error("a vector of length zero has no direction")]
    ZeroLength,
    #[error("{space} is not defined for elements of {element}")]
    Space { space: &'static str, element: &'static str },
    #[error("dimension {0} is out of bounds")]
    Shape(usize),
    /// Bytes that were not written here, or have changed since.
    #[error("{what}")]
    Corrupt { what: &'static str },
    #[error("the build was cancelled")]
    Cancelled,
}
