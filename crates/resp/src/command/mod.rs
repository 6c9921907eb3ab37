//! The commands: one table, from names to what answers them.
//!
//! A family of commands is a file (or a folder) with a `COMMANDS` of its own; [`Commands::all`] joins them. Checked here, once, for every
//! command: that it exists, its number of arguments, and that the client may.

mod access;
pub mod client;
pub mod cluster;
pub mod config;
pub mod connection;
pub mod expiry;
pub mod field_expiry;
mod glob;
pub mod hash;
pub mod info;
pub mod introspection;
pub mod json;
pub mod key;
pub mod memory;
pub mod object;
pub mod persistence;
pub mod scan;
pub mod server;
pub mod slow;
pub mod string;
pub mod transaction;

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::time::Instant;

use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;
use crate::usage::Words;

/// What answers a command.
pub type Handler =
    for<'s> fn(&'s mut Session, Args) -> Pin<Box<dyn Future<Output = Result<Reply, RespError>> + Send + 's>>;

/// One command and what clients are told about it.
pub struct Command {
    /// In lower case.
    pub name: &'static str,
    /// How many words, its name included; negative: at least so many.
    pub arity: i32,
    /// Bits of [`flag`].
    pub flags: u32,
    pub keys: Keys,
    /// As `COMMAND DOCS` names its family.
    pub group: &'static str,
    pub summary: &'static str,
    pub run: Handler,
}

impl Command {
    fn check_arity(&self, args: &Args) -> Result<(), RespError> {
        let (count, arity) = (args.all().len() as i64, i64::from(self.arity));
        if (arity > 0 && count != arity) || count < arity.abs() {
            return Err(RespError::Arity { command: self.shown_name() });
        }
        Ok(())
    }

    /// The search module has its names in capitals.
    pub(super) fn shown_name(&self) -> String {
        if self.group == "search" { self.name.to_uppercase() } else { self.name.to_owned() }
    }
}

/// Where the keys are among the words of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    /// 0: it has none.
    pub first: i32,
    /// Negative: counted from the end.
    pub last: i32,
    pub step: i32,
}

impl Keys {
    pub const NONE: Self = Self { first: 0, last: 0, step: 0 };
    pub const FIRST: Self = Self { first: 1, last: 1, step: 1 };
    pub const TWO: Self = Self { first: 1, last: 2, step: 1 };
    /// All words behind the name.
    pub const ALL: Self = Self { first: 1, last: -1, step: 1 };
    /// Every other word.
    pub const PAIRS: Self = Self { first: 1, last: -1, step: 2 };
    /// All but the last word.
    pub const BUT_LAST: Self = Self { first: 1, last: -2, step: 1 };

    /// The keys among `words` (the name is the first).
    pub fn of<'w>(&self, words: &'w [bytes::Bytes]) -> impl Iterator<Item = &'w bytes::Bytes> {
        let count = words.len() as i32;
        let last = if self.last < 0 { count + self.last } else { self.last };
        let end = if self.first == 0 { 0 } else { (last + 1).clamp(0, count) as usize };
        let first = (self.first.max(0) as usize).min(end);
        words[first..end].iter().step_by(self.step.max(1) as usize)
    }
}

/// What a command is like, as bits.
pub mod flag {
    pub const WRITE: u32 = 1;
    pub const READONLY: u32 = 1 << 1;
    pub const DENYOOM: u32 = 1 << 2;
    pub const ADMIN: u32 = 1 << 3;
    pub const NOSCRIPT: u32 = 1 << 4;
    pub const LOADING: u32 = 1 << 5;
    pub const STALE: u32 = 1 << 6;
    pub const FAST: u32 = 1 << 7;
    /// Answered before the password is said.
    pub const NO_AUTH: u32 = 1 << 8;
    /// Not queued by MULTI: it ends or belongs to the transaction.
    pub const NO_QUEUE: u32 = 1 << 9;
    /// Refused within MULTI.
    pub const NO_MULTI: u32 = 1 << 10;
    /// Comes with a module.
    pub const MODULE: u32 = 1 << 11;

    /// The names that clients see.
    pub const NAMES: &[(u32, &str)] = &[
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (ADMIN, "admin"),
        (NOSCRIPT, "noscript"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (NO_MULTI, "no_multi"),
        (MODULE, "module"),
    ];
}

/// A `COMMANDS` table: `commands! { "group"; "name" arity, flags, keys, "summary" => handler; .. }`.
macro_rules! commands {
    ($group:literal; $($name:literal $arity:literal, $flags:expr, $keys:expr, $summary:literal => $run:path;)*) => {
        pub const COMMANDS: &[$crate::command::Command] = &[$($crate::command::Command {
            name: $name,
            arity: $arity,
            flags: $flags,
            keys: $keys,
            group: $group,
            summary: $summary,
            run: |session, args| Box::pin($run(session, args)),
        }),*];
    };
}
pub(crate) use commands;

/// All of them, by name.
pub struct Commands {
    by_name: HashMap<&'static str, &'static Command>,
}

impl Commands {
    pub(crate) fn all() -> Self {
        let families = [
            client::COMMANDS,
            cluster::COMMANDS,
            config::COMMANDS,
            connection::COMMANDS,
            expiry::COMMANDS,
            field_expiry::COMMANDS,
            hash::COMMANDS,
            info::COMMANDS,
            introspection::COMMANDS,
            json::COMMANDS,
            key::COMMANDS,
            memory::COMMANDS,
            object::COMMANDS,
            persistence::COMMANDS,
            scan::COMMANDS,
            server::COMMANDS,
            slow::COMMANDS,
            string::COMMANDS,
            string::bitfield::COMMANDS,
            string::bits::COMMANDS,
            string::subsequence::COMMANDS,
            string::number::COMMANDS,
            transaction::COMMANDS,
            crate::ft::COMMANDS,
        ];
        Self { by_name: families.into_iter().flatten().map(|command| (command.name, command)).collect() }
    }

