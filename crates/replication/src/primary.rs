//! The duty of a primary: streaming what was written to every copy, and knowing what is safe.
//!
//! In: writes, answers of copies, the metadata. Out: messages, the global checkpoint, questions to the master. Not here: how a copy
//! becomes a primary ([`crate::copy`]).

use std::collections::BTreeMap;

use model::id::{AllocationId, PrimaryTerm, SeqNo};

use crate::assignment::{Assignment, Role};
use crate::event::{Effect, Question};
use crate::message::{Body, Entry, History, Message};
use crate::progress::{Progress, Stage};
use crate::rules::Limits;
use crate::tail::Tail;

#[cfg_attr(test, derive(Clone, Hash))]
pub(crate) struct Primary {
    /// The first number of this term (rule R7).
    pub(crate) term_from: SeqNo,
    copies: BTreeMap<AllocationId, Progress>,
    /// Writes below it were acknowledged.
    acknowledged: SeqNo,
    retained: SeqNo,
    /// The copy that is to take over, once it has everything (rule R11).
    pub(crate) handing_to: Option<AllocationId>,
    #[cfg(test)]
    pub(crate) defect: Option<crate::rules::Defect>,
}

/// What a primary works with at one moment.
pub(crate) struct Desk<'a> {
    pub(crate) now: u64,
    pub(crate) assignment: &'a Assignment,
    pub(crate) history: &'a History,
    pub(crate) limits: &'a Limits,
    pub(crate) tail: &'a mut Tail,
    pub(crate) effects: &'a mut Vec<Effect>,
}

impl Desk<'_> {
    fn term(&self) -> PrimaryTerm {
        self.assignment.term
    }

    fn send(&mut self, to: &AllocationId, body: Body) {
        let (from, version) = (self.assignment.me.clone(), self.assignment.version);
        self.effects.push(Effect::Send(Message { from, to: to.clone(), term: self.term(), version, body }));
    }
}

impl Primary {
    /// Begins a term. Every in-sync copy has what lies below the global checkpoint and is sent the rest again (rule R7).
    pub(crate) fn begin(desk: &mut Desk<'_>) -> Self {
        let mut primary = Self {
            term_from: desk.tail.next(),
            copies: BTreeMap::new(),
            acknowledged: desk.tail.global(),
            retained: SeqNo(u64::MAX),
            handing_to: None,
            #[cfg(test)]
            defect: None,
        };
        primary.copies = others(desk.assignment).map(|(id, role)| (id.clone(), fresh(role, desk))).collect();
        primary
    }

    /// The metadata moved on within the term: copies came and went.
    pub(crate) fn assigned(&mut self, desk: &mut Desk<'_>) {
        self.copies.retain(|id, _| desk.assignment.copies.contains_key(id));
        for (id, role) in others(desk.assignment) {
            let progress = self.copies.entry(id.clone()).or_insert_with(|| fresh(role, desk));
            if role == Role::Replica {
                (progress.in_sync, progress.confirmed, progress.shown) = (true, true, true);
            }
        }
        if self.handing_to.as_ref().is_some_and(|to| !self.copies.contains_key(to)) {
            self.handing_to = None;
        }
        self.advance(desk);
    }

    /// Sends every copy what it can take.
    pub(crate) fn pump_all(&mut self, desk: &mut Desk<'_>) {
        for (id, progress) in &mut self.copies {
            pump(id, progress, self.term_from, desk);
        }
    }

    pub(crate) fn replicated(&mut self, from: &AllocationId, local: SeqNo, global: SeqNo, desk: &mut Desk<'_>) {
        let Some(progress) = self.copies.get_mut(from).filter(|progress| progress.stage == Stage::Streaming) else {
            return;
        };
        progress.answered(local, global, desk.now);
        pump(from, progress, self.term_from, desk);
        self.advance(desk);
    }

