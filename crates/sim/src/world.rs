//! The world of one seed: what happens, in which order, and what it comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cluster::allocation::{Facts, reroute};
use cluster::command::{Command, CreateIndex};
use cluster::state::{NodeId, State};
use model::allocation::RerouteCommand;
use model::id::{AllocationId, IndexUuid, PrimaryTerm, ShardId};
use serde_json::{Map, Value, json};

use crate::checkers::primaries::Primaries;
use crate::checkers::{Broken, balance, data, idempotence, in_sync, movement, shards, terms};
use crate::machine::Machine;
use crate::random::Random;
use crate::rules::Rules;

/// Actions before the faults end.
const STEPS: usize = 160;
/// Commands that arrive at about the same time.
const DELIVERED: usize = 5;
/// Rounds in which a cluster without faults must be whole.
const ROUNDS: usize = 80;
/// What a round takes: longer than a node that has left is waited for.
const ROUND_MS: u64 = 70_000;
const MOST_MACHINES: usize = 6;
const MOST_INDEXES: usize = 5;

/// A run that broke something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub broken: Broken,
    /// What happened, oldest first.
    pub trace: Vec<String>,
}

struct World {
    random: Random,
    rules: Rules,
    state: Arc<State>,
    /// Older states, from which a manager that is one no more may still plan.
    past: Vec<Arc<State>>,
    machines: Vec<Machine>,
    /// Commands on their way to the manager.
    flying: Vec<Command>,
    acknowledged: BTreeMap<ShardId, BTreeSet<u64>>,
    primaries: Primaries,
    made: usize,
    now_ms: u64,
    trace: Vec<String>,
    traced: bool,
}

/// Lives through one seed.
///
/// # Errors
/// The first invariant that does not hold.
pub fn run(seed: u64, rules: Rules) -> Result<(), Violation> {
    // To write down what happens costs more than to let it happen.
    if World::new(seed, rules).live().is_ok() {
        return Ok(());
    }
    trace(seed, rules).map(drop)
}

/// As [`run`]; returns what happened.
///
/// # Errors
/// The first invariant that does not hold.
pub fn trace(seed: u64, rules: Rules) -> Result<Vec<String>, Violation> {
    let mut world = World { traced: true, ..World::new(seed, rules) };
    match world.live() {
        Ok(()) => Ok(world.trace),
        Err(broken) => Err(Violation { broken, trace: world.trace }),
    }
}

impl World {
    fn new(seed: u64, rules: Rules) -> Self {
        let state = Arc::new(State { cluster_uuid: "sim".into(), ..State::default() });
        let mut random = Random::new(seed);
        let machines = (0..1 + random.below(4)).map(|number| Machine::new(number, state.clone())).collect();
        Self {
            random,
            rules,
            state,
            past: Vec::new(),
            machines,
            flying: Vec::new(),
            acknowledged: BTreeMap::new(),
            primaries: Primaries::default(),
            made: 0,
            now_ms: 1000,
            trace: Vec::new(),
            traced: false,
        }
    }

    fn live(&mut self) -> Result<(), Broken> {
        for _ in 0..STEPS {
            self.now_ms += 10;
            self.step()?;
        }
        self.heal()
    }

    /// One thing that happens.
    fn step(&mut self) -> Result<(), Broken> {
        match self.random.below(28) {
            0 => self.create_index(),
            1 if self.random.one_in(3) => self.index_command(),
            2 => self.machine_comes(),
            3 => self.machine_goes(),
            4 => self.settings(),
            5 => self.copy_fails(),
            6 if self.random.one_in(2) => self.flying.push(Command::RetryFailed),
            7..=9 => self.membership(),
            10..=13 => self.plan()?,
            14..=16 => self.reconcile(true),
            17..=20 => self.write_some(),
            21..=22 => self.recover(true),
            23 => self.operator_moves(),
            _ => self.deliver_some()?,
        }
        Ok(())
    }

