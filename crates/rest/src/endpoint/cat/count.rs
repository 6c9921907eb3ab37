//! `_cat/count`: how many documents there are.

use std::sync::Arc;

use model::error::Error;
use model::query::Query;
use model::search::CountRequest;

use super::{clock, look, named, now_ms, written};
use crate::dsl;
use crate::endpoint::Server;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, left};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        left("epoch", "t,time", "seconds since 1970-01-01 00:00:00"),
        left("timestamp", "ts,hms,hhmmss", "time in HH:MM:SS"),
        left("count", "dc,docs.count,docsCount", "the document count"),
    ]
}

pub(super) async fn count(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let target = named(&request)?;
    let given = dsl::query_param(&mut request.params)?;
    let with_time = look.with_time()?;
    let body = request.body_or_source()?;
    let query = match given {
        Some(query) => Some(query),
        None => dsl::body_query(&body)?,
    };
    request.finish()?;
    let query = query.unwrap_or_else(Query::match_all);
    let asked =
        CountRequest { target, query, min_score: None, terminate_after: None, routing: Vec::new(), preference: None };
    let count = server.gateway.count(asked).await?.count;
    let now = now_ms(&server).await?;
    let mut table = Table::new(columns());
    table.rows.push(vec![Cell::number(now / 1000), Cell::text(clock(now)), Cell::number(count)]);
    if !with_time {
        table.leave_out(2);
    }
    Ok(written(&request, &look, table))
}
