//! Rust source as words and marks, as much as the rules need.
//!
//! In: text. Out: [`Token`]s with lines; comments and space are gone, and what looks like code inside a string, a raw string,
//! a character or a comment is not code. Any text is accepted: what is not terminated ends with the text. Not here: grammar,
//! macros, the parts of numbers.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or keyword; a raw name keeps its `r#`.
    Word,
    /// One punctuation character.
    Mark,
    /// A string, character or number.
    Literal,
    /// `'a`.
    Lifetime,
}

/// One token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    /// Where it begins, from 1.
    pub(crate) line: usize,
}

impl Token<'_> {
    /// Whether it is this keyword or name.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text == word
    }

    /// Whether it is this punctuation.
    pub(crate) fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Mark && self.text == mark
    }
}

/// All tokens of `source`.
pub(crate) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer { source, at: 0, line: 1 };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next() {
        tokens.push(token);
    }
    tokens
}

/// The index behind the bracket that closes the one at `open`; the end when nothing closes it.
pub(crate) fn behind_closing(tokens: &[Token<'_>], open: usize) -> usize {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.kind != Kind::Mark {
            continue;
        }
        match token.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// The first `{` or `;` from `from` on that stands in no parentheses or brackets: where a body begins, or a declaration ends.
pub(crate) fn body_or_end(tokens: &[Token<'_>], from: usize) -> Option<usize> {
    let mut index = from;
    while let Some(token) = tokens.get(index) {
        if token.is_mark("(") || token.is_mark("[") {
            index = behind_closing(tokens, index);
            continue;
        }
        if token.is_mark("{") || token.is_mark(";") {
            return Some(index);
        }
        index += 1;
    }
    None
}

struct Lexer<'a> {
    source: &'a str,
    /// In bytes, always between two characters.
    at: usize,
    line: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Moves on by `bytes`, which ends between two characters, and counts the lines passed.
    fn take(&mut self, bytes: usize) -> &'a str {
        let taken = &self.rest()[..bytes];
        self.line += taken.matches('\n').count();
        self.at += bytes;
        taken
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_space_and_comments();
        let rest = self.rest();
        let first = rest.chars().next()?;
        let line = self.line;
        let (kind, bytes) = match first {
            '"' => (Kind::Literal, quoted(rest, 1, '"')),
            '\'' => character_or_lifetime(rest),
            '0'..='9' => (Kind::Literal, number(rest)),
            _ if is_word(first) => word_or_prefixed_literal(rest),
            _ => (Kind::Mark, first.len_utf8()),
        };
        Some(Token { kind, text: self.take(bytes), line })
    }

    fn skip_space_and_comments(&mut self) {
        loop {
            let rest = self.rest();
            let bytes = match rest.as_bytes() {
                [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
                [b'/', b'*', ..] => block_comment(rest),
                _ => rest.len() - rest.trim_start().len(),
            };
            if bytes == 0 {
                return;
            }
            self.take(bytes);
        }
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn word_length(rest: &str) -> usize {
    rest.find(|c| !is_word(c)).unwrap_or(rest.len())
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of a literal whose content starts at `from` and ends at an unescaped `end`.
fn quoted(rest: &str, from: usize, end: char) -> usize {
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip_while(|(index, _)| *index < from) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == end => return index + 1,
            _ => {}
        }
    }
    rest.len()
}

/// `'x'` and `'\n'` are characters; `'x` without a closing quote right behind one character is a lifetime or a label.
fn character_or_lifetime(rest: &str) -> (Kind, usize) {
    let mut behind = rest[1..].chars();
    match (behind.next(), behind.next()) {
        (Some('\\'), _) => (Kind::Literal, quoted(rest, 1, '\'')),
        (Some(c), Some('\'')) => (Kind::Literal, 1 + c.len_utf8() + 1),
        (Some(c), _) if is_word(c) => (Kind::Lifetime, 1 + word_length(&rest[1..])),
        _ => (Kind::Mark, 1),
    }
}

/// `1_000u64`, `0xff`, `2.5e3`; the dot belongs to it only when a digit follows (`0..3` is a range, `1.max(2)` a call).
fn number(rest: &str) -> usize {
    let whole = word_length(rest);
    match rest.as_bytes().get(whole..whole + 2) {
        Some([b'.', digit]) if digit.is_ascii_digit() => whole + 1 + word_length(&rest[whole + 1..]),
        _ => whole,
    }
}

/// A name, or one of the literals that begin with letters: `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"`, `b'…'`.
fn word_or_prefixed_literal(rest: &str) -> (Kind, usize) {
    let word = word_length(rest);
    let behind = &rest[word..];
    let hashes = behind.len() - behind.trim_start_matches('#').len();
    match &rest[..word] {
        "r" | "br" | "cr" if behind[hashes..].starts_with('"') => (Kind::Literal, raw_string(rest, word, hashes)),
        "r" if hashes == 1 && behind[1..].starts_with(is_word) => (Kind::Word, word + 1 + word_length(&behind[1..])),
        "b" | "c" if behind.starts_with('"') => (Kind::Literal, quoted(rest, word + 1, '"')),
        "b" if behind.starts_with('\'') => (Kind::Literal, quoted(rest, word + 1, '\'')),
        _ => (Kind::Word, word),
    }
}

fn raw_string(rest: &str, prefix: usize, hashes: usize) -> usize {
    let content = prefix + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    rest[content..].find(&end).map_or(rest.len(), |at| content + at + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<&str> {
        tokens(source).into_iter().filter(|t| t.kind == Kind::Word).map(|t| t.text).collect()
    }

    #[test]
    fn what_stands_in_comments_and_literals_is_not_code() {
        assert_eq!(words("a // fn b\n/* c /* d */ e */ f"), ["a", "f"]);
        assert_eq!(words(r#"a "fn \" b" c"#), ["a", "c"]);
        assert_eq!(words(r##"a r#"fn " b"# br"c\" d b"e" c"f" cr"g" g"##), ["a", "d", "g"]);
        assert_eq!(words(r"a '{' b '\'' c '\u{7d}' b'}' d 'é' e"), ["a", "b", "c", "d", "e"]);
    }

    #[test]
    fn lifetimes_are_not_characters() {
        let found = tokens("fn f<'a>(x: &'a str, y: &'static u8) { 'outer: loop {} }");
        let lifetimes: Vec<_> = found.iter().filter(|t| t.kind == Kind::Lifetime).map(|t| t.text).collect();
        assert_eq!(lifetimes, ["'a", "'a", "'static", "'outer"]);
        assert!(found.iter().any(|t| t.is_word("loop")));
    }

    #[test]
    fn raw_names_numbers_and_ranges() {
        assert_eq!(words("r#type r br 0..b 1.max(2) 2.5e3 0xffu8"), ["r#type", "r", "br", "b", "max"]);
        let literals: Vec<_> = tokens("0..10 2.5 1_0u8").into_iter().filter(|t| t.kind == Kind::Literal).collect();
        assert_eq!(literals.iter().map(|t| t.text).collect::<Vec<_>>(), ["0", "10", "2.5", "1_0u8"]);
    }

    #[test]
    fn lines_are_counted_through_literals_and_comments() {
        let found = tokens("a\n\"x\ny\"\n/* \n */ b\n");
        let lines: Vec<_> = found.iter().map(|t| (t.text, t.line)).collect();
        assert_eq!(lines, [("a", 1), ("\"x\ny\"", 2), ("b", 5)]);
    }

    #[test]
    fn any_text_is_accepted() {
        for source in ["\"open", "r#\"open\"", "/* open /*", "'", "'\\", "b'", "é'ü", "r#", "1.", "…"] {
            let length: usize = tokens(source).iter().map(|t| t.text.len()).sum();
            assert!(length <= source.len());
        }
    }
}
