//! `_termvectors`: the words of a document's fields, found by analysing its source, and how often they occur in its shard.

use std::collections::BTreeMap;
use std::sync::Arc;

use analysis::Registry;
use cluster::resolve::read_target;
use cluster::routing::Spread;
use cluster::state::IndexMetadata;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::mapping::{Field, FieldKind, Mapping};
use model::term_vectors::{FieldTerms, TermFilter, TermPlace, TermVector, TermVectors, TermVectorsRequest};
use search::fetch::extract::extract;
use serde_json::Value;
use shard::execute::{Endless, Vocabulary, vocabulary};

use super::choice::Choice;
use super::holder::Holder;
use super::preference::Preference;
use super::reading::Reading;
use super::remote::terms::Terms;
use crate::core::Core;
use crate::indexes::{OpenIndex, OpenShard};

/// Counts of fields, and of the terms that were asked of each.
pub(super) type Counts = Vec<Vocabulary>;

pub(super) async fn term_vectors(core: &Arc<Core>, request: TermVectorsRequest) -> Result<TermVectors, Error> {
    let state = core.state();
    let metadata = read_target(&state, &request.get.index)?;
    super::blocks::check_read(&state, &metadata)?;
    let index = metadata.name.clone();
    let (id, version, source) = match &request.doc {
        Some(doc) => (None, 0, doc.clone()),
        None => {
            let id = Some(request.get.id.clone());
            let answer = super::get::get(core, request.get.clone()).await.map_err(failed)?;
            let Some(found) = answer.found else {
                return Ok(TermVectors { index, id, version: 0, found: false, fields: Vec::new() });
            };
            let source = found.source.filter(|source| !source.is_empty());
            let unreadable = |error| Error::new(ErrorKind::Parse, format!("the source does not read: {error}"));
            let source = source.map(|source| serde_json::from_slice(&source).map_err(unreadable)).transpose()?;
            (id, found.version.0, source.unwrap_or_default())
        }
    };
    let open = core.indexes.get(&metadata)?;
    let view = open.view();
    let mut fields = words(&request, &source, (&*view.metadata.mapping, &*view.analysis))?;
    if request.field_statistics || request.term_statistics || request.filter.is_some() {
        let routing =
            super::get::routing_of(&metadata, &request.get.index, request.get.routing.as_deref(), &request.get.id)?;
        let number = Spread::of(&metadata.settings).shard(&request.get.id, routing.as_deref());
        let asked = fields.iter().map(|field| {
            (field.field.to_string(), field.terms.iter().map(|term| term.text.clone()).collect::<Vec<_>>())
        });
        let asked: Vec<(String, Vec<String>)> = asked.collect();
        let counts = counts(core, (&metadata, &open, number), asked).await?;
        told(&request, &mut fields, counts);
    }
    Ok(TermVectors { index, id, version, found: true, fields })
}

/// Counts in a shard, wherever it is.
async fn counts(
    core: &Core,
    (metadata, open, number): (&IndexMetadata, &OpenIndex, ShardNumber),
    asked: Vec<(String, Vec<String>)>,
) -> Result<Counts, Error> {
    let mut reading = Reading::new(core, open, number, Some(Choice::primary_first(Preference::default())));
    loop {
        let state = core.state();
        match reading.holder(&state) {
            Holder::Nowhere(error) | Holder::Silent(_, error) => reading.wait(error).await?,
            Holder::Here(shard) => return count(core, shard, asked).await,
            Holder::There(node) => {
                let (version, index, fields) = (state.version, metadata.uuid.clone(), asked.clone());
                if let Some(counts) = reading.ask(&node, &Terms { version, index, number, fields }).await? {
                    return Ok(counts);
                }
            }
        }
    }
}

fn failed(error: Error) -> Error {
    match error.kind {
        ErrorKind::VersionConflict => {
            Error::new(ErrorKind::Generic, "failed to execute term vector request").with_cause(error)
        }
        _ => error,
    }
}

/// Counts in a shard of this node.
///
/// # Errors
/// Failures to read its segments.
pub(super) async fn count(
    core: &Core,
    shard: Arc<OpenShard>,
    fields: Vec<(String, Vec<String>)>,
) -> Result<Counts, Error> {
    core.search
        .run(move || {
            let reader = shard.copy()?.reader();
            fields.iter().map(|(field, terms)| vocabulary(&reader, field, terms, &Endless)).collect()
        })
        .await?
}

