//! Light stemmers for Czech (L. Dolamic, J. Savoy: "Indexing and stemming approaches for the Czech language", 2009) and Bulgarian (J. Savoy:
//! "Searching strategies for the Bulgarian language", 2007).
//!
//! Words come in lower case. Of each list the first suffix that fits is cut.

use super::letters::Letters;

/// Cases, then possessives; what is left is evened out.
pub(super) fn czech(word: &mut String) {
    let mut w = Letters::of(word);
    czech_case(&mut w);
    if w.len() > 5 && w.ends_any(&["ov", "in", "ův"]) {
        w.cut(2);
    }
    czech_even(&mut w);
    w.write(word);
}

fn czech_case(w: &mut Letters) {
    /// More letters than these, suffixes, and their length.
    const RULES: [(usize, &[&str], usize); 4] = [
        (7, &["atech"], 5),
        (6, &["ětem", "etem", "atům"], 4),
        (
            5,
            &[
                "ech", "ich", "ích", "ého", "ěmi", "emi", "ému", "ěte", "ete", "ěti", "eti", "ího", "iho", "ími",
                "ímu", "imu", "ách", "ata", "aty", "ých", "ama", "ami", "ové", "ovi", "ými",
            ],
            3,
        ),
        (4, &["em", "es", "ém", "ím", "ům", "at", "ám", "os", "us", "ým", "mi", "ou"], 2),
    ];
    for (more, suffixes, length) in RULES {
        if w.len() > more && w.ends_any(suffixes) {
            w.cut(length);
            return;
        }
    }
    if w.len() > 3 && "aeiouůyáéíýě".contains(w.last(1)) {
        w.cut(1);
    }
}

fn czech_even(w: &mut Letters) {
    if w.ends("čt") {
        w.set(2, 'c');
        w.set(1, 'k');
        return;
    }
    if w.ends("št") {
        w.set(2, 's');
        w.set(1, 'k');
        return;
    }
    match w.last(1) {
        'c' | 'č' => w.set(1, 'k'),
        'z' | 'ž' => w.set(1, 'h'),
        last if w.len() > 1 && w.last(2) == 'e' => {
            w.set(2, last);
            w.cut(1);
        }
        _ if w.len() > 2 && w.last(2) == 'ů' => w.set(2, 'o'),
        _ => {}
    }
}

/// Articles, plurals, and what is left of them.
pub(super) fn bulgarian(word: &mut String) {
    let mut w = Letters::of(word);
    if w.len() < 4 {
        return;
    }
    if w.len() > 5 && w.ends("ища") {
        w.cut(3);
        return w.write(word);
    }
    bulgarian_article(&mut w);
    bulgarian_plural(&mut w);
    if w.len() > 3 {
        if w.ends("я") {
            w.cut(1);
        }
        if w.ends_any(&["а", "о", "е"]) {
            w.cut(1);
        }
    }
    if w.len() > 4 && w.ends("ен") {
        w.set(2, 'н');
        w.cut(1);
    }
    if w.len() > 5 && w.last(2) == 'ъ' {
        w.set(2, w.last(1));
        w.cut(1);
    }
    w.write(word);
}

fn bulgarian_article(w: &mut Letters) {
    if w.len() > 6 && w.ends("ият") {
        w.cut(3);
    } else if (w.len() > 5 && w.ends_any(&["ът", "то", "те", "та", "ия"])) || (w.len() > 4 && w.ends("ят"))
    {
        w.cut(2);
    }
}

fn bulgarian_plural(w: &mut Letters) {
    if w.len() > 6 && w.ends_any(&["овци", "ове"]) {
        return w.cut(3);
    }
    if w.len() > 6 && w.ends("еве") {
        w.set(3, 'й');
        return w.cut(2);
    }
    if w.len() > 5 {
        if w.ends("ища") {
            return w.cut(3);
        }
        if w.ends("та") {
            return w.cut(2);
        }
        for (suffix, letter) in [("ци", 'к'), ("зи", 'г')] {
            if w.ends(suffix) {
                w.set(2, letter);
                return w.cut(1);
            }
        }
        if w.last(3) == 'е' && w.last(1) == 'и' {
            w.set(3, 'я');
            return w.cut(1);
        }
    }
    if w.len() > 4 && w.ends("си") {
        w.set(2, 'х');
        return w.cut(1);
    }
    if w.len() > 4 && w.ends("и") {
        w.cut(1);
    }
}
