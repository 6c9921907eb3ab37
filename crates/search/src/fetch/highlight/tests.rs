//! Tables of texts and fragments, as a real OpenSearch answers them.

use std::ops::Bound;
use std::sync::Arc;

use model::id::{IndexRef, IndexUuid};
use model::mapping::Mapping;
use model::search::{BoundaryScanner, FastHighlight};
use serde_json::json;

use super::*;
use crate::bind::BindSettings;
use crate::bound::{BoundBool, BoundKind, Expand, Pattern, Phrase, PhrasePosition, Rewrite, TermBytes};

const LONG: &str = "The night was long. Nobody in the harbour slept, because the storm had taken the light. First the lamp went out, then the window broke, then the door. The keeper of the lighthouse said nothing and lit a candle. A candle is not a lamp. The storm laughed at it, and the candle went out. So the keeper took the bell rope in both hands and rang the bell until morning, while the ships in the storm listened and turned away from the rocks. In the morning the harbour counted its ships. None was missing. The storm went home without breakfast, and the keeper slept until night.";

fn context() -> BindContext {
    let mapping = Mapping::parse(&json!({"properties": {
        "body": {"type": "text", "fields": {"english": {"type": "text", "analyzer": "english"}, "raw": {"type": "keyword"}}},
        "fast": {"type": "text", "term_vector": "with_positions_offsets"},
        "title": {"type": "text"}, "tags": {"type": "keyword"}, "low": {"type": "keyword", "normalizer": "lowercase"},
        "n": {"type": "integer", "ignore_malformed": true}, "other": {"type": "alias", "path": "title"}
    }}));
    BindContext {
        index: IndexRef { name: "index".into(), uuid: IndexUuid("uuid".into()) },
        mapping: Arc::new(mapping.unwrap()),
        analysis: Arc::new(Registry::builtin()),
        now_ms: 0,
        settings: BindSettings::default(),
        read_query: |_| Ok(model::query::Query::match_all()),
    }
}

fn field(name: &str) -> HighlightField {
    HighlightField {
        field: name.to_owned(),
        pre_tags: vec!["<".to_owned()],
        post_tags: vec![">".to_owned()],
        fragment_size: 100,
        number_of_fragments: 5,
        no_match_size: 0,
        order_by_score: false,
        require_field_match: true,
        highlight_query: None,
        html_encoder: false,
        boundary_scanner: BoundaryScanner::Sentence,
        kind: HighlightKind::Unified,
        max_analyzed_offset: None,
        fragmenter_simple: false,
        matched_fields: Vec::new(),
        fast: FastHighlight::default(),
    }
}

fn bytes(term: &str) -> TermBytes {
    term.as_bytes().into()
}

fn term(field: &str, term: &str) -> BoundQuery {
    BoundQuery::new(BoundKind::Term(field.into(), bytes(term)))
}

/// Any of the words of a text.
fn words(field: &str, text: &str) -> BoundQuery {
    let should = text.split(' ').map(|word| term(field, word)).collect();
    BoundQuery::new(BoundKind::Bool(BoundBool { should, ..BoundBool::default() }))
}

fn phrase(words: &[(u32, &str)], slop: u32, prefix: bool) -> BoundQuery {
    phrase_of("body", words, slop, prefix)
}

fn phrase_of(field: &str, words: &[(u32, &str)], slop: u32, prefix: bool) -> BoundQuery {
    let positions =
        words.iter().map(|(position, word)| PhrasePosition { position: *position, terms: vec![bytes(word)] });
    BoundQuery::new(BoundKind::Phrase(Phrase {
        field: field.into(),
        positions: positions.collect(),
        slop,
        prefix_expansions: prefix.then_some(50),
    }))
}

struct Contains(String);

impl TermMatcher for Contains {
    fn accepts(&self, term: &[u8]) -> bool {
        String::from_utf8_lossy(term).contains(&self.0)
    }
}

/// `*text*` and nothing else.
fn contains(pattern: &Pattern) -> Result<Arc<dyn TermMatcher>, Error> {
    match pattern {
        Pattern::Wildcard { pattern, .. } => Ok(Arc::new(Contains(pattern.trim_matches('*').to_owned()))),
        other => Err(Error::not_implemented(format!("{other:?}"))),
    }
}

fn highlight(fields: Vec<HighlightField>, query: &BoundQuery, source: &Value) -> Result<Value, Error> {
    let highlighter = Highlighter::new(&Highlight { fields }, query, &context(), &mut contains)?;
    let fields = highlighter.highlight(HitSource { source, ignored: &["n".to_owned()], doc: 0 })?;
    Ok(Value::Object(fields.into_iter().map(|(name, fragments)| (name, fragments.into())).collect()))
}

