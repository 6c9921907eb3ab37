//! The words that may have been meant for one: those within a few edits, the most alike first.
//!
//! As Lucene's direct spell checker chooses: terms within one edit first, those within more only when there are not enough.

use model::suggest::{Speller, SuggestMode};

use super::{Near, TermCount};

/// A word that may have been meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Similar {
    pub term: String,
    /// 1, less the edits over the length of the shorter.
    pub score: f32,
    pub count: TermCount,
}

/// The best `size` words for `text`. `own`: how often it occurs itself; `near`: the terms within `max_edits`, in order; `documents`: all there are.
pub fn similar(
    text: &str,
    (own, near): (TermCount, &[Near]),
    documents: u64,
    speller: &Speller,
    (size, by_frequency): (usize, bool),
) -> Vec<Similar> {
    let length = text.chars().count();
    if length < speller.min_word_length as usize {
        return Vec::new();
    }
    let Some(least) = least_frequency(own.doc_freq, documents, speller) else { return Vec::new() };
    let inspected = size.saturating_mul(speller.max_inspections as usize);
    let within = |edits: u8| {
        let fits = |near: &&Near| near.edits > 0 && near.edits <= edits && near.count.doc_freq > least;
        let scored = near.iter().filter(fits).map(|near| Similar {
            term: near.term.clone(),
            score: alikeness(length, near),
            count: near.count,
        });
        let mut found: Vec<Similar> = scored.filter(|similar| similar.score >= speller.accuracy).collect();
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.term.cmp(&b.term)));
        found.truncate(inspected);
        found
    };
    let mut found = within(1);
    if speller.max_edits > 1 && found.len() < inspected {
        let more = within(speller.max_edits);
        let known: std::collections::BTreeSet<String> = found.iter().map(|similar| similar.term.clone()).collect();
        found.extend(more.into_iter().filter(|similar| !known.contains(&similar.term)));
    }
    found.sort_by(|a, b| order(a, b, by_frequency));
    found.truncate(size);
    found
}

/// Best first.
pub fn order(a: &Similar, b: &Similar, by_frequency: bool) -> std::cmp::Ordering {
    let by_score = b.score.total_cmp(&a.score);
    let by_count = b.count.doc_freq.cmp(&a.count.doc_freq);
    let first = if by_frequency { by_count.then(by_score) } else { by_score.then(by_count) };
    first.then_with(|| a.term.cmp(&b.term))
}

/// Suggestions must be in more documents than this; `None`: the word needs none.
fn least_frequency(own: u64, documents: u64, speller: &Speller) -> Option<u64> {
    if speller.mode == SuggestMode::Missing && own > 0 {
        return None;
    }
    let most = speller.max_term_freq;
    let limit = if most >= 1.0 { f64::from(most) } else { f64::from((most * documents as f32).ceil()) };
    if own as f64 > limit {
        return None;
    }
    let own = if speller.mode == SuggestMode::Popular { own } else { 0 };
    let wanted = speller.min_doc_freq;
    let threshold = if wanted >= 1.0 { wanted as u64 } else { ((wanted * documents as f32) as u64).saturating_sub(1) };
    Some(own.max(threshold))
}

fn alikeness(length: usize, near: &Near) -> f32 {
    let shorter = near.term.chars().count().min(length).max(1);
    1.0 - f32::from(near.edits) / shorter as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(term: &str, edits: u8, doc_freq: u64) -> Near {
        Near { term: term.to_owned(), edits, count: TermCount { doc_freq, total_term_freq: doc_freq } }
    }

    fn terms(own: u64, speller: &Speller, size: usize) -> Vec<String> {
        let near = [near("prices", 2, 1), near("prince", 2, 4), near("prise", 0, own), near("prize", 1, 2)];
        let own = TermCount { doc_freq: own, total_term_freq: own };
        similar("prise", (own, &near), 10, speller, (size, false)).into_iter().map(|similar| similar.term).collect()
    }

    #[test]
    fn fewer_edits_then_more_documents_come_first() {
        assert_eq!(terms(0, &Speller::default(), 5), ["prize", "prince", "prices"]);
        assert_eq!(terms(0, &Speller { max_inspections: 1, ..Speller::default() }, 1), ["prize"]);
        assert_eq!(terms(0, &Speller { min_doc_freq: 2.0, ..Speller::default() }, 5), ["prince"]);
    }

    #[test]
    fn words_that_occur_need_none_unless_asked() {
        assert!(terms(1, &Speller::default(), 5).is_empty());
        let popular = Speller { mode: SuggestMode::Popular, ..Speller::default() };
        assert_eq!(terms(1, &popular, 5), ["prize", "prince"]);
        assert!(terms(2, &popular, 5).is_empty(), "more than a hundredth of the documents have it");
    }
}
