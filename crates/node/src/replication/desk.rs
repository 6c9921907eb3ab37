//! What a copy works with under its lock: the engine, the protocol's state, those who wait.
//!
//! A follower's operations wait here until they are agreed on, and only then reach the engine: what another primary tells otherwise is dropped
//! without a trace. A primary's are staged in the engine, which decides the next writes by them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cluster::state::{Copy as Assigned, IndexMetadata, NodeId, ShardTable};
use model::error::Error;
use model::id::{AllocationId, SeqNo, StateVersion};
use replication::assignment::{self, Assignment};
use replication::copy::{Copy, Found};
use replication::event::{Effect, Event, Ticket};
use replication::message::{Body, Entry, History, Message};
use replication::rules::Limits;
use shard::engine::{Applied, Logged, Operation, ShardCopy, ShardWrite};
use shard::error::ShardError;
use tokio::sync::oneshot;

use super::room::{Room, Safe};
use super::{backlog, files, show};
use crate::clock::now_ms;
use crate::indexes::replayed_document;

/// Operations that the log keeps below what is needed now: what a node lacks that was away for a while.
const KEPT_OPERATIONS: u64 = 100_000;

/// An engine, and what its log holds that may not be agreed on.
pub(crate) struct Opened {
    pub(crate) engine: Arc<ShardCopy>,
    /// `None`: everything is in the engine, for the copy is the primary.
    pub(crate) tail: Option<(u64, Vec<Logged>)>,
}

impl Opened {
    pub(super) fn follows(&self) -> bool {
        self.tail.is_some()
    }
}

type Told = oneshot::Sender<Result<u32, Error>>;

pub(super) struct Desk {
    me: AllocationId,
    /// `None`: closed, broken, or being replaced.
    engine: Option<Arc<ShardCopy>>,
    /// `None`: a primary that is alone, or is not known to have started.
    protocol: Option<Copy>,
    /// Of a follower: what its log has and its engine has not.
    unapplied: BTreeMap<SeqNo, Entry>,
    /// The metadata that was followed.
    seen: StateVersion,
    /// It is the primary, and has started.
    serves: bool,
    /// Where the copies are.
    pub(super) places: BTreeMap<AllocationId, NodeId>,
    /// Where the log ended when it was first read for a copy that recovers.
    backlogs: BTreeMap<AllocationId, SeqNo>,
    /// How many serve.
    active: u32,
    /// Who waits for all up to an operation, by its number.
    waiting: BTreeMap<u64, Vec<Told>>,
    /// Who waits until the engine has everything below a number.
    applying: Vec<(u64, oneshot::Sender<()>)>,
    /// For good: nothing is opened here any more.
    closed: bool,
}

impl Desk {
    pub(super) fn new(opened: Opened, me: &AllocationId) -> Self {
        let Opened { engine, tail } = opened;
        let mut desk = Self {
            me: me.clone(),
            engine: None,
            protocol: None,
            unapplied: BTreeMap::new(),
            seen: StateVersion::default(),
            serves: false,
            places: BTreeMap::new(),
            backlogs: BTreeMap::new(),
            active: 1,
            waiting: BTreeMap::new(),
            applying: Vec::new(),
            closed: false,
        };
        if let Some((base, tail)) = tail {
            let entries: Vec<Entry> = tail.into_iter().map(entry).collect();
            desk.unapplied = entries.iter().map(|entry| (entry.seq_no, entry.clone())).collect();
            let found = Found { history: History(engine.history().into()), base: SeqNo(base), entries };
            engine.stage_writes();
            engine.retain_log(base.saturating_sub(KEPT_OPERATIONS));
            desk.protocol = Some(Copy::open(me.clone(), found, Limits::default()));
        }
        desk.engine = Some(engine);
        desk
    }

    pub(super) fn engine(&self) -> Option<Arc<ShardCopy>> {
        self.engine.clone()
    }

    pub(super) fn active(&self) -> u32 {
        self.active
    }

    pub(super) fn protocol(&self) -> Option<&Copy> {
        self.protocol.as_ref()
    }

    pub(super) fn is_behind(&self, version: StateVersion) -> bool {
        version > self.seen
    }

