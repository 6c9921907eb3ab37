//! Names that are alike, for messages about names that nobody knows.

/// Those of `known` that differ from `name` in less than half of their characters, most alike first.
pub(crate) fn alike<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let name: Vec<char> = name.chars().take(100).collect();
    let mut scored: Vec<(f64, &str)> = known
        .filter_map(|candidate| {
            let letters: Vec<char> = candidate.chars().collect();
            let longest = name.len().max(letters.len()).max(1);
            let score = 1.0 - edits(&name, &letters) as f64 / longest as f64;
            (score > 0.5).then_some((score, candidate))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// ` did you mean [a]?`, ` did you mean any of [a, b]?`, or nothing.
pub(crate) fn did_you_mean(alike: &[&str]) -> String {
    match alike {
        [] => String::new(),
        [one] => format!(" did you mean [{one}]?"),
        many => format!(" did you mean any of [{}]?", many.join(", ")),
    }
}

/// Edit distance (Levenshtein), one row at a time.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_come_first() {
        let known = ["match", "match_all", "term", "terms", "terms_set", "bool"];
        assert_eq!(did_you_mean(&alike("matchh", known.into_iter())), " did you mean any of [match, match_all]?");
        assert_eq!(did_you_mean(&alike("boool", known.into_iter())), " did you mean [bool]?");
        assert_eq!(did_you_mean(&alike("terms_", known.into_iter())), " did you mean any of [terms, term, terms_set]?");
        assert_eq!(did_you_mean(&alike("zzzzzz", known.into_iter())), "");
    }
}