fn check(options: HighlightField, query: &BoundQuery, body: Value, expected: Value) {
    let found = highlight(vec![options], query, &json!({"body": body})).unwrap();
    assert_eq!(found.get("body").cloned().unwrap_or_default(), expected);
}

#[test]
fn fragments_of_a_long_text() {
    let query = words("body", "storm keeper");
    check(
        field("body"),
        &query,
        LONG.into(),
        json!([
            "Nobody in the harbour slept, because the <storm> had taken the light.",
            "The <keeper> of the lighthouse said nothing and lit a candle. A candle is not a lamp.",
            "The <storm> laughed at it, and the candle went out.",
            "<storm> listened and turned away from the rocks.",
            "The <storm> went home without breakfast, and the <keeper> slept until night."
        ]),
    );
    let one = HighlightField { number_of_fragments: 1, ..field("body") };
    check(
        one,
        &query,
        LONG.into(),
        json!(["The <storm> went home without breakfast, and the <keeper> slept until night."]),
    );
    let small = HighlightField { fragment_size: 20, number_of_fragments: 10, ..field("body") };
    check(
        small,
        &query,
        LONG.into(),
        json!([
            "slept, because the <storm>",
            "The <keeper> of the lighthouse",
            "The <storm> laughed at",
            "So the <keeper> took the",
            "while the ships in the <storm>",
            "The <storm> went home without",
            "breakfast, and the <keeper>"
        ]),
    );
    let scored = HighlightField { fragment_size: 60, number_of_fragments: 3, order_by_score: true, ..field("body") };
    check(
        scored,
        &query,
        LONG.into(),
        json!([
            "The <storm> went home without breakfast, and the <keeper> slept until",
            "The <keeper> of the lighthouse said nothing and lit a candle.",
            "So the <keeper> took the bell rope in both hands and rang the bell"
        ]),
    );
    let by_words = HighlightField { boundary_scanner: BoundaryScanner::Word, number_of_fragments: 3, ..field("body") };
    check(by_words, &query, LONG.into(), json!(["<keeper>", "<keeper>", "<keeper>"]));
    let whole = HighlightField { number_of_fragments: 0, ..field("body") };
    let marked = LONG.replace("storm", "<storm>").replace("keeper", "<keeper>");
    check(whole, &query, LONG.into(), json!([marked]));
}

#[test]
fn fragments_of_several_values_stay_apart() {
    let values = json!(["The storm begins. It is late.", "Nothing here.", "", "The storm ends. It is early."]);
    let expected = json!(["The <storm> begins. It is late.", "The <storm> ends. It is early."]);
    let query = term("body", "storm");
    check(field("body"), &query, values.clone(), expected.clone());
    check(HighlightField { number_of_fragments: 0, ..field("body") }, &query, values, expected);
    check(field("body"), &phrase(&[(0, "late"), (1, "nothing")], 0, false), json!(["so late", "nothing"]), Value::Null);
}

#[test]
fn phrases_are_marked_where_they_stand() {
    let text = "A brown fox and a brown dog, not a dog that is brown.";
    let two = |slop| phrase(&[(0, "brown"), (1, "dog")], slop, false);
    check(field("body"), &two(0), text.into(), json!(["A brown fox and a <brown> <dog>, not a dog that is brown."]));
    check(
        field("body"),
        &two(1),
        "brown old dog, old dog brown".into(),
        json!(["<brown> old <dog>, old <dog> <brown>"]),
    );
    let hole = phrase(&[(3, "brown"), (5, "dog")], 0, false);
    check(
        field("body"),
        &hole,
        "brown old dog; brown very old dog".into(),
        json!(["<brown> old <dog>; brown very old dog"]),
    );
    let prefix = phrase(&[(0, "the"), (1, "harb")], 0, true);
    check(
        field("body"),
        &prefix,
        "the harbour, the wide harbour, harbours".into(),
        json!(["<the> <harbour>, the wide harbour, harbours"]),
    );
    let both = BoundBool { should: vec![two(0), term("body", "fox")], ..BoundBool::default() };
    check(
        field("body"),
        &BoundQuery::new(BoundKind::Bool(both)),
        text.into(),
        json!(["A brown <fox> and a <brown> <dog>, not a dog that is brown."]),
    );
}

