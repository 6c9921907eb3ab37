//! The best documents with an exact phrase: what the frequencies allow is asked before any position is read.

use super::{Meeting, Run, Scratch, stretch};
use crate::score::Outcome;
use crate::score::bits;
use crate::score::bm25::TermScore;
use crate::score::cursor::TermCursor;
use crate::score::phrase::keep_followed;
use crate::score::sets::Accept;
use crate::segment::DocId;
use crate::segment::postings::{BLOCK, Entry};

/// A phrase of single terms; cursors score as the phrase would with the term's frequency.
pub(crate) struct PhraseTerms {
    pub(crate) cursors: Vec<TermCursor>,
    /// Offset of each cursor's word.
    pub(crate) offsets: Vec<u32>,
    pub(crate) score: TermScore,
}

/// One word of the phrase.
struct Word {
    cursor: TermCursor,
    offset: u32,
    /// Where the word stands, in each document found.
    places: Vec<Entry>,
    /// The positions of all of them, one document's behind another's.
    positions: Vec<u32>,
    /// Positions of the documents that were looked at.
    passed: usize,
}

/// Documents of a block of the rarest word with all words asked so far.
struct Found {
    docs: [DocId; BLOCK],
    /// Their entries in the block.
    entries: [u8; BLOCK],
    len: usize,
}

/// Offers every document that may be among the best.
pub(crate) fn best(phrase: PhraseTerms, run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    let word = |(cursor, offset)| Word { cursor, offset, places: Vec::new(), positions: Vec::new(), passed: 0 };
    let mut words: Vec<Word> = phrase.cursors.into_iter().zip(phrase.offsets).map(word).collect();
    words.sort_by_key(|word| word.cursor.doc_freq);
    let mut found = Found { docs: [0; BLOCK], entries: [0; BLOCK], len: 0 };
    let mut starts = Vec::new();
    for block in 0..words.first().map_or(0, |rarest| rarest.cursor.blocks()) {
        if block % 16 == 0 && !run.sink.go_on()? {
            break;
        }
        let low = run.floor();
        if f64::from(words[0].cursor.block_bound(block)) < low {
            continue;
        }
        words[0].cursor.block = block;
        found.fill(&mut words, run.accept, (&mut scratch.meeting, low))?;
        for (at, &doc) in found.docs[..found.len].iter().enumerate() {
            let freq = frequency(&mut words, at, &mut starts);
            if freq > 0 && run.accept.accepts(doc) {
                run.tally.count += 1;
                let score = phrase.score.score(freq as f32, words[0].cursor.code(doc));
                if score >= run.sink.threshold() {
                    run.sink.offer(doc, score)?;
                }
            }
        }
    }
    Ok(())
}

/// How often the phrase stands in a document found; they are asked for one after another. `starts`: a buffer.
fn frequency(words: &mut [Word], at: usize, starts: &mut Vec<u32>) -> usize {
    let Some((rarest, others)) = words.split_first_mut() else { return 0 };
    let offset = rarest.offset;
    let positions = rarest.positions_at(at);
    if let ([position], [other]) = (positions, &mut *others) {
        let next = other.offset;
        if let [followed] = other.positions_at(at) {
            return usize::from(
                *position >= offset && u64::from(position - offset) + u64::from(next) == u64::from(*followed),
            );
        }
        other.step_back(at);
    }
    starts.clear();
    starts.extend(positions.iter().filter_map(|position| position.checked_sub(offset)));
    for word in others {
        let offset = word.offset;
        keep_followed(starts, word.positions_at(at), offset);
    }
    starts.len()
}

impl Word {
    /// Notes where the word stands in entries of the loaded block.
    fn locate(&mut self, entries: &[u8]) -> Outcome<()> {
        self.cursor.load_freqs()?;
        self.places.clear();
        self.places.extend(entries.iter().map(|&entry| self.cursor.entry(usize::from(entry))));
        Ok(())
    }

    /// Reads the positions in all places.
    fn read(&mut self) -> Outcome<()> {
        self.passed = 0;
        self.positions.clear();
        self.cursor.positions_of(&self.places, &mut self.positions)
    }

    /// The positions in the next place, which is number `at`.
    fn positions_at(&mut self, at: usize) -> &[u32] {
        let from = self.passed;
        self.passed += self.places[at].freq as usize;
        self.positions.get(from..self.passed).unwrap_or_default()
    }

