//! Requests to `_analyze` that OpenSearch 3.4 answered: the same tokens, positions, offsets and types, or the same error.
//!
//! A line is `{"request": .., "tokens": [[text, position, start, end, type, position length if above 1]]}` or has `error` instead.

use analysis::{AnalysisError, Analyzer, Limits, Registry};
use serde_json::{Value, json};

fn analyzer(request: &Value) -> Result<Analyzer, AnalysisError> {
    let registry = Registry::with_limits(&request["settings"], Limits::default())?;
    let list = |key: &str| request[key].as_array().cloned().unwrap_or_default();
    match request["analyzer"].as_str() {
        Some(name) => {
            registry.analyzer(name).ok_or_else(|| AnalysisError::NotFound { part: "analyzer", name: name.to_owned() })
        }
        None => registry.custom(request.get("tokenizer"), &list("filter"), &list("char_filter")),
    }
}

fn answer(request: &Value) -> Value {
    let analyzer = match analyzer(request) {
        Ok(analyzer) => analyzer,
        Err(error) => return json!({"type": error.kind(), "reason": error.to_string()}),
    };
    let text = request["text"].as_str().expect("a text");
    let tokens = analyzer.tokens(text);
    check_other_views(&analyzer, text, &tokens);
    let shown = tokens.into_iter().map(|token| {
        let mut fields = vec![
            json!(token.text),
            json!(token.position),
            json!(token.start_offset),
            json!(token.end_offset),
            json!(token.kind.as_str()),
        ];
        if token.position_length > 1 {
            fields.push(json!(token.position_length));
        }
        Value::Array(fields)
    });
    Value::Array(shown.collect())
}

/// `each`, `tokens_with_bytes` and `explain` tell the same as `tokens`.
fn check_other_views(analyzer: &Analyzer, text: &str, tokens: &[analysis::Token]) {
    let mut terms = Vec::new();
    let positions = analyzer.each(text, &mut |term, position| terms.push((term.to_owned(), position)));
    let expected: Vec<_> = tokens.iter().map(|token| (token.text.clone(), token.position)).collect();
    assert_eq!(terms, expected, "each: {text}");
    assert_eq!(analyzer.analyze(text).positions, positions, "positions: {text}");
    assert_eq!(analyzer.explain(text).tokens(), tokens, "explain: {text}");
    let units = |byte: usize| text[..byte].encode_utf16().count() as u32;
    for (token, bytes) in tokens.iter().zip(analyzer.tokens_with_bytes(text)) {
        assert_eq!((&token.text, token.position), (&bytes.text, bytes.position));
        assert!(text.is_char_boundary(bytes.start_byte) && text.is_char_boundary(bytes.end_byte));
        // Inside a surrogate pair there is no byte offset: the beginning of the character stands for it.
        assert!(
            token.start_offset - units(bytes.start_byte) <= 1 && token.end_offset - units(bytes.end_byte) <= 1,
            "{text}"
        );
    }
    let overlaps = tokens.windows(2).any(|pair| pair[0].position == pair[1].position);
    assert!(!overlaps || analyzer.may_overlap(), "may_overlap: {text}");
}

fn check(recorded: &str) {
    for line in recorded.lines() {
        let case: Value = serde_json::from_str(line).expect("a line of JSON");
        let expected = case.get("tokens").unwrap_or(&case["error"]);
        assert_eq!(&answer(&case["request"]), expected, "{}", case["request"]);
    }
}

#[test]
fn chains_over_texts_in_many_scripts() {
    check(include_str!("testdata/chains.jsonl"));
}

#[test]
fn synonyms_char_filters_and_word_breaks_over_random_texts() {
    check(include_str!("testdata/random.jsonl"));
}

#[test]
fn index_settings_and_their_mistakes() {
    check(include_str!("testdata/settings.jsonl"));
}

#[test]
fn words_are_cut_and_joined() {
    check(include_str!("testdata/parts.jsonl"));
}

#[test]
fn graphs_are_made_flat() {
    check(include_str!("testdata/graphs.jsonl"));
}

#[test]
fn a_sentence_of_every_language() {
    check(include_str!("testdata/languages.jsonl"));
}
