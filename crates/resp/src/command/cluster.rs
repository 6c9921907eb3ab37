//! CLUSTER, WAIT and their like: to a client every node is a whole Redis that holds all slots.
//!
//! Any node answers for any key: it finds the shard itself. A client that asks for the map of slots is told of this node alone.

use super::flag::{FAST, LOADING, NOSCRIPT, STALE};
use super::{Keys, commands, unknown_subcommand};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::slot::{self, SLOTS};
use crate::session::Session;

commands! { "cluster";
    "cluster" -2, LOADING | STALE, Keys::NONE, "A container for Redis Cluster commands." => cluster;
    "readonly" 1, FAST | LOADING | STALE, Keys::NONE, "Enables read-only queries for a connection to a Redis Cluster replica node." => nothing;
    "readwrite" 1, FAST | LOADING | STALE, Keys::NONE, "Enables read-write queries for a connection to a Redis Cluster replica node." => nothing;
    "asking" 1, FAST, Keys::NONE, "Signals that a cluster client is following an -ASK redirect." => nothing;
    "wait" 3, NOSCRIPT, Keys::NONE,
        "Blocks until the asynchronous replication of all preceding write commands sent by the connection is completed." => wait;
    "waitaof" 4, NOSCRIPT, Keys::NONE,
        "Blocks until all of the preceding write commands sent by the connection are written to the append-only file of the master and/or replicas." => wait_aof;
}

type Answer = Result<Reply, RespError>;

async fn nothing(_session: &mut Session, _args: Args) -> Answer {
    Ok(Reply::OK)
}

/// What was acknowledged is on every copy that is in sync: there is nothing to wait for, and other copies than those are not promised.
async fn wait(session: &mut Session, mut args: Args) -> Answer {
    let (_copies, timeout) = (args.integer()?, args.integer()?);
    if timeout < 0 {
        return Err(RespError::refused("timeout is negative"));
    }
    Ok(Reply::Integer(session.server.keyspace.replicas()? as i64))
}

/// What was acknowledged is in the log of every copy that is in sync. Where that is on the disk only some time later (`resp.appendfsync`), it is
/// brought there first when that is asked for.
async fn wait_aof(session: &mut Session, mut args: Args) -> Answer {
    let local = args.integer()?;
    if !(0..=1).contains(&local) {
        return Err(RespError::refused("value is out of range, value must between 0 and 1"));
    }
    let copies = integer(&args.must()?).filter(|copies| *copies >= 0);
    copies.ok_or_else(|| RespError::refused("value is out of range, must be positive"))?;
    let timeout =
        integer(&args.must()?).ok_or_else(|| RespError::refused("timeout is not an integer or out of range"))?;
    if timeout < 0 {
        return Err(RespError::refused("timeout is negative"));
    }
    let server = &session.server;
    let always = server.settings.sync_always;
    if !always && (local > 0 || copies > Some(0)) {
        server.keyspace.save().await?;
    }
    let on_disk = always || local > 0 || copies > Some(0);
    let replicas = if on_disk { server.keyspace.replicas()? } else { 0 };
    Ok(Reply::Array(vec![Reply::Integer(i64::from(on_disk)), Reply::count(replicas)]))
}

async fn cluster(session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    match word.to_ascii_uppercase().as_slice() {
        b"INFO" => Ok(Reply::Verbatim("txt", info(session).into())),
        b"MYID" => Ok(Reply::text(&id(session))),
        b"MYSHARDID" => Ok(Reply::text(&id(session))),
        b"KEYSLOT" if args.left() == 1 => Ok(Reply::Integer(i64::from(slot::slot(&args.must()?)))),
        b"COUNTKEYSINSLOT" if args.left() == 1 => {
            let wanted = args.integer().ok().and_then(|slot| u16::try_from(slot).ok()).filter(|slot| *slot < SLOTS);
            let wanted = wanted.ok_or_else(|| RespError::refused("Invalid slot"))?;
            Ok(Reply::count(session.server.keyspace.all(|met| slot::slot(&met.key) == wanted).await?.len()))
        }
        b"SLOTS" => Ok(slots(session)),
        b"SHARDS" => Ok(shards(session)),
        b"NODES" => Ok(Reply::Verbatim("txt", nodes(session).into())),
        b"LINKS" => Ok(Reply::Array(Vec::new())),
        b"KEYSLOT" | b"COUNTKEYSINSLOT" => {
            let name = String::from_utf8_lossy(&word).to_ascii_lowercase();
            Err(RespError::Arity { command: format!("cluster|{name}") })
        }
        b"RESET" | b"FAILOVER" | b"MEET" | b"FORGET" | b"REPLICATE" | b"ADDSLOTS" | b"DELSLOTS" | b"SETSLOT" => {
            let name = String::from_utf8_lossy(&word).to_uppercase();
            let reason = format!(
                "CLUSTER {name} is not implemented: Shoal places shards itself (see _cluster/reroute of the REST dialect)"
            );
            Err(RespError::refused(reason))
        }
        _ => Err(unknown_subcommand("cluster", &word)),
    }
}

/// 40 hexadecimal digits made of the address on which the client reached this node.
fn id(session: &Session) -> String {
    let address = session.client.local.to_string();
    let one = |seed: u64| {
        address.bytes().fold(0xcbf2_9ce4_8422_2325 ^ seed, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
    };
    format!("{:016x}{:016x}{:08x}", one(0), one(0x9e37_79b9), one(0x85eb_ca6b) as u32)
}

fn info(_session: &Session) -> String {
    let lines = [
        "cluster_enabled:1",
        "cluster_state:ok",
        "cluster_slots_assigned:16384",
        "cluster_slots_ok:16384",
        "cluster_slots_pfail:0",
        "cluster_slots_fail:0",
        "cluster_known_nodes:1",
        "cluster_size:1",
        "cluster_current_epoch:1",
        "cluster_my_epoch:1",
    ];
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}

fn slots(session: &Session) -> Reply {
    let local = session.client.local;
    let node = vec![
        Reply::text(&local.ip().to_string()),
        Reply::Integer(i64::from(local.port())),
        Reply::text(&id(session)),
        Reply::Array(Vec::new()),
    ];
    let range = vec![Reply::Integer(0), Reply::Integer(i64::from(SLOTS) - 1), Reply::Array(node)];
    Reply::Array(vec![Reply::Array(range)])
}

fn shards(session: &Session) -> Reply {
    let local = session.client.local;
    let ip = local.ip().to_string();
    let node = Reply::Map(vec![
        (Reply::text("id"), Reply::text(&id(session))),
        (Reply::text("port"), Reply::Integer(i64::from(local.port()))),
        (Reply::text("ip"), Reply::text(&ip)),
        (Reply::text("endpoint"), Reply::text(&ip)),
        (Reply::text("role"), Reply::text("master")),
        (Reply::text("replication-offset"), Reply::Integer(0)),
        (Reply::text("health"), Reply::text("online")),
    ]);
    let slots = Reply::Array(vec![Reply::Integer(0), Reply::Integer(i64::from(SLOTS) - 1)]);
    Reply::Array(vec![Reply::Map(vec![
        (Reply::text("slots"), slots),
        (Reply::text("nodes"), Reply::Array(vec![node])),
    ])])
}

fn nodes(session: &Session) -> String {
    let local = session.client.local;
    format!("{} {local}@{} myself,master - 0 0 1 connected 0-16383\n", id(session), local.port())
}
