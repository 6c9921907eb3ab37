//! Tests of the simple language.

use super::super::explain::explain;
use super::*;

/// Every line of the recording, with both default operators.
#[test]
fn means_what_opensearch_takes_it_for() {
    let recorded = include_str!("../../testdata/simple_query_string.txt");
    let mut wrong = Vec::new();
    for line in recorded.lines().filter(|line| !line.starts_with("# ")) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [text, or, and] = columns[..] else { panic!("three columns: {line}") };
        for (operator, expected) in [(Operator::Or, or), (Operator::And, and)] {
            let found = explain(&parse(text, operator, Flags::ALL).expect(text), operator);
            if found != expected {
                wrong.push(format!("{text}  {operator:?}\n    expected {expected}\n    found    {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn operators_out_of_force_are_text() {
    let with = |text, flags| parse(text, Operator::Or, Flags::parse(flags).unwrap()).unwrap();
    assert_eq!(with("a + (b*", "NONE"), Clause::Text("a + (b*".into()));
    assert_eq!(with("a + b*", "WHITESPACE|PREFIX"), {
        let should = |clause| (Occur::Should, clause);
        let text = |text: &str| Clause::Text(text.into());
        Clause::Group(vec![should(text("a")), should(text("+")), should(Clause::Prefix("b".into()))])
    });
    assert_eq!(with("\"a b\"~2", "PHRASE|WHITESPACE"), {
        let phrase = Clause::Phrase { text: "a b".into(), slop: Some(0) };
        Clause::Group(vec![(Occur::Should, phrase), (Occur::Should, Clause::Text("~2".into()))])
    });
    assert!(Flags::parse("AND|x").is_err());
    assert_eq!(Flags::parse("").unwrap(), Flags::ALL);
    assert_eq!(Flags::parse("and|slop").unwrap(), Flags(1 | 1 << 9));
}

#[test]
fn depth_is_limited_and_long_texts_are_read_in_one_pass() {
    let nested = |depth: usize| format!("{}a b{}", "(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(MAX_GROUPS), Operator::Or, Flags::ALL).is_ok());
    for refused in [nested(MAX_GROUPS + 1), "a+b|".repeat(MAX_GROUPS)] {
        let error = parse(&refused, Operator::Or, Flags::ALL).unwrap_err();
        assert_eq!(error.kind, ErrorKind::TooManyClauses);
    }
    for long in ["(", "\"", "-", "a ", "a~", "\\", "()", "\"a\" "] {
        parse(&long.repeat(100_000), Operator::Or, Flags::ALL).expect(long);
    }
}
