//! What the client sees of documents of a shard of this node: fetched at once where that takes but a moment, else by a thread of the pool.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::error::Error;
use search::shard_query::DocAddress;
use shard::execute::Patience;
use shard::fetch::{FetchPlan, Fetched};
use shard::reader::Reader;

use crate::core::Core;
use crate::gateway::patience::SearchPatience;
use crate::gateway::slow_log::Account;
use crate::indexes::{IndexView, OpenShard};

/// How long a search, and what it fetches, may hold up a thread that serves connections.
pub(in crate::gateway) const HERE: Duration = Duration::from_micros(500);

/// What the client sees of documents, in the order asked.
pub(in crate::gateway) type Shown = Result<Vec<Fetched>, Error>;

/// A hit, and what the client sees of it should it win.
pub(in crate::gateway) type FetchedAhead = (DocAddress, Fetched);

/// A shard as a search has seen it, and what to show of its hits.
pub(in crate::gateway) struct Pinned {
    pub(in crate::gateway) shard: Arc<OpenShard>,
    pub(in crate::gateway) view: Arc<IndexView>,
    pub(in crate::gateway) reader: Reader,
    pub(in crate::gateway) plan: Arc<FetchPlan>,
    /// The search took no time.
    pub(in crate::gateway) brief: bool,
}

/// What a shard has fetched, or is fetching.
pub(in crate::gateway) enum Fetching {
    Done(Shown),
    Coming(Pin<Box<dyn Future<Output = Result<Shown, Error>> + Send>>),
}

impl Fetching {
    pub(in crate::gateway) async fn shown(self) -> Shown {
        match self {
            Self::Done(shown) => shown,
            Self::Coming(work) => work.await?,
        }
    }
}

impl Pinned {
    /// Begins to fetch: here where the search took no time either.
    pub(in crate::gateway) fn fetch(
        self,
        core: &Core,
        account: &Arc<Account>,
        addresses: Vec<DocAddress>,
        patience: SearchPatience,
    ) -> Fetching {
        if self.brief {
            let hurried = patience.until(Instant::now() + HERE);
            let shown = fetch((&self.shard, &self.view, account), &self.plan, (&self.reader, &addresses), &hurried);
            if !hurried.gave_up() {
                return Fetching::Done(shown);
            }
            self.shard.used.tries.tried(false);
        }
        let account = account.clone();
        Fetching::Coming(Box::pin(core.search.run(move || {
            fetch((&self.shard, &self.view, &account), &self.plan, (&self.reader, &addresses), &patience)
        })))
    }
}

/// Fetches on this thread.
pub(super) fn fetch(
    (shard, view, account): (&OpenShard, &IndexView, &Account),
    plan: &FetchPlan,
    (reader, addresses): (&Reader, &[DocAddress]),
    patience: &dyn Patience,
) -> Shown {
    let begun = Instant::now();
    let shown = crate::gateway::caught(|| plan.fetch(reader, addresses, patience));
    if !was_cancelled(&shown) {
        account.fetch((shard, view), begun.elapsed(), addresses.len());
    }
    shown
}

pub(super) fn was_cancelled(shown: &Shown) -> bool {
    shown.as_ref().is_err_and(super::was_cancelled)
}
