//! MULTI, EXEC, DISCARD, WATCH: commands that run together.
//!
//! EXEC holds every key that the queued commands name, so nobody on this node comes between; each command then succeeds or fails alone, as in
//! Redis. What is watched is compared when the keys are held. Commands that wait are refused within MULTI.

use bytes::Bytes;

use super::flag::{FAST, LOADING, NO_QUEUE, NOSCRIPT, STALE};
use super::{Command, Keys, commands};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::Mark;
use crate::session::Session;

commands! { "transactions";
    "multi" 1, FAST | LOADING | STALE | NOSCRIPT | NO_QUEUE, Keys::NONE, "Starts a transaction." => multi;
    "exec" 1, LOADING | STALE | NOSCRIPT | NO_QUEUE, Keys::NONE, "Executes all commands in a transaction." => exec;
    "discard" 1, FAST | LOADING | STALE | NOSCRIPT | NO_QUEUE, Keys::NONE, "Discards a transaction." => discard;
    "watch" -2, FAST | LOADING | STALE | NOSCRIPT | NO_QUEUE, Keys::ALL,
        "Monitors changes to keys to determine the execution of a transaction." => watch;
    "unwatch" 1, FAST | LOADING | STALE | NOSCRIPT, Keys::NONE, "Forgets about watched keys of a transaction." => unwatch;
}

type Answer = Result<Reply, RespError>;

/// Commands that one transaction may hold.
const LONGEST: usize = 100_000;

/// Bytes of the commands that one transaction may hold.
const LARGEST: usize = 64 << 20;

/// Commands that wait for EXEC.
#[derive(Default)]
pub(crate) struct Transaction {
    queued: Vec<(&'static Command, Args)>,
    bytes: usize,
    /// One of them was refused: none will run.
    spoiled: bool,
}

impl Transaction {
    pub(crate) fn spoil(&mut self) {
        self.spoiled = true;
    }
}

/// Keeps a command for EXEC.
pub(super) fn queue(session: &mut Session, command: &'static Command, args: Args) -> Answer {
    let Some(transaction) = &mut session.transaction else { return Err(RespError::Syntax) };
    transaction.bytes += args.all().iter().map(Bytes::len).sum::<usize>();
    if transaction.queued.len() >= LONGEST || transaction.bytes > LARGEST {
        transaction.spoil();
        return Err(RespError::refused("the transaction is too large"));
    }
    transaction.queued.push((command, args));
    session.client.state.lock().queued = Some(transaction.queued.len());
    Ok(Reply::Simple("QUEUED".into()))
}

async fn multi(session: &mut Session, _args: Args) -> Answer {
    if session.transaction.is_some() {
        return Err(RespError::refused("MULTI calls can not be nested"));
    }
    session.transaction = Some(Transaction::default());
    session.client.state.lock().queued = Some(0);
    Ok(Reply::OK)
}

async fn discard(session: &mut Session, _args: Args) -> Answer {
    if session.transaction.is_none() {
        return Err(RespError::refused("DISCARD without MULTI"));
    }
    end(session);
    Ok(Reply::OK)
}

fn end(session: &mut Session) -> Option<Transaction> {
    session.watched.clear();
    let mut state = session.client.state.lock();
    state.queued = None;
    state.watching = 0;
    session.transaction.take()
}

async fn watch(session: &mut Session, args: Args) -> Answer {
    if session.transaction.is_some() {
        return Err(RespError::refused("WATCH inside MULTI is not allowed"));
    }
    for key in args.rest() {
        if session.watched.iter().all(|(watched, _)| watched != key) {
            let mark = session.server.keyspace.mark(key).await?;
            session.watched.push((key.clone(), mark));
        }
    }
    session.client.state.lock().watching = session.watched.len();
    Ok(Reply::OK)
}

async fn unwatch(session: &mut Session, _args: Args) -> Answer {
    session.watched.clear();
    session.client.state.lock().watching = 0;
    Ok(Reply::OK)
}

async fn exec(session: &mut Session, _args: Args) -> Answer {
    let watched = std::mem::take(&mut session.watched);
    let Some(transaction) = end(session) else { return Err(RespError::refused("EXEC without MULTI")) };
    if transaction.spoiled {
        return Err(RespError::line("EXECABORT Transaction discarded because of previous errors."));
    }
    let server = session.server.clone();
    let _held = server.keyspace.hold(&keys(&transaction, &watched)).await;
    for (key, mark) in &watched {
        if server.keyspace.mark(key).await? != *mark {
            return Ok(Reply::NullArray);
        }
    }
    session.executing = true;
    let mut answers = Vec::with_capacity(transaction.queued.len());
    for (command, args) in transaction.queued {
        answers.push(super::answer(session, command, args).await);
    }
    session.executing = false;
    Ok(Reply::Array(answers))
}

/// Every key that the transaction names or watches.
fn keys(transaction: &Transaction, watched: &[(Bytes, Mark)]) -> Vec<Bytes> {
    let named = transaction.queued.iter().flat_map(|(command, args)| command.keys.of(args.all()));
    named.chain(watched.iter().map(|(key, _)| key)).cloned().collect()
}
