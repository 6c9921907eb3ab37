//! When fields of hashes expire.

use bytes::Bytes;

use super::expiry::{Unit, When, invalid};
use super::flag::{DENYOOM, FAST, READONLY, WRITE};
use super::hash::{fields, fields_of};
use super::{Keys, commands};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::value::{Fields, Value};
use crate::keyspace::{Entry, Next};
use crate::server::now_ms;
use crate::session::Session;

commands! { "hash";
    "hexpire" -6, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Set expiry for hash field using relative time to expire (seconds)" => hexpire;
    "hpexpire" -6, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Set expiry for hash field using relative time to expire (milliseconds)" => hpexpire;
    "hexpireat" -6, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Set expiry for hash field using an absolute Unix timestamp (seconds)" => hexpireat;
    "hpexpireat" -6, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Set expiry for hash field using an absolute Unix timestamp (milliseconds)" => hpexpireat;
    "hpersist" -5, WRITE | FAST, Keys::FIRST, "Removes the expiration time for each specified field" => hpersist;
    "httl" -5, READONLY | FAST, Keys::FIRST, "Returns the TTL in seconds of a hash field." => httl;
    "hpttl" -5, READONLY | FAST, Keys::FIRST, "Returns the TTL in milliseconds of a hash field." => hpttl;
    "hexpiretime" -5, READONLY | FAST, Keys::FIRST,
        "Returns the expiration time of a hash field as a Unix timestamp, in seconds." => hexpiretime;
    "hpexpiretime" -5, READONLY | FAST, Keys::FIRST,
        "Returns the expiration time of a hash field as a Unix timestamp, in msec." => hpexpiretime;
}

type Answer = Result<Reply, RespError>;

/// The latest time that Redis keeps for a field, in milliseconds since 1970.
const LATEST_MS: i64 = (1 << 46) - 1;

/// What is answered of a field that is not there.
const NO_FIELD: i64 = -2;

/// What is answered of a field that does not expire.
const NO_EXPIRY: i64 = -1;

/// `FIELDS count name ..` at the end. `bad_count`: what is said when the count is no positive number.
fn names(args: &mut Args, bad_count: &'static str) -> Result<Vec<Bytes>, RespError> {
    if !args.take_word("FIELDS") {
        return Err(RespError::refused("Mandatory argument FIELDS is missing or not at the right position"));
    }
    let count = args.take().and_then(|count| integer(&count)).filter(|count| *count > 0);
    let count = count.ok_or(RespError::refused(bad_count))?;
    if usize::try_from(count) != Ok(args.left()) {
        return Err(RespError::refused("The `numfields` parameter must match the number of arguments"));
    }
    Ok(args.rest().to_vec())
}

const BAD_COUNT: &str = "Number of fields must be a positive integer";

fn each(found: Vec<i64>) -> Reply {
    Reply::Array(found.into_iter().map(Reply::Integer).collect())
}

async fn hexpire(session: &mut Session, args: Args) -> Answer {
    expire(session, args, Unit::SECONDS, "hexpire").await
}

async fn hpexpire(session: &mut Session, args: Args) -> Answer {
    expire(session, args, Unit::MILLIS, "hpexpire").await
}

async fn hexpireat(session: &mut Session, args: Args) -> Answer {
    expire(session, args, Unit::SECONDS.absolute(), "hexpireat").await
}

async fn hpexpireat(session: &mut Session, args: Args) -> Answer {
    expire(session, args, Unit::MILLIS.absolute(), "hpexpireat").await
}

fn when(args: &mut Args) -> When {
    When {
        absent: args.take_word("NX"),
        present: args.take_word("XX"),
        later: args.take_word("GT"),
        earlier: args.take_word("LT"),
    }
}

/// The new time, on what it depends, and the fields.
fn asked(args: &mut Args, unit: Unit, command: &'static str) -> Result<(i64, When, Vec<Bytes>), RespError> {
    let given = args.integer()?;
    if given < 0 {
        return Err(RespError::refused("invalid expire time, must be >= 0"));
    }
    let at = unit.at_ms(given, command)?;
    if at > LATEST_MS {
        return Err(invalid(command));
    }
    // One condition at most: a second one is not the word that must follow.
    let before = args.left();
    let when = when(args);
    if before - args.left() > 1 {
        return Err(RespError::refused("Mandatory argument FIELDS is missing or not at the right position"));
    }
    Ok((at, when, names(args, "Parameter `numFields` should be greater than 0")?))
}

async fn expire(session: &mut Session, mut args: Args, unit: Unit, command: &'static str) -> Answer {
    let key = args.must()?;
    // A key of another type is told before anything else.
    fields(session, &key).await?;
    let (at, when, names) = asked(&mut args, unit, command)?;
    let done = session.change(&key, |current| {
        let (mut fields, expires_at_ms) = fields_of(current)?;
        let done: Vec<i64> = names.iter().map(|name| expire_one(&mut fields, name, at, when)).collect();
        let changed = done.iter().any(|answer| *answer > 0);
        let next = if changed { Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }) } else { Next::Keep };
        Ok((next, done))
    });
    Ok(each(done.await?))
}

/// -2: no such field; 0: not on this condition; 1: done; 2: its time has come, and it is gone.
fn expire_one(fields: &mut Fields, name: &Bytes, at: i64, when: When) -> i64 {
    if !fields.contains_key(name) {
        NO_FIELD
    } else if !when.admits(fields.expiry_of(name), at) {
        0
    } else if at <= now_ms() as i64 {
        fields.remove(name);
        2
    } else {
        fields.expire(name, Some(at as u64));
        1
    }
}

async fn hpersist(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    fields(session, &key).await?;
    let names = names(&mut args, BAD_COUNT)?;
    let done = session.change(&key, |current| {
        let (mut fields, expires_at_ms) = fields_of(current)?;
        let persist = |name: &Bytes| {
            let expires = fields.expiry_of(name).is_some();
            fields.expire(name, None);
            if expires { 1 } else { left(&fields, name, |_| NO_EXPIRY) }
        };
        let done: Vec<i64> = names.iter().map(persist).collect();
        let changed = done.contains(&1);
        let next = if changed { Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }) } else { Next::Keep };
        Ok((next, done))
    });
    Ok(each(done.await?))
}

fn left(fields: &Fields, name: &Bytes, shown: impl Fn(u64) -> i64) -> i64 {
    match fields.expiry_of(name) {
        _ if !fields.contains_key(name) => NO_FIELD,
        None => NO_EXPIRY,
        Some(at) => shown(at),
    }
}

async fn tell(session: &Session, mut args: Args, shown: impl Fn(u64) -> u64 + Send) -> Answer {
    let fields = fields(session, &args.must()?).await?;
    let names = names(&mut args, BAD_COUNT)?;
    Ok(each(names.iter().map(|name| left(&fields, name, |at| shown(at) as i64)).collect()))
}

async fn httl(session: &mut Session, args: Args) -> Answer {
    tell(session, args, |at| at.saturating_sub(now_ms()).div_ceil(1000)).await
}

async fn hpttl(session: &mut Session, args: Args) -> Answer {
    tell(session, args, |at| at.saturating_sub(now_ms())).await
}

async fn hexpiretime(session: &mut Session, args: Args) -> Answer {
    tell(session, args, |at| at.div_ceil(1000)).await
}

async fn hpexpiretime(session: &mut Session, args: Args) -> Answer {
    tell(session, args, |at| at).await
}
