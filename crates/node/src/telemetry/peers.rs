//! What is counted between nodes: the questions that this node asks others, what Raft says of itself, the lease.
//!
//! In: every question's end (`grpc::watch`), and at each look where Raft and the lease stand. Out: families of the node's registry.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use grpc::route::Class;
use grpc::watch::{Ended, Ending, Watcher};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::metadata::{Figures, Standing};

/// Questions by what they ask and how they ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QuestionLabels {
    class: &'static str,
    kind: String,
    ending: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    class: &'static str,
    kind: String,
}

/// Counters of what goes on between nodes.
pub struct Peers {
    questions: Family<QuestionLabels, Counter>,
    /// All of them.
    asked: Counter,
    seconds: Family<KindLabels, Histogram>,
    term: Gauge,
    elected: Gauge,
    has_elected: Gauge,
    voters: Gauge,
    log_index: Gauge,
    applied_index: Gauge,
    state_version: Gauge,
    nodes: Gauge,
    lease_left: Gauge<f64, AtomicU64>,
    leases_lost: Gauge,
}

impl Peers {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let latency = || Histogram::new(exponential_buckets(0.000_05, 2.0, 20));
        let peers = Self {
            questions: Family::default(),
            asked: Counter::default(),
            seconds: Family::new_with_constructor(latency as fn() -> Histogram),
            term: Gauge::default(),
            elected: Gauge::default(),
            has_elected: Gauge::default(),
            voters: Gauge::default(),
            log_index: Gauge::default(),
            applied_index: Gauge::default(),
            state_version: Gauge::default(),
            nodes: Gauge::default(),
            lease_left: Gauge::default(),
            leases_lost: Gauge::default(),
        };
        registry.register("peer_questions", "Questions to other nodes by how they ended", peers.questions.clone());
        registry.register_with_unit(
            "peer_question_duration",
            "Time from a question to another node to its end",
            Unit::Seconds,
            peers.seconds.clone(),
        );
        let gauges = [
            ("raft_term", "Raft's term; each election begins one", &peers.term),
            ("raft_is_elected", "1 where this node is the elected cluster manager", &peers.elected),
            ("raft_has_elected", "1 while this node knows an elected cluster manager", &peers.has_elected),
            ("raft_voters", "Nodes that vote", &peers.voters),
            ("raft_log_index", "Newest entry of Raft's log on this node", &peers.log_index),
            ("raft_applied_index", "Newest entry that this node has applied", &peers.applied_index),
            ("state_version", "Version of the metadata on this node", &peers.state_version),
            ("nodes", "Nodes in the cluster, as this node knows it", &peers.nodes),
            ("leases_lost", "Leases of this node that ended before the next one came", &peers.leases_lost),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        registry.register_with_unit(
            "lease_left",
            "How long this node may still be certain that it is in the cluster",
            Unit::Seconds,
            peers.lease_left.clone(),
        );
        peers
    }

    /// Counts the questions of a node's connections.
    pub(crate) fn watcher(&self) -> Watcher {
        let (questions, asked, seconds) = (self.questions.clone(), self.asked.clone(), self.seconds.clone());
        Arc::new(move |ended: &Ended<'_>| {
            asked.inc();
            let (class, kind) = (named(ended.class), ended.kind.to_owned());
            seconds.get_or_create(&KindLabels { class, kind: kind.clone() }).observe(ended.took.as_secs_f64());
            questions.get_or_create(&QuestionLabels { class, kind, ending: said(ended.ending) }).inc();
        })
    }

    /// Questions to other nodes so far.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.get()
    }

    /// Shows where Raft stands, how many nodes there are, and the lease: how long it lasts, how many were lost.
    pub(crate) fn show(&self, standing: &Standing, figures: &Figures, nodes: usize, lease: (Duration, u64)) {
        self.term.set(standing.term as i64);
        self.elected.set(i64::from(figures.is_elected));
        self.has_elected.set(i64::from(standing.elected.is_some()));
        self.voters.set(standing.voters.len() as i64);
        self.log_index.set(figures.log_index as i64);
        self.applied_index.set(figures.applied_index as i64);
        self.state_version.set(figures.state_version as i64);
        self.nodes.set(nodes as i64);
        self.lease_left.set(lease.0.as_secs_f64());
        self.leases_lost.set(lease.1 as i64);
    }
}

fn named(class: Class) -> &'static str {
    match class {
        Class::Control => "control",
        Class::Search => "search",
        Class::Bulk => "bulk",
    }
}

fn said(ending: Ending) -> &'static str {
    match ending {
        Ending::Answered => "answered",
        Ending::Refused => "refused",
        Ending::Failed => "failed",
        Ending::Dropped => "dropped",
    }
}
