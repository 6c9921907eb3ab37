//! The light stemmer of Finnish (J. Savoy, "Report on CLEF-2003 monolingual tracks", 2003).

use super::letters::{Letters, is_vowel_or_y};

/// Words of three letters are left alone.
pub(super) fn light(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 4 {
        return;
    }
    w.map(|c| match c {
        'ä' | 'å' => 'a',
        'ö' => 'o',
        other => other,
    });
    particles(&mut w);
    adverbs(&mut w);
    cases(&mut w);
    endings(&mut w);
    last_vowels(&mut w);
    w.write(word);
}

/// Particles, as many as there are, then what makes adjectives.
fn particles(w: &mut Letters) {
    while w.len() > 8 && w.ends_any(&["kin", "ko"]) {
        w.cut(if w.ends("ko") { 2 } else { 3 });
    }
    if w.len() > 11 && w.ends("dellinen") {
        w.cut(8);
    } else if w.len() > 11 && w.ends("dellisuus") {
        w.cut(9);
    }
}

fn adverbs(w: &mut Letters) {
    let count = match w.len() {
        6.. if w.ends_any(&["lla", "tse", "sti"]) => 3,
        6.. if w.ends("ni") => 2,
        6.. if w.ends("aa") => 1,
        _ => 0,
    };
    w.cut(count);
}

/// Endings of cases; some leave an `s` for the letters that they changed.
fn cases(w: &mut Letters) {
    let (count, becomes_s) = match w.len() {
        9.. if w.ends("nnen") => (3, true),
        9.. if w.ends("ntena") => (4, true),
        9.. if w.ends("tten") => (4, false),
        9.. if w.ends("eiden") => (5, false),
        7.. if w.ends_any(&["neen", "niin", "seen", "teen", "inen"]) => (4, false),
        7.. if w.last(3) == 'h' && is_vowel_or_y(w.last(2)) && w.last(1) == 'n' => (3, false),
        7.. if w.ends("den") => (2, true),
        7.. if w.ends("ksen") => (3, true),
        7.. if w.ends_any(&["ssa", "sta", "lla", "lta", "tta", "ksi", "lle"]) => (3, false),
        6.. if w.ends_any(&["na", "ne"]) => (2, false),
        6.. if w.ends("nei") => (3, false),
        5.. if w.ends_any(&["ja", "ta"]) => (2, false),
        5.. if w.last(1) == 'a' => (1, false),
        5.. if w.last(1) == 'n' && is_vowel_or_y(w.last(2)) => (2, false),
        5.. if w.last(1) == 'n' => (1, false),
        _ => (0, false),
    };
    w.cut(count);
    if becomes_s {
        w.set(1, 's');
    }
}

fn endings(w: &mut Letters) {
    if w.len() > 5 && w.ends("hde") {
        w.cut(3);
        w.push("ksi".chars());
    }
    let count = match w.len() {
        5.. if w.ends_any(&["ei", "at"]) => 2,
        4.. if matches!(w.last(1), 't' | 's' | 'j' | 'e' | 'a' | 'i') => 1,
        _ => 0,
    };
    w.cut(count);
}

/// Last vowels of long words, and one of each pair of hard consonants.
fn last_vowels(w: &mut Letters) {
    if w.len() > 8 && matches!(w.last(1), 'e' | 'o' | 'u') {
        w.cut(1);
    }
    if w.len() > 4 && w.last(1) == 'i' {
        w.cut(1);
    }
    if w.len() > 4 {
        w.single_hard_letters();
    }
}
