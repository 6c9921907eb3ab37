//! What callers see beside tokens: normalizers, explanations, positions across values, and that no text is too strange.

use analysis::{Analyzer, Limits, NormalizeError, Registry};
use proptest::prelude::*;
use serde_json::{Value, json};

fn registry(analysis: Value) -> Registry {
    Registry::from_settings(&analysis).expect("legal settings")
}

fn custom(tokenizer: Value, filters: &[Value], char_filters: &[Value]) -> Analyzer {
    Registry::builtin().custom(Some(&tokenizer), filters, char_filters).expect("a legal chain")
}

#[test]
fn the_lowercase_normalizer_is_always_there() {
    let normalizer = Registry::builtin().normalizer("lowercase").expect("built in");
    assert_eq!(normalizer.normalize("New YORK").as_deref(), Ok("new york"));
    assert_eq!(normalizer.normalize("").as_deref(), Ok(""));
    assert!(Registry::builtin().normalizer("uppercase").is_none());
}

#[test]
fn a_normalizer_runs_its_char_filters_and_filters() {
    let registry = registry(json!({
        "char_filter": {"quotes": {"type": "mapping", "mappings": ["« => \"", "» => \""]}},
        "normalizer": {"plain": {"type": "custom", "char_filter": ["quotes"], "filter": ["lowercase", "asciifolding"]}}
    }));
    let normalizer = registry.normalizer("plain").expect("defined");
    assert_eq!(normalizer.name(), "plain");
    assert_eq!(normalizer.normalize("«Élan»").as_deref(), Ok("\"elan\""));
}

#[test]
fn a_normalizer_that_makes_two_of_one_says_so() {
    let registry = registry(json!({
        "filter": {"both": {"type": "asciifolding", "preserve_original": true}},
        "normalizer": {"two": {"filter": ["both"]}}
    }));
    let normalizer = registry.normalizer("two").expect("defined");
    assert_eq!(normalizer.normalize("plain").as_deref(), Ok("plain"));
    assert!(matches!(normalizer.normalize("é"), Err(NormalizeError::ManyTokens { .. })));
}

