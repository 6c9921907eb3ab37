//! Every history of a small world: what may happen is tried in every order, within bounds, on the cores that the product runs.
//!
//! Breadth first, so that what breaks an invariant is told in the fewest steps. A state is known by a hash of all that it consists of but the
//! clock, which stands still: what time would bring (a message sent again, a copy given up) comes as an event instead. Bounds:
//! how often each fault may happen, how much is written, how many messages may be on their way, how many states are looked at.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

use super::random::Random;
use super::{NODES, Travelling, Violation, World};
use crate::assignment::Role;
use crate::rules::Defect;

/// How often each may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Bounds {
    /// That there are from the beginning.
    pub(super) replicas: usize,
    pub(super) writes: u8,
    pub(super) crashes: u8,
    /// The master takes a node for gone that is not.
    pub(super) evictions: u8,
    /// Copies that are given to nodes.
    pub(super) recoveries: u8,
    /// Of those, such as take over from the primary.
    pub(super) moves: u8,
    /// Files are written and the log behind them is let go.
    pub(super) flushes: u8,
    /// Clients have shown what there is.
    pub(super) refreshes: u8,
    pub(super) lost: u8,
    /// A copy looks at what is late.
    pub(super) ticks: u8,
    /// Messages on their way; histories with more are not followed.
    pub(super) travelling: usize,
    pub(super) states: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Write(usize),
    Deliver(usize),
    Lose(usize),
    Sync(usize),
    Follow(usize),
    /// With so many records of the log that were not synced.
    Crash(usize, usize),
    Restart(usize),
    Evict(usize),
    Recover(usize),
    Move(usize),
    Flush(usize),
    Refresh(usize),
    Tick(usize),
}

/// What a search of all histories came to.
pub(super) struct Explored {
    pub(super) states: usize,
    pub(super) depth: usize,
    /// All of them were looked at.
    pub(super) is_complete: bool,
    /// Acknowledged operations in the state that has most, and whether a copy recovered by operations, by files, and by taking over.
    pub(super) seen: Seen,
    pub(super) broken: Option<(Violation, String)>,
}

/// What histories led to: so that a world in which nothing happens does not pass for one in which nothing goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) acknowledged: usize,
    pub(super) later_term: bool,
    pub(super) by_operations: bool,
    pub(super) by_files: bool,
    pub(super) handed_over: bool,
}

struct Path {
    step: Step,
    before: Option<Rc<Path>>,
}

struct Reached {
    world: World,
    left: Bounds,
    path: Option<Rc<Path>>,
    depth: usize,
}

/// Follows every history within `bounds`, from a primary with one replica, until all are told or one is wrong.
pub(super) fn explore(bounds: Bounds, defect: Option<Defect>) -> Explored {
    let mut known = HashSet::new();
    let mut open =
        VecDeque::from([Reached { world: begin(bounds.replicas, defect), left: bounds, path: None, depth: 0 }]);
    let mut explored = Explored { states: 0, depth: 0, is_complete: true, seen: Seen::default(), broken: None };
    while let Some(reached) = open.pop_front() {
        explored.depth = reached.depth;
        for step in steps(&reached) {
            let mut next =
                Reached { world: reached.world.clone(), left: reached.left, path: None, depth: reached.depth + 1 };
            let done = next.take(step, &mut explored.seen).and_then(|()| next.world.check());
            if let Err(violation) = done {
                explored.broken = Some((violation, told(step, reached.path.as_ref())));
                return explored;
            }
            if next.world.travelling.len() > bounds.travelling || !known.insert(next.key()) {
                continue;
            }
            explored.states += 1;
            explored.seen.acknowledged = explored.seen.acknowledged.max(next.world.acknowledged.len());
            if explored.states >= bounds.states {
                explored.is_complete = false;
                return explored;
            }
            next.path = Some(Rc::new(Path { step, before: reached.path.clone() }));
            open.push_back(next);
        }
    }
    explored
}

/// A primary and its replicas, which know each other; other nodes have nothing.
fn begin(replicas: usize, defect: Option<Defect>) -> World {
    let mut world = World::new(NODES, 0, defect);
    // What is lost is lost by a step.
    world.faults = false;
    (1..=replicas).for_each(|node| world.master.assign(node, Role::Replica));
    for node in 0..=replicas {
        world.apply_metadata_at(node).expect("nothing has happened yet");
    }
    while let Some(travelling) = world.travelling.pop() {
        world.take(travelling).expect("nothing has happened yet");
    }
    world
}

fn told(last: Step, path: Option<&Rc<Path>>) -> String {
    let mut steps = vec![format!("{last:?}")];
    let mut at = path;
    while let Some(path) = at {
        steps.push(format!("{:?}", path.step));
        at = path.before.as_ref();
    }
    steps.reverse();
    steps.join(", ")
}

