//! From offsets in a filtered text back to offsets in the original.
//!
//! Corrections count UTF-16 code units, as Lucene's do, because inside a replaced stretch they are linear: counted in bytes they
//! would give other answers.

/// A text after a char filter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filtered {
    pub(crate) text: String,
    /// From the UTF-16 offset (in the filtered text) on, add the difference to come to the offset in the input. Ascending.
    corrections: Vec<(u32, i64)>,
}

impl Filtered {
    /// From UTF-16 offset `at` of the filtered text on, offsets of the input are `difference` larger.
    /// A later correction at the same offset replaces the earlier one.
    pub(crate) fn correct_from(&mut self, at: u32, difference: i64) {
        match self.corrections.last_mut() {
            Some(last) if last.0 == at => last.1 = difference,
            _ => self.corrections.push((at, difference)),
        }
    }

    /// The difference at the end of what is recorded so far.
    pub(crate) fn difference(&self) -> i64 {
        self.corrections.last().map_or(0, |last| last.1)
    }

    /// The offset in the input of UTF-16 offset `at` of the filtered text.
    pub(crate) fn original(&self, at: u32) -> u32 {
        let after = self.corrections.partition_point(|(from, _)| *from <= at);
        let difference = if after == 0 { 0 } else { self.corrections[after - 1].1 };
        u32::try_from((i64::from(at) + difference).max(0)).unwrap_or(u32::MAX)
    }
}

/// A place in a text, known in bytes and in UTF-16 units. Moves are cheap when they are short, as those between neighbouring tokens are.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    ascii: bool,
    byte: usize,
    unit: u32,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Cursor { text, ascii: text.is_ascii(), byte: 0, unit: 0 }
    }

    /// The UTF-16 offset of a byte offset; inside a character, of its beginning.
    pub(crate) fn unit_of(&mut self, byte: usize) -> u32 {
        if self.ascii {
            return u32::try_from(byte.min(self.text.len())).unwrap_or(u32::MAX);
        }
        while self.byte > byte {
            self.back();
        }
        while let Some(c) = self.next().filter(|c| self.byte + c.len_utf8() <= byte) {
            self.forward(c);
        }
        self.unit
    }

    /// The byte offset of a UTF-16 offset; inside a surrogate pair, of its beginning.
    pub(crate) fn byte_of(&mut self, unit: u32) -> usize {
        if self.ascii {
            return (unit as usize).min(self.text.len());
        }
        while self.unit > unit {
            self.back();
        }
        while let Some(c) = self.next().filter(|c| u64::from(self.unit) + c.len_utf16() as u64 <= u64::from(unit)) {
            self.forward(c);
        }
        self.byte
    }

    fn next(&self) -> Option<char> {
        self.text[self.byte..].chars().next()
    }

    fn forward(&mut self, c: char) {
        self.byte += c.len_utf8();
        self.unit = self.unit.saturating_add(c.len_utf16() as u32);
    }

    fn back(&mut self) {
        if let Some(c) = self.text[..self.byte].chars().next_back() {
            self.byte -= c.len_utf8();
            self.unit = self.unit.saturating_sub(c.len_utf16() as u32);
        }
    }
}