    /// A copy says what it has; files are for those whose operations the log has no longer, or of another history.
    pub(crate) fn recover(&mut self, from: &AllocationId, history: &History, has: SeqNo, desk: &mut Desk<'_>) {
        let Some(progress) = self.copies.get_mut(from).filter(|progress| !progress.in_sync) else { return };
        let is_sent_files = progress.stage == Stage::Files;
        if is_sent_files && progress.beyond_log.is_some_and(|lacking| has <= lacking) {
            progress.is_alive(desk.now);
        } else if history == desk.history && has <= desk.tail.next() {
            let has = if breaks!(self, SkipHistory) { has.max(desk.tail.base()) } else { has };
            progress.begin(has, desk.now);
            pump(from, progress, self.term_from, desk);
            self.advance(desk);
        } else if is_sent_files {
            progress.is_alive(desk.now);
        } else {
            begin_files(from, progress, desk);
        }
        self.retain(desk);
    }

    pub(crate) fn log_read(&mut self, to: &AllocationId, entries: Vec<Entry>, desk: &mut Desk<'_>) {
        let Some(progress) = self.copies.get_mut(to).filter(|progress| progress.reading) else { return };
        progress.reading = false;
        if entries.first().is_some_and(|entry| entry.seq_no == progress.next) {
            replicate(to, progress, entries, self.term_from, desk);
        }
        pump(to, progress, self.term_from, desk);
    }

    pub(crate) fn log_lacks(&mut self, to: &AllocationId, desk: &mut Desk<'_>) {
        let Some(progress) = self.copies.get_mut(to).filter(|progress| progress.reading) else { return };
        progress.reading = false;
        if progress.next >= desk.tail.base() {
            pump(to, progress, self.term_from, desk); // It came forward while the log was read.
        } else if progress.in_sync {
            fail(to, progress, "the log no longer has what it lacks", desk);
        } else {
            progress.beyond_log = Some(progress.next);
            begin_files(to, progress, desk);
        }
    }

    /// Whether a copy shows what it was to show before anybody searches it.
    pub(crate) fn shown(&mut self, copy: &AllocationId, done: bool, desk: &mut Desk<'_>) {
        let Some(progress) = self.copies.get_mut(copy) else { return };
        progress.showing = false;
        progress.shown |= done;
        if done {
            progress.comes_in(copy, desk);
        }
        self.hand_over(desk);
    }

    /// Who counts for what is safe: whatever is shown is shown by all of them.
    pub(crate) fn counted(&self) -> impl Iterator<Item = &AllocationId> {
        let counts = |progress: &Progress| match breaks!(self, ShowCounted) {
            true => progress.confirmed,
            false => progress.in_sync,
        };
        self.copies.iter().filter(move |(_, progress)| counts(progress)).map(|(id, _)| id)
    }

    pub(crate) fn unreachable(&mut self, copy: &AllocationId, desk: &mut Desk<'_>) {
        if breaks!(self, AcknowledgeFirst) {
            self.copies.remove(copy);
            return self.advance(desk);
        }
        if let Some(progress) = self.copies.get_mut(copy) {
            fail(copy, progress, "cannot be reached", desk);
        }
    }

    pub(crate) fn tick(&mut self, desk: &mut Desk<'_>) {
        for (id, progress) in &mut self.copies {
            let patience = if progress.in_sync { desk.limits.fail_ms } else { desk.limits.recovery_ms };
            let waits = progress.owes() || progress.stage != Stage::Streaming;
            if waits && progress.silent_ms(desk.now) >= patience {
                fail(id, progress, "does not answer", desk);
            }
            if progress.rewind(desk.now, desk.limits.resend_ms)
                || !progress.owes() && progress.global < desk.tail.global()
            {
                push(id, progress, self.term_from, desk);
            }
            if progress.in_sync && !progress.confirmed {
                progress.shown |= breaks!(self, StartHidden);
                progress.comes_in(id, desk);
            }
        }
        self.hand_over(desk);
    }

