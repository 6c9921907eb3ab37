//! `_cat/segments`: a segment of a copy a line.

use std::sync::Arc;

use model::error::Error;

use super::{look, named, node, written};
use crate::endpoint::admin::generation;
use crate::endpoint::{Server, options};
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

pub(super) fn columns() -> Vec<Column> {
    vec![
        left("index", "i,idx", "index name"),
        left("shard", "s,sh", "shard name"),
        left("prirep", "p,pr,primaryOrReplica", "primary or replica"),
        left("ip", "", "ip of node where it lives"),
        hidden(left("id", "", "unique id of node where it lives")),
        left("segment", "seg", "segment name"),
        right("generation", "g,gen", "segment generation"),
        right("docs.count", "dc,docsCount", "number of docs in segment"),
        right("docs.deleted", "dd,docsDeleted", "number of deleted docs in segment"),
        right("size", "si", "segment size in bytes"),
        right("size.memory", "sm,sizeMemory", "segment memory in bytes"),
        left("committed", "ic,isCommitted", "is segment committed"),
        left("searchable", "is,isSearchable", "is segment searched"),
        left("version", "v,ver", "version"),
        left("compound", "ico,isCompound", "is segment compound"),
    ]
}

pub(super) async fn segments(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let target = named(&request)?;
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    let view = server.gateway.cluster();
    let mut table = Table::new(columns());
    server.readable(&target)?;
    for copy in server.gateway.stats(target).await?.copies {
        let host = node(&view, copy.shard.node.as_ref()).map(|node| node.host.as_str());
        for segment in &copy.segments {
            table.rows.push(vec![
                Cell::text(copy.index.as_ref()),
                Cell::number(u64::from(copy.shard.number.0)),
                Cell::text(if copy.shard.primary { "p" } else { "r" }),
                Cell::of(host, Cell::text),
                Cell::of(copy.shard.node.as_deref(), Cell::text),
                Cell::text(&segment.name),
                Cell::number(generation(&segment.name)),
                Cell::number(segment.docs),
                Cell::number(segment.deleted),
                Cell::Bytes(segment.size_bytes),
                Cell::number(segment.memory_bytes),
                Cell::text(segment.committed.to_string()),
                Cell::text(segment.searchable.to_string()),
                Cell::text(&server.settings.version.lucene_version),
                Cell::text("false"),
            ]);
        }
    }
    Ok(written(&request, &look, table))
}