#[test]
fn what_must_not_be_is_not_marked() {
    let clauses =
        BoundBool { must: vec![term("body", "storm")], must_not: vec![term("body", "calm")], ..BoundBool::default() };
    let query = BoundQuery::new(BoundKind::ConstantScore(Box::new(BoundQuery::new(BoundKind::Bool(clauses)))));
    check(field("body"), &query, "storm or calm".into(), json!(["<storm> or calm"]));
}

#[test]
fn patterns_and_sets_are_marked() {
    let expand = |pattern| {
        BoundQuery::new(BoundKind::Expand(Expand { field: "body".into(), pattern, rewrite: Rewrite::Constant }))
    };
    let text = "Harbours and a lighthouse in the light";
    let prefix = expand(Pattern::Prefix { prefix: "harb".to_owned(), case_insensitive: false });
    check(field("body"), &prefix, text.into(), json!(["<Harbours> and a lighthouse in the light"]));
    let wildcard = expand(Pattern::Wildcard { pattern: "*ght*".to_owned(), case_insensitive: false });
    check(field("body"), &wildcard, text.into(), json!(["Harbours and a <lighthouse> in the <light>"]));
    let terms = BoundQuery::new(BoundKind::Terms("body".into(), vec![bytes("and"), bytes("in")]));
    check(field("body"), &terms, text.into(), json!(["Harbours <and> a lighthouse <in> the light"]));
    let range = BoundKind::TermRange("body".into(), Bound::Included(bytes("a")), Bound::Excluded(bytes("b")));
    check(field("body"), &BoundQuery::new(range), text.into(), json!(["Harbours <and> <a> lighthouse in the light"]));
}

#[test]
fn fields_are_resolved() {
    let source = json!({"body": "Keepers keep", "title": "keeper", "tags": ["storm", "calm"], "low": "LOUD", "n": "5"});
    let all = |query: &BoundQuery, options: HighlightField| highlight(vec![options], query, &source).unwrap();
    check(field("body.english"), &term("body.english", "keeper"), "Keepers".into(), Value::Null);
    assert_eq!(all(&term("body.english", "keeper"), field("body*")), json!({"body.english": ["<Keepers> keep"]}));
    assert_eq!(all(&term("title", "keeper"), field("other")), json!({"other": ["<keeper>"]}));
    assert_eq!(all(&term("tags", "storm"), field("tags")), json!({"tags": ["<storm>"]}));
    assert_eq!(all(&term("low", "loud"), field("low")), json!({"low": ["<loud>"]}));
    assert_eq!(all(&term("title", "keep"), field("body")), json!({}));
    let any = HighlightField { require_field_match: false, ..field("*") };
    assert_eq!(
        all(&term("tags", "keeper"), any),
        json!({"title": ["<keeper>"], "other": ["<keeper>"], "body.english": ["<Keepers> keep"]})
    );
    assert_eq!(all(&term("zzz", "keep"), field("zzz")), json!({}));
}

#[test]
fn texts_without_a_match_show_their_beginning() {
    let options = HighlightField { no_match_size: 40, ..field("body") };
    let text = "The keeper climbed the stairs of the lighthouse every night.";
    check(
        options.clone(),
        &term("body", "zzz"),
        text.into(),
        json!(["The keeper climbed the stairs of the lighthouse"]),
    );
    check(options.clone(), &term("body", "zzz"), json!(["", "short"]), json!(["short"]));
    let plain = HighlightField { kind: HighlightKind::Plain, ..options };
    check(plain, &term("body", "zzz"), text.into(), json!(["The keeper climbed the stairs of the"]));
}

#[test]
fn signs_are_encoded_when_asked() {
    let text = "The storm is <em>not</em> over & the \"harbour\" waits.";
    let options = HighlightField { html_encoder: true, ..field("body") };
    check(
        options,
        &term("body", "storm"),
        text.into(),
        json!(["The <storm> is &lt;em&gt;not&lt;&#x2F;em&gt; over &amp; the &quot;harbour&quot; waits."]),
    );
}

#[test]
fn long_texts_are_refused_or_read_in_part() {
    let long = "storm ".repeat(170_000);
    let refused = highlight(vec![field("body")], &term("body", "storm"), &json!({"body": long}));
    assert!(refused.unwrap_err().reason.contains("has exceeded [1000000]"));
    let part = HighlightField { max_analyzed_offset: Some(10), number_of_fragments: 0, ..field("body") };
    check(part.clone(), &term("body", "storm"), "storm storm storm".into(), json!(["<storm> <storm> storm"]));
    let beyond = HighlightField { max_analyzed_offset: Some(1_000_001), ..part };
    assert!(highlight(vec![beyond], &term("body", "storm"), &json!({"body": "storm"})).is_err());
}

