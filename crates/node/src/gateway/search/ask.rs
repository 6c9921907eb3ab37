//! Asking the shards: what each is asked, in parallel, under the deadline.

use std::sync::Arc;
use std::time::Instant;

use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::search::SearchRequest;
use search::bind::bind_after;
use search::scatter::{Effect, Event, Outcome, Scatter};
use search::shard_query::{DocAddress, ShardHits, ShardQuery};
use search::statistics::Statistics;
use shard::execute;
use shard::fetch::{FetchPlan, Fetched};
use shard::reader::Reader;
use tokio::sync::mpsc;

use super::target::{BoundIndex, failure};
use crate::clock::now_ms;
use crate::core::Core;
use crate::gateway::patience::{Guard, SearchPatience};
use crate::indexes::{IndexView, OpenShard, Used};

/// One shard of the plan.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) index: usize,
    view: Arc<IndexView>,
    pub(super) shard: Arc<OpenShard>,
}

/// A shard that was asked: the reader that answered fetches, too.
pub(super) struct Asked {
    pub(super) place: Place,
    pub(super) reader: Option<Reader>,
    pub(super) fetched: Option<Result<Vec<Fetched>, Error>>,
}

pub(super) fn places(indexes: &[BoundIndex], preference: Option<&str>) -> Vec<Place> {
    let of = |(index, bound): (usize, &BoundIndex)| {
        bound
            .shards
            .iter()
            .map(move |shard| Place { index, view: bound.view.clone(), shard: shard.clone() })
            .collect::<Vec<_>>()
    };
    let wanted = preferred(preference);
    let places = indexes.iter().enumerate().flat_map(of);
    places.filter(|place| wanted.as_ref().is_none_or(|wanted| wanted.contains(&place.shard.number))).collect()
}

/// The shards that `_shards:0,2` asks for; other preferences choose among copies, of which there is one.
fn preferred(preference: Option<&str>) -> Option<Vec<ShardNumber>> {
    let list = preference?.strip_prefix("_shards:")?.split('|').next()?;
    Some(list.split(',').filter_map(|number| number.trim().parse().ok()).map(ShardNumber).collect())
}

/// What the shards of each index are asked; with several shards their statistics are added up first.
pub(super) async fn shard_queries(
    core: &Arc<Core>,
    indexes: &[BoundIndex],
    request: &SearchRequest,
    patience: &SearchPatience,
) -> Result<Vec<Arc<ShardQuery>>, Error> {
    let mut queries = Vec::with_capacity(indexes.len());
    for index in indexes {
        let statistics = if index.metadata.shards.len() > 1 { statistics(core, index, patience).await? } else { None };
        let after = request
            .search_after
            .as_ref()
            .map(|values| bind_after(values, &request.sort, &index.sort, &index.context))
            .transpose();
        let after = after.map_err(|error| {
            Error::search_phase("all shards failed", vec![failure(core, &index.metadata, ShardNumber(0), error)])
        })?;
        queries.push(Arc::new(ShardQuery {
            query: index.query.clone(),
            post_filter: index.post_filter.clone(),
            statistics,
            top: request.from.saturating_add(request.size) as usize,
            sort: index.sort.clone(),
            after: after.map(Into::into),
            track_scores: request.track_scores,
            track_total: request.track_total_hits,
            min_score: request.min_score,
            terminate_after: request.terminate_after.filter(|count| *count > 0),
            aggregations: index.aggregations.clone(),
        }));
    }
    Ok(queries)
}

/// The sum over all shards of an index, asked or not: routing does not change a score.
async fn statistics(
    core: &Arc<Core>,
    index: &BoundIndex,
    patience: &SearchPatience,
) -> Result<Option<Arc<Statistics>>, Error> {
    if !index.query.needs_statistics() {
        return Ok(None);
    }
    let mut sum = Statistics::default();
    let all = core.indexes.get(&index.metadata)?;
    let tasks: Vec<_> = all
        .shards
        .iter()
        .filter_map(|shard| shard.copy().ok().cloned())
        .map(|copy| {
            let (core, query, patience) = (core.clone(), index.query.clone(), patience.clone());
            async move {
                core.search
                    .run(move || {
                        if patience.is_over() {
                            Ok(Statistics::default())
                        } else {
                            execute::statistics(&copy.reader(), &query)
                        }
                    })
                    .await?
            }
        })
        .map(tokio::spawn)
        .collect();
    for task in tasks {
        sum.merge(task.await.map_err(lost)??);
    }
    Ok(Some(Arc::new(sum)))
}

