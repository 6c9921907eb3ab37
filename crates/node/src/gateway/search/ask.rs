//! Asking the shards: what each is asked, in parallel, here and on other nodes, under the deadline.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use cluster::state::NodeId;
use grpc::call::CallError;
use model::aggregation::partial::Partial;
use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::mapping::FieldKind;
use model::search::SearchRequest;
use search::bind::bind_after;
use search::scatter::{Effect, Event, Outcome, Scatter};
use search::shard_query::{DocAddress, ShardHits, ShardQuery};
use search::statistics::Statistics;
use shard::aggregate::Budget;
use shard::execute::{self, Limits, Patience};
use shard::fetch::{FetchPlan, Fetched};
use shard::gauge::Clock;
use shard::reader::Reader;
use tokio::sync::mpsc;

use super::brief::goes_in_steps;
use super::fetching::{FetchedAhead, HERE, Shown, fetch, was_cancelled};
use super::floor::Floor;
use super::pinned::Borrowed;
use super::place::Place;
use super::target::{BoundIndex, failure};
use super::together::Together;
use crate::clock::now_ms;
use crate::core::Core;
use crate::gateway::holder::Holder;
use crate::gateway::patience::{Guard, SearchPatience};
use crate::gateway::remote::search::{Found, Query, ShardFound};
use crate::gateway::slow_log::Account;
use crate::gateway::{remote, upkeep};
use crate::indexes::OpenShard;

/// What keeps a shard as it was when it answered.
pub(in crate::gateway) enum Pin {
    Here(Reader),
    There(Arc<Borrowed>),
}

/// A shard that was asked: what it answered with fetches, too.
pub(in crate::gateway) struct Asked {
    pub(in crate::gateway) place: Place,
    pub(in crate::gateway) pin: Option<Pin>,
    pub(in crate::gateway) fetched: Option<Shown>,
    /// What the client sees of some of its hits, should they win.
    pub(in crate::gateway) ahead: Vec<FetchedAhead>,
    /// It took no time.
    pub(in crate::gateway) brief: bool,
}

impl Asked {
    fn new(place: Place) -> Self {
        Self { place, pin: None, fetched: None, ahead: Vec::new(), brief: false }
    }

    /// What has come with the answer of a hit; once.
    pub(super) fn take_ahead(&mut self, address: DocAddress) -> Option<Fetched> {
        let at = self.ahead.iter().position(|(known, _)| *known == address)?;
        Some(self.ahead.swap_remove(at).1)
    }
}

/// What a search asks all its shards.
pub(in crate::gateway) struct Asking<'a> {
    pub(in crate::gateway) questions: &'a [Question],
    /// By node: which of the questions it is asked, and how.
    pub(in crate::gateway) elsewhere: Vec<(NodeId, Vec<usize>, Query)>,
    /// How many shards of this node are searched at a time.
    pub(in crate::gateway) most: usize,
    /// Takes what the shards' findings hold, for as long as it is kept.
    pub(in crate::gateway) held: &'a Budget,
}

/// What the shards of an index are asked.
///
/// # Errors
/// `search_phase_execution_exception` for values to begin behind that are not those of the sort.
pub(in crate::gateway) fn shard_query(
    index: &BoundIndex,
    request: &SearchRequest,
    statistics: Option<Arc<Statistics>>,
) -> Result<Arc<ShardQuery>, Error> {
    let after = request
        .search_after
        .as_ref()
        .map(|values| bind_after(values, &request.sort, &index.sort, &index.context))
        .transpose()
        .map(|after| request.continues.clone().or(after));
    let after = after.map_err(|error| {
        Error::search_phase("all shards failed", vec![failure(&index.metadata, ShardNumber(0), None, error)])
    })?;
    Ok(Arc::new(ShardQuery {
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
    }))
}

/// What a shard gives: its hits, what found them, and, of the only shard of a search, what the client sees of the winners.
struct Answered {
    hits: ShardHits,
    pin: Option<Pin>,
    fetched: Option<Shown>,
    ahead: Vec<FetchedAhead>,
    /// It took no time.
    brief: bool,
}

