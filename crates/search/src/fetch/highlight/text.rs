//! A text addressed in UTF-16 code units, as Java counts: sizes and offsets of highlighting mean these.

/// A text, and the byte of each of its units where they are not the same.
#[derive(Debug)]
pub(super) struct Text {
    text: String,
    /// `None`: ASCII alone. One entry a unit and one for the end; both halves of a pair have the byte of the character.
    bytes: Option<Vec<u32>>,
}

impl Text {
    pub(super) fn new(text: String) -> Self {
        if text.is_ascii() {
            return Self { text, bytes: None };
        }
        let mut bytes = Vec::with_capacity(text.len() + 1);
        for (at, c) in text.char_indices() {
            bytes.extend(std::iter::repeat_n(at as u32, c.len_utf16()));
        }
        bytes.push(text.len() as u32);
        Self { text, bytes: Some(bytes) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Units.
    pub(super) fn len(&self) -> u32 {
        self.bytes.as_ref().map_or(self.text.len(), |bytes| bytes.len() - 1) as u32
    }

    /// The byte of a unit, always between characters; beyond the end: the end.
    pub(super) fn byte(&self, unit: u32) -> usize {
        match &self.bytes {
            None => (unit as usize).min(self.text.len()),
            Some(bytes) => bytes.get(unit as usize).map_or(self.text.len(), |byte| *byte as usize),
        }
    }

    /// The unit of a byte.
    pub(super) fn unit(&self, byte: usize) -> u32 {
        match &self.bytes {
            None => byte as u32,
            Some(bytes) => bytes.partition_point(|at| (*at as usize) < byte) as u32,
        }
    }

    pub(super) fn slice(&self, from: u32, to: u32) -> &str {
        let (from, to) = (self.byte(from), self.byte(to));
        self.text.get(from..to.max(from)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_bytes_lead_to_each_other() {
        let text = Text::new("aü😀b".to_owned());
        assert_eq!(text.len(), 5);
        assert_eq!((0..=6).map(|unit| text.byte(unit)).collect::<Vec<_>>(), [0, 1, 3, 3, 7, 8, 8]);
        assert_eq!([0, 1, 3, 7, 8].map(|byte| text.unit(byte)), [0, 1, 2, 4, 5]);
        assert_eq!((text.slice(1, 4), text.slice(3, 5), text.slice(4, 2)), ("ü😀", "😀b", ""));
        assert_eq!(Text::new("abc".to_owned()).slice(1, 9), "bc");
    }
}
