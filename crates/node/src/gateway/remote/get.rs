//! Reading a document by id, or why it scores as it does, from a shard of another node.

use std::sync::Arc;

use grpc::route::Class;
use model::document::Source;
use model::error::Error;
use model::id::{IndexUuid, ShardNumber, StateVersion};
use model::search::{Explanation, Found, GetRequest, SourceFilter};
use serde::{Deserialize, Serialize};

use super::search::Searched;
use super::{Message, caught_up};
use crate::core::Core;
use crate::gateway::{explain, get};

/// One document.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Get {
    /// Of the metadata that the asker had.
    pub(in crate::gateway) version: StateVersion,
    pub(in crate::gateway) index: IndexUuid,
    pub(in crate::gateway) number: ShardNumber,
    pub(in crate::gateway) request: GetRequest,
}

impl Message for Get {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "get";
    type Answer = Option<Found>;

    async fn answer(self, core: Arc<Core>) -> Result<Option<Found>, Error> {
        caught_up(&core, self.version).await?;
        let state = core.state();
        let metadata = state.index_by_uuid(&self.index).ok_or_else(|| Error::index_not_found(&self.index.0))?;
        let open = core.indexes.get(metadata)?;
        let shard = super::held(&open, self.number)?;
        get::read(&core, &open, shard, self.request).await
    }
}

/// Why one document scores as it does.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Explain {
    /// One shard of one index.
    pub(in crate::gateway) searched: Searched,
    pub(in crate::gateway) id: String,
    pub(in crate::gateway) source: Option<SourceFilter>,
}

/// `None`: no such document; its explanation, and what is shown of it.
pub(in crate::gateway) type Explained = Option<(Explanation, Shown)>;

/// A source, where it is asked for.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::gateway) struct Shown(#[serde(with = "model::wire::bytes")] pub(in crate::gateway) Option<Source>);

impl Message for Explain {
    const CLASS: Class = Class::Search;
    const KIND: &'static str = "explain";
    type Answer = Explained;

    async fn answer(self, core: Arc<Core>) -> Result<Explained, Error> {
        caught_up(&core, self.searched.version).await?;
        let (query, open, statistics, number) = self.searched.of_one(&core)?;
        let shard = super::held(&open, number)?;
        let asked = explain::Asked { query: Arc::new(query), statistics, id: self.id, source: self.source };
        explain::read(&core, shard, asked).await
    }
}