type ShardAnswer = (usize, Result<Answered, Error>);
type NodeAnswer = (NodeId, Vec<usize>, Result<Found, CallError>);

/// The parts of a search that are on their way.
struct Run<'a> {
    core: &'a Arc<Core>,
    questions: &'a [Question],
    guard: &'a Guard,
    /// Of this node: asked when others have answered.
    waiting: VecDeque<usize>,
    running: usize,
    most: usize,
    answers: mpsc::Sender<ShardAnswer>,
    /// Heard, and yet to be told.
    heard: VecDeque<ShardAnswer>,
    nodes: Together<NodeAnswer>,
    /// Until when shards are searched on this thread; `None`: one of them took longer.
    here: Option<Instant>,
}

/// Asks every shard and waits for answers, failures or the deadline.
pub(in crate::gateway) async fn scatter(
    core: &Arc<Core>,
    asking: Asking<'_>,
    guard: &Guard,
) -> (Outcome<Error>, Vec<Asked>) {
    let Asking { questions, elsewhere, most, held } = asking;
    let mut asked: Vec<Asked> = questions.iter().map(|question| Asked::new(question.place.clone())).collect();
    let (answers, mut events) = mpsc::channel(questions.len().max(1));
    let (waiting, heard, nodes, running) = Default::default();
    let (most, here) = (most.max(1), Some(Instant::now() + HERE));
    let mut run = Run { core, questions, guard, waiting, running, most, answers, heard, nodes, here };
    run.ask_nodes(elsewhere).await;
    let mut effects = Vec::new();
    let mut scatter = Scatter::start(questions.len(), &mut effects);
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Ask { shard } => run.ask(shard),
                Effect::Stop { .. } => guard.stop(),
                Effect::Finish => return (scatter.outcome(), asked),
            }
        }
        let event = match run.next(&mut events).await {
            Some((shard, Ok(Answered { hits, pin, fetched, ahead, brief }))) => {
                match held.hold(hits.aggregations.iter().map(Partial::bytes).sum()) {
                    Ok(()) => {
                        asked[shard].pin = pin;
                        asked[shard].fetched = fetched;
                        asked[shard].ahead = ahead;
                        asked[shard].brief = brief;
                        Event::ShardAnswered { shard, hits }
                    }
                    Err(failure) => Event::ShardFailed { shard, failure },
                }
            }
            Some((shard, Err(failure))) => Event::ShardFailed { shard, failure },
            None => Event::Deadline,
        };
        scatter.on(event, &mut effects);
    }
}

