//! A light stemmer for Latvian, after K. Krēsliņš ("A stemming algorithm for Latvian", 1996): inflections of nouns and adjectives, and what they do to
//! the consonants before them.
//!
//! Words come in lower case. The first suffix that fits and leaves enough vowels is cut.

use super::letters::Letters;

/// A suffix, how many vowels the word must have beyond, and whether it softens what is before it.
const SUFFIXES: [(&str, usize, bool); 38] = [
    ("ajiem", 3, false),
    ("ajai", 3, false),
    ("ajam", 2, false),
    ("ajām", 2, false),
    ("ajos", 2, false),
    ("ajās", 2, false),
    ("iem", 2, true),
    ("ajā", 2, false),
    ("ais", 2, false),
    ("ai", 2, false),
    ("ei", 2, false),
    ("ām", 1, false),
    ("am", 1, false),
    ("ēm", 1, false),
    ("īm", 1, false),
    ("im", 1, false),
    ("um", 1, false),
    ("us", 1, true),
    ("as", 1, false),
    ("ās", 1, false),
    ("es", 1, false),
    ("os", 1, true),
    ("ij", 1, false),
    ("īs", 1, false),
    ("ēs", 1, false),
    ("is", 1, false),
    ("ie", 1, false),
    ("u", 1, true),
    ("a", 1, true),
    ("i", 1, true),
    ("e", 1, false),
    ("ā", 1, false),
    ("ē", 1, false),
    ("ī", 1, false),
    ("ū", 1, false),
    ("o", 1, false),
    ("s", 0, false),
    ("š", 0, false),
];

pub(super) fn latvian(word: &mut String) {
    let mut w = Letters::of(word);
    let vowels = word.chars().filter(|c| "aeiouāīēū".contains(*c)).count();
    let fits = |(suffix, least, _): &&(&str, usize, bool)| {
        vowels > *least && w.len() >= suffix.chars().count() + 3 && w.ends(suffix)
    };
    let Some((suffix, _, softens)) = SUFFIXES.iter().find(fits) else { return };
    let before_u = suffix.starts_with('u');
    w.cut(suffix.chars().count());
    if *softens {
        harden(&mut w, before_u);
    }
    w.write(word);
}

/// Takes back what a suffix did to the consonants before it.
fn harden(w: &mut Letters, before_u: bool) {
    if before_u && w.ends("kš") {
        w.set(1, 's');
        return w.push(std::iter::once('t'));
    }
    if before_u && w.ends("ņņ") {
        w.set(2, 'n');
        w.set(1, 'n');
        return;
    }
    if w.ends_any(&["pj", "bj", "mj", "vj"]) {
        return w.cut(1);
    }
    const PAIRS: [(&str, char, char); 6] =
        [("šņ", 's', 'n'), ("žņ", 'z', 'n'), ("šļ", 's', 'l'), ("žļ", 'z', 'l'), ("ļņ", 'l', 'n'), ("ļļ", 'l', 'l')];
    if let Some((_, first, second)) = PAIRS.iter().find(|(pair, ..)| w.ends(pair)) {
        w.set(2, *first);
        w.set(1, *second);
        return;
    }
    match w.last(1) {
        'č' => w.set(1, 'c'),
        'ļ' => w.set(1, 'l'),
        'ņ' => w.set(1, 'n'),
        _ => {}
    }
}
