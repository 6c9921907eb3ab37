//! Which questions a node answers, and with what.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use cluster::state::NodeId;
use model::error::{Error, ErrorKind};
use prost::bytes::Bytes;

use crate::introduction::Introduction;

/// Kinds of work, each with a connection of its own to every node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Control,
    Search,
    Bulk,
}

impl Class {
    pub const ALL: [Self; 3] = [Self::Control, Self::Search, Self::Bulk];
}

/// One question that came in.
#[derive(Debug)]
pub struct Question {
    /// Who asks.
    pub from: NodeId,
    /// When nobody waits any more.
    pub deadline: Option<Instant>,
    pub payload: Bytes,
}

/// An answer on its way. When the asker has gone it is dropped.
pub type Answering = Pin<Box<dyn Future<Output = Result<Vec<u8>, Error>> + Send>>;
type Endpoint = Arc<dyn Fn(Question) -> Answering + Send + Sync>;
type Greeter = Arc<dyn Fn(Introduction) -> Introduction + Send + Sync>;

/// What answers each kind of each class.
#[derive(Clone)]
pub struct Router {
    endpoints: BTreeMap<Class, BTreeMap<&'static str, Endpoint>>,
    greeter: Greeter,
}

impl Router {
    /// `greeter`: how this node introduces itself to one that has.
    pub fn new(greeter: impl Fn(Introduction) -> Introduction + Send + Sync + 'static) -> Self {
        Self { endpoints: BTreeMap::new(), greeter: Arc::new(greeter) }
    }

    /// Answers questions of `kind` with `endpoint`.
    pub fn on<F, A>(&mut self, class: Class, kind: &'static str, endpoint: F)
    where
        F: Fn(Question) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
    {
        let boxed: Endpoint = Arc::new(move |question| Box::pin(endpoint(question)));
        self.endpoints.entry(class).or_default().insert(kind, boxed);
    }

    pub(crate) fn greet(&self, other: Introduction) -> Introduction {
        (self.greeter)(other)
    }

    pub(crate) async fn answer(&self, class: Class, kind: &str, question: Question) -> Result<Vec<u8>, Error> {
        let Some(endpoint) = self.endpoints.get(&class).and_then(|kinds| kinds.get(kind)) else {
            return Err(Error::not_implemented(format!("the question [{kind}] between nodes")));
        };
        let deadline = question.deadline;
        let answering = endpoint(question);
        let Some(deadline) = deadline else { return answering.await };
        let late = |_| Error::new(ErrorKind::ReceiveTimeout, format!("[{kind}] was not done within its time"));
        tokio::time::timeout_at(deadline.into(), answering).await.map_err(late)?
    }
}
