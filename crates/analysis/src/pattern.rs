//! Java's regular expressions, as far as the `regex` crate can do the same.
//!
//! What it cannot (look-around, back-references, possessive quantifiers, class intersections with other meaning) is refused.

use regex::{Regex, RegexBuilder};

use crate::error::AnalysisError;

/// A compiled expression may take this much memory.
const SIZE_LIMIT: usize = 4 << 20;

/// Compiles `pattern` with Java's `flags` (`CASE_INSENSITIVE|DOTALL`). Classes like `\w` are ASCII unless `UNICODE_CHARACTER_CLASS`.
///
/// # Errors
/// [`AnalysisError::Pattern`] for bad syntax, an unsupported construct or an expression that would be too large.
pub(crate) fn compile(pattern: &str, flags: Option<&str>) -> Result<Regex, AnalysisError> {
    let mut unicode_classes = false;
    let mut builder_flags = (false, false, false, false, false);
    for flag in flags.unwrap_or_default().split('|').map(str::trim).filter(|flag| !flag.is_empty()) {
        match flag.to_uppercase().as_str() {
            "CASE_INSENSITIVE" => builder_flags.0 = true,
            "MULTILINE" => builder_flags.1 = true,
            "DOTALL" => builder_flags.2 = true,
            "COMMENTS" => builder_flags.3 = true,
            "LITERAL" => builder_flags.4 = true,
            "UNICODE_CHAR_CLASS" | "UNICODE_CHARACTER_CLASS" => unicode_classes = true,
            "UNICODE_CASE" | "CANON_EQ" | "UNIX_LINES" => {}
            other => return Err(AnalysisError::setting(format!("Unknown regex flag [{other}]"))),
        }
    }
    let (case, multi, dotall, comments, literal) = builder_flags;
    let written = match (literal, unicode_classes) {
        (true, _) => regex::escape(pattern),
        (false, true) => pattern.to_owned(),
        (false, false) => ascii_classes(pattern),
    };
    RegexBuilder::new(&written)
        .case_insensitive(case)
        .multi_line(multi)
        .dot_matches_new_line(dotall)
        .ignore_whitespace(comments)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .build()
        .map_err(|error| AnalysisError::Pattern { pattern: pattern.to_owned(), reason: reason(&error) })
}

fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// Java's `\w`, `\d`, `\s` and `\b` are ASCII; the same escapes here are not, so they are written out.
fn ascii_classes(pattern: &str) -> String {
    let mut written = String::with_capacity(pattern.len());
    let mut depth = 0usize;
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            match c {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            written.push(c);
            continue;
        }
        match chars.next() {
            Some('w') if depth > 0 => written.push_str("0-9A-Za-z_"),
            Some('d') if depth > 0 => written.push_str("0-9"),
            Some('s') if depth > 0 => written.push_str(r"\t\n\x0B\f\r "),
            Some('w') => written.push_str("[0-9A-Za-z_]"),
            Some('d') => written.push_str("[0-9]"),
            Some('s') => written.push_str(r"[\t\n\x0B\f\r ]"),
            Some('W') => written.push_str("[^0-9A-Za-z_]"),
            Some('D') => written.push_str("[^0-9]"),
            Some('S') => written.push_str(r"[^\t\n\x0B\f\r ]"),
            Some('Q') => {
                let rest = chars.as_str();
                let (quoted, after) = rest.split_once("\\E").unwrap_or((rest, ""));
                written.push_str(&regex::escape(quoted));
                chars = after.chars();
            }
            Some('e') => written.push_str(r"\x1B"),
            Some('h') => written.push_str(r"[ \xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]"),
            Some('Z') => written.push_str(r"\n?\z"),
            // Java escapes any character that is not a letter.
            Some(other) if other.is_ascii_punctuation() || !other.is_ascii() => {
                let mut buffer = [0; 4];
                written.push_str(&regex::escape(other.encode_utf8(&mut buffer)));
            }
            Some(' ') => written.push(' '),
            Some(other) => {
                written.push('\\');
                written.push(other);
            }
            None => written.push('\\'),
        }
    }
    written
}

/// A Java replacement (`$1`, `${name}`, `\$`) as the `regex` crate writes it.
pub(crate) fn replacement(java: &str) -> String {
    let mut written = String::with_capacity(java.len());
    let mut chars = java.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('$') => written.push_str("$$"),
                Some(other) => written.push(other),
                None => {}
            },
            '$' => {
                let mut digits = String::new();
                while let Some(digit) = chars.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                if digits.is_empty() {
                    written.push('$');
                } else {
                    written.push_str(&format!("${{{digits}}}"));
                }
            }
            other => written.push(other),
        }
    }
    written
}
