//! Reading one document by id, from the shard that its routing names.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cluster::resolve::{read_target, write_routing};
use cluster::routing::Spread;
use cluster::state::IndexMetadata;
use model::document::Source;
use model::error::{Error, ErrorKind};
use model::id::{PrimaryTerm, SeqNo, ShardNumber, Version};
use model::search::{Found, GetRequest, GetResponse, SourceFilter};
use search::fetch::source::filtered;
use shard::engine::Current;

use super::choice::Choice;
use super::holder::Holder;
use super::lease;
use super::placement;
use super::preference::Preference;
use super::reading::Reading;
use super::remote::get::Get;
use crate::core::Core;
use crate::indexes::{OpenIndex, OpenShard, Used};
use crate::telemetry::Action;

pub(super) async fn get(core: &Arc<Core>, request: GetRequest) -> Result<GetResponse, Error> {
    let begun = Instant::now();
    let state = core.state();
    let metadata = read_target(&state, &request.index)?;
    super::blocks::check_read(&state, &metadata)?;
    let routing = routing_of(&metadata, &request.index, request.routing.as_deref(), &request.id)?;
    let open = core.indexes.get(&metadata)?;
    let number = Spread::of(&metadata.settings).shard(&request.id, routing.as_deref());
    let (index, id) = (metadata.name.clone(), Arc::<str>::from(request.id.as_str()));
    let found = match routing {
        None if placement::field(&metadata).is_some() => anywhere(core, &metadata, request).await?,
        routing => find(core, (&metadata, &open, number), request, routing.as_deref()).await?,
    };
    core.metrics.request(Action::Get, begun.elapsed());
    Ok(GetResponse { index, id, found: found.map(Box::new) })
}

