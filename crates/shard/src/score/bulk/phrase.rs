//! The best documents with an exact phrase: what sets and frequencies allow is asked before any position is read, and each further word
//! where the phrase may still begin.

use super::crossing::{Crossing, Found, are_many};
use super::{Meeting, Run, Scratch, stretch};
use crate::score::Outcome;
use crate::score::bits;
use crate::score::bm25::TermScore;
use crate::score::cursor::TermCursor;
use crate::score::phrase::keep_followed;
use crate::score::sets::Accept;
use crate::segment::DocId;
use crate::segment::dense::DenseSet;
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
    /// Where the word stands, by the document's entry in the rarest word's block; with frequency 0: too seldom.
    places: Box<[Entry; BLOCK]>,
    /// The positions in all documents found, one's behind another's.
    positions: Vec<u32>,
}

/// Where the phrase may begin.
struct Starts {
    /// In all documents found, one's behind another's.
    all: Vec<u32>,
    /// In each.
    counts: [usize; BLOCK],
    /// A buffer: the entries whose positions are read.
    wanted: Vec<Entry>,
}

impl Default for Starts {
    fn default() -> Self {
        Self { all: Vec::new(), counts: [0; BLOCK], wanted: Vec::new() }
    }
}

/// Offers every document that may be among the best.
pub(crate) fn best(phrase: PhraseTerms, run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    let mut words: Vec<Word> =
        phrase.cursors.into_iter().zip(phrase.offsets).map(|(cursor, offset)| Word::new(cursor, offset)).collect();
    words.sort_by_key(|word| word.cursor.doc_freq);
    let Some((rarest, others)) = words.split_first_mut() else { return Ok(()) };
    let mut crossing = Crossing::new(&rarest.cursor, others.iter().map(|word| &word.cursor));
    let (mut found, mut starts) = (Found::default(), Starts::default());
    for block in 0..rarest.cursor.blocks() {
        if block % 16 == 0 && !run.sink.go_on()? {
            break;
        }
        let low = run.floor();
        if f64::from(rarest.cursor.block_bound(block)) < low {
            continue;
        }
        rarest.cursor.block = block;
        begin(&mut rarest.cursor, &mut crossing, &mut found, (run.accept, low))?;
        for other in others.iter_mut().filter(|other| other.cursor.dense.is_none()) {
            other.meet(&rarest.cursor, &mut found, (&mut scratch.meeting, low))?;
        }
        starts.find(rarest, &found)?;
        for other in &mut *others {
            if let Some(set) = other.cursor.dense.clone() {
                other.locate(&rarest.cursor, &found, (&set, low))?;
            }
            starts.keep(other, &mut found)?;
        }
        for ((doc, _), &freq) in found.iter().zip(&starts.counts) {
            if run.accept.accepts(doc) {
                run.tally.count += 1;
                let score = phrase.score.score(freq as f32, rarest.cursor.code(doc));
                if score >= run.sink.threshold() {
                    run.sink.offer(doc, score)?;
                }
            }
        }
    }
    Ok(())
}

