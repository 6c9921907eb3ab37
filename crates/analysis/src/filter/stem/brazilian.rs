//! The stemmer of Brazilian Portuguese as Lucene has it, after the one of M. F. Porter for Portuguese: suffixes of nouns or of verbs, each only
//! within a region of the word that does not move while the word gets shorter.

use super::letters::is_vowel;
use crate::unicode::is_letter;

/// Where a suffix must lie.
#[derive(Clone, Copy)]
enum Region {
    /// Behind the first consonant that follows a vowel.
    First,
    /// The same of that region.
    Second,
    /// That of verbs, and behind an `e`.
    Verb,
}

/// Suffixes of nouns, and what stands for them; the longest first.
const NOUNS: [(&str, &str, Region); 42] = {
    use Region::{First, Second, Verb};
    [
        ("uciones", "u", Second),
        ("imentos", "", Second),
        ("amentos", "", Second),
        ("adores", "", Second),
        ("adoras", "", Second),
        ("logias", "logias", Second),
        ("encias", "ente", Second),
        ("amente", "", First),
        ("idades", "", Second),
        ("imento", "", Second),
        ("amento", "", Second),
        ("acoes", "", Second),
        ("adora", "", Second),
        ("ismos", "", Second),
        ("istas", "", Second),
        ("logia", "log", Second),
        ("ucion", "u", Second),
        ("encia", "ente", Second),
        ("mente", "", Second),
        ("idade", "", Second),
        ("acao", "", Second),
        ("ezas", "", Second),
        ("icos", "", Second),
        ("icas", "", Second),
        ("ismo", "", Second),
        ("avel", "", Second),
        ("ivel", "", Second),
        ("ista", "", Second),
        ("osos", "", Second),
        ("osas", "", Second),
        ("ador", "", Second),
        ("ivas", "", Second),
        ("ivos", "", Second),
        ("iras", "ir", Verb),
        ("eza", "", Second),
        ("ico", "", Second),
        ("ica", "", Second),
        ("oso", "", Second),
        ("osa", "", Second),
        ("iva", "", Second),
        ("ivo", "", Second),
        ("ira", "ir", Verb),
    ]
};

/// Suffixes of verbs by length, the longest first.
const VERBS: [&[&str]; 6] = [
    &["issemos", "essemos", "assemos", "ariamos", "eriamos", "iriamos"],
    &[
        "iremos", "eremos", "aremos", "avamos", "iramos", "eramos", "aramos", "asseis", "esseis", "isseis", "arieis",
        "erieis", "irieis",
    ],
    &[
        "irmos", "iamos", "armos", "ermos", "areis", "ereis", "ireis", "asses", "esses", "isses", "astes", "assem",
        "essem", "issem", "ardes", "erdes", "irdes", "ariam", "eriam", "iriam", "arias", "erias", "irias", "estes",
        "istes", "aveis",
    ],
    &[
        "aria", "eria", "iria", "asse", "esse", "isse", "aste", "este", "iste", "arei", "erei", "irei", "aram", "eram",
        "iram", "avam", "arem", "erem", "irem", "ando", "endo", "indo", "arao", "erao", "irao", "adas", "idas", "aras",
        "eras", "iras", "avas", "ares", "eres", "ires", "ados", "idos", "amos", "emos", "imos", "ieis",
    ],
    &["ada", "ida", "ara", "era", "ira", "iam", "ado", "ido", "ias", "ais", "eis", "ear"],
    &["ia", "ei", "am", "em", "ar", "er", "ir", "as", "es", "is", "eu", "iu", "ou"],
];

/// A word in plain letters, and where its regions begin.
struct Word {
    letters: Vec<char>,
    first: Option<Vec<char>>,
    second: Option<Vec<char>>,
    verb: Option<Vec<char>>,
}

/// The stem; words of less than 3 letters, or more than 29, are left alone.
pub(super) fn stem(word: &mut String) {
    let letters = plain(word);
    let units: usize = letters.iter().map(|c| c.len_utf16()).sum();
    if !(3..30).contains(&units) {
        return;
    }
    let all = letters.iter().all(|&c| c <= '\u{ffff}' && is_letter(c));
    let stem = if all { Word::new(letters).stemmed() } else { letters };
    word.clear();
    word.extend(stem);
}

