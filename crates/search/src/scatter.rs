//! The scatter machine: which shards are still to answer, and when a search is over.
//!
//! In: answers, failures and the deadline, as [`Event`]s. Out: [`Effect`]s for the driver. Holds no connection, no task, no time.
//! Not here: what the answers mean (`merge`).

use crate::shard_query::ShardHits;

/// One search over many shards, from the first request to the last answer or the deadline.
#[derive(Debug)]
pub struct Scatter<F> {
    /// By position in the plan, so that answers merge in a fixed order.
    shards: Vec<ShardState<F>>,
    open: usize,
    timed_out: bool,
}

#[derive(Debug)]
enum ShardState<F> {
    Asked,
    Answered(ShardHits),
    Failed(F),
    /// The deadline came first.
    Abandoned,
}

/// Something that happened. `F` is how the driver tells failures.
#[derive(Debug)]
pub enum Event<F> {
    ShardAnswered { shard: usize, hits: ShardHits },
    ShardFailed { shard: usize, failure: F },
    Deadline,
}

/// Something to do, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask this shard.
    Ask { shard: usize },
    /// Stop the work of this shard; nobody waits for it.
    Stop { shard: usize },
    /// No answer is awaited any more.
    Finish,
}

/// What a search has when it is over.
#[derive(Debug)]
pub struct Outcome<F> {
    pub answers: Vec<(usize, ShardHits)>,
    pub failures: Vec<(usize, F)>,
    /// Shards that gave nothing before the deadline.
    pub abandoned: Vec<usize>,
    pub timed_out: bool,
}

impl<F> Scatter<F> {
    /// Asks every shard of the plan.
    pub fn start(shards: usize, effects: &mut Vec<Effect>) -> Self {
        effects.extend((0..shards).map(|shard| Effect::Ask { shard }));
        if shards == 0 {
            effects.push(Effect::Finish);
        }
        Self { shards: (0..shards).map(|_| ShardState::Asked).collect(), open: shards, timed_out: false }
    }

    /// Advances by one event; events about shards that are settled change nothing.
    pub fn on(&mut self, event: Event<F>, effects: &mut Vec<Effect>) {
        if self.open == 0 {
            return;
        }
        match event {
            Event::ShardAnswered { shard, hits } => self.settle(shard, ShardState::Answered(hits)),
            Event::ShardFailed { shard, failure } => self.settle(shard, ShardState::Failed(failure)),
            Event::Deadline => self.give_up(effects),
        }
        if self.open == 0 {
            effects.push(Effect::Finish);
        }
    }

    /// What there is; complete after [`Effect::Finish`].
    pub fn outcome(self) -> Outcome<F> {
        let (mut answers, mut failures, mut abandoned) = (Vec::new(), Vec::new(), Vec::new());
        for (shard, state) in self.shards.into_iter().enumerate() {
            match state {
                ShardState::Answered(hits) => answers.push((shard, hits)),
                ShardState::Failed(failure) => failures.push((shard, failure)),
                ShardState::Asked | ShardState::Abandoned => abandoned.push(shard),
            }
        }
        Outcome { answers, failures, abandoned, timed_out: self.timed_out }
    }

    fn settle(&mut self, shard: usize, state: ShardState<F>) {
        if let Some(asked @ ShardState::Asked) = self.shards.get_mut(shard) {
            *asked = state;
            self.open -= 1;
        }
    }

    fn give_up(&mut self, effects: &mut Vec<Effect>) {
        self.timed_out = true;
        for (shard, state) in self.shards.iter_mut().enumerate() {
            if matches!(state, ShardState::Asked) {
                *state = ShardState::Abandoned;
                effects.push(Effect::Stop { shard });
            }
        }
        self.open = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(shards: usize, events: Vec<Event<&'static str>>) -> (Vec<Effect>, Outcome<&'static str>) {
        let mut effects = Vec::new();
        let mut scatter = Scatter::start(shards, &mut effects);
        events.into_iter().for_each(|event| scatter.on(event, &mut effects));
        (effects, scatter.outcome())
    }

    fn answered(shard: usize) -> Event<&'static str> {
        Event::ShardAnswered { shard, hits: ShardHits::default() }
    }

    #[test]
    fn it_ends_when_every_shard_is_settled() {
        let (effects, outcome) =
            after(2, vec![answered(1), answered(1), Event::ShardFailed { shard: 0, failure: "disk" }]);
        assert_eq!(effects, [Effect::Ask { shard: 0 }, Effect::Ask { shard: 1 }, Effect::Finish]);
        assert_eq!((outcome.answers.len(), outcome.failures, outcome.abandoned), (1, vec![(0, "disk")], vec![]));
    }

    #[test]
    fn the_deadline_ends_it_and_late_answers_change_nothing() {
        let (effects, outcome) = after(3, vec![answered(2), Event::Deadline, answered(0), Event::Deadline]);
        assert_eq!(effects[3..], [Effect::Stop { shard: 0 }, Effect::Stop { shard: 1 }, Effect::Finish]);
        assert_eq!((outcome.answers.len(), outcome.abandoned, outcome.timed_out), (1, vec![0, 1], true));
    }

    #[test]
    fn no_shards_no_waiting() {
        assert_eq!(after(0, vec![]).0, [Effect::Finish]);
    }
}