    fn create_index(&mut self) {
        if self.state.indexes.len() >= MOST_INDEXES {
            return;
        }
        self.made += 1;
        let name = format!("i{}", self.made);
        let shards = 1 + self.random.below(5);
        let settings = json!({"number_of_shards": shards, "number_of_replicas": self.random.below(2)});
        self.flying.push(Command::CreateIndex(CreateIndex {
            name: name.as_str().into(),
            uuid: IndexUuid(name.into()),
            creation_date_ms: self.now_ms,
            settings: object(settings),
            mappings: None,
            aliases: Map::new(),
            resized_from: None,
        }));
    }

    /// Deletes, closes or opens one.
    fn index_command(&mut self) {
        let all: Vec<_> = self.state.indexes.values().cloned().collect();
        let Some(index) = self.random.pick(&all) else { return };
        let indexes = vec![index.uuid.clone()];
        self.flying.push(match (index.open, self.random.below(3)) {
            (_, 0) => Command::DeleteIndexes { names: vec![index.name.clone()] },
            (true, _) => Command::CloseIndexes { indexes },
            (false, _) => Command::OpenIndexes { indexes, at_ms: self.now_ms },
        });
    }

    /// A machine starts: one that was down, or another one.
    fn machine_comes(&mut self) {
        let down: Vec<usize> = (0..self.machines.len()).filter(|&at| !self.machines[at].up).collect();
        match self.random.pick(&down).copied() {
            Some(at) => {
                self.machines[at].start();
                self.trace.push(format!("{} starts again", self.machines[at].id.0));
            }
            None if self.machines.len() < MOST_MACHINES => {
                let machine = Machine::new(self.machines.len(), self.state.clone());
                self.trace.push(format!("{} is new", machine.id.0));
                self.machines.push(machine);
            }
            None => {}
        }
    }

    fn machine_goes(&mut self) {
        let at = self.random.below(self.machines.len());
        if self.machines[at].up {
            self.machines[at].kill();
            self.trace.push(format!("{} is killed", self.machines[at].id.0));
            if self.random.one_in(2) {
                // Back before anybody has noticed.
                self.machines[at].start();
            }
        }
    }

    /// Rules that forbid nodes come and go.
    fn settings(&mut self) {
        let value = match self.random.below(4) {
            0 => json!({"cluster.routing.allocation.exclude._name": "n1"}),
            1 => json!({"cluster.routing.allocation.total_shards_per_node": 3}),
            2 => json!({"cluster.routing.allocation.enable": "new_primaries"}),
            _ => json!({"cluster.routing.*": null}),
        };
        self.flying.push(Command::PutClusterSettings { persistent: object(value), transient: Map::new() });
    }

    /// An operator has a copy go to another node.
    fn operator_moves(&mut self) {
        let copies = shards(&self.state).flat_map(|(shard, index, table)| {
            let name = index.name.clone();
            table.copies.values().map(move |copy| (name.clone(), shard.number.0, copy.node.clone()))
        });
        let copies: Vec<_> = copies.collect();
        let nodes: Vec<NodeId> = self.state.nodes.keys().cloned().collect();
        let (Some((index, shard, from)), Some(to)) = (self.random.pick(&copies), self.random.pick(&nodes)) else {
            return;
        };
        let (index, from_node, to_node) = (index.to_string(), from.0.to_string(), to.0.to_string());
        let wanted = RerouteCommand::Move { index, shard: *shard, from_node, to_node };
        let facts = Facts { now_ms: self.now_ms, ..Facts::default() };
        if let Ok(granted) = reroute(&self.state, &facts, &wanted) {
            self.flying.extend(granted.commands);
        }
    }

    /// An open copy finds its disk broken.
    fn copy_fails(&mut self) {
        let (random, at_ms) = (&mut self.random, self.now_ms);
        let open = self.machines.iter().flat_map(|machine| &machine.open);
        let open: Vec<_> = open.map(|(shard, (allocation, _))| (shard.clone(), allocation.clone())).collect();
        if let Some((shard, allocation)) = random.pick(&open).cloned() {
            self.flying.push(Command::CopyFailed { shard, allocation, term: None, reason: "disk".into(), at_ms });
        }
    }