/// Lower case without accents, and without a mark at either end.
fn plain(word: &str) -> Vec<char> {
    let letter = |c| match c {
        'á' | 'â' | 'ã' => 'a',
        'é' | 'ê' => 'e',
        'í' => 'i',
        'ó' | 'ô' | 'õ' => 'o',
        'ú' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    };
    let mut letters: Vec<char> = word.to_lowercase().chars().map(letter).collect();
    let is_mark = |c: Option<&char>| c.is_some_and(|c| "\"'-,;.?!".contains(*c));
    if letters.len() >= 2 && is_mark(letters.first()) {
        letters.remove(0);
    }
    if letters.len() >= 2 && is_mark(letters.last()) {
        letters.pop();
    }
    letters
}

/// What lies behind the first letter from `from` on that `fits`, which is not the last one.
fn behind(letters: &[char], from: usize, fits: impl Fn(char) -> bool) -> Option<usize> {
    let last = letters.len().checked_sub(1)?;
    (from..last).find(|&at| fits(letters[at])).map(|at| at + 1)
}

fn first_region(letters: &[char]) -> Option<Vec<char>> {
    let vowel = behind(letters, 0, is_vowel)?;
    let begin = behind(letters, vowel - 1, |c| !is_vowel(c))?;
    Some(letters[begin..].to_vec())
}

fn verb_region(letters: &[char]) -> Option<Vec<char>> {
    let consonant = letters.get(1).filter(|c| !is_vowel(**c)).and_then(|_| behind(letters, 2, is_vowel));
    let vowels = letters.len() > 2 && is_vowel(letters[0]) && is_vowel(letters[1]);
    let begin = consonant.or_else(|| if vowels { behind(letters, 2, |c| !is_vowel(c)) } else { None });
    let begin = begin.or((letters.len() > 3).then_some(3))?;
    Some(letters[begin..].to_vec())
}

fn ends(letters: Option<&Vec<char>>, suffix: &str) -> bool {
    letters.is_some_and(|letters| {
        let length = suffix.chars().count();
        letters.len() >= length && letters[letters.len() - length..].iter().copied().eq(suffix.chars())
    })
}

impl Word {
    fn new(letters: Vec<char>) -> Self {
        let first = first_region(&letters);
        let second = first.as_deref().and_then(first_region);
        Self { verb: verb_region(&letters), letters, first, second }
    }

    fn stemmed(mut self) -> Vec<char> {
        match self.noun() || self.verb() {
            true if self.in_verb("ci") => self.cut("i"),
            true => {}
            false => {
                if let Some(ending) = ["os", "a", "i", "o"].into_iter().find(|ending| self.in_verb(ending)) {
                    self.cut(ending);
                }
            }
        }
        if self.in_verb("e") {
            self.cut("e");
            for (ending, silent) in [("gue", "u"), ("cie", "i")] {
                if self.in_verb(ending) {
                    self.cut(silent);
                }
            }
        }
        self.letters
    }

    fn in_verb(&self, suffix: &str) -> bool {
        ends(self.verb.as_ref(), suffix)
    }

    /// Cuts a suffix that the word still has.
    fn cut(&mut self, suffix: &str) {
        if ends(Some(&self.letters), suffix) {
            self.letters.truncate(self.letters.len() - suffix.chars().count());
        }
    }

    fn noun(&mut self) -> bool {
        let fits = |(suffix, _, region): &&(&str, &str, Region)| match region {
            Region::First => ends(self.first.as_ref(), suffix),
            Region::Second => ends(self.second.as_ref(), suffix),
            Region::Verb => self.in_verb(suffix) && ends(Some(&self.letters), &format!("e{suffix}")),
        };
        let Some((suffix, instead, _)) = NOUNS.iter().find(fits) else { return false };
        self.cut(suffix);
        self.letters.extend(instead.chars());
        true
    }

    fn verb(&mut self) -> bool {
        let Some(suffix) = VERBS.into_iter().flatten().find(|suffix| self.in_verb(suffix)) else { return false };
        // What ends so is taken for another form, and keeps it.
        if *suffix != "ira" {
            self.cut(suffix);
        }
        true
    }
}
