//! How long a file and a function may be.
//!
//! In: tokens. Out: what is over the limits and not admitted by `exceptions.txt`, and exceptions that nobody needs any more.
//! A function is counted from its `fn` to its closing brace, comments and all: what one has to scroll through.

use super::Finding;
use super::exceptions::{self, Exception};
use super::lexer::{Kind, Token, behind_closing, body_or_end};
use super::source::Source;

const RULE: &str = "size";

/// Lines of a file.
const FILE_LIMIT: usize = 600;
/// Lines of a function.
const FUNCTION_LIMIT: usize = 70;

/// A file or a function that is over its limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Oversize {
    path: String,
    /// None: the file itself.
    function: Option<String>,
    line: usize,
    lines: usize,
}

/// What is too long in one file.
pub(crate) fn measure(source: &Source, tokens: &[Token<'_>]) -> Vec<Oversize> {
    let over = |function, line, lines| Oversize { path: source.path.clone(), function, line, lines };
    let lines = source.text.lines().count();
    let file = (lines > FILE_LIMIT).then(|| over(None, 0, lines));
    let long = functions(tokens).into_iter().filter(|(_, _, lines)| *lines > FUNCTION_LIMIT);
    file.into_iter().chain(long.map(|(name, line, lines)| over(Some(name), line, lines))).collect()
}

/// Name, first line and length of each function that has a body and a name of its own (in a macro it may have none).
fn functions(tokens: &[Token<'_>]) -> Vec<(String, usize, usize)> {
    let mut found = Vec::new();
    for (index, pair) in tokens.windows(2).enumerate() {
        if !pair[0].is_word("fn") || pair[1].kind != Kind::Word {
            continue;
        }
        let Some(body) = body_or_end(tokens, index + 2).filter(|at| tokens[*at].is_mark("{")) else { continue };
        let last = tokens[behind_closing(tokens, body) - 1].line;
        found.push((pair[1].text.to_owned(), pair[0].line, last - pair[0].line + 1));
    }
    found
}

/// Compares what is too long with what is admitted.
pub(crate) fn check(sizes: &[Oversize], admitted: &[Exception]) -> Vec<Finding> {
    let matches = |size: &Oversize, e: &Exception| size.path == e.path && size.function == e.function;
    let mut findings = Vec::new();
    for size in sizes {
        let bound = admitted.iter().filter(|e| matches(size, e)).map(|e| e.lines).max();
        if bound.is_none_or(|bound| size.lines > bound) {
            findings.push(too_long(size, bound));
        }
    }
    for exception in admitted.iter().filter(|e| !sizes.iter().any(|size| matches(size, e))) {
        let what = exception.function.as_deref().unwrap_or("the file");
        let message = format!("{what} in {} is within the limit or gone: remove this exception", exception.path);
        findings.push(Finding { path: exceptions::PATH.to_owned(), line: exception.line, rule: RULE, message });
    }
    findings
}

fn too_long(size: &Oversize, bound: Option<usize>) -> Finding {
    let lines = size.lines;
    let limit = bound.unwrap_or(if size.function.is_some() { FUNCTION_LIMIT } else { FILE_LIMIT });
    let message = match &size.function {
        Some(name) => format!("function `{name}` has {lines} lines, at most {limit}"),
        None => format!("the file has {lines} lines, at most {limit}"),
    };
    Finding { path: size.path.clone(), line: size.line, rule: RULE, message }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::super::source::sample;
    use super::*;

    fn measured(text: &str) -> Vec<(Option<String>, usize, usize)> {
        let source = sample(text);
        measure(&source, &tokens(&source.text)).into_iter().map(|s| (s.function, s.line, s.lines)).collect()
    }

    fn function(lines: usize) -> String {
        format!("//! Head.\nfn long<T>(a: [u8; 3]) -> T where T: Copy {{\n{}}}\n", "    // }\n".repeat(lines - 2))
    }

    #[test]
    fn seventy_lines_are_good_and_one_more_is_not() {
        assert_eq!(measured(&function(70)), []);
        assert_eq!(measured(&function(71)), [(Some("long".to_owned()), 2, 71)]);
    }

    #[test]
    fn six_hundred_lines_of_file_are_good_and_one_more_is_not() {
        assert_eq!(measured(&"//! Head.\n".repeat(600)), []);
        assert_eq!(measured(&"//! Head.\n".repeat(601)), [(None, 0, 601)]);
    }

    #[test]
    fn what_has_no_body_is_no_function() {
        let gap = "\n".repeat(80);
        assert_eq!(measured(&format!("trait T {{ fn a(&self); {gap} fn b(x: fn(u8) -> u8); }}")), []);
        assert_eq!(measured(&format!("type F = fn(u8); {gap} struct S {{ f: fn(u8) {gap} }}")), []);
        assert_eq!(measured(&format!("const S: &str = \"fn f() {{ {gap} }}\";")), []);
    }

    fn oversize(lines: usize) -> Oversize {
        Oversize { path: "a.rs".to_owned(), function: Some("f".to_owned()), line: 3, lines }
    }

    fn exception(lines: usize) -> Exception {
        Exception { path: "a.rs".to_owned(), function: Some("f".to_owned()), lines, line: 1 }
    }

    #[test]
    fn an_exception_admits_up_to_its_bound() {
        assert_eq!(check(&[oversize(80)], &[exception(80)]), []);
        assert_eq!(check(&[oversize(81)], &[exception(80)])[0].message, "function `f` has 81 lines, at most 80");
        assert_eq!(check(&[oversize(80)], &[])[0].message, "function `f` has 80 lines, at most 70");
    }

    #[test]
    fn an_exception_that_nobody_needs_is_an_error() {
        let findings = check(&[], &[exception(80)]);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].path.as_str(), findings[0].line), (exceptions::PATH, 1));
    }
}