    /// The manager compares who is there with who the metadata says is. Now and then it errs.
    fn membership(&mut self) {
        let at_ms = self.now_ms;
        for machine in &self.machines {
            let errs = self.random.one_in(40);
            let (id, known) = (machine.id.clone(), self.state.nodes.contains_key(&machine.id));
            if known && (!machine.up || errs) {
                self.flying.push(Command::NodeLeft { id, at_ms });
            } else if machine.up && !machine.is_member(&self.state) {
                self.flying.push(Command::NodeJoined { id, node: machine.node(at_ms) });
            }
        }
    }

    /// A manager plans; one in five is one no more, and knows an older state.
    fn plan(&mut self) -> Result<(), Broken> {
        let stale = self.random.one_in(5).then(|| self.random.pick(&self.past).cloned()).flatten();
        let known = stale.unwrap_or_else(|| self.state.clone());
        let facts = Facts { now_ms: self.now_ms, ..Facts::default() };
        let plan = self.rules.plan(&known, &facts);
        movement::check(&known, &plan)?;
        let after = idempotence::check(self.rules, &known, &facts, &plan)?;
        if known.settings.persistent.is_empty() {
            balance::check(&known, &plan, &after)?;
        }
        self.flying.extend(plan);
        Ok(())
    }

    /// Nodes see what is new, some of them, and follow it.
    fn reconcile(&mut self, faults: bool) {
        for machine in &mut self.machines {
            if !machine.up || (faults && self.random.one_in(3)) {
                continue;
            }
            // Removed nodes hear nothing.
            if machine.is_member(&self.state) {
                machine.seen = self.state.clone();
            }
            self.flying.extend(machine.reconcile(&mut self.random, if faults { 12 } else { 0 }, self.now_ms));
        }
    }

    /// Replicas get what their primaries have; from then on those count them, and tell the manager.
    fn recover(&mut self, faults: bool) {
        let shards: BTreeSet<ShardId> = self.machines.iter().flat_map(|machine| machine.open.keys().cloned()).collect();
        for shard in shards {
            for source in 0..self.machines.len() {
                let Some((table, term)) = self.machines[source].serves(&shard) else { continue };
                let waiting = table.copies.iter().filter(|(_, copy)| !copy.primary && !copy.started);
                let waiting: Vec<_> = waiting.map(|(id, copy)| (id.clone(), copy.node.clone())).collect();
                for (allocation, node) in waiting {
                    if !faults || !self.random.one_in(3) {
                        self.recover_one((&shard, term), source, (allocation, &node));
                    }
                }
            }
        }
    }

    fn recover_one(
        &mut self,
        (shard, term): (&ShardId, PrimaryTerm),
        source: usize,
        (allocation, node): (AllocationId, &NodeId),
    ) {
        let everything = self.machines[source].disk.get(shard).cloned().unwrap_or_default();
        let is_open = |machine: &Machine| {
            machine.up && machine.open.get(shard).is_some_and(|(id, known)| *id == allocation && *known <= term)
        };
        let Some(target) = self.machines.iter_mut().find(|machine| machine.id == *node && is_open(machine)) else {
            return;
        };
        if self.rules != Rules::StartsWithHalf {
            target.disk.insert(shard.clone(), everything);
        }
        let takes_over = self.machines[source].hands_over_to(shard, &allocation);
        self.machines[source].counted.entry(shard.clone()).or_default().insert(allocation.clone());
        let shard = shard.clone();
        self.flying.push(match takes_over {
            true => Command::HandOver { shard, to: allocation, term },
            false => Command::CopyStarted { shard, allocation, term },
        });
    }

    fn write_some(&mut self) {
        for _ in 0..3 {
            self.now_ms += 1;
            self.write();
        }
    }

