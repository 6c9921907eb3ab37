//! All keys: walking over them, counting them, away with all of them.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use super::flag::{FAST, READONLY, WRITE};
use super::{Keys, commands, glob};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

commands! { "generic";
    "keys" 2, READONLY, Keys::NONE, "Returns all key names that match a pattern." => keys;
    "scan" -2, READONLY, Keys::NONE, "Iterates over the key names in the database." => scan;
    "randomkey" 1, READONLY, Keys::NONE, "Returns a random key name from the database." => randomkey;
    "dbsize" 1, READONLY | FAST, Keys::NONE, "Returns the number of keys in the database." => dbsize;
    "flushall" -1, WRITE, Keys::NONE, "Removes all keys from all databases." => flushall;
    "flushdb" -1, WRITE, Keys::NONE, "Remove all keys from the current database." => flushall;
}

type Answer = Result<Reply, RespError>;

/// How often another key is tried when the one that was met has just expired.
const TRIES: usize = 10;

async fn keys(session: &mut Session, mut args: Args) -> Answer {
    let pattern = args.must()?;
    Ok(Reply::bulks(session.server.keyspace.all(|met| glob::matches(&pattern, &met.key)).await?))
}

/// Options of SCAN and its like.
pub(super) struct Options {
    pub(super) pattern: Option<Bytes>,
    pub(super) count: usize,
    type_name: Option<Bytes>,
    pub(super) no_values: bool,
}

impl Options {
    pub(super) fn of(args: &mut Args, of_hash: bool) -> Result<Self, RespError> {
        let mut options = Self { pattern: None, count: 10, type_name: None, no_values: false };
        while let Some(word) = args.take() {
            match word.to_ascii_uppercase().as_slice() {
                b"MATCH" => options.pattern = Some(args.must()?),
                b"COUNT" => {
                    options.count = usize::try_from(args.integer()?).map_err(|_| RespError::Syntax)?;
                    if options.count == 0 {
                        return Err(RespError::Syntax);
                    }
                }
                b"TYPE" if !of_hash => options.type_name = Some(args.must()?),
                b"NOVALUES" if of_hash => options.no_values = true,
                _ => return Err(RespError::Syntax),
            }
        }
        Ok(options)
    }

    pub(super) fn admits(&self, name: &[u8]) -> bool {
        self.pattern.as_ref().is_none_or(|pattern| glob::matches(pattern, name))
    }
}

/// A cursor as Redis takes it: digits of an unsigned number.
pub(super) fn cursor(word: &[u8]) -> Result<u64, RespError> {
    let text = std::str::from_utf8(word).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| RespError::refused("invalid cursor"))
}

async fn scan(session: &mut Session, mut args: Args) -> Answer {
    let cursor = cursor(&args.must()?)?;
    let options = Options::of(&mut args, false)?;
    let (page, next) = session.server.keyspace.page(cursor, options.count).await?;
    let of_type =
        |name: &str| options.type_name.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(name.as_bytes()));
    let found = page.into_iter().filter(|met| options.admits(&met.key) && of_type(&met.type_name)).map(|met| met.key);
    Ok(Reply::Array(vec![Reply::text(&next.to_string()), Reply::bulks(found)]))
}

async fn randomkey(session: &mut Session, _args: Args) -> Answer {
    let keyspace = &session.server.keyspace;
    for attempt in 0..TRIES {
        let anywhere = RandomState::new().hash_one(attempt) >> 1;
        for from in [anywhere, 0] {
            if let Some(met) = keyspace.page(from, 1).await?.0.into_iter().next() {
                return Ok(Reply::Bulk(met.key));
            }
        }
    }
    // What is there expires as fast as it is looked at; or nothing is there.
    Ok(Reply::optional(keyspace.all(|_| true).await?.into_iter().next()))
}

async fn dbsize(session: &mut Session, _args: Args) -> Answer {
    Ok(Reply::Integer(session.server.keyspace.count().await? as i64))
}

async fn flushall(session: &mut Session, mut args: Args) -> Answer {
    let mode = args.take();
    let known = mode.is_none_or(|mode| mode.eq_ignore_ascii_case(b"ASYNC") || mode.eq_ignore_ascii_case(b"SYNC"));
    if !known || !args.is_empty() {
        return Err(RespError::Syntax);
    }
    crate::ft::indexing::flush_all(&session.server).await?;
    session.server.keyspace.flush().await?;
    Ok(Reply::OK)
}

/// A count as an argument that may be negative.
pub(super) fn signed_count(word: &[u8]) -> Result<i64, RespError> {
    match integer(word).ok_or(RespError::NotAnInteger)? {
        i64::MIN => {
            Err(RespError::refused(format!("value is out of range, value must between {} and {}", -i64::MAX, i64::MAX)))
        }
        count => Ok(count),
    }
}