    /// Rule R4: what every in-sync copy has on its disk is safe. The copies are looked at after the checkpoint was read, and the answers
    /// of copies only ever raise it.
    pub(crate) fn advance(&mut self, desk: &mut Desk<'_>) {
        self.admit(desk);
        let of_copies = self.copies.values().filter(|progress| progress.in_sync).map(|progress| progress.local).min();
        let safe = of_copies.map_or(desk.tail.local(), |of_copies| of_copies.min(desk.tail.local()));
        desk.tail.learn_global(safe);
        let global = desk.tail.global();
        if let Some(below) = desk.tail.advance_base() {
            desk.effects.push(Effect::Apply { below });
        }
        if global > self.acknowledged {
            self.acknowledged = global;
            desk.effects.push(Effect::Acknowledge { below: global });
            if global == desk.tail.next() {
                self.push_checkpoint(global, desk);
            }
        }
        self.retain(desk);
        self.hand_over(desk);
    }

    /// Rule R10: a copy that has everything counts, first for the primary, then for the master. A primary that was promoted may know less to
    /// be agreed on than there is: everything that it began with counts as if it were.
    fn admit(&mut self, desk: &mut Desk<'_>) {
        let agreed = desk.tail.global().max(self.term_from);
        let has_all =
            |progress: &Progress| progress.stage == Stage::Streaming && progress.heard && progress.local >= agreed;
        for (id, progress) in &mut self.copies {
            if !progress.in_sync && has_all(progress) {
                progress.in_sync = !breaks!(self, MasterAddsFirst);
                progress.shown |= breaks!(self, StartHidden);
                progress.comes_in(id, desk);
            }
        }
    }

    /// At once when nothing else will carry it.
    fn push_checkpoint(&self, global: SeqNo, desk: &mut Desk<'_>) {
        for (id, _) in self.copies.iter().filter(|(_, progress)| progress.stage == Stage::Streaming) {
            desk.send(id, Body::Checkpoint { global });
        }
    }

    /// The log keeps what a copy still has to be sent.
    fn retain(&mut self, desk: &mut Desk<'_>) {
        let needed = self.copies.values().filter(|progress| progress.stage != Stage::Expected);
        let from = needed.map(|progress| progress.local.min(progress.next)).min().unwrap_or(desk.tail.base());
        let from = from.min(desk.tail.base());
        if from != self.retained {
            self.retained = from;
            desk.effects.push(Effect::Retain { from });
        }
    }

    /// Rule R11: writes stop when the copy that takes over has caught up; it is appointed when it has everything.
    fn hand_over(&mut self, desk: &mut Desk<'_>) {
        let ready =
            |(_, progress): &(&AllocationId, &mut Progress)| progress.takes_over && progress.in_sync && progress.shown;
        let Some((id, progress)) = self.copies.iter_mut().find(ready) else { return };
        self.handing_to = Some(id.clone());
        let drained = desk.tail.global() == desk.tail.next() && progress.local == desk.tail.next();
        if drained && progress.says_started(desk.now, desk.limits.resend_ms) {
            desk.effects.push(Effect::Ask(Question::HandOver { to: id.clone(), term: desk.assignment.term }));
        }
    }
}

impl Progress {
    /// What is left to do for a copy that counts: it is refreshed, then the master is told.
    fn comes_in(&mut self, id: &AllocationId, desk: &mut Desk<'_>) {
        if !self.shown {
            if !std::mem::replace(&mut self.showing, true) {
                desk.send(id, Body::Checkpoint { global: desk.tail.global() });
                let (to, below, term) = (id.clone(), desk.tail.base(), desk.assignment.term);
                desk.effects.push(Effect::Show { to, below, term });
            }
        } else if !self.takes_over && self.says_started(desk.now, desk.limits.resend_ms) {
            desk.effects.push(Effect::Ask(Question::CopyStarted { copy: id.clone(), term: desk.assignment.term }));
        }
    }
}

fn others(assignment: &Assignment) -> impl Iterator<Item = (&AllocationId, Role)> {
    assignment.copies.iter().filter(|(id, _)| **id != assignment.me).map(|(id, role)| (id, *role))
}

fn fresh(role: Role, desk: &Desk<'_>) -> Progress {
    match role {
        Role::Initializing { takes_over } => Progress::initializing(takes_over, desk.now),
        Role::Primary | Role::Replica if breaks!(desk.tail, NoResend) => Progress::replica(desk.tail.next(), desk.now),
        Role::Primary | Role::Replica => Progress::replica(desk.tail.global(), desk.now),
    }
}

