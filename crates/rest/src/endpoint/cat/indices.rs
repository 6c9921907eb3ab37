//! `_cat/indices`: an index a line, with its health and its counts.

use std::sync::Arc;

use model::admin::{CopyStats, HealthStatus, IndexInfo, ShardStats};
use model::date::DateFormat;
use model::date::Moment;
use model::error::Error;
use model::target::{Expand, Target};

use super::list::{Page, Unit, page_written};
use super::stat_columns::{self, StatColumn};
use super::{copies_of_open, look, written};
use crate::endpoint::{Server, options};
use crate::render::admin::shard;
use crate::render::admin::stats::sum;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left, right};
use crate::render::table::{Look, Table};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    let mut columns = vec![
        left("health", "h", "current health status"),
        left("status", "s", "open/close status"),
        left("index", "i,idx", "index name"),
        left("uuid", "id,uuid", "index uuid"),
        right("pri", "p,shards.primary,shardsPrimary", "number of primary shards"),
        right("rep", "r,shards.replica,shardsReplica", "number of replica shards"),
        right("docs.count", "dc,docsCount", "available docs"),
        right("docs.deleted", "dd,docsDeleted", "deleted docs"),
        hidden(left("creation.date", "cd", "index creation date (millisecond value)")),
        hidden(left("creation.date.string", "cds", "index creation date (as string)")),
        right("store.size", "ss,storeSize", "store size of primaries & replicas"),
        right("pri.store.size", "", "store size of primaries"),
    ];
    for stat in stat_columns::of_indices() {
        columns.push(stat.column());
        columns.push(stat.of_primaries());
    }
    columns.extend([
        hidden(left("search.throttled", "sth", "indicates if the index is search throttled")),
        hidden(right(
            "last_index_request_timestamp",
            "last_index_ts,lastIndexRequestTimestamp",
            "timestamp of the last processed index request (epoch millis)",
        )),
        hidden(right(
            "last_index_request_timestamp_string",
            "last_index_ts_string,lastIndexRequestTimestampString",
            "timestamp of the last processed index request (ISO8601 string)",
        )),
    ]);
    columns
}

/// What is asked of the table.
struct Asked {
    target: Target,
    only_primaries: bool,
    only: Option<HealthStatus>,
}

pub(super) async fn indices(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let asked = asked(&mut request, &look)?;
    request.finish()?;
    let indexes = server.readable(&asked.target)?;
    let table = table(&server, &indexes, &asked).await?;
    Ok(written(&request, &look, table))
}

/// `_list/indices`: the same, page by page.
pub(super) async fn pages(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let page = Page::take(&mut request.params, Unit::Indexes)?;
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let asked = asked(&mut request, &look)?;
    request.finish()?;
    let (indexes, next) = page.of_indexes(server.readable(&asked.target)?);
    let table = table(&server, &indexes, &asked).await?;
    Ok(page_written(&request, &look, table, ("indices", next)))
}

fn asked(request: &mut Request, look: &Look) -> Result<Asked, Error> {
    let mut target = request.target()?;
    target.options.expand_wildcards.get_or_insert(Expand { open: true, closed: true, hidden: false });
    let params = &mut request.params;
    options::cluster_manager_timeout(params)?;
    params.flag("local")?;
    params.flag("include_unloaded_segments")?;
    let only_primaries = look.only_primaries();
    let only = params.take("health").map(|given| status(&given)).transpose()?;
    Ok(Asked { target, only_primaries, only })
}

async fn table(server: &Server, indexes: &[IndexInfo], asked: &Asked) -> Result<Table, Error> {
    let copies = copies_of_open(server, indexes).await?;
    let mut table = Table::new(columns());
    for index in indexes {
        let status = shard::health(index).status();
        if asked.only.is_none_or(|only| only == status) {
            table.rows.push(row(index, status, &copies, asked.only_primaries)?);
        }
    }
    Ok(table)
}

fn status(given: &str) -> Result<HealthStatus, Error> {
    let all = [HealthStatus::Green, HealthStatus::Yellow, HealthStatus::Red];
    let known = all.into_iter().find(|status| status.name().eq_ignore_ascii_case(given));
    known.ok_or_else(|| Error::illegal_argument(format!("unknown cluster health status [{given}]")))
}

fn row(
    index: &IndexInfo,
    status: HealthStatus,
    copies: &[CopyStats],
    only_primaries: bool,
) -> Result<Vec<Cell>, Error> {
    let own = || copies.iter().filter(|copy| copy.uuid == index.uuid);
    let primaries = sum(own().filter(|copy| copy.shard.primary).map(|copy| &copy.stats));
    let total = if only_primaries { primaries.clone() } else { sum(own().map(|copy| &copy.stats)) };
    let counted = own().next().is_some();
    let if_counted = |cell: Cell| if counted { cell } else { Cell::Empty };
    let created = DateFormat::parse_pattern("strict_date_time")?
        .format(Moment::from_ms(i64::try_from(index.creation_date_ms).unwrap_or(i64::MAX)), None);
    let number = |name: &str| Cell::number(u64::from(shard::count_setting(index, name, 1)));
    let mut row = vec![
        Cell::text(status.name()),
        Cell::text(if index.open { "open" } else { "close" }),
        Cell::text(index.name.as_ref()),
        Cell::text(index.uuid.0.as_ref()),
        number("index.number_of_shards"),
        number("index.number_of_replicas"),
        if_counted(Cell::number(primaries.docs)),
        if_counted(Cell::number(primaries.deleted)),
        Cell::number(index.creation_date_ms),
        Cell::text(created),
        if_counted(Cell::Bytes(total.store_bytes)),
        if_counted(Cell::Bytes(primaries.store_bytes)),
    ];
    let cell = |stat: &StatColumn, stats: &ShardStats| if_counted((stat.value)(stats));
    for stat in stat_columns::of_indices() {
        row.push(cell(stat, &total));
        row.push(cell(stat, &primaries));
    }
    // When something was indexed last is not kept.
    row.extend([Cell::text("false"), Cell::Empty, Cell::Empty]);
    Ok(row)
}
