//! The phases of a search that another node conducts: counting terms, finding, fetching.

use std::sync::Arc;
use std::time::{Duration, Instant};

use grpc::route::Class;
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber, StateVersion};
use model::search::SearchRequest;
use model::task::TaskId;
use search::bound::BoundQuery;
use search::shard_query::{DocAddress, ShardHits};
use search::statistics::Statistics;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shard::execute;
use shard::reader::Reader;

use super::contexts::Context;
use super::{Message, ahead, caught_up};
use crate::core::Core;
use crate::gateway::holder::Holder;
use crate::gateway::patience::Guard;
use crate::gateway::point::Pinned as PointReaders;
use crate::gateway::search::{
    Asked, Asking, BoundIndex, FetchedAhead, Floor, Pin, Pinned, Place, Question, Reached, Shown, bind_filtered,
    bind_index, clock, context, is_counted_at_once, is_kept, known::ShardCounts, scatter, shard_query,
};
use crate::gateway::slow_log::Account;
use crate::indexes::OpenIndex;
use crate::tasks::Begun;

/// A search, and the part of it that one node has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::gateway) struct Searched {
    /// Of the metadata that the asker had.
    pub(in crate::gateway) version: StateVersion,
    /// What `now` means.
    pub(in crate::gateway) now_ms: u64,
    pub(in crate::gateway) request: Arc<SearchRequest>,
    pub(in crate::gateway) indexes: Vec<SearchedIndex>,
    /// The body of the request, where one of the indexes keeps a slow log.
    pub(in crate::gateway) source: Option<Arc<str>>,
    /// How long the asker waits for what has been found by then; `None`: as long as it takes.
    pub(in crate::gateway) remaining_ms: Option<u64>,
    /// The task that it is for.
    pub(in crate::gateway) task: Option<TaskId>,
}

pub(super) type OneShard = (BoundQuery, Arc<OpenIndex>, Option<Arc<Statistics>>, ShardNumber);

/// One index of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::gateway) struct SearchedIndex {
    pub(in crate::gateway) uuid: IndexUuid,
    /// Of aliases; one must match.
    #[serde(with = "model::wire::json")]
    pub(in crate::gateway) filters: Vec<Value>,
    pub(in crate::gateway) shards: Vec<ShardNumber>,
    /// Of the whole index.
    pub(in crate::gateway) statistics: Option<Arc<Statistics>>,
    /// The generations of the shards with which their part of the statistics was counted; empty: they have just been.
    pub(in crate::gateway) generations: Vec<u64>,
}

impl Searched {
    /// What this node's shards hold back, where the search wants to see it.
    async fn publish(&self, core: &Core) -> Result<(), Error> {
        match self.request.publish_pending {
            true => crate::gateway::maintenance::publish(core, &self.request.target).await,
            false => Ok(()),
        }
    }

    fn begun(&self, action: &'static str) -> Begun {
        let description = format!("shards[{}]", self.indexes.iter().map(|index| index.shards.len()).sum::<usize>());
        Begun { action, description, parent: self.task.clone(), cancellable: true }
    }

    fn account(&self) -> Arc<Account> {
        let shards = self.indexes.iter().map(|index| index.shards.len()).sum();
        Account::of(&self.request, self.source.as_ref(), shards)
    }

    fn guard(&self) -> Guard {
        Guard::hasty(self.remaining_ms.map(|remaining| Instant::now() + Duration::from_millis(remaining)))
    }

    /// Of a search of one shard of one index: its query, the index, the statistics, the shard.
    pub(super) fn of_one(&self, core: &Core) -> Result<OneShard, Error> {
        let (Some(index), none) = (self.indexes.first(), || Error::illegal_argument("the search has no shard")) else {
            return Err(Error::illegal_argument("the search has no index"));
        };
        let reached = self.reached(core, index)?;
        let open = core.indexes.get(&reached.metadata)?;
        let context = context(core, &open.view(), self.now_ms);
        let query = bind_filtered(&self.request.query, &index.filters, &context)?;
        Ok((query, open, index.statistics.clone(), *index.shards.first().ok_or_else(none)?))
    }

    fn reached(&self, core: &Core, index: &SearchedIndex) -> Result<Reached, Error> {
        let metadata = core.state().index_by_uuid(&index.uuid).cloned();
        let metadata = metadata.ok_or_else(|| Error::index_not_found(&index.uuid.0))?;
        Ok(Reached { metadata, filters: index.filters.clone(), now_ms: self.now_ms })
    }
}

/// How often the terms of a query occur: in each of the asked shards, by index; `None`: it is not here, or there was no time for it.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Count(pub(in crate::gateway) Searched);

