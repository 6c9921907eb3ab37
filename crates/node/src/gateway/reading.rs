//! Reading from one copy of a shard: another is asked where its node does not answer; where the primary has gone, the next one is waited for.
//!
//! In: a shard, and whether it must be the primary. Out: whom to ask now, and whether to ask once more. Not here: what is asked; searches,
//! which ask copies of many shards at a time (`search::retry`).

use std::time::{Duration, Instant};

use cluster::state::{NodeId, State};
use model::error::{Error, ErrorKind};
use model::id::{IndexUuid, ShardNumber};

use super::choice::Choice;
use super::cluster::POLL;
use super::holder::Holder;
use super::remote::{self, Message};
use crate::core::Core;
use crate::indexes::OpenIndex;

/// How long it is tried while a copy is left: longer than it takes to notice that a node is gone, and to appoint another primary.
const PATIENCE: Duration = Duration::from_secs(5);

/// One read, from its first try on.
pub(super) struct Reading<'a> {
    core: &'a Core,
    open: &'a OpenIndex,
    number: ShardNumber,
    /// `None`: the primary alone will do.
    choice: Option<Choice>,
    until: Instant,
}

impl<'a> Reading<'a> {
    pub(super) fn new(core: &'a Core, open: &'a OpenIndex, number: ShardNumber, choice: Option<Choice>) -> Self {
        Self { core, open, number, choice, until: Instant::now() + PATIENCE }
    }

    /// Whom to ask, as `state` has it.
    pub(super) fn holder(&self, state: &State) -> Holder {
        match &self.choice {
            Some(choice) => Holder::reading(self.core, state, self.open, self.number, choice),
            None => Holder::primary(self.core, state, self.open, self.number),
        }
    }

    /// Asks another node; `None`: it does not answer, and there is somebody to ask now.
    ///
    /// # Errors
    /// Its refusal; why it is not reached where nobody else is.
    pub(super) async fn ask<M: Message>(&mut self, node: &NodeId, message: &M) -> Result<Option<M::Answer>, Error> {
        match remote::ask(self.core, node, message, None).await.map_err(Error::from) {
            Err(error) if self.goes_on_without(node, &error).await => Ok(None),
            answer => answer.map(Some),
        }
    }

    /// Waits where there is nobody to ask.
    ///
    /// # Errors
    /// `error`, where nobody will come.
    pub(super) async fn wait(&self, error: Error) -> Result<(), Error> {
        if self.goes_on().await { Ok(()) } else { Err(error) }
    }

    /// Whether another may answer what `node` has not, once a moment is over: it is not reached, or it is not the one to ask.
    pub(super) async fn goes_on_without(&mut self, node: &NodeId, error: &Error) -> bool {
        if !is_elsewhere(error) {
            return false;
        }
        if let Some(choice) = &mut self.choice {
            choice.avoid([node.clone()].into());
        }
        self.goes_on().await
    }

    /// Whether there will be somebody to ask where nobody is now, once a moment is over.
    async fn goes_on(&self) -> bool {
        let uuid = self.open.view().metadata.uuid.clone();
        if Instant::now() >= self.until || !is_served(&self.core.state(), &uuid, self.number) {
            return false;
        }
        tokio::time::sleep(POLL).await;
        true
    }
}

/// Whether it is the node that cannot answer, rather than nobody.
pub(super) fn is_elsewhere(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::NoShardAvailable | ErrorKind::NodeNotConnected | ErrorKind::NodeDisconnected)
}

/// Whether a copy that has everything is on a node of the cluster: who is the primary is known soon after a node is gone.
pub(super) fn is_served(state: &State, index: &IndexUuid, number: ShardNumber) -> bool {
    let table = state.index_by_uuid(index).and_then(|index| index.shard(number));
    table.is_some_and(|table| table.started().any(|(_, copy)| state.nodes.contains_key(&copy.node)))
}
