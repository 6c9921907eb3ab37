//! Stemmers against words that OpenSearch 3.4 stemmed, and against anything.

use analysis::{Analyzer, Registry};
use proptest::prelude::*;
use serde_json::json;

const NAMES: &[&str] = &[
    "arabic",
    "armenian",
    "basque",
    "bengali",
    "brazilian",
    "bulgarian",
    "catalan",
    "czech",
    "danish",
    "dutch",
    "english",
    "estonian",
    "finnish",
    "french",
    "german",
    "german_stem",
    "greek",
    "hindi",
    "hungarian",
    "indonesian",
    "irish",
    "italian",
    "latvian",
    "light_finnish",
    "light_french",
    "light_german",
    "light_hungarian",
    "light_italian",
    "light_norwegian",
    "light_nynorsk",
    "light_portuguese",
    "light_russian",
    "light_spanish",
    "light_swedish",
    "lithuanian",
    "minimal_english",
    "minimal_french",
    "minimal_german",
    "minimal_norwegian",
    "minimal_nynorsk",
    "norwegian",
    "persian",
    "porter2",
    "portuguese",
    "possessive_english",
    "romanian",
    "russian",
    "sorani",
    "spanish",
    "swedish",
    "turkish",
];

fn stemmer(name: &str) -> Analyzer {
    let filter = match name {
        "german_stem" => json!(name),
        _ => json!({"type": "stemmer", "language": name}),
    };
    Registry::builtin().custom(Some(&json!("whitespace")), &[filter], &[]).expect("a known stemmer")
}

/// Lines of `word<tab>stem`.
#[test]
fn words_have_the_stems_that_opensearch_gives() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/testdata/stems");
    for name in NAMES {
        let stemmer = stemmer(name);
        let recorded = std::fs::read_to_string(format!("{folder}/{name}.txt")).unwrap();
        for line in recorded.lines() {
            let (word, stem) = line.split_once('\t').unwrap();
            let tokens = stemmer.tokens(word);
            assert_eq!(tokens.first().map_or("", |token| &token.text), stem, "{name}: {word}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(feature = "long") { 20_000 } else { 400 }))]
    #[test]
    fn no_word_is_too_strange(word in "[a-zäöüßéèêëïîôûçàáâíóúñãõåæøőűıişţțșğА-Яа-яё\u{627}-\u{64a}α-ωա-ֆ'’·x0-9İI\u{307}😀]{0,14}", prefix in "[a-z]{0,3}", suffix in "(ing|ed|iveness|em|ern|issement|ique|ados|erna|arne|het|lar|ler|ından|ului|iilor|ями|ться|ssa|ksi|okat|eteket|eggs|)") {
        for name in NAMES {
            stemmer(name).tokens(&format!("{prefix}{word}{suffix}"));
        }
    }
}

#[test]
fn a_word_that_comes_again_has_the_same_stem() {
    let stemmers = analysis::Stemmers::default();
    let long = "internationalizations".repeat(3);
    let words = ["running", "runs", "", long.as_str(), "running", "größer"];
    let stemmer = stemmers.of("english").unwrap();
    let first = stemmer.stems(&words);
    assert_eq!(first[..2], ["run", "run"]);
    for language in ["english", "german", "english"] {
        let again = stemmers.of(language).unwrap().stems(&words);
        assert_eq!(again == first, language == "english", "{language}: {again:?}");
    }
    assert!(stemmers.of("klingon").is_none());
}