/// The words of the fields that are asked for.
fn words(
    request: &TermVectorsRequest,
    source: &Value,
    (mapping, analysis): (&Mapping, &Registry),
) -> Result<Vec<FieldTerms>, Error> {
    let mut chosen: BTreeMap<Arc<str>, &Field> = BTreeMap::new();
    let patterns = request.fields.clone().unwrap_or_else(|| vec!["*".to_owned()]);
    for pattern in &patterns {
        for (_, field) in mapping.fields_matching(pattern) {
            let stored = field.explicit.get("term_vector").and_then(Value::as_str).is_some_and(|kind| kind != "no");
            let wanted = request.fields.is_some() || request.doc.is_some() || stored;
            if wanted && matches!(field.kind, FieldKind::Text | FieldKind::Keyword) {
                chosen.insert(field.path.clone(), field);
            }
        }
    }
    let mut found = Vec::new();
    for (path, field) in chosen {
        let named = request.analyzers.iter().find(|(name, _)| **name == *path).map(|(_, analyzer)| analyzer.as_str());
        let terms = terms_of(request, (field, named), source, (mapping, analysis))?;
        if !terms.is_empty() {
            found.push(FieldTerms { field: path, statistics: None, terms });
        }
    }
    Ok(found)
}

fn terms_of(
    request: &TermVectorsRequest,
    (field, analyzer): (&Field, Option<&str>),
    source: &Value,
    (mapping, analysis): (&Mapping, &Registry),
) -> Result<Vec<TermVector>, Error> {
    // Of a multi-field the values are those of the field above it.
    let path = match mapping.is_multi_field(&field.path) {
        true => field.path.rsplit_once('.').map_or(&*field.path, |(above, _)| above),
        false => &field.path,
    };
    let (steps, mut values) = (path.split('.').collect::<Vec<_>>(), Vec::new());
    extract(&steps, source, None, &mut values);
    let name = match (analyzer, field.kind == FieldKind::Keyword) {
        (Some(name), _) => name,
        (None, true) => "keyword",
        (None, false) => field.analyzer.as_deref().unwrap_or("default"),
    };
    let found = analysis.analyzer(name).or_else(|| analysis.analyzer("standard").filter(|_| analyzer.is_none()));
    let found = found.ok_or_else(|| Error::illegal_argument(format!("No analyzer found for [{name}]")))?;
    let (mut terms, mut position, mut offset) = (BTreeMap::<String, TermVector>::new(), 0u32, 0u32);
    for value in values {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            _ => continue,
        };
        let analyzed = found.analyze(&text);
        for token in &analyzed.tokens {
            let term = terms
                .entry(token.text.clone())
                .or_insert_with(|| TermVector { text: token.text.clone(), ..TermVector::default() });
            term.freq += 1;
            if request.positions || request.offsets {
                term.tokens.push(TermPlace {
                    position: position.saturating_add(token.position),
                    start: offset.saturating_add(token.start_offset),
                    end: offset.saturating_add(token.end_offset),
                });
            }
        }
        position = position.saturating_add(analyzed.positions).saturating_add(found.position_gap());
        offset = offset.saturating_add(analyzed.end_offset).saturating_add(1);
    }
    Ok(terms.into_values().collect())
}

/// Puts the counts in, and leaves out what a filter does not want.
fn told(request: &TermVectorsRequest, fields: &mut [FieldTerms], counts: Counts) {
    let mut best: Vec<f32> = Vec::new();
    for (field, (whole, each)) in fields.iter_mut().zip(counts) {
        field.statistics = request.field_statistics.then_some(whole);
        for (term, counts) in field.terms.iter_mut().zip(each) {
            term.counts = counts.filter(|_| request.term_statistics);
            if let Some(filter) = &request.filter {
                term.score = score(filter, term, (whole.doc_count, counts));
                best.extend(term.score);
            }
        }
    }
    let Some(filter) = &request.filter else { return };
    best.sort_by(|a, b| b.total_cmp(a));
    let mut left = filter.max_num_terms;
    let least = if left == 0 { f32::INFINITY } else { best.get(left - 1).copied().unwrap_or(f32::NEG_INFINITY) };
    for field in fields.iter_mut() {
        field.terms.retain(|term| {
            let kept = left > 0 && term.score.is_some_and(|score| score >= least);
            left -= usize::from(kept);
            kept
        });
    }
}

/// How telling a term is; `None`: it does not pass.
fn score(filter: &TermFilter, term: &TermVector, (documents, counts): (u64, Option<(u64, u64)>)) -> Option<f32> {
    let doc_freq = counts.map_or(0, |(documents, _)| documents);
    let length = term.text.chars().count();
    let passes = (filter.min_term_freq..=filter.max_term_freq).contains(&term.freq)
        && (filter.min_doc_freq..=filter.max_doc_freq).contains(&doc_freq)
        && length >= filter.min_word_length
        && (filter.max_word_length == 0 || length <= filter.max_word_length);
    let rarity = ((documents + 1) as f64 / (doc_freq + 1) as f64).ln() + 1.0;
    passes.then_some(term.freq as f32 * rarity as f32)
}
