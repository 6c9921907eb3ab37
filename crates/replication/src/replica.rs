//! The duty of a copy that follows: appending what the primary sends, answering when it is safe, asking for what it lacks.

use model::id::{AllocationId, PrimaryTerm, SeqNo};

use crate::event::Effect;
use crate::message::{Body, Entry};
use crate::rules::Limits;
use crate::tail::Tail;

/// What a follower remembers besides its tail.
#[cfg_attr(test, derive(Clone, Hash))]
pub(crate) struct Follower {
    /// Lacks operations, and has to ask for them.
    pub(crate) recovers: bool,
    /// When it last asked; `None`: not yet.
    asked_at: Option<u64>,
    /// When the primary last sent operations.
    heard_at: Option<u64>,
    /// Who is to hear when what was appended is safe.
    owes: Option<AllocationId>,
}

impl Follower {
    pub(crate) fn new(recovers: bool) -> Self {
        Self { recovers, asked_at: None, heard_at: None, owes: None }
    }

    /// Whether it is time to ask the primary for what is missing.
    pub(crate) fn asks(&mut self, now: u64, limits: &Limits) -> bool {
        let quiet = |at: Option<u64>| at.is_none_or(|at| now.saturating_sub(at) >= limits.resend_ms);
        let asks = self.recovers && quiet(self.asked_at) && quiet(self.heard_at);
        if asks {
            self.asked_at = Some(now);
        }
        asks
    }

    /// Files were installed: ask again at once for what they lack.
    pub(crate) fn ask_again(&mut self) {
        (self.asked_at, self.heard_at) = (None, None);
    }

    pub(crate) fn heard(&mut self, now: u64) {
        self.heard_at = Some(now);
    }

    /// After a sync: the answer that is due, if any.
    pub(crate) fn answer(&mut self, tail: &Tail) -> Option<(AllocationId, Body)> {
        self.owes.take().map(|to| (to, replicated(tail)))
    }

    /// Takes what a primary of `term` sent; says what to answer at once.
    pub(crate) fn take(
        &mut self,
        from: &AllocationId,
        sent: Sent,
        tail: &mut Tail,
        effects: &mut Vec<Effect>,
    ) -> Option<Body> {
        let Sent { entries, term, .. } = sent;
        let mut next = tail.next();
        // The log has no gaps: what lies beyond one will be sent again.
        let reached = entries.into_iter().take_while(|entry| {
            let reached = entry.seq_no <= next;
            next = next.max(entry.seq_no.next());
            reached
        });
        let lacking: Vec<Entry> = reached.filter(|entry| tail.lacks(entry, term)).collect();
        if lacking.is_empty() {
            tail.advance_local();
            return Some(replicated(tail));
        }
        let ticket = tail.ticket();
        lacking.iter().for_each(|entry| tail.put(entry.clone(), ticket, true));
        effects.push(Effect::Append { entries: lacking, ticket });
        self.owes = Some(from.clone());
        tail.advance_local();
        None
    }
}

/// The entries of one message.
pub(crate) struct Sent {
    pub(crate) entries: Vec<Entry>,
    pub(crate) term: PrimaryTerm,
    pub(crate) term_from: SeqNo,
}

fn replicated(tail: &Tail) -> Body {
    let (local, global): (SeqNo, SeqNo) = (tail.local(), tail.global());
    Body::Replicated { local, global }
}
