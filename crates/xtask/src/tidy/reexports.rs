//! No `pub use` across crates: a type has one path, through the crate that defines it.
//!
//! Judged is the first name of the path: a crate of ours, of others, or the standard library. `pub(crate) use` and `pub use`
//! of own modules are free.

use std::collections::BTreeSet;

use super::Finding;
use super::lexer::{Kind, Token, body_or_end};
use super::source::Source;
use crate::workspace::Workspace;

const RULE: &str = "reexports";

/// The names under which crates can be imported here.
pub(crate) fn foreign_names(workspace: &Workspace) -> BTreeSet<String> {
    let theirs = workspace.packages.iter().flat_map(|package| package.dependencies.iter().map(|d| d.name.as_str()));
    let ours = workspace.packages.iter().map(|package| package.name.as_str());
    let all = ours.chain(theirs).chain(["std", "core", "alloc"]);
    all.map(|name| name.replace('-', "_")).collect()
}

/// Every `pub use` whose path begins in another crate.
pub(crate) fn check(source: &Source, tokens: &[Token<'_>], foreign: &BTreeSet<String>) -> Vec<Finding> {
    let is_own_module = |name: &str| tokens.windows(2).any(|pair| pair[0].is_word("mod") && pair[1].is_word(name));
    let mut findings = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        if !pair[0].is_word("pub") || !(pair[1].is_word("use") || pair[1].is_word("extern")) {
            continue;
        }
        // An `extern` block or function is no import.
        let is_crate = tokens.get(index + 2).is_some_and(|token| token.is_word("crate"));
        if pair[1].is_word("extern") && !is_crate {
            continue;
        }
        let start = index + if pair[1].is_word("extern") { 3 } else { 2 };
        for (name, absolute) in first_names(tokens, start) {
            if absolute || (foreign.contains(name) && !is_own_module(name)) {
                let message = format!("`pub use {name}::…` passes on another crate's name: import it where it is used");
                findings.push(Finding { path: source.path.clone(), line: pair[0].line, rule: RULE, message });
            }
        }
    }
    findings
}

/// The first name of each path of an import, and whether `::` stands before it: one path, or several in braces.
fn first_names<'a>(tokens: &[Token<'a>], start: usize) -> Vec<(&'a str, bool)> {
    let mut names = Vec::new();
    let (mut depth, mut at_start) = (0usize, true);
    let end = import_end(tokens, start);
    for (index, token) in tokens.iter().enumerate().take(end).skip(start) {
        match token.text {
            "{" => depth += 1,
            "}" => depth = depth.saturating_sub(1),
            "," if depth <= 1 && names_are_grouped(tokens, start) => at_start = true,
            _ if token.kind == Kind::Word && at_start => {
                names.push((token.text, index > start && tokens[index - 1].is_mark(":")));
                at_start = false;
            }
            _ => {}
        }
    }
    names
}

/// Whether the braces come before any name: `pub use {a::b, c}`.
fn names_are_grouped(tokens: &[Token<'_>], start: usize) -> bool {
    tokens.iter().skip(start).find(|token| !token.is_mark(":")).is_some_and(|token| token.is_mark("{"))
}

fn import_end(tokens: &[Token<'_>], start: usize) -> usize {
    let mut index = start;
    while let Some(at) = body_or_end(tokens, index) {
        if tokens[at].is_mark(";") {
            return at;
        }
        index = at + 1;
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::super::source::sample;
    use super::*;

    fn found(text: &str) -> usize {
        let foreign = ["model", "serde_json", "std"].map(str::to_owned).into();
        let source = sample(text);
        check(&source, &tokens(&source.text), &foreign).len()
    }

    #[test]
    fn names_of_other_crates_are_not_passed_on() {
        assert_eq!(found("pub use model::Query;"), 1);
        assert_eq!(found("pub use ::model::{Query, Filter};"), 1);
        assert_eq!(found("pub use serde_json as json;"), 1);
        assert_eq!(found("pub use std::sync::Arc;"), 1);
        assert_eq!(found("pub extern crate model;"), 1);
        assert_eq!(found("mod a; pub use {a::B, model::{C, D}, serde_json::Value};"), 2);
    }

    #[test]
    fn own_names_and_private_imports_are_free() {
        assert_eq!(found("use model::Query; pub(crate) use model::Filter;"), 0);
        assert_eq!(
            found("mod score; pub use score::{Score, model}; pub use crate::model::X; pub use self::std::Y;"),
            0
        );
        assert_eq!(found("mod model; pub use model::Query;"), 0);
        assert_eq!(found("pub extern \"C\" fn f() {} pub fn g() { model::h(); }"), 0);
    }
}