    pub(super) fn is_writable(&self) -> bool {
        self.serves
            && self.engine.is_some()
            && self.protocol.as_ref().is_none_or(|protocol| protocol.may_write().is_ok())
    }

    /// What the metadata says of this copy.
    pub(super) fn follow(&mut self, room: &Arc<Room>, version: StateVersion, index: Option<&IndexMetadata>) {
        if version <= self.seen || self.engine.is_none() {
            return;
        }
        self.seen = version;
        if room.recovery.is_active() {
            self.follow_recovery(room, index);
        }
        let none = ShardTable::default();
        let table = index.and_then(|index| index.shard(room.shard.number)).unwrap_or(&none);
        let own = table.copies.get(&self.me);
        self.serves = own.is_some_and(|copy| copy.primary && copy.started);
        room.leads.store(self.serves, Ordering::Release);
        self.places = table.copies.iter().map(|(id, copy)| (id.clone(), copy.node.clone())).collect();
        self.backlogs.retain(|id, _| self.places.contains_key(id));
        self.active = cluster::health::active(table).max(1);
        let alone = table.copies.len() < 2;
        if let (Some(engine), None, true) = (&self.engine, &self.protocol, table.assigned > 0) {
            // A replica that is away may come back.
            engine.retain_log(engine.log_end().saturating_sub(KEPT_OPERATIONS));
        }
        let assignment = self.assignment(version, table);
        let done = match (&self.protocol, own) {
            (None, _) if !self.serves || alone => Ok(()),
            (None, _) => self.replicate_from_now_on(room, assignment),
            (Some(_), _) => self.assigned(room, assignment),
        };
        self.settle(room, done);
        if alone && self.serves {
            self.go_alone(room);
        }
        room.busy.store(self.protocol.is_some(), Ordering::Release);
    }

    /// Who gives, and whether everything is there, as the metadata say.
    fn follow_recovery(&self, room: &Room, index: Option<&IndexMetadata>) {
        let Some(table) = index.and_then(|index| index.shard(room.shard.number)) else { return };
        if let Some(protocol) = &self.protocol {
            room.recovery.has(protocol.local_checkpoint().0, protocol.global_checkpoint().0);
        }
        table.primary().into_iter().for_each(|(_, primary)| room.recovery.comes_from(&primary.node));
        if table.copies.get(&self.me).is_some_and(|copy| copy.started) {
            room.recovery.finish();
        }
    }

    fn assignment(&self, version: StateVersion, table: &ShardTable) -> Assignment {
        let primary = table.primary().map(|(id, _)| id);
        let role = |copy: &Assigned| match (copy.primary, copy.started) {
            (true, true) => assignment::Role::Primary,
            (false, true) => assignment::Role::Replica,
            (_, false) => {
                let takes_over = copy.replaces.is_some() && copy.replaces.as_ref() == primary;
                assignment::Role::Initializing { takes_over }
            }
        };
        let copies = table.copies.iter().map(|(id, copy)| (id.clone(), role(copy))).collect();
        Assignment { version, term: table.term, me: self.me.clone(), copies }
    }

    /// A primary that was alone is not any more. Everything that it has is agreed on: by itself.
    fn replicate_from_now_on(&mut self, room: &Arc<Room>, assignment: Assignment) -> Result<(), ShardError> {
        let Some(engine) = self.engine.clone() else { return Ok(()) };
        engine.sync()?;
        engine.stage_writes();
        engine.set_primary_term(assignment.term.0);
        let base = SeqNo(engine.log_end());
        let found = Found { history: History(engine.history().into()), base, entries: Vec::new() };
        self.protocol = Some(Copy::open(self.me.clone(), found, Limits::default()));
        let effects = self.step(room, Event::Assigned(assignment));
        self.carry_out(room, effects, false)
    }

    /// The last of the others is gone: once nothing is on its way the log alone says what is safe.
    fn go_alone(&mut self, room: &Arc<Room>) {
        let idle = |protocol: &Copy| protocol.is_primary() && protocol.applied() == protocol.next();
        let Some(protocol) = self.protocol.take_if(|protocol| idle(protocol)) else { return };
        self.acknowledge(protocol.next().0);
        if let Some(engine) = &self.engine {
            engine.write_through();
        }
        room.busy.store(false, Ordering::Release);
    }

