//! Suggestions beside a search: shards tell of their terms, and what is offered is chosen here, once, of the terms of all of them.
//!
//! Not here: which terms a shard walks over (`shard::suggest`), which of them are chosen (`search::suggest`).

mod completion;
mod phrase;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analysis::Analyzer;
use cluster::state::{IndexMetadata, NodeId};
use model::error::Error;
use model::id::ShardNumber;
use model::mapping::Field;
use model::search::{SearchRequest, SearchResponse, ShardFailure};
use model::suggest::{Speller, SuggestEntry, SuggestKind, SuggestOption, Suggested, Suggestion};
use search::suggest::analyze::{analyzer_for, words};
use search::suggest::similar::{order, similar};
use search::suggest::{Ask, Near, TermCount, Told, Totals};
use tokio::task::JoinSet;

use super::retry::{TRIES, again};
use super::{resolve_open, routed};
use crate::core::Core;
use crate::gateway::choice::Choice;
use crate::gateway::holder::Holder;
use crate::gateway::patience::Guard;
use crate::gateway::preference::Preference;
use crate::gateway::remote;
use crate::gateway::remote::suggest::{AskedIndex, Tell, add, tell};

/// What a search is asked to suggest.
pub(super) struct Suggesting {
    suggestions: Vec<Suggestion>,
    request: SearchRequest,
}

impl Suggesting {
    /// Takes the suggestions out of a request; `None`: there are none.
    ///
    /// # Errors
    /// 501 over a point in time.
    pub(super) fn of(request: &mut SearchRequest) -> Result<Option<Self>, Error> {
        if request.suggest.is_empty() {
            return Ok(None);
        }
        if request.point.is_some() {
            return Err(Error::not_implemented("[suggest] of a search over a point in time"));
        }
        let suggestions = std::mem::take(&mut request.suggest);
        Ok(Some(Self { suggestions, request: request.clone() }))
    }

    /// Adds what is suggested to the answer of the search.
    ///
    /// # Errors
    /// Fields that no index has; patterns and analyzers that are none.
    pub(super) async fn answer(
        self,
        core: &Arc<Core>,
        answer: &mut SearchResponse,
        begun: Instant,
    ) -> Result<(), Error> {
        let timeout = self.request.timeout_ms.or(core.config.search_timeout_ms);
        let guard = Guard::new(timeout.map(|timeout| begun + Duration::from_millis(timeout)));
        let mut choice = Choice::new(Preference::of(core, self.request.preference.as_deref())?, core.turn());
        let (mut suggested, mut failures) = (Vec::new(), Vec::new());
        for left in (0..TRIES).rev() {
            let version = core.state().version;
            (suggested, failures) = self.try_all(core, &guard, &choice).await?;
            let may = left > 0 && guard.remaining().is_none_or(|left| !left.is_zero());
            if failures.is_empty() || !may || !again(core, &mut choice, version, &failures).await {
                break;
            }
        }
        answer.suggest = suggested;
        let known = |failure: &ShardFailure| {
            answer.shards.failures.iter().any(|known| known.index == failure.index && known.shard == failure.shard)
        };
        let new: Vec<ShardFailure> = failures.into_iter().filter(|failure| !known(failure)).collect();
        for failure in new {
            answer.shards.successful = answer.shards.successful.saturating_sub(1);
            answer.shards.failures.push(failure);
        }
        Ok(())
    }

    /// What the copies that are chosen suggest, and which shards gave nothing.
    async fn try_all(
        &self,
        core: &Arc<Core>,
        guard: &Guard,
        choice: &Choice,
    ) -> Result<(Vec<Suggested>, Vec<ShardFailure>), Error> {
        let mut shards = Shards { core, guard, choice, indexes: Vec::new(), failures: Vec::new() };
        for found in resolve_open(core, &self.request.target)? {
            let asked = routed(&found.index, found.routing(&self.request.routing));
            shards.indexes.push((found.index, asked));
        }
        let mut suggested = Vec::with_capacity(self.suggestions.len());
        for suggestion in &self.suggestions {
            suggested.push(self.one(&mut shards, suggestion).await?);
        }
        Ok((suggested, shards.failures))
    }

