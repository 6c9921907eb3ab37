//! One copy of a shard, whatever its duty: the room where events come in and effects go out.

use std::collections::VecDeque;
use std::sync::Arc;

use model::id::{AllocationId, PrimaryTerm, SeqNo, StateVersion};

use crate::assignment::{Assignment, Role};
use crate::event::{Effect, Event, Question};
use crate::message::{Body, Entry, History, Message};
use crate::primary::{Desk, Primary};
use crate::replica::{Follower, Sent};
use crate::rules::Limits;
use crate::tail::Tail;

/// What a copy finds on its disk when it opens.
#[derive(Clone, Debug)]
pub struct Found {
    pub history: History,
    /// Below it everything is agreed and in the engine or in the log.
    pub base: SeqNo,
    /// The log's entries at or above `base`, by number, the last written of each.
    pub entries: Vec<Entry>,
}

/// Why a copy takes no writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It is not the primary, or must not act as one any more.
    NotPrimary,
    /// The shard moves to another node; the new primary is a moment away.
    Moving,
}

#[cfg_attr(test, derive(Clone, Hash))]
pub struct Copy {
    limits: Limits,
    history: History,
    assignment: Assignment,
    /// The highest term seen (rules R1, R2).
    term: PrimaryTerm,
    tail: Tail,
    duty: Duty,
    /// Messages whose sender knew newer metadata (rule R1).
    waiting: VecDeque<Message>,
    #[cfg(test)]
    pub(crate) defect: Option<crate::rules::Defect>,
}

#[cfg_attr(test, derive(Clone, Hash))]
enum Duty {
    Primary(Primary),
    Follower(Follower),
    /// Not part of the shard, or a primary that saw a higher term.
    None,
}

impl Copy {
    /// A copy that waits for its first [`Event::Assigned`].
    pub fn open(me: AllocationId, found: Found, limits: Limits) -> Self {
        let (version, term) = (StateVersion(0), PrimaryTerm(0));
        Self {
            limits,
            history: found.history,
            assignment: Assignment { version, term, me, copies: Default::default() },
            term,
            tail: Tail::open(found.base, found.entries),
            duty: Duty::None,
            waiting: VecDeque::new(),
            #[cfg(test)]
            defect: None,
        }
    }

    /// The term under which the engine may decide and append now.
    ///
    /// # Errors
    /// [`Closed`], and then nothing may be appended.
    pub fn may_write(&self) -> Result<PrimaryTerm, Closed> {
        match &self.duty {
            Duty::Primary(primary) if primary.handing_to.is_none() => Ok(self.assignment.term),
            Duty::Primary(_) => Err(Closed::Moving),
            Duty::Follower(_) | Duty::None => Err(Closed::NotPrimary),
        }
    }

    /// Whether files that contain everything below `below` may replace those of this copy, and its log. Files of a recovery that was begun long
    /// ago may come when the copy has said that it has more than they do, and counts by it.
    pub fn takes_files(&self, below: SeqNo, history: &History) -> bool {
        let recovers = matches!(&self.duty, Duty::Follower(follower) if follower.recovers);
        recovers && (*history != self.history || below >= self.tail.local())
    }

    /// The number of the next write.
    pub fn next(&self) -> SeqNo {
        self.tail.next()
    }

    /// Below it everything was given to the search engine, or is being given.
    pub fn applied(&self) -> SeqNo {
        self.tail.base()
    }

    /// As it was told last.
    pub fn assignment(&self) -> &Assignment {
        &self.assignment
    }

    /// Whether it orders the writes.
    pub fn is_primary(&self) -> bool {
        matches!(self.duty, Duty::Primary(_))
    }

    /// Of a primary: the other copies that count for what is safe. A refresh is for all of them, also for those of which the metadata do not
    /// say yet that they do.
    pub fn counted(&self) -> Vec<AllocationId> {
        match &self.duty {
            Duty::Primary(primary) => primary.counted().cloned().collect(),
            Duty::Follower(_) | Duty::None => Vec::new(),
        }
    }

