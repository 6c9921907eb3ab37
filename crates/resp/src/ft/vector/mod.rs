//! Vectors: attributes that hold them, and the keys whose vectors are near one.
//!
//! In: words of a schema, bytes and arrays of keys, the vector clauses of a query. Out: fields of a mapping, numbers, and requests to the
//! gateway for documents with their distances. How near vectors are found is the shards' affair.

pub mod field;
pub mod measure;
pub mod near;
pub mod parameters;
pub mod value;

pub use field::VectorField;
pub use measure::{Measure, Measures};
