//! The `path_hierarchy` tokenizer: a path and the paths that lead to it.

use crate::stream::{Raw, Tokenizer};
use crate::token::TokenKind;

/// `a/b/c` gives `a`, `a/b`, `a/b/c`; reversed `a/b/c`, `b/c`, `c`.
pub(crate) struct PathHierarchy {
    pub(crate) delimiter: char,
    /// What stands for the delimiter in the tokens.
    pub(crate) replacement: char,
    /// How many components to leave out: the first ones, reversed the last ones.
    pub(crate) skip: usize,
    pub(crate) reverse: bool,
}

/// No index takes a longer term, in bytes. One such path is emitted, so that it is refused; others are not.
const LONGEST_TERM: usize = 32_766;

impl Tokenizer for PathHierarchy {
    fn tokenize(&self, text: &str, sink: &mut dyn FnMut(Raw<'_>)) -> u32 {
        if text.is_empty() {
            return 0;
        }
        // All paths of a text of only delimiters would have its length squared.
        let mut too_long = false;
        let replaced: String;
        let shown = if self.replacement == self.delimiter {
            text
        } else {
            let mut buffer = [0; 4];
            replaced = text.replace(self.delimiter, self.replacement.encode_utf8(&mut buffer));
            &replaced
        };
        // A replacement of another length shifts what is shown.
        let shift = self.replacement.len_utf8() as i64 - self.delimiter.len_utf8() as i64;
        let mut emit = |(start, start_count): (usize, i64), (end, end_count): (usize, i64)| {
            let from = (start as i64 + shift * start_count) as usize;
            let to = (end as i64 + shift * end_count) as usize;
            if too_long {
                return;
            }
            too_long = to - from > LONGEST_TERM;
            sink(Raw { text: &shown[from..to], start, end, increment: 1, kind: TokenKind::Word });
        };
        if self.reverse {
            let starts = self.starts(text);
            let Some(end) = starts.len().checked_sub(self.skip) else { return 0 };
            let all = (text.len(), text.matches(self.delimiter).count() as i64);
            let stop = starts.get(end).copied().unwrap_or(all);
            starts[..end].iter().for_each(|start| emit(*start, stop));
        } else {
            let ends = self.ends(text);
            let start = self.skip.checked_sub(1).map_or(Some((0, 0)), |last| ends.get(last).copied());
            let Some(start) = start else { return 0 };
            ends.iter().skip(self.skip).for_each(|end| emit(start, *end));
        }
        0
    }
}

impl PathHierarchy {
    /// Where prefixes end, and how many delimiters come before.
    fn ends(&self, text: &str) -> Vec<(usize, i64)> {
        let mut ends = Vec::new();
        let mut count = 0;
        for (at, _) in text.match_indices(self.delimiter) {
            if at > 0 {
                ends.push((at, count));
            }
            count += 1;
        }
        ends.push((text.len(), count));
        ends
    }

    /// Where suffixes begin, and how many delimiters come before.
    fn starts(&self, text: &str) -> Vec<(usize, i64)> {
        let mut starts = vec![(0, 0)];
        let behind = text.match_indices(self.delimiter).map(|(at, found)| at + found.len());
        starts.extend(behind.zip(1..).filter(|(at, _)| *at < text.len()));
        starts
    }
}
