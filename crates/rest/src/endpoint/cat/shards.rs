//! `_cat/shards`: a copy of a shard a line.

use std::sync::Arc;

use model::admin::{ClusterView, CopyStats, IndexInfo, ShardInfo, ShardState};
use model::error::Error;
use model::id::SeqNo;
use model::target::Expand;

use super::list::{Page, Unit, page_written};
use super::stat_columns;
use super::{copies_of_open, look, named, node, now_ms, written};
use crate::endpoint::{Server, options};
use crate::render::admin::instant;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    let mut columns = vec![
        left("index", "i,idx", "index name"),
        left("shard", "s,sh", "shard name"),
        left("prirep", "p,pr,primaryOrReplica", "primary or replica"),
        left("state", "st", "shard state"),
        right("docs", "d,dc", "number of docs in shard"),
        right("store", "sto", "store size of shard (how much disk it uses)"),
        left("ip", "", "ip of node where it lives"),
        hidden(left("id", "", "unique id of node where it lives")),
        left("node", "n", "name of node where it lives"),
        hidden(left("sync_id", "sync_id", "sync id")),
        hidden(left("unassigned.reason", "ur", "reason shard is unassigned")),
        hidden(left("unassigned.at", "ua", "time shard became unassigned (UTC)")),
        hidden(right("unassigned.for", "uf", "time has been unassigned")),
        hidden(left("unassigned.details", "ud", "additional details as to why the shard became unassigned")),
        hidden(left("recoverysource.type", "rs", "recovery source type")),
    ];
    columns.extend(stat_columns::of_shards().map(|stat| stat.column()));
    columns.extend([
        hidden(right("seq_no.max", "sqm,maxSeqNo", "max sequence number")),
        hidden(right("seq_no.local_checkpoint", "sql,localCheckpoint", "local checkpoint")),
        hidden(right("seq_no.global_checkpoint", "sqg,globalCheckpoint", "global checkpoint")),
    ]);
    columns.extend(stat_columns::warmers().map(|stat| stat.column()));
    columns.extend([
        hidden(left("path.data", "pd,dataPath", "shard data path")),
        hidden(left("path.state", "ps,statsPath", "shard state path")),
        hidden(right("docs.deleted", "dd,docsDeleted", "number of deleted docs in shard")),
    ]);
    columns
}

pub(super) async fn shards(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let target = named(&request)?;
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.params.time_ms("cancel_after_time_interval")?;
    request.finish()?;
    // First, since it refuses closed indexes that are named.
    let copies = server.gateway.stats(target.clone()).await?.copies;
    let mut indexes = server.readable(&target)?;
    indexes.retain(|index| index.open);
    let table = table(&server, &indexes, &copies).await?;
    Ok(written(&request, &look, table))
}

/// `_list/shards`: the same, page by page, of closed indexes too.
pub(super) async fn pages(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let page = Page::take(&mut request.params, Unit::Shards)?;
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let mut target = named(&request)?;
    // Closed ones only where they are named, or nothing is.
    let all = target.names.is_empty();
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: all, hidden: all });
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.params.time_ms("cancel_after_time_interval")?;
    request.finish()?;
    // What is not there has no shards.
    target.options.ignore_unavailable = Some(true);
    let found = server.readable(&target)?;
    let (indexes, next) = page.of_shards(found);
    let copies = copies_of_open(&server, &indexes).await?;
    let table = table(&server, &indexes, &copies).await?;
    Ok(page_written(&request, &look, table, ("shards", next)))
}

async fn table(server: &Server, indexes: &[IndexInfo], copies: &[CopyStats]) -> Result<Table, Error> {
    let view = server.gateway.cluster();
    let now_ms = now_ms(server).await?;
    let mut table = Table::new(columns());
    for index in indexes {
        for copy in &index.shards {
            let stats = copies.iter().find(|stats| {
                stats.uuid == index.uuid
                    && stats.shard.number == copy.number
                    && stats.shard.allocation_id == copy.allocation_id
            });
            let stats = stats.filter(|_| copy.state != ShardState::Unassigned);
            table.rows.push(row((&view, now_ms), index, copy, stats));
        }
    }
    Ok(table)
}

fn row(
    (view, now_ms): (&ClusterView, u64),
    index: &IndexInfo,
    copy: &ShardInfo,
    stats: Option<&CopyStats>,
) -> Vec<Cell> {
    let stats = stats.map(|copy| &copy.stats);
    let target = node(view, copy.relocating_node.as_ref());
    let node = node(view, copy.node.as_ref());
    // Of one that moves: from where to where.
    let place = node.map(|node| match target {
        Some(target) => format!("{} -> {} {} {}", node.name, target.host, target.id, target.name),
        None => node.name.to_string(),
    });
    let text = |text: Option<&str>| Cell::of(text, Cell::text);
    let missing = copy.unassigned.as_ref();
    let source = match (copy.state, copy.primary) {
        (ShardState::Unassigned | ShardState::Initializing, false) => Some("peer"),
        (ShardState::Unassigned, true) if missing.is_some_and(|why| why.fresh) => Some("empty_store"),
        (ShardState::Unassigned | ShardState::Initializing, true) => Some("existing_store"),
        _ => None,
    };
    let mut row = vec![
        Cell::text(index.name.as_ref()),
        Cell::number(u64::from(copy.number.0)),
        Cell::text(if copy.primary { "p" } else { "r" }),
        Cell::text(copy.state.name()),
        Cell::of(stats, |stats| Cell::number(stats.docs)),
        Cell::of(stats, |stats| Cell::Bytes(stats.store_bytes)),
        text(node.map(|node| node.host.as_str())),
        text(copy.node.as_deref()),
        text(place.as_deref()),
        Cell::Empty,
        text(missing.map(|why| why.reason)),
        Cell::of(missing, |why| Cell::text(instant(why.at_ms))),
        Cell::of(missing, |why| Cell::Millis(now_ms.saturating_sub(why.at_ms))),
        text(missing.and_then(|why| why.details.as_deref())),
        text(source),
    ];
    let of = |stat: &stat_columns::StatColumn| Cell::of(stats, |stats| (stat.value)(stats));
    row.extend(stat_columns::of_shards().map(of));
    let seq_no = |pick: fn(&model::admin::ShardStats) -> Option<SeqNo>| {
        let number = |seq_no: SeqNo| i64::try_from(seq_no.0).unwrap_or(i64::MAX);
        Cell::of(stats, |stats| Cell::Number(pick(stats).map_or(-1, number)))
    };
    row.push(seq_no(|stats| stats.max_seq_no));
    row.push(seq_no(|stats| stats.local_checkpoint));
    row.push(seq_no(|stats| stats.global_checkpoint));
    row.extend(stat_columns::warmers().map(of));
    row.extend([Cell::Empty, Cell::Empty, Cell::of(stats, |stats| Cell::number(stats.deleted))]);
    row
}
