//! One word in several fields as if they were one: frequencies and lengths are added up, each times the factor of its field.

use crate::score::bm25::{NO_NORMS, TermScore, length};
use crate::score::cursor::TermCursor;
use crate::score::{Outcome, Scorer};
use crate::segment::norms::encode_length;
use crate::segment::{DocId, Norms};

pub(crate) struct Combined {
    /// Fields of the segment that have the word, with their factors.
    words: Vec<(TermCursor, f32)>,
    /// Fields of the segment that know lengths, with their factors.
    lengths: Vec<(Norms, f32)>,
    score: TermScore,
    doc: DocId,
}

impl Combined {
    pub(crate) fn new(words: Vec<(TermCursor, f32)>, lengths: Vec<(Norms, f32)>, score: TermScore) -> Self {
        Self { words, lengths, score, doc: 0 }
    }

    /// How often the word is in the document at which the scorer stands.
    pub(crate) fn freq(&mut self) -> Outcome<f32> {
        let mut freq = 0.0;
        for (cursor, factor) in &mut self.words {
            if !cursor.is_done() && cursor.is_loaded() && cursor.docs[cursor.at] == self.doc {
                cursor.load_freqs()?;
                freq += *factor * cursor.freq(cursor.at) as f32;
            }
        }
        Ok(freq)
    }

    /// The norm code of that document.
    pub(crate) fn code(&self) -> u8 {
        if self.lengths.is_empty() {
            return NO_NORMS;
        }
        let code = |norms: &Norms| (**norms).as_ref().get(self.doc as usize).copied().unwrap_or(0);
        let sum: f32 = self.lengths.iter().map(|(norms, factor)| factor * length(code(norms)) as f32).sum();
        // As Java rounds.
        encode_length((sum + 0.5).floor() as u32)
    }
}

impl Scorer for Combined {
    fn probe(&mut self, doc: u32) -> Outcome<u32> {
        self.doc = u32::MAX;
        for (cursor, _) in &mut self.words {
            self.doc = self.doc.min(cursor.advance(doc)?);
        }
        Ok(self.doc)
    }

    fn score(&mut self) -> Outcome<f32> {
        let freq = self.freq()?;
        Ok(self.score.score(freq, self.code()))
    }

    fn cost(&self) -> u64 {
        self.words.iter().map(|(cursor, _)| u64::from(cursor.doc_freq)).sum()
    }

    fn bound(&mut self, _: u32, _: u32) -> f32 {
        self.score.bound(1.0)
    }

    fn fill(&mut self, from: u32, to: u32, words: &mut [u64]) -> Outcome<()> {
        self.words.iter_mut().try_for_each(|(cursor, _)| cursor.fill(from, to, words))
    }
}
