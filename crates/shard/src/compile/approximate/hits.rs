//! Documents of the terms that match, with their scores.

use std::io;

use crate::segment::{DocId, TermEntry, Terms};

/// Where hits are no fewer than one in so many documents, a score for every document is quicker than sorting.
const DENSE: usize = 16;

pub(super) struct Hits<'a> {
    terms: &'a dyn Terms,
    /// Edits that are allowed.
    most: u8,
    boost: f32,
    /// A document as often as it has terms that match.
    found: Vec<(DocId, f32)>,
    docs: Vec<DocId>,
}

impl<'a> Hits<'a> {
    pub(super) fn new(terms: &'a dyn Terms, most: u8, boost: f32) -> Self {
        Self { terms, most, boost, found: Vec::new(), docs: Vec::new() }
    }

    pub(super) fn add(&mut self, term: &[u8], edits: u8, entry: &TermEntry) -> io::Result<()> {
        let score = self.score(term, edits);
        self.docs.clear();
        self.terms.docs(entry, &mut self.docs)?;
        self.found.extend(self.docs.iter().map(|doc| (*doc, score)));
        Ok(())
    }

    /// A term whose entry is not known, and its document when there is only one.
    pub(super) fn add_flat(&mut self, term: &[u8], edits: u8, lone: Option<DocId>) -> io::Result<()> {
        if let Some(doc) = lone {
            self.found.push((doc, self.score(term, edits)));
            return Ok(());
        }
        self.terms.get(term)?.map_or(Ok(()), |entry| self.add(term, edits, &entry))
    }

    /// Fewer edits come first, of the same number the shorter terms.
    fn score(&self, term: &[u8], edits: u8) -> f32 {
        // Bytes that do not go on from others begin characters.
        let length = term.iter().filter(|byte| **byte & 0xC0 != 0x80).count() as f32;
        self.boost * (f32::from(self.most - edits.min(self.most)) + 1.0 / (1.0 + length / 16.0))
    }

    /// Each document with its best score, ascending. `doc_count`: of the segment.
    pub(super) fn by_document(mut self, doc_count: u32) -> Vec<(DocId, f32)> {
        if self.found.len() * DENSE < doc_count as usize {
            self.found.sort_unstable_by(|(doc, score), (other, than)| doc.cmp(other).then(than.total_cmp(score)));
            self.found.dedup_by_key(|(doc, _)| *doc);
            return self.found;
        }
        let mut best = vec![f32::NEG_INFINITY; doc_count as usize];
        for (doc, score) in self.found.drain(..) {
            let known = &mut best[doc as usize];
            *known = known.max(score);
        }
        let scored = best.into_iter().zip(0..).filter(|(score, _)| *score > f32::NEG_INFINITY);
        self.found.extend(scored.map(|(score, doc)| (doc, score)));
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::postings::Postings;
    use crate::segment::{Detail, TermAutomaton, TermRange};

    struct NoTerms;

    impl Terms for NoTerms {
        fn len(&self) -> u64 {
            0
        }

        fn get(&self, _: &[u8]) -> io::Result<Option<TermEntry>> {
            Ok(None)
        }

        fn walk(
            &self,
            _: TermRange<'_>,
            _: &dyn TermAutomaton,
            _: &mut dyn FnMut(&[u8], TermEntry) -> bool,
        ) -> io::Result<()> {
            Ok(())
        }

        fn postings(&self, _: &TermEntry, _: Detail) -> io::Result<Postings> {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    #[test]
    fn few_and_many_documents_give_the_same() {
        let hits = || {
            let mut hits = Hits::new(&NoTerms, 2, 1.0);
            for (term, edits, doc) in [("größe", 2, 7), ("abc", 1, 3), ("abcdef", 0, 7), ("a", 2, 3)] {
                hits.add_flat(term.as_bytes(), edits, Some(doc)).unwrap();
            }
            hits
        };
        let (few, many) = (hits().by_document(1_000), hits().by_document(8));
        assert_eq!(few, many);
        assert_eq!(few, [(3, 1.0 + 1.0 / (1.0 + 3.0 / 16.0)), (7, 2.0 + 1.0 / (1.0 + 6.0 / 16.0))]);
    }
}
