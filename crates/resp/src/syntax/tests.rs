//! Queries and their trees, as `FT.EXPLAIN` of the search module writes them.

use std::collections::BTreeMap;

use super::*;

fn tree(text: &str, dialect: u8) -> Result<String, String> {
    let parameters = BTreeMap::from([("a".to_owned(), b"1".to_vec()), ("w".to_owned(), b"bar".to_vec())]);
    let stop_words = ["the".to_owned(), "a".to_owned()].into();
    let options = Options { dialect, parameters: &parameters, stop_words: &stop_words, keep_stop_words: false };
    let parsed = parse(text, &options).map_err(|error| error.0)?;
    let forms = Forms { stem: &|_| None, sounds: &|_, _| None, synonyms: &|_| Vec::new(), exact: true };
    let lines = explain(&parsed, &forms, &|_| true);
    Ok(lines.lines().map(str::trim).collect::<Vec<_>>().join(" "))
}

fn check(text: &str, expected: &str) {
    assert_eq!(tree(text, 2).as_deref(), Ok(expected), "{text}");
}

#[test]
fn words_are_joined_by_what_stands_between_them() {
    check("hello world", "INTERSECT { hello world }");
    check("hello|world foo", "UNION { hello INTERSECT { world foo } }");
    check("hello ~world|foo", "UNION { INTERSECT { hello OPTIONAL{ world } } foo }");
    check("-(hello world) ~foo", "INTERSECT { NOT{ INTERSECT { hello world } } OPTIONAL{ foo } }");
    check("hello-world", "INTERSECT { hello NOT{ world } }");
    check("the Foo,bar", "INTERSECT { foo bar }");
    check("the", "<empty>");
    check("*", "<WILDCARD>");
    check("((((hello))))", "hello");
    check("\"hello world\"", "EXACT { hello world }");
    check("(hello world)=>{$slop: 3; $inorder: true}", "INTERSECT { hello world } => { $slop: 3; $inorder: true; }");
}

#[test]
fn fields_hold_for_what_follows() {
    check("@t:hello world", "INTERSECT { @t:hello world }");
    assert_eq!(tree("@t:hello world", 1).as_deref(), Ok("@t:INTERSECT { @t:hello @t:world }"));
    check("@t|u:(hello world)", "@t|u:INTERSECT { @t|u:hello @t|u:world }");
    check(
        "@t:hel* *lo *ll* w'h?l*' %helo%",
        "INTERSECT { @t:PREFIX{hel*} SUFFIX{*lo} INFIX{*ll*} WILDCARD{h?l*} FUZZY{helo} }",
    );
    check("@t:$w", "@t:bar");
}

#[test]
fn neighbours_of_stop_words_are_those_among_all() {
    for text in ["the=>[KNN 1 @v $w]", "((the a))=>[KNN 1 @v $w]", "(-the)=>[KNN 1 @v $w]", "(@t:(the))=>[KNN 1 @v $w]"]
    {
        assert_eq!(tree(text, 2), tree("*=>[KNN 1 @v $w]", 2), "{text}");
    }
    assert_eq!(tree("(foo)=>[KNN 1 @v $w]", 1), Err("Syntax error at offset 7 near >[".to_owned()));
    assert_eq!(tree("*=>[KNN 1 @v $w]", 1), Err("Syntax error at offset 1 near >[".to_owned()));
}

#[test]
fn signs_of_the_first_dialect_hold_for_what_follows() {
    let check = |text: &str, expected: &str| assert_eq!(tree(text, 1).as_deref(), Ok(expected), "{text}");
    check("-hello world @n:[1 5]", "NOT{ INTERSECT { hello world NUMERIC {1.000000 <= @n <= 5.000000} } }");
    check("hello -world ~x", "INTERSECT { hello NOT{ world } OPTIONAL{ x } }");
    check("-hello | world", "NOT{ UNION { hello world } }");
    check("hello | @n:[1 2] foo", "INTERSECT { UNION { hello NUMERIC {1.000000 <= @n <= 2.000000} } foo }");
    check("@t:hello world|foo @u:bar", "INTERSECT { @t:UNION { @t:INTERSECT { @t:hello @t:world } @t:foo } @u:bar }");
}

#[test]
fn what_is_joined_first_takes_in_what_follows() {
    check("(hello world) foo", "INTERSECT { hello world foo }");
    check("(hello world)=>{$slop: 1} foo", "INTERSECT { hello world foo } => { $slop: 1; $inorder: false; }");
    check("foo (hello world)", "INTERSECT { foo INTERSECT { hello world } }");
    check("@t:(hello world) foo", "INTERSECT { @t:INTERSECT { @t:hello @t:world } foo }");
    check("(hello|world)|(foo|bar)", "UNION { hello world UNION { foo bar } }");
    check("-(hello world) foo", "INTERSECT { NOT{ INTERSECT { hello world } } foo }");
}

#[test]
fn words_of_the_first_dialect_end_at_a_stop_word() {
    let check = |text: &str, expected: &str| assert_eq!(tree(text, 1).as_deref(), Ok(expected), "{text}");
    check("@t:hello the world foo", "INTERSECT { @t:hello INTERSECT { world foo } }");
    check("@t:the hello", "hello");
    check("hello the | world", "INTERSECT { hello world }");
    check("@t:hello the", "@t:hello");
}

#[test]
fn patterns_are_shown_as_they_were_written() {
    check("Hel* *LO w'H?l*' %HELO%", "INTERSECT { PREFIX{Hel*} SUFFIX{*LO} WILDCARD{H?l*} FUZZY{helo} }");
    check("@g:{Red | BL*}", "TAG:@g { Red PREFIX{BL*} }");
}

#[test]
fn values_stand_in_brackets_and_braces() {
    check("@n:[-inf (5]", "NUMERIC {-inf <= @n < 5.000000}");
    check("@n:[$a 2]", "NUMERIC {1.000000 <= @n <= 2.000000}");
    check("@n==5 @n>3", "INTERSECT { NUMERIC {5.000000 <= @n <= 5.000000} NUMERIC {3.000000 < @n <= inf} }");
    check("@n!=5", "NOT{ NUMERIC {5.000000 <= @n <= 5.000000} }");
    check("@g:{a | foo\\-bar | d* }", "TAG:@g { a foo-bar PREFIX{d*} }");
    check("@loc:[1.5 2.5 10 km]", "GEO loc:{1.500000,2.500000 --> 10.000000 km}");
    check("ismissing(@t)", "ISMISSING{t}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_breaks_the_parser(text in r#"([a-z@:|(){}\[\]$%*~"'\\=><!;.,+ 0-9-]|=>|w'|@n:\[|\$a|é){0,40}"#, dialect in 1_u8..=4) {
        let _ = tree(&text, dialect);
    }
}

#[test]
fn what_only_begins_like_infinity_is_read_to_its_end() {
    for dialect in 1..=4 {
        for text in ["+info", "a +infx b", "+inf\\x", "@n:[1 +infinite]", "+"] {
            let _ = tree(text, dialect);
        }
    }
}

#[test]
fn what_is_no_query_is_refused() {
    for wrong in
        ["hello(", "hello)", "(hello", "hello;", "@n:[a b]", "hello =>{$foo:3}", "$zz", "@loc:[1 2 3 xx]", "|", "-"]
    {
        assert!(tree(wrong, 2).is_err(), "{wrong}");
    }
    assert_eq!(tree("$zz", 2).unwrap_err(), "No such parameter `zz`");
    assert!(tree(&"(".repeat(100_000), 2).is_err() && tree(&"-".repeat(100_000), 2).is_err());
}
