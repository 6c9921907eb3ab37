//! OBJECT: what a key's value is kept as.

use bytes::Bytes;

use super::flag::READONLY;
use super::{Keys, commands, help, subcommand_arity, unknown_subcommand};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::value::{Fields, Value};
use crate::session::Session;

const SECOND: Keys = Keys { first: 2, last: 2, step: 1 };

commands! { "generic";
    "object" -2, READONLY, SECOND, "A container for object introspection commands." => object;
}

type Answer = Result<Reply, RespError>;

/// The longest text that Redis keeps beside its head.
const LONGEST_EMBEDDED: usize = 44;

/// The most fields of a hash that Redis keeps as a list.
const MOST_LISTED: usize = 512;

/// The longest name or value of a field in such a list.
const LONGEST_LISTED: usize = 64;

async fn object(session: &mut Session, mut args: Args) -> Answer {
    let name = args.must()?;
    let kind = name.to_ascii_uppercase();
    let wanted = match kind.as_slice() {
        b"HELP" => 0,
        b"ENCODING" | b"REFCOUNT" | b"IDLETIME" | b"FREQ" => 1,
        _ => return Err(unknown_subcommand("object", &name)),
    };
    if args.left() != wanted {
        return Err(subcommand_arity("object", &name));
    }
    let Some(key) = args.take() else { return Ok(help(OBJECT_HELP)) };
    let Some(entry) = session.get(&key).await? else { return Ok(Reply::Null) };
    match kind.as_slice() {
        b"ENCODING" => Ok(Reply::text(encoding(&entry.value))),
        b"REFCOUNT" => Ok(Reply::Integer(1)),
        b"IDLETIME" => Err(RespError::refused("OBJECT IDLETIME is not implemented: when keys are read is not kept")),
        _ => Err(RespError::refused(
            "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching \
             between policies at runtime LRU and LFU data will take some time to adjust.",
        )),
    }
}

/// The name of the form that Redis would keep a value in.
fn encoding(value: &Value) -> &'static str {
    match value {
        Value::Text(text) if integer(text).is_some() => "int",
        Value::Text(text) if text.len() <= LONGEST_EMBEDDED => "embstr",
        Value::Text(_) | Value::Json(_) => "raw",
        Value::Hash(fields) if !is_listed(fields) => "hashtable",
        Value::Hash(fields) if fields.next_expiry_ms().is_some() => "listpackex",
        Value::Hash(_) => "listpack",
    }
}

fn is_listed(fields: &Fields) -> bool {
    let short = |text: &Bytes| text.len() <= LONGEST_LISTED;
    fields.len() <= MOST_LISTED && fields.iter().all(|(name, value)| short(name) && short(value))
}

const OBJECT_HELP: &[&str] = &[
    "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "ENCODING <key>",
    "    The name of the form that Redis would keep the value of <key> in.",
    "FREQ <key>",
    "    How often the <key> is used: not kept.",
    "IDLETIME <key>",
    "    How long the <key> has not been used: not kept.",
    "REFCOUNT <key>",
    "    How many share the value of <key>: 1.",
    "HELP",
    "    This help.",
];
