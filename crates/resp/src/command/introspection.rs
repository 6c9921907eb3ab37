//! COMMAND: the commands themselves.

use bytes::Bytes;

use super::flag::{self, LOADING, STALE};
use super::{Command, Keys, commands, glob, unknown_subcommand};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

commands! { "server";
    "command" -1, LOADING | STALE, Keys::NONE, "Returns detailed information about all commands." => command;
}

type Answer = Result<Reply, RespError>;

async fn command(session: &mut Session, mut args: Args) -> Answer {
    let commands = &session.server.commands;
    let Some(word) = args.take() else {
        return Ok(Reply::Array(commands.sorted().into_iter().map(described).collect()));
    };
    let named = |names: &[Bytes]| -> Vec<Option<&'static Command>> {
        if names.is_empty() {
            return commands.sorted().into_iter().map(Some).collect();
        }
        names.iter().map(|name| commands.find(name)).collect()
    };
    match word.to_ascii_uppercase().as_slice() {
        b"COUNT" => Ok(Reply::count(commands.sorted().len())),
        b"INFO" => {
            Ok(Reply::Array(named(args.rest()).into_iter().map(|found| found.map_or(Reply::Null, described)).collect()))
        }
        b"DOCS" => Ok(Reply::Map(named(args.rest()).into_iter().flatten().map(documented).collect())),
        b"LIST" => list(session, args),
        b"GETKEYS" => keys(session, &args),
        b"HELP" => Ok(Reply::bulks([
            "COMMAND",
            "COMMAND COUNT",
            "COMMAND DOCS",
            "COMMAND INFO",
            "COMMAND LIST",
            "COMMAND GETKEYS",
        ])),
        _ => Err(unknown_subcommand("command", &word)),
    }
}

fn flags(command: &Command) -> Vec<&'static str> {
    flag::NAMES.iter().filter(|(bit, _)| command.flags & bit != 0).map(|(_, name)| *name).collect()
}

fn categories(command: &Command) -> Vec<String> {
    let group = match command.group {
        "generic" => "keyspace",
        "transactions" => "transaction",
        "server" => "admin",
        other => other,
    };
    let is = |bit| command.flags & bit != 0;
    let mut found = Vec::new();
    for (name, holds) in [("write", is(flag::WRITE)), ("read", is(flag::READONLY))] {
        if holds {
            found.push(format!("@{name}"));
        }
    }
    found.push(format!("@{group}"));
    found.push(if is(flag::FAST) { "@fast" } else { "@slow" }.to_owned());
    found
}

fn described(command: &'static Command) -> Reply {
    let simple = |words: Vec<String>| Reply::Set(words.into_iter().map(|word| Reply::Simple(word.into())).collect());
    let Keys { first, last, step } = command.keys;
    Reply::Array(vec![
        Reply::text(command.name),
        Reply::Integer(i64::from(command.arity)),
        simple(flags(command).into_iter().map(str::to_owned).collect()),
        Reply::Integer(i64::from(first)),
        Reply::Integer(i64::from(last)),
        Reply::Integer(i64::from(step)),
        simple(categories(command)),
        Reply::Array(Vec::new()),
        Reply::Array(key_specification(command)),
        Reply::Array(Vec::new()),
    ])
}

/// Where its keys are, in the form of Redis 7.
fn key_specification(command: &Command) -> Vec<Reply> {
    let Keys { first, last, step } = command.keys;
    if first == 0 {
        return Vec::new();
    }
    let access = if command.flags & flag::WRITE != 0 { ["RW", "update"] } else { ["RO", "access"] };
    let pair = |name: &str, value: Reply| (Reply::text(name), value);
    let number = |value: i32| Reply::Integer(i64::from(value));
    let begin = Reply::Map(vec![
        pair("type", Reply::text("index")),
        pair("spec", Reply::Map(vec![pair("index", number(first))])),
    ]);
    let last = if last < 0 { last } else { last - first };
    let range = vec![pair("lastkey", number(last)), pair("keystep", number(step)), pair("limit", number(0))];
    let find = Reply::Map(vec![pair("type", Reply::text("range")), pair("spec", Reply::Map(range))]);
    let flags = Reply::Set(access.iter().map(|word| Reply::Simple((*word).into())).collect());
    vec![Reply::Map(vec![pair("flags", flags), pair("begin_search", begin), pair("find_keys", find)])]
}

fn documented(command: &'static Command) -> (Reply, Reply) {
    let about = [("summary", command.summary), ("group", command.group)];
    let about = about.into_iter().map(|(name, value)| (Reply::text(name), Reply::text(value))).collect();
    (Reply::text(command.name), Reply::Map(about))
}

fn list(session: &Session, mut args: Args) -> Answer {
    let mut pattern = None;
    if args.take_word("FILTERBY") {
        if !args.take_word("PATTERN") {
            return Err(RespError::refused("COMMAND LIST filters by PATTERN alone here"));
        }
        pattern = Some(args.must()?);
    }
    if !args.is_empty() {
        return Err(RespError::Syntax);
    }
    let admitted = |name: &str| pattern.as_ref().is_none_or(|pattern| glob::matches(pattern, name.as_bytes()));
    let names = session.server.commands.sorted().into_iter().map(|command| command.name);
    Ok(Reply::Array(names.filter(|name| admitted(name)).map(Reply::text).collect()))
}

fn keys(session: &Session, args: &Args) -> Answer {
    let words = args.rest();
    let name = words.first().ok_or_else(|| RespError::Arity { command: "command|getkeys".to_owned() })?;
    let found = session.server.commands.find(name);
    let command = found.ok_or_else(|| RespError::refused("Invalid command specified"))?;
    let (count, arity) = (words.len() as i64, i64::from(command.arity));
    if (arity > 0 && count != arity) || count < arity.abs() {
        return Err(RespError::refused("Invalid number of arguments specified for command"));
    }
    if command.keys == Keys::NONE {
        return Err(RespError::refused("The command has no key arguments"));
    }
    Ok(Reply::bulks(command.keys.of(words).cloned()))
}
