//! The writes of one shard, on a thread that may block: map, decide, log; updates read what was written before them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::command::Command;
use cluster::settings::slow_log::SlowLog;
use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, SeqNo, Version};
use model::script::Script;
use model::write::{Action, Condition, Outcome, Update, Write, WriteFailure, Written};
use serde_json::{Map, Value};
use shard::engine::{Applied, Current, ShardChange, ShardCopy, ShardWrite};
use shard::prepare::Prepared;

use super::scripts;
use super::write::Placed;
use crate::clock::now_ms;
use crate::core::Core;
use crate::indexes::{IndexView, OpenIndex, OpenShard};
use crate::replication::Safe;

/// How often a document may make the mapping grow before it is refused: each time another write may have grown it first.
const MAPPING_ROUNDS: usize = 16;

/// Results, and what to wait for before they may be told.
#[derive(Default)]
pub(super) struct Work {
    pub results: Vec<(usize, Result<Written, WriteFailure>)>,
    pub safe: Safe,
    pub last_seq_no: Option<SeqNo>,
    /// A document has made the mapping grow.
    pub has_grown: bool,
}

/// One shard's writer for the time of one request.
struct Writer<'a> {
    core: &'a Arc<Core>,
    index: &'a OpenIndex,
    shard: &'a OpenShard,
    work: Work,
    /// Mapped and waiting to be written together.
    waiting: Vec<(Placed, ShardWrite)>,
    /// Where slow writes are logged.
    slow: Option<Slow>,
}

/// What is logged of writes that take long.
struct Slow {
    log: Arc<SlowLog>,
    /// How long it took to map each of those that wait.
    mapped: Vec<Duration>,
}

/// Writes in order.
pub(super) fn write_shard(core: &Arc<Core>, index: &OpenIndex, shard: &OpenShard, writes: Vec<Placed>) -> Work {
    let mut writer = Writer::new((core, index, shard), writes.len());
    for placed in writes {
        writer.take(placed);
    }
    writer.write_waiting();
    writer.work
}

/// As [`write_shard`] on a thread that may not block, of writes that are no updates: given back, and nothing has happened, where a document
/// brings fields that the metadata must learn first.
pub(super) fn write_known(
    core: &Arc<Core>,
    index: &OpenIndex,
    shard: &OpenShard,
    writes: Vec<Placed>,
) -> Result<Work, Vec<Placed>> {
    let mut writer = Writer::new((core, index, shard), writes.len());
    let mut mapped = Vec::with_capacity(writes.len());
    for placed in &writes {
        let begun = writer.slow.as_ref().map(|_| Instant::now());
        match writer.map_known(placed) {
            Ok(Some(write)) => mapped.push(Ok((write, begun.map(|begun| begun.elapsed())))),
            Ok(None) => return Err(writes),
            Err(error) => mapped.push(Err(error)),
        }
    }
    for (placed, write) in writes.into_iter().zip(mapped) {
        match write {
            Ok((write, took)) => writer.wait(placed, write, took),
            Err(error) => writer.settle(&placed, Err(error)),
        }
    }
    writer.write_waiting();
    Ok(writer.work)
}

