//! `phrase`: three rounds of questions: words near each word, how often those occur, how often they stand beside each other.

use model::error::Error;
use model::suggest::{CandidateGenerator, PhraseSuggest, Speller, SuggestEntry, SuggestOption, Suggestion};
use search::suggest::phrase::{Candidate, Language, Place, choose, correct, grams, shown};
use search::suggest::similar::similar;
use search::suggest::{Ask, TermCount, Told, Totals};

use super::{Shards, phrase_words, spelled, whole};

pub(super) async fn suggest(
    shards: &mut Shards<'_>,
    suggestion: &Suggestion,
    asked: &PhraseSuggest,
) -> Result<Vec<SuggestEntry>, Error> {
    let (field, analyzer) = shards.analyzer(&suggestion.field, suggestion.analyzer.as_deref())?;
    let gram = asked.gram_size.or_else(|| analyzer.shingle_size().map(|size| size as u32)).unwrap_or(1);
    let texts = phrase_words(&analyzer, &suggestion.text);
    if texts.is_empty() || texts.len() >= asked.token_limit as usize {
        return Ok(whole(&suggestion.text, Vec::new()));
    }
    let size = suggestion.shard_size.unwrap_or_else(|| suggestion.size.max(5)) as usize;
    let (mut places, totals) = candidates(shards, &field.path, (&texts, asked), size).await?;
    count_all(shards, &field.path, &mut places).await?;
    for place in &mut places {
        let others = place.split_off(1);
        place.extend(choose(others, totals.total_term_freq, size));
    }
    // As in Lucene, whose different terms are counted in an index of one segment alone.
    let terms = match totals.segments {
        1 => totals.terms as f64,
        _ if totals.total_term_freq > 1 => -1.0,
        _ => 0.0,
    };
    let mut language = Language { vocabulary: totals.total_term_freq as f64, terms, ..Language::default() };
    if gram > 1 {
        let too_many =
            || Error::illegal_argument("the phrase has too many candidates: ask for fewer, or with fewer errors");
        let grams = grams(&places, asked, gram).ok_or_else(too_many)?;
        let told = shards.ask(vec![Ask::Counts { field: field.path.to_string(), terms: grams.clone() }]).await?;
        if let Some(Told::Counts(counts)) = told.into_iter().next() {
            language.grams = grams.into_iter().zip(counts.into_iter().map(|count| count.total_term_freq)).collect();
        }
    }
    let found = correct(&places, &language, (asked, gram), size);
    let option = |correction: search::suggest::phrase::Correction| SuggestOption {
        text: shown(&correction.words, None),
        highlighted: asked.highlight.as_ref().map(|tags| shown(&correction.words, Some(tags))),
        score: correction.score as f32,
        ..SuggestOption::default()
    };
    Ok(whole(&suggestion.text, found.into_iter().take(suggestion.size as usize).map(option).collect()))
}

/// What may stand at each place: what was written, and the words near it.
async fn candidates(
    shards: &mut Shards<'_>,
    field: &str,
    (texts, asked): (&[String], &PhraseSuggest),
    size: usize,
) -> Result<(Vec<Place>, Totals), Error> {
    let own = CandidateGenerator { field: field.to_owned(), size: 5, speller: Speller::default() };
    let generators = if asked.generators.is_empty() { std::slice::from_ref(&own) } else { &asked.generators[..] };
    let written =
        |text: &String| Candidate { term: text.clone(), count: TermCount::default(), channel: 1.0, written: true };
    let mut places: Vec<Place> = texts.iter().map(|text| vec![written(text)]).collect();
    for generator in generators {
        let (source, _) = shards.analyzer(&generator.field, None)?;
        let (found, totals) = spelled(shards, &source.path, (texts, &generator.speller)).await?;
        for ((text, place), spelled) in texts.iter().zip(&mut places).zip(found) {
            let known = (spelled.own, spelled.near.as_slice());
            let words = similar(text, known, totals.documents, &generator.speller, (generator.size as usize, false));
            let near = words.into_iter().map(|word| Candidate {
                term: word.term,
                count: word.count,
                channel: f64::from(word.score),
                written: false,
            });
            let near: Vec<Candidate> = near.filter(|near| place.iter().all(|known| known.term != near.term)).collect();
            place.extend(near);
            place.truncate(1 + size.saturating_mul(generators.len()));
        }
    }
    let told = shards.ask(vec![Ask::Totals { field: field.to_owned() }]).await?;
    let totals = if let Some(Told::Totals(totals)) = told.into_iter().next() { totals } else { Totals::default() };
    Ok((places, totals))
}

/// Counts the words in the field whose language is asked for.
async fn count_all(shards: &mut Shards<'_>, field: &str, places: &mut [Place]) -> Result<(), Error> {
    let terms = places.iter().flatten().map(|candidate| candidate.term.clone()).collect();
    let told = shards.ask(vec![Ask::Counts { field: field.to_owned(), terms }]).await?;
    if let Some(Told::Counts(counts)) = told.into_iter().next() {
        places.iter_mut().flatten().zip(counts).for_each(|(candidate, count)| candidate.count = count);
    }
    Ok(())
}
