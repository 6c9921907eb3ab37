//! A world for copies: nodes that crash, disks that forget what was not synced, a network that loses, doubles and delays, a master. Every
//! effect goes through the scheduler, and everything random comes from one seed, so that a seed is a history that can be told again.

mod checks;
mod disk;
mod explore;
mod faults;
mod master;
mod node;
mod random;
mod shown;
mod tests;

use std::collections::BTreeMap;

use model::id::{AllocationId, PrimaryTerm, SeqNo};

use crate::event::{Effect, Event, Question};
use crate::message::{Entry, Message};
use crate::rules::{Defect, Limits};
use disk::Files;
use master::Master;
use node::Node;
use random::Random;
use shown::{Refreshes, Show};

/// Of most worlds.
const NODES: usize = 3;

const LIMITS: Limits =
    Limits { resend_ms: 30, fail_ms: 200, recovery_ms: 400, batch: 3, batch_bytes: 1 << 20, window: 8, waiting: 8 };

/// Something on its way.
#[derive(Clone, Debug, Hash)]
enum Travelling {
    Message(Message),
    /// To the master, from a node.
    Question(usize, Question),
    /// From the master.
    Refusal(usize, PrimaryTerm),
    LogRead(usize, Event),
    Files(AllocationId, Files),
    Undelivered(AllocationId, AllocationId),
    Show(Show),
}

#[derive(Clone)]
struct World {
    random: Random,
    now: u64,
    master: Master,
    nodes: Vec<Node>,
    travelling: Vec<Travelling>,
    /// Nodes that nobody hears and that hear nobody.
    cut: Vec<bool>,
    faults: bool,
    /// How often faults are, of some 60.
    calamity: u64,
    written: u32,
    /// What clients were told is safe.
    acknowledged: BTreeMap<SeqNo, Entry>,
    /// What any engine was given: the history.
    agreed: BTreeMap<SeqNo, Entry>,
    /// What was first written under each term, by whom.
    primaries: BTreeMap<PrimaryTerm, AllocationId>,
    refreshes: Refreshes,
    defect: Option<Defect>,
}

/// Why a history is wrong.
type Violation = String;

impl World {
    fn new(nodes: usize, seed: u64, defect: Option<Defect>) -> Self {
        let mut world = Self {
            random: Random::new(seed),
            now: 0,
            master: Master::new(nodes),
            nodes: (0..nodes).map(|_| Node::default()).collect(),
            travelling: Vec::new(),
            cut: vec![false; nodes],
            faults: true,
            calamity: 0,
            written: 0,
            acknowledged: BTreeMap::new(),
            agreed: BTreeMap::new(),
            primaries: BTreeMap::new(),
            refreshes: Refreshes::default(),
            defect,
        };
        world.calamity = world.random.below(8);
        world.master.appoint_first();
        world
    }

    /// Faults for `steps`, then none: the shard has to be whole again.
    fn run(&mut self, steps: usize) -> Result<(), Violation> {
        for _ in 0..steps {
            self.step()?;
        }
        self.heal()
    }

    fn step(&mut self) -> Result<(), Violation> {
        self.now += self.random.below(4);
        let kinds = if self.faults { 58 + self.calamity } else { 58 };
        match self.random.below(kinds) {
            0..=23 => self.deliver()?,
            24..=33 => self.sync()?,
            34..=39 => self.apply_metadata()?,
            40..=45 => self.tick()?,
            46..=49 if self.faults => self.write()?,
            46..=51 => self.master.allocate(&self.up(), &mut self.random),
            52..=55 => self.flush(),
            56..=57 => {
                let node = self.any_node();
                self.refresh(node);
            }
            _ => self.fault(),
        }
        self.check()
    }

    fn up(&self) -> Vec<bool> {
        (0..self.nodes.len()).map(|node| self.nodes[node].up && !self.cut[node]).collect()
    }

    fn any_node(&mut self) -> usize {
        self.random.below(self.nodes.len() as u64) as usize
    }

    fn on(&mut self, node: usize, event: Event) -> Result<(), Violation> {
        let mut effects = Vec::new();
        let now = self.now;
        if let Some(copy) = &mut self.nodes[node].copy {
            copy.on(now, event, &mut effects);
        }
        for effect in effects {
            self.carry_out(node, effect)?;
        }
        Ok(())
    }

