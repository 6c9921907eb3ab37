//! Asking the shards: what each is asked, in parallel, under the deadline.

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::search::SearchRequest;
use search::bind::bind_after;
use search::scatter::{Effect, Event, Outcome, Scatter};
use search::shard_query::{DocAddress, ShardHits, ShardQuery};
use search::statistics::Statistics;
use shard::execute::{self, Patience};
use shard::fetch::{FetchPlan, Fetched};
use shard::reader::Reader;
use tokio::sync::mpsc;

use super::brief::goes_in_steps;
use super::target::{BoundIndex, failure};
use crate::clock::now_ms;
use crate::core::Core;
use crate::gateway::patience::{Guard, SearchPatience};
use crate::gateway::upkeep;
use crate::indexes::{IndexView, OpenShard};

/// How long a search may hold up a thread that serves connections.
const HERE: Duration = Duration::from_micros(500);

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
        let mut here = None;
        for effect in effects.drain(..) {
            match effect {
                Effect::Ask { shard } => {
                    let (question, patience) = (&questions[shard], guard.patience());
                    here = question.answer_here(core, &patience).map(|answer| (shard, answer));
                    if here.is_none() {
                        ask(core, question.clone(), patience, (shard, sender.clone()));
                    }
                }
                Effect::Stop { .. } => guard.stop(),
                Effect::Finish => return (scatter.outcome(), asked),
            }
        }
        let heard = match here {
            Some(answer) => Some(answer),
            None => tokio::select! {
                Some(answer) = events.recv() => Some(answer),
                () = guard.deadline() => None,
            },
        };
        let event = match heard {
            Some((shard, Ok(Answered { hits, reader, fetched }))) => {
                asked[shard].reader = Some(reader);
                asked[shard].fetched = fetched;
                Event::ShardAnswered { shard, hits }
            }
            Some((shard, Err(failure))) => Event::ShardFailed { shard, failure },
            None => Event::Deadline,
        };
        scatter.on(event, &mut effects);
    }
}

/// Lets a thread of the pool answer. It sends the answer itself; there is room for one of every shard.
fn ask(core: &Arc<Core>, question: Question, patience: SearchPatience, to: (usize, mpsc::Sender<ShardAnswer>)) {
    let (shard, answers) = to;
    let (refused, inside) = (answers.clone(), core.clone());
    let job = move || {
        let answer = crate::gateway::caught(|| question.answer(&inside, &patience));
        // Nobody listens when the search is over already.
        let _ = answers.try_send((shard, answer));
    };
    if let Err(full) = core.search.begin(Box::new(job)) {
        let _ = refused.try_send((shard, Err(full)));
    }
}

/// What one shard is asked.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) place: Place,
    pub(super) query: Arc<ShardQuery>,
    /// Under which it is counted.
    pub(super) groups: Arc<[String]>,
    /// The only shard of a search knows the winners: it fetches those from this rank on at once.
    pub(super) only: Option<(Arc<FetchPlan>, usize)>,
}

impl Question {
    /// Answers on this thread, if that is done in no time: handing a short search to another thread costs more than the search. `None`: it
    /// takes longer, or the searches of this shard did so lately.
    fn answer_here(&self, core: &Core, patience: &SearchPatience) -> Option<Result<Answered, Error>> {
        self.only.as_ref()?;
        let shard = &self.place.shard;
        let copy = shard.copy().ok()?;
        let steady = !upkeep::would_refresh(&self.place.view, shard, copy, now_ms());
        if !steady || !goes_in_steps(&self.query, &copy.reader()) || !shard.used.tries.may() {
            return None;
        }
        let hurried = patience.within(HERE);
        let answer = crate::gateway::caught(|| self.answer(core, &hurried));
        let done = !hurried.gave_up();
        shard.used.tries.tried(done);
        done.then_some(answer)
    }

    fn answer(&self, core: &Core, patience: &dyn Patience) -> Result<Answered, Error> {
        let begun = Instant::now();
        let shard = &self.place.shard;
        let copy = shard.copy()?;
        upkeep::wake(&self.place.view, shard, copy, now_ms())?;
        let reader = copy.reader();
        let budget = Arc::new(core.aggregation_budget());
        let hits = crate::gateway::caught(|| execute::query_within(&reader, &self.query, patience, &budget))?;
        let took = begun.elapsed();
        let fetched = self.only.as_ref().map(|(plan, from)| {
            let addresses: Vec<DocAddress> = hits.hits.iter().skip(*from).map(|hit| hit.address).collect();
            fetch((shard, &self.groups), plan, &reader, &addresses, patience)
        });
        // Who gave up asks again.
        if !fetched.as_ref().is_some_and(was_cancelled) {
            shard.used.count_query(took, &self.groups);
        }
        Ok(Answered { hits, reader, fetched })
    }
}

/// What the client sees of documents of one shard; counted under `groups`.
pub(super) fn fetch(
    (shard, groups): (&OpenShard, &[String]),
    plan: &FetchPlan,
    reader: &Reader,
    addresses: &[DocAddress],
    patience: &dyn Patience,
) -> Result<Vec<Fetched>, Error> {
    let begun = Instant::now();
    let fetched = crate::gateway::caught(|| plan.fetch(reader, addresses, patience));
    if !was_cancelled(&fetched) {
        shard.used.count_fetch(begun.elapsed(), groups);
    }
    fetched
}

fn was_cancelled<T>(result: &Result<T, Error>) -> bool {
    result.as_ref().is_err_and(|error| error.kind == ErrorKind::TaskCancelled)
}

fn lost(error: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::IllegalState, format!("a part of the search ended without an answer: {error}"))
}
