//! `_cat/repositories`, `_cat/snapshots`: a repository, a snapshot a line.

use std::sync::Arc;

use model::error::Error;
use model::snapshot::SnapshotInfo;

use super::{clock, look, now_ms, written};
use crate::endpoint::snapshot::{listed, repositories as registered};
use crate::endpoint::{Server, options};
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

fn of_repositories() -> Vec<Column> {
    vec![left("id", "id,repoId", "unique repository id"), right("type", "t,type", "repository type")]
}

pub(super) async fn repositories(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, of_repositories)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    let mut table = Table::new(of_repositories());
    let row = |name: &str, kind: &str| vec![Cell::text(name), Cell::text(kind)];
    table.rows = registered(&server).iter().map(|(name, repository)| row(name, &repository.kind)).collect();
    Ok(written(&request, &look, table))
}

fn of_snapshots() -> Vec<Column> {
    vec![
        left("id", "id,snapshot", "unique snapshot"),
        right("status", "s,status", "snapshot name"),
        left("start_epoch", "ste,startEpoch", "start time in seconds since 1970-01-01 00:00:00"),
        left("start_time", "sti,startTime", "start time in HH:MM:SS"),
        left("end_epoch", "ete,endEpoch", "end time in seconds since 1970-01-01 00:00:00"),
        left("end_time", "eti,endTime", "end time in HH:MM:SS"),
        right("duration", "dur,duration", "duration"),
        right("indices", "i,indices", "number of indices"),
        right("successful_shards", "ss,successful_shards", "number of successful shards"),
        right("failed_shards", "fs,failed_shards", "number of failed shards"),
        right("total_shards", "ts,total_shards", "number of total shards"),
        hidden(left("reason", "r,reason", "reason for failures")),
    ]
}

pub(super) async fn snapshots(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, of_snapshots)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("ignore_unavailable")?;
    request.finish()?;
    let Some(repository) = request.part("repository") else {
        return Err(options::refusal("repository is missing"));
    };
    let found = listed(&server, repository).await?;
    let now_ms = if found.iter().any(|one| one.end_ms.is_none()) { now_ms(&server).await? } else { 0 };
    let mut table = Table::new(of_snapshots());
    table.rows = found.iter().map(|one| row(one, now_ms)).collect();
    Ok(written(&request, &look, table))
}

/// One that goes on has taken the time until now, and ends at the beginning of time.
fn row(info: &SnapshotInfo, now_ms: u64) -> Vec<Cell> {
    let end_ms = info.end_ms.unwrap_or(0);
    let shards = |count: u32| Cell::number(u64::from(count));
    vec![
        Cell::text(info.name.as_ref()),
        Cell::text(info.state.name()),
        Cell::number(info.start_ms / 1000),
        Cell::text(clock(info.start_ms)),
        Cell::number(end_ms / 1000),
        Cell::text(clock(end_ms)),
        Cell::Millis(info.end_ms.unwrap_or(now_ms).saturating_sub(info.start_ms)),
        Cell::number(info.indexes.len() as u64),
        shards(info.shards.successful),
        shards(info.shards.failed),
        shards(info.shards.total),
        Cell::of(info.reason.as_deref(), Cell::text),
    ]
}
