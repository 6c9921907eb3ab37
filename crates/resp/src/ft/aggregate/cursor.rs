//! Rows that are read later: `WITHCURSOR`, `FT.CURSOR READ`, `FT.CURSOR DEL`.
//!
//! A cursor holds the rows that are left, ready to be sent, until it is read to its end, deleted, or left alone too long.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::super::Shape;
use super::parse::CursorAsked;
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::session::Session;

/// Of one index.
pub const MOST_CURSORS: usize = 128;

#[derive(Debug, Default)]
pub struct Cursors {
    open: Mutex<BTreeMap<u64, Open>>,
}

#[derive(Debug)]
struct Open {
    index: Arc<str>,
    rows: VecDeque<Reply>,
    asked: CursorAsked,
    until: Instant,
}

fn page(shape: Shape, total: u64, rows: Vec<Reply>, id: u64) -> Reply {
    Reply::Array(vec![super::render(shape, total, rows), Reply::Integer(id as i64)])
}

/// The first rows, and a cursor for the others.
pub(in crate::ft) fn begin(
    session: &Session,
    index: &Arc<str>,
    (shape, total, rows): (Shape, u64, Vec<Reply>),
    asked: CursorAsked,
) -> Result<Reply, RespError> {
    let mut rows = VecDeque::from(rows);
    let first: Vec<Reply> = rows.drain(..asked.count.min(rows.len())).collect();
    // Fewer than were asked for: nobody has to come again.
    if first.len() < asked.count {
        return Ok(page(shape, total, first, 0));
    }
    let cursors = &session.server.registry.cursors;
    let mut open = cursors.open.lock();
    let now = Instant::now();
    open.retain(|_, cursor| cursor.until > now);
    if open.values().filter(|cursor| cursor.index == *index).count() >= MOST_CURSORS {
        return Err(RespError::line("INDEX_CURSOR_LIMIT of 128 has been reached for an index"));
    }
    let id = loop {
        let id = rand_id(now, open.len() as u64);
        if !open.contains_key(&id) {
            break id;
        }
    };
    let until = now + Duration::from_millis(asked.max_idle_ms);
    open.insert(id, Open { index: index.clone(), rows, asked, until });
    Ok(page(shape, total, first, id))
}

/// How many cursors are open: of this index, and in all.
pub fn open(cursors: &Cursors, index: &str) -> (usize, usize) {
    let mut open = cursors.open.lock();
    let now = Instant::now();
    open.retain(|_, cursor| cursor.until > now);
    (open.values().filter(|cursor| *cursor.index == *index).count(), open.len())
}

/// A number that is hard to guess and fits in what clients read.
fn rand_id(now: Instant, salt: u64) -> u64 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one((now, salt)) >> 33).max(1)
}

/// `FT.CURSOR READ|DEL index id [COUNT n]`
pub async fn cursor(session: &mut Session, mut args: Args) -> Result<Reply, RespError> {
    let action = super::super::text(args.must()?).to_ascii_uppercase();
    let _index = args.must()?;
    let id = integer(&args.must()?).and_then(|id| u64::try_from(id).ok()).ok_or(RespError::line("Bad cursor ID"))?;
    let cursors = &session.server.registry.cursors;
    match action.as_str() {
        "READ" => {
            let mut count = None;
            if args.take_word("COUNT") {
                let given = args.take().and_then(|count| integer(&count)).filter(|count| *count > 0);
                count = Some(given.ok_or(RespError::line("Bad value for COUNT"))? as usize);
            }
            read(cursors, session.protocol == Protocol::Three, id, count)
        }
        "DEL" => match cursors.open.lock().remove(&id) {
            Some(_) => Ok(Reply::OK),
            None => Err(RespError::line("Cursor does not exist")),
        },
        _ => Err(RespError::line("Unknown subcommand")),
    }
}

fn read(cursors: &Cursors, three: bool, id: u64, count: Option<usize>) -> Result<Reply, RespError> {
    let missing = || RespError::line("Cursor not found");
    let mut open = cursors.open.lock();
    let now = Instant::now();
    let cursor = open.get_mut(&id).filter(|cursor| cursor.until > now).ok_or_else(missing)?;
    let (count, expanded) = (count.unwrap_or(cursor.asked.count), cursor.asked.expanded);
    let rows: Vec<Reply> = cursor.rows.drain(..count.min(cursor.rows.len())).collect();
    cursor.until = now + Duration::from_millis(cursor.asked.max_idle_ms);
    let total = u64::from(!rows.is_empty());
    let done = rows.len() < count;
    if done {
        open.remove(&id);
    }
    Ok(page(Shape { three, expanded, warning: None }, total, rows, if done { 0 } else { id }))
}
