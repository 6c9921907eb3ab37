//! How often terms occur in a shard of another node.

use std::sync::Arc;

use grpc::route::Class;
use model::error::Error;
use model::id::{IndexUuid, ShardNumber, StateVersion};
use serde::{Deserialize, Serialize};

use super::{Message, caught_up};
use crate::core::Core;
use crate::gateway::term_vectors::{self, Counts};

/// Fields, and terms of each.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Terms {
    /// Of the metadata that the asker had.
    pub(in crate::gateway) version: StateVersion,
    pub(in crate::gateway) index: IndexUuid,
    pub(in crate::gateway) number: ShardNumber,
    pub(in crate::gateway) fields: Vec<(String, Vec<String>)>,
}

impl Message for Terms {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "terms";
    type Answer = Counts;

    async fn answer(self, core: Arc<Core>) -> Result<Counts, Error> {
        caught_up(&core, self.version).await?;
        let state = core.state();
        let metadata = state.index_by_uuid(&self.index).ok_or_else(|| Error::index_not_found(&self.index.0))?;
        let open = core.indexes.get(metadata)?;
        let shard = super::held(&open, self.number)?;
        term_vectors::count(&core, shard, self.fields).await
    }
}
