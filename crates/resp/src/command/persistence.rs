//! SAVE and its like: what was acknowledged is in the log already; these bring it from there into the files of the indexes.
//!
//! All nodes take part, as any of them may hold a shard of the keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::flag::{ADMIN, FAST, LOADING, NOSCRIPT, STALE};
use super::{Keys, commands};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::server::{Server, now_ms};
use crate::session::Session;

commands! { "server";
    "save" 1, ADMIN | NOSCRIPT, Keys::NONE, "Synchronously saves the database(s) to disk." => save;
    "bgsave" -1, ADMIN | NOSCRIPT, Keys::NONE, "Asynchronously saves the database(s) to disk." => save_behind;
    "bgrewriteaof" 1, ADMIN | NOSCRIPT, Keys::NONE, "Asynchronously rewrites the append-only file to disk." => rewrite;
    "lastsave" 1, LOADING | STALE | FAST, Keys::NONE, "Returns the Unix timestamp of the last successful save to disk." => last_save;
}

type Answer = Result<Reply, RespError>;

/// What was asked for on this node.
#[derive(Debug)]
pub(crate) struct Saves {
    pub(crate) last_ms: AtomicU64,
    pub(crate) running: AtomicBool,
    pub(crate) failed: AtomicBool,
}

impl Saves {
    pub(crate) fn new(now_ms: u64) -> Self {
        Self { last_ms: AtomicU64::new(now_ms), running: AtomicBool::new(false), failed: AtomicBool::new(false) }
    }
}

async fn save(session: &mut Session, _args: Args) -> Answer {
    begin(&session.server)?;
    saved(&session.server).await?;
    Ok(Reply::OK)
}

async fn save_behind(session: &mut Session, mut args: Args) -> Answer {
    // Nothing else could be running that it would have to wait for.
    args.take_word("SCHEDULE");
    if !args.is_empty() {
        return Err(RespError::Syntax);
    }
    begin(&session.server)?;
    start(&session.server);
    Ok(Reply::word("Background saving started"))
}

/// The log is cut where the files have what it says.
async fn rewrite(session: &mut Session, _args: Args) -> Answer {
    begin(&session.server)?;
    start(&session.server);
    Ok(Reply::word("Background append only file rewriting started"))
}

async fn last_save(session: &mut Session, _args: Args) -> Answer {
    Ok(Reply::Integer((session.server.saves.last_ms.load(Ordering::Relaxed) / 1000) as i64))
}

fn begin(server: &Server) -> Result<(), RespError> {
    if server.saves.running.swap(true, Ordering::AcqRel) {
        return Err(RespError::refused("Background save already in progress"));
    }
    Ok(())
}

fn start(server: &Arc<Server>) {
    let server = server.clone();
    tokio::spawn(async move {
        if let Err(error) = saved(&server).await {
            tracing::warn!("keys could not be saved: {error}");
        }
    });
}

/// Flushes; whoever calls has begun.
async fn saved(server: &Server) -> Result<(), RespError> {
    // Whoever drops this future has ended it, too.
    let running = Running(&server.saves.running);
    let result = server.keyspace.save().await;
    drop(running);
    server.saves.failed.store(result.is_err(), Ordering::Relaxed);
    result?;
    server.saves.last_ms.store(now_ms(), Ordering::Relaxed);
    Ok(())
}

struct Running<'s>(&'s AtomicBool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