    /// A client writes to some shard, where it believes the primary to be. It is told that the write is safe when every replica that the
    /// primary counts has it, too; one that has it not is reported.
    fn write(&mut self) {
        let open: Vec<ShardId> = self.machines.iter().flat_map(|machine| machine.open.keys().cloned()).collect();
        let Some(shard) = self.random.pick(&open).cloned() else { return };
        let (operation, at_ms) = (self.now_ms, self.now_ms);
        let Some(at) = self.machines.iter().position(|machine| machine.serves(&shard).is_some()) else { return };
        let Some((_, term)) = self.machines[at].serves(&shard) else { return };
        let in_sync = self.machines[at].in_sync(&shard);
        // Replication rule R11: from the moment when a copy may be handed over to, nothing new begins here.
        let hands_over = in_sync.iter().any(|(id, _)| self.machines[at].hands_over_to(&shard, id));
        if hands_over && self.rules != Rules::WritesWhileHandingOver {
            return;
        }
        self.machines[at].disk.entry(shard.clone()).or_default().insert(operation);
        let mut safe = true;
        let waits_for = |(id, _): &(AllocationId, NodeId)| !self.machines[at].hands_over_to(&shard, id);
        let in_sync: Vec<_> = in_sync.into_iter().filter(waits_for).collect();
        for (allocation, node) in in_sync {
            let lost = self.random.one_in(6);
            let holder = self.machines.iter_mut().find(|machine| machine.id == node && machine.up && !lost);
            let known = holder.as_ref().and_then(|machine| machine.open.get(&shard)).cloned();
            match (holder, known) {
                (Some(machine), Some((id, known))) if id == allocation && known <= term => {
                    machine.disk.entry(shard.clone()).or_default().insert(operation);
                }
                (_, Some((id, known))) if id == allocation && known > term => safe = false,
                _ => {
                    safe = false;
                    let (shard, reason) = (shard.clone(), "does not answer".to_owned());
                    self.flying.push(Command::CopyFailed { shard, allocation, term: Some(term), reason, at_ms });
                }
            }
        }
        if safe || self.rules == Rules::AcknowledgesAlone {
            self.acknowledged.entry(shard).or_default().insert(operation);
        }
    }

    fn deliver_some(&mut self) -> Result<(), Broken> {
        (0..DELIVERED).try_for_each(|_| self.deliver())
    }

    /// One command arrives: any of those that fly, once, twice or never.
    fn deliver(&mut self) -> Result<(), Broken> {
        if self.flying.is_empty() {
            return Ok(());
        }
        let at = self.random.below(self.flying.len());
        let command = match self.random.below(12) {
            0 => {
                self.flying.swap_remove(at);
                return Ok(());
            }
            1 => self.flying[at].clone(),
            _ => self.flying.swap_remove(at),
        };
        self.carry_out(&command)
    }

    /// What the log of the managers does with a command, and what the checkers say to it.
    fn carry_out(&mut self, command: &Command) -> Result<(), Broken> {
        let result = self.rules.apply(&self.state, command);
        if self.traced {
            let told = result.as_ref().map_or_else(|refused| refused.reason.clone(), |next| next.version.to_string());
            self.trace.push(format!("{command:?} -> {told}"));
        }
        let Ok(next) = result else { return Ok(()) };
        terms::check(&self.state, &next)?;
        in_sync::check(&self.state, &next)?;
        self.primaries.check(&next)?;
        data::check(&next, &self.machines, &self.acknowledged)?;
        self.past.push(std::mem::replace(&mut self.state, Arc::new(next)));
        if self.past.len() > 8 {
            self.past.remove(0);
        }
        Ok(())
    }

    /// Faults end: everybody comes back, everything arrives. Then all that can serve must serve.
    fn heal(&mut self) -> Result<(), Broken> {
        self.trace.push("faults end".to_owned());
        self.machines.iter_mut().filter(|machine| !machine.up).for_each(Machine::start);
        let reset = object(json!({"cluster.routing.*": null}));
        self.flying.push(Command::PutClusterSettings { persistent: reset, transient: Map::new() });
        self.flying.push(Command::RetryFailed);
        self.settle()?;
        self.whole()?;
        self.one_more_dies()?;
        self.spreads()
    }

    /// Rounds without faults, until nothing is left to do.
    fn settle(&mut self) -> Result<(), Broken> {
        for _ in 0..ROUNDS {
            self.now_ms += ROUND_MS;
            for command in std::mem::take(&mut self.flying) {
                self.carry_out(&command)?;
            }
            self.flying.push(Command::RetryFailed);
            for machine in self.machines.iter().filter(|machine| machine.up && !machine.is_member(&self.state)) {
                let node = machine.node(self.now_ms);
                self.flying.push(Command::NodeJoined { id: machine.id.clone(), node });
            }
            self.plan_now()?;
            self.reconcile(false);
            self.recover(false);
            if self.flying.len() == 1 && self.whole().is_ok() {
                break;
            }
        }
        Ok(())
    }

