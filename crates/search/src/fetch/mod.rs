//! Making of a winner what the client sees of it. Pure: sources, values and analyzers come in.

pub mod source;