#[test]
fn plain_fragments_come_by_words_found() {
    let options =
        HighlightField { kind: HighlightKind::Plain, fragment_size: 40, number_of_fragments: 2, ..field("body") };
    let text =
        "One storm at the beginning of this little text, then nothing for a while, at last the storm and the keeper.";
    check(
        options,
        &words("body", "storm keeper"),
        text.into(),
        json!([" last the <storm> and the <keeper>.", "One <storm> at the beginning of this"]),
    );
}

#[test]
fn vectors_mark_by_number_around_what_is_found() {
    let numbered = HighlightField {
        kind: HighlightKind::Fast,
        pre_tags: vec!["<1>".to_owned(), "<2>".to_owned()],
        post_tags: vec!["</>".to_owned()],
        fragment_size: 40,
        boundary_scanner: BoundaryScanner::Usual,
        ..field("fast")
    };
    let shown = |options: &HighlightField, query: &BoundQuery, values: Value| {
        let found = highlight(vec![options.clone()], query, &json!({"fast": values, "body": "x"})).unwrap();
        found.get("fast").cloned().unwrap_or(Value::Null)
    };
    let text =
        "First the lamp went out, then the window broke, then the door. The keeper of the lighthouse lit a lamp.";
    let expected = json!([
        "First the <1>lamp</> went out, then the window",
        "then the door. The <2>keeper</> of the lighthouse",
        "lighthouse lit a <1>lamp</>."
    ]);
    assert_eq!(shown(&numbered, &words("fast", "lamp keeper"), text.into()), expected);
    assert_eq!(shown(&numbered, &words("body", "lamp keeper"), text.into()), Value::Null);
    let in_values =
        shown(&numbered, &words("fast", "lamp"), json!(["One lamp.", "", "A second lamp, and it is a long text."]));
    assert_eq!(in_values, json!(["One <1>lamp</>.", "A second <1>lamp</>, and it is a long"]));
    let near = |first, second| phrase_of("fast", &[(0, first), (1, second)], 0, false);
    let both = BoundBool { should: vec![near("the", "keeper"), near("keeper", "of")], ..BoundBool::default() };
    let joined = shown(&numbered, &BoundQuery::new(BoundKind::Bool(both)), text.into());
    assert_eq!(joined, json!(["then the door. <2>The keeper of</> the lighthouse"]));
}

#[test]
fn vectors_are_refused_where_there_are_none() {
    let refused = |options: HighlightField| {
        let found = highlight(vec![options], &term("fast", "storm"), &json!({"fast": "storm", "body": "storm"}));
        found.unwrap_err().reason
    };
    let fast = |name: &str| HighlightField { kind: HighlightKind::Fast, ..field(name) };
    assert!(refused(fast("body")).contains("[body] should be indexed with term vector with position offsets"));
    assert!(refused(HighlightField { fragment_size: 17, ..fast("fast") }).contains("must be 18 or higher"));
}

mod any {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_it_panic(
            values in proptest::collection::vec(".{0,60}|[ab .!?\"'é😀\u{301}\0-]{0,60}", 1..4),
            size in 0u32..30,
            count in 0u32..4,
            kind in 0usize..3,
            word: bool,
            slop in 0u32..3,
        ) {
            let options = HighlightField {
                fragment_size: if kind == 2 { size.max(1) } else { size },
                number_of_fragments: count,
                no_match_size: size,
                kind: [HighlightKind::Plain, HighlightKind::Unified, HighlightKind::Fast][kind].clone(),
                fast: FastHighlight { margin: Some(0), ..FastHighlight::default() },
                boundary_scanner: if word { BoundaryScanner::Word } else { BoundaryScanner::Sentence },
                ..field("fast")
            };
            let should = vec![words("fast", "a b"), phrase_of("fast", &[(0, "a"), (1, "b")], slop, slop == 1)];
            let query = BoundQuery::new(BoundKind::Bool(BoundBool { should, ..BoundBool::default() }));
            let without = |text: &str| text.replace(['<', '>'], "");
            // Fragments of vectors may go on over the ends of values, where a blank stands.
            let between = if kind == 2 { " " } else { "" };
            let joined = values.iter().map(|value| without(value)).collect::<Vec<_>>().join(between) + between;
            let found = highlight(vec![options], &query, &json!({"fast": values})).unwrap();
            for fragment in found.get("fast").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
                prop_assert!(joined.contains(&without(fragment)), "{:?} is no part of {:?}", fragment, joined);
            }
        }
    }
}
