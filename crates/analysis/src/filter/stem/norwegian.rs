//! The light and the minimal stemmers of Norwegian, in Bokmål and Nynorsk, as Lucene has them: after the possessive one ending of a noun, and with
//! the light ones of an adjective or a verb, too.

use super::letters::Letters;

/// Which of the two written languages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Bokmal,
    Nynorsk,
}

/// Endings of one length: how long a word must be more than, those of both languages, of Bokmål, of Nynorsk.
type Endings = (usize, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const LIGHT: [Endings; 9] = [
    (7, &[], &["heter", "heten"], &["heita"]),
    (8, &[], &[], &["heiter", "leiken", "leikar"]),
    (5, &["dom"], &["het"], &[]),
    (6, &[], &[], &["heit", "semd", "leik"]),
    (7, &["elser", "elsen"], &[], &[]),
    (6, &["else"], &["ende", "este", "eren"], &["ande", "aste", "aren"]),
    (5, &["ene"], &["ere", "est"], &["are", "ast", "ane"]),
    (4, &["er", "en", "et", "te"], &["st"], &["ar"]),
    (3, &["a", "e", "n"], &[], &[]),
];

const MINIMAL: [Endings; 3] =
    [(5, &["ene"], &[], &["ane"]), (4, &["er", "en", "et"], &[], &["ar"]), (3, &["a", "e"], &[], &[])];

pub(super) fn light(word: &mut String, language: Language) {
    cut(word, language, &LIGHT);
}

pub(super) fn minimal(word: &mut String, language: Language) {
    cut(word, language, &MINIMAL);
}

fn cut(word: &mut String, language: Language, all: &[Endings]) {
    let mut w = Letters::of(word);
    if w.len() > 4 && w.last(1) == 's' {
        w.cut(1);
    }
    let found = all.iter().find_map(|(more, both, bokmal, nynorsk)| {
        let own = if language == Language::Bokmal { bokmal } else { nynorsk };
        both.iter().chain(*own).find(|ending| w.len() > *more && w.ends(ending))
    });
    if let Some(ending) = found {
        w.cut(ending.chars().count());
    }
    w.write(word);
}
