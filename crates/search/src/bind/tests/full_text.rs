//! Analysed text: one field, several fields, query strings.

use model::query::full_text::*;
use model::query::query_string::*;
use model::query::{Kind, Query};
use serde_json::{Value, json};

use super::{context, shown, shown_by};

fn matching(field: &str, text: &str, options: MatchOptions) -> Match {
    Match { field: field.into(), text: text.into(), options }
}

fn words(field: &str, text: &str) -> String {
    shown(Kind::Match(matching(field, text, MatchOptions::default())))
}

fn phrase(field: &str, text: &str, slop: u32) -> MatchPhrase {
    MatchPhrase {
        field: field.into(),
        text: text.into(),
        slop,
        analyzer: None,
        zero_terms: ZeroTerms::None,
        max_expansions: 50,
    }
}

fn several(fields: &[(&str, f32)], text: &str, kind: MultiMatchKind) -> MultiMatch {
    MultiMatch {
        text: text.into(),
        fields: fields.iter().map(|(name, factor)| ((*name).to_owned(), *factor)).collect(),
        kind,
        tie_breaker: None,
        options: MatchOptions::default(),
        max_expansions: 50,
    }
}

#[test]
fn words_are_clauses_of_the_fields_analyzer() {
    for (field, text, expected) in [
        ("t", "Alien ship", "t:alien t:ship"),
        ("t", "Alien", "t:alien"),
        ("t", "", "MatchNoDocsQuery(\"Matching no documents because no terms present\")"),
        ("stopped", "the fox", "stopped:fox"),
        ("heavy", "a b", "(heavy:a)^2.0 (heavy:b)^2.0"),
        ("k", "a b", "ConstantScore(k:a b)"),
        ("split", "a b", "ConstantScore(split:a) ConstantScore(split:b)"),
        ("l", "7", "l:[7 TO 7]"),
        ("labels.env", "prod x", "ConstantScore(labels._valueAndPath:labels.env=prod x)"),
        ("missing", "x", "MatchNoDocsQuery(\"unmapped fields [missing]\")"),
        ("o", "x", "MatchNoDocsQuery(\"unmapped fields [o]\")"),
        (
            "l",
            "1 2",
            "query_shard_exception [failed to create query: For input string: \"1 2\"] < number_format_exception",
        ),
    ] {
        assert_eq!(words(field, text), expected, "{field}: {text}");
    }
}

#[test]
fn options_of_match() {
    let shown = |change: fn(&mut MatchOptions), field: &str, text: &str| {
        let mut options = MatchOptions::default();
        change(&mut options);
        shown(Kind::Match(matching(field, text, options)))
    };
    assert_eq!(shown(|o| o.operator = Operator::And, "t", "a b"), "+t:a +t:b");
    assert_eq!(shown(|o| o.zero_terms = ZeroTerms::All, "stopped", "the"), "*:*");
    assert_eq!(shown(|o| o.analyzer = Some("keyword".into()), "t", "A b"), "t:A b");
    assert_eq!(
        shown(|o| o.analyzer = Some("lost".into()), "t", "A"),
        "query_shard_exception [[match] analyzer [lost] not found]"
    );
    let auto = |o: &mut MatchOptions| o.fuzziness = Some(Fuzziness::Auto { low: 3, high: 6 });
    assert_eq!(shown(auto, "t", "ab abcd abcdefg"), "t:ab t:abcd~1 t:abcdefg~2");
    assert_eq!(
        shown(|o| o.lenient = Some(true), "l", "x"),
        "MatchNoDocsQuery(\"failed [l] query, caused by number_format_exception:[For input string: \"x\"]\")"
    );
}

