//! Savoy's light stemmer for French.

use super::letters::Letters;

/// A suffix, the length that a word must exceed, how many letters to cut, and what the last letters then are.
type Rule = (&'static str, usize, usize, &'static str);

const RULES: &[Rule] = &[
    ("issement", 9, 6, "r"),
    ("issant", 8, 4, "r"),
    ("ement", 6, 4, ""),
    ("ficatrice", 11, 5, "er"),
    ("ficateur", 10, 4, "er"),
    ("catrice", 9, 3, "quer"),
    ("cateur", 8, 2, "quer"),
    ("atrice", 8, 4, "er"),
    ("ateur", 7, 3, "er"),
    ("trice", 6, 1, "eur"),
    ("ième", 5, 4, ""),
    ("teuse", 7, 2, "r"),
    ("teur", 6, 1, "r"),
    ("euse", 5, 2, ""),
    ("ère", 8, 1, "e?"),
    ("ive", 7, 1, "f"),
    ("folle", 4, 2, "u"),
    ("molle", 4, 2, "u"),
    ("nnelle", 9, 5, ""),
    ("nnel", 9, 3, ""),
    ("ète", 4, 1, "e?"),
    ("ique", 8, 4, ""),
    ("esse", 8, 3, ""),
    ("inage", 7, 3, ""),
    ("isation", 9, 7, ""),
    ("isateur", 9, 7, ""),
    ("ation", 8, 5, ""),
    ("ition", 8, 5, ""),
];

pub(super) fn light(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() > 5 && w.last(1) == 'x' {
        if w.ends("aux") && w.last(4) != 'e' {
            w.set(2, 'l');
        }
        w.cut(1);
    }
    if w.len() > 3 && w.last(1) == 'x' {
        w.cut(1);
    }
    if w.len() > 3 && w.last(1) == 's' {
        w.cut(1);
    }
    suffixes(&mut w);
    normalize(&mut w);
    w.write(word);
}

fn suffixes(w: &mut Letters) {
    for (suffix, longer_than, cut, end) in RULES {
        if w.len() <= *longer_than || !w.ends(suffix) {
            continue;
        }
        w.cut(*cut);
        for (c, back) in end.chars().rev().zip(1..).filter(|(c, _)| *c != '?') {
            w.set(back, c);
        }
        match *suffix {
            "ement" if w.len() > 3 && w.ends("ive") => {
                w.cut(1);
                w.set(1, 'f');
            }
            "isation" if w.len() > 5 && w.ends("ual") => w.set(2, 'e'),
            // These endings leave a word that may have another.
            "trice" | "ète" | "ique" => continue,
            _ => {}
        }
        return;
    }
}

fn normalize(w: &mut Letters) {
    if w.len() > 4 {
        w.map(|c| match c {
            'à' | 'á' | 'â' => 'a',
            'ô' => 'o',
            'è' | 'é' | 'ê' => 'e',
            'ù' | 'û' => 'u',
            'î' => 'i',
            'ç' => 'c',
            other => other,
        });
        w.single_letters();
    }
    if w.len() > 4 && w.ends("ie") {
        w.cut(2);
    }
    if w.len() > 4 {
        for ending in ['r', 'e', 'e'] {
            if w.last(1) == ending {
                w.cut(1);
            }
        }
        if w.last(1) == w.last(2) && w.last(1).is_alphabetic() {
            w.cut(1);
        }
    }
}