#[test]
fn an_explanation_shows_every_stage() {
    let analyzer = custom(json!("standard"), &[json!("lowercase"), json!({"type": "stop"})], &[json!("html_strip")]);
    let explanation = analyzer.explain("<b>The</b> Fox");
    assert!(explanation.custom);
    assert_eq!(
        (&*explanation.char_filters[0].name, &*explanation.char_filters[0].filtered_text),
        ("html_strip", "The Fox")
    );
    let texts = |stage: &analysis::ExplainedStage| {
        (stage.name.clone(), stage.tokens.iter().map(|token| token.text.clone()).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(texts(&explanation.tokenizer), ("standard".into(), "The Fox".into()));
    assert_eq!(texts(&explanation.filters[0]), ("lowercase".into(), "the fox".into()));
    assert_eq!(texts(&explanation.filters[1]), ("__anonymous__stop".into(), "fox".into()));
    assert_eq!(explanation.tokens()[0].start_offset, 11);
    let english = Registry::builtin().analyzer("english").expect("built in").explain("The foxes");
    assert_eq!((english.custom, &*english.name, &*english.tokens()[0].text), (false, "english", "fox"));
}

#[test]
fn positions_go_on_after_dropped_tokens_at_the_end() {
    let analyzer = Registry::builtin().analyzer("stop").expect("built in");
    assert_eq!(analyzer.each("the fox and the", &mut |_, _| ()), 4);
    assert_eq!(analyzer.analyze("the fox and the").end_offset, 15);
    assert_eq!(analyzer.position_gap(), 100);
    let own = registry(json!({"analyzer": {"default": {"tokenizer": "keyword", "position_increment_gap": "7"}}}));
    assert_eq!(own.analyzer("default").expect("defined").position_gap(), 7);
}

#[test]
fn what_is_not_there_is_named_and_not_answered_otherwise() {
    for (part, definition) in [
        ("filter", json!({"type": "kstem"})),
        ("filter", json!({"type": "stemmer", "language": "galician"})),
        ("filter", json!({"type": "condition"})),
        ("tokenizer", json!({"type": "thai"})),
        ("analyzer", json!({"type": "thai"})),
    ] {
        let error = Registry::from_settings(&json!({part: {"mine": definition}})).expect_err("not supported");
        assert!(error.to_string().contains("is not supported yet"), "{error}");
    }
}

#[test]
fn expressions_that_cannot_be_had_are_refused() {
    for pattern in ["(", "[", "(?=x)", r"(a)\1", "(?:a{1000}){1000}"] {
        let analysis = json!({"tokenizer": {"t": {"type": "pattern", "pattern": pattern}}});
        let error = Registry::from_settings(&analysis).expect_err(pattern);
        assert_eq!(error.kind(), "pattern_syntax_exception", "{pattern}");
    }
}

#[test]
fn limits_come_from_the_index() {
    let analysis = json!({"tokenizer": {"t": {"type": "ngram", "min_gram": 2, "max_gram": 5}}});
    assert!(Registry::from_settings(&analysis).is_err());
    let limits = Limits { max_ngram_diff: 3, ..Limits::default() };
    assert!(Registry::with_limits(&analysis, limits).is_ok());
}

#[test]
fn huge_tokens_are_cut_or_whole_as_the_tokenizer_says() {
    let huge = "x".repeat(1_000_000);
    let count = |name: &str| Registry::builtin().analyzer(name).expect("built in").each(&huge, &mut |_, _| ());
    assert_eq!((count("standard"), count("whitespace"), count("keyword")), (3922, 3922, 1));
    let slashes = "/".repeat(1_000_000);
    assert_eq!(custom(json!("path_hierarchy"), &[], &[]).each(&slashes, &mut |_, _| ()), 32_767);
    let markup = ["<?", "<!--", "&", "<a \"", "<"].map(|part| part.repeat(200_000)).concat();
    assert!(custom(json!("keyword"), &[], &[json!("html_strip")]).tokens(&markup).len() == 1);
    let marks = "\u{200d}_\u{301}".repeat(20_000);
    assert_eq!(custom(json!("standard"), &[], &[]).each(&marks, &mut |_, _| ()), 0);
    let signs = "!\"@.[".repeat(20_000);
    assert_eq!(custom(json!("uax_url_email"), &[], &[]).each(&signs, &mut |_, _| ()), 0);
    assert_eq!(custom(json!("ngram"), &[], &[]).each(&huge, &mut |_, _| ()), 1_999_999);
}

/// Chains that together use every component.
fn chains() -> Vec<Analyzer> {
    let mut chains: Vec<Analyzer> = [
        "standard",
        "simple",
        "whitespace",
        "stop",
        "keyword",
        "pattern",
        "fingerprint",
        "cjk",
        "english",
        "irish",
        "turkish",
    ]
    .iter()
    .map(|name| Registry::builtin().analyzer(name).expect("built in"))
    .collect();
    for tokenizer in [
        json!({"type": "standard", "max_token_length": 3}),
        json!({"type": "ngram", "token_chars": ["letter", "symbol"]}),
        json!({"type": "edge_ngram", "min_gram": 2, "max_gram": 3}),
        json!({"type": "path_hierarchy", "delimiter": "é", "replacement": "-", "skip": 1}),
        json!({"type": "path_hierarchy", "delimiter": "a", "replacement": "😀", "reverse": true}),
        json!({"type": "char_group", "tokenize_on_chars": ["whitespace", "symbol"]}),
    ] {
        let mapping = json!({"type": "mapping", "mappings": ["a => bcd", "<b => ", "é => 😀😀", "ab c => x"]});
        let replace = json!({"type": "pattern_replace", "pattern": "x(.?)", "replacement": "$1yy"});
        chains.push(custom(
            tokenizer,
            &[
                json!({"type": "synonym_graph", "synonyms": ["a, b c, d", "x y => z"], "lenient": true}),
                json!("decimal_digit"),
                json!("cjk_width"),
                json!({"type": "asciifolding", "preserve_original": true}),
                json!({"type": "shingle", "max_shingle_size": 3}),
                json!({"type": "truncate", "length": 5}),
                json!({"type": "edge_ngram", "side": "back"}),
            ],
            &[json!("html_strip"), mapping, replace],
        ));
    }
    for longest in [7, 255] {
        let addresses = json!({"type": "uax_url_email", "max_token_length": longest});
        chains.push(custom(addresses, &[], &[]));
    }
    chains.push(custom(json!("standard"), &[json!({"type": "min_hash", "bucket_count": 3, "hash_count": 2})], &[]));
    chains
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn no_text_is_too_strange(text in "(http://|@x\\.com|[ -~]|[aé<>&;#'\"b c/]|[\u{300}\u{200d}\u{fe0f}\u{1f3fd}😀🇩漢カひไ\u{e31}אｶﾞ한ßİ]|\\PC){0,24}") {
        for chain in chains() {
            let units = text.encode_utf16().count() as u32;
            let tokens = chain.tokens(&text);
            for token in &tokens {
                prop_assert!(token.start_offset <= units && token.end_offset <= units);
            }
            for bytes in chain.tokens_with_bytes(&text) {
                prop_assert!(text.is_char_boundary(bytes.start_byte) && text.is_char_boundary(bytes.end_byte));
            }
            let mut terms = 0;
            chain.each(&text, &mut |_, _| terms += 1);
            prop_assert_eq!(terms, tokens.len());
        }
    }
}

proptest! {
    /// The path of indexing remembers words; the one of `_analyze` does not.
    #[test]
    fn remembered_words_are_made_as_they_were_the_first_time(texts in prop::collection::vec(word_texts(), 1..40)) {
        let registry = registry(json!({
            "filter": {"changed": {"type": "changed_stem", "language": "english"}, "digits": {"type": "pattern_replace", "pattern": "[0-9]", "replacement": "#"}},
            "analyzer": {
                "redis": {"tokenizer": "redis_words", "filter": ["changed"]},
                "replaced": {"tokenizer": "standard", "filter": ["digits"]},
            }
        }));
        for name in ["redis", "replaced", "english", "german", "french", "russian", "snowball", "arabic"] {
            let analyzer = registry.analyzer(name).expect("there");
            for text in &texts {
                let mut found = Vec::new();
                let taken = analyzer.each(text, &mut |term, position| found.push((term.to_owned(), position)));
                let analyzed = analyzer.analyze(text);
                let expected: Vec<_> = analyzed.tokens.into_iter().map(|token| (token.text, token.position)).collect();
                prop_assert_eq!((&found, taken), (&expected, analyzed.positions), "{} {:?}", name, text);
            }
        }
    }
}

/// Few words that come again, and some that do not.
fn word_texts() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "The",
        "the",
        "foxes",
        "Foxes",
        "fox's",
        "running",
        "runs",
        "42",
        "a1",
        "Häuser",
        "chevaux",
        "книгами",
        "общественности",
        "кото\u{301}рый",
        "internationalization",
        "electroencephalographically",
        "pneumonoultramicroscopicsilicovolcanoconiosis",
        "كتاب",
        "日本",
    ]);
    let word = prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,12}".boxed(), 1 => "[a-z]{1,50}".boxed()];
    prop::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}
