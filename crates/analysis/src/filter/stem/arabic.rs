//! The light stemmer for Arabic of Larkey, Ballesteros and Connell ("Light stemming for Arabic information retrieval", 2007), light10.

use super::letters::Letters;

const PREFIXES: &[&str] = &["ال", "وال", "بال", "كال", "فال", "لل", "و"];
const SUFFIXES: &[&str] = &["ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي"];

/// Cuts one prefix, then every suffix of the list once, as long as enough remains.
pub(super) fn stem(word: &mut String) {
    let mut w = Letters::of(word);
    let fits = |prefix: &&&str| {
        let length = prefix.chars().count();
        w.starts(prefix) && if length == 1 { w.len() >= 4 } else { w.len() >= length + 2 }
    };
    if let Some(prefix) = PREFIXES.iter().find(fits) {
        w.cut_front(prefix.chars().count());
    }
    for suffix in SUFFIXES {
        let length = suffix.chars().count();
        if w.len() >= length + 2 && w.ends(suffix) {
            w.cut(length);
        }
    }
    w.write(word);
}
