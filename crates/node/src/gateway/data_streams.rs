//! Data streams: made, rolled over, deleted. Each is one command of the metadata.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::apply::check_new_stream;
use cluster::command::{Command, NewBackingIndex};
use cluster::resolve;
use cluster::state::State;
use cluster::template::{backing_index, stream_template};
use model::admin::{DataStreamInfo, IndexCreated, RollOver};
use model::error::Error;
use model::id::IndexUuid;
use model::write::ActiveShards;

use super::indexes::{check_whole, submit_checked, wait_for_active};
use super::{NodeGateway, blocks, everywhere};
use crate::clock::now_ms;
use crate::core::Core;
use crate::identity;

/// How long the first index of a stream is waited for, so that a write that made the stream goes on at once.
const STARTS: Duration = Duration::from_secs(30);

pub(super) async fn create(door: &NodeGateway, name: &str) -> Result<(), Error> {
    let new = new_index(name);
    let check = {
        let new = new.clone();
        move |state: &State| {
            check_new_stream(state, &new.stream)?;
            check_backing(state, &new, 1)
        }
    };
    let first = cluster::data_stream::backing_name(name, 1);
    submit_checked(door, Command::CreateDataStream(new), check).await?;
    let until = Instant::now() + STARTS;
    wait_for_active(&door.core, &first, Some(ActiveShards::Count(1)), until).await.map(drop)
}

/// A new index for a stream: its name, and whether enough of its copies serve.
pub(super) async fn roll_over(door: &NodeGateway, request: RollOver) -> Result<IndexCreated, Error> {
    let until = Instant::now() + Duration::from_millis(request.timeout_ms);
    let to = new_index(&request.stream);
    let check = {
        let to = to.clone();
        move |state: &State| {
            let generation = state.data_streams.get(&to.stream).map_or(0, |stream| stream.generation);
            check_backing(state, &to, generation + 1)
        }
    };
    let uuid = to.uuid.clone();
    submit_checked(door, Command::RollOver { from: request.from, to }, check).await?;
    let core = &door.core;
    let name = core.state().index_by_uuid(&uuid).map(|index| index.name.clone());
    let name = name.ok_or_else(|| Error::index_not_found(&request.stream))?;
    let shards_acknowledged = wait_for_active(core, &name, request.active_shards, until).await?;
    Ok(IndexCreated { name, shards_acknowledged })
}

/// Those that are missing are gone already.
pub(super) async fn delete(door: &NodeGateway, expressions: &[String]) -> Result<(), Error> {
    let state = door.core.state();
    let mut names: Vec<Arc<str>> = Vec::new();
    for (name, stream) in resolve::streams(&state, expressions, true)? {
        stream
            .indexes
            .iter()
            .filter_map(|index| state.indexes.get(index))
            .try_for_each(|it| blocks::check_delete(it))?;
        names.push(name.clone());
    }
    if names.is_empty() {
        return Ok(());
    }
    door.submit(Command::DeleteDataStreams { names }).await?;
    everywhere::followed(&door.core).await;
    Ok(())
}

pub(super) fn infos(core: &Core, expressions: &[String]) -> Result<Vec<DataStreamInfo>, Error> {
    let state = core.state();
    let found = resolve::streams(&state, expressions, false)?;
    Ok(found.into_iter().map(|(name, stream)| state.stream_info(name, stream)).collect())
}

/// Whether a name that nothing has is one that a data stream would be made by.
pub(super) fn is_for_streams(state: &State, name: &str) -> bool {
    stream_template(&state.templates, name).is_ok()
}

/// Why a write could not make the stream: asked again, so that the client reads the reason.
pub(super) fn refused(state: &State, name: &str) -> Option<Error> {
    let new = NewBackingIndex { stream: name.into(), uuid: IndexUuid("_na_".into()), creation_date_ms: 0 };
    cluster::apply::apply(state, &Command::CreateDataStream(new)).err()
}

fn new_index(stream: &str) -> NewBackingIndex {
    NewBackingIndex { stream: stream.into(), uuid: IndexUuid(identity::random().into()), creation_date_ms: now_ms() }
}

/// That the index which the template makes can be opened here.
fn check_backing(state: &State, new: &NewBackingIndex, generation: u64) -> Result<(), Error> {
    check_whole(&backing_index(&state.templates, new, generation)?)
}
