//! The stemmer for Indonesian of F. Tala ("A study of stemming effects on information retrieval in Bahasa Indonesia", 2003): particles, possessives, and the
//! circumfixes of derivation.
//!
//! Words come in lower case. Nothing is cut of a word that has only two vowels left.

use super::letters::is_vowel;

/// What was cut before, which some suffixes do not go with.
#[derive(Default)]
struct Stemmer {
    letters: Vec<char>,
    syllables: i32,
    ke: bool,
    peng: bool,
    di: bool,
    meng: bool,
    ter: bool,
    ber: bool,
    pe: bool,
}

pub(super) fn indonesian(word: &mut String) {
    let letters: Vec<char> = word.chars().collect();
    let syllables = letters.iter().filter(|c| is_vowel(**c)).count() as i32;
    let mut stemmer = Stemmer { letters, syllables, ..Stemmer::default() };
    if stemmer.syllables > 2 {
        stemmer.particle();
    }
    if stemmer.syllables > 2 {
        stemmer.possessive();
    }
    stemmer.derivation();
    *word = stemmer.letters.into_iter().collect();
}

impl Stemmer {
    fn ends(&self, suffix: &str) -> bool {
        let mut letters = self.letters.iter().rev();
        suffix.chars().rev().all(|c| letters.next() == Some(&c))
    }

    fn starts(&self, prefix: &str) -> bool {
        let mut letters = self.letters.iter();
        prefix.chars().all(|c| letters.next() == Some(&c))
    }

    fn vowel_at(&self, at: usize) -> bool {
        self.letters.get(at).is_some_and(|c| is_vowel(*c))
    }

    fn cut_end(&mut self, count: usize) {
        self.syllables -= 1;
        self.letters.truncate(self.letters.len().saturating_sub(count));
    }

    fn cut_start(&mut self, count: usize) {
        self.syllables -= 1;
        self.letters.drain(..count.min(self.letters.len()));
    }

    fn particle(&mut self) {
        if ["kah", "lah", "pun"].iter().any(|suffix| self.ends(suffix)) {
            self.cut_end(3);
        }
    }

    fn possessive(&mut self) {
        if self.ends("ku") || self.ends("mu") {
            self.cut_end(2);
        } else if self.ends("nya") {
            self.cut_end(3);
        }
    }

    fn derivation(&mut self) {
        let before = self.letters.len();
        if self.syllables > 2 {
            self.first_prefix();
        }
        let cut = self.letters.len() != before;
        if !cut {
            if self.syllables > 2 {
                self.second_prefix();
            }
            if self.syllables > 2 {
                self.suffix();
            }
            return;
        }
        let before = self.letters.len();
        if self.syllables > 2 {
            self.suffix();
        }
        if self.letters.len() != before && self.syllables > 2 {
            self.second_prefix();
        }
    }

    fn first_prefix(&mut self) {
        if self.starts("me") {
            return self.prefix_me();
        }
        if self.starts("pe") && ["peng", "peny", "pen", "pem"].iter().any(|prefix| self.starts(prefix)) {
            return self.prefix_pe();
        }
        if self.starts("di") {
            self.di = true;
            self.cut_start(2);
        } else if self.starts("ter") {
            self.ter = true;
            self.cut_start(3);
        } else if self.starts("ke") {
            self.ke = true;
            self.cut_start(2);
        }
    }

    fn prefix_me(&mut self) {
        self.meng = true;
        if self.starts("meng") {
            self.cut_start(4);
        } else if self.starts("meny") && self.vowel_at(4) {
            self.letters[3] = 's';
            self.cut_start(3);
        } else if self.starts("men") || self.starts("mem") {
            self.cut_start(3);
        } else {
            self.cut_start(2);
        }
    }

    fn prefix_pe(&mut self) {
        self.peng = true;
        if self.starts("peny") && self.vowel_at(4) {
            self.letters[3] = 's';
            self.cut_start(3);
        } else if self.starts("peng") || self.starts("peny") {
            self.cut_start(4);
        } else if self.starts("pen") && self.vowel_at(3) {
            self.letters[2] = 't';
            self.cut_start(2);
        } else {
            self.cut_start(3);
        }
    }

    fn second_prefix(&mut self) {
        let is = |letters: &[char], word: &str| letters.iter().copied().eq(word.chars());
        if self.starts("ber") || is(&self.letters, "belajar") {
            self.ber = true;
            self.cut_start(3);
        } else if self.starts("be") && self.letters.len() > 4 && !self.vowel_at(2) && self.letters[3..5] == ['e', 'r'] {
            self.ber = true;
            self.cut_start(2);
        } else if self.starts("per") || is(&self.letters, "pelajar") {
            self.cut_start(3);
        } else if self.starts("pe") {
            self.pe = true;
            self.cut_start(2);
        }
    }

    fn suffix(&mut self) {
        if self.ends("kan") && !(self.ke || self.peng || self.pe) {
            self.cut_end(3);
        } else if self.ends("an") && !(self.di || self.meng || self.ter) {
            self.cut_end(2);
        } else if self.ends("i") && !self.ends("si") && !(self.ber || self.ke || self.peng) {
            self.cut_end(1);
        }
    }
}