impl Message for Count {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "search.count";
    type Answer = Vec<Vec<Option<ShardCounts>>>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        let task = core.tasks.begin(self.0.begun("indices:data/read/search[phase/dfs]"));
        task.run(self.count(&core)).await
    }
}

impl Count {
    async fn count(self, core: &Core) -> Result<Vec<Vec<Option<ShardCounts>>>, Error> {
        let searched = self.0;
        caught_up(core, searched.version).await?;
        searched.publish(core).await?;
        let guard = searched.guard();
        let patience = guard.patience();
        let mut counts = Vec::with_capacity(searched.indexes.len());
        for index in &searched.indexes {
            let reached = searched.reached(core, index)?;
            let open = core.indexes.get(&reached.metadata)?;
            let context = context(core, &open.view(), searched.now_ms);
            let query = bind_filtered(&searched.request.query, &index.filters, &context)?;
            let pinned = PointReaders::of(searched.request.point.as_ref(), &index.uuid)?;
            let state = core.state();
            let reader = |number: &ShardNumber| match &pinned {
                Some(pinned) => pinned.holder(core, &state, *number).1,
                None => Some(open.shard(*number)?.copy().ok()?.reader()),
            };
            let readers: Vec<_> = index.shards.iter().map(reader).collect();
            let (patience, at_once) = (patience.clone(), is_counted_at_once(&query));
            let count_one = move |reader: &Option<Reader>| {
                let Some(reader) = reader.as_ref().filter(|_| !patience.is_over()) else { return Ok(None) };
                let statistics = crate::gateway::caught(|| execute::statistics(reader, &query))?;
                Ok(Some(ShardCounts { generation: reader.generation, statistics }))
            };
            let count = move || readers.iter().map(count_one).collect::<Result<_, Error>>();
            counts.push(if at_once { count()? } else { core.search.run(count).await?? });
        }
        Ok(counts)
    }
}

/// The best hits of each asked shard.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Query {
    pub(in crate::gateway) searched: Searched,
    /// The only shard of its search knows the winners and fetches them at once.
    pub(in crate::gateway) only: bool,
    /// How many of the best hits are likely to win, and are shown with the answer if that takes but a moment.
    pub(in crate::gateway) ahead: u32,
    /// Shards that cannot match are passed over.
    pub(in crate::gateway) pre_filter: bool,
    /// How many shards may be searched at a time.
    pub(in crate::gateway) most: u32,
    /// Contexts that the asker needs no more.
    pub(in crate::gateway) released: Vec<u64>,
}

/// What a query has found on one node.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Found {
    /// Where to fetch from; `None`: there is nothing to fetch.
    pub(in crate::gateway) context: Option<u64>,
    /// In the order asked, index by index.
    pub(in crate::gateway) shards: Vec<Result<ShardFound, Error>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct ShardFound {
    pub(in crate::gateway) hits: ShardHits,
    /// The winners, where they are known.
    pub(in crate::gateway) fetched: Option<Shown>,
    /// Some of the hits, shown should they win.
    pub(in crate::gateway) ahead: Vec<FetchedAhead>,
}

impl Message for Query {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "search.query";
    type Answer = Found;

    async fn answer(self, core: Arc<Core>) -> Result<Found, Error> {
        core.contexts.release(&self.released);
        let task = core.tasks.begin(self.searched.begun("indices:data/read/search[phase/query]"));
        task.run(self.find(&core)).await
    }
}

impl Query {
    async fn find(&self, core: &Arc<Core>) -> Result<Found, Error> {
        let searched = &self.searched;
        caught_up(core, searched.version).await?;
        searched.publish(core).await?;
        let guard = searched.guard();
        if have_changed(core, searched) {
            let shards = searched.indexes.iter().flat_map(|part| &part.shards);
            return Ok(Found { context: None, shards: shards.map(|_| Err(changed())).collect() });
        }
        let questions = self.questions(core)?;
        core.metrics.shards_searched.inc_by(questions.len() as u64);
        let held = core.aggregation_budget();
        let most = self.most as usize;
        let asking = Asking { questions: &questions, elsewhere: Vec::new(), most, held: &held };
        let (outcome, asked) = scatter(core, asking, &guard).await;
        let late = || Error::new(ErrorKind::Timeout, "the shard gave no answer before the deadline");
        let mut shards: Vec<Result<ShardFound, Error>> = questions.iter().map(|_| Err(late())).collect();
        for (shard, failure) in outcome.failures {
            shards[shard] = Err(failure);
        }
        let mut pins: Vec<Option<Pinned>> = Vec::with_capacity(asked.len());
        let mut fetched = Vec::with_capacity(asked.len());
        for (asked, question) in asked.into_iter().zip(&questions) {
            let Asked { pin, fetched: mine, brief, .. } = asked;
            fetched.push(mine);
            pins.push(match (pin, &question.place.holder) {
                (Some(Pin::Here(reader)), Holder::Here(shard)) => Some(Pinned {
                    shard: shard.clone(),
                    view: question.place.view.clone(),
                    reader,
                    plan: question.plan.clone(),
                    brief,
                }),
                _ => None,
            });
        }
        let account = searched.account();
        let sort = questions.first().map_or(&[][..], |question| &question.query.sort);
        let mut ahead = ahead::fetch((&outcome.answers, sort), (&pins, &account), self.ahead, guard.patience());
        for (shard, hits) in outcome.answers {
            let (fetched, ahead) = (fetched[shard].take(), ahead.remove(&shard).unwrap_or_default());
            if hits.hits.len() == ahead.len() || fetched.is_some() {
                pins[shard] = None;
            }
            shards[shard] = Ok(ShardFound { hits, fetched, ahead });
        }
        let wanted = searched.request.size > 0 && pins.iter().any(Option::is_some);
        let context = wanted.then(|| core.contexts.keep(Context { shards: pins, account }, Instant::now()));
        Ok(Found { context, shards })
    }

