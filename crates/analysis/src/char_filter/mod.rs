//! Char filters: they change the text before the tokenizer sees it and remember where every piece of it came from.

pub(crate) mod html;
pub(crate) mod mapping;
mod offsets;

pub(crate) use offsets::{Cursor, Filtered};
