//! `approximate_regexp`: a pattern read once for all shards.

use model::error::Error;
use model::query::approximate::{Approximate, MOST_EDITS};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

use super::fault::{Fault, Outcome};
use super::target::Target;
use super::{Binder, none_requested};
use crate::bound::{BoundApproximate, BoundKind, BoundQuery};

/// Longer patterns, in bytes, are refused.
const LONGEST: usize = 1_000;
/// Brackets in brackets at most.
const NEST_LIMIT: u32 = 50;
/// Wider ranges are not taken apart: they hold their letters in both cases, or no letters.
const WIDE: u32 = 1_000;

impl Binder<'_> {
    pub(super) fn approximate(&self, query: &Approximate) -> Outcome<BoundQuery> {
        let refused = |reason: String| -> Fault { Error::illegal_argument(reason).into() };
        let hir = hir(query).map_err(refused)?;
        let field = match self.target(&query.field) {
            Target::Nothing => return Ok(none_requested()),
            target => super::pattern::terms(&target)?
                .ok_or_else(|| super::pattern::only_strings("approximate_regexp", &query.field, &target))?,
        };
        let bound = BoundApproximate { field, pattern: query.pattern.clone(), hir, edits: query.edits };
        Ok(BoundQuery::new(BoundKind::Approximate(Box::new(bound))))
    }
}

/// The pattern, read; or why it cannot be.
fn hir(query: &Approximate) -> Result<Hir, String> {
    if query.edits > MOST_EDITS {
        return Err(format!("[edits] is at most {MOST_EDITS}, not {}", query.edits));
    }
    if query.pattern.len() > LONGEST {
        return Err(format!("the pattern is longer than {LONGEST} bytes"));
    }
    let parsed = ParserBuilder::new().nest_limit(NEST_LIMIT).build().parse(&query.pattern);
    let hir = parsed.map_err(|error| {
        // The last line says what is wrong, those before it show where.
        let shown = error.to_string();
        let reason = shown.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        format!("the pattern [{}] does not read: {reason}", query.pattern)
    })?;
    Ok(if query.lowercase { lower(&hir) } else { hir })
}

/// The same with letters in lower case; depth is bounded by the parser.
fn lower(hir: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(lower).collect::<Vec<Hir>>();
    match hir.kind() {
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => Hir::literal(text.to_lowercase().into_bytes()),
            Err(_) => hir.clone(),
        },
        HirKind::Class(Class::Unicode(class)) => {
            let mut lowered = ClassUnicode::empty();
            for range in class.iter() {
                if u32::from(range.end()) - u32::from(range.start()) > WIDE {
                    lowered.push(*range);
                    continue;
                }
                for c in (range.start()..=range.end()).flat_map(char::to_lowercase) {
                    lowered.push(ClassUnicodeRange::new(c, c));
                }
            }
            Hir::class(Class::Unicode(lowered))
        }
        HirKind::Repetition(repetition) => {
            Hir::repetition(Repetition { sub: Box::new(lower(&repetition.sub)), ..repetition.clone() })
        }
        HirKind::Capture(capture) => lower(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(parts) => Hir::alternation(all(parts)),
        HirKind::Class(Class::Bytes(_)) | HirKind::Empty | HirKind::Look(_) => hir.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str, edits: u8, lowercase: bool) -> Result<String, String> {
        let (field, pattern) = ("f".to_owned(), pattern.to_owned());
        hir(&Approximate { field, pattern, edits, lowercase }).map(|hir| hir.to_string())
    }

    #[test]
    fn letters_are_read_as_the_terms_are_written() {
        let check = |pattern: &str, same: &str| assert_eq!(read(pattern, 0, true), read(same, 0, false), "{pattern}");
        check("StAr", "star");
        check("[A-C]x+", "[a-c]x+");
        check("(?:ÄB|Z)$", "(?:äb|z)$");
    }

    #[test]
    fn what_does_not_read_is_refused() {
        let refused = |pattern: &str, edits| read(pattern, edits, false).unwrap_err();
        assert!(refused("a(", 0).contains("unclosed group"), "{}", refused("a(", 0));
        assert!(refused("a", 4).contains("at most 3"));
        assert!(refused(&"a".repeat(1_001), 0).contains("longer"));
        assert!(refused(&"(".repeat(60), 1).contains("[("));
    }
}
