//! CONFIG: the few keys that clients ask about, in Redis' names. What really decides is the node's configuration (`resp.*`).

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

type Answer = Result<Reply, RespError>;

/// Names and present values, in order of name.
fn known(session: &Session) -> Vec<(&'static str, String)> {
    let settings = &session.server.settings;
    let always = if settings.sync_always { "always" } else { "everysec" };
    vec![
        ("appendfsync", always.to_owned()),
        ("appendonly", "yes".to_owned()),
        ("bind", session.client.local.ip().to_string()),
        ("cluster-enabled", "no".to_owned()),
        ("databases", "1".to_owned()),
        ("maxclients", settings.max_connections.to_string()),
        ("maxmemory", "0".to_owned()),
        ("maxmemory-policy", "noeviction".to_owned()),
        ("port", session.client.local.port().to_string()),
        ("proto-max-bulk-len", settings.max_bulk_bytes.to_string()),
        ("protected-mode", "yes".to_owned()),
        ("requirepass", session.server.password.read().clone()),
        ("save", String::new()),
        ("timeout", settings.idle_timeout.map_or(0, |limit| limit.as_secs()).to_string()),
    ]
}

async fn config(session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    match word.to_ascii_uppercase().as_slice() {
        b"GET" if !args.is_empty() => Ok(get(session, args.rest())),
        b"SET" if args.left() >= 2 && args.left().is_multiple_of(2) => set(session, args.rest()),
        b"GET" | b"SET" => {
            let name = String::from_utf8_lossy(&word).to_ascii_lowercase();
            Err(RespError::Arity { command: format!("config|{name}") })
        }
        b"RESETSTAT" => Err(RespError::refused("CONFIG RESETSTAT is not implemented: counts are kept since the start")),
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

/// All are checked before the first is set. A value that is in force already may be set; `requirepass` may change.
fn set(session: &Session, pairs: &[Bytes]) -> Answer {
    let known = known(session);
    let mut password = None;
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
        } else if *present != value {
            let reason =
                format!("CONFIG SET failed (possibly related to argument '{name}') - can't set immutable config");
            return Err(RespError::refused(reason));
        }
    }
    if let Some(password) = password {
        *session.server.password.write() = password;
    }
    Ok(Reply::OK)
}