impl<'a> Writer<'a> {
    fn new((core, index, shard): (&'a Arc<Core>, &'a OpenIndex, &'a OpenShard), writes: usize) -> Self {
        let log = index.view().settings.slow_log.clone().filter(|log| log.index.is_set());
        let slow = log.map(|log| Slow { log, mapped: Vec::new() });
        Self { core, index, shard, work: Work::default(), waiting: Vec::with_capacity(writes), slow }
    }

    fn take(&mut self, placed: Placed) {
        if let Action::Update(update) = &placed.write.action {
            let update = update.clone();
            self.write_waiting();
            let result = self.update(&placed, &update);
            self.settle(&placed, result);
            return;
        }
        let begun = self.slow.as_ref().map(|_| Instant::now());
        match self.map(&placed) {
            Ok(write) => self.wait(placed, write, begun.map(|begun| begun.elapsed())),
            Err(error) => self.settle(&placed, Err(error)),
        }
    }

    /// `took`: how long it took to map the write, where that is of interest.
    fn wait(&mut self, placed: Placed, write: ShardWrite, took: Option<Duration>) {
        if let Some(slow) = &mut self.slow {
            slow.mapped.push(took.unwrap_or_default());
        }
        self.waiting.push((placed, write));
    }

    fn map(&mut self, placed: &Placed) -> Result<ShardWrite, Error> {
        let Some((source, create)) = given(placed) else { return Ok(deletion(placed)) };
        let document = self.prepare(&placed.id, &placed.write, source)?;
        Ok(change(placed, placed.write.condition, ShardChange::Index { document, create }))
    }

    /// `None`: it brings fields that the mapping does not have.
    fn map_known(&self, placed: &Placed) -> Result<Option<ShardWrite>, Error> {
        let Some((source, create)) = given(placed) else { return Ok(Some(deletion(placed))) };
        Ok(match self.shard.preparer()?.prepare(&placed.id, placed.write.routing.as_ref(), source)? {
            Prepared::Ready(document) => {
                let document = Arc::new(document);
                Some(change(placed, placed.write.condition, ShardChange::Index { document, create }))
            }
            Prepared::NewFields(_) => None,
        })
    }

    /// Maps a document; fields that it brings are in the metadata before it is written.
    fn prepare(
        &mut self,
        id: &Arc<str>,
        write: &Write,
        source: &model::document::Source,
    ) -> Result<Arc<shard::prepared::PreparedDocument>, Error> {
        for _ in 0..MAPPING_ROUNDS {
            match self.shard.preparer()?.prepare(id, write.routing.as_ref(), source)? {
                Prepared::Ready(document) => return Ok(Arc::new(document)),
                Prepared::NewFields(mapping) => {
                    let indexes = vec![self.index.view().metadata.uuid.clone()];
                    self.core.submit(&Command::PutMapping { indexes, mapping: mapping.render() })?;
                    self.work.has_grown = true;
                }
            }
        }
        Err(Error::new(ErrorKind::IllegalState, format!("document [{id}] kept bringing new fields")))
    }

    fn write_waiting(&mut self) {
        let (placed, writes): (Vec<Placed>, Vec<ShardWrite>) = std::mem::take(&mut self.waiting).into_iter().unzip();
        if writes.is_empty() {
            return;
        }
        let mapped = self.slow.as_mut().map(|slow| std::mem::take(&mut slow.mapped)).unwrap_or_default();
        match self.write_all(&writes, &mapped) {
            Ok(outcomes) => placed.iter().zip(outcomes).for_each(|(placed, outcome)| {
                let written = outcome.map(|applied| self.written(placed, applied));
                self.settle(placed, written);
            }),
            Err(error) => placed.iter().for_each(|placed| self.settle(placed, Err(error.clone()))),
        }
    }

    /// `mapped`: how long it took to map each, where that is known.
    fn write_all(&mut self, writes: &[ShardWrite], mapped: &[Duration]) -> Result<Vec<Result<Applied, Error>>, Error> {
        let begun = Instant::now();
        let (outcomes, safe) = self.shard.room()?.write(&self.copy()?, writes, now_ms())?;
        if let Some(slow) = &self.slow {
            let each = begun.elapsed() / writes.len().max(1) as u32;
            slow.tell(&self.index.view(), writes.iter().zip(&outcomes), (mapped, each));
        }
        // What was written last is safe last.
        if !matches!(safe, Safe::Nothing) {
            self.work.safe = safe;
        }
        Ok(outcomes)
    }

    fn copy(&self) -> Result<Arc<ShardCopy>, Error> {
        self.shard.copy()
    }

    fn written(&self, placed: &Placed, applied: Applied) -> Written {
        let replicas = self.index.view().settings.replicas;
        Written {
            index: self.index.view().metadata.name.clone(),
            id: placed.id.clone(),
            shard: self.shard.number,
            outcome: applied.outcome,
            version: applied.version,
            seq_no: applied.seq_no,
            primary_term: applied.primary_term,
            forced_refresh: false,
            copies: (1 + replicas, 1),
            source: None,
        }
    }

    fn settle(&mut self, placed: &Placed, result: Result<Written, Error>) {
        let metadata = self.index.view().metadata.clone();
        let number = self.shard.number;
        if let Ok(written) = &result
            && written.outcome != Outcome::Noop
        {
            self.work.last_seq_no = self.work.last_seq_no.max(Some(written.seq_no));
        }
        let failure = |error: Error| {
            let error = if error.kind == ErrorKind::VersionConflict {
                error.with_index(metadata.reference()).with_shard(number)
            } else {
                error
            };
            WriteFailure { index: metadata.name.clone(), id: Some(placed.id.clone()), error }
        };
        self.work.results.push((placed.at, result.map_err(failure)));
    }

    /// Reads, changes and writes under compare-and-set, as often as conflicts and `retry_on_conflict` make necessary.
    fn update(&mut self, placed: &Placed, update: &Update) -> Result<Written, Error> {
        let mut tries = 0;
        loop {
            match self.update_once(placed, update) {
                Err(error) if error.kind == ErrorKind::VersionConflict && tries < update.retry_on_conflict => {
                    tries += 1
                }
                result => return result,
            }
        }
    }

    fn update_once(&mut self, placed: &Placed, update: &Update) -> Result<Written, Error> {
        let current = self.copy()?.get(&placed.id)?;
        // What is not there is missing, whatever the condition.
        if let (Some((seq_no, term)), Some(current)) = (placed.write.condition.if_seq_no, &current) {
            let held = (current.seq_no, current.primary_term);
            if held != (seq_no.0, term.0) {
                return Err(conflict(&placed.id, seq_no, term, held));
            }
        }
        let Some(current) = current else { return self.upsert(placed, update) };
        let before: Map<String, Value> = serde_json::from_slice(&current.source).map_err(|e| {
            Error::new(ErrorKind::DocumentSourceMissing, format!("[{}]: source does not read: {e}", placed.id))
        })?;
        if let Some(script) = &update.script {
            return self.scripted(placed, (update, script), (current, before));
        }
        let mut after = before.clone();
        let changed = update.doc.as_ref().is_some_and(|doc| merge(&mut after, doc));
        let numbers = (Version(current.version), SeqNo(current.seq_no), PrimaryTerm(current.primary_term));
        if update.detect_noop && !changed {
            let (version, seq_no, primary_term) = numbers;
            let mut written = self.written(placed, Applied { outcome: Outcome::Noop, version, seq_no, primary_term });
            written.source = filtered(update, &current.source)?;
            return Ok(written);
        }
        let source: model::document::Source = render(&after)?;
        let routing = placed.write.routing.clone().or(current.routing);
        let write = Write { routing, ..placed.write.clone() };
        let condition = Condition { if_seq_no: Some((numbers.1, numbers.2)), version: None };
        self.index_updated(placed, &write, update, (source, condition, false))
    }

    /// The place of a document, as scripts see it.
    fn place(&self, placed: &Placed) -> scripts::Place {
        scripts::Place { index: self.index.view().metadata.name.clone(), id: placed.id.clone(), now_ms: now_ms() }
    }

    /// An update by a script: what it makes of the document is written, or the document goes, or nothing happens.
    fn scripted(
        &mut self,
        placed: &Placed,
        (update, script): (&Update, &Script),
        (current, before): (Current, Map<String, Value>),
    ) -> Result<Written, Error> {
        let (version, seq_no, primary_term) =
            (Version(current.version), SeqNo(current.seq_no), PrimaryTerm(current.primary_term));
        let routing = placed.write.routing.clone().or(current.routing);
        let condition = Condition { if_seq_no: Some((seq_no, primary_term)), version: None };
        match scripts::changed(&self.place(placed), script, (version, routing.as_deref(), before))? {
            scripts::Wish::Write(source) => {
                let write = Write { routing, ..placed.write.clone() };
                self.index_updated(placed, &write, update, (render(&source)?, condition, false))
            }
            scripts::Wish::Delete => {
                let write = change(placed, condition, ShardChange::Delete);
                let applied = self.write_all(std::slice::from_ref(&write), &[])?.pop();
                let applied = applied.unwrap_or_else(no_outcome)?;
                Ok(self.written(placed, applied))
            }
            scripts::Wish::Nothing => {
                let applied = Applied { outcome: Outcome::Noop, version, seq_no, primary_term };
                let mut written = self.written(placed, applied);
                written.source = filtered(update, &current.source)?;
                Ok(written)
            }
        }
    }

    fn upsert(&mut self, placed: &Placed, update: &Update) -> Result<Written, Error> {
        let document = if update.doc_as_upsert { update.doc.as_ref() } else { update.upsert.as_ref() };
        if let (true, Some(script), Some(Value::Object(given))) = (update.scripted_upsert, &update.script, document) {
            let made = scripts::made(&self.place(placed), script, given.clone())?;
            let Some(source) = made else {
                let (version, seq_no, primary_term) = (Version(0), SeqNo(0), PrimaryTerm(0));
                return Ok(self.written(placed, Applied { outcome: Outcome::Noop, version, seq_no, primary_term }));
            };
            return self.index_updated(placed, &placed.write, update, (render(&source)?, Condition::default(), true));
        }
        let Some(document) = document else {
            let metadata = self.index.view().metadata.clone();
            let missing = Error::new(ErrorKind::DocumentMissing, format!("[{}]: document missing", placed.id));
            return Err(missing.with_index(metadata.reference()).with_shard(self.shard.number));
        };
        let source = render(document)?;
        self.index_updated(placed, &placed.write, update, (source, Condition::default(), true))
    }

    fn index_updated(
        &mut self,
        placed: &Placed,
        write: &Write,
        update: &Update,
        new: (model::document::Source, Condition, bool),
    ) -> Result<Written, Error> {
        let (source, condition, create) = new;
        let begun = Instant::now();
        let document = self.prepare(&placed.id, write, &source)?;
        let write = change(placed, condition, ShardChange::Index { document, create });
        let applied =
            self.write_all(std::slice::from_ref(&write), &[begun.elapsed()])?.pop().unwrap_or_else(no_outcome)?;
        let mut written = self.written(placed, applied);
        written.source = filtered(update, &source)?;
        Ok(written)
    }
}

impl Slow {
    /// Logs those that took long: what mapping took (`mapped`, one a write where it is known), and a part of what writing all of them took.
    fn tell<'w>(
        &self,
        view: &IndexView,
        writes: impl Iterator<Item = (&'w ShardWrite, &'w Result<Applied, Error>)>,
        (mapped, each): (&[Duration], Duration),
    ) {
        for (at, (write, outcome)) in writes.enumerate() {
            if let (ShardChange::Index { document, .. }, Ok(_)) = (&write.change, outcome) {
                let took = each + mapped.get(at).copied().unwrap_or_default();
                super::slow_log::indexed(&self.log, view, took, document);
            }
        }
    }
}