/// What may happen next.
fn steps(reached: &Reached) -> Vec<Step> {
    let (world, left) = (&reached.world, &reached.left);
    let mut steps = Vec::new();
    for at in 0..world.travelling.len() {
        steps.push(Step::Deliver(at));
        if left.lost > 0 && matches!(world.travelling[at], Travelling::Message(_)) {
            steps.push(Step::Lose(at));
        }
    }
    for node in 0..world.nodes.len() {
        let (held, is_up) = (&world.nodes[node], world.nodes[node].up);
        let mut may = |wanted: bool, step: Step| steps.extend(wanted.then_some(step));
        may(is_up && held.waits_for_sync(), Step::Sync(node));
        may(is_up && held.is_behind(node, &world.master), Step::Follow(node));
        may(held.copy.as_ref().is_some_and(|copy| left.writes > 0 && copy.may_write().is_ok()), Step::Write(node));
        let kept = held.disk.len() - held.disk.synced.min(held.disk.len());
        may(is_up && left.crashes > 0, Step::Crash(node, 0));
        may(is_up && left.crashes > 0 && kept > 0, Step::Crash(node, kept));
        may(!is_up, Step::Restart(node));
        let is_assigned = world.master.copy_on(node).is_some();
        may(left.evictions > 0 && is_assigned, Step::Evict(node));
        may(is_up && left.recoveries > 0 && !is_assigned, Step::Recover(node));
        may(is_up && left.moves > 0 && !is_assigned, Step::Move(node));
        may(left.flushes > 0 && held.copy.is_some(), Step::Flush(node));
        let is_primary = held.copy.as_ref().is_some_and(|copy| copy.is_primary());
        may(left.refreshes > 0 && is_primary, Step::Refresh(node));
        may(left.ticks > 0 && held.copy.is_some(), Step::Tick(node));
    }
    steps
}

impl Reached {
    fn take(&mut self, step: Step, seen: &mut Seen) -> Result<(), Violation> {
        let (world, left) = (&mut self.world, &mut self.left);
        let mut same = Random::new(1);
        match step {
            Step::Write(node) => {
                left.writes -= 1;
                world.write_at(node, 1)
            }
            Step::Deliver(at) => {
                let travelling = world.travelling.remove(at);
                note(&travelling, seen);
                let before = world.acknowledged.len();
                let done = world.take(travelling);
                seen.later_term |= world.acknowledged.len() > before && world.master.assignment_term() > 1;
                done
            }
            Step::Lose(at) => {
                left.lost -= 1;
                if let Travelling::Message(message) = world.travelling.remove(at) {
                    world.travelling.push(Travelling::Undelivered(message.from, message.to));
                }
                Ok(())
            }
            Step::Sync(node) => world.sync_at(node),
            Step::Follow(node) => world.apply_metadata_at(node),
            Step::Crash(node, kept) => {
                left.crashes -= 1;
                let kept = world.nodes[node].disk.synced.min(world.nodes[node].disk.len()) + kept;
                world.crash_at(node, kept);
                world.master.node_left(node, &mut same);
                Ok(())
            }
            Step::Restart(node) => {
                world.restart(node);
                Ok(())
            }
            Step::Evict(node) => {
                left.evictions -= 1;
                world.master.node_left(node, &mut same);
                Ok(())
            }
            Step::Recover(node) | Step::Move(node) => {
                let takes_over = matches!(step, Step::Move(_));
                let counted = if takes_over { &mut left.moves } else { &mut left.recoveries };
                *counted -= 1;
                world.master.assign(node, Role::Initializing { takes_over });
                Ok(())
            }
            Step::Flush(node) => {
                left.flushes -= 1;
                world.nodes[node].flush(true);
                Ok(())
            }
            Step::Refresh(node) => {
                left.refreshes -= 1;
                world.refresh(node);
                Ok(())
            }
            Step::Tick(node) => {
                left.ticks -= 1;
                world.now += 50;
                world.on(node, crate::event::Event::Tick)
            }
        }
    }

    /// The order in which messages were sent does not matter: each may come at any time.
    fn key(&self) -> (u64, u64) {
        let of = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            salt.hash(&mut hasher);
            let world = &self.world;
            (&world.master, &world.nodes, world.now, self.left).hash(&mut hasher);
            (&world.acknowledged, &world.agreed, &world.primaries, world.written, &world.refreshes).hash(&mut hasher);
            let one = |travelling: &Travelling| {
                let mut own = DefaultHasher::new();
                (salt, travelling).hash(&mut own);
                own.finish()
            };
            let mut each: Vec<u64> = world.travelling.iter().map(one).collect();
            each.sort_unstable();
            each.hash(&mut hasher);
            hasher.finish()
        };
        (of(0), of(1))
    }
}

