//! The stemmers of the snowball project. `rust-stemmers` has an older edition of them; what the edition of Lucene 10 does otherwise is done
//! here, before or after. Six languages come from `waken_snowball`, which is newer than that and differs from Lucene in others.

use std::borrow::Cow;
use std::sync::Arc;

use rust_stemmers::{Algorithm, Stemmer};

use super::Rule;

/// A snowball stemmer by the name of its language in lower case; English is `porter2`.
pub(super) fn by_name(name: &str) -> Option<Rule> {
    if let Some(algorithm) = newer(name) {
        let stemmer = algorithm.stemmer();
        return Some(Arc::new(move |word: &mut String| *word = stemmer.stem(word).into_owned()));
    }
    let algorithm = match name {
        "danish" => Algorithm::Danish,
        "dutch" => Algorithm::Dutch,
        "finnish" => Algorithm::Finnish,
        "french" => Algorithm::French,
        "german" | "german2" => Algorithm::German,
        "hungarian" => Algorithm::Hungarian,
        "italian" => Algorithm::Italian,
        "norwegian" => Algorithm::Norwegian,
        "porter2" => Algorithm::English,
        "portuguese" => Algorithm::Portuguese,
        "romanian" => Algorithm::Romanian,
        "russian" => Algorithm::Russian,
        "spanish" => Algorithm::Spanish,
        "swedish" => Algorithm::Swedish,
        "turkish" => Algorithm::Turkish,
        _ => return None,
    };
    let stemmer = Stemmer::create(algorithm);
    let plain = move |word: &mut String| {
        let stem = match stemmer.stem(word) {
            Cow::Borrowed(stem) if stem.len() == word.len() => return,
            stem => stem.into_owned(),
        };
        *word = stem;
    };
    Some(match name {
        "french" => Arc::new(move |word| french(word, &plain)),
        "german" | "german2" => Arc::new(move |word| german(word, &plain)),
        "porter2" => Arc::new(move |word| english(word, &plain)),
        "romanian" => Arc::new(move |word| romanian(word, &plain)),
        "russian" => Arc::new(move |word| russian(word, &plain)),
        "swedish" => Arc::new(move |word| swedish(word, &plain)),
        _ => Arc::new(plain),
    })
}

/// Languages that `rust-stemmers` has not got.
fn newer(name: &str) -> Option<waken_snowball::Algorithm> {
    use waken_snowball::Algorithm;
    match name {
        "armenian" => Some(Algorithm::Armenian),
        "basque" => Some(Algorithm::Basque),
        "catalan" => Some(Algorithm::Catalan),
        "estonian" => Some(Algorithm::Estonian),
        "irish" => Some(Algorithm::Irish),
        "lithuanian" => Some(Algorithm::Lithuanian),
        _ => None,
    }
}

/// `ebb` and `egg` keep their double letter.
fn english(word: &mut String, plain: &dyn Fn(&mut String)) {
    let keeps = ["ebb", "egg", "add", "odd", "err", "off"].into_iter().find(|root| word.starts_with(root));
    plain(word);
    if let Some(root) = keeps.filter(|root| *word == root[..2]) {
        root.clone_into(word);
    }
}

/// `ï` begins a syllable: where a suffix of nouns or adjectives begins with it, a mark that is no vowel keeps it apart from the vowel before.
fn french(word: &mut String, plain: &dyn Fn(&mut String)) {
    const SUFFIXES: &[&str] = &[
        "ïsme",
        "ïsmes",
        "ïste",
        "ïstes",
        "ïque",
        "ïques",
        "ïquement",
        "ïssement",
        "ïssements",
        "ïté",
        "ïtés",
        "ïf",
        "ïfs",
        "ïve",
        "ïves",
    ];
    if !SUFFIXES.iter().any(|suffix| word.ends_with(suffix)) {
        return plain(word);
    }
    *word = word.replace('ï', "Hi").replace('ë', "He");
    plain(word);
    *word = word.replace("Hi", "ï").replace("He", "ë").replace('H', "");
}

/// `ae`, `oe` and `ue` are umlauts, unless the u belongs to a vowel before or to a q; the `em` of `system` is no ending.
fn german(word: &mut String, plain: &dyn Fn(&mut String)) {
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'ä' | 'ö' | 'ü');
    if word.contains("ae") || word.contains("oe") || word.contains("ue") {
        let mut written = String::with_capacity(word.len());
        let mut chars = word.chars().peekable();
        let mut before = '\0';
        while let Some(c) = chars.next() {
            let umlaut = match c {
                'a' => 'ä',
                'o' => 'ö',
                'u' if !vowel(before) && before != 'q' => 'ü',
                _ => '\0',
            };
            before = c;
            if umlaut != '\0' && chars.peek() == Some(&'e') {
                chars.next();
                before = 'e';
                written.push(umlaut);
            } else {
                written.push(c);
            }
        }
        *word = written;
    }
    let system = word.ends_with("system");
    plain(word);
    if system && word.ends_with("syst") {
        word.push_str("em");
    }
}

/// Both ways to write ș and ț are one.
fn romanian(word: &mut String, plain: &dyn Fn(&mut String)) {
    if word.contains(['ș', 'ț']) {
        *word = word.replace('ș', "ş").replace('ț', "ţ");
    }
    plain(word);
    if word.contains(['ş', 'ţ']) {
        *word = word.replace('ş', "ș").replace('ţ', "ț");
    }
}

/// `ё` is `е`.
fn russian(word: &mut String, plain: &dyn Fn(&mut String)) {
    if word.contains('ё') {
        *word = word.replace('ё', "е");
    }
    plain(word);
}

/// `-öst` after some consonants loses its t.
fn swedish(word: &mut String, plain: &dyn Fn(&mut String)) {
    plain(word);
    let before = word.strip_suffix("öst").and_then(|rest| rest.chars().next_back());
    if before.is_some_and(|c| "iklnprtuv".contains(c)) && word.chars().count() > 6 {
        word.pop();
    }
}