fn no_outcome<T>() -> Result<T, Error> {
    Err(Error::new(ErrorKind::IllegalState, "a write had no outcome"))
}

/// The document that a write gives, and whether it must be new; `None`: it deletes.
fn given(placed: &Placed) -> Option<(&model::document::Source, bool)> {
    match &placed.write.action {
        Action::Index(source) => Some((source, false)),
        Action::Create(source) => Some((source, true)),
        Action::Delete | Action::Update(_) => None,
    }
}

fn deletion(placed: &Placed) -> ShardWrite {
    change(placed, placed.write.condition, ShardChange::Delete)
}

fn change(placed: &Placed, condition: Condition, change: ShardChange) -> ShardWrite {
    ShardWrite { id: placed.id.clone(), change, condition, generated_id: placed.generated }
}

fn conflict(id: &str, seq_no: SeqNo, term: PrimaryTerm, held: (u64, u64)) -> Error {
    let found = format!("current document has seqNo [{}] and primary term [{}]", held.0, held.1);
    Error::new(
        ErrorKind::VersionConflict,
        format!("[{id}]: version conflict, required seqNo [{seq_no}], primary term [{term}]. {found}"),
    )
}

/// Merges `change` into `target`, objects key by key. Returns whether anything is different.
fn merge(target: &mut Map<String, Value>, change: &Value) -> bool {
    let Value::Object(change) = change else { return false };
    let mut changed = false;
    for (key, value) in change {
        match (target.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(_)) => changed |= merge(inner, value),
            (Some(old), value) if old == value => {}
            _ => {
                target.insert(key.clone(), value.clone());
                changed = true;
            }
        }
    }
    changed
}

fn render(document: &impl serde::Serialize) -> Result<model::document::Source, Error> {
    serde_json::to_vec(document)
        .map(Arc::from)
        .map_err(|e| Error::new(ErrorKind::IllegalState, format!("a document does not render: {e}")))
}

fn filtered(update: &Update, source: &model::document::Source) -> Result<Option<model::document::Source>, Error> {
    let Some(filter) = &update.source else { return Ok(None) };
    search::fetch::source::filtered(source, filter)
        .map_err(|e| Error::new(ErrorKind::Parse, format!("the source does not read: {e}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_merge_key_by_key_and_lists_are_replaced() {
        let mut target = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]}).as_object().unwrap().clone();
        assert!(!merge(&mut target, &json!({"a": {"b": 1}})));
        assert!(merge(&mut target, &json!({"a": {"b": null}, "l": [3]})));
        assert_eq!(Value::Object(target), json!({"a": {"b": null, "c": 2}, "l": [3]}));
    }
}
