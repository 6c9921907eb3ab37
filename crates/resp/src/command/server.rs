//! The server: what it is made of, and what time it has.

use std::time::{SystemTime, UNIX_EPOCH};

use super::flag::{ADMIN, FAST, LOADING, NOSCRIPT, STALE};
use super::{Keys, commands, unknown_subcommand};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

commands! { "server";
    "time" 1, FAST | LOADING | STALE, Keys::NONE, "Returns the server time." => time;
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

async fn module_command(_session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    match word.to_ascii_uppercase().as_slice() {
        b"LIST" => Ok(Reply::Array(modules().iter().map(module).collect())),
        b"LOAD" | b"LOADEX" | b"UNLOAD" => Err(RespError::refused("modules are built in: none is loaded or unloaded")),
        _ => Err(unknown_subcommand("module", &word)),
    }
}
