//! Tokenizers: they cut a text into tokens.

pub(crate) mod addresses;
pub(crate) mod classes;
pub(crate) mod classic;
pub(crate) mod grams;
pub(crate) mod keyword;
pub(crate) mod letters;
pub(crate) mod path;
pub(crate) mod pattern;
pub(crate) mod redis;
pub(crate) mod standard;
