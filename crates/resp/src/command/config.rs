//! CONFIG: the few keys that clients ask about, in Redis' names. What really decides is the node's configuration (`resp.*`).

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::flag::{ADMIN, LOADING, NOSCRIPT, STALE};
use super::{Keys, commands, glob, unknown_subcommand};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

commands! { "server";
    "config" -2, ADMIN | LOADING | STALE | NOSCRIPT, Keys::NONE, "A container for server configuration commands." => config;
}

const SLOW_FROM: &str = "slowlog-log-slower-than";
const SLOW_KEPT: &str = "slowlog-max-len";

type Answer = Result<Reply, RespError>;

/// Names and present values, in order of name.
fn known(session: &Session) -> Vec<(&'static str, String)> {
    let settings = &session.server.settings;
    let usage = &session.server.usage;
    let always = if settings.sync_always { "always" } else { "everysec" };
    vec![
        ("appendfsync", always.to_owned()),
        ("appendonly", "yes".to_owned()),
        ("bind", session.client.local.ip().to_string()),
        ("cluster-enabled", "no".to_owned()),
        ("databases", "1".to_owned()),
        ("latency-monitor-threshold", "0".to_owned()),
        ("maxclients", settings.max_connections.to_string()),
        ("maxmemory", "0".to_owned()),
        ("maxmemory-policy", "noeviction".to_owned()),
        ("notify-keyspace-events", String::new()),
        ("port", session.client.local.port().to_string()),
        ("proto-max-bulk-len", settings.max_bulk_bytes.to_string()),
        ("protected-mode", "yes".to_owned()),
        ("requirepass", session.server.password.read().clone()),
        ("save", String::new()),
        (SLOW_FROM, usage.slow_from_us.load(Ordering::Relaxed).to_string()),
        (SLOW_KEPT, usage.slow_kept.load(Ordering::Relaxed).to_string()),
        ("timeout", settings.idle_timeout.map_or(0, |limit| limit.as_secs()).to_string()),
    ]
}

async fn config(session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    match word.to_ascii_uppercase().as_slice() {
        b"GET" if !args.is_empty() => Ok(get(session, args.rest())),
        b"SET" if args.left() >= 2 && args.left().is_multiple_of(2) => set(session, args.rest()),
        b"RESETSTAT" if args.is_empty() => Ok(reset(session)),
        b"GET" | b"SET" | b"RESETSTAT" => {
            let name = String::from_utf8_lossy(&word).to_ascii_lowercase();
            Err(RespError::Arity { command: format!("config|{name}") })
        }
        b"REWRITE" => Err(RespError::refused("The server is running without a config file")),
        b"HELP" => Ok(Reply::bulks(["CONFIG GET pattern ..", "CONFIG SET key value .."])),
        _ => Err(unknown_subcommand("config", &word)),
    }
}

fn get(session: &Session, patterns: &[Bytes]) -> Reply {
    let named =
        |name: &str| patterns.iter().any(|pattern| glob::matches(&pattern.to_ascii_lowercase(), name.as_bytes()));
    let found = known(session).into_iter().filter(|(name, _)| named(name));
    Reply::Map(found.map(|(name, value)| (Reply::text(name), Reply::text(&value))).collect())
}

/// What `INFO` counts is counted from now on.
fn reset(session: &Session) -> Reply {
    let server = &session.server;
    server.usage.reset();
    let (clients, keyspace) = (&server.clients, &server.keyspace);
    let counts =
        [&clients.total, &clients.refused, &server.answered, &keyspace.expired, &keyspace.hits, &keyspace.misses];
    counts.into_iter().for_each(|count| count.store(0, Ordering::Relaxed));
    Reply::OK
}

/// A number of slow commands or of their microseconds, at least `least`.
fn slow_number(name: &str, value: &str, least: i64) -> Result<i64, RespError> {
    let failed =
        |why: String| RespError::refused(format!("CONFIG SET failed (possibly related to argument '{name}') - {why}"));
    let number: i64 = value.parse().map_err(|_| failed("argument couldn't be parsed into an integer".to_owned()))?;
    if number < least {
        return Err(failed(format!("argument must be between {least} and {} inclusive", i64::MAX)));
    }
    Ok(number)
}

/// All are checked before the first is set. A value that is in force already may be set; `requirepass` and what the slow log keeps may change.
fn set(session: &Session, pairs: &[Bytes]) -> Answer {
    let known = known(session);
    let (mut password, mut slow_from, mut slow_kept) = (None, None, None);
    for pair in pairs.chunks_exact(2) {
        let (name, value) = (pair[0].to_ascii_lowercase(), String::from_utf8_lossy(&pair[1]).into_owned());
        let name = String::from_utf8_lossy(&name).into_owned();
        let Some((_, present)) = known.iter().find(|(known, _)| *known == name) else {
            let given = String::from_utf8_lossy(&pair[0]).into_owned();
            return Err(RespError::refused(format!(
                "Unknown option or number of arguments for CONFIG SET - '{given}'"
            )));
        };
        if name == "requirepass" {
            password = Some(value);
        } else if name == SLOW_FROM {
            slow_from = Some(slow_number(&name, &value, -1)?);
        } else if name == SLOW_KEPT {
            slow_kept = Some(slow_number(&name, &value, 0)?);
        } else if *present != value {
            let reason =
                format!("CONFIG SET failed (possibly related to argument '{name}') - can't set immutable config");
            return Err(RespError::refused(reason));
        }
    }
    if let Some(password) = password {
        *session.server.password.write() = password;
    }
    let usage = &session.server.usage;
    if let Some(from) = slow_from {
        usage.slow_from_us.store(from, Ordering::Relaxed);
    }
    if let Some(kept) = slow_kept {
        usage.slow_kept.store(kept as usize, Ordering::Relaxed);
    }
    Ok(Reply::OK)
}