impl Run<'_> {
    /// Asks the other nodes, each once for all its shards. The questions are on their way before this node's shards are searched.
    async fn ask_nodes(&mut self, elsewhere: Vec<(NodeId, Vec<usize>, Query)>) {
        let within = self.guard.within();
        for (node, slots, query) in elsewhere {
            let core = self.core.clone();
            self.nodes.add(async move {
                let answer = remote::ask(&core, &node, &query, within).await;
                (node, slots, answer)
            });
        }
        for (node, slots, answer) in self.nodes.begin().await {
            self.hear(node, slots, answer);
        }
    }

    /// Asks one shard, if it is this node's.
    fn ask(&mut self, shard: usize) {
        let question = &self.questions[shard];
        match &question.place.holder {
            Holder::There(_) => {}
            Holder::Nowhere(why) | Holder::Silent(_, why) => self.heard.push_back((shard, Err(why.clone()))),
            Holder::Here(open) => match question.answer_here(self.core, open, (&self.guard.patience(), &mut self.here))
            {
                Some(answer) => self.heard.push_back((shard, answer)),
                None => {
                    self.waiting.push_back(shard);
                    self.begin();
                }
            },
        }
    }

    /// Lets threads of the pool answer. They send the answers themselves; there is room for one of every shard.
    fn begin(&mut self) {
        while self.running < self.most
            && let Some(shard) = self.waiting.pop_front()
        {
            self.running += 1;
            let (core, question, patience) = (self.core.clone(), self.questions[shard].clone(), self.guard.patience());
            let (answers, refused) = (self.answers.clone(), self.answers.clone());
            let job = move || {
                let answer = crate::gateway::caught(|| question.answer(&core, &patience));
                question.raise(&answer);
                // Nobody listens when the search is over already.
                let _ = answers.try_send((shard, answer));
            };
            if let Err(full) = self.core.search.begin(Box::new(job)) {
                let _ = refused.try_send((shard, Err(full)));
            }
        }
    }

    /// The next answer; `None`: the deadline came first.
    async fn next(&mut self, events: &mut mpsc::Receiver<ShardAnswer>) -> Option<ShardAnswer> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Some(heard);
            }
            tokio::select! {
                Some(answer) = events.recv() => {
                    self.running -= 1;
                    self.begin();
                    return Some(answer);
                }
                (node, slots, answer) = self.nodes.next() => {
                    self.hear(node, slots, answer);
                }
                () = self.guard.deadline() => return None,
            }
        }
    }

    /// Takes in what a node has answered for its shards.
    fn hear(&mut self, node: NodeId, slots: Vec<usize>, answer: Result<Found, CallError>) {
        let found = match answer {
            Ok(found) if found.shards.len() == slots.len() => found,
            Ok(_) => {
                let reason = format!("node [{}] answered for other shards than it was asked for", node.0);
                let error = Error::new(ErrorKind::IllegalState, reason);
                return self.heard.extend(slots.into_iter().map(|slot| (slot, Err(error.clone()))));
            }
            Err(error) => {
                let error = Error::from(error);
                return self.heard.extend(slots.into_iter().map(|slot| (slot, Err(error.clone()))));
            }
        };
        let context = found.context.map(|context| Borrowed::new(self.core, node, (context, slots.clone())));
        for (slot, answer) in slots.into_iter().zip(found.shards) {
            let answered = |ShardFound { hits, fetched, ahead }: ShardFound| Answered {
                pin: context.clone().map(Pin::There),
                hits,
                fetched,
                ahead,
                brief: false,
            };
            self.heard.push_back((slot, answer.map(answered)));
        }
    }
}

/// What one shard is asked.
#[derive(Clone)]
pub(in crate::gateway) struct Question {
    pub(in crate::gateway) place: Place,
    pub(in crate::gateway) query: Arc<ShardQuery>,
    pub(in crate::gateway) plan: Arc<FetchPlan>,
    /// What is counted and logged of it.
    pub(in crate::gateway) account: Arc<Account>,
    /// The only shard of a search knows the winners: it fetches those from this rank on at once.
    pub(in crate::gateway) only: Option<usize>,
    /// It is passed over when nothing in it can match.
    pub(in crate::gateway) pre_filter: bool,
    /// Whether an earlier answer will do, and this one may be given again.
    pub(in crate::gateway) kept: bool,
    /// What it is timed by, where that is asked.
    pub(in crate::gateway) clock: Option<Clock>,
    /// Shared by the shards of the search that this node has.
    pub(in crate::gateway) floor: Option<Arc<Floor>>,
}

/// Whether answers to a search are kept: those without hits, unless the search or the index says otherwise.
pub(in crate::gateway) fn is_kept(request: &SearchRequest, index: &BoundIndex, query: &ShardQuery) -> bool {
    query.top == 0
        && !request.profile
        && request.request_cache.unwrap_or_else(|| index.metadata.settings.typed().request_cache)
}

