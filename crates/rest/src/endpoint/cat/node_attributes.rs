//! `_cat/nodeattrs`: what nodes are marked with.

use std::sync::Arc;

use model::error::Error;

use super::{look, port, written};
use crate::endpoint::{Server, options};
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        left("node", "name", "node name"),
        hidden(left("id", "id,nodeId", "unique node id")),
        hidden(left("pid", "p", "process id")),
        left("host", "h", "host name"),
        left("ip", "i", "ip address"),
        hidden(left("port", "po", "bound transport port")),
        left("attr", "attr.name", "attribute description"),
        left("value", "attr.value", "attribute value"),
    ]
}

pub(super) async fn node_attributes(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    let mut table = Table::new(columns());
    for node in &server.gateway.cluster().nodes {
        for (name, value) in &node.attributes {
            table.rows.push(vec![
                Cell::text(node.name.as_ref()),
                Cell::text(shown_id(&node.id, false)),
                Cell::number(u64::from(node.pid)),
                Cell::text(&node.host),
                Cell::text(&node.host),
                Cell::text(port(&node.transport_address)),
                Cell::text(name),
                Cell::text(value),
            ]);
        }
    }
    Ok(written(&request, &look, table))
}

/// A node's id, or the beginning that is enough for people.
pub(super) fn shown_id(id: &str, full: bool) -> String {
    id.chars().take(if full { usize::MAX } else { 4 }).collect()
}
