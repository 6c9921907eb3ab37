//! Hashes: fields and values.

use std::hash::{BuildHasher, RandomState};

use bytes::Bytes;

use super::flag::{DENYOOM, FAST, READONLY, WRITE};
use super::{Keys, commands, scan};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::keyspace::value::{Fields, Value};
use crate::keyspace::{Entry, Next, number};
use crate::session::Session;

commands! { "hash";
    "hset" -4, WRITE | DENYOOM | FAST, Keys::FIRST, "Creates or modifies the value of a field in a hash." => hset;
    "hmset" -4, WRITE | DENYOOM | FAST, Keys::FIRST, "Sets the values of multiple fields." => hmset;
    "hsetnx" 4, WRITE | DENYOOM | FAST, Keys::FIRST, "Sets the value of a field in a hash only when the field doesn't exist." => hsetnx;
    "hget" 3, READONLY | FAST, Keys::FIRST, "Returns the value of a field in a hash." => hget;
    "hmget" -3, READONLY | FAST, Keys::FIRST, "Returns the values of all fields in a hash." => hmget;
    "hgetall" 2, READONLY, Keys::FIRST, "Returns all fields and values in a hash." => hgetall;
    "hdel" -3, WRITE | FAST, Keys::FIRST, "Deletes one or more fields and their values from a hash." => hdel;
    "hexists" 3, READONLY | FAST, Keys::FIRST, "Determines whether a field exists in a hash." => hexists;
    "hlen" 2, READONLY | FAST, Keys::FIRST, "Returns the number of fields in a hash." => hlen;
    "hkeys" 2, READONLY, Keys::FIRST, "Returns all fields in a hash." => hkeys;
    "hvals" 2, READONLY, Keys::FIRST, "Returns all values in a hash." => hvals;
    "hstrlen" 3, READONLY | FAST, Keys::FIRST, "Returns the length of the value of a field." => hstrlen;
    "hincrby" 4, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Increments the integer value of a field in a hash by a number. Uses 0 as initial value if the field doesn't exist." => hincrby;
    "hincrbyfloat" 4, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Increments the floating point value of a field by a number. Uses 0 as initial value if the field doesn't exist." => hincrbyfloat;
    "hscan" -3, READONLY, Keys::FIRST, "Iterates over fields and values of a hash." => hscan;
    "hrandfield" -2, READONLY, Keys::FIRST, "Returns one or more random fields from a hash." => hrandfield;
}

type Answer = Result<Reply, RespError>;

/// Fields that a negative count of HRANDFIELD may ask for.
const MOST_RANDOM: usize = 1 << 20;

/// The fields of an entry, and its time; no entry: no fields.
pub(super) fn fields_of(entry: Option<Entry>) -> Result<(Fields, Option<u64>), RespError> {
    match entry {
        None => Ok((Fields::default(), None)),
        Some(Entry { value: Value::Hash(fields), expires_at_ms }) => Ok((fields, expires_at_ms)),
        Some(_) => Err(RespError::WrongType),
    }
}

pub(super) async fn fields(session: &Session, key: &[u8]) -> Result<Fields, RespError> {
    Ok(fields_of(session.get(key).await?)?.0)
}

async fn put_pairs(session: &Session, key: &Bytes, words: &[Bytes], command: &str) -> Result<usize, RespError> {
    if !words.len().is_multiple_of(2) {
        return Err(RespError::Arity { command: command.to_owned() });
    }
    let added = session.change(key, |current| {
        let (mut fields, expires_at_ms) = fields_of(current)?;
        let before = fields.len();
        words.chunks_exact(2).for_each(|pair| fields.set(pair[0].clone(), pair[1].clone()));
        let added = fields.len() - before;
        Ok((Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }), added))
    });
    added.await
}

async fn hset(session: &mut Session, mut args: Args) -> Answer {
    Ok(Reply::count(put_pairs(session, &args.must()?, args.rest(), "hset").await?))
}

async fn hmset(session: &mut Session, mut args: Args) -> Answer {
    put_pairs(session, &args.must()?, args.rest(), "hmset").await?;
    Ok(Reply::OK)
}

async fn hsetnx(session: &mut Session, mut args: Args) -> Answer {
    let (key, name, value) = (args.must()?, args.must()?, args.must()?);
    let set = session.change(&key, |current| {
        let (mut fields, expires_at_ms) = fields_of(current)?;
        if fields.contains_key(&name) {
            return Ok((Next::Keep, false));
        }
        fields.set(name.clone(), value.clone());
        Ok((Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }), true))
    });
    Ok(Reply::Integer(i64::from(set.await?)))
}

async fn hget(session: &mut Session, mut args: Args) -> Answer {
    let fields = fields(session, &args.must()?).await?;
    Ok(Reply::optional(fields.get(&args.must()?).cloned()))
}

async fn hmget(session: &mut Session, mut args: Args) -> Answer {
    let fields = fields(session, &args.must()?).await?;
    Ok(Reply::Array(args.rest().iter().map(|name| Reply::optional(fields.get(name).cloned())).collect()))
}

async fn hgetall(session: &mut Session, mut args: Args) -> Answer {
    let fields = fields(session, &args.must()?).await?;
    Ok(Reply::Map(fields.into_iter().map(|(name, value)| (Reply::Bulk(name), Reply::Bulk(value))).collect()))
}

async fn hdel(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let names = args.rest();
    let gone = session.change(&key, |current| {
        let (mut fields, expires_at_ms) = fields_of(current)?;
        let gone = fields.remove_each(names);
        let next = if gone == 0 { Next::Keep } else { Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }) };
        Ok((next, gone))
    });
    Ok(Reply::count(gone.await?))
}