    fn assigned(&mut self, room: &Arc<Room>, assignment: Assignment) -> Result<(), ShardError> {
        let followed = self.protocol.as_ref().is_some_and(|protocol| !protocol.is_primary());
        let term = assignment.term;
        if let (Some(assignment::Role::Primary), Some(engine)) = (assignment.role(), &self.engine) {
            engine.set_primary_term(term.0);
        }
        let effects = self.step(room, Event::Assigned(assignment));
        let promoted = followed && self.protocol.as_ref().is_some_and(Copy::is_primary);
        if promoted {
            tracing::info!("shard {}[{}] has its primary here now (term {term})", room.index, room.shard.number);
        }
        self.carry_out(room, effects, promoted)
    }

    /// Advances by one event.
    pub(super) fn on(&mut self, room: &Arc<Room>, event: Event) {
        if room.recovery.is_active() {
            self.watch_recovery(room, &event);
        }
        let effects = self.step(room, event);
        let done = self.carry_out(room, effects, false);
        self.settle(room, done);
        if self.serves && self.places.len() < 2 && self.protocol.is_some() {
            self.go_alone(room);
        }
    }

    fn watch_recovery(&self, room: &Room, event: &Event) {
        let Some(protocol) = self.protocol.as_ref().filter(|protocol| !protocol.is_primary()) else { return };
        let sends = |message: &Message| matches!(message.body, Body::Replicate { .. });
        if matches!(event, Event::Received(message) if sends(message)) {
            room.recovery.hears(protocol.applied().0);
        }
        room.recovery.has(protocol.local_checkpoint().0, protocol.global_checkpoint().0);
    }

    fn step(&mut self, room: &Arc<Room>, event: Event) -> Vec<Effect> {
        let mut effects = Vec::new();
        if let (Some(protocol), true) = (&mut self.protocol, self.engine.is_some()) {
            protocol.on(room.exchange.now_ms(), event, &mut effects);
        }
        effects
    }

    /// Decides writes. What was decided before an error stays without an answer.
    pub(super) fn write(
        &mut self,
        room: &Arc<Room>,
        writes: &[ShardWrite],
        now_ms: u64,
    ) -> Result<(Vec<Result<Applied, Error>>, Safe), Error> {
        let engine = self.engine.clone().filter(|_| self.is_writable()).ok_or_else(|| room.not_primary())?;
        let batch = engine.decide(writes, now_ms)?;
        if self.protocol.is_none() {
            return Ok((batch.outcomes, batch.position.map_or(Safe::Nothing, Safe::Logged)));
        }
        let Some(last) = batch.logged.last().map(|last| last.seq_no) else {
            return Ok((batch.outcomes, Safe::Nothing));
        };
        let (tell, told) = oneshot::channel();
        self.waiting.entry(last).or_default().push(tell);
        let effects = self.step(room, Event::Written(batch.logged.into_iter().map(entry).collect()));
        let mut position = batch.position;
        let mut rest = Vec::with_capacity(effects.len());
        for effect in effects {
            match (effect, position.take()) {
                (Effect::Sync { ticket }, Some(at)) => tell_when_safe(room, &engine, at, ticket),
                (other, at) => {
                    position = at;
                    rest.push(other);
                }
            }
        }
        let done = self.carry_out(room, rest, false);
        self.settle(room, done);
        Ok((batch.outcomes, Safe::Agreed(told)))
    }

    fn settle(&mut self, room: &Arc<Room>, done: Result<(), ShardError>) {
        if let Err(error) = done {
            // A copy that was let go, as it has moved, has nothing to tell.
            if !error.is_closed() {
                tracing::error!("shard {}[{}] cannot go on: {error}", room.index, room.shard.number);
            }
            self.close();
        }
    }

    /// `promoted`: the copy has just become the primary, and decides by everything that its log holds.
    fn carry_out(&mut self, room: &Arc<Room>, effects: Vec<Effect>, promoted: bool) -> Result<(), ShardError> {
        let Some(engine) = self.engine.clone() else { return Ok(()) };
        let appends = |effect: &Effect| matches!(effect, Effect::Append { .. } | Effect::Drop { .. });
        let mut to_stage = promoted;
        for effect in effects {
            if to_stage && !appends(&effect) {
                self.stage_all(room, &engine)?;
                to_stage = false;
            }
            self.carry_out_one(room, &engine, effect)?;
        }
        if to_stage { self.stage_all(room, &engine) } else { Ok(()) }
    }