    /// The place that was looked at last is looked at again.
    fn step_back(&mut self, at: usize) {
        self.passed -= self.places[at].freq as usize;
    }
}

impl Found {
    /// Finds the documents of the rarest word's block that have all words, and reads where those stand.
    fn fill(&mut self, words: &mut [Word], accept: Accept<'_>, (meeting, low): (&mut Meeting, f64)) -> Outcome<()> {
        self.begin(&mut words[0].cursor, accept, low)?;
        for number in 1..words.len() {
            let (before, rest) = words.split_at_mut(number);
            self.join(before, &mut rest[0], (meeting, low))?;
        }
        if self.len > 0 {
            words[0].locate(&self.entries[..self.len])?;
            words.iter_mut().try_for_each(Word::read)?;
        }
        Ok(())
    }

    /// The rarest word's documents whose frequency allows enough.
    fn begin(&mut self, cursor: &mut TermCursor, accept: Accept<'_>, low: f64) -> Outcome<()> {
        cursor.load()?;
        // While everything is counted, no score is of use yet.
        let pruning = low > 0.0;
        self.len = cursor.len;
        self.docs = *cursor.docs;
        self.entries = ENTRIES;
        if pruning {
            // The phrase scores as the cursor does, at most.
            let mut reaching = cursor.reaching(low)?;
            self.len = reaching.count_ones() as usize;
            for (doc, entry) in self.docs.iter_mut().zip(&mut self.entries).take(self.len) {
                *entry = reaching.trailing_zeros() as u8;
                *doc = cursor.docs[usize::from(*entry) & (BLOCK - 1)];
                reaching &= reaching - 1;
            }
        }
        if let Some(words) = accept.words {
            self.keep(|doc| bits::contains(words, doc));
        }
        Ok(())
    }

    /// Keeps the documents that pass.
    fn keep(&mut self, passes: impl Fn(DocId) -> bool) {
        let mut out = 0;
        for at in 0..self.len {
            (self.docs[out], self.entries[out]) = (self.docs[at], self.entries[at]);
            out += usize::from(passes(self.docs[out]));
        }
        self.len = out;
    }

    /// Keeps the documents that have the next word often enough; `before`: the rarest word and those that have been asked.
    fn join(&mut self, before: &mut [Word], word: &mut Word, (meeting, low): (&mut Meeting, f64)) -> Outcome<()> {
        let Some((rarest, before)) = before.split_first_mut() else { return Ok(()) };
        let Word { cursor, places, .. } = word;
        places.clear();
        let (mut out, mut from) = (0, 0);
        while from < self.len {
            cursor.skip_to(self.docs[from]);
            if cursor.is_done() {
                break;
            }
            let to = from + stretch(&self.docs[from..self.len], cursor.last(cursor.block), |&doc| doc);
            let reaches = self.docs[to - 1] >= cursor.first_possible(cursor.block);
            if reaches && f64::from(cursor.block_bound(cursor.block)) >= low {
                cursor.load()?;
                let hits = meeting.hits(&cursor.docs, &self.docs[from..to], |&doc| doc);
                if !hits.is_empty() {
                    cursor.load_freqs()?;
                }
                for &(place, at) in hits {
                    let (place, at) = (usize::from(place), from + usize::from(at));
                    let (doc, entry) = (self.docs[at], self.entries[at]);
                    // Scores are made of frequencies: what occurs as often as the rarest word can score as much.
                    let rarer = low > 0.0 && cursor.freq(place) < rarest.cursor.freq(usize::from(entry));
                    if rarer && f64::from(cursor.score_entry(place)?) < low {
                        continue;
                    }
                    (self.docs[out], self.entries[out]) = (doc, entry);
                    before.iter_mut().for_each(|word| word.places[out] = word.places[at]);
                    places.push(cursor.entry(place));
                    out += 1;
                }
            }
            from = to;
        }
        self.len = out;
        before.iter_mut().for_each(|word| word.places.truncate(out));
        Ok(())
    }
}

/// All entries of a block.
const ENTRIES: [u8; BLOCK] = {
    let mut entries = [0; BLOCK];
    let mut at = 0;
    while at < BLOCK {
        entries[at] = at as u8;
        at += 1;
    }
    entries
};