#[test]
fn how_many_words_must_match() {
    for (spec, expected) in [
        ("2", "(t:a t:b t:c t:d)~2"),
        ("-1", "(t:a t:b t:c t:d)~3"),
        ("75%", "(t:a t:b t:c t:d)~3"),
        ("-25%", "(t:a t:b t:c t:d)~3"),
        ("1<-1 3<50%", "(t:a t:b t:c t:d)~2"),
        (" 2 < 75% ", "(t:a t:b t:c t:d)~3"),
        ("5<2", "(t:a t:b t:c t:d)~4"),
        ("5", "(t:a t:b t:c t:d)~5"),
        ("-9", "t:a t:b t:c t:d"),
        ("x", "query_shard_exception [failed to create query: For input string: \"x\"] < number_format_exception"),
        (
            "2<",
            "query_shard_exception [failed to create query: Index 1 out of bounds for length 1] < array_index_out_of_bounds_exception",
        ),
    ] {
        let options = MatchOptions { minimum_should_match: Some(spec.into()), ..MatchOptions::default() };
        assert_eq!(shown(Kind::Match(matching("t", "a b c d", options))), expected, "{spec}");
    }
}

#[test]
fn phrases_keep_places_of_stop_words() {
    assert_eq!(shown(Kind::MatchPhrase(phrase("t", "alien ship", 3))), "t:\"alien ship\"~3");
    assert_eq!(shown(Kind::MatchPhrase(phrase("t", "alien", 3))), "t:alien");
    assert_eq!(shown(Kind::MatchPhrase(phrase("stopped", "the quick the fox", 0))), "stopped:\"? quick ? fox\"");
    assert_eq!(shown(Kind::MatchPhrase(phrase("k", "a b", 0))), "ConstantScore(k:a b)");
    assert_eq!(shown(Kind::MatchPhrasePrefix(phrase("t", "alien sh", 0))), "t:\"alien sh*\"");
    assert_eq!(shown(Kind::MatchPhrasePrefix(phrase("stopped", "fox the", 0))), "stopped:\"fox*\"");
    let refused = |kind: Kind| shown(kind).rsplit(" < ").next().map(str::to_owned);
    for field in ["plain", "hidden", "split"] {
        assert_eq!(
            refused(Kind::MatchPhrase(phrase(field, "a b", 0))).as_deref(),
            Some("illegal_state_exception"),
            "{field}"
        );
    }
    assert_eq!(refused(Kind::MatchPhrasePrefix(phrase("k", "a", 0))).as_deref(), Some("illegal_argument_exception"));
}

#[test]
fn the_last_word_of_a_bool_prefix_is_a_prefix() {
    for (field, text, expected) in [
        ("t", "alien sh", "t:alien t:sh*"),
        ("t", "Al", "t:al*"),
        ("k", "a b", "k:a b*"),
        ("stopped", "fox the", "stopped:fox"),
        ("l", "1", "l:[1 TO 1]"),
    ] {
        assert_eq!(shown(Kind::MatchBoolPrefix(matching(field, text, MatchOptions::default()))), expected);
    }
}

#[test]
fn several_fields_compete_or_add_up_or_blend() {
    use MultiMatchKind::*;
    let both = [("t", 1.0), ("t2", 1.0)];
    for (query, expected) in [
        (several(&both, "a b", BestFields), "((t:a t:b) | (t2:a t2:b))"),
        (several(&[("t", 3.0), ("t2", 1.0)], "a b", MostFields), "((t:a t:b)^3.0 | (t2:a t2:b))~1.0"),
        (several(&both, "a b", Phrase), "(t:\"a b\" | t2:\"a b\")"),
        (several(&both, "a b", PhrasePrefix), "(t:\"a b*\" | t2:\"a b*\")"),
        (several(&both, "a b", BoolPrefix), "((t:a t:b*) | (t2:a t2:b*))~1.0"),
        (several(&both, "a b", CrossFields), "blended(terms:[t:a, t2:a]) blended(terms:[t:b, t2:b])"),
        (
            several(&[("t", 2.0), ("t2", 1.0), ("stopped", 1.0), ("k", 1.0)], "a the", CrossFields),
            "((blended(terms:[t:a^2.0, t2:a]) blended(terms:[t:the^2.0, t2:the])) | ConstantScore(k:a the))",
        ),
        (several(&[("missing", 1.0)], "a", BestFields), "MatchNoDocsQuery(\"unmapped fields []\")"),
        (several(&[("missing", 1.0), ("t", 1.0)], "a", BestFields), "t:a"),
        (several(&[("o.*", 1.0)], "7", BestFields), "(ConstantScore(o.a:7) | o.n.x:[7 TO 7])"),
        (several(&[("t*", 1.0), ("t", 5.0)], "a", BestFields), "((t:a)^5.0 | ConstantScore(t.raw:a) | t2:a)"),
    ] {
        assert_eq!(shown(Kind::MultiMatch(Box::new(query.clone()))), expected, "{query:?}");
    }
    // Everything is lenient; binary fields are left out.
    let everywhere = shown(Kind::MultiMatch(Box::new(several(&[], "7", BestFields))));
    assert!(everywhere.contains("l:[7 TO 7]") && everywhere.contains("failed [flag] query"), "{everywhere}");
    assert!(!everywhere.contains("blob"), "{everywhere}");
}

