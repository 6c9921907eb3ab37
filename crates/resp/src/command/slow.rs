//! SLOWLOG and LATENCY: which commands took long, and how long commands take.

use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::flag::{ADMIN, LOADING, NOSCRIPT, STALE};
use super::{Keys, commands, subcommand_arity, unknown_subcommand};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

commands! { "server";
    "slowlog" -2, ADMIN | LOADING | STALE, Keys::NONE, "A container for slow log commands." => slowlog;
    "latency" -2, ADMIN | LOADING | STALE | NOSCRIPT, Keys::NONE, "A container for latency diagnostics commands." => latency;
}

type Answer = Result<Reply, RespError>;

/// Slow commands that are shown unless their number is given.
const SHOWN: usize = 10;

async fn slowlog(session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    let usage = &session.server.usage;
    let name = word.to_ascii_uppercase();
    match name.as_slice() {
        b"GET" if args.left() <= 1 => {
            let most = args.take().map_or(Ok(SHOWN), |count| most(&count))?;
            Ok(Reply::Array(usage.slowest(most).into_iter().map(shown).collect()))
        }
        b"GET" => {
            let word = String::from_utf8_lossy(&word).into_owned();
            let reason = format!("unknown subcommand or wrong number of arguments for '{word}'. Try SLOWLOG HELP.");
            Err(RespError::refused(reason))
        }
        b"LEN" | b"RESET" | b"HELP" if !args.is_empty() => Err(subcommand_arity("slowlog", &word)),
        b"LEN" => Ok(Reply::count(usage.slow_count())),
        b"RESET" => {
            usage.forget_slow();
            Ok(Reply::OK)
        }
        b"HELP" => Ok(super::help(SLOWLOG_HELP)),
        _ => Err(unknown_subcommand("slowlog", &word)),
    }
}

/// How many are asked for; -1: all.
fn most(count: &[u8]) -> Result<usize, RespError> {
    match integer(count) {
        Some(-1) => Ok(usize::MAX),
        Some(count) if count >= 0 => Ok(count as usize),
        _ => Err(RespError::refused("count should be greater than or equal to -1")),
    }
}

fn shown(slow: crate::usage::Slow) -> Reply {
    Reply::Array(vec![
        Reply::Integer(slow.id as i64),
        Reply::Integer(slow.at_s as i64),
        Reply::Integer(slow.microseconds as i64),
        Reply::bulks(slow.words),
        Reply::text(&slow.address),
        Reply::text(&slow.name),
    ])
}

/// Events are not watched, as in a Redis whose `latency-monitor-threshold` is 0; how long commands take is counted always.
async fn latency(session: &mut Session, mut args: Args) -> Answer {
    let word = args.must()?;
    let arity = |right: bool| if right { Ok(()) } else { Err(subcommand_arity("latency", &word)) };
    match word.to_ascii_uppercase().as_slice() {
        b"LATEST" => arity(args.is_empty()).map(|()| Reply::Array(Vec::new())),
        b"HISTORY" => arity(args.left() == 1).map(|()| Reply::Array(Vec::new())),
        b"GRAPH" => {
            arity(args.left() == 1)?;
            let event = String::from_utf8_lossy(&args.must()?).into_owned();
            Err(RespError::refused(format!("No samples available for event '{event}'")))
        }
        b"RESET" => Ok(Reply::Integer(0)),
        b"DOCTOR" => arity(args.is_empty()).map(|()| Reply::Verbatim("txt", Bytes::from_static(DOCTOR.as_bytes()))),
        b"HISTOGRAM" => Ok(histogram(session, args.rest())),
        b"HELP" => arity(args.is_empty()).map(|()| super::help(LATENCY_HELP)),
        _ => Err(unknown_subcommand("latency", &word)),
    }
}

/// How long the runs of commands took: of all that ran, or of those that are named.
fn histogram(session: &Session, names: &[Bytes]) -> Reply {
    let (commands, usage) = (&session.server.commands, &session.server.usage);
    let chosen = if names.is_empty() {
        commands.sorted()
    } else {
        names.iter().filter_map(|name| commands.find(name)).collect()
    };
    let pair = |name: &str, value: Reply| (Reply::text(name), value);
    let number = |value: u64| Reply::Integer(value as i64);
    let told = chosen.into_iter().filter_map(|command| {
        let counts = usage.of(command)?;
        let calls = counts.calls.load(Ordering::Relaxed);
        let classes = counts.distribution().into_iter().map(|(until, count)| (number(until), number(count)));
        let told = vec![pair("calls", number(calls)), pair("histogram_usec", Reply::Map(classes.collect()))];
        (calls > 0).then(|| pair(&command.shown_name(), Reply::Map(told)))
    });
    Reply::Map(told.collect())
}

const DOCTOR: &str = "Events are not watched here. LATENCY HISTOGRAM tells how long commands take, SLOWLOG GET which of them took long, \
and GET /_prometheus/metrics of the REST dialect what the node does.\n";

const SLOWLOG_HELP: &[&str] = &[
    "SLOWLOG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "GET [<count>]",
    "    The newest commands that took long (default: 10, -1: all). Of each:",
    "    id, timestamp, time in microseconds, its words, the client's address and name.",
    "LEN",
    "    How many are kept.",
    "RESET",
    "    Forgets them.",
    "HELP",
    "    This help.",
];

const LATENCY_HELP: &[&str] = &[
    "LATENCY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "DOCTOR",
    "    Where to look.",
    "GRAPH <event>",
    "    Events are not watched: there is none.",
    "HISTORY <event>",
    "    Events are not watched: nothing.",
    "HISTOGRAM [COMMAND ...]",
    "    How many runs of commands took how many microseconds at most.",
    "LATEST",
    "    Events are not watched: nothing.",
    "RESET [<event> ...]",
    "    Events are not watched: 0.",
    "HELP",
    "    This help.",
];
