//! `_cat/recovery`: the recovery of a copy a line.

use std::sync::Arc;

use model::admin::ClusterView;
use model::error::Error;
use model::recovery::{RecoveryKind, RecoveryStage, RestoredFrom, ShardRecovery};

use super::{look, node, written};
use crate::endpoint::Server;
use crate::endpoint::admin::recovery::{Amount, percent};
use crate::render::admin::instant;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        left("index", "i,idx", "index name"),
        left("shard", "s,sh", "shard name"),
        hidden(left("start_time", "start", "recovery start time")),
        hidden(left("start_time_millis", "start_millis", "recovery start time in epoch milliseconds")),
        hidden(left("stop_time", "stop", "recovery stop time")),
        hidden(left("stop_time_millis", "stop_millis", "recovery stop time in epoch milliseconds")),
        left("time", "t,ti", "recovery time"),
        left("type", "ty", "recovery type"),
        left("stage", "st", "recovery stage"),
        left("source_host", "shost", "source host"),
        left("source_node", "snode", "source node name"),
        left("target_host", "thost", "target host"),
        left("target_node", "tnode", "target node name"),
        left("repository", "rep", "repository"),
        left("snapshot", "snap", "snapshot"),
        left("files", "f", "number of files to recover"),
        left("files_recovered", "fr", "files recovered"),
        left("files_percent", "fp", "percent of files recovered"),
        left("files_total", "tf", "total number of files"),
        left("bytes", "b", "number of bytes to recover"),
        left("bytes_recovered", "br", "bytes recovered"),
        left("bytes_percent", "bp", "percent of bytes recovered"),
        left("bytes_total", "tb", "total number of bytes"),
        left("translog_ops", "to", "number of translog ops to recover"),
        left("translog_ops_recovered", "tor", "translog ops recovered"),
        left("translog_ops_percent", "top", "percent of translog ops recovered"),
    ]
}

pub(super) async fn recovery(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let target = request.target()?;
    request.params.flag("detailed")?;
    let active_only = request.params.flag("active_only")?.unwrap_or(false);
    request.finish()?;
    let view = server.gateway.cluster();
    let mut table = Table::new(columns());
    server.readable(&target)?;
    for recovery in server.gateway.recoveries(target).await? {
        if !active_only || recovery.stage != RecoveryStage::Done {
            table.rows.push(row(&view, &recovery));
        }
    }
    Ok(written(&request, &look, table))
}

fn row(view: &ClusterView, recovery: &ShardRecovery) -> Vec<Cell> {
    const NONE: &str = "n/a";
    let (files, bytes) = Amount::of(&recovery.files);
    let giver = node(view, recovery.source.as_ref()).filter(|_| recovery.kind == RecoveryKind::Peer);
    let taker = node(view, Some(&recovery.target));
    let host = |node: Option<&model::admin::NodeInfo>| Cell::text(node.map_or(NONE, |node| &node.host));
    let from = |of: fn(&RestoredFrom) -> &Arc<str>| {
        Cell::text(recovery.restored_from.as_deref().map_or(NONE, |from| of(from)))
    };
    let name = |node: Option<&model::admin::NodeInfo>| Cell::text(node.map_or(NONE, |node| &node.name));
    vec![
        Cell::text(recovery.index.as_ref()),
        Cell::number(u64::from(recovery.number.0)),
        Cell::text(instant(recovery.start_ms)),
        Cell::number(recovery.start_ms),
        Cell::of(recovery.stop_ms, |stop| Cell::text(instant(stop))),
        Cell::of(recovery.stop_ms, Cell::number),
        Cell::Millis(recovery.total_ms),
        Cell::text(recovery.kind.name().to_lowercase()),
        Cell::text(recovery.stage.name().to_lowercase()),
        host(giver),
        name(giver),
        host(taker),
        name(taker),
        from(|from| &from.repository),
        from(|from| &from.snapshot),
        Cell::number(files.missing()),
        Cell::number(files.recovered),
        Cell::text(files.percent()),
        Cell::number(files.total),
        Cell::Bytes(bytes.missing()),
        Cell::Bytes(bytes.recovered),
        Cell::text(bytes.percent()),
        Cell::Bytes(bytes.total),
        Cell::number(recovery.total_operations),
        Cell::number(recovery.operations),
        Cell::text(percent(recovery.operations, recovery.total_operations)),
    ]
}
