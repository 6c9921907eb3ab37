//! The server: what it is made of, and what time it has.

use std::time::{SystemTime, UNIX_EPOCH};

use super::flag::{ADMIN, FAST, LOADING, NOSCRIPT, STALE, WRITE};
use super::{Keys, commands, unknown_subcommand};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

commands! { "server";
    "time" 1, FAST | LOADING | STALE, Keys::NONE, "Returns the server time." => time;
    "role" 1, FAST | LOADING | STALE | NOSCRIPT, Keys::NONE, "Returns the replication role." => role;
    "acl" -2, ADMIN | NOSCRIPT | LOADING | STALE, Keys::NONE, "A container for Access List Control commands." => acl;
    "swapdb" 3, WRITE | FAST, Keys::NONE, "Swaps two Redis databases." => swap_databases;
    "debug" -2, ADMIN | NOSCRIPT | LOADING | STALE, Keys::NONE, "A container for debugging commands." => debug;
    "module" -2, ADMIN | NOSCRIPT, Keys::NONE, "A container for module commands." => module_command;
}

type Answer = Result<Reply, RespError>;

/// A module that clients look for, and the version whose commands are answered.
pub(super) struct Module {
    pub(super) name: &'static str,
    pub(super) version: i64,
}

pub(super) fn modules() -> &'static [Module] {
    &[Module { name: "search", version: 21_005 }, Module { name: "ReJSON", version: 20_803 }]
}

pub(super) fn module(module: &Module) -> Reply {
    Reply::Map(vec![
        (Reply::text("name"), Reply::text(module.name)),
        (Reply::text("ver"), Reply::Integer(module.version)),
        (Reply::text("path"), Reply::text("")),
        (Reply::text("args"), Reply::Array(Vec::new())),
    ])
}

async fn time(_session: &mut Session, _args: Args) -> Answer {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Reply::bulks([now.as_secs().to_string(), now.subsec_micros().to_string()]))
}

/// Every node takes writes; replicas are those of shards.
async fn role(_session: &mut Session, _args: Args) -> Answer {
    Ok(Reply::Array(vec![Reply::text("master"), Reply::Integer(0), Reply::Array(Vec::new())]))
}

/// There is one user.
async fn acl(_session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    let name = word.to_ascii_uppercase();
    match name.as_slice() {
        b"WHOAMI" | b"USERS" if !args.is_empty() => {
            let name = String::from_utf8_lossy(&name).to_lowercase();
            Err(RespError::Arity { command: format!("acl|{name}") })
        }
        b"WHOAMI" => Ok(Reply::text("default")),
        b"USERS" => Ok(Reply::bulks(["default"])),
        b"CAT" | b"DELUSER" | b"DRYRUN" | b"GENPASS" | b"GETUSER" | b"LIST" | b"LOAD" | b"LOG" | b"SAVE"
        | b"SETUSER" => {
            let name = String::from_utf8_lossy(&name).into_owned();
            Err(RespError::refused(format!("ACL {name} is not implemented: there is one user")))
        }
        _ => Err(unknown_subcommand("acl", &word)),
    }
}

/// There is one database.
async fn swap_databases(_session: &mut Session, mut args: Args) -> Answer {
    let first = integer(&args.must()?).ok_or_else(|| RespError::refused("invalid first DB index"))?;
    let second = integer(&args.must()?).ok_or_else(|| RespError::refused("invalid second DB index"))?;
    match (first, second) {
        (0, 0) => Ok(Reply::OK),
        _ => Err(RespError::refused("DB index is out of range")),
    }
}

/// Nobody may, as in a Redis that was not told otherwise.
async fn debug(_session: &mut Session, _args: Args) -> Answer {
    Err(RespError::refused(
        "DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise \
         you need to set this option in the configuration file, and then restart the server.",
    ))
}

async fn module_command(_session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    match word.to_ascii_uppercase().as_slice() {
        b"LIST" => Ok(Reply::Array(modules().iter().map(module).collect())),
        b"LOAD" | b"LOADEX" | b"UNLOAD" => Err(RespError::refused("modules are built in: none is loaded or unloaded")),
        _ => Err(unknown_subcommand("module", &word)),
    }
}