    /// When all is whole any one machine may go for good: whoever succeeds its primaries has everything.
    fn one_more_dies(&mut self) -> Result<(), Broken> {
        if self.state.nodes.len() < 2 {
            return Ok(());
        }
        let at = self.random.below(self.machines.len());
        self.machines[at].kill();
        let id = self.machines[at].id.clone();
        self.trace.push(format!("{} is killed at last", id.0));
        self.flying.push(Command::NodeLeft { id, at_ms: self.now_ms });
        self.settle()?;
        for (shard, index, table) in shards(&self.state).filter(|(_, index, _)| index.open) {
            let replicated = index.settings.typed().replicas > 0;
            if replicated && table.primary().is_none() {
                return Err(format!("{}[{}] has no successor: {table:?}", index.name, shard.number));
            }
        }
        self.machines[at].start();
        self.settle()?;
        self.whole()
    }

    /// The one manager that there is plans from what is.
    fn plan_now(&mut self) -> Result<(), Broken> {
        let facts = Facts { now_ms: self.now_ms, ..Facts::default() };
        let plan = self.rules.plan(&self.state, &facts);
        movement::check(&self.state, &plan)?;
        let after = idempotence::check(self.rules, &self.state, &facts, &plan)?;
        balance::check(&self.state, &plan, &after)?;
        self.flying.extend(plan);
        Ok(())
    }

    /// I12: every shard of every open index serves, with all its replicas and all that was acknowledged.
    fn whole(&self) -> Result<(), Broken> {
        for (shard, index, table) in shards(&self.state) {
            if index.open && !table.primary().is_some_and(|(_, copy)| copy.started) {
                return Err(format!("{}[{}] does not come back: {table:?}", index.name, shard.number));
            }
            let wanted = (index.settings.typed().replicas as usize).min(self.state.nodes.len().saturating_sub(1));
            let whole = table.started().count() > wanted && table.copies.len() == wanted + 1;
            if index.open && !whole {
                return Err(format!("{}[{}] has not all its replicas: {table:?}", index.name, shard.number));
            }
        }
        data::check(&self.state, &self.machines, &self.acknowledged)
    }

    /// A large index evens out what is uneven: afterwards all nodes hold about as much.
    fn spreads(&mut self) -> Result<(), Broken> {
        let nodes = self.state.nodes.len();
        let count = |state: &State| -> Vec<usize> {
            let on = |node| {
                let mut tables = shards(state).map(|(_, _, table)| table);
                let held = |table: &cluster::state::ShardTable| table.copies.values().any(|copy| copy.node == node);
                tables.by_ref().filter(|table| held(table)).count()
            };
            state.nodes.keys().cloned().map(on).collect()
        };
        let held = count(&self.state);
        let (least, most) = (held.iter().min().copied().unwrap_or(0), held.iter().max().copied().unwrap_or(0));
        let shards = (nodes * (most - least + 1)).min(1024);
        let settings = object(json!({"number_of_shards": shards, "number_of_replicas": 0}));
        self.carry_out(&Command::CreateIndex(CreateIndex {
            name: "even".into(),
            uuid: IndexUuid("even".into()),
            creation_date_ms: self.now_ms,
            settings,
            mappings: None,
            aliases: Map::new(),
            resized_from: None,
        }))?;
        self.plan_now()?;
        for command in std::mem::take(&mut self.flying) {
            self.carry_out(&command)?;
        }
        let own: Vec<usize> = count(&self.state).iter().zip(&held).map(|(now, then)| now - then).collect();
        // 0.45 (held + own) + 0.55 own differs by at most one placement between any two nodes.
        let weights = || held.iter().zip(&own).map(|(held, own)| 0.45 * *held as f64 + *own as f64);
        let (low, high) = (weights().fold(f64::MAX, f64::min), weights().fold(f64::MIN, f64::max));
        let placed: usize = own.iter().sum();
        if placed != shards || high - low > 1.0 + 1e-9 {
            return Err(format!("an index of {shards} shards lies as {own:?} over nodes that held {held:?}"));
        }
        Ok(())
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