    async fn one(&self, shards: &mut Shards<'_>, suggestion: &Suggestion) -> Result<Suggested, Error> {
        let entries = match &suggestion.kind {
            SuggestKind::Term { speller, by_frequency } => term(shards, suggestion, (speller, *by_frequency)).await?,
            SuggestKind::Phrase(asked) => phrase::suggest(shards, suggestion, asked).await?,
            SuggestKind::Completion(asked) => completion::suggest(&self.request, shards, suggestion, asked).await?,
        };
        Ok(Suggested { name: suggestion.name.clone(), kind: suggestion.kind.name(), entries })
    }
}

/// The shards that are asked.
struct Shards<'a> {
    core: &'a Arc<Core>,
    guard: &'a Guard,
    choice: &'a Choice,
    indexes: Vec<(Arc<IndexMetadata>, Vec<ShardNumber>)>,
    failures: Vec<ShardFailure>,
}

impl Shards<'_> {
    /// The first index that has a field, and the field.
    fn field(&self, name: &str) -> Result<(Arc<IndexMetadata>, Arc<Field>), Error> {
        let found =
            self.indexes.iter().find_map(|(index, _)| Some((index.clone(), index.mapping.field(name)?.clone())));
        found.ok_or_else(|| self.all_failed(&Error::illegal_argument(format!("no mapping found for field [{name}]"))))
    }

    /// No shard can do what is asked.
    fn all_failed(&self, error: &Error) -> Error {
        let failure = |(index, _): &(Arc<IndexMetadata>, Vec<ShardNumber>)| {
            super::failure(index, ShardNumber(0), Some(&self.core.identity.node), error.clone())
        };
        Error::search_phase("all shards failed", self.indexes.iter().map(failure).collect())
    }

    /// The analyzer of a text for a field, as the first index has it that has the field.
    fn analyzer(&self, name: &str, given: Option<&str>) -> Result<(Arc<Field>, Analyzer), Error> {
        let (index, field) = self.field(name)?;
        let view = self.core.indexes.get(&index)?.view();
        let analyzer = analyzer_for(&field, given, &view.analysis)?;
        Ok((field, analyzer))
    }

    /// Asks every shard, and adds up what they tell. One that is not reached is among the failures.
    async fn ask(&mut self, asks: Vec<Ask>) -> Result<Vec<Told>, Error> {
        let asks = Arc::new(asks);
        let (core, state) = (self.core.clone(), self.core.state());
        let mut here: Vec<(AskedIndex, ShardNumber, Arc<IndexMetadata>)> = Vec::new();
        let mut there: BTreeMap<NodeId, Vec<(AskedIndex, Arc<IndexMetadata>)>> = BTreeMap::new();
        for (metadata, numbers) in &self.indexes {
            let open = core.indexes.get(metadata)?;
            for &number in numbers {
                let part = |shards| AskedIndex { uuid: metadata.uuid.clone(), shards, asks: asks.clone() };
                match Holder::reading(&core, &state, &open, number, self.choice) {
                    Holder::Here(_) => here.push((part(vec![number]), number, metadata.clone())),
                    Holder::There(node) => {
                        let parts = there.entry(node).or_default();
                        match parts.last_mut() {
                            Some((last, _)) if last.uuid == metadata.uuid => last.shards.push(number),
                            _ => parts.push((part(vec![number]), metadata.clone())),
                        }
                    }
                    Holder::Silent(_, error) | Holder::Nowhere(error) => {
                        self.failures.push(super::failure(metadata, number, None, error));
                    }
                }
            }
        }
        let mut asked = JoinSet::new();
        let remaining = self.guard.remaining();
        for (node, parts) in there {
            let core = core.clone();
            let indexes = parts.iter().map(|(part, _)| part.clone()).collect();
            let remaining_ms = remaining.map(|left| left.as_millis() as u64);
            let message = Tell { version: state.version, indexes, remaining_ms };
            asked.spawn(async move { (remote::ask(&core, &node, &message, remaining).await, node, parts) });
        }
        let mut sum = Vec::new();
        for (part, number, metadata) in here {
            match tell(&core, &part, number, self.guard).await {
                Ok(told) => add(&mut sum, told),
                Err(error) if error.status() < 500 => return Err(error),
                Err(error) => self.failures.push(super::failure(&metadata, number, Some(&core.identity.node), error)),
            }
        }
        while let Some(answered) = asked.join_next().await {
            let (told, node, parts) = answered.map_err(super::statistics::lost)?;
            match told {
                Ok(told) => add(&mut sum, told),
                Err(error) => {
                    let error: Error = error.into();
                    for (part, metadata) in &parts {
                        let failed =
                            |number: &ShardNumber| super::failure(metadata, *number, Some(&node), error.clone());
                        self.failures.extend(part.shards.iter().map(failed));
                    }
                }
            }
        }
        Ok(sum)
    }
}

