//! `completion`: the best inputs of all shards, and their documents, which are fetched as hits are.

use std::collections::BTreeSet;

use model::error::Error;
use model::mapping::Variant;
use model::query::{Kind, Query};
use model::search::{SearchRequest, TrackTotal};
use model::suggest::{Completing, CompletionSuggest, SuggestEntry, SuggestOption, Suggestion};
use search::suggest::analyze::input;
use search::suggest::contexts::wanted;
use search::suggest::{Ask, Complete, CompleteFrom, Told, best_completions};
use serde_json::{Map, Value};

use super::{Shards, whole};

pub(super) async fn suggest(
    request: &SearchRequest,
    shards: &mut Shards<'_>,
    suggestion: &Suggestion,
    asked: &CompletionSuggest,
) -> Result<Vec<SuggestEntry>, Error> {
    let (field, analyzer) = shards.analyzer(&suggestion.field, suggestion.analyzer.as_deref())?;
    if field.variant != Variant::Completion {
        let reason = format!("Field [{}] is not a completion suggest field", suggestion.field);
        return Err(shards.all_failed(&Error::illegal_argument(reason)));
    }
    let contexts = wanted(&field, &asked.contexts).map_err(|error| shards.all_failed(&error))?;
    let names: Vec<String> = field.contexts().into_iter().map(|context| context.name).collect();
    let (separators, increments, _) = field.completion();
    let text = input(&analyzer, (separators, increments), &suggestion.text);
    let from = match &asked.how {
        Completing::Regexp { flags, max_determinized_states } => CompleteFrom::Regexp {
            pattern: suggestion.text.clone(),
            flags: search::bind::regexp_flags(flags)?,
            max_determinized_states: *max_determinized_states,
        },
        Completing::Fuzzy { fuzziness, transpositions, min_length, prefix_length } => {
            let long = text.chars().count() >= *min_length as usize;
            CompleteFrom::Fuzzy {
                edits: if long { search::bind::edits(*fuzziness, &text) } else { 0 },
                text,
                transpositions: *transpositions,
                prefix_length: *prefix_length,
            }
        }
        Completing::Prefix => CompleteFrom::Prefix(text),
    };
    let size = suggestion.size;
    let skip_duplicates = asked.skip_duplicates;
    let complete = Complete { field: field.path.to_string(), from, size, skip_duplicates, contexts };
    // What has no words finds nothing.
    let told = if complete.from.is_empty() { Vec::new() } else { shards.ask(vec![Ask::Complete(complete)]).await? };
    let found = if let Some(Told::Complete(found)) = told.into_iter().next() { found } else { Vec::new() };
    let best = best_completions(found, size as usize, skip_duplicates);
    let mut fetch = SearchRequest::new(request.target.clone());
    fetch.query = Query::new(Kind::Ids { values: best.iter().map(|one| one.id.clone()).collect() });
    fetch.size = best.len() as u64 * shards.indexes.len().max(1) as u64;
    (fetch.fetch, fetch.track_total_hits) = (request.fetch.clone(), TrackTotal::No);
    (fetch.routing, fetch.preference) = (request.routing.clone(), request.preference.clone());
    fetch.fetch.highlight = None;
    let hits =
        if best.is_empty() { Vec::new() } else { Box::pin(super::super::search(shards.core, fetch)).await?.hits };
    let mut options = Vec::with_capacity(best.len());
    for one in best {
        // One that has gone since is not offered.
        let Some(hit) = hits.iter().find(|hit| *hit.id == *one.id && *hit.index == *one.index) else { continue };
        let mut hit = Box::new(hit.clone());
        hit.score = Some(one.score);
        let contexts = (!names.is_empty()).then(|| by_name(&names, one.contexts));
        options.push(SuggestOption {
            text: one.input,
            score: one.score,
            hit: Some(hit),
            contexts,
            ..SuggestOption::default()
        });
    }
    Ok(whole(&suggestion.text, options))
}

/// The contexts by which a document was found, under their names.
fn by_name(names: &[String], contexts: BTreeSet<(u8, String)>) -> Value {
    let mut shown: Map<String, Value> = Map::new();
    for (number, context) in contexts {
        let Some(name) = names.get(usize::from(number)) else { continue };
        if let Value::Array(texts) = shown.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new())) {
            texts.push(context.into());
        }
    }
    Value::Object(shown)
}