    fn carry_out_one(&mut self, room: &Arc<Room>, engine: &Arc<ShardCopy>, effect: Effect) -> Result<(), ShardError> {
        match effect {
            Effect::Append { entries, ticket } => self.append(room, engine, entries, ticket)?,
            // A write tells it with its place in the log; this is for one that has none.
            Effect::Sync { ticket } => {
                engine.sync()?;
                room.post(Event::Synced(ticket));
            }
            Effect::Drop { from, below_term } => {
                let gone = |(seq_no, entry): (&SeqNo, &Entry)| *seq_no >= from && entry.term < below_term;
                let first = self.unapplied.iter().find(|one| gone(*one)).map(|(seq_no, _)| *seq_no);
                self.unapplied.retain(|seq_no, entry| !gone((seq_no, entry)));
                if let Some(first) = first {
                    self.rewrite(engine, first)?;
                }
            }
            Effect::Send(message) => match self.places.get(&message.to).cloned() {
                Some(node) => room.exchange.send(node, room.shard.clone(), message),
                None => room.post(Event::Unreachable(message.to)),
            },
            Effect::ReadLog { to, from, below } => {
                let backlog = *self.backlogs.entry(to.clone()).or_insert(below);
                backlog::read(room, engine, to, (from, below), backlog);
            }
            Effect::SendFiles { to } => files::send(room, engine, to),
            Effect::Show { to, below, term } => match self.places.get(&to).cloned() {
                Some(node) => show::bring_in(room, node, (to, below, term)),
                None => room.post(Event::Shown { copy: to, term, done: false }),
            },
            Effect::Retain { from } => engine.retain_log(from.0.saturating_sub(KEPT_OPERATIONS)),
            Effect::Apply { below } => self.apply(room, engine, below)?,
            Effect::Acknowledge { below } => self.acknowledge(below.0),
            Effect::Abandon { from } => self.abandon(room, from.0),
            Effect::Ask(question) => room.exchange.question(room, question),
        }
        Ok(())
    }

    fn append(
        &mut self,
        room: &Arc<Room>,
        engine: &Arc<ShardCopy>,
        entries: Vec<Entry>,
        ticket: Ticket,
    ) -> Result<(), ShardError> {
        let Some(first) = entries.first().map(|entry| entry.seq_no) else { return Ok(()) };
        let extends = first.0 == engine.log_end();
        let logged: Vec<Logged> = if extends { entries.iter().map(logged).collect() } else { Vec::new() };
        self.unapplied.extend(entries.into_iter().map(|entry| (entry.seq_no, entry)));
        if !extends {
            self.rewrite(engine, first)?;
            room.post(Event::Synced(ticket));
        } else if let Some(position) = engine.append_logged(&logged)? {
            tell_when_safe(room, engine, position, ticket);
        }
        Ok(())
    }

    /// The log's end is told otherwise now. What it says then is on the disk.
    fn rewrite(&self, engine: &Arc<ShardCopy>, from: SeqNo) -> Result<(), ShardError> {
        let end: Vec<Logged> = self.unapplied.range(from..).map(|(_, entry)| logged(entry)).collect();
        engine.rewrite_log(from.0, &end)
    }

    fn stage_all(&mut self, room: &Arc<Room>, engine: &Arc<ShardCopy>) -> Result<(), ShardError> {
        let all: Vec<Logged> = std::mem::take(&mut self.unapplied).values().map(logged).collect();
        stage(room, engine, &all)
    }

    fn apply(&mut self, room: &Arc<Room>, engine: &Arc<ShardCopy>, below: SeqNo) -> Result<(), ShardError> {
        let rest = self.unapplied.split_off(&below);
        let agreed: Vec<Logged> = std::mem::replace(&mut self.unapplied, rest).values().map(logged).collect();
        stage(room, engine, &agreed)?;
        engine.apply_below(below.0, now_ms())?;
        if self.protocol.as_ref().is_some_and(|protocol| !protocol.is_primary()) {
            engine.retain_log(below.0.saturating_sub(KEPT_OPERATIONS));
        }
        let (done, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.applying).into_iter().partition(|(until, _)| *until <= below.0);
        self.applying = waiting;
        // Who does not wait any more need not be told.
        for (_, tell) in done {
            let _: Result<(), ()> = oneshot::Sender::send(tell, ());
        }
        Ok(())
    }

