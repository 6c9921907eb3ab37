//! Every module begins by saying what it is.

use super::Finding;
use super::source::Source;

const RULE: &str = "heads";

/// The first line of a production file is a head (`//!`) with words in it.
pub(crate) fn check(source: &Source) -> Option<Finding> {
    let first = source.text.lines().next().unwrap_or_default();
    let has_head = first.strip_prefix("//!").is_some_and(|text| !text.trim().is_empty());
    if source.is_test() || has_head {
        return None;
    }
    let message = "the file does not begin with `//! what this is`".to_owned();
    Some(Finding { path: source.path.clone(), line: 1, rule: RULE, message })
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    #[test]
    fn a_head_with_words_comes_first() {
        assert_eq!(check(&sample("//! What this is.\nfn f() {}")), None);
        for bad in ["", "fn f() {}", "//! \nfn f() {}", "// Note.\n//! Late.", "\n//! Late.", "/// For an item."] {
            assert!(check(&sample(bad)).is_some(), "{bad:?}");
        }
    }

    #[test]
    fn tests_need_none() {
        let source = Source { path: "crates/cli/tests/it.rs".to_owned(), ..sample("fn f() {}") };
        assert_eq!(check(&source), None);
    }
}
