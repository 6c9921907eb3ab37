//! What must not be in the code: unfinished places, tests that do not run, `unsafe`.

use super::Finding;
use super::lexer::{Token, behind_closing};
use super::source::Source;

const RULE: &str = "banned";

const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

/// The crates that may be `unsafe`: distances over vectors use the processor's own instructions.
const UNSAFE_HOMES: &[&str] = &["vector"];

/// Every banned thing in one file, tests included.
pub(crate) fn check(source: &Source, tokens: &[Token<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for index in 0..tokens.len() {
        let message = if let Some(name) = banned_macro(tokens, index) {
            format!("`{name}!` has no place in finished code")
        } else if ignores_a_test(tokens, index) {
            "a test that is ignored tests nothing: run it or remove it".to_owned()
        } else if tokens[index].is_word("unsafe") && !UNSAFE_HOMES.contains(&source.room.as_str()) {
            format!("`unsafe` outside of: {}", UNSAFE_HOMES.join(", "))
        } else {
            continue;
        };
        findings.push(Finding { path: source.path.clone(), line: tokens[index].line, rule: RULE, message });
    }
    findings
}

/// The macro that is called here. (`todo != 1` is a comparison.)
fn banned_macro(tokens: &[Token<'_>], index: usize) -> Option<&'static str> {
    let name = MACROS.iter().copied().find(|name| tokens[index].is_word(name))?;
    let is_called = tokens.get(index + 1).is_some_and(|token| token.is_mark("!"))
        && !tokens.get(index + 2).is_some_and(|token| token.is_mark("="));
    is_called.then_some(name)
}

/// `#[ignore]`, `#[ignore = "…"]`, or `#[cfg_attr(…, ignore)]` begins here. (An attribute of somebody else may have an
/// argument of that name.)
fn ignores_a_test(tokens: &[Token<'_>], index: usize) -> bool {
    let Some([hash, open, name]) = tokens.get(index..index + 3) else { return false };
    if !hash.is_mark("#") || !open.is_mark("[") {
        return false;
    }
    let end = behind_closing(tokens, index + 1);
    let attribute = &tokens[index + 3..end];
    name.is_word("ignore") || (name.is_word("cfg_attr") && attribute.iter().any(|token| token.is_word("ignore")))
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::super::source::sample;
    use super::*;

    fn found(source: &Source) -> usize {
        check(source, &tokens(&source.text)).len()
    }

    #[test]
    fn unfinished_places_are_found() {
        assert_eq!(found(&sample("fn f() { todo!() } fn g() { unimplemented!(\"later\") } fn h() { dbg!(1); }")), 3);
        assert_eq!(found(&sample("fn f(todo: u8) -> bool { todo != 1 } // todo!()\nconst S: &str = \"dbg!(1)\";")), 0);
    }

    #[test]
    fn ignored_tests_are_found() {
        assert_eq!(found(&sample("#[test] #[ignore] fn f() {}")), 1);
        assert_eq!(found(&sample("#[test]\n#[ignore = \"slow\"]\nfn f() {}")), 1);
        assert_eq!(found(&sample("#[cfg_attr(debug_assertions, ignore)] fn f() {}")), 1);
        assert_eq!(found(&sample("#[field(ignore)] struct S; fn ignore() { x[ignore]; }")), 0);
    }

    #[test]
    fn unsafe_has_one_home() {
        let text = "fn f() { unsafe { g() } }";
        assert_eq!(found(&sample(text)), 1);
        assert_eq!(found(&Source { room: "vector".to_owned(), ..sample(text) }), 0);
        assert_eq!(found(&sample("#![forbid(unsafe_code)] // unsafe")), 0);
    }
}