/// Words near each of some texts, in one field.
struct Spelled {
    own: TermCount,
    near: Vec<Near>,
}

/// Asks for the words near each text, and for the totals of the field.
async fn spelled(
    shards: &mut Shards<'_>,
    field: &str,
    (texts, speller): (&[String], &Speller),
) -> Result<(Vec<Spelled>, Totals), Error> {
    let prefix_length = speller.prefix_length.max(u32::from(speller.max_edits > 1));
    let first_length = speller.prefix_length;
    let twice = first_length != prefix_length;
    let mut asks =
        vec![Ask::Totals { field: field.to_owned() }, Ask::Counts { field: field.to_owned(), terms: texts.to_vec() }];
    for text in texts {
        let near =
            |edits, prefix_length| Ask::Near { field: field.to_owned(), text: text.clone(), edits, prefix_length };
        asks.push(near(speller.max_edits, prefix_length));
        if twice {
            // Within one edit the first character may differ, too.
            asks.push(near(1, first_length));
        }
    }
    let mut told = shards.ask(asks).await?.into_iter();
    let totals = if let Some(Told::Totals(totals)) = told.next() { totals } else { Totals::default() };
    let own = if let Some(Told::Counts(counts)) = told.next() { counts } else { Vec::new() };
    let mut found = Vec::with_capacity(texts.len());
    for at in 0..texts.len() {
        let mut near: BTreeMap<String, Near> = BTreeMap::new();
        for _ in 0..=usize::from(twice) {
            if let Some(Told::Near(part)) = told.next() {
                near.extend(part.into_iter().map(|near| (near.term.clone(), near)));
            }
        }
        let own = own.get(at).copied().unwrap_or_default();
        found.push(Spelled { own, near: near.into_values().collect() });
    }
    Ok((found, totals))
}

/// `term`: the words of the text, each with those that may have been meant.
async fn term(
    shards: &mut Shards<'_>,
    suggestion: &Suggestion,
    (speller, by_frequency): (&Speller, bool),
) -> Result<Vec<SuggestEntry>, Error> {
    let (field, analyzer) = shards.analyzer(&suggestion.field, suggestion.analyzer.as_deref())?;
    let tokens = analyzer.tokens(&suggestion.text);
    let texts: Vec<String> = tokens.iter().map(|token| token.text.clone()).collect();
    let (found, totals) = spelled(shards, &field.path, (&texts, speller)).await?;
    let wanted = suggestion.shard_size.unwrap_or_else(|| suggestion.size.max(5)) as usize;
    let mut entries = Vec::with_capacity(tokens.len());
    for (token, spelled) in tokens.iter().zip(found) {
        let known = (spelled.own, spelled.near.as_slice());
        let mut words = similar(&token.text, known, totals.documents, speller, (wanted, by_frequency));
        words.sort_by(|a, b| order(a, b, by_frequency));
        words.truncate(suggestion.size as usize);
        let option = |word: search::suggest::similar::Similar| SuggestOption {
            text: word.term,
            score: word.score,
            freq: Some(word.count.doc_freq),
            ..SuggestOption::default()
        };
        entries.push(SuggestEntry {
            text: token.text.clone(),
            offset: token.start_offset,
            length: token.end_offset - token.start_offset,
            options: words.into_iter().map(option).collect(),
        });
    }
    Ok(entries)
}

/// A text that is one entry.
fn whole(text: &str, options: Vec<SuggestOption>) -> Vec<SuggestEntry> {
    vec![SuggestEntry { text: text.to_owned(), offset: 0, length: text.encode_utf16().count() as u32, options }]
}

/// The words of a text of a phrase.
fn phrase_words(analyzer: &Analyzer, text: &str) -> Vec<String> {
    words(analyzer, text).into_iter().map(|token| token.text).collect()
}
