//! The light stemmers of Jacques Savoy ("Light stemming approaches for the French, Portuguese, German and Hungarian languages", SAC 2006,
//! and its sisters for other languages): mostly plural and gender.

use super::letters::{Letters, is_vowel_or_y, plain_vowel};

pub(super) fn german(word: &mut String) {
    let mut w = Letters::of(word);
    w.map(|c| if matches!(c, 'é' | 'è' | 'ê' | 'ë') { c } else { plain_vowel(c) });
    let before_ending = |c| matches!(c, 'b' | 'd' | 'f' | 'g' | 'h' | 'k' | 'l' | 'm' | 'n' | 't');
    if w.len() > 5 && w.ends("ern") {
        w.cut(3);
    } else if w.len() > 4 && w.ends_any(&["em", "en", "er", "es"]) {
        w.cut(2);
    } else if w.len() > 3 && (w.ends("e") || w.ends("s") && before_ending(w.last(2))) {
        w.cut(1);
    }
    if w.len() > 5 && w.ends("est") {
        w.cut(3);
    } else if w.len() > 4 && (w.ends_any(&["er", "en"]) || w.ends("st") && before_ending(w.last(3))) {
        w.cut(2);
    }
    w.write(word);
}

pub(super) fn spanish(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 5 {
        return;
    }
    w.map(plain_vowel);
    match w.last(1) {
        'o' | 'a' | 'e' => w.cut(1),
        's' if w.ends("eses") => w.cut(2),
        's' if w.ends("ces") => {
            w.cut(2);
            w.set(1, 'z');
        }
        's' if matches!(w.last(2), 'o' | 'a' | 'e') => w.cut(2),
        _ => {}
    }
    w.write(word);
}

pub(super) fn italian(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 6 {
        return;
    }
    w.map(plain_vowel);
    let pair: &[char] = match w.last(1) {
        'e' | 'i' => &['i', 'h'],
        'a' | 'o' => &['i'],
        _ => return w.write(word),
    };
    w.cut(if pair.contains(&w.last(2)) { 2 } else { 1 });
    w.write(word);
}

pub(super) fn portuguese(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 4 {
        return;
    }
    portuguese_plural(&mut w);
    if w.len() > 3 && w.ends("a") {
        portuguese_feminine(&mut w);
    }
    if w.len() > 4 && matches!(w.last(1), 'e' | 'a' | 'o') {
        w.cut(1);
    }
    w.map(|c| match c {
        'ã' => 'a',
        'õ' => 'o',
        'ç' => 'c',
        other => plain_vowel(other),
    });
    w.write(word);
}

fn portuguese_plural(w: &mut Letters) {
    let length = w.len();
    if length > 4 && w.ends("es") && matches!(w.last(3), 'r' | 's' | 'l' | 'z') {
        w.cut(2);
    } else if length > 3 && w.ends("ns") {
        w.cut(1);
        w.set(1, 'm');
    } else if length > 4 && w.ends_any(&["eis", "éis"]) {
        w.cut(1);
        w.set(2, 'e');
        w.set(1, 'l');
    } else if length > 4 && w.ends("ais") {
        w.cut(1);
        w.set(1, 'l');
    } else if length > 4 && w.ends("óis") {
        w.cut(1);
        w.set(2, 'o');
        w.set(1, 'l');
    } else if length > 4 && w.ends("is") {
        w.set(1, 'l');
    } else if length > 3 && w.ends_any(&["ões", "ães"]) {
        w.cut(1);
        w.set(2, 'ã');
        w.set(1, 'o');
    } else if length > 6 && w.ends("mente") {
        w.cut(5);
    } else if length > 3 && w.ends("s") {
        w.cut(1);
    }
}

