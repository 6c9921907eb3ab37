//! `_cat/aliases`: an index an alias a line.

use std::sync::Arc;

use model::error::Error;
use model::target::{Expand, Target, TargetOptions};

use super::{look, written};
use crate::endpoint::Server;
use crate::endpoint::admin::asked_for;
use crate::params::split;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, left};
use crate::reply::Reply;
use crate::request::{Request, expand, option};

fn columns() -> Vec<Column> {
    vec![
        left("alias", "a", "alias name"),
        left("index", "i,idx", "index alias points to"),
        left("filter", "f,fi", "filter"),
        left("routing.index", "ri,routingIndex", "index routing"),
        left("routing.search", "rs,routingSearch", "search routing"),
        left("is_write_index", "w,isWriteIndex", "write index"),
    ]
}

pub(super) async fn aliases(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let names = request.part("alias").map(split).unwrap_or_default();
    request.params.flag("local")?;
    for name in ["ignore_unavailable", "allow_no_indices", "ignore_throttled"] {
        option(&mut request.params, name)?;
    }
    let states = request.params.take("expand_wildcards").map(|text| expand(&text)).transpose()?;
    request.finish()?;
    let states = states.unwrap_or(Expand { open: true, closed: true, hidden: true });
    let options = TargetOptions { expand_wildcards: Some(states), ..TargetOptions::default() };
    let mut table = Table::new(columns());
    for index in server.readable(&Target { names: Vec::new(), options })? {
        for (alias, info) in &index.aliases {
            if !names.is_empty() && !asked_for(alias, &names) {
                continue;
            }
            let given = |text: Option<&str>| Cell::text(text.unwrap_or("-"));
            table.rows.push(vec![
                Cell::text(alias.as_ref()),
                Cell::text(index.name.as_ref()),
                given(info.filter.as_ref().map(|_| "*")),
                given(info.index_routing.as_deref()),
                given(info.search_routing.as_deref()),
                given(info.is_write_index.map(|flag| if flag { "true" } else { "false" })),
            ]);
        }
    }
    Ok(written(&request, &look, table))
}
