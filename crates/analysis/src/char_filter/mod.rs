//! Char filters: they change the text before the tokenizer sees it and remember where every piece of it came from.

mod offsets;

pub(crate) use offsets::{Cursor, Filtered};
