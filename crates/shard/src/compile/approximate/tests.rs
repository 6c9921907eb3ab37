//! The automaton against the definition: the edit distance of every part of a text from every text that the pattern stands for.

use proptest::prelude::*;

use super::automaton::Matcher;
use super::nfa::Nfa;
use super::pieces;

fn matcher(pattern: &str, edits: u8) -> Matcher {
    Matcher::new(Nfa::of(&regex_syntax::parse(pattern).unwrap()).unwrap(), edits)
}

/// Edit distance (Wagner and Fischer 1974) of `word` from the part of `text` that is nearest to it.
fn distance(word: &[char], text: &[char], (at_start, at_end): (bool, bool)) -> usize {
    let mut row: Vec<usize> = (0..=text.len()).map(|at| if at_start { at } else { 0 }).collect();
    for (i, letter) in word.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in text.iter().enumerate() {
            let exchanged = row[j] + usize::from(letter != other);
            next.push(exchanged.min(row[j + 1] + 1).min(next[j] + 1));
        }
        row = next;
    }
    if at_end { row[text.len()] } else { row.into_iter().min().unwrap_or(0) }
}

/// A pattern with every text that it stands for.
fn patterns() -> impl Strategy<Value = (String, Vec<String>)> {
    let literal = "[abc]{1,3}".prop_map(|text: String| (text.clone(), vec![text]));
    literal.prop_recursive(3, 12, 3, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            pair.clone().prop_map(|((a, one), (b, other))| {
                let words = one.iter().flat_map(|x| other.iter().map(move |y| format!("{x}{y}"))).collect();
                (format!("{a}{b}"), words)
            }),
            pair.prop_map(|((a, one), (b, other))| (format!("(?:{a}|{b})"), [one, other].concat())),
            inner.clone().prop_map(|(a, words)| (format!("(?:{a})?"), [words, vec![String::new()]].concat())),
            inner.prop_map(|(a, words)| {
                let twice = words.iter().flat_map(|x| words.iter().map(move |y| format!("{x}{y}")));
                (format!("(?:{a}){{1,2}}"), words.iter().cloned().chain(twice).collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn the_fewest_edits_are_found(
        (pattern, words) in patterns(),
        text in "[abcd]{0,8}",
        edits in 0..4_u8,
        anchors in any::<(bool, bool)>(),
    ) {
        prop_assume!(words.len() <= 400);
        let letters: Vec<char> = text.chars().collect();
        let of = |word: &String| distance(&word.chars().collect::<Vec<_>>(), &letters, anchors);
        let fewest = words.iter().map(of).min().unwrap() as u8;
        let expected = (fewest <= edits).then_some(fewest);
        let (start, end) = (if anchors.0 { "^" } else { "" }, if anchors.1 { "$" } else { "" });
        let whole = format!("{start}(?:{pattern}){end}");
        prop_assert_eq!(matcher(&whole, edits).edits(text.as_bytes()), expected, "{} in {}", whole, text);
        let longer = format!("{text}é{text}");
        let texts = [&text, &longer, "", &text].map(str::as_bytes);
        let one_by_one = texts.map(|text| matcher(&whole, edits).edits(text));
        prop_assert_eq!(matcher(&whole, edits).edits_of_all(texts), one_by_one);
        if let (Some(_), Some(pieces)) = (expected, pieces::of(&regex_syntax::parse(&whole).unwrap(), edits)) {
            prop_assert!(pieces.iter().any(|piece| text.contains(piece.as_str())), "{:?}", pieces);
        }
    }
}

#[test]
fn edits_are_of_characters_and_classes_are_met() {
    let check = |pattern: &str, edits, text: &str, expected: Option<u8>| {
        assert_eq!(matcher(pattern, edits).edits(text.as_bytes()), expected, "{pattern} {text}");
    };
    check("größe", 1, "die große", Some(1));
    check(r"\d{4}-\d{2}", 2, "am 2024-x1", Some(1));
    check("a.c", 0, "xaxcx", Some(0));
    check("^abc$", 1, "abcd", Some(1));
    check("^abc$", 0, "abcd", None);
    check("", 1, "", Some(0));
    check("[^a]+b", 1, "aab", Some(1));
}

#[test]
fn no_pattern_is_catastrophic() {
    let text = "a".repeat(20_000);
    for pattern in ["(?:a*)*b", "(?:a|a)*b", "(?:a|aa)+$b", "(?:.*.*.*)x{20}", "(?:a?){200}b{5}"] {
        assert!(matcher(pattern, 2).edits(text.as_bytes()).is_none_or(|edits| edits <= 2), "{pattern}");
    }
    // A table that grows too large is begun again.
    let wild: String =
        (0..20_000_u32).map(|n| char::from(b'a' + (n.wrapping_mul(2_654_435_761) >> 13) as u8 % 26)).collect();
    let (mut wide, wild) = (matcher("[a-m].{60}[n-z].{60}[a-f]{9}[^a-z]", 3), wild.as_bytes());
    assert_eq!(wide.edits(wild), None);
    assert_eq!(wide.edits_of_all([wild, b"", &wild[..70], wild]), [None; 4]);
    assert!(Nfa::of(&regex_syntax::parse("(?:a{50}){50}").unwrap()).is_err());
}