fn portuguese_feminine(w: &mut Letters) {
    let length = w.len();
    if length > 7 && w.ends_any(&["inha", "iaca", "eira"]) {
        return w.set(1, 'o');
    }
    if length <= 6 {
        return;
    }
    if w.ends_any(&["osa", "ica", "ida", "ada", "iva", "ama"]) {
        w.set(1, 'o');
    } else if w.ends("ona") {
        w.cut(1);
        w.set(2, 'ã');
        w.set(1, 'o');
    } else if w.ends("ora") {
        w.cut(1);
    } else if w.ends("esa") {
        w.cut(1);
        w.set(2, 'ê');
    } else if w.ends("na") {
        w.set(1, 'o');
    }
}

pub(super) fn swedish(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() > 4 && w.ends("s") {
        w.cut(1);
    }
    let length = w.len();
    if length > 7 && w.ends_any(&["elser", "heten"]) {
        w.cut(5);
    } else if length > 6 && w.ends_any(&["arne", "erna", "ande", "else", "aste", "orna", "aren"]) {
        w.cut(4);
    } else if length > 5 && w.ends_any(&["are", "ast", "het"]) {
        w.cut(3);
    } else if length > 4 && w.ends_any(&["ar", "er", "or", "en", "at", "te", "et"]) {
        w.cut(2);
    } else if length > 3 && matches!(w.last(1), 't' | 'a' | 'e' | 'n') {
        w.cut(1);
    }
    w.write(word);
}

pub(super) fn russian(word: &mut String) {
    let mut w = Letters::of(word);
    let length = w.len();
    let three =
        &["иям", "иях", "оях", "ями", "оям", "оьв", "ами", "его", "ему", "ери", "ими", "ого", "ому", "ыми", "оев"];
    let two = &[
        "ая", "яя", "ев", "ем", "ея", "ей", "ём", "ам", "ых", "ую", "ою", "ям", "ях", "юю", "ах", "ею", "их", "ия",
        "ию", "ие", "ий", "им", "ое", "ом", "ой", "ов", "ые", "ый", "ым", "ми",
    ];
    if length > 6 && w.ends_any(&["иями", "оями"]) {
        w.cut(4);
    } else if length > 5 && w.ends_any(three) {
        w.cut(3);
    } else if length > 4 && w.ends_any(two) {
        w.cut(2);
    } else if length > 3 && matches!(w.last(1), 'а' | 'е' | 'и' | 'о' | 'у' | 'й' | 'ы' | 'я' | 'ь') {
        w.cut(1);
    }
    if w.len() > 3 && (matches!(w.last(1), 'ь' | 'и') || w.ends("нн")) {
        w.cut(1);
    }
    w.write(word);
}

/// The minimal stemmers: plural only, the English one by Harman ("How effective is suffixing?", 1991).
pub(super) fn minimal_english(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 3 || w.last(1) != 's' || matches!(w.last(2), 'u' | 's') {
        return;
    }
    if w.last(2) == 'e' {
        if w.len() > 3 && w.last(3) == 'i' && !matches!(w.last(4), 'a' | 'e') {
            w.cut(2);
            w.set(1, 'y');
            return w.write(word);
        }
        if matches!(w.last(3), 'i' | 'a' | 'o' | 'e') {
            return;
        }
    }
    w.cut(1);
    w.write(word);
}

pub(super) fn minimal_french(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 6 {
        return;
    }
    if w.last(1) == 'x' {
        if w.ends("aux") {
            w.set(2, 'l');
        }
        w.cut(1);
        return w.write(word);
    }
    for ending in ['s', 'r', 'e', 'é'] {
        if w.last(1) == ending {
            w.cut(1);
        }
    }
    if w.last(1) == w.last(2) && w.last(1).is_alphabetic() {
        w.cut(1);
    }
    w.write(word);
}

pub(super) fn minimal_german(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 5 {
        return;
    }
    w.map(|c| match c {
        'ä' => 'a',
        'ö' => 'o',
        'ü' => 'u',
        other => other,
    });
    if w.len() > 6 && w.ends("nen") {
        w.cut(3);
    } else if w.len() > 5 && w.ends_any(&["en", "se", "es", "er"]) {
        w.cut(2);
    } else if matches!(w.last(1), 'n' | 'e' | 's' | 'r') {
        w.cut(1);
    }
    w.write(word);
}