    fn questions(&self, core: &Core) -> Result<Vec<Question>, Error> {
        let searched = &self.searched;
        let (request, state) = (&*searched.request, core.state());
        let account = searched.account();
        let (clock, floor) = (clock(request), Floor::of(request));
        let mut questions = Vec::new();
        for (at, part) in searched.indexes.iter().enumerate() {
            let mut index: BoundIndex = bind_index(core, request, searched.reached(core, part)?)?;
            let query = shard_query(&index, request, part.statistics.clone())?;
            let Some(plan) = index.fetch.take() else { continue };
            let plan = Arc::new(plan.with_statistics(part.statistics.clone()).timed(clock.clone()));
            let open = core.indexes.get(&index.metadata)?;
            for &number in &part.shards {
                // What another node holds by now is not asked from here.
                let mut place = Place::of(core, &state, (at, &index, &open), number, None);
                place.holder = match place.holder {
                    Holder::There(node) => {
                        let reason = format!("shard [{}][{number}] has moved to [{}]", index.metadata.name, node.0);
                        Holder::Nowhere(Error::new(ErrorKind::NoShardAvailable, reason))
                    }
                    holder => holder,
                };
                let only = self.only.then_some(request.from as usize);
                questions.push(Question {
                    query: query.of_shard(place.place),
                    place,
                    plan: plan.clone(),
                    account: account.clone(),
                    only,
                    pre_filter: self.pre_filter,
                    kept: is_kept(request, &index, &query),
                    clock: clock.clone(),
                    floor: floor.clone(),
                });
            }
        }
        Ok(questions)
    }
}

/// Whether a shard is not any more what it was when its terms were counted.
fn have_changed(core: &Core, searched: &Searched) -> bool {
    searched.indexes.iter().any(|part| {
        let Some(open) = core.indexes.current(&part.uuid) else { return false };
        let generation = |number| Some(open.shard(number)?.copy().ok()?.reader().generation);
        let mut shards = part.shards.iter().zip(&part.generations);
        shards.any(|(number, counted)| generation(*number).is_some_and(|generation| generation != *counted))
    })
}

fn changed() -> Error {
    Error::new(ErrorKind::StatisticsChanged, "shards have changed since their terms were counted")
}

/// What the client sees of winners.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Fetch {
    pub(in crate::gateway) context: u64,
    /// Shards by their place in the query, and where their winners lie.
    pub(in crate::gateway) shards: Vec<(u32, Vec<DocAddress>)>,
}

impl Message for Fetch {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "search.fetch";
    type Answer = Vec<Shown>;

    async fn answer(self, core: Arc<Core>) -> Result<Self::Answer, Error> {
        let gone = || {
            let reason = format!("No search context found for id [{}]", self.context);
            Error::new(ErrorKind::SearchContextMissing, reason)
        };
        let Context { mut shards, account } = core.contexts.take(self.context).ok_or_else(gone)?;
        let guard = Guard::new(None);
        let mut running = Vec::with_capacity(self.shards.len());
        for (at, addresses) in self.shards {
            let pinned = shards.get_mut(at as usize).and_then(Option::take).ok_or_else(gone)?;
            running.push(pinned.fetch(&core, &account, addresses, guard.patience()));
        }
        let mut shown = Vec::with_capacity(running.len());
        for part in running {
            shown.push(part.shown().await);
        }
        Ok(shown)
    }
}

/// Nothing will be fetched from these contexts.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Release(pub(in crate::gateway) Vec<u64>);

impl Message for Release {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "search.release";
    type Answer = ();

    async fn answer(self, core: Arc<Core>) -> Result<(), Error> {
        core.contexts.release(&self.0);
        Ok(())
    }
}