fn text(text: &str) -> Clause {
    Clause::Text(text.into())
}

fn about(field: &str, clause: Clause) -> Clause {
    Clause::Field(field.into(), Box::new(clause))
}

fn query_string(syntax: Clause, fields: &[&str]) -> QueryString {
    QueryString {
        syntax,
        fields: fields.iter().map(|field| ((*field).to_owned(), 1.0)).collect(),
        options: StringOptions {
            default_operator: Operator::Or,
            analyzer: None,
            lenient: None,
            minimum_should_match: None,
            auto_generate_synonyms_phrase_query: true,
        },
        kind: MultiMatchKind::BestFields,
        tie_breaker: None,
        phrase_slop: 0,
        fuzziness: Fuzziness::Auto { low: 3, high: 6 },
        fuzzy: FuzzyOptions::default(),
        quote_analyzer: None,
        quote_field_suffix: None,
        time_zone: None,
        analyze_wildcard: false,
        rewrite: None,
    }
}

#[test]
fn clauses_of_a_query_string_are_bound_by_their_fields() {
    let end = |text: &str| Some(RangeEnd { text: text.into(), inclusive: true });
    for (syntax, expected) in [
        (text("Alien ship"), "t:alien t:ship"),
        (
            Clause::Group(vec![(Occur::Must, text("a")), (Occur::Should, text("b c")), (Occur::MustNot, text("d"))]),
            "+t:a -t:d t:b t:c",
        ),
        (Clause::Group(vec![(Occur::MustNot, text("a"))]), "-t:a #*:*"),
        (Clause::Boosted(Box::new(text("a b")), 2.0), "(t:a t:b)^2.0"),
        (Clause::Phrase { text: "a b".into(), slop: Some(2) }, "t:\"a b\"~2"),
        (Clause::Fuzzy { text: "ALEIN".into(), edits: None }, "t:alein~1"),
        (Clause::Prefix("AL".into()), "t:al*"),
        (Clause::Wildcard("A*\\*B".into()), "t:a*\\*b"),
        (Clause::Regexp("AL.*".into()), "t:/al.*/"),
        (Clause::Range { lower: end("A"), upper: None }, "t:[a TO *]"),
        (about("l", Clause::Range { lower: end("1"), upper: end("5") }), "l:[1 TO 5]"),
        (about("low", Clause::Prefix("AB".into())), "low:ab*"),
        (about("t.*", text("a")), "ConstantScore(t.raw:a)"),
        (about("missing", text("a")), "MatchNoDocsQuery(\"unmapped fields [missing]\")"),
        (
            about("l", text("x")),
            "query_shard_exception [failed to create query: For input string: \"x\"] < number_format_exception",
        ),
        (Clause::Exists("k".into()), "ConstantScore(FieldExistsQuery [field=k])"),
        (Clause::Exists("missing".into()), "MatchNoDocsQuery(\"unmapped field:missing\")"),
        (Clause::All, "*:*"),
        (Clause::Empty, "MatchNoDocsQuery(\"Matching no documents because no terms present\")"),
    ] {
        let query = query_string(syntax.clone(), &["t"]);
        assert_eq!(shown(Kind::QueryString(Box::new(query))), expected, "{syntax:?}");
    }
}

