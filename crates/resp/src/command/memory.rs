//! MEMORY: the bytes of keys, and of the process.

use super::flag::READONLY;
use super::{Keys, commands, help, subcommand_arity, unknown_subcommand};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

const SECOND: Keys = Keys { first: 2, last: 2, step: 1 };

commands! { "server";
    "memory" -2, READONLY, SECOND, "A container for memory diagnostics commands." => memory;
}

type Answer = Result<Reply, RespError>;

async fn memory(session: &mut Session, mut args: Args) -> Answer {
    let name = args.must()?;
    let kind = name.to_ascii_uppercase();
    match kind.as_slice() {
        b"USAGE" if !args.is_empty() => usage(session, args).await,
        b"HELP" | b"STATS" | b"DOCTOR" | b"PURGE" | b"MALLOC-STATS" if !args.is_empty() => {
            Err(subcommand_arity("memory", &name))
        }
        b"USAGE" => Err(subcommand_arity("memory", &name)),
        b"HELP" => Ok(help(HELP)),
        b"STATS" => stats(session).await,
        b"DOCTOR" | b"PURGE" | b"MALLOC-STATS" => {
            let name = String::from_utf8_lossy(&kind).into_owned();
            let reason =
                format!("MEMORY {name} is not implemented: see MEMORY STATS, and _nodes/stats of the REST dialect");
            Err(RespError::refused(reason))
        }
        _ => Err(unknown_subcommand("memory", &name)),
    }
}

async fn usage(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    while let Some(option) = args.take() {
        if !option.eq_ignore_ascii_case(b"SAMPLES") || args.integer()? < 0 {
            return Err(RespError::Syntax);
        }
    }
    let size = session.server.keyspace.size(&key).await?;
    Ok(size.map_or(Reply::Null, Reply::count))
}

/// What is known of Redis' numbers: the process' memory and how many keys there are. The keys lie on disk.
async fn stats(session: &Session) -> Answer {
    let nodes = session.server.gateway.node_stats().await?;
    let resident = nodes.first().map_or(0, |stats| stats.process.resident_bytes) as i64;
    let keys = session.server.keyspace.count().await? as i64;
    let pair = |name: &str, value: i64| (Reply::text(name), Reply::Integer(value));
    let stats = vec![pair("total.allocated", resident), pair("keys.count", keys), pair("allocator.resident", resident)];
    Ok(Reply::Map(stats))
}

const HELP: &[&str] = &[
    "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "STATS",
    "    The bytes of the process, and how many keys there are.",
    "USAGE <key> [SAMPLES <count>]",
    "    The bytes of the document that <key> is kept as, before compression.",
    "HELP",
    "    This help.",
];
