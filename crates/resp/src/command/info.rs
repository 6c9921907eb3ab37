//! INFO: what clients and dashboards read of a server.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use super::flag::{LOADING, STALE};
use super::{Command, Keys, commands};
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

const SECTIONS: &[&str] = &[
    "server",
    "clients",
    "memory",
    "persistence",
    "stats",
    "replication",
    "cpu",
    "modules",
    "commandstats",
    "cluster",
    "keyspace",
];

/// The section that is shown only when it or everything is asked for.
const LONG: &str = "commandstats";

async fn info(session: &mut Session, args: Args) -> Answer {
    let named: Vec<String> =
        args.rest().iter().map(|word| String::from_utf8_lossy(word).to_ascii_lowercase()).collect();
    let says = |words: &[&str]| named.iter().any(|word| words.contains(&word.as_str()));
    let all = says(&["all", "everything"]);
    let usual = all || named.is_empty() || says(&["default"]);
    let shown = |section: &str| all || usual && section != LONG || says(&[section]);
    let mut out = String::new();
    for section in SECTIONS.iter().filter(|section| shown(section)) {
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

async fn lines(session: &Session, section: &str) -> Result<Vec<(Cow<'static, str>, String)>, RespError> {
    let named = match section {
        LONG => return Ok(command_lines(session)),
        "persistence" => persistence(session),
        "stats" => stats(session),
        "memory" => memory(session).await?,
        _ => general(session, section).await?,
    };
    Ok(named.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

async fn general(session: &Session, section: &str) -> Result<Vec<(&'static str, String)>, RespError> {
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

fn persistence(session: &Session) -> Vec<(&'static str, String)> {
    let saves = &session.server.saves;
    let failed = saves.failed.load(Ordering::Relaxed);
    vec![
        ("loading", "0".to_owned()),
        ("rdb_bgsave_in_progress", u8::from(saves.running.load(Ordering::Relaxed)).to_string()),
        ("rdb_last_save_time", (saves.last_ms.load(Ordering::Relaxed) / 1000).to_string()),
        ("rdb_last_bgsave_status", if failed { "err" } else { "ok" }.to_owned()),
        ("aof_enabled", "1".to_owned()),
        ("aof_rewrite_in_progress", "0".to_owned()),
    ]
}

fn stats(session: &Session) -> Vec<(&'static str, String)> {
    let server = &session.server;
    let count = |number: &AtomicU64| number.load(Ordering::Relaxed).to_string();
    vec![
        ("total_connections_received", count(&server.clients.total)),
        ("total_commands_processed", count(&server.answered)),
        ("rejected_connections", count(&server.clients.refused)),
        ("expired_keys", count(&server.keyspace.expired)),
        ("evicted_keys", "0".to_owned()),
        ("keyspace_hits", count(&server.keyspace.hits)),
        ("keyspace_misses", count(&server.keyspace.misses)),
        ("total_error_replies", server.usage.errors().to_string()),
    ]
}

/// How often each command ran that was asked for, and for how long.
fn command_lines(session: &Session) -> Vec<(Cow<'static, str>, String)> {
    let line = |command: &Command| {
        let counts = session.server.usage.of(command)?;
        let [calls, microseconds, rejected, failed] =
            [&counts.calls, &counts.microseconds, &counts.rejected, &counts.failed].map(|n| n.load(Ordering::Relaxed));
        let each = if calls == 0 { 0.0 } else { microseconds as f64 / calls as f64 };
        let told = format!(
            "calls={calls},usec={microseconds},usec_per_call={each:.2},rejected_calls={rejected},failed_calls={failed}"
        );
        (calls + rejected > 0).then(|| (Cow::Owned(format!("cmdstat_{}", command.shown_name())), told))
    };
    session.server.commands.sorted().into_iter().filter_map(line).collect()
}

async fn memory(session: &Session) -> Result<Vec<(&'static str, String)>, RespError> {
    let stats = session.server.gateway.node_stats().await?;
    let resident = stats.first().map_or(0, |stats| stats.process.resident_bytes);
    Ok(vec![
        ("used_memory", resident.to_string()),
        ("used_memory_rss", resident.to_string()),
        ("used_memory_rss_human", format!("{:.2}M", resident as f64 / (1 << 20) as f64)),
        ("used_memory_human", format!("{:.2}M", resident as f64 / (1 << 20) as f64)),
        ("maxmemory", "0".to_owned()),
        ("maxmemory_policy", "noeviction".to_owned()),
    ])
}

async fn lolwut(session: &mut Session, _args: Args) -> Answer {
    Ok(Reply::text(&format!("Shoal ver. {}\n", session.server.settings.compatible_version)))
}
