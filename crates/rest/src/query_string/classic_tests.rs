//! Tests of the classic language: what the text becomes, against what OpenSearch makes of it.

use model::query::full_text::Fuzziness;

use super::super::explain::explain;
use super::*;

fn read(text: &str) -> Clause {
    parse(text, Settings::default()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn text(text: &str) -> Clause {
    Clause::Text(text.into())
}

fn on(field: &str, clause: Clause) -> Clause {
    Clause::Field(field.into(), Box::new(clause))
}

fn end(text: &str, inclusive: bool) -> Option<RangeEnd> {
    Some(RangeEnd { text: text.into(), inclusive })
}

/// Every line of the recording, with both default operators.
#[test]
fn means_what_opensearch_takes_it_for() {
    let recorded = include_str!("../../testdata/query_string.txt");
    let mut wrong = Vec::new();
    for line in recorded.lines().filter(|line| !line.starts_with("# ")) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [text, or, and] = columns[..] else { panic!("three columns: {line}") };
        for (operator, expected) in [(Operator::Or, or), (Operator::And, and)] {
            let settings = Settings { operator, bare: Bare::OneField, ..Settings::default() };
            let found = match parse(text, settings) {
                Ok(clause) => explain(&clause, operator),
                Err(error) => {
                    assert_eq!(error.kind, ErrorKind::QueryShard, "{text}");
                    "error".to_owned()
                }
            };
            if found != expected {
                wrong.push(format!("{text}  {operator:?}\n    expected {expected}\n    found    {found}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn clauses() {
    let group = |clauses: &[(Occur, Clause)]| Clause::Group(clauses.to_vec());
    for (given, expected) in [
        ("", Clause::Empty),
        ("  \t", Clause::Empty),
        ("*", Clause::All),
        ("*:*", Clause::All),
        ("f:*", Clause::Exists("f".into())),
        ("f:(*)^2", Clause::Boosted(Box::new(Clause::Exists("f".into())), 2.0)),
        ("_exists_:f", Clause::Exists("f".into())),
        ("_exists_:\"f\"", Clause::Exists("f".into())),
        ("a.b\\*:c", on("a.b*", text("c"))),
        ("a b", text("a b")),
        ("f:(a b) c", {
            let inner = group(&[(Occur::Should, text("a b"))]);
            group(&[(Occur::Should, on("f", inner)), (Occur::Should, text("c"))])
        }),
        ("a\\ b", group(&[(Occur::Should, text("a b"))])),
        ("f:>=5", on("f", Clause::Range { lower: end("5", true), upper: None })),
        ("f:<5", on("f", Clause::Range { lower: None, upper: end("5", false) })),
        ("f:>*", on("f", Clause::Prefix(">".into()))),
        (">5", Clause::Range { lower: end("5", false), upper: None }),
        ("f:[1 TO *}", on("f", Clause::Range { lower: end("1", true), upper: None })),
        ("f:{\"a b\" TO c]", on("f", Clause::Range { lower: end("a b", false), upper: end("c", true) })),
        ("f:a~AUTO", on("f", Clause::Fuzzy { text: "a".into(), edits: Some(Fuzziness::Auto { low: 3, high: 6 }) })),
        ("a~", Clause::Fuzzy { text: "a".into(), edits: None }),
        ("\"a b\"~2", Clause::Phrase { text: "a b".into(), slop: Some(2) }),
        ("a\\*b*", Clause::Prefix("a*b".into())),
        ("a\\*b*c", Clause::Wildcard("a\\*b*c".into())),
        ("/a\\/b/", Clause::Regexp("a\\/b".into())),
        ("\\ud83d\\ude00", text("😀")),
    ] {
        assert_eq!(read(given), expected, "{given}");
    }
}

#[test]
fn settings_change_what_bare_things_mean() {
    let with = |text, bare, allow_leading_wildcard| {
        parse(text, Settings { operator: Operator::Or, allow_leading_wildcard, bare })
    };
    assert_eq!(with("*", Bare::Fields, true).unwrap(), Clause::Wildcard("*".into()));
    assert_eq!(with(">5", Bare::Fields, true).unwrap(), text(">5"));
    assert_eq!(with("f:>5", Bare::Fields, true).unwrap(), read("f:>5"));
    let error = with("*a", Bare::Fields, false).unwrap_err();
    assert_eq!((error.kind, error.cause.unwrap().kind), (ErrorKind::QueryShard, ErrorKind::QueryParse));
}

#[test]
fn depth_and_length_are_limited() {
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(read(&nested(MAX_GROUPS)), text("a"));
    for refused in [nested(MAX_GROUPS + 1), "(".repeat(30_000), "a ".repeat(MAX_LENGTH)] {
        assert_eq!(parse(&refused, Settings::default()).unwrap_err().kind, ErrorKind::QueryShard);
    }
    read(&"-a +b ".repeat(5_000));
}