fn note(travelling: &Travelling, seen: &mut Seen) {
    match travelling {
        Travelling::LogRead(_, crate::event::Event::LogRead { .. }) => seen.by_operations = true,
        Travelling::Files(..) => seen.by_files = true,
        Travelling::Question(_, crate::event::Question::HandOver { .. }) => seen.handed_over = true,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing goes wrong, and nothing happens.
    const QUIET: Bounds = Bounds {
        replicas: 1,
        writes: 0,
        crashes: 0,
        evictions: 0,
        recoveries: 0,
        moves: 0,
        flushes: 0,
        refreshes: 0,
        lost: 0,
        ticks: 0,
        travelling: 4,
        states: 40_000,
    };

    /// `cargo xtask model` looks at more states, in worlds where more happens.
    fn states() -> Option<usize> {
        std::env::var("SHOAL_MODEL_STATES").ok().and_then(|states| states.parse().ok())
    }

    fn is_right(name: &str, bounds: Bounds) -> Explored {
        let explored = explore(bounds, None);
        let Explored { states, depth, is_complete, seen, .. } = &explored;
        println!("{name}: {states} states, {depth} steps deep, all of them: {is_complete}, {seen:?}");
        if let Some((violation, steps)) = &explored.broken {
            panic!("{name}: {violation}, after {steps}");
        }
        explored
    }

    #[test]
    fn every_history_of_writes_and_failovers_is_right() {
        let failover = is_right("two writes, a failover", Bounds { writes: 2, evictions: 1, ..QUIET });
        assert!(failover.is_complete && failover.seen.acknowledged == 2, "{:?}", failover.seen);
        let lost = is_right("and a lost message", Bounds { writes: 1, evictions: 1, lost: 1, ..QUIET });
        assert!(lost.is_complete && lost.seen.acknowledged == 1, "{:?}", lost.seen);
        let three = Bounds { replicas: 2, writes: 1, evictions: 1, travelling: 6, ..QUIET };
        assert!(is_right("of three copies", three).is_complete);
        assert!(is_right("a crash", Bounds { writes: 1, crashes: 1, ..QUIET }).is_complete);
    }

    #[test]
    fn every_history_of_recoveries_is_right() {
        let operations = is_right("recovery by operations", Bounds { replicas: 0, writes: 1, recoveries: 1, ..QUIET });
        assert!(operations.is_complete && operations.seen.by_operations, "{:?}", operations.seen);
        let files = is_right("recovery by files", Bounds { writes: 1, recoveries: 1, flushes: 1, ..QUIET });
        assert!(files.is_complete && files.seen.by_files, "{:?}", files.seen);
        let shown = Bounds { replicas: 0, writes: 1, recoveries: 1, refreshes: 1, ..QUIET };
        let shown = is_right("recovery and a refresh", shown);
        assert!(shown.is_complete && shown.seen.by_operations, "{:?}", shown.seen);
        is_right("recovery and a failover", Bounds { writes: 1, recoveries: 1, evictions: 1, ..QUIET });
    }

    #[test]
    fn every_history_of_a_move_is_right() {
        let moved = is_right("hand-over", Bounds { replicas: 0, writes: 1, moves: 1, ..QUIET });
        assert!(moved.is_complete && moved.seen.handed_over, "{:?}", moved.seen);
    }

    #[test]
    fn larger_worlds_are_right_as_far_as_they_are_looked_at() {
        let Some(states) = states() else { return };
        let all = Bounds { writes: 2, evictions: 1, recoveries: 1, travelling: 6, states, ..QUIET };
        is_right("writes, a failover, a recovery", all);
        is_right("and a crash", Bounds { crashes: 1, ..all });
        is_right("and a lost message", Bounds { lost: 1, flushes: 1, ticks: 1, ..all });
        is_right("of three copies", Bounds { replicas: 2, evictions: 2, ..all });
        is_right("and refreshes", Bounds { refreshes: 2, ..all });
        is_right("and a move", Bounds { recoveries: 0, moves: 1, ..all });
    }

    /// Rules that need more steps to be missed are found by seeds ([`super::super::tests`]).
    #[test]
    fn rules_that_few_steps_can_break_are_missed_at_once() {
        let recovers = Bounds { replicas: 0, writes: 2, recoveries: 1, evictions: 1, ..QUIET };
        let shows = Bounds { replicas: 0, writes: 1, recoveries: 1, refreshes: 1, ..QUIET };
        for (defect, bounds) in [
            (Defect::CountUnsynced, Bounds { writes: 1, evictions: 1, ..QUIET }),
            (Defect::ApplyAtOnce, Bounds { writes: 2, evictions: 1, ..QUIET }),
            (Defect::AcknowledgeFirst, Bounds { writes: 1, evictions: 1, lost: 1, ..QUIET }),
            (Defect::MasterAddsFirst, recovers),
            (Defect::StartHidden, shows),
            (Defect::ShowCounted, shows),
        ] {
            assert!(explore(bounds, Some(defect)).broken.is_some(), "nobody notices {defect:?}");
        }
    }
}