    /// All of them, in order of name.
    pub(crate) fn sorted(&self) -> Vec<&'static Command> {
        let mut all: Vec<_> = self.by_name.values().copied().collect();
        all.sort_by_key(|command| command.name);
        all
    }

    /// The command of this name, in any case.
    pub fn find(&self, name: &[u8]) -> Option<&'static Command> {
        let mut lower = [0; 32];
        let lower = lower.get_mut(..name.len())?;
        lower.copy_from_slice(name);
        lower.make_ascii_lowercase();
        self.by_name.get(std::str::from_utf8(lower).ok()?).copied()
    }
}

/// Answers one command.
pub(crate) async fn run(session: &mut Session, args: Args) -> Reply {
    let command = match checked(session, &args) {
        Ok(command) => command,
        Err(error) => {
            if let Some(command) = session.server.commands.find(args.name()) {
                session.server.usage.rejected(command);
            }
            if let Some(transaction) = &mut session.transaction {
                transaction.spoil();
            }
            return error.into();
        }
    };
    session.client.state.lock().command = command.name;
    session.server.answered.fetch_add(1, Ordering::Relaxed);
    if session.transaction.is_some() && command.flags & flag::NO_QUEUE == 0 {
        return transaction::queue(session, command, args).unwrap_or_else(Reply::Error);
    }
    answer(session, command, args).await
}

/// Answers a command whose number of arguments may not have been looked at yet.
async fn answer(session: &mut Session, command: &'static Command, args: Args) -> Reply {
    if let Err(error) = command.check_arity(&args) {
        session.server.usage.rejected(command);
        return error.into();
    }
    let (words, began) = (Words::of(args.all()), Instant::now());
    let reply = (command.run)(session, args).await.unwrap_or_else(Reply::Error);
    let took = began.elapsed();
    let usage = &session.server.usage;
    usage.ran(command, took, matches!(reply, Reply::Error(_)));
    // What says a password is not kept.
    if usage.is_slow(took) && command.flags & flag::NO_AUTH == 0 {
        usage.keep(&words, took, &session.client);
    }
    reply
}

/// Whether a command only searches, so that it ends when nobody waits for it any more.
pub(crate) fn may_be_given_up(session: &Session, args: &Args) -> bool {
    let of_search = args.name().get(..3).is_some_and(|start| start.eq_ignore_ascii_case(b"ft."));
    let found = session.server.commands.find(args.name()).filter(|_| of_search);
    found.is_some_and(|command| command.flags & flag::READONLY != 0)
}

/// The command, if it is one that this client may have answered.
fn checked(session: &Session, args: &Args) -> Result<&'static Command, RespError> {
    let found = session.server.commands.find(args.name());
    if !session.authenticated && found.is_none_or(|command| command.flags & flag::NO_AUTH == 0) {
        return Err(RespError::NotAuthenticated);
    }
    let command = found.ok_or_else(|| unknown(args))?;
    // Modules look at their arguments when they run: MULTI queues whatever they are given.
    if session.transaction.is_none() || command.flags & flag::MODULE == 0 {
        command.check_arity(args)?;
    }
    if session.transaction.is_some() && command.flags & flag::NO_MULTI != 0 {
        return Err(RespError::refused("Command not allowed inside a transaction"));
    }
    Ok(command)
}

fn unknown(args: &Args) -> RespError {
    let shown = |word: &[u8], most: usize| String::from_utf8_lossy(&word[..word.len().min(most)]).into_owned();
    let mut begin = String::new();
    for word in args.rest() {
        if begin.len() >= 128 {
            break;
        }
        begin.push_str(&format!("'{}' ", shown(word, 128 - begin.len())));
    }
    RespError::refused(format!("unknown command '{}', with args beginning with: {begin}", shown(args.name(), 128)))
}

/// What a command with subcommands answers to a wrong number of arguments of one.
pub(crate) fn subcommand_arity(command: &str, name: &[u8]) -> RespError {
    let name = String::from_utf8_lossy(name).to_lowercase();
    RespError::Arity { command: format!("{command}|{name}") }
}

/// Lines of help.
pub(crate) fn help(lines: &[&'static str]) -> Reply {
    Reply::Array(lines.iter().copied().map(Reply::word).collect())
}

/// What a command with subcommands answers to one that it does not have.
pub(crate) fn unknown_subcommand(command: &str, given: &[u8]) -> RespError {
    let given = String::from_utf8_lossy(&given[..given.len().min(128)]).into_owned();
    RespError::refused(format!("unknown subcommand '{given}'. Try {} HELP.", command.to_uppercase()))
}
