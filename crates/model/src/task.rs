//! What nodes are doing at the moment.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::admin::ForceMerge;
use crate::by_query::{ByQueryAnswer, Kind, Progress};
use crate::error::Error;
use crate::resize::{Resize, ResizeKind};
use crate::search::Shards;
use crate::target::Target;

/// A task's name: the node that runs it, and its number there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskId {
    pub node: Arc<str>,
    pub number: u64,
}

impl TaskId {
    /// `node:number`; `None`: it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (node, number) = text.rsplit_once(':')?;
        Some(Self { node: node.into(), number: number.parse().ok()? })
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.node, self.number)
    }
}

/// One task that runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    pub id: TaskId,
    /// The task that another node, or this one, runs it for.
    pub parent: Option<TaskId>,
    /// `indices:data/read/search` ..
    pub action: String,
    pub description: String,
    pub started_ms: u64,
    pub running_nanos: u64,
    pub cancellable: bool,
    pub cancelled: bool,
    /// How far a task has come that goes through what a query finds.
    pub progress: Option<Box<(Kind, Progress)>>,
    /// What came of it; `None`: it runs.
    pub outcome: Option<Result<Outcome, Error>>,
}

/// What came of a task that could be asked about afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    ByQuery(Box<ByQueryAnswer>),
    /// Of what is sent to every copy.
    Shards(Shards),
    /// Of a change of the metadata: whether shards serve that it opened.
    Acknowledged {
        shards: bool,
        /// The index that was made.
        index: Option<Arc<str>>,
    },
}

/// Work that goes on by itself while its client does something else.
#[derive(Clone, Debug, PartialEq)]
pub enum Job {
    ForceMerge(ForceMerge),
    Open(Target),
    Resize(Box<Resize>),
}

impl Job {
    /// As OpenSearch calls what it does.
    pub fn action(&self) -> &'static str {
        match self {
            Self::ForceMerge(_) => "indices:admin/forcemerge",
            Self::Open(_) => "indices:admin/open",
            Self::Resize(_) => "indices:admin/resize",
        }
    }

    /// In OpenSearch's words.
    pub fn description(&self) -> String {
        match self {
            Self::ForceMerge(asked) => {
                let most = asked.max_num_segments.map_or(-1, i64::from);
                format!(
                    "Force-merge indices [{}], maxSegments[{most}], onlyExpungeDeletes[{}], flush[{}], primaryOnly[false]",
                    asked.target.names.join(", "),
                    asked.only_expunge_deletes,
                    asked.flush
                )
            }
            Self::Open(target) => format!("open indices [{}]", target.names.join(", ")),
            Self::Resize(asked) => {
                let kind = match asked.kind {
                    ResizeKind::Clone => "clone",
                    ResizeKind::Shrink => "shrink",
                    ResizeKind::Split => "split",
                };
                format!("{kind} from [{}] to [{}]", asked.source, asked.index.name)
            }
        }
    }
}

/// Which tasks; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskFilter {
    /// Their nodes, by id; `None`: all.
    pub nodes: Option<Vec<Arc<str>>>,
    /// Patterns of actions; empty: all.
    pub actions: Vec<String>,
    pub parent: Option<TaskId>,
    pub id: Option<TaskId>,
}

/// The tasks that were found, or cancelled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskList {
    /// By id.
    pub tasks: Vec<Task>,
    /// Nodes that gave no answer, and why.
    pub failures: Vec<(Arc<str>, Error)>,
}

/// `_nodes/hot_threads`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HotThreads {
    pub interval_ms: u64,
    /// Most that are shown.
    pub threads: u32,
    pub kind: ThreadTime,
}

/// What the time of a thread is spent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ThreadTime {
    Cpu,
    /// It could run, and waits for a processor.
    Wait,
    /// It waits for the disk.
    Block,
}

impl ThreadTime {
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Wait => "wait",
            Self::Block => "block",
        }
    }
}
