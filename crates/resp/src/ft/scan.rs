//! The keys that were there before an index: written into it in the background; the command that begins it waits for few of them.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use model::query::Query;
use model::search::SourceFilter;
use tokio::task::JoinHandle;

use super::definition::{Definition, KeyKind};
use super::stream;
use super::target::Searched;
use crate::error::RespError;
use crate::keyspace::id::key_of;
use crate::server::Server;

const PAGE: usize = 1_000;
/// How long a command waits for the scan that it has begun: who has few keys finds them at once.
const SOON: Duration = Duration::from_millis(500);

/// Begins to look at every key, and comes back when all have been written or that takes long: it goes on then.
pub async fn start(server: &Arc<Server>, name: &str) {
    if let Some(scan) = begin(server, name) {
        // Neither one that takes longer nor one that was ended with the node is awaited.
        let _ = tokio::time::timeout(SOON, scan).await;
    }
}

/// Begins to look at every key; `FT.INFO` tells how far it is.
pub fn begin(server: &Arc<Server>, name: &str) -> Option<JoinHandle<()>> {
    let (index, definition) = server.registry.own(name)?;
    let tally = server.registry.tally(&index);
    tally.scanning.fetch_add(1, Ordering::Relaxed);
    tally.scanned.store(0, Ordering::Relaxed);
    let server = server.clone();
    Some(tokio::spawn(async move {
        let outcome = run(&server, &definition).await;
        // An index that was dropped meanwhile needs nothing more.
        if let (Err(error), true) = (outcome, server.registry.own(&definition.name).is_some()) {
            let reason = error.to_string();
            tracing::warn!(index = &*index, reason, "existing keys could not all be indexed");
            server.registry.tally(&index).failed("", reason);
        }
        server.registry.tally(&index).scanning.fetch_sub(1, Ordering::Relaxed);
    }))
}

/// Looks at every key, and comes back when all have been written.
///
/// # Errors
/// What the node answers.
pub async fn finish(server: &Arc<Server>, name: &str) -> Result<(), RespError> {
    let Some((index, definition)) = server.registry.own(name) else { return Ok(()) };
    let tally = server.registry.tally(&index);
    tally.scanning.fetch_add(1, Ordering::Relaxed);
    let outcome = run(server, &definition).await;
    tally.scanning.fetch_sub(1, Ordering::Relaxed);
    outcome
}

async fn run(server: &Arc<Server>, definition: &Definition) -> Result<(), RespError> {
    let Some((index, _)) = server.registry.own(&definition.name) else { return Ok(()) };
    let tally = server.registry.tally(&index);
    tally.scan_total.store(server.keyspace.count().await?, Ordering::Relaxed);
    let mut cursor = 0;
    loop {
        let (page, next) = server.keyspace.page(cursor, PAGE).await?;
        for met in &page {
            if belongs(definition, &met.key, &met.type_name) {
                server.keyspace.reindex(&met.key).await?;
            }
            tally.scanned.fetch_add(1, Ordering::Relaxed);
        }
        // Dropped meanwhile.
        if next == 0 || server.registry.own(&definition.name).is_none() {
            return Ok(());
        }
        cursor = next;
    }
}

fn belongs(definition: &Definition, key: &[u8], type_name: &str) -> bool {
    let kind = match definition.kind {
        KeyKind::Hash => "hash",
        KeyKind::Json => "ReJSON-RL",
    };
    type_name == kind && definition.takes(key)
}

/// The keys whose documents an index holds.
///
/// # Errors
/// What the node answers.
pub async fn indexed(server: &Server, name: &str) -> Result<Vec<Bytes>, RespError> {
    let searched = Searched::find(&server.registry, name, None)?;
    let request = searched.request(Query::match_all(), SourceFilter::nothing());
    let mut keys = Vec::new();
    stream::each(&*server.gateway, request, None, |hit| {
        keys.push(key_of(&hit.id));
        Ok(true)
    })
    .await?;
    Ok(keys)
}
