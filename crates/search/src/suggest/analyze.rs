//! The words of a text that suggestions are made for, as the field's analyzer cuts it.

use analysis::{Analyzer, Registry, Token, TokenKind};
use model::error::Error;
use model::mapping::{Field, FieldKind, Variant};

/// Between the words of an analysed input.
pub const SEPARATOR: char = '\u{1f}';

/// The analyzer of a text for `field`: the one named, or the field's own for searches.
///
/// # Errors
/// `illegal_argument_exception` for one that is not there.
pub fn analyzer_for(field: &Field, given: Option<&str>, registry: &Registry) -> Result<Analyzer, Error> {
    let name = given.or(field.search_analyzer.as_deref()).or(field.analyzer.as_deref());
    let found = match name {
        Some(name) => registry.analyzer(name),
        None if field.variant == Variant::Completion => registry.analyzer("simple"),
        None if field.kind == FieldKind::Keyword => registry.analyzer("keyword"),
        None => registry
            .analyzer("default_search")
            .or_else(|| registry.analyzer("default"))
            .or_else(|| registry.analyzer("standard")),
    };
    found.ok_or_else(|| Error::illegal_argument(format!("analyzer [{}] doesn't exists", name.unwrap_or("default"))))
}

/// The words of a text, without shingles of them.
pub fn words(analyzer: &Analyzer, text: &str) -> Vec<Token> {
    analyzer.tokens(text).into_iter().filter(|token| token.kind != TokenKind::Shingle).collect()
}

/// An input as a completion field holds it: its words with separators between them. Of several words at one place the first counts.
pub fn input(analyzer: &Analyzer, (separators, increments): (bool, bool), text: &str) -> String {
    let mut out = String::new();
    let mut last: Option<u32> = None;
    for token in analyzer.tokens(text) {
        if last == Some(token.position) {
            continue;
        }
        if separators {
            let holes = match last {
                Some(last) if increments => token.position - last,
                Some(_) => 1,
                None if increments => token.position,
                None => 0,
            };
            out.extend(std::iter::repeat_n(SEPARATOR, holes as usize));
        }
        out.push_str(&token.text);
        last = Some(token.position);
    }
    out
}

/// The analyzer of a field made of one that another field has; `written`: of what documents hold, not of what is sought.
pub fn of_variant(analyzer: Analyzer, variant: Variant, written: bool) -> Analyzer {
    match variant {
        Variant::Shingles(words) => analyzer.shingled(usize::from(words), usize::from(words)),
        Variant::Beginnings(words) if written => analyzer.shingled(1, usize::from(words)).beginnings(20),
        Variant::Beginnings(words) => analyzer.shingled(usize::from(words), usize::from(words)),
        _ => analyzer,
    }
}