/// What a shard gives: its hits, the reader that found them, and, of the only shard of a search, what the client sees of the winners.
struct Answered {
    hits: ShardHits,
    reader: Reader,
    fetched: Option<Result<Vec<Fetched>, Error>>,
}

type ShardAnswer = (usize, Result<Answered, Error>);

/// Asks every shard and waits for answers, failures or the deadline.
pub(super) async fn scatter(core: &Arc<Core>, questions: &[Question], guard: &Guard) -> (Outcome<Error>, Vec<Asked>) {
    let fresh = |question: &Question| Asked { place: question.place.clone(), reader: None, fetched: None };
    let mut asked: Vec<Asked> = questions.iter().map(fresh).collect();
    let (sender, mut events) = mpsc::channel(questions.len().max(1));
    let mut effects = Vec::new();
    let mut scatter = Scatter::start(questions.len(), &mut effects);
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Ask { shard } => ask(core, questions[shard].clone(), guard.patience(), (shard, sender.clone())),
                Effect::Stop { .. } => guard.stop(),
                Effect::Finish => return (scatter.outcome(), asked),
            }
        }
        let event = tokio::select! {
            Some((shard, answer)) = events.recv() => match answer {
                Ok(Answered { hits, reader, fetched }) => {
                    asked[shard].reader = Some(reader);
                    asked[shard].fetched = fetched;
                    Event::ShardAnswered { shard, hits }
                }
                Err(failure) => Event::ShardFailed { shard, failure },
            },
            () = guard.deadline() => Event::Deadline,
        };
        scatter.on(event, &mut effects);
    }
}

fn ask(core: &Arc<Core>, question: Question, patience: SearchPatience, to: (usize, mpsc::Sender<ShardAnswer>)) {
    let inside = core.clone();
    let work = core.search.run(move || question.answer(&inside, &patience));
    tokio::spawn(async move {
        let answer = work.await.and_then(|answer| answer);
        // Nobody listens when the search is over already.
        let _ = to.1.send((to.0, answer)).await;
    });
}

/// What one shard is asked.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) place: Place,
    pub(super) query: Arc<ShardQuery>,
    /// The only shard of a search knows the winners: it fetches those from this rank on at once.
    pub(super) only: Option<(Arc<FetchPlan>, usize)>,
}

impl Question {
    fn answer(&self, core: &Core, patience: &SearchPatience) -> Result<Answered, Error> {
        let begun = Instant::now();
        let shard = &self.place.shard;
        let copy = shard.copy()?;
        crate::gateway::upkeep::wake(&self.place.view, shard, copy, now_ms())?;
        let reader = copy.reader();
        let budget = Arc::new(core.aggregation_budget());
        let hits = crate::gateway::caught(|| execute::query_within(&reader, &self.query, patience, &budget))?;
        Used::count(&shard.used.queries, &shard.used.query_micros, begun);
        let fetched = self.only.as_ref().map(|(plan, from)| {
            let addresses: Vec<DocAddress> = hits.hits.iter().skip(*from).map(|hit| hit.address).collect();
            fetch(shard, plan, &reader, &addresses, patience)
        });
        Ok(Answered { hits, reader, fetched })
    }
}

/// What the client sees of documents of one shard.
pub(super) fn fetch(
    shard: &OpenShard,
    plan: &FetchPlan,
    reader: &Reader,
    addresses: &[DocAddress],
    patience: &SearchPatience,
) -> Result<Vec<Fetched>, Error> {
    let begun = Instant::now();
    let fetched = crate::gateway::caught(|| plan.fetch(reader, addresses, patience));
    Used::count(&shard.used.fetches, &shard.used.fetch_micros, begun);
    fetched
}

fn lost(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::IllegalState, format!("a part of the search ended without an answer: {error}"))
}