    fn carry_out(&mut self, node: usize, effect: Effect) -> Result<(), Violation> {
        match effect {
            Effect::Append { entries, ticket } => {
                self.nodes[node].disk.append(entries);
                self.nodes[node].will_sync(ticket);
            }
            Effect::Sync { ticket } => self.nodes[node].will_sync(ticket),
            Effect::Drop { from, below_term } => self.nodes[node].disk.drop_beyond(from, below_term),
            Effect::Send(message) => self.travelling.push(Travelling::Message(message)),
            Effect::ReadLog { to, from, below } => {
                let event = self.nodes[node].disk.read(to, from, below);
                self.travelling.push(Travelling::LogRead(node, event));
            }
            Effect::SendFiles { to } => {
                let files = self.nodes[node].flush_files();
                self.travelling.push(Travelling::Files(to, files));
            }
            Effect::Show { to, below, term } => {
                let show = Show { from: node, to, below, term, refresh: None };
                self.travelling.push(Travelling::Show(show));
            }
            Effect::Retain { from } => self.nodes[node].retained = from,
            Effect::Apply { below } => self.applied(node, below)?,
            Effect::Acknowledge { below } => self.acknowledge(node, below)?,
            Effect::Abandon { .. } => self.nodes[node].waiting.clear(),
            Effect::Ask(question) => self.travelling.push(Travelling::Question(node, question)),
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), Violation> {
        let (node, count) = (self.any_node(), 1 + self.random.below(3));
        self.write_at(node, count)
    }

    /// As the primary on that node, if it is one.
    fn write_at(&mut self, node: usize, count: u64) -> Result<(), Violation> {
        let Some(copy) = &self.nodes[node].copy else { return Ok(()) };
        let Ok(term) = copy.may_write() else { return Ok(()) };
        let me = self.nodes[node].me.clone().expect("an open copy has an allocation");
        // I3: one primary a term.
        if *self.primaries.entry(term).or_insert_with(|| me.clone()) != me {
            return Err(format!("two primaries at term {term}"));
        }
        let next = copy.next();
        let entry = |offset: u64| Entry {
            seq_no: SeqNo(next.0 + offset),
            term,
            operation: (self.written + offset as u32).to_le_bytes().as_slice().into(),
        };
        let entries: Vec<Entry> = (0..count).map(entry).collect();
        self.written += count as u32;
        self.nodes[node].disk.append(entries.clone());
        self.nodes[node].waiting.extend(entries.iter().cloned());
        self.on(node, Event::Written(entries))
    }

    fn deliver(&mut self) -> Result<(), Violation> {
        if self.travelling.is_empty() {
            return Ok(());
        }
        let chosen = self.random.below(self.travelling.len() as u64) as usize;
        let travelling = if self.faults && self.random.below(20) == 0 {
            self.travelling[chosen].clone()
        } else {
            self.travelling.swap_remove(chosen)
        };
        self.take(travelling)
    }

    fn take(&mut self, travelling: Travelling) -> Result<(), Violation> {
        match travelling {
            Travelling::Message(message) => self.deliver_message(message),
            Travelling::Question(node, question) => {
                if !self.cut[node]
                    && let Err(term) = self.master.answer(&question, &mut self.random)
                {
                    self.travelling.push(Travelling::Refusal(node, term));
                }
                Ok(())
            }
            Travelling::Refusal(node, term) => self.on(node, Event::MasterRefused { term }),
            Travelling::LogRead(node, event) => self.on(node, event),
            Travelling::Files(to, files) => self.install(&to, files),
            Travelling::Show(show) => self.show(show),
            Travelling::Undelivered(from, to) => match self.node_of(&from) {
                Some(node) => self.on(node, Event::Unreachable(to)),
                None => Ok(()),
            },
        }
    }

    fn deliver_message(&mut self, message: Message) -> Result<(), Violation> {
        let from = self.master.node_of(&message.from);
        let to = self.master.node_of(&message.to);
        let lost = self.faults && self.random.below(12) == 0;
        let cut = |node: Option<usize>| node.is_some_and(|node| self.cut[node]);
        if lost || cut(from) || cut(to) {
            return Ok(());
        }
        match to {
            Some(node) if self.nodes[node].copy.is_some() => self.on(node, Event::Received(message)),
            // A process that is not there, or knows nothing of this copy, is soon noticed.
            _ => {
                self.travelling.push(Travelling::Undelivered(message.from, message.to));
                Ok(())
            }
        }
    }

    fn node_of(&self, copy: &AllocationId) -> Option<usize> {
        self.master.node_of(copy).filter(|node| self.nodes[*node].me.as_ref() == Some(copy))
    }

    fn install(&mut self, to: &AllocationId, files: Files) -> Result<(), Violation> {
        let Some(node) = self.node_of(to).filter(|node| self.nodes[*node].copy.is_some()) else { return Ok(()) };
        let (below, history) = (files.below, files.history.clone());
        if !self.nodes[node].copy.as_ref().is_some_and(|copy| copy.takes_files(below, &history)) {
            return Ok(());
        }
        self.nodes[node].install(files);
        self.on(node, Event::FilesInstalled { below, history })
    }

    fn sync(&mut self) -> Result<(), Violation> {
        let node = self.any_node();
        self.sync_at(node)
    }

    fn sync_at(&mut self, node: usize) -> Result<(), Violation> {
        match self.nodes[node].sync() {
            Some(ticket) => self.on(node, Event::Synced(ticket)),
            None => Ok(()),
        }
    }

    fn tick(&mut self) -> Result<(), Violation> {
        self.now += 15;
        let node = self.any_node();
        self.on(node, Event::Tick)
    }

    fn flush(&mut self) {
        let node = self.any_node();
        self.nodes[node].flush(self.random.below(2) == 0);
    }

    /// A node learns the newest metadata; it may have missed some.
    fn apply_metadata(&mut self) -> Result<(), Violation> {
        let node = self.any_node();
        self.apply_metadata_at(node)
    }

    fn apply_metadata_at(&mut self, node: usize) -> Result<(), Violation> {
        if !self.nodes[node].up || self.cut[node] {
            return Ok(());
        }
        let event = self.nodes[node].reconcile(node, &self.master, self.defect);
        match event {
            Some(event) => self.on(node, event),
            None => Ok(()),
        }
    }
}