/// Asks every shard: an id does not say where the document is.
///
/// # Errors
/// As a get.
pub(super) async fn anywhere(
    core: &Arc<Core>,
    metadata: &IndexMetadata,
    request: GetRequest,
) -> Result<Option<Found>, Error> {
    let open = core.indexes.get(metadata)?;
    for number in (0..metadata.shards.len() as u32).map(ShardNumber) {
        if let Some(found) = find(core, (metadata, &open, number), request.clone(), None).await? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Asks the primary for what is now, any copy for what was refreshed.
async fn find(
    core: &Arc<Core>,
    (metadata, open, number): (&IndexMetadata, &Arc<OpenIndex>, ShardNumber),
    request: GetRequest,
    routing: Option<&str>,
) -> Result<Option<Found>, Error> {
    let any = (!request.realtime && !request.refresh).then(|| Choice::new(Preference::default(), core.turn()));
    let mut reading = Reading::new(core, open, number, any);
    loop {
        let state = core.state();
        match reading.holder(&state) {
            Holder::Here(shard) => match read(core, open, shard, request.clone()).await {
                Err(error) if reading.goes_on_without(&core.identity.node, &error).await => {}
                answer => return answer,
            },
            Holder::There(node) => {
                let index = metadata.uuid.clone();
                let message = Get { version: state.version, index, number, request: request.clone() };
                if let Some(answer) = reading.ask(&node, &message).await? {
                    return Ok(answer);
                }
            }
            Holder::Nowhere(_) | Holder::Silent(..) => {
                let (index, id, shown) = (&metadata.name, &request.id, routing.unwrap_or("null"));
                let reason = format!("No shard available for [get [{index}][{id}]: routing [{shown}]]");
                reading.wait(Error::new(ErrorKind::NoShardAvailable, reason)).await?;
            }
        }
    }
}

/// Reads a document from a shard of this node, unless that may be another's by now.
///
/// # Errors
/// As a get.
pub(super) async fn read(
    core: &Core,
    open: &OpenIndex,
    shard: Arc<OpenShard>,
    request: GetRequest,
) -> Result<Option<Found>, Error> {
    if !request.realtime || lease::is_alone(core, open, &shard) {
        return read_once(core, open, shard, request).await;
    }
    lease::certain(core, open, &shard, || read_once(core, open, shard.clone(), request.clone())).await
}

async fn read_once(
    core: &Core,
    open: &OpenIndex,
    shard: Arc<OpenShard>,
    request: GetRequest,
) -> Result<Option<Found>, Error> {
    let (begun, view, must_refresh) = (Instant::now(), open.view(), request.refresh);
    if request.realtime {
        settle(&shard, &request.id).await?;
    }
    let reference = view.metadata.reference();
    let read = move || {
        let copy = shard.copy()?;
        if request.refresh {
            copy.refresh()?;
        }
        let current = if request.realtime { copy.get(&request.id)? } else { copy.get_searched(&request.id)? };
        Used::count(&shard.used.gets, &shard.used.get_micros, begun.elapsed());
        shard.used.gets_missing.fetch_add(u64::from(current.is_none()), Ordering::Relaxed);
        let Some(current) = current else { return Ok(None) };
        check_version(&request, &current).map_err(|error| error.with_index(reference).with_shard(shard.number))?;
        found(&request, current, &view).map(Some)
    };
    // Reading one document takes microseconds: a hop to another thread would cost more. A refresh may take long.
    if must_refresh { core.search.run(read).await? } else { read() }
}

/// What is on its way to the other copies is shown to nobody before all have it (rule R9).
async fn settle(shard: &OpenShard, id: &str) -> Result<(), Error> {
    match shard.copy()?.staged_on(id) {
        Some(seq_no) => shard.room()?.settled(seq_no).await,
        None => Ok(()),
    }
}

/// The routing of a read: what the alias adds and what the client gives must agree, and must be there where the mapping demands it.
pub(super) fn routing_of(
    metadata: &IndexMetadata,
    name: &str,
    given: Option<&str>,
    id: &str,
) -> Result<Option<String>, Error> {
    let own = metadata.aliases.get(name).and_then(|alias| alias.search_routing.as_deref());
    let routing = write_routing(name, own, given)?;
    if routing.is_none() && metadata.mapping.routing_required == Some(true) {
        let reason = format!("routing is required for [{}]/[{id}]", metadata.name);
        return Err(Error::new(ErrorKind::RoutingMissing, reason).with_index(metadata.reference()));
    }
    Ok(routing)
}

fn check_version(request: &GetRequest, current: &Current) -> Result<(), Error> {
    let Some((asked, _)) = request.version else { return Ok(()) };
    let (held, asked) = (current.version, asked.0);
    if held == asked {
        return Ok(());
    }
    let reason = format!(
        "[{}]: version conflict, current version [{held}] is different than the one provided [{asked}]",
        request.id
    );
    Err(Error::new(ErrorKind::VersionConflict, reason))
}

fn found(request: &GetRequest, current: Current, view: &crate::indexes::IndexView) -> Result<Found, Error> {
    let unreadable = |e: serde_json::Error| {
        Error::new(ErrorKind::Parse, format!("the source of [{}] does not read: {e}", request.id))
    };
    let filtered = |source: &Source, filter: &SourceFilter| filtered(source, filter).map_err(unreadable);
    let options = &view.metadata.mapping.source;
    let shown = match options.shown() {
        _ if !options.enabled => None,
        Some(filter) => filtered(&current.source, &filter)?,
        None => Some(current.source.clone()),
    };
    let source = match (&request.source, shown) {
        (Some(filter), Some(shown)) => filtered(&shown, filter)?,
        (None, shown) if request.stored_fields.is_empty() => shown,
        _ => None,
    };
    let fields =
        shard::fetch::stored_fields(&current.source, &request.stored_fields, &view.metadata.mapping, &view.analysis)?;
    Ok(Found {
        routing: current.routing,
        version: Version(current.version),
        seq_no: SeqNo(current.seq_no),
        primary_term: PrimaryTerm(current.primary_term),
        source,
        fields,
    })
}
