//! What commands do with their keys, and hints for proxies of clusters: what COMMAND tells besides the table of commands.

use bytes::Bytes;

use super::{Command, flag};

type Access = &'static [&'static str];

const WRITTEN: Access = &["OW", "update"];
const MADE: Access = &["OW", "insert"];
const READ: Access = &["RO", "access"];
const CHANGED: Access = &["RW", "access", "update"];
const MOVED: Access = &["RW", "access", "delete"];

/// What it does with its keys: with all of them, or with each in order.
pub(super) fn of(command: &Command) -> &'static [Access] {
    match command.name {
        "append" | "hsetnx" => &[&["RW", "insert"]],
        "copy" => &[READ, WRITTEN],
        "rename" => &[MOVED, WRITTEN],
        "renamenx" => &[MOVED, MADE],
        "del" | "unlink" => &[&["RM", "delete"]],
        "hdel" => &[&["RW", "delete"]],
        "getdel" => &[MOVED],
        "mset" | "psetex" | "restore" | "setex" => &[WRITTEN],
        "msetnx" | "setnx" => &[MADE],
        "set" => &[&["RW", "access", "update", "variable_flags"]],
        "exists" | "hexists" | "hlen" | "hstrlen" | "strlen" | "touch" | "type" | "watch" => &[&["RO"]],
        "decr" | "decrby" | "incr" | "incrby" | "incrbyfloat" | "hincrby" | "hincrbyfloat" | "getex" | "getset" => {
            &[CHANGED]
        }
        _ if command.flags & flag::MODULE != 0 => &[CHANGED],
        _ if command.flags & flag::WRITE != 0 => &[&["RW", "update"]],
        _ => &[READ],
    }
}

/// As [`of`], where it depends on the arguments.
pub(super) fn of_words(command: &Command, words: &[Bytes]) -> &'static [Access] {
    match command.name {
        "set" if words.iter().skip(3).any(|word| word.eq_ignore_ascii_case(b"GET")) => &[CHANGED],
        "set" => &[WRITTEN],
        _ => of(command),
    }
}

/// The module that a command comes with, as `MODULE LIST` names it.
pub(super) fn module(command: &Command) -> Option<&'static str> {
    match command.group {
        "module" => Some("ReJSON"),
        "search" => Some("search"),
        _ => None,
    }
}

/// What a proxy may do about a command.
pub(super) fn hints(name: &str) -> Access {
    match name {
        "command" | "hgetall" | "hkeys" | "hvals" => &["nondeterministic_output_order"],
        "dbsize" => &["request_policy:all_shards", "response_policy:agg_sum"],
        "del" | "exists" | "touch" | "unlink" => &["request_policy:multi_shard", "response_policy:agg_sum"],
        "dump" | "hrandfield" | "hscan" | "pttl" | "time" | "ttl" => &["nondeterministic_output"],
        "flushall" | "flushdb" | "ping" => &["request_policy:all_shards", "response_policy:all_succeeded"],
        "info" => &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        "keys" => &["request_policy:all_shards", "nondeterministic_output_order"],
        "mget" => &["request_policy:multi_shard"],
        "mset" => &["request_policy:multi_shard", "response_policy:all_succeeded"],
        "randomkey" => &["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
        "scan" => &["nondeterministic_output", "request_policy:special", "response_policy:special"],
        "wait" => &["request_policy:all_shards", "response_policy:agg_min"],
        _ => &[],
    }
}
