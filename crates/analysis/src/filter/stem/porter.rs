//! Porter's stemmer for English: M. F. Porter, "An algorithm for suffix stripping", Program 14 (1980), with its author's later departures
//! (`-bli`, `-logi`), as Lucene has it. Words of one or two letters stay.

/// Stems a lower-case word in place.
pub(super) fn stem(word: &mut String) {
    if word.chars().map(char::len_utf16).sum::<usize>() <= 2 {
        return;
    }
    // Letters beyond ASCII count as consonants, one for each UTF-16 unit, and no rule touches them.
    let mut letters: Vec<u8> = Vec::with_capacity(word.len());
    let ascii = word.is_ascii();
    if ascii {
        letters.extend_from_slice(word.as_bytes());
    } else {
        for c in word.chars() {
            letters
                .extend(std::iter::repeat_n(u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or(0xff), c.len_utf16()));
        }
    }
    let mut porter = Word { letters };
    porter.plurals();
    porter.past();
    porter.final_y();
    porter.double_suffixes();
    porter.single_suffixes();
    porter.residual_suffixes();
    porter.final_e();
    if ascii {
        word.clear();
        word.push_str(std::str::from_utf8(&porter.letters).unwrap_or_default());
    } else {
        *word = restore(word, &porter.letters);
    }
}

/// Puts the letters beyond ASCII back: rules only change the ASCII end of a word.
fn restore(original: &str, letters: &[u8]) -> String {
    let mut beyond = original.chars().filter(|c| !c.is_ascii());
    let mut restored = String::with_capacity(original.len());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        if *letter != 0xff {
            restored.push(char::from(*letter));
            at += 1;
            continue;
        }
        let Some(c) = beyond.next() else { break };
        restored.push(c);
        at += c.len_utf16();
    }
    restored
}

struct Word {
    letters: Vec<u8>,
}

impl Word {
    fn consonant(&self, at: usize) -> bool {
        match self.letters[at] {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            b'y' => at == 0 || !self.consonant(at - 1),
            _ => true,
        }
    }

    /// How often a vowel is followed by a consonant in the first `length` letters.
    fn measure(&self, length: usize) -> usize {
        let mut count = 0;
        let mut vowel = false;
        let mut consonant = true;
        for at in 0..length {
            // A y is a vowel after a consonant; `consonant` remembers the letter before.
            let is_consonant = match self.letters[at] {
                b'a' | b'e' | b'i' | b'o' | b'u' => false,
                b'y' => at == 0 || !consonant,
                _ => true,
            };
            if is_consonant && vowel {
                count += 1;
            }
            vowel = !is_consonant;
            consonant = is_consonant;
        }
        count
    }

    fn has_vowel(&self, length: usize) -> bool {
        (0..length).any(|at| !self.consonant(at))
    }

    fn ends_double_consonant(&self, length: usize) -> bool {
        length >= 2 && self.letters[length - 1] == self.letters[length - 2] && self.consonant(length - 1)
    }

    /// Consonant, vowel, consonant other than w, x, y: a short word that wants its e back.
    fn ends_short(&self, length: usize) -> bool {
        length >= 3
            && self.consonant(length - 1)
            && !self.consonant(length - 2)
            && self.consonant(length - 3)
            && !matches!(self.letters[length - 1], b'w' | b'x' | b'y')
    }

    /// The length of what stands before a suffix.
    fn before(&self, suffix: &str) -> Option<usize> {
        self.letters.ends_with(suffix.as_bytes()).then(|| self.letters.len() - suffix.len())
    }

    fn set_end(&mut self, from: usize, end: &str) {
        self.letters.truncate(from);
        self.letters.extend_from_slice(end.as_bytes());
    }

    fn plurals(&mut self) {
        for (suffix, end) in [("sses", "ss"), ("ies", "i"), ("ss", "ss"), ("s", "")] {
            if let Some(from) = self.before(suffix) {
                self.set_end(from, end);
                return;
            }
        }
    }

    fn past(&mut self) {
        if let Some(from) = self.before("eed") {
            if self.measure(from) > 0 {
                self.set_end(from, "ee");
            }
            return;
        }
        let Some(from) = self.before("ed").or_else(|| self.before("ing")).filter(|from| self.has_vowel(*from)) else {
            return;
        };
        self.letters.truncate(from);
        for (suffix, end) in [("at", "ate"), ("bl", "ble"), ("iz", "ize")] {
            if let Some(from) = self.before(suffix) {
                return self.set_end(from, end);
            }
        }
        let length = self.letters.len();
        if self.ends_double_consonant(length) {
            if !matches!(self.letters[length - 1], b'l' | b's' | b'z') {
                self.letters.pop();
            }
        } else if self.measure(length) == 1 && self.ends_short(length) {
            self.letters.push(b'e');
        }
    }

    fn final_y(&mut self) {
        if let Some(from) = self.before("y").filter(|from| self.has_vowel(*from)) {
            self.set_end(from, "i");
        }
    }

    /// The first suffix of a table that fits, replaced when the rest is long enough.
    fn replace_first(&mut self, table: &[(&str, &str)]) {
        let found = table.iter().find_map(|(suffix, end)| Some((self.before(suffix)?, *end)));
        if let Some((from, end)) = found.filter(|(from, _)| self.measure(*from) > 0) {
            self.set_end(from, end);
        }
    }

    fn double_suffixes(&mut self) {
        self.replace_first(&[
            ("ational", "ate"),
            ("tional", "tion"),
            ("enci", "ence"),
            ("anci", "ance"),
            ("izer", "ize"),
            ("bli", "ble"),
            ("alli", "al"),
            ("entli", "ent"),
            ("eli", "e"),
            ("ousli", "ous"),
            ("ization", "ize"),
            ("ation", "ate"),
            ("ator", "ate"),
            ("alism", "al"),
            ("iveness", "ive"),
            ("fulness", "ful"),
            ("ousness", "ous"),
            ("aliti", "al"),
            ("iviti", "ive"),
            ("biliti", "ble"),
            ("logi", "log"),
        ]);
    }

    fn single_suffixes(&mut self) {
        self.replace_first(&[
            ("icate", "ic"),
            ("ative", ""),
            ("alize", "al"),
            ("iciti", "ic"),
            ("ical", "ic"),
            ("ful", ""),
            ("ness", ""),
        ]);
    }

    fn residual_suffixes(&mut self) {
        const SUFFIXES: &[&str] = &[
            "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate",
            "iti", "ous", "ive", "ize",
        ];
        let fits = |suffix: &&str| {
            let from = self.before(suffix)?;
            let allowed = *suffix != "ion" || from > 0 && matches!(self.letters[from - 1], b's' | b't');
            allowed.then_some(from)
        };
        if let Some(from) = SUFFIXES.iter().find_map(fits).filter(|from| self.measure(*from) > 1) {
            self.letters.truncate(from);
        }
    }

    fn final_e(&mut self) {
        if let Some(from) = self.before("e") {
            let measure = self.measure(from);
            if measure > 1 || measure == 1 && !self.ends_short(from) {
                self.letters.truncate(from);
            }
        }
        let length = self.letters.len();
        if self.letters.last() == Some(&b'l') && self.ends_double_consonant(length) && self.measure(length) > 1 {
            self.letters.pop();
        }
    }
}