impl Question {
    /// Answers on this thread, if that is done in no time: handing a short search to another thread costs more than the search. `None`: it
    /// takes longer, or the searches of this shard did so lately. `here`: until when there is time, for all shards of the search.
    fn answer_here(
        &self,
        core: &Core,
        shard: &OpenShard,
        (patience, here): (&SearchPatience, &mut Option<Instant>),
    ) -> Option<Result<Answered, Error>> {
        if self.place.reader.is_some() {
            return None;
        }
        let until = (*here)?;
        let copy = shard.copy().ok()?;
        let steady = !upkeep::would_refresh(&self.place.view, shard, &copy, now_ms());
        if !steady || !goes_in_steps(&self.query, &copy.reader()) || !shard.used.tries.may() {
            return None;
        }
        let hurried = patience.until(until);
        let answer = crate::gateway::caught(|| self.answer(core, &hurried));
        let done = !hurried.gave_up();
        shard.used.tries.tried(done);
        if !done {
            *here = None;
            return None;
        }
        self.raise(&answer);
        Some(answer.map(|answered| Answered { brief: true, ..answered }))
    }

    /// Tells the shards that are still to be searched what this one has found; once.
    fn raise(&self, answer: &Result<Answered, Error>) {
        if let (Some(floor), Ok(answered)) = (&self.floor, answer) {
            floor.raise(answered.hits.hits.iter().map(|hit| hit.score));
        }
    }

    /// Of dates alone least and greatest values are looked at, as OpenSearch does.
    fn can_match(&self, reader: &Reader) -> Result<bool, Error> {
        let mapping = &self.place.view.metadata.mapping;
        let is_date = |field: &str| {
            mapping.field(field).is_some_and(|field| matches!(field.kind, FieldKind::Date | FieldKind::DateNanos))
        };
        execute::can_match(reader, &self.query.query, &is_date)
    }

    fn hits(
        &self,
        core: &Core,
        (shard, reader): (&OpenShard, &Reader),
        patience: &dyn Patience,
    ) -> Result<ShardHits, Error> {
        let ask = || {
            let floor = self.floor.as_ref().map_or(f32::NEG_INFINITY, |floor| floor.least());
            let limits = Limits { budget: Arc::new(core.aggregation_budget()), floor };
            crate::gateway::caught(|| match &self.clock {
                None => execute::query_within(reader, &self.query, patience, &limits),
                Some(clock) => execute::profiled(reader, &self.query, patience, &limits, clock),
            })
        };
        // A point in time may outlive the copy whose generations its reader counts.
        if !self.kept || self.place.reader.is_some() {
            return ask();
        }
        let (cache, share) = (&core.request_cache, &shard.used.cached);
        if let Some(known) = cache.find(share, reader.generation, &self.query) {
            return Ok(known);
        }
        let hits = ask()?;
        cache.keep(share, reader.generation, &self.query, &hits);
        Ok(hits)
    }

    fn answer(&self, core: &Core, patience: &dyn Patience) -> Result<Answered, Error> {
        let begun = Instant::now();
        let Holder::Here(shard) = &self.place.holder else {
            return Err(Error::new(ErrorKind::IllegalState, "a shard of another node was to be searched here"));
        };
        let reader = match &self.place.reader {
            Some(reader) => reader.clone(),
            None => {
                let copy = shard.copy()?;
                upkeep::wake(&self.place.view, shard, &copy, now_ms())?;
                copy.reader()
            }
        };
        if self.pre_filter && !self.can_match(&reader)? {
            let hits = ShardHits { skipped: true, ..ShardHits::default() };
            return Ok(Answered { hits, pin: None, fetched: None, ahead: Vec::new(), brief: false });
        }
        let hits = self.hits(core, (shard, &reader), patience)?;
        let took = begun.elapsed();
        let fetched = self.only.map(|from| {
            let addresses: Vec<DocAddress> = hits.hits.iter().skip(from).map(|hit| hit.address).collect();
            fetch((shard, &self.place.view, &self.account), &self.plan, (&reader, &addresses), patience)
        });
        // Who gave up asks again.
        if !fetched.as_ref().is_some_and(was_cancelled) {
            self.account.query((shard, &self.place.view), took, (hits.total, hits.at_least));
        }
        Ok(Answered { hits, pin: Some(Pin::Here(reader)), fetched, ahead: Vec::new(), brief: false })
    }
}
