//! A word as characters that stemming rules read and change from its end.

/// A word under the knife.
pub(super) struct Letters {
    chars: Vec<char>,
}

impl Letters {
    pub(super) fn of(word: &str) -> Self {
        Letters { chars: word.chars().collect() }
    }

    /// Writes the stem back.
    pub(super) fn write(self, word: &mut String) {
        word.clear();
        word.extend(self.chars);
    }

    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    /// The character `back` places before the end: 1 is the last. `\0` before the beginning.
    pub(super) fn last(&self, back: usize) -> char {
        self.chars.len().checked_sub(back).and_then(|at| self.chars.get(at)).copied().unwrap_or('\0')
    }

    pub(super) fn set(&mut self, back: usize, c: char) {
        let at = self.chars.len().checked_sub(back);
        if let Some(place) = at.and_then(|at| self.chars.get_mut(at)) {
            *place = c;
        }
    }

    pub(super) fn ends(&self, suffix: &str) -> bool {
        let mut back = 0;
        suffix.chars().rev().all(|c| {
            back += 1;
            self.last(back) == c
        })
    }

    pub(super) fn ends_any(&self, suffixes: &[&str]) -> bool {
        suffixes.iter().any(|suffix| self.ends(suffix))
    }

    /// Is it exactly this word?
    pub(super) fn is(&self, word: &str) -> bool {
        self.chars.iter().copied().eq(word.chars())
    }

    pub(super) fn push(&mut self, chars: impl Iterator<Item = char>) {
        self.chars.extend(chars);
    }

    pub(super) fn starts(&self, prefix: &str) -> bool {
        let mut chars = self.chars.iter();
        prefix.chars().all(|c| chars.next() == Some(&c))
    }

    /// Takes characters off the end.
    pub(super) fn cut(&mut self, count: usize) {
        self.chars.truncate(self.chars.len().saturating_sub(count));
    }

    /// Takes characters off the front.
    pub(super) fn cut_front(&mut self, count: usize) {
        self.chars.drain(..count.min(self.chars.len()));
    }

    pub(super) fn map(&mut self, map: impl Fn(char) -> char) {
        self.chars.iter_mut().for_each(|c| *c = map(*c));
    }

    /// Makes runs of `k`, `p` or `t` a single letter.
    pub(super) fn single_hard_letters(&mut self) {
        self.chars.dedup_by(|next, last| next == last && matches!(next, 'k' | 'p' | 't'));
    }

    /// Makes runs of one letter a single letter.
    pub(super) fn single_letters(&mut self) {
        self.chars.dedup_by(|next, last| next == last && next.is_alphabetic());
    }
}

/// Vowels without the accents of Western languages.
pub(super) fn plain_vowel(c: char) -> char {
    match c {
        'à' | 'á' | 'â' | 'ä' => 'a',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ò' | 'ó' | 'ô' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        other => other,
    }
}

pub(super) fn is_vowel(c: char) -> bool {
    matches!(c, 'a' | 'e' | 'i' | 'o' | 'u')
}

pub(super) fn is_vowel_or_y(c: char) -> bool {
    is_vowel(c) || c == 'y'
}
