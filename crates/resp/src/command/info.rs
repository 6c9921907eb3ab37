//! INFO: what clients and dashboards read of a server.

use std::sync::atomic::Ordering;

use super::flag::{LOADING, STALE};
use super::{Keys, commands};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::server::now_ms;
use crate::session::Session;

commands! { "server";
    "info" -1, LOADING | STALE, Keys::NONE, "Returns information and statistics about the server." => info;
    "lolwut" -1, 0, Keys::NONE, "Displays computer art and the Redis version" => lolwut;
}

type Answer = Result<Reply, RespError>;

const SECTIONS: &[&str] =
    &["server", "clients", "memory", "persistence", "stats", "replication", "cpu", "modules", "cluster", "keyspace"];

async fn info(session: &mut Session, args: Args) -> Answer {
    let named: Vec<String> =
        args.rest().iter().map(|word| String::from_utf8_lossy(word).to_ascii_lowercase()).collect();
    let all = named.is_empty() || named.iter().any(|word| ["all", "default", "everything"].contains(&word.as_str()));
    let mut out = String::new();
    for section in SECTIONS.iter().filter(|section| all || named.iter().any(|word| word == *section)) {
        if !out.is_empty() {
            out.push_str("\r\n");
        }
        let (first, rest) = section.split_at(1);
        out.push_str(&format!("# {}{rest}\r\n", first.to_uppercase()));
        for (name, value) in lines(session, section).await? {
            out.push_str(&format!("{name}:{value}\r\n"));
        }
    }
    Ok(Reply::Verbatim("txt", out.into()))
}

async fn lines(session: &Session, section: &str) -> Result<Vec<(&'static str, String)>, RespError> {
    let server = &session.server;
    let text = str::to_owned;
    Ok(match section {
        "server" => vec![
            ("redis_version", server.settings.compatible_version.clone()),
            ("redis_git_sha1", text("00000000")),
            ("redis_mode", text("standalone")),
            ("shoal_version", text(env!("CARGO_PKG_VERSION"))),
            ("os", text(std::env::consts::OS)),
            ("arch_bits", usize::BITS.to_string()),
            ("process_id", std::process::id().to_string()),
            ("tcp_port", session.client.local.port().to_string()),
            ("uptime_in_seconds", (now_ms().saturating_sub(server.started_ms) / 1000).to_string()),
            ("uptime_in_days", (now_ms().saturating_sub(server.started_ms) / 86_400_000).to_string()),
        ],
        "clients" => vec![
            ("connected_clients", server.clients.count().to_string()),
            ("maxclients", server.settings.max_connections.to_string()),
            ("blocked_clients", text("0")),
        ],
        "memory" => memory(session).await?,
        "persistence" => {
            vec![("loading", text("0")), ("rdb_bgsave_in_progress", text("0")), ("aof_enabled", text("1"))]
        }
        "stats" => vec![
            ("total_connections_received", server.clients.total.load(Ordering::Relaxed).to_string()),
            ("total_commands_processed", server.answered.load(Ordering::Relaxed).to_string()),
            ("rejected_connections", server.clients.refused.load(Ordering::Relaxed).to_string()),
            ("expired_keys", server.keyspace.expired.load(Ordering::Relaxed).to_string()),
            ("evicted_keys", text("0")),
        ],
        "replication" => {
            vec![("role", text("master")), ("connected_slaves", text("0")), ("master_repl_offset", text("0"))]
        }
        "modules" => super::server::modules()
            .iter()
            .map(|module| {
                let known = "filters=0,usedby=[],using=[],options=[]";
                ("module", format!("name={},ver={},api=1,{known}", module.name, module.version))
            })
            .collect(),
        "cluster" => vec![("cluster_enabled", text("0"))],
        "keyspace" => {
            let (keys, expiring) = server.keyspace.counts().await?;
            if keys == 0 {
                Vec::new()
            } else {
                vec![("db0", format!("keys={keys},expires={expiring},avg_ttl=0,subexpiry=0"))]
            }
        }
        _ => Vec::new(),
    })
}

async fn memory(session: &Session) -> Result<Vec<(&'static str, String)>, RespError> {
    let stats = session.server.gateway.node_stats().await?;
    let resident = stats.first().map_or(0, |stats| stats.process.resident_bytes);
    Ok(vec![
        ("used_memory", resident.to_string()),
        ("used_memory_rss", resident.to_string()),
        ("used_memory_human", format!("{:.2}M", resident as f64 / (1 << 20) as f64)),
        ("maxmemory", "0".to_owned()),
        ("maxmemory_policy", "noeviction".to_owned()),
    ])
}

async fn lolwut(session: &mut Session, _args: Args) -> Answer {
    Ok(Reply::text(&format!("Shoal ver. {}\n", session.server.settings.compatible_version)))
}