/// Finds the documents of the rarest word's block that all sets have and whose frequency allows enough.
fn begin(
    rarest: &mut TermCursor,
    crossing: &mut Crossing,
    found: &mut Found,
    (accept, low): (Accept<'_>, f64),
) -> Outcome<()> {
    // While everything is counted, no score is of use yet. The phrase scores as the cursor does, at most.
    let pruning = low > 0.0;
    if pruning && !crossing.has_sets() {
        let reaching = rarest.reaching(low)?;
        found.pick(&rarest.docs, reaching);
    } else {
        crossing.find(rarest, found)?;
        if pruning && found.len > 0 {
            rarest.load_freqs_alone()?;
            found.keep(|doc, entry| f64::from(rarest.score.score(rarest.freq(entry) as f32, rarest.code(doc))) >= low);
        }
    }
    if let Some(words) = accept.words {
        found.keep(|doc, _| bits::contains(words, doc));
    }
    Ok(())
}

impl Word {
    fn new(cursor: TermCursor, offset: u32) -> Self {
        Self { cursor, offset, places: Box::new([Entry::default(); BLOCK]), positions: Vec::new() }
    }

    /// Whether so many occurrences score too little. What occurs as often as the rarest word can score as much.
    fn is_weak(&self, freq: u32, (doc, low): (DocId, f64), rarest_freq: u32) -> bool {
        low > 0.0 && freq < rarest_freq && f64::from(self.cursor.score.score(freq as f32, self.cursor.code(doc))) < low
    }

    /// Keeps the documents that have the word often enough, and notes where it stands in them.
    fn meet(&mut self, rarest: &TermCursor, found: &mut Found, (meeting, low): (&mut Meeting, f64)) -> Outcome<()> {
        let (mut out, mut from) = (0, 0);
        while from < found.len {
            self.cursor.skip_to(found.docs[from]);
            if self.cursor.is_done() {
                break;
            }
            let block = self.cursor.block;
            let to = from + stretch(&found.docs[from..found.len], self.cursor.last(block), |&doc| doc);
            let reaches = found.docs[to - 1] >= self.cursor.first_possible(block);
            if reaches && f64::from(self.cursor.block_bound(block)) >= low {
                self.cursor.load()?;
                let hits = meeting.hits(&self.cursor.docs, &found.docs[from..to], |&doc| doc);
                if !hits.is_empty() {
                    self.cursor.load_freqs()?;
                }
                for &(place, at) in hits {
                    let (place, at) = (usize::from(place), from + usize::from(at));
                    let (doc, entry) = (found.docs[at], found.entries[at]);
                    if self.is_weak(self.cursor.freq(place), (doc, low), rarest.freq(usize::from(entry))) {
                        continue;
                    }
                    (found.docs[out], found.entries[out]) = (doc, entry);
                    self.places[usize::from(entry)] = self.cursor.entry(place);
                    out += 1;
                }
            }
            from = to;
        }
        found.len = out;
        Ok(())
    }

    /// Notes where the word, whose set has all the documents, stands in them.
    fn locate(&mut self, rarest: &TermCursor, found: &Found, (set, low): (&DenseSet, f64)) -> Outcome<()> {
        let many = are_many(set, &found.docs[..found.len], |&doc| doc);
        for (doc, entry) in found.iter() {
            let index = self.cursor.go_to(set, doc);
            self.places[entry] = Entry::default();
            if f64::from(self.cursor.block_bound(self.cursor.block)) < low {
                continue;
            }
            if many {
                self.cursor.load_freqs_alone()?;
            }
            let place = self.cursor.place(index)?;
            if !self.is_weak(place.freq, (doc, low), rarest.freq(entry)) {
                self.places[entry] = place;
            }
        }
        Ok(())
    }

    /// Reads the positions in the documents found.
    fn read(&mut self, found: &Found, wanted: &mut Vec<Entry>) -> Outcome<()> {
        wanted.clear();
        wanted.extend(found.iter().map(|(_, entry)| self.places[entry]).filter(|place| place.freq > 0));
        self.positions.clear();
        self.cursor.positions_of(wanted, &mut self.positions)
    }

    /// The positions of the next document; `passed` counts those of the documents before.
    fn positions_at(&self, passed: &mut usize, entry: usize) -> &[u32] {
        let from = *passed;
        *passed += self.places[entry].freq as usize;
        self.positions.get(from..*passed).unwrap_or_default()
    }
}

impl Starts {
    /// Where the rarest word stands, less its offset.
    fn find(&mut self, rarest: &mut Word, found: &Found) -> Outcome<()> {
        self.all.clear();
        if found.len == 0 {
            return Ok(());
        }
        rarest.cursor.load_freqs_alone()?;
        found.iter().for_each(|(_, entry)| rarest.places[entry] = rarest.cursor.entry(entry));
        rarest.read(found, &mut self.wanted)?;
        let mut passed = 0;
        for (at, (_, entry)) in found.iter().enumerate() {
            let before = self.all.len();
            let positions = rarest.positions_at(&mut passed, entry);
            self.all.extend(positions.iter().filter_map(|position| position.checked_sub(rarest.offset)));
            self.counts[at] = self.all.len() - before;
        }
        Ok(())
    }

    /// Keeps those that the word follows at its offset, and the documents that have one.
    fn keep(&mut self, word: &mut Word, found: &mut Found) -> Outcome<()> {
        if found.len == 0 {
            return Ok(());
        }
        word.read(found, &mut self.wanted)?;
        let (mut out, mut from, mut kept, mut passed) = (0, 0, 0, 0);
        for at in 0..found.len {
            let (doc, entry) = (found.docs[at], found.entries[at]);
            let to = from + self.counts[at];
            let positions = word.positions_at(&mut passed, usize::from(entry));
            let followed = keep_followed(&mut self.all[from..to], positions, word.offset);
            self.all.copy_within(from..from + followed, kept);
            (found.docs[out], found.entries[out], self.counts[out]) = (doc, entry, followed);
            (kept, out, from) = (kept + followed, out + usize::from(followed > 0), to);
        }
        found.len = out;
        Ok(())
    }
}
