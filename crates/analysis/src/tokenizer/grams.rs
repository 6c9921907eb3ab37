//! The `ngram` and `edge_ngram` tokenizers.

use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;
use crate::tokenizer::classes::Classes;

/// All stretches of `min` to `max` characters inside runs of the wanted characters; of `edge` ones only those that begin a run.
pub(crate) struct Grams {
    pub(crate) min: usize,
    pub(crate) max: usize,
    pub(crate) edge: bool,
    /// Characters that a gram may hold; empty: all.
    pub(crate) classes: Classes,
}

impl Tokenizer for Grams {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        // Byte offsets of the characters of the current run and of its end.
        let mut bounds: Vec<usize> = Vec::new();
        for (at, c) in text.char_indices() {
            if self.classes.is_empty() || self.classes.contains(c) {
                bounds.push(at);
            } else {
                self.run(text, &mut bounds, at, sink);
            }
        }
        self.run(text, &mut bounds, text.len(), sink);
        0
    }
}

impl Grams {
    fn run(&self, text: &str, bounds: &mut Vec<usize>, end: usize, sink: &mut dyn FnMut(Raw<'_>)) {
        let count = bounds.len();
        bounds.push(end);
        let starts = if self.edge { count.min(1) } else { count };
        for start in 0..starts {
            for size in self.min..=self.max.min(count - start) {
                let (start, end) = (bounds[start], bounds[start + size]);
                sink(Raw { text: &text[start..end], start, end, increment: 1, kind: TokenKind::Word });
            }
        }
        bounds.clear();
    }
}
