//! `_cat/cluster_manager` (and `master`): which node manages the cluster.

use std::sync::Arc;

use model::error::Error;

use super::{look, node, written};
use crate::endpoint::{Server, options};
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, left};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        left("id", "", "node id"),
        left("host", "h", "host name"),
        left("ip", "", "ip address "),
        left("node", "n", "node name"),
    ]
}

pub(super) async fn cluster_manager(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    let view = server.gateway.cluster();
    let mut table = Table::new(columns());
    table.rows.push(match node(&view, view.master.as_ref()) {
        Some(node) => [node.id.as_ref(), &node.host, &node.host, &node.name].map(Cell::text).to_vec(),
        None => ["-"; 4].map(Cell::text).to_vec(),
    });
    Ok(written(&request, &look, table))
}
