//! The best documents with an exact phrase: what the frequencies allow is asked before any position is read.

use super::{Meeting, Run, SPAN, Scratch};
use crate::score::Outcome;
use crate::score::bits;
use crate::score::bm25::TermScore;
use crate::score::cursor::TermCursor;
use crate::score::phrase::exact;
use crate::score::sets::Accept;
use crate::segment::DocId;
use crate::segment::postings::Entry;

/// A phrase of single terms; cursors score as the phrase would with the term's frequency.
pub(crate) struct PhraseTerms {
    pub(crate) cursors: Vec<TermCursor>,
    /// Offset of each cursor's word.
    pub(crate) offsets: Vec<u32>,
    pub(crate) score: TermScore,
}

/// A document with all words: where each stands in its cursor's blocks.
#[derive(Default)]
struct Found {
    docs: Vec<DocId>,
    /// By cursor, then by document.
    places: Vec<Vec<Entry>>,
}

/// Offers every document that may be among the best.
pub(crate) fn best(phrase: PhraseTerms, run: &mut Run<'_>, scratch: &mut Scratch) -> Outcome<()> {
    let mut pairs: Vec<(TermCursor, u32)> = phrase.cursors.into_iter().zip(phrase.offsets).collect();
    pairs.sort_by_key(|(cursor, _)| cursor.doc_freq);
    let (mut cursors, offsets): (Vec<TermCursor>, Vec<u32>) = pairs.into_iter().unzip();
    let mut found = Found { docs: Vec::new(), places: vec![Vec::new(); cursors.len()] };
    let mut positions = vec![Vec::new(); cursors.len()];
    for block in 0..cursors.first().map_or(0, TermCursor::blocks) {
        if block % 16 == 0 && !run.sink.go_on()? {
            break;
        }
        let low = run.floor();
        if f64::from(cursors[0].block_bound(block)) < low {
            continue;
        }
        cursors[0].block = block;
        begin(&mut cursors[0], &mut found, run.accept, low)?;
        for (number, cursor) in cursors.iter_mut().enumerate().skip(1) {
            if found.docs.is_empty() {
                break;
            }
            join(cursor, number, &mut found, (&mut scratch.meeting, low))?;
        }
        for at in 0..found.docs.len() {
            let doc = found.docs[at];
            for ((cursor, places), positions) in cursors.iter_mut().zip(&found.places).zip(&mut positions) {
                positions.clear();
                cursor.positions_of(places[at], positions)?;
            }
            let freq = exact(&mut positions, &offsets);
            if freq > 0 && run.accept.accepts(doc) {
                run.tally.count += 1;
                let score = phrase.score.score(freq as f32, cursors[0].code(doc));
                if score >= run.sink.threshold() {
                    run.sink.offer(doc, score)?;
                }
            }
        }
    }
    Ok(())
}

/// The rarest word's documents whose frequency allows enough.
fn begin(cursor: &mut TermCursor, found: &mut Found, accept: Accept<'_>, low: f64) -> Outcome<()> {
    found.docs.clear();
    found.places.iter_mut().for_each(Vec::clear);
    // While everything is counted, no score is of use yet.
    let pruning = low > 0.0;
    if pruning {
        cursor.load_scores()?;
    } else {
        cursor.load_freqs()?;
    }
    let mut before = 0u32;
    for index in 0..cursor.len {
        let (doc, freq) = (cursor.docs[index], cursor.freq(index));
        // The bound's slack covers rounding: the phrase scores as the cursor does, at most.
        if (!pruning || f64::from(cursor.scores()[index]) >= low)
            && accept.words.is_none_or(|words| bits::contains(words, doc))
        {
            found.docs.push(doc);
            found.places[0].push(Entry { block: cursor.block as u32, index: index as u8, before, freq });
        }
        before = before.wrapping_add(freq);
    }
    Ok(())
}

/// Keeps the documents that have the next word often enough.
fn join(cursor: &mut TermCursor, number: usize, found: &mut Found, (meeting, low): (&mut Meeting, f64)) -> Outcome<()> {
    let mut out = 0;
    let mut from = 0;
    while from < found.docs.len() {
        cursor.skip_to(found.docs[from]);
        if cursor.is_done() {
            break;
        }
        let last = cursor.last(cursor.block).min(found.docs[from].saturating_add(SPAN as u32 - 1));
        let to = from + found.docs[from..].partition_point(|&doc| doc <= last);
        let reaches = found.docs[to - 1] >= cursor.first_possible(cursor.block);
        if reaches && f64::from(cursor.block_bound(cursor.block)) >= low {
            cursor.load()?;
            let hits = meeting.hits(&cursor.docs, &found.docs[from..to], |&doc| doc);
            if !hits.is_empty() {
                cursor.load_freqs()?;
            }
            for &(place, at) in hits {
                let at = from + usize::from(at);
                if low > 0.0 && f64::from(cursor.score_entry(usize::from(place))?) < low {
                    continue;
                }
                found.docs[out] = found.docs[at];
                for places in &mut found.places[..number] {
                    places[out] = places[at];
                }
                found.places[number].push(cursor.entry(usize::from(place)));
                out += 1;
            }
        }
        from = to;
    }
    found.docs.truncate(out);
    found.places[..number].iter_mut().for_each(|places| places.truncate(out));
    Ok(())
}