fn fail(id: &AllocationId, progress: &mut Progress, reason: &'static str, desk: &mut Desk<'_>) {
    if progress.says_failed(desk.now, desk.limits.resend_ms) {
        let term = desk.term();
        desk.effects.push(Effect::Ask(Question::FailCopy { copy: id.clone(), term, reason }));
    }
}

fn begin_files(id: &AllocationId, progress: &mut Progress, desk: &mut Desk<'_>) {
    progress.stage = Stage::Files;
    progress.reading = false;
    progress.next = desk.tail.base();
    progress.is_alive(desk.now);
    desk.effects.push(Effect::SendFiles { to: id.clone() });
}

/// Sends what fits into the window: from the tail, or from the log through [`Effect::ReadLog`].
fn pump(id: &AllocationId, progress: &mut Progress, term_from: SeqNo, desk: &mut Desk<'_>) {
    while progress.stage == Stage::Streaming && !progress.reading && progress.next < desk.tail.next() {
        if progress.next.0.saturating_sub(progress.local.0) >= desk.limits.window {
            return;
        }
        if progress.next < desk.tail.base() {
            progress.reading = true;
            let (from, below) = (progress.next, desk.tail.base());
            desk.effects.push(Effect::ReadLog { to: id.clone(), from, below });
            return;
        }
        let entries = desk.tail.range(progress.next, desk.limits.batch, desk.limits.batch_bytes);
        replicate(id, progress, entries, term_from, desk);
    }
    if progress.stage == Stage::Streaming && !progress.heard && progress.next == desk.tail.next() {
        replicate(id, progress, Vec::new(), term_from, desk);
    }
}

/// [`pump`], and something to answer even where there is nothing to send.
fn push(id: &AllocationId, progress: &mut Progress, term_from: SeqNo, desk: &mut Desk<'_>) {
    if progress.heard && progress.next == desk.tail.next() {
        replicate(id, progress, Vec::new(), term_from, desk);
    }
    pump(id, progress, term_from, desk);
}

fn replicate(id: &AllocationId, progress: &mut Progress, entries: Vec<Entry>, term_from: SeqNo, desk: &mut Desk<'_>) {
    progress.sent(entries.len(), desk.now);
    let global = desk.tail.global();
    desk.send(id, Body::Replicate { entries, global, term_from });
}

#[cfg(test)]
mod tests {
    use model::id::StateVersion;

    use super::*;
    use crate::copy::{Copy, Found};
    use crate::event::Event;

    fn id(name: &str) -> AllocationId {
        AllocationId(name.into())
    }

    /// What the primary does about a copy that says it has everything below `from`.
    fn told(primary: &mut Copy, now: u64, from: u64) -> Vec<Effect> {
        heard(primary, now, "b", Body::Recover { history: History("h".into()), from: SeqNo(from) })
    }

    /// What the primary does about what a copy says to it.
    fn heard(primary: &mut Copy, now: u64, copy: &str, body: Body) -> Vec<Effect> {
        let (term, version) = (primary.assignment().term, primary.assignment().version);
        let message = Message { from: id(copy), to: id("a"), term, version, body };
        let mut effects = Vec::new();
        primary.on(now, Event::Received(message), &mut effects);
        effects
    }

    fn assigned(version: u64, roles: &[(&str, Role)]) -> Event {
        let copies = roles.iter().map(|(name, role)| (id(name), *role)).collect();
        Event::Assigned(Assignment { version: StateVersion(version), term: PrimaryTerm(version), me: id("a"), copies })
    }

