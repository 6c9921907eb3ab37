//! Words that say nothing, in the names of types, traits, modules, functions, macros and files.
//!
//! Judged is what we declare, by whole words (`GatewayImpl` and `disk_util`, not `simple` or `utility`). Not judged: names
//! that we only use, names that a trait of somebody else dictates (inside `impl Trait for Type`), the sentences that are
//! names of tests, enum variants and fields.

use std::ops::Range;

use super::Finding;
use super::lexer::{Kind, Token, behind_closing, body_or_end};
use super::source::Source;

const RULE: &str = "names";

const FORBIDDEN: &[&str] = &["manager", "service", "helper", "util", "common", "internal", "impl", "v2"];

/// Terms of others, in which a forbidden word has its own meaning.
const TERMS: &[&[&str]] = &[
    &["common", "prefix"],            // of strings
    &["common", "grams"],             // the token filter
    &["cluster", "manager"],          // the role
    &["internal", "server", "error"], // HTTP 500
    &["service", "unavailable"],      // HTTP 503
];

const DECLARING: &[&str] = &["struct", "enum", "union", "trait", "type", "mod", "fn", "macro_rules"];

/// Judges the file's own path and every declaration in it.
pub(crate) fn check(source: &Source, tokens: &[Token<'_>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut judge = |name: &str, line| {
        if let Some(word) = forbidden_word(name) {
            let message = format!("`{name}` says `{word}`: name what it is instead");
            findings.push(Finding { path: source.path.clone(), line, rule: RULE, message });
        }
    };
    for part in source.path.split('/') {
        judge(part.strip_suffix(".rs").unwrap_or(part), 0);
    }
    let dictated = trait_blocks(tokens);
    let tests = test_modules(tokens);
    let within = |ranges: &[Range<usize>], index: usize| ranges.iter().any(|range| range.contains(&index));
    for (index, keyword) in tokens.iter().enumerate() {
        if keyword.kind != Kind::Word || !DECLARING.contains(&keyword.text) {
            continue;
        }
        let skipped = tokens.get(index + 1).is_some_and(|token| token.is_mark("!"));
        let Some(name) = tokens.get(index + 1 + usize::from(skipped)).filter(|t| t.kind == Kind::Word) else {
            continue;
        };
        let is_sentence = keyword.text == "fn" && (source.is_test() || within(&tests, index));
        if !is_sentence && !within(&dictated, index) {
            judge(name.text, name.line);
        }
    }
    findings
}

/// The forbidden word in `name` that is not part of one of the [`TERMS`].
fn forbidden_word(name: &str) -> Option<&'static str> {
    let words = words(name);
    let is_term = |at: usize| {
        TERMS.iter().any(|term| {
            words
                .windows(term.len())
                .enumerate()
                .any(|(start, window)| (start..start + term.len()).contains(&at) && window.iter().eq(term.iter()))
        })
    };
    let forbids = |word: &str| FORBIDDEN.iter().copied().find(|f| word == *f || word.strip_suffix('s') == Some(f));
    words.iter().enumerate().filter(|(at, _)| !is_term(*at)).find_map(|(_, word)| forbids(word))
}

/// `HttpServiceV2` and `http_service_v2` are both http, service, v2; digits belong to the letters before them.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (index, c) in letters.iter().enumerate() {
        let before = index.checked_sub(1).map(|at| letters[at]);
        let next_is_small = letters.get(index + 1).is_some_and(|next| next.is_lowercase());
        let begins = c.is_uppercase() && (before.is_some_and(|b| !b.is_uppercase()) || next_is_small);
        if begins || !c.is_alphanumeric() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The bodies of `impl Trait for Type`, as ranges of tokens.
fn trait_blocks(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (index, _) in tokens.iter().enumerate().filter(|(_, token)| token.is_word("impl")) {
        // An item begins after another, after an attribute or in a block; `-> impl Trait` and `&impl Trait` are types.
        let begins_item = index.checked_sub(1).is_none_or(|at| {
            let before = &tokens[at];
            ["}", ";", "]", "{"].iter().any(|mark| before.is_mark(mark)) || before.is_word("unsafe")
        });
        let Some(body) = body_or_end(tokens, index).filter(|at| tokens[*at].is_mark("{")) else { continue };
        // `for<'a>` is a bound, not the `for` of a trait's implementation.
        let of_trait = (index..body).any(|at| tokens[at].is_word("for") && !tokens[at + 1].is_mark("<"));
        if begins_item && of_trait {
            found.push(body..behind_closing(tokens, body));
        }
    }
    found
}

/// `#[cfg(test)] mod … { … }`, as ranges of tokens.
fn test_modules(tokens: &[Token<'_>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for (index, window) in tokens.windows(7).enumerate() {
        let texts = window.iter().map(|token| token.text);
        if texts.eq(["#", "[", "cfg", "(", "test", ")", "]"])
            && tokens.get(index + 7).is_some_and(|token| token.is_word("mod"))
            && let Some(body) = body_or_end(tokens, index + 7)
        {
            found.push(body..behind_closing(tokens, body));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::super::source::sample;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let source = sample(text);
        check(&source, &tokens(&source.text)).into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn each_declaration_is_judged() {
        for bad in [
            "struct IndexManager;",
            "enum Services { A }",
            "trait SearchService {}",
            "type V2 = u8;",
            "mod common;",
            "pub(crate) mod internal {}",
            "fn disk_util() {}",
            "pub struct GatewayImpl<T>(T);",
            "struct HTTPHelper;",
            "union QueryV2 { a: u8 }",
            "macro_rules! helper { () => {} }",
            "impl Foo { fn write_helper(&self) {} }",
        ] {
            assert_eq!(found(bad).len(), 1, "{bad}");
        }
    }

    #[test]
    fn only_whole_words_and_only_our_own_names() {
        for good in [
            "fn utility(commonly: u8, simple: Implicit) {}",
            "use tower::{Service, ServiceExt}; fn f(s: impl Service<u8>) -> BoxCloneService { helper(s) }",
            "impl<S> Layer<S> for Gate { type Service = Gated<S>; }",
            "unsafe impl X for Y { fn internal(&self) {} }",
            "enum Status { ServiceUnavailable, Internal }",
            "fn longest_common_prefix() {} fn internal_server_error() {} struct CommonGrams;",
            "// struct Manager\nconst S: &str = \"struct Manager\";",
            "struct MyV20; fn v21() {}",
        ] {
            assert_eq!(found(good), Vec::<String>::new(), "{good}");
        }
    }

    #[test]
    fn a_bound_with_for_is_not_an_implementation() {
        assert_eq!(found("impl<F: for<'a> Fn(&'a u8)> Foo<F> { fn helper(&self) {} }").len(), 1);
        assert_eq!(found("fn f() -> impl Tr { for x in y {} } fn helper() {}").len(), 1);
    }

    #[test]
    fn tests_may_be_sentences_but_their_types_are_judged() {
        assert_eq!(found("#[cfg(test)] mod tests { fn internal_versions_win() {} }"), Vec::<String>::new());
        assert_eq!(found("#[cfg(test)] mod tests { struct Helper; }").len(), 1);
        assert_eq!(found("#[cfg(test)] mod tests { } fn helper() {}").len(), 1);
    }

    #[test]
    fn files_and_folders_are_judged() {
        let source = Source { path: "crates/shard/src/utils/io.rs".to_owned(), ..sample("") };
        assert_eq!(check(&source, &[]).len(), 1);
    }
}
