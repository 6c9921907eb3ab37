//! Counts of a field and of some of its terms in one reader.

use model::error::Error;
use model::term_vectors::FieldCounts;

use crate::execute::{Patience, Verdict};
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::EveryTerm;

/// Terms that are counted between two looks at the clock.
const STRETCH: u64 = 65_536;

/// The counts of a field, and of each of some terms the documents and occurrences.
pub type Vocabulary = (FieldCounts, Vec<Option<(u64, u64)>>);

/// The counts of a field, and of each term its documents and occurrences (`None`: no document has it). Deleted documents count until they are
/// merged away.
///
/// # Errors
/// Failures to read a segment, `task_cancelled_exception`.
pub fn vocabulary(
    reader: &Reader,
    field: &str,
    terms: &[String],
    patience: &dyn Patience,
) -> Result<Vocabulary, Error> {
    Ok(counted(reader, field, terms, patience)?)
}

fn counted(reader: &Reader, field: &str, terms: &[String], patience: &dyn Patience) -> Outcome<Vocabulary> {
    let (mut counts, mut found) = (FieldCounts::default(), vec![None; terms.len()]);
    let Some(entry) = reader.fields.by_path(field) else { return Ok((counts, found)) };
    for view in reader.segments.iter() {
        let statistics = view.segment.field_statistics(entry.slot)?;
        counts.doc_count += statistics.doc_count;
        counts.sum_ttf += statistics.total_term_freq;
        let Some(dictionary) = view.segment.terms(entry.slot)? else { continue };
        let (mut seen, mut over) = (0u64, false);
        dictionary.walk((std::ops::Bound::Unbounded, std::ops::Bound::Unbounded), &EveryTerm, &mut |_, term| {
            counts.sum_doc_freq += term.statistics.doc_freq;
            seen += 1;
            over = seen.is_multiple_of(STRETCH) && patience.verdict() != Verdict::GoOn;
            !over
        })?;
        if over {
            return Err(Error::new(model::error::ErrorKind::TaskCancelled, "the count of terms was cancelled").into());
        }
        for (term, slot) in terms.iter().zip(&mut found) {
            if let Some(term) = dictionary.get(term.as_bytes())? {
                let (docs, times) = slot.unwrap_or((0, 0));
                *slot = Some((docs + term.statistics.doc_freq, times + term.statistics.total_term_freq));
            }
        }
    }
    Ok((counts, found))
}