    fn acknowledge(&mut self, below: u64) {
        let waiting = self.waiting.split_off(&below);
        let safe = std::mem::replace(&mut self.waiting, waiting);
        let copies = self.active;
        safe.into_values().flatten().for_each(|tell| drop(tell.send(Ok(copies))));
    }

    fn abandon(&mut self, room: &Arc<Room>, from: u64) {
        let lost = self.waiting.split_off(&from);
        lost.into_values().flatten().for_each(|tell| drop(tell.send(Err(room.unknown()))));
    }

    /// Takes nothing more. Whoever waits hears that the answer will not come.
    pub(super) fn close(&mut self) {
        (self.engine, self.protocol, self.serves, self.closed) = (None, None, false, true);
        self.unapplied.clear();
        self.waiting.clear();
        self.applying.clear();
    }

    /// `None`: it is safe already, as far as anybody will know.
    pub(super) fn wait_for(&mut self, seq_no: u64) -> Option<oneshot::Receiver<Result<u32, Error>>> {
        let protocol = self.protocol.as_ref()?;
        if seq_no < protocol.global_checkpoint().0 {
            return None;
        }
        let (tell, told) = oneshot::channel();
        self.waiting.entry(seq_no).or_default().push(tell);
        Some(told)
    }

    /// `None`: the engine has everything below `below`.
    pub(super) fn wait_applied(&mut self, below: u64) -> Option<oneshot::Receiver<()>> {
        let applied = self.protocol.as_ref().map_or(u64::MAX, |protocol| protocol.applied().0);
        if applied >= below {
            return None;
        }
        let (tell, told) = oneshot::channel();
        self.applying.push((below, tell));
        Some(told)
    }

    /// Lets the engine go for a while: its files are replaced.
    pub(super) fn take_engine(&mut self) -> Option<Arc<ShardCopy>> {
        self.engine.take()
    }

    /// The copy with the primary's files.
    pub(super) fn reopened(&mut self, room: &Arc<Room>, engine: Arc<ShardCopy>, below: u64) {
        if self.closed {
            return;
        }
        let history = History(engine.history().into());
        engine.stage_writes();
        engine.retain_log(below);
        self.unapplied.clear();
        self.engine = Some(engine);
        room.recovery.replays(below);
        self.on(room, Event::FilesInstalled { below: SeqNo(below), history });
    }
}

pub(super) fn entry(logged: Logged) -> Entry {
    let Logged { seq_no, primary_term, bytes } = logged;
    Entry { seq_no: SeqNo(seq_no), term: model::id::PrimaryTerm(primary_term), operation: bytes }
}

fn logged(entry: &Entry) -> Logged {
    match entry.operation.is_empty() {
        true => Logged::no_op(entry.seq_no.0, entry.term.0),
        false => Logged { seq_no: entry.seq_no.0, primary_term: entry.term.0, bytes: entry.operation.clone() },
    }
}

/// Maps operations of another copy as this one's shard is mapped now: the metadata that they need is here (rule R1).
fn stage(room: &Room, engine: &Arc<ShardCopy>, entries: &[Logged]) -> Result<(), ShardError> {
    if entries.is_empty() {
        return Ok(());
    }
    let preparer = room.preparer.read().clone();
    let preparer = preparer.ok_or(ShardError::Closed)?;
    engine.stage_logged(entries, room.exchange.threads(), &|operation: &Operation| {
        replayed_document(&preparer, operation)
    })
}

fn tell_when_safe(room: &Arc<Room>, engine: &Arc<ShardCopy>, position: wal::Position, ticket: Ticket) {
    let room = Arc::downgrade(room);
    engine.on_safe(position, move |result| {
        // A log that has failed has failed its copy, and that is told elsewhere.
        if let (Some(room), Ok(())) = (room.upgrade(), result) {
            room.post(Event::Synced(ticket));
        }
    });
}
