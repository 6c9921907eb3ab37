//! Which stretch of a value is shown around a match.
//!
//! In: the place of a match, ascending. Out: the fragment that begins there or before. Places are units of one value.

use super::sentence::Doubt;
use super::text::Text;
use super::{sentence, word};

/// How values are cut into fragments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fragments {
    /// The value as it is.
    Whole,
    Words,
    Sentences,
    /// Sentences, joined while they are no longer than this together, and cut between words where one is longer.
    BoundedSentences(u32),
}

/// Cuts one value.
pub(super) struct Scanner<'t> {
    text: &'t Text,
    fragments: Fragments,
    /// Ends of sentences found so far, ascending, from 0.
    ends: Vec<u32>,
    /// Bytes where sentences did not end although it seemed so.
    doubts: Vec<Doubt>,
    /// The end that was asked for last, from which the original would go on; without one it looks backwards, and believes the doubts.
    known: Option<u32>,
    window: (u32, u32),
    /// The part of the window that was given last.
    inner: (u32, u32),
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t Text, fragments: Fragments) -> Self {
        Self { text, fragments, ends: vec![0], doubts: Vec::new(), known: None, window: (0, 0), inner: (0, 0) }
    }

    /// The fragment around the match that begins at `start`, which is inside the text.
    pub(super) fn around(&mut self, start: u32) -> (u32, u32) {
        match self.fragments {
            Fragments::Whole => (0, self.text.len()),
            Fragments::Words => self.word(start),
            Fragments::Sentences => {
                (self.sentence_before(start + 1), self.sentence_behind(start).unwrap_or(self.text.len()))
            }
            Fragments::BoundedSentences(size) => self.bounded(start + 1, size),
        }
    }

    /// The piece with the unit `at`.
    pub(super) fn word(&self, at: u32) -> (u32, u32) {
        let (from, to) = word::around(self.text.as_str(), self.text.byte(at));
        (self.text.unit(from), self.text.unit(to))
    }

    fn bounded(&mut self, offset: u32, size: u32) -> (u32, u32) {
        if offset > self.window.0 && offset < self.window.1 {
            self.inner = (self.inner.1, self.window.1);
        } else {
            self.window = (self.sentence_before(offset), self.sentence_behind(offset - 1).unwrap_or(self.text.len()));
            self.inner = self.window;
            while self.inner.1 - self.inner.0 < size {
                let Some(end) = self.sentence_behind(self.inner.1).filter(|end| end - self.inner.0 <= size) else {
                    break;
                };
                (self.inner.1, self.window.1) = (end, end);
            }
        }
        if self.inner.1.saturating_sub(self.inner.0) > size {
            // Too much: first a beginning near the match, then what is left of the size behind it.
            if offset.saturating_sub(size) > self.inner.0 {
                self.inner.0 = self.inner.0.max(self.word(offset - size - 1).0);
            }
            let rest = (size + self.inner.0).saturating_sub(offset);
            if offset + rest < self.window.1 {
                self.inner.1 = self.window.1.min(self.word(offset + rest).1);
            }
        }
        self.inner
    }

    /// The last end of a sentence before `offset`, or 0.
    pub(super) fn sentence_before(&mut self, offset: u32) -> u32 {
        self.find_ends(offset);
        let mut end = self.ends[..self.ends.partition_point(|end| *end < offset)].last().copied().unwrap_or(0);
        if self.known.is_none_or(|known| known >= offset) {
            let (from, to) = (self.text.byte(end), self.text.byte(offset));
            let doubts = self.doubts.iter().rev().skip_while(|doubt| doubt.sign >= to);
            if let Some(doubt) = doubts.take_while(|doubt| doubt.stop > from).next() {
                end = self.text.unit(doubt.stop);
            }
        }
        self.known = Some(end);
        end
    }

    /// The first end of a sentence behind `offset`.
    pub(super) fn sentence_behind(&mut self, offset: u32) -> Option<u32> {
        self.find_ends(offset);
        self.known = self.ends.get(self.ends.partition_point(|end| *end <= offset)).copied();
        self.known
    }

    /// Goes on until an end behind `offset` is known, or all are.
    fn find_ends(&mut self, offset: u32) {
        let text = self.text.as_str();
        while let Some(last) = self.ends.last().copied().filter(|last| *last <= offset) {
            let from = self.text.byte(last);
            if from >= text.len() {
                break;
            }
            let end = sentence::next(text, from, &mut self.doubts);
            self.ends.push(self.text.unit(end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fragments: Fragments, text: &str, matches: &[&str], expected: &[&str]) {
        let text = Text::new(text.to_owned());
        let mut scanner = Scanner::new(&text, fragments);
        let mut end = 0;
        let mut found = Vec::new();
        for matched in matches {
            let start = text.unit(text.as_str().find(matched).expect("is there"));
            if start < end {
                continue;
            }
            let (from, to) = scanner.around(start);
            found.push(text.slice(from, to).trim());
            end = to;
        }
        assert_eq!(found, expected, "{fragments:?}");
    }

    #[test]
    fn fragments_are_as_long_as_asked() {
        let text =
            "One bird. Two birds sing. A very long sentence with several words goes on and on until its end. Last.";
        check(Fragments::Whole, text, &["Two"], &[text]);
        check(Fragments::Words, text, &["long", "end"], &["long", "end"]);
        check(
            Fragments::Sentences,
            text,
            &["bird", "words"],
            &["One bird.", "A very long sentence with several words goes on and on until its end."],
        );
        check(Fragments::BoundedSentences(30), text, &["bird"], &["One bird. Two birds sing."]);
        check(
            Fragments::BoundedSentences(30),
            text,
            &["words", "until"],
            &["very long sentence with several words", "goes on and on until its end."],
        );
        check(
            Fragments::BoundedSentences(20),
            "Zwölf große 😀 Boote fahren über das weite Meer",
            &["über"],
            &["große 😀 Boote fahren über"],
        );
    }
}