#[test]
fn query_strings_over_several_fields() {
    let fields = ["t", "t2"];
    let mut query = query_string(text("a b"), &fields);
    assert_eq!(shown(Kind::QueryString(Box::new(query.clone()))), "((t:a t:b) | (t2:a t2:b))");
    query.kind = MultiMatchKind::CrossFields;
    query.options.default_operator = Operator::And;
    assert_eq!(shown(Kind::QueryString(Box::new(query))), "+blended(terms:[t:a, t2:a]) +blended(terms:[t:b, t2:b])");
    let mut query = query_string(Clause::Phrase { text: "a b".into(), slop: None }, &["t"]);
    query.quote_field_suffix = Some(".raw".into());
    assert_eq!(shown(Kind::QueryString(Box::new(query))), "ConstantScore(t.raw:a b)");
    let mut query = query_string(Clause::Prefix("Foo Ba".into()), &["t"]);
    query.analyze_wildcard = true;
    assert_eq!(shown(Kind::QueryString(Box::new(query))), "t:foo t:ba*");
    let mut query = query_string(Clause::Group(vec![(Occur::Should, text("a")), (Occur::Should, text("b"))]), &["t"]);
    query.options.minimum_should_match = Some("2".into());
    assert_eq!(shown(Kind::QueryString(Box::new(query))), "(t:a t:b)~2");
}

#[test]
fn simple_query_strings_add_fields_up() {
    let simple = |syntax: Clause, fields: &[&str]| {
        let QueryString { syntax, fields, options, fuzzy, .. } = query_string(syntax, fields);
        let query =
            SimpleQueryString { syntax, fields, options, fuzzy, quote_field_suffix: None, analyze_wildcard: false };
        shown(Kind::SimpleQueryString(Box::new(query)))
    };
    let not = |clause: Clause| Clause::Group(vec![(Occur::MustNot, clause), (Occur::Should, Clause::All)]);
    let both = Clause::Group(vec![(Occur::Should, text("a")), (Occur::Should, text("b"))]);
    assert_eq!(simple(both, &["t", "t2"]), "(t:a | t2:a)~1.0 (t:b | t2:b)~1.0");
    assert_eq!(simple(not(text("a")), &["t"]), "-t:a *:*");
    assert_eq!(simple(not(text("the")), &["stopped"]), "MatchNoDocsQuery(\"empty string passed to query parser\")");
    assert_eq!(simple(Clause::Phrase { text: "a b".into(), slop: None }, &["t", "t2"]), "(t:\"a b\" | t2:\"a b\")");
    assert_eq!(simple(Clause::Prefix("AL".into()), &["t"]), "t:al*");
    assert_eq!(
        simple(Clause::Prefix("1".into()), &["l"]),
        "query_shard_exception [Can only use prefix queries on keyword and text fields - not on [l] which is of type [long]]"
    );
}

#[test]
fn synonyms_share_a_position_or_stand_for_phrases() {
    let mut context = context();
    let analysis = json!({
        "filter": {"same": {"type": "synonym_graph", "synonyms": ["ship,boat", "ny,new york"]}},
        "analyzer": {"same": {"tokenizer": "standard", "filter": ["lowercase", "same"]}}
    });
    context.analysis = analysis::Registry::from_settings(&analysis).expect("an analyzer").into();
    let shown = |text: &str, change: fn(&mut MatchOptions)| {
        let mut options = MatchOptions { analyzer: Some("same".into()), ..MatchOptions::default() };
        change(&mut options);
        shown_by(&context, &Query::new(Kind::Match(matching("t", text, options))))
    };
    assert_eq!(shown("fast ship", |_| {}), "t:fast Synonym(t:boat t:ship)");
    assert_eq!(shown("ship", |_| {}), "Synonym(t:boat t:ship)");
    assert_eq!(shown("big ny", |o| o.operator = Operator::And), "+t:big +(t:\"new york\" t:ny)");
    assert_eq!(shown("ny x", |o| o.auto_generate_synonyms_phrase_query = false), "((+t:new +t:york) t:ny) t:x");
}

#[test]
fn numbers_and_flags_are_texts_too() {
    for (value, expected) in [(json!(5), "t:5"), (json!(1.5), "t:1.5"), (Value::Bool(true), "t:true")] {
        let query = Match { field: "t".into(), text: value, options: MatchOptions::default() };
        assert_eq!(shown(Kind::Match(query)), expected);
    }
}