    /// A promoted primary may know less to be agreed on than its clients were told: a copy that recovers has to have all of it before it
    /// counts, though nobody else has confirmed it yet.
    #[test]
    fn a_copy_that_lacks_what_the_primary_began_with_does_not_count() {
        let entry = |n: u64| Entry { seq_no: SeqNo(n), term: PrimaryTerm(1), operation: [n as u8 + 1].into() };
        let found = Found { history: History("h".into()), base: SeqNo(1), entries: vec![entry(1), entry(2)] };
        let mut primary = Copy::open(id("a"), found, Limits::default());
        let d = ("d", Role::Initializing { takes_over: false });
        let mut effects = Vec::new();
        let before = [("p", Role::Primary), ("a", Role::Replica), ("c", Role::Replica), d];
        primary.on(0, assigned(1, &before), &mut effects);
        primary.on(0, assigned(2, &[("a", Role::Primary), ("c", Role::Replica), d]), &mut effects);
        heard(&mut primary, 1, "d", Body::Recover { history: History("h".into()), from: SeqNo(0) });
        let shows = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::Show { .. }));
        let replicated = |local: u64| Body::Replicated { local: SeqNo(local), global: SeqNo(1) };
        for has in [1, 2] {
            assert!(
                !shows(&heard(&mut primary, 2, "d", replicated(has))),
                "it lacks an operation that may be acknowledged"
            );
            assert_eq!(primary.counted(), [id("c")]);
        }
        assert!(shows(&heard(&mut primary, 3, "d", replicated(3))));
        assert_eq!(primary.counted(), [id("c"), id("d")], "and a refresh is for it, too");
        // It counts for the metadata, and so for searches, when it shows what there is; until then it is asked again.
        let starts = |effect: &Effect| matches!(effect, Effect::Ask(Question::CopyStarted { .. }));
        for done in [false, true] {
            let (copy, term, mut effects) = (id("d"), PrimaryTerm(2), Vec::new());
            primary.on(4, Event::Shown { copy, term, done }, &mut effects);
            assert_eq!(effects.iter().any(starts), done, "{effects:?}");
            primary.on(5, Event::Tick, &mut effects);
            assert_eq!(shows(&effects), !done);
        }
    }

    /// Files that were begun for it long ago would take away what it counts by.
    #[test]
    fn a_copy_takes_no_files_that_lack_what_it_said_to_have() {
        let history = History("h".into());
        let found = Found { history: history.clone(), base: SeqNo(1), entries: Vec::new() };
        let mut copy = Copy::open(id("a"), found, Limits::default());
        let roles = [("p", Role::Primary), ("a", Role::Initializing { takes_over: false })];
        let mut effects = Vec::new();
        copy.on(0, assigned(1, &roles), &mut effects);
        assert!(copy.takes_files(SeqNo(1), &history));
        let entry = Entry { seq_no: SeqNo(1), term: PrimaryTerm(1), operation: [1].into() };
        let body = Body::Replicate { entries: vec![entry], global: SeqNo(1), term_from: SeqNo(0) };
        heard(&mut copy, 1, "p", body);
        copy.on(2, Event::Synced(crate::event::Ticket(1)), &mut effects);
        assert_eq!(copy.local_checkpoint(), SeqNo(2));
        assert!(!copy.takes_files(SeqNo(1), &history) && copy.takes_files(SeqNo(2), &history));
        assert!(copy.takes_files(SeqNo(0), &History("another".into())));
    }

    #[test]
    fn a_copy_that_is_sent_files_and_asks_again_is_not_sent_others() {
        let found = Found { history: History("h".into()), base: SeqNo(100), entries: Vec::new() };
        let mut primary = Copy::open(id("a"), found, Limits::default());
        let mut effects = Vec::new();
        primary.on(
            0,
            assigned(1, &[("a", Role::Primary), ("b", Role::Initializing { takes_over: false })]),
            &mut effects,
        );
        assert!(told(&mut primary, 10, 7).iter().any(|effect| matches!(effect, Effect::ReadLog { .. })));
        primary.on(20, Event::LogLacks { to: id("b") }, &mut effects);
        assert!(effects.contains(&Effect::SendFiles { to: id("b") }));
        for now in [1_000, 2_000] {
            let again = told(&mut primary, now, 7);
            let begins = |effect: &Effect| matches!(effect, Effect::ReadLog { .. } | Effect::SendFiles { .. });
            assert!(!again.iter().any(begins), "{again:?}");
        }
        let rest = told(&mut primary, 3_000, 100);
        assert!(rest.iter().any(|effect| matches!(effect, Effect::Send(_))), "{rest:?}");
    }
}
