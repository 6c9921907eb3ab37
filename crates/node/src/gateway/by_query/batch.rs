//! One part of the work: batches of hits, made into writes.

use std::sync::Arc;

use model::by_query::{ByQuery, ByQueryFailure, Change, CopyRouting, Destination, Progress};
use model::error::{Error, ErrorKind};
use model::search::{Hit, SearchRequest, TrackTotal};
use model::task::TaskId;
use model::write::{Action, Condition, Outcome, Refresh, VersionType, Write, WriteRequest, WriteResponse};

use super::pace::Pace;
use crate::core::Core;
use crate::gateway::scripts;
use crate::gateway::search::search;
use crate::gateway::write::write;

pub(super) struct Batches {
    pub(super) core: Arc<Core>,
    pub(super) request: Arc<ByQuery>,
    /// For the first batch.
    pub(super) search: SearchRequest,
    /// Documents at most.
    pub(super) most: Option<u64>,
    pub(super) pace: Pace,
    pub(super) task: TaskId,
}

impl Batches {
    /// Goes on until there is nothing left, enough is done, or something fails: the failures, and whether a search ran out of time.
    pub(super) async fn run(mut self) -> Result<(Vec<ByQueryFailure>, bool), Error> {
        let (mut done, mut failures) = (0u64, Vec::new());
        let batch = self.search.size;
        loop {
            let left = self.most.map(|most| most.saturating_sub(done));
            if left == Some(0) {
                return Ok((failures, false));
            }
            let request = SearchRequest { size: left.unwrap_or(u64::MAX).min(batch), ..self.search.clone() };
            let mut answer = Box::pin(search(&self.core, request)).await?;
            if let Some(total) = answer.total.filter(|_| done == 0) {
                let total = self.most.map_or(total.value, |most| most.min(total.value));
                self.pace.note(|part| part.total = total);
            }
            if !answer.shards.failures.is_empty() || answer.timed_out {
                let failed = answer.shards.failures.into_iter();
                failures.extend(failed.map(|f| ByQueryFailure { index: f.index, id: None, error: f.error }));
                return Ok((failures, answer.timed_out));
            }
            let count = answer.hits.len() as u64;
            if count == 0 {
                return Ok((failures, false));
            }
            if done > 0 {
                self.pace.wait(batch.min(count)).await;
            }
            done += count;
            self.pace.note(|part| part.batches += 1);
            self.search.continues = answer.last.take();
            self.search.track_total_hits = TrackTotal::No;
            failures.extend(self.change(answer.hits).await?);
            if !failures.is_empty() {
                return Ok((failures, false));
            }
            if count < batch && self.most.is_none() {
                return Ok((failures, false));
            }
        }
    }

    async fn change(&self, hits: Vec<Hit>) -> Result<Vec<ByQueryFailure>, Error> {
        let writes = self.writes(hits).await?;
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        tracing::trace!("task {} writes {} documents", self.task, writes.len());
        let request = WriteRequest {
            writes,
            refresh: Refresh::Later,
            timeout_ms: self.request.timeout_ms,
            active_shards: self.request.active_shards,
        };
        let answers = write(&self.core, request).await?;
        let mut failures = Vec::new();
        self.pace.note(|part| failures = tallied(part, answers, self.request.conflicts_proceed));
        Ok(failures)
    }

    /// The writes of a batch. Scripts run where they may take long.
    async fn writes(&self, hits: Vec<Hit>) -> Result<Vec<Write>, Error> {
        let Some(script) = &self.request.script else {
            return hits.into_iter().map(|hit| self.write_of(hit)).collect();
        };
        let script = scripts::compiled(script)?;
        let mut given = Vec::with_capacity(hits.len());
        for hit in hits {
            given.push((self.write_of(hit.clone())?, hit));
        }
        let (count, request) = (given.len(), self.request.clone());
        let rewrite = move || {
            let one = |(write, hit)| scripts::rewritten(&script, &hit, &request.change, write).transpose();
            given.into_iter().filter_map(one).collect::<Result<Vec<Write>, Error>>()
        };
        let writes = self.core.write.run(rewrite).await??;
        let noops = (count - writes.len()) as u64;
        self.pace.note(|part| part.noops += noops);
        Ok(writes)
    }

    fn write_of(&self, hit: Hit) -> Result<Write, Error> {
        let condition = Condition { if_seq_no: hit.seq_no, version: None };
        let (index, id, routing) = (hit.index.clone(), Some(hit.id.clone()), hit.routing.clone());
        let pipeline = self.request.pipeline.clone();
        match &self.request.change {
            Change::Delete => Ok(Write {
                index,
                id,
                routing,
                action: Action::Delete,
                condition,
                require_alias: false,
                pipeline: None,
            }),
            Change::Update => {
                let action = Action::Index(source(&hit)?);
                Ok(Write { index, id, routing, action, condition, require_alias: false, pipeline })
            }
            Change::Copy(to) => copied(&hit, to),
        }
    }
}

fn source(hit: &Hit) -> Result<model::document::Source, Error> {
    hit.source.clone().ok_or_else(|| {
        let reason = format!("[{}][{}] didn't store _source", hit.index, hit.id);
        Error::new(ErrorKind::IllegalArgument, reason)
    })
}

fn copied(hit: &Hit, to: &Destination) -> Result<Write, Error> {
    let source = source(hit)?;
    let external = to.version_type.filter(|kind| *kind != VersionType::Internal);
    Ok(Write {
        index: to.index.clone(),
        id: Some(hit.id.clone()),
        routing: match &to.routing {
            CopyRouting::Keep => hit.routing.clone(),
            CopyRouting::Discard => None,
            CopyRouting::Set(routing) => Some(routing.clone()),
        },
        action: if to.only_create { Action::Create(source) } else { Action::Index(source) },
        condition: Condition { if_seq_no: None, version: external.and_then(|kind| Some((hit.version?, kind))) },
        require_alias: false,
        pipeline: to.pipeline.clone(),
    })
}

/// Counts what became of a batch; what failed.
fn tallied(part: &mut Progress, answers: WriteResponse, proceed: bool) -> Vec<ByQueryFailure> {
    let mut failures = Vec::new();
    for answer in answers {
        match answer {
            Ok(written) => match written.outcome {
                Outcome::Created => part.created += 1,
                Outcome::Updated => part.updated += 1,
                Outcome::Deleted => part.deleted += 1,
                Outcome::Noop | Outcome::Dropped | Outcome::NotFound => part.noops += 1,
            },
            Err(failure) => {
                let conflict = failure.error.kind == ErrorKind::VersionConflict;
                part.version_conflicts += u64::from(conflict);
                if !(conflict && proceed) {
                    failures.push(ByQueryFailure { index: failure.index, id: failure.id, error: failure.error });
                }
            }
        }
    }
    failures
}
