//! How many insertions, deletions and replacements lead from one word to another.

/// The edits, when they are at most `most`. Time is the product of the lengths (Wagner and Fischer 1974).
pub fn within(one: &str, other: &str, most: usize) -> Option<usize> {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, a) in one.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (to, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[to + 1];
            row[to + 1] = replaced.min(diagonal + 1).min(row[to] + 1);
        }
    }
    row.last().copied().filter(|edits| *edits <= most)
}

/// The fewest edits that lead from a word to any beginning of another, when they are at most `most`.
pub fn of_prefix(prefix: &str, word: &str, most: usize) -> Option<usize> {
    let length = prefix.chars().count();
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let near = length.saturating_sub(most)..=(length + most).min(ends.len() - 1);
    near.filter_map(|count| within(prefix, &word[..*ends.get(count)?], most)).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_up_to_a_limit() {
        assert_eq!(within("kitten", "sitting", 3), Some(3));
        assert_eq!(within("kitten", "sitting", 2), None);
        assert_eq!(within("größe", "grösse", 2), Some(2));
        assert_eq!(of_prefix("hrl", "hello world", 1), Some(1));
        assert_eq!(of_prefix("xyz", "hello", 1), None);
    }
}