    /// Whether it once was assigned, and has no duty any more: nothing that it holds counts.
    pub fn is_retired(&self) -> bool {
        matches!(self.duty, Duty::None) && self.assignment.version > StateVersion(0)
    }

    /// Below it everything is agreed on, as far as this copy was told.
    pub fn global_checkpoint(&self) -> SeqNo {
        self.tail.global()
    }

    /// Below it everything is on this copy's disk.
    pub fn local_checkpoint(&self) -> SeqNo {
        self.tail.local()
    }

    /// Entries that are in the log and not yet given to the search engine: what a promoted copy decides its first writes by.
    pub fn pending(&self) -> Vec<Entry> {
        self.tail.range(self.tail.base(), usize::MAX, usize::MAX)
    }

    /// Advances by one event. Effects come in the order in which they are to be carried out.
    pub fn on(&mut self, now: u64, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Assigned(assignment) => self.assigned(now, assignment, effects),
            Event::Written(entries) => self.written(now, entries, effects),
            Event::Synced(ticket) => {
                self.tail.synced(ticket);
                self.safe(now, effects);
            }
            Event::Received(message) => self.received(now, message, effects),
            Event::Unreachable(copy) => self.as_primary(now, effects, |primary, desk| primary.unreachable(&copy, desk)),
            Event::LogRead { to, entries } => {
                self.as_primary(now, effects, |primary, desk| primary.log_read(&to, entries, desk));
            }
            Event::LogLacks { to } => self.as_primary(now, effects, |primary, desk| primary.log_lacks(&to, desk)),
            Event::Shown { copy, term, done } if term == self.assignment.term => {
                self.as_primary(now, effects, |primary, desk| primary.shown(&copy, done, desk));
            }
            Event::Shown { .. } => {}
            Event::FilesInstalled { below, history } => self.installed(now, below, history, effects),
            Event::MasterRefused { term } => self.learn_term(term, effects),
            Event::Tick => self.tick(now, effects),
        }
    }

    fn as_primary(&mut self, now: u64, effects: &mut Vec<Effect>, act: impl FnOnce(&mut Primary, &mut Desk<'_>)) {
        let Duty::Primary(primary) = &mut self.duty else { return };
        let (assignment, history, limits) = (&self.assignment, &self.history, &self.limits);
        act(primary, &mut Desk { now, assignment, history, limits, tail: &mut self.tail, effects });
    }

    fn assigned(&mut self, now: u64, assignment: Assignment, effects: &mut Vec<Effect>) {
        if assignment.version <= self.assignment.version && self.assignment.version.0 > 0 {
            return;
        }
        let before = std::mem::replace(&mut self.assignment, assignment);
        let same = before.me == self.assignment.me && before.term == self.assignment.term;
        match self.assignment.role() {
            Some(Role::Primary) => match &self.duty {
                Duty::Primary(_) if same => self.as_primary(now, effects, Primary::assigned),
                Duty::None if same && before.role() == Some(Role::Primary) => {}
                _ => self.promote(now, effects),
            },
            Some(role) => self.follow(before, role, effects),
            None => self.leave(effects),
        }
        self.ask_for_missing(now, effects);
        for message in std::mem::take(&mut self.waiting) {
            self.received(now, message, effects);
        }
    }

    /// Rule R7: gaps become no-ops of the new term, and the tail is the history from now on.
    fn promote(&mut self, now: u64, effects: &mut Vec<Effect>) {
        self.leave(effects);
        let term = self.assignment.term;
        self.term = self.term.max(term);
        let missing =
            (self.tail.base().0..self.tail.next().0).map(SeqNo).filter(|seq_no| self.tail.is_missing(*seq_no));
        let no_op = |seq_no| Entry { seq_no, term, operation: Arc::from([]) };
        let entries: Vec<Entry> = missing.map(no_op).collect();
        let ticket = self.tail.ticket();
        entries.iter().for_each(|entry| self.tail.put(entry.clone(), ticket, true));
        if !entries.is_empty() {
            effects.push(Effect::Append { entries, ticket });
        }
        self.tail.confirm_all();
        self.tail.advance_local();
        let (assignment, history, limits) = (&self.assignment, &self.history, &self.limits);
        let mut desk = Desk { now, assignment, history, limits, tail: &mut self.tail, effects };
        let mut primary = Primary::begin(&mut desk);
        #[cfg(test)]
        {
            primary.defect = self.defect;
        }
        primary.pump_all(&mut desk);
        primary.advance(&mut desk);
        self.duty = Duty::Primary(primary);
    }

    fn follow(&mut self, before: Assignment, role: Role, effects: &mut Vec<Effect>) {
        let recovers = matches!(role, Role::Initializing { .. });
        match &mut self.duty {
            Duty::Follower(follower) if before.me == self.assignment.me => follower.recovers = recovers,
            _ => {
                self.leave(effects);
                self.tail.unconfirm();
                self.duty = Duty::Follower(Follower::new(recovers));
            }
        }
    }

    /// Ends the present duty; writes that were not acknowledged have an unknown outcome.
    fn leave(&mut self, effects: &mut Vec<Effect>) {
        if let Duty::Primary(_) = std::mem::replace(&mut self.duty, Duty::None) {
            effects.push(Effect::Abandon { from: self.tail.base() });
        }
    }

    fn written(&mut self, now: u64, entries: Vec<Entry>, effects: &mut Vec<Effect>) {
        let ticket = self.tail.ticket();
        let is_primary = matches!(self.duty, Duty::Primary(_));
        for entry in entries {
            assert_eq!(entry.seq_no, self.tail.next(), "writes are numbered without gaps");
            self.tail.put(entry, ticket, is_primary);
        }
        if !is_primary {
            return effects.push(Effect::Abandon { from: self.tail.base() });
        }
        effects.push(Effect::Sync { ticket });
        self.as_primary(now, effects, Primary::pump_all);
        self.safe(now, effects);
    }

    /// Something of the own log may have become safe.
    fn safe(&mut self, now: u64, effects: &mut Vec<Effect>) {
        self.tail.advance_local();
        match &mut self.duty {
            Duty::Primary(_) => self.as_primary(now, effects, Primary::advance),
            Duty::Follower(follower) => {
                let answer = follower.answer(&self.tail);
                if let Some((to, body)) = answer {
                    self.send(to, body, effects);
                }
                self.apply(effects);
            }
            Duty::None => {}
        }
    }

    /// Rule R6.
    fn apply(&mut self, effects: &mut Vec<Effect>) {
        if let Some(below) = self.tail.advance_base() {
            effects.push(Effect::Apply { below });
        }
    }

    fn received(&mut self, now: u64, message: Message, effects: &mut Vec<Effect>) {
        if message.version > self.assignment.version {
            if self.waiting.len() < self.limits.waiting {
                self.waiting.push_back(message);
            }
            return;
        }
        match message.body {
            Body::Replicate { .. } | Body::Checkpoint { .. } => self.obey(now, message, effects),
            Body::Replicated { local, global } if self.is_for_this_term(&message) => {
                self.as_primary(now, effects, |primary, desk| primary.replicated(&message.from, local, global, desk));
            }
            Body::Recover { history, from } if message.to == self.assignment.me => {
                let copy = message.from;
                self.as_primary(now, effects, |primary, desk| primary.recover(&copy, &history, from, desk));
            }
            Body::Refused if message.to == self.assignment.me => self.refused(now, message, effects),
            Body::Replicated { .. } | Body::Recover { .. } | Body::Refused => {}
        }
    }

    fn is_for_this_term(&self, message: &Message) -> bool {
        message.to == self.assignment.me && message.term == self.assignment.term
    }

    /// A copy refused what this primary sent: either there is a newer primary (rule R2), or that copy is no more.
    fn refused(&mut self, now: u64, message: Message, effects: &mut Vec<Effect>) {
        if message.term > self.assignment.term {
            self.learn_term(message.term, effects);
        } else {
            self.as_primary(now, effects, |primary, desk| primary.unreachable(&message.from, desk));
        }
    }

    fn learn_term(&mut self, term: PrimaryTerm, effects: &mut Vec<Effect>) {
        self.term = self.term.max(term);
        if term > self.assignment.term && matches!(self.duty, Duty::Primary(_)) {
            self.leave(effects);
        }
    }

    fn obey(&mut self, now: u64, message: Message, effects: &mut Vec<Effect>) {
        if !self.accepts(&message) {
            let (term, version, me) = (self.term, self.assignment.version, self.assignment.me.clone());
            let refusal = Message { from: message.to, to: message.from, term, version, body: Body::Refused };
            // A refusal is for primaries; a copy that is one itself at this term would only confuse them.
            if refusal.to != me {
                effects.push(Effect::Send(refusal));
            }
            return;
        }
        let global = match &message.body {
            Body::Replicate { global, .. } | Body::Checkpoint { global } => *global,
            _ => return,
        };
        if matches!(message.body, Body::Checkpoint { .. }) && message.term > self.term {
            return; // It answers nothing, so it begins nothing.
        }
        if message.term > self.term {
            self.term = message.term;
            // A copy that counts has what any primary calls agreed on. To one that recovers it may be another history: its credit ends where
            // agreement ended as it was told before.
            if !matches!(&self.duty, Duty::Follower(follower) if follower.recovers) {
                self.tail.learn_global(global);
            }
            self.tail.unconfirm();
        }
        self.tail.learn_global(global);
        if let Body::Replicate { entries, term_from, .. } = message.body {
            self.take(now, message.from, Sent { entries, term: message.term, term_from }, effects);
        }
        self.apply(effects);
    }

    fn take(&mut self, now: u64, from: AllocationId, sent: Sent, effects: &mut Vec<Effect>) {
        let (from_seq, term) = (sent.term_from, sent.term);
        if !breaks!(self, KeepBeyond) && self.tail.drop_beyond(from_seq, term) {
            effects.push(Effect::Drop { from: from_seq, below_term: term });
        }
        let Duty::Follower(follower) = &mut self.duty else { return };
        follower.heard(now);
        let answer = follower.take(&from, sent, &mut self.tail, effects);
        if let Some(body) = answer {
            self.send(from, body, effects);
        }
    }

    /// Rule R1: meant for this allocation, not of a lower term, and this copy follows.
    fn accepts(&self, message: &Message) -> bool {
        let follows = matches!(self.duty, Duty::Follower(_));
        follows
            && message.to == self.assignment.me
            && (message.term >= self.term.max(self.assignment.term) || breaks!(self, AnyTerm))
    }

    fn installed(&mut self, now: u64, below: SeqNo, history: History, effects: &mut Vec<Effect>) {
        self.history = history;
        self.tail.rebase(below);
        self.tail.advance_local();
        if let Duty::Follower(follower) = &mut self.duty {
            follower.ask_again();
        }
        self.apply(effects);
        self.ask_for_missing(now, effects);
    }

    fn tick(&mut self, now: u64, effects: &mut Vec<Effect>) {
        self.as_primary(now, effects, Primary::tick);
        self.ask_for_missing(now, effects);
    }

    fn ask_for_missing(&mut self, now: u64, effects: &mut Vec<Effect>) {
        let Duty::Follower(follower) = &mut self.duty else { return };
        let Some(primary) = self.assignment.primary().cloned() else { return };
        if follower.asks(now, &self.limits) {
            let body = Body::Recover { history: self.history.clone(), from: self.tail.base() };
            self.send(primary, body, effects);
        }
    }

    fn send(&self, to: AllocationId, body: Body, effects: &mut Vec<Effect>) {
        let (from, version) = (self.assignment.me.clone(), self.assignment.version);
        let term = self.term.max(self.assignment.term);
        effects.push(Effect::Send(Message { from, to, term, version, body }));
    }
}

#[cfg(test)]
impl Copy {
    pub(crate) fn break_rule(&mut self, defect: Option<crate::rules::Defect>) {
        self.defect = defect;
        self.tail.defect = defect;
    }
}

/// What [`Question`]s are about, for the driver's bookkeeping.
impl Question {
    pub fn copy(&self) -> &AllocationId {
        match self {
            Self::FailCopy { copy, .. } | Self::CopyStarted { copy, .. } => copy,
            Self::HandOver { to, .. } => to,
        }
    }
}
