//! `_cat/allocation`: how many shards and how much of the disk each node holds.

use std::sync::Arc;

use model::admin::ShardState;
use model::error::Error;

use super::{look, written};
use crate::endpoint::cluster::select;
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, left, right};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        right("shards", "s", "number of shards on node"),
        right("disk.indices", "di,diskIndices", "disk used by OpenSearch indices"),
        right("disk.used", "du,diskUsed", "disk used (total, not just OpenSearch)"),
        right("disk.avail", "da,diskAvail", "disk available"),
        right("disk.total", "dt,diskTotal", "total capacity of all volumes"),
        right("disk.percent", "dp,diskPercent", "percent disk used"),
        left("host", "h", "host of node"),
        left("ip", "", "ip of node"),
        left("node", "n", "name of node"),
    ]
}

pub(super) async fn allocation(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let ids = request.part("nodes").map(split).unwrap_or_default();
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    let view = server.gateway.cluster();
    let selected = select(&view, &ids);
    let mut table = Table::new(columns());
    for stats in server.gateway.node_stats().await? {
        let node = &stats.node;
        if !selected.iter().any(|selected| selected.id == node.id) {
            continue;
        }
        let copies = view.indexes.iter().flat_map(|index| &index.shards);
        let here = copies.filter(|copy| copy.node.as_ref() == Some(&node.id)).count();
        let (total, available) = (stats.disk.total_bytes, stats.disk.available_bytes);
        let used = total.saturating_sub(available);
        table.rows.push(vec![
            Cell::number(here as u64),
            Cell::Bytes(stats.shards.store_bytes),
            Cell::Bytes(used),
            Cell::Bytes(available),
            Cell::Bytes(total),
            Cell::of((u128::from(used) * 100).checked_div(u128::from(total)), |percent| Cell::number(percent as u64)),
            Cell::text(&node.host),
            Cell::text(&node.host),
            Cell::text(node.name.as_ref()),
        ]);
    }
    let copies = view.indexes.iter().flat_map(|index| &index.shards);
    let unassigned = copies.filter(|copy| copy.state == ShardState::Unassigned).count();
    if unassigned > 0 {
        let mut row = vec![Cell::Empty; 9];
        row[0] = Cell::number(unassigned as u64);
        row[8] = Cell::text("UNASSIGNED");
        table.rows.push(row);
    }
    Ok(written(&request, &look, table))
}
