//! Tokenizers: they cut a text into tokens.

pub(crate) mod keyword;
pub(crate) mod letters;
pub(crate) mod standard;
