//! COMMAND: the commands themselves.

use bytes::Bytes;

use super::flag::{self, LOADING, STALE};
use super::{Command, Keys, access, commands, glob, unknown_subcommand};
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
        b"COUNT" if !args.is_empty() => Err(RespError::Arity { command: "command|count".to_owned() }),
        b"COUNT" => Ok(Reply::count(commands.sorted().len())),
        b"INFO" => {
            Ok(Reply::Array(named(args.rest()).into_iter().map(|found| found.map_or(Reply::Null, described)).collect()))
        }
        b"DOCS" => Ok(Reply::Map(named(args.rest()).into_iter().flatten().map(documented).collect())),
        b"LIST" => list(session, args),
        b"GETKEYS" => keys(session, &args, false),
        b"GETKEYSANDFLAGS" => keys(session, &args, true),
        b"HELP" => Ok(Reply::bulks([
            "COMMAND",
            "COMMAND COUNT",
            "COMMAND DOCS",
            "COMMAND INFO",
            "COMMAND LIST",
            "COMMAND GETKEYS",
            "COMMAND GETKEYSANDFLAGS",
        ])),
        _ => Err(unknown_subcommand("command", &word)),
    }
}

fn flags(command: &Command) -> Vec<&'static str> {
    flag::NAMES.iter().filter(|(bit, _)| command.flags & bit != 0).map(|(_, name)| *name).collect()
}

fn categories(command: &Command) -> Vec<String> {
    let group = match command.group {
        // Categories are Redis' own commands'.
        "module" | "search" => return Vec::new(),
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
        Reply::text(&command.shown_name()),
        Reply::Integer(i64::from(if command.flags & flag::MODULE == 0 { command.arity } else { -1 })),
        simple(flags(command).into_iter().map(str::to_owned).collect()),
        Reply::Integer(i64::from(first)),
        Reply::Integer(i64::from(last)),
        Reply::Integer(i64::from(step)),
        simple(categories(command)),
        Reply::bulks(access::hints(command.name).iter().copied()),
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
    let pair = |name: &str, value: Reply| (Reply::text(name), value);
    let number = |value: i32| Reply::Integer(i64::from(value));
    let specification = |first: i32, last: i32, access: &[&'static str]| {
        let begin = Reply::Map(vec![
            pair("type", Reply::text("index")),
            pair("spec", Reply::Map(vec![pair("index", number(first))])),
        ]);
        let last = if last < 0 { last } else { last - first };
        let range = vec![pair("lastkey", number(last)), pair("keystep", number(step)), pair("limit", number(0))];
        let find = Reply::Map(vec![pair("type", Reply::text("range")), pair("spec", Reply::Map(range))]);
        let flags = Reply::Set(access.iter().copied().map(Reply::word).collect());
        Reply::Map(vec![pair("flags", flags), pair("begin_search", begin), pair("find_keys", find)])
    };
    match access::of(command) {
        [all] => vec![specification(first, last, all)],
        each => each.iter().zip(first..).map(|(access, at)| specification(at, at, access)).collect(),
    }
}

fn documented(command: &'static Command) -> (Reply, Reply) {
    let about = [("summary", command.summary), ("group", command.group)];
    let about = about.into_iter().map(|(name, value)| (Reply::text(name), Reply::text(value))).collect();
    (Reply::text(command.name), Reply::Map(about))
}

fn list(session: &Session, mut args: Args) -> Answer {
    let mut admitted: Box<dyn Fn(&Command) -> bool> = Box::new(|_| true);
    if args.take_word("FILTERBY") {
        let (by, given) = (args.must()?.to_ascii_uppercase(), args.must()?);
        admitted = match by.as_slice() {
            b"PATTERN" => {
                let pattern = given.to_ascii_lowercase();
                Box::new(move |command| glob::matches(&pattern, command.name.as_bytes()))
            }
            b"MODULE" => Box::new(move |command| access::module(command).is_some_and(|name| name.as_bytes() == given)),
            b"ACLCAT" => Box::new(move |command| {
                categories(command).iter().any(|name| name.as_bytes()[1..].eq_ignore_ascii_case(&given))
            }),
            _ => return Err(RespError::Syntax),
        };
    }
    if !args.is_empty() {
        return Err(RespError::Syntax);
    }
    let all = session.server.commands.sorted().into_iter();
    Ok(Reply::bulks(all.filter(|command| admitted(command)).map(Command::shown_name)))
}

/// The keys among the words of a command, alone or with what the command does with each.
fn keys(session: &Session, args: &Args, with_flags: bool) -> Answer {
    let words = args.rest();
    let own = if with_flags { "command|getkeysandflags" } else { "command|getkeys" };
    let name = words.first().ok_or_else(|| RespError::Arity { command: own.to_owned() })?;
    let found = session.server.commands.find(name);
    let command = found.ok_or_else(|| RespError::refused("Invalid command specified"))?;
    if command.check_arity(&Args::new(words.to_vec())).is_err() {
        return Err(RespError::refused("Invalid number of arguments specified for command"));
    }
    if command.keys == Keys::NONE {
        return Err(RespError::refused("The command has no key arguments"));
    }
    let found = command.keys.of(words);
    if !with_flags {
        return Ok(Reply::bulks(found.cloned()));
    }
    let flags = access::of_words(command, words);
    let flags = found.zip(flags.iter().chain(std::iter::repeat(&flags[flags.len() - 1])));
    let told = flags.map(|(key, flags)| {
        let flags = flags.iter().copied().map(Reply::word).collect();
        Reply::Array(vec![Reply::Bulk(key.clone()), Reply::Set(flags)])
    });
    Ok(Reply::Array(told.collect()))
}
