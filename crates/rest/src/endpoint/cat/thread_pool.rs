//! `_cat/thread_pool`: a pool of a node a line.

use std::sync::Arc;

use model::admin::{NodeInfo, PoolStats};
use model::error::Error;
use model::mapping::simple_match;

use super::{look, port, written};
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        left("node_name", "nn", "node name"),
        hidden(left("node_id", "id", "persistent node id")),
        hidden(left("ephemeral_node_id", "eid", "ephemeral node id")),
        hidden(left("pid", "p", "process id")),
        hidden(left("host", "h", "host name")),
        hidden(left("ip", "i", "ip address")),
        hidden(left("port", "po", "bound transport port")),
        left("name", "n", "thread pool name"),
        hidden(left("type", "t", "thread pool type")),
        right("active", "a", "number of active threads"),
        hidden(right("pool_size", "psz", "number of threads")),
        right("queue", "q", "number of tasks currently in queue"),
        hidden(right("queue_size", "qs", "maximum number of tasks permitted in queue")),
        right("rejected", "r", "number of rejected tasks"),
        hidden(right("largest", "l", "highest number of seen active threads")),
        hidden(right("completed", "c", "number of completed tasks")),
        hidden(right("total_wait_time", "twt", "total time tasks spent waiting in thread_pool queue")),
        hidden(right("core", "cr", "core number of threads in a scaling thread pool")),
        hidden(right("max", "mx", "maximum number of threads in a scaling thread pool")),
        hidden(right("size", "sz", "number of threads in a fixed thread pool")),
        hidden(right("keep_alive", "ka", "thread keep alive time")),
        hidden(right("parallelism", "pl", "number of worker threads in a fork_join thread pool")),
    ]
}

pub(super) async fn thread_pool(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let patterns = request.part("thread_pools").map(split).unwrap_or_default();
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    look.check_timeout()?;
    request.finish()?;
    let mut table = Table::new(columns());
    for node in server.gateway.node_stats().await? {
        let mut pools: Vec<&PoolStats> = node.pools.iter().collect();
        pools.sort_by(|a, b| a.name.cmp(&b.name));
        for pool in pools {
            if patterns.is_empty() || patterns.iter().any(|pattern| simple_match(pattern, &pool.name)) {
                table.rows.push(row(&node.node, pool));
            }
        }
    }
    Ok(written(&request, &look, table))
}

fn row(node: &NodeInfo, pool: &PoolStats) -> Vec<Cell> {
    let mut row = vec![
        Cell::text(node.name.as_ref()),
        Cell::text(node.id.as_ref()),
        Cell::text(node.ephemeral_id.as_ref()),
        Cell::number(u64::from(node.pid)),
        Cell::text(&node.host),
        Cell::text(&node.host),
        Cell::text(port(&node.transport_address)),
        Cell::text(&pool.name),
        Cell::text("fixed"),
        Cell::number(pool.active),
        Cell::number(pool.threads),
        Cell::number(pool.queue),
        Cell::Empty,
        Cell::number(pool.rejected),
        Cell::number(pool.threads),
        Cell::number(pool.completed),
    ];
    row.extend([Cell::Empty, Cell::Empty, Cell::Empty, Cell::number(pool.threads), Cell::Empty, Cell::Empty]);
    row
}
