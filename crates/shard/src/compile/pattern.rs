//! What accepts terms: a stretch of the dictionary and an automaton over it.

use std::fmt::Write as _;
use std::ops::Bound;
use std::sync::Arc;

use levenshtein_automata::Distance;
use search::bound::Pattern;
use search::feature::BoundRanges;

use super::automaton::{DenseAutomaton, FuzzyAutomaton, FuzzyTables};
use super::ranges::RangeAutomaton;
use super::regexp;
use crate::score::Outcome;
use crate::segment::{EveryTerm, TermAutomaton, TermRange};

/// Lucene's default limit on the states of an automaton.
const MAX_STATES: u32 = 10_000;

/// The terms that a pattern accepts.
pub(crate) struct Accepted {
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
    automaton: Arc<dyn TermAutomaton>,
    fuzzy: Option<Fuzzy>,
    /// The pattern in Lucene's notation, without the field.
    pub(crate) notation: String,
    /// The same for the same pattern, and for no other.
    pub(super) question: String,
}

struct Fuzzy {
    automaton: Arc<FuzzyAutomaton>,
    characters: usize,
}

/// The first term behind all that begin with `prefix`; `None`: there is none.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let keep = prefix.iter().rposition(|&byte| byte != u8::MAX)?;
    let mut end = prefix[..=keep].to_vec();
    end[keep] += 1;
    Some(end)
}

impl Accepted {
    /// Builds the automaton.
    ///
    /// # Errors
    /// The syntax is wrong, an operator is not there, or the automaton grows too large.
    pub(crate) fn of(pattern: &Pattern, fuzzy: &FuzzyTables) -> Outcome<Self> {
        Ok(Self { question: format!("{pattern:?}"), ..Self::built(pattern, fuzzy)? })
    }

    fn built(pattern: &Pattern, fuzzy: &FuzzyTables) -> Outcome<Self> {
        match pattern {
            Pattern::Prefix { prefix, case_insensitive: false } => {
                let mut result = Self::below(prefix.as_bytes(), Arc::new(EveryTerm));
                result.notation = format!("{prefix}*");
                Ok(result)
            }
            Pattern::Prefix { prefix, case_insensitive: true } => {
                let source = format!("(?is:{}.*)", regex_literal(prefix));
                Ok(Self::everywhere(DenseAutomaton::new(&source, MAX_STATES)?, format!("{prefix}*")))
            }
            Pattern::Wildcard { pattern, case_insensitive } => {
                let (source, literal) = wildcard(pattern, *case_insensitive);
                let automaton = DenseAutomaton::new(&source, MAX_STATES)?;
                let mut result = Self::below(literal.as_bytes(), Arc::new(automaton));
                result.notation.clone_from(pattern);
                Ok(result)
            }
            Pattern::Regexp { pattern, flags, case_insensitive, max_determinized_states } => {
                let automaton = regexp::automaton(pattern, *flags, *case_insensitive, *max_determinized_states)?;
                Ok(Self { notation: format!("/{pattern}/"), ..Self::below(b"", automaton) })
            }
            Pattern::Fuzzy { text, edits, prefix_length, transpositions, .. } => {
                let automaton = Arc::new(FuzzyAutomaton::new(fuzzy, text, *edits, *transpositions));
                let prefix: String = text.chars().take(*prefix_length as usize).collect();
                let mut result = Self::below(prefix.as_bytes(), automaton.clone());
                result.fuzzy = Some(Fuzzy { automaton, characters: text.chars().count() });
                result.notation = format!("{text}~{edits}");
                Ok(result)
            }
        }
    }

    /// The terms of ranges that stand to one as it asks.
    pub(crate) fn ranges(ranges: &BoundRanges) -> Self {
        let (notation, question) = (ranges.notation(), format!("{ranges:?}"));
        Self { notation, question, ..Self::below(b"", Arc::new(RangeAutomaton::new(ranges))) }
    }

    fn everywhere(automaton: DenseAutomaton, notation: String) -> Self {
        Self { notation, ..Self::below(b"", Arc::new(automaton)) }
    }

    /// Terms that begin with `prefix` and that the automaton accepts.
    fn below(prefix: &[u8], automaton: Arc<dyn TermAutomaton>) -> Self {
        let from = if prefix.is_empty() { Bound::Unbounded } else { Bound::Included(prefix.to_vec()) };
        let to = prefix_end(prefix).map_or(Bound::Unbounded, Bound::Excluded);
        Self { from, to, automaton, fuzzy: None, notation: String::new(), question: String::new() }
    }

