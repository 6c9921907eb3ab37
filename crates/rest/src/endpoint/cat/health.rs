//! `_cat/health`: the cluster's health in a line.

use std::sync::Arc;

use model::admin::{HealthStatus, ShardInfo, ShardState};
use model::error::Error;

use super::{clock, look, now_ms, written};
use crate::endpoint::Server;
use crate::endpoint::cluster::active_percent;
use crate::render::admin::shard;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, left, right};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        left("epoch", "t,time", "seconds since 1970-01-01 00:00:00"),
        left("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS"),
        left("cluster", "cl", "cluster name"),
        left("status", "st", "health status"),
        right("node.total", "nt,nodeTotal", "total number of nodes"),
        right("node.data", "nd,nodeData", "number of nodes that can store data"),
        right("discovered_cluster_manager", "dcm,dm,discovered_master", "cluster manager is discovered or not"),
        right("shards", "t,sh,shards.total,shardsTotal", "total number of shards"),
        right("pri", "p,shards.primary,shardsPrimary", "number of primary shards"),
        right("relo", "r,shards.relocating,shardsRelocating", "number of relocating nodes"),
        right("init", "i,shards.initializing,shardsInitializing", "number of initializing nodes"),
        right("unassign", "u,shards.unassigned,shardsUnassigned", "number of unassigned shards"),
        right("pending_tasks", "pt,pendingTasks", "number of pending tasks"),
        right("max_task_wait_time", "mtwt,maxTaskWaitTime", "wait time of longest task pending"),
        right("active_shards_percent", "asp,activeShardsPercent", "active number of shards in percent"),
    ]
}

pub(super) async fn health(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let with_time = look.with_time()?;
    request.finish()?;
    let now = now_ms(&server).await?;
    let view = server.gateway.cluster();
    let status = view.indexes.iter().map(|index| shard::health(index).status()).max().unwrap_or(HealthStatus::Green);
    let copies: Vec<&ShardInfo> = view.indexes.iter().flat_map(|index| &index.shards).collect();
    let of_state = |state: ShardState| Cell::number(copies.iter().filter(|copy| copy.state == state).count() as u64);
    let active = copies.iter().filter(|copy| shard::is_active(copy));
    let data = view.nodes.iter().filter(|node| node.roles.iter().any(|role| role == "data")).count();
    let mut table = Table::new(columns());
    table.rows.push(vec![
        Cell::number(now / 1000),
        Cell::text(clock(now)),
        Cell::text(view.name.as_ref()),
        Cell::text(status.name()),
        Cell::number(view.nodes.len() as u64),
        Cell::number(data as u64),
        Cell::text(view.master.is_some().to_string()),
        Cell::number(active.clone().count() as u64),
        Cell::number(active.filter(|copy| copy.primary).count() as u64),
        of_state(ShardState::Relocating),
        of_state(ShardState::Initializing),
        of_state(ShardState::Unassigned),
        Cell::number(0),
        Cell::text("-"),
        Cell::text(format!("{:.1}%", active_percent(copies.iter().copied()))),
    ]);
    if !with_time {
        table.leave_out(2);
    }
    Ok(written(&request, &look, table))
}
