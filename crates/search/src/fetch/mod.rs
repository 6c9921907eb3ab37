//! Making of a winner what the client sees of it. Pure: sources, codes of columns and analyzers come in, JSON values and marked texts go out.

pub mod decimal;
pub mod doc_value;
pub mod extract;
pub mod highlight;
mod place;
mod shape;
pub mod source;
pub mod stored;
pub mod value;
mod vectors;