/// Cuts `'s`, also with other apostrophes.
pub(super) fn possessive_english(word: &mut String) {
    for ending in ["'s", "'S", "\u{2019}s", "\u{2019}S", "\u{ff07}s", "\u{ff07}S"] {
        if word.ends_with(ending) {
            word.truncate(word.len() - ending.len());
            return;
        }
    }
}

/// Case, then possessive, then plural, then a last vowel.
pub(super) fn hungarian(word: &mut String) {
    let mut w = Letters::of(word);
    w.map(|c| match c {
        'á' => 'a',
        'ë' | 'é' => 'e',
        'í' => 'i',
        'ó' | 'ő' | 'õ' | 'ö' => 'o',
        'ú' | 'ű' | 'ũ' | 'û' | 'ü' => 'u',
        other => other,
    });
    for count in [hungarian_case, hungarian_possessive, hungarian_plural] {
        let count = count(&w);
        w.cut(count);
    }
    if w.len() > 3 && matches!(w.last(1), 'a' | 'e' | 'i' | 'o') {
        w.cut(1);
    }
    w.write(word);
}

/// How many letters tell the case.
fn hungarian_case(w: &Letters) -> usize {
    const THREE: [&str; 14] =
        ["nak", "nek", "val", "vel", "ert", "rol", "ban", "ben", "bol", "nal", "nel", "hoz", "hez", "tol"];
    const TWO: [&str; 11] = ["at", "et", "ot", "va", "ve", "ra", "re", "ba", "be", "ul", "ig"];
    let doubled = |back: usize| !is_vowel_or_y(w.last(back)) && w.last(back) == w.last(back + 1);
    match w.len() {
        7.. if w.ends("kent") => 4,
        6.. if w.ends_any(&THREE) => 3,
        6.. if w.ends_any(&["al", "el"]) && doubled(3) => 3,
        5.. if w.ends_any(&TWO) => 2,
        5.. if w.ends_any(&["on", "en"]) && !is_vowel_or_y(w.last(3)) => 2,
        5.. if matches!(w.last(1), 't' | 'n') => 1,
        5.. if matches!(w.last(1), 'a' | 'e') && doubled(2) => 2,
        _ => 0,
    }
}

/// How many letters tell whose it is.
fn hungarian_possessive(w: &Letters) -> usize {
    let vowel = |back: usize| is_vowel_or_y(w.last(back));
    match w.len() {
        7.. if !vowel(5) && w.ends_any(&["atok", "otok", "etek"]) => 4,
        7.. if w.ends_any(&["itek", "itok"]) => 4,
        6.. if !vowel(4) && w.ends_any(&["unk", "tok", "tek"]) => 3,
        6.. if vowel(4) && w.ends("juk") => 3,
        6.. if w.ends("ink") => 3,
        5.. if !vowel(3) && w.ends_any(&["am", "em", "om", "ad", "ed", "od", "uk"]) => 2,
        5.. if vowel(3) && w.ends_any(&["nk", "ja", "je"]) => 2,
        5.. if w.ends_any(&["im", "id", "ik"]) => 2,
        4.. if matches!(w.last(1), 'a' | 'e') && !vowel(2) => 1,
        4.. if matches!(w.last(1), 'm' | 'd') && vowel(2) => 1,
        4.. if w.last(1) == 'i' => 1,
        _ => 0,
    }
}

/// How many letters tell that they are several.
fn hungarian_plural(w: &Letters) -> usize {
    match (w.len(), w.last(1)) {
        (5.., 'k') if matches!(w.last(2), 'a' | 'o' | 'e') => 2,
        (4.., 'k') => 1,
        _ => 0,
    }
}