async fn hexists(session: &mut Session, mut args: Args) -> Answer {
    let fields = fields(session, &args.must()?).await?;
    Ok(Reply::Integer(i64::from(fields.contains_key(&args.must()?))))
}

async fn hlen(session: &mut Session, mut args: Args) -> Answer {
    Ok(Reply::count(fields(session, &args.must()?).await?.len()))
}

async fn hkeys(session: &mut Session, mut args: Args) -> Answer {
    Ok(Reply::bulks(fields(session, &args.must()?).await?.into_iter().map(|(name, _)| name)))
}

async fn hvals(session: &mut Session, mut args: Args) -> Answer {
    Ok(Reply::bulks(fields(session, &args.must()?).await?.into_iter().map(|(_, value)| value)))
}

async fn hstrlen(session: &mut Session, mut args: Args) -> Answer {
    let fields = fields(session, &args.must()?).await?;
    Ok(Reply::count(fields.get(&args.must()?).map_or(0, Bytes::len)))
}

async fn hincrby(session: &mut Session, mut args: Args) -> Answer {
    let (key, name, by) = (args.must()?, args.must()?, args.integer()?);
    let sum = session.change(&key, |current| {
        let (mut fields, expires_at_ms) = fields_of(current)?;
        let held = match fields.get(&name) {
            None => 0,
            Some(text) => integer(text).ok_or_else(|| RespError::refused("hash value is not an integer"))?,
        };
        let sum = held.checked_add(by);
        let sum = sum.ok_or_else(|| RespError::refused("increment or decrement would overflow"))?;
        fields.set_value(name.clone(), sum.to_string().into());
        Ok((Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }), sum))
    });
    Ok(Reply::Integer(sum.await?))
}

async fn hincrbyfloat(session: &mut Session, mut args: Args) -> Answer {
    let (key, name, by) = (args.must()?, args.must()?, args.must()?);
    if !number::float(&by).ok_or(RespError::NotAFloat)?.is_finite() {
        return Err(RespError::refused("value is NaN or Infinity"));
    }
    let sum = session.change(&key, |current| {
        let (mut fields, expires_at_ms) = fields_of(current)?;
        let held = fields.get(&name).cloned().unwrap_or(Bytes::from_static(b"0"));
        number::float(&held).ok_or_else(|| RespError::refused("hash value is not a float"))?;
        let sum = number::add(&held, &by);
        let sum = Bytes::from(sum.ok_or_else(|| RespError::refused("increment would produce NaN or Infinity"))?);
        fields.set_value(name.clone(), sum.clone());
        Ok((Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }), sum))
    });
    Ok(Reply::Bulk(sum.await?))
}

/// A cursor is the number of fields passed. Deleting fields during a walk may make it pass over others: a walk of a hash that changes is
/// answered whole when it is short, as Redis does for small hashes.
async fn hscan(session: &mut Session, mut args: Args) -> Answer {
    const WHOLE: usize = 512;
    let (key, cursor) = (args.must()?, args.must()?);
    let from = scan::cursor(&cursor)?;
    // Without a hash there is nothing to read options for.
    let fields = fields(session, &key).await?;
    if fields.is_empty() {
        return Ok(Reply::Array(vec![Reply::text("0"), Reply::Array(Vec::new())]));
    }
    let options = scan::Options::of(&mut args, true)?;
    let count = if fields.len() <= WHOLE { WHOLE } else { options.count };
    let from = usize::try_from(from).unwrap_or(usize::MAX);
    let end = from.saturating_add(count);
    let next = if end >= fields.len() { 0 } else { end };
    let mut found = Vec::new();
    for (name, value) in fields.into_iter().skip(from).take(count).filter(|(name, _)| options.admits(name)) {
        found.push(Reply::Bulk(name));
        if !options.no_values {
            found.push(Reply::Bulk(value));
        }
    }
    Ok(Reply::Array(vec![Reply::text(&next.to_string()), Reply::Array(found)]))
}

async fn hrandfield(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let Some(count) = args.take() else {
        let fields = fields(session, &key).await?;
        return Ok(Reply::optional(chosen(&fields, 1).first().map(|(name, _)| (*name).clone())));
    };
    let count = scan::signed_count(&count)?;
    let values = match args.take() {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"WITHVALUES") && args.is_empty() => true,
        Some(_) => return Err(RespError::Syntax),
    };
    if values && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(RespError::refused("value is out of range"));
    }
    let fields = fields(session, &key).await?;
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let found = if count >= 0 {
        chosen(&fields, wanted)
    } else if wanted > MOST_RANDOM {
        return Err(RespError::refused("value is out of range"));
    } else {
        (0..if fields.is_empty() { 0 } else { wanted }).flat_map(|_| chosen(&fields, 1)).collect()
    };
    let pair = |(name, value): (&Bytes, &Bytes)| [Reply::Bulk(name.clone()), Reply::Bulk(value.clone())];
    Ok(Reply::Array(match (values, session.protocol) {
        (false, _) => found.into_iter().map(|(name, _)| Reply::Bulk(name.clone())).collect(),
        (true, Protocol::Two) => found.into_iter().flat_map(pair).collect(),
        (true, Protocol::Three) => found.into_iter().map(|found| Reply::Array(pair(found).to_vec())).collect(),
    }))
}

/// `count` different fields, or all, in the order that chance gives them.
fn chosen(fields: &Fields, count: usize) -> Vec<(&Bytes, &Bytes)> {
    let chance = RandomState::new();
    if count == 1 {
        let at = if fields.is_empty() { 0 } else { chance.hash_one(0) % fields.len() as u64 };
        return fields.get_index(at as usize).into_iter().collect();
    }
    let mut all: Vec<_> = fields.iter().collect();
    if count < all.len() {
        all.sort_by_cached_key(|(name, _)| chance.hash_one(name));
        all.truncate(count);
    }
    all
}
