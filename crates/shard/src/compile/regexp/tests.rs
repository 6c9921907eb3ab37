use super::*;

const ALL: RegexpFlags =
    RegexpFlags { complement: true, interval: true, intersection: true, any_string: true, empty: true };

fn check_case(pattern: &str, case_insensitive: bool, accepted: &[&str], refused: &[&str]) {
    let automaton = automaton(pattern, ALL, case_insensitive, 10_000).unwrap_or_else(|_| panic!("{pattern}"));
    let accepts = |term: &str| {
        let mut state = 0;
        for byte in term.bytes() {
            state = automaton.step(state, byte);
        }
        assert!(automaton.can_match(state) || !automaton.is_match(state));
        automaton.is_match(state)
    };
    accepted.iter().for_each(|term| assert!(accepts(term), "{pattern} should accept {term}"));
    refused.iter().for_each(|term| assert!(!accepts(term), "{pattern} should refuse {term}"));
}

/// The expression, and the same as one of two that must both hold: the two kinds of automaton agree.
fn check(pattern: &str, accepted: &[&str], refused: &[&str]) {
    check_case(pattern, false, accepted, refused);
    if !pattern.is_empty() {
        check_case(&format!("({pattern})&@"), false, accepted, refused);
        check_case(&format!("~({pattern})"), false, refused, accepted);
    }
}

#[test]
fn operators_mean_what_they_mean_in_lucene() {
    check("a|ab", &["a", "ab"], &["abc", ""]);
    check("ali.*", &["ali", "alien", "ali\n"], &["al"]);
    check("a{2,3}b+?", &["aab", "aaa", "aaabb"], &["ab", "aaaab"]);
    check("[a-c^\\]]x", &["bx", "^x", "]x"], &["dx", "x"]);
    check("[^a-c]", &["d", "ä", "€", "😀"], &["a", ""]);
    check("[à-ü€-😀]", &["ä", "€", "\u{ffff}", "😀"], &["a", "ÿ", "😁", "€€"]);
    check("\"a.b\"\\.", &["a.b."], &["axb."]);
    check("a@", &["a", "abc"], &["b"]);
    check("a#|b", &["b"], &["a", "ab"]);
    check("()x", &["x"], &[""]);
    check("\\d+\\w", &["12a"], &["a"]);
    check("[\\d-]\\S", &["1a", "-b"], &["a1", "- "]);
    check("", &[""], &["a"]);
}

#[test]
fn complements_and_intersections_stand_anywhere() {
    // Asked of OpenSearch 3.4.
    check("~a", &["", "b", "aa", "ä"], &["a"]);
    check("~(ab)c*", &["a", "abc", ""], &["ab"]);
    check("a~(b)", &["a", "abc", "aé"], &["ab", "b", ""]);
    check("~~a", &["a"], &["b", ""]);
    check("~a{2}", &["aa", "", "b"], &["a"]);
    check("~(a*)", &["b", "ab"], &["", "a", "aa"]);
    check("a.*&.*b|b", &["ab", "a&b", "b"], &["a", "abc"]);
    check(".*&~(a.*)", &["", "b", "~a"], &["a", "aé"]);
    check("~(.*)~(.*)", &[], &["", "a", "é"]);
    check("~(.)~(.)", &["", "ab", "aé", "12"], &["a", "é"]);
    check("a~#", &["a", "ab"], &["b", ""]);
}

#[test]
fn case_is_ignored_but_in_ranges() {
    check_case("Ab\"É\"", true, &["abé", "AbÉ"], &["abe"]);
    check_case("[A-B]&.*", true, &["A", "B"], &["a"]);
    check_case("[^a]&.", true, &["b", "#"], &["a", "A"]);
    check_case("~(AB)", true, &["a", "abc"], &["ab", "Ab"]);
}

#[test]
fn intervals_are_numbers() {
    let numbers: Vec<String> = (0..2000).map(|n| n.to_string()).collect();
    for (low, high) in [(0, 9), (5, 123), (99, 100), (7, 7), (10, 1999)] {
        let (inside, outside): (Vec<&str>, Vec<&str>) =
            numbers.iter().map(String::as_str).partition(|n| n.parse().is_ok_and(|n: i32| n >= low && n <= high));
        check(&format!("<{low}-{high}>"), &inside, &outside);
    }
    check("<01-12>", &["01", "12"], &["1", "13", "001"]);
}

#[test]
fn mistakes_are_named() {
    let reason = |pattern: &str| parse(pattern, ALL, false).expect_err("wrong").reason;
    assert_eq!(reason("(a"), "failed to create query: expected ')' at position 2");
    assert_eq!(reason("a&"), "failed to create query: unexpected end-of-string");
    assert_eq!(reason("~"), "failed to create query: unexpected end-of-string");
    assert_eq!(reason("<1>"), "failed to create query: interval syntax error at position 2");
}

#[test]
fn nothing_grows_without_bound() {
    for pattern in [
        "(".repeat(100_000),
        "~".repeat(100_000),
        format!("a{}", "?".repeat(100_000)),
        "a{9}".repeat(9) + &"{9}".repeat(300),
    ] {
        assert!(automaton(&pattern, ALL, false, 10_000).is_err());
    }
    let long = "ab".repeat(4000);
    check_case(&format!("{long}&@"), false, &[&long], &["ab"]);
    for pattern in ["~(((a{1000}){1000}){1000})", "~(.*a.{20})", "(a?){5000}&~b", "((a|b|c)*d){3000}&@"] {
        // Either it is built or it is refused, soon.
        let _ = automaton(pattern, ALL, false, 500).is_ok();
    }
}