    pub(crate) fn range(&self) -> TermRange<'_> {
        (self.from.as_ref().map(Vec::as_slice), self.to.as_ref().map(Vec::as_slice))
    }

    pub(crate) fn shared_automaton(&self) -> Arc<dyn TermAutomaton> {
        self.automaton.clone()
    }

    pub(crate) fn automaton(&self) -> &dyn TermAutomaton {
        self.automaton.as_ref()
    }

    /// Whether one term is accepted.
    pub(crate) fn accepts(&self, term: &[u8]) -> bool {
        let above = match &self.from {
            Bound::Included(from) => term >= from.as_slice(),
            Bound::Excluded(from) => term > from.as_slice(),
            Bound::Unbounded => true,
        };
        let below = match &self.to {
            Bound::Included(to) => term <= to.as_slice(),
            Bound::Excluded(to) => term < to.as_slice(),
            Bound::Unbounded => true,
        };
        above && below && self.automaton.is_match(term.iter().fold(0, |state, &byte| self.automaton.step(state, byte)))
    }

    /// How near an accepted term is to a fuzzy text: 1, less the edits over the length of the shorter, not below
    /// 0; 1 for other patterns.
    pub(crate) fn closeness(&self, term: &[u8]) -> f32 {
        let Some(fuzzy) = &self.fuzzy else { return 1.0 };
        let edits = match fuzzy.automaton.distance(term) {
            Distance::Exact(0) => return 1.0,
            Distance::Exact(edits) | Distance::AtLeast(edits) => edits,
        };
        let length = String::from_utf8_lossy(term).chars().count().min(fuzzy.characters).max(1);
        (1.0 - f32::from(edits) / length as f32).max(0.0)
    }
}

/// A text as a regular expression that accepts only it.
pub(super) fn regex_literal(text: &str) -> String {
    let mut out = String::new();
    text.chars().for_each(|c| push_literal(&mut out, c));
    out
}

pub(super) fn push_literal(out: &mut String, c: char) {
    // Writing into a String cannot fail.
    let _ = write!(out, "\\x{{{:x}}}", u32::from(c));
}

/// The wildcard as a regular expression, and the literal text that it begins with.
fn wildcard(pattern: &str, case_insensitive: bool) -> (String, String) {
    let mut source = String::from(if case_insensitive { "(?is:" } else { "(?s:" });
    let mut literal = String::new();
    let mut is_literal = !case_insensitive;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' | '?' => {
                is_literal = false;
                source.push_str(if c == '*' { ".*" } else { "." });
            }
            _ => {
                let c = if c == '\\' { chars.next().unwrap_or('\\') } else { c };
                push_literal(&mut source, c);
                if is_literal {
                    literal.push(c);
                }
            }
        }
    }
    source.push(')');
    (source, literal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: Pattern, accepted: &[&str], refused: &[&str]) {
        let built = Accepted::of(&pattern, &FuzzyTables::default()).expect("valid");
        for term in accepted {
            assert!(built.accepts(term.as_bytes()), "{pattern:?} {term}");
        }
        for term in refused {
            assert!(!built.accepts(term.as_bytes()), "{pattern:?} {term}");
        }
    }

    #[test]
    fn prefixes_and_wildcards() {
        let prefix = |prefix: &str, case_insensitive| Pattern::Prefix { prefix: prefix.into(), case_insensitive };
        check(prefix("ab", false), &["ab", "abc"], &["a", "ac", "Ab"]);
        check(prefix("äb", true), &["ÄBc", "äb"], &["ab"]);
        check(prefix("", false), &["", "x"], &[]);
        let wildcard = |pattern: &str| Pattern::Wildcard { pattern: pattern.into(), case_insensitive: false };
        check(wildcard("a*c?"), &["acd", "abbcx", "acä"], &["ac", "bacd"]);
        check(wildcard("a\\*b"), &["a*b"], &["axb"]);
        check(wildcard("*"), &["", "anything\nat all"], &[]);
    }

    #[test]
    fn fuzzy_texts_are_close() {
        let fuzzy = |edits, prefix_length| Pattern::Fuzzy {
            text: "shap".into(),
            edits,
            prefix_length,
            max_expansions: 50,
            transpositions: true,
        };
        check(fuzzy(1, 0), &["ship", "shap", "hsap", "sha"], &["hips", "ships"]);
        check(fuzzy(1, 2), &["ship"], &["hsap"]);
        check(fuzzy(2, 0), &["sh", "sap"], &["p"]);
        let built = Accepted::of(&fuzzy(2, 0), &FuzzyTables::default()).expect("valid");
        assert_eq!(
            (built.closeness(b"shap"), built.closeness(b"ship"), built.closeness(b"sha")),
            (1.0, 0.75, 1.0 - 1.0 / 3.0)
        );
    }

    #[test]
    fn the_end_of_a_prefix() {
        assert_eq!((prefix_end(b"a\xff"), prefix_end(b"\xff"), prefix_end(b"")), (Some(b"b".to_vec()), None, None));
    }
}
