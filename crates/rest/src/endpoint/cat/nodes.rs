//! `_cat/nodes`: a node a line.
//!
//! There is no heap: its columns tell the process' resident memory and the machine's.

use std::sync::Arc;

use model::admin::NodeStats;
use model::error::Error;

use super::node_attributes::shown_id;
use super::{look, port, stat_columns, written};
use crate::endpoint::cluster::{percent, sorted};
use crate::endpoint::{Server, options};
use crate::http::VersionInfo;
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    let mut columns = vec![
        hidden(left("id", "id,nodeId", "unique node id")),
        hidden(left("pid", "p", "process id")),
        left("ip", "i", "ip address"),
        hidden(left("port", "po", "bound transport port")),
        hidden(left("http_address", "http", "bound http address")),
        hidden(left("version", "v", "os version")),
        hidden(left("type", "t", "os distribution type")),
        hidden(left("build", "b", "os build hash")),
        hidden(left("jdk", "j", "jdk version")),
        hidden(right("disk.total", "dt,diskTotal", "total disk space")),
        hidden(right("disk.used", "du,diskUsed", "used disk space")),
        hidden(right("disk.avail", "d,da,disk,diskAvail", "available disk space")),
        hidden(right("disk.used_percent", "dup,diskUsedPercent", "used disk space percentage")),
        hidden(right("heap.current", "hc,heapCurrent", "used heap")),
        right("heap.percent", "hp,heapPercent", "used heap ratio"),
        hidden(right("heap.max", "hm,heapMax", "max configured heap")),
        hidden(right("ram.current", "rc,ramCurrent", "used machine memory")),
        right("ram.percent", "rp,ramPercent", "used machine memory ratio"),
        hidden(right("ram.max", "rm,ramMax", "total machine memory")),
        hidden(right("file_desc.current", "fdc,fileDescriptorCurrent", "used file descriptors")),
        hidden(right("file_desc.percent", "fdp,fileDescriptorPercent", "used file descriptor ratio")),
        hidden(right("file_desc.max", "fdm,fileDescriptorMax", "max file descriptors")),
        right("cpu", "cpu", "recent cpu usage"),
        right("load_1m", "l", "1m load avg"),
        right("load_5m", "l", "5m load avg"),
        right("load_15m", "l", "15m load avg"),
        hidden(right("uptime", "u", "node uptime")),
    ];
    let roles = "m:master eligible node, d:data node, i:ingest node, -:coordinating node only";
    columns.extend([
        left("node.role", "r,role,nodeRole", roles),
        left("node.roles", "rs,all roles", " -:coordinating node only"),
        left("cluster_manager", "cm,m,master", "*:current cluster manager"),
        left("name", "n", "node name"),
    ]);
    columns.extend(stat_columns::of_nodes().map(|stat| stat.column()));
    columns
}

pub(super) async fn nodes(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    look.check_timeout()?;
    let full_id = request.params.flag("full_id")?.unwrap_or(false);
    request.finish()?;
    let mut table = Table::new(columns());
    for node in server.gateway.node_stats().await? {
        table.rows.push(row(&node, &server.settings.version, full_id));
    }
    Ok(written(&request, &look, table))
}

fn row(stats: &NodeStats, version: &VersionInfo, full_id: bool) -> Vec<Cell> {
    let (node, process, disk) = (&stats.node, &stats.process, &stats.disk);
    let disk_used = disk.total_bytes.saturating_sub(disk.available_bytes);
    let disk_percent = (disk.total_bytes > 0).then(|| disk_used as f64 * 100.0 / disk.total_bytes as f64);
    let memory_used = process.memory_total_bytes.saturating_sub(process.memory_free_bytes);
    let [one, five, fifteen] = process.load_average;
    let roles = sorted(&node.roles);
    let mut letters: Vec<char> = roles.iter().filter_map(|role| letter(role)).collect();
    letters.sort_unstable();
    let letters: String = letters.into_iter().collect();
    let or_none = |text: String| Cell::text(if text.is_empty() { "-".into() } else { text });
    let mut row = vec![
        Cell::text(shown_id(&node.id, full_id)),
        Cell::number(u64::from(node.pid)),
        Cell::text(&node.host),
        Cell::text(port(&node.transport_address)),
        Cell::text(&node.http_address),
        Cell::text(&node.version),
        Cell::text(&version.build_type),
        Cell::text(&version.build_hash),
        Cell::Empty,
        Cell::Bytes(disk.total_bytes),
        Cell::Bytes(disk_used),
        Cell::Bytes(disk.available_bytes),
        Cell::of(disk_percent, |percent| Cell::Fraction(percent, 2)),
        Cell::Bytes(process.resident_bytes),
        Cell::number(percent(process.resident_bytes, process.memory_total_bytes)),
        Cell::Bytes(process.memory_total_bytes),
        Cell::Bytes(memory_used),
        Cell::number(percent(memory_used, process.memory_total_bytes)),
        Cell::Bytes(process.memory_total_bytes),
        Cell::number(process.open_files),
        Cell::number(percent(process.open_files, process.max_files)),
        Cell::number(process.max_files),
        Cell::number(u64::from(process.cpu_percent)),
        Cell::Fraction(one, 2),
        Cell::Fraction(five, 2),
        Cell::Fraction(fifteen, 2),
        Cell::Millis(stats.timestamp_ms.saturating_sub(node.start_time_ms)),
        or_none(letters),
        or_none(roles.join(",")),
        Cell::text(if node.master { "*" } else { "-" }),
        Cell::text(node.name.as_ref()),
    ];
    row.extend(stat_columns::of_nodes().map(|stat| (stat.value)(&stats.shards)));
    row
}

/// OpenSearch's letter for a role.
fn letter(role: &str) -> Option<char> {
    match role {
        "cluster_manager" | "master" => Some('m'),
        "data" => Some('d'),
        "ingest" => Some('i'),
        "remote_cluster_client" => Some('r'),
        "search" => Some('s'),
        "warm" => Some('w'),
        _ => None,
    }
}
