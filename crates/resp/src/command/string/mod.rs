//! Plain keys: texts.

pub mod bitfield;
pub mod bits;

pub mod number;
pub mod subsequence;

use bytes::Bytes;

use super::expiry::{Asked, Deadline, Unit};
use super::flag::{DENYOOM, FAST, READONLY, WRITE};
use super::{Keys, commands};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::value::Value;
use crate::keyspace::{Entry, Next};
use crate::session::Session;

commands! { "string";
    "get" 2, READONLY | FAST, Keys::FIRST, "Returns the string value of a key." => get;
    "set" -3, WRITE | DENYOOM, Keys::FIRST,
        "Sets the string value of a key, ignoring its type. The key is created if it doesn't exist." => set;
    "setnx" 3, WRITE | DENYOOM | FAST, Keys::FIRST, "Sets the string value of a key only when the key doesn't exist." => setnx;
    "setex" 4, WRITE | DENYOOM, Keys::FIRST, "Sets the string value and expiration time of a key." => setex;
    "psetex" 4, WRITE | DENYOOM, Keys::FIRST, "Sets the string value and expiration time in milliseconds of a key." => psetex;
    "getset" 3, WRITE | DENYOOM | FAST, Keys::FIRST, "Returns the previous string value of a key after setting it to a new value." => getset;
    "getdel" 2, WRITE | FAST, Keys::FIRST, "Returns the string value of a key after deleting the key." => getdel;
    "getex" -2, WRITE | FAST, Keys::FIRST, "Returns the string value of a key after setting its expiration time." => getex;
    "mget" -2, READONLY | FAST, Keys::ALL, "Returns the string values of one or more keys." => mget;
    "mset" -3, WRITE | DENYOOM, Keys::PAIRS, "Creates or modifies the string values of one or more keys." => mset;
    "msetnx" -3, WRITE | DENYOOM, Keys::PAIRS, "Modifies the string values of one or more keys only when none exist." => msetnx;
    "append" 3, WRITE | DENYOOM | FAST, Keys::FIRST, "Appends a string to the value of a key." => append;
    "strlen" 2, READONLY | FAST, Keys::FIRST, "Returns the length of a string value." => strlen;
    "getrange" 4, READONLY, Keys::FIRST, "Returns a substring of the string stored at a key." => getrange;
    "substr" 4, READONLY, Keys::FIRST, "Returns a substring from a string value." => getrange;
    "setrange" 4, WRITE | DENYOOM, Keys::FIRST, "Overwrites a part of a string value with another by an offset." => setrange;
}

type Answer = Result<Reply, RespError>;

/// The text of an entry.
pub(super) fn text_of(entry: Option<Entry>) -> Result<Option<(Bytes, Option<u64>)>, RespError> {
    match entry {
        None => Ok(None),
        Some(Entry { value: Value::Text(text), expires_at_ms }) => Ok(Some((text, expires_at_ms))),
        Some(_) => Err(RespError::WrongType),
    }
}

async fn text(session: &Session, key: &[u8]) -> Result<Option<Bytes>, RespError> {
    Ok(text_of(session.get(key).await?)?.map(|(text, _)| text))
}

async fn get(session: &mut Session, mut args: Args) -> Answer {
    Ok(Reply::optional(text(session, &args.must()?).await?))
}

/// When SET sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Always,
    Absent,
    Present,
}

async fn set(session: &mut Session, mut args: Args) -> Answer {
    let (key, value) = (args.must()?, args.must()?);
    let (mut when, mut old, mut asked) = (When::Always, false, None);
    while let Some(option) = args.take() {
        match option.to_ascii_uppercase().as_slice() {
            b"NX" if when != When::Present => when = When::Absent,
            b"XX" if when != When::Absent => when = When::Present,
            b"GET" => old = true,
            b"PERSIST" => return Err(RespError::Syntax),
            word => asked = Some(Asked::option(asked, word, &mut args)?),
        }
    }
    let deadline = asked.map(|asked| asked.read("set")).transpose()?;
    if when == When::Always && !old && deadline != Some(Deadline::Kept) {
        let _held = session.hold(std::slice::from_ref(&key)).await;
        let entry = Entry { value: Value::Text(value), expires_at_ms: deadline.and_then(Deadline::at_ms) };
        session.server.keyspace.put(vec![(key.clone(), entry)]).await?;
        return Ok(Reply::OK);
    }
    let decide = |current: Option<Entry>| {
        let present = current.is_some();
        let kept = current.as_ref().and_then(|entry| entry.expires_at_ms);
        let before = if old { text_of(current)?.map(|(text, _)| text) } else { None };
        let set = when == When::Always || present == (when == When::Present);
        let expires_at_ms = if deadline == Some(Deadline::Kept) { kept } else { deadline.and_then(Deadline::at_ms) };
        let answer = match (old, set) {
            (true, _) => Reply::optional(before),
            (false, true) => Reply::OK,
            (false, false) => Reply::Null,
        };
        let next = if set { Next::Put(Entry { value: Value::Text(value.clone()), expires_at_ms }) } else { Next::Keep };
        Ok((next, answer))
    };
    session.change(&key, decide).await
}

async fn setnx(session: &mut Session, mut args: Args) -> Answer {
    let (key, value) = (args.must()?, args.must()?);
    let set = session.change(&key, |current| {
        let free = current.is_none();
        let next = if free { Next::Put(Entry::new(Value::Text(value.clone()))) } else { Next::Keep };
        Ok((next, free))
    });
    Ok(Reply::Integer(i64::from(set.await?)))
}

async fn setex(session: &mut Session, args: Args) -> Answer {
    set_until(session, args, Unit::SECONDS, "setex").await
}

async fn psetex(session: &mut Session, args: Args) -> Answer {
    set_until(session, args, Unit::MILLIS, "psetex").await
}

async fn set_until(session: &mut Session, mut args: Args, unit: Unit, command: &'static str) -> Answer {
    let key = args.must()?;
    let deadline = Asked::In(unit, args.must()?).read(command)?;
    let entry = Entry { value: Value::Text(args.must()?), expires_at_ms: deadline.at_ms() };
    let _held = session.hold(std::slice::from_ref(&key)).await;
    session.server.keyspace.put(vec![(key.clone(), entry)]).await?;
    Ok(Reply::OK)
}

async fn getset(session: &mut Session, mut args: Args) -> Answer {
    let (key, value) = (args.must()?, args.must()?);
    let old = session.change(&key, |current| {
        let old = text_of(current)?.map(|(text, _)| text);
        Ok((Next::Put(Entry::new(Value::Text(value.clone()))), old))
    });
    Ok(Reply::optional(old.await?))
}

async fn getdel(session: &mut Session, mut args: Args) -> Answer {
    let old =
        session.change(&args.must()?, |current| Ok((Next::Delete, text_of(current)?.map(|(text, _)| text)))).await?;
    Ok(Reply::optional(old))
}

async fn getex(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let mut asked = None;
    while let Some(word) = args.take() {
        asked = Some(Asked::option(asked, &word.to_ascii_uppercase(), &mut args)?);
    }
    if asked == Some(Asked::Kept) {
        return Err(RespError::Syntax);
    }
    let Some(asked) = asked else { return Ok(Reply::optional(text(session, &key).await?)) };
    let old = session.change(&key, |current| {
        let Some((text, _)) = text_of(current)? else { return Ok((Next::Keep, None)) };
        let expires_at_ms = asked.read("getex")?.at_ms();
        let entry = Entry { value: Value::Text(text.clone()), expires_at_ms };
        Ok((Next::Put(entry), Some(text)))
    });
    Ok(Reply::optional(old.await?))
}

async fn mget(session: &mut Session, args: Args) -> Answer {
    let mut values = Vec::with_capacity(args.left());
    for key in args.rest() {
        values.push(match session.get(key).await? {
            Some(Entry { value: Value::Text(text), .. }) => Reply::Bulk(text),
            _ => Reply::Null,
        });
    }
    Ok(Reply::Array(values))
}

fn pairs(args: &Args, command: &str) -> Result<Vec<(Bytes, Entry)>, RespError> {
    let words = args.rest();
    if !words.len().is_multiple_of(2) {
        return Err(RespError::Arity { command: command.to_owned() });
    }
    let pair = |pair: &[Bytes]| (pair[0].clone(), Entry::new(Value::Text(pair[1].clone())));
    Ok(words.chunks_exact(2).map(pair).collect())
}

async fn mset(session: &mut Session, args: Args) -> Answer {
    let pairs = pairs(&args, "mset")?;
    let keys: Vec<Bytes> = pairs.iter().map(|(key, _)| key.clone()).collect();
    let _held = session.hold(&keys).await;
    session.server.keyspace.put(pairs).await?;
    Ok(Reply::OK)
}

async fn msetnx(session: &mut Session, args: Args) -> Answer {
    let pairs = pairs(&args, "msetnx")?;
    let keys: Vec<Bytes> = pairs.iter().map(|(key, _)| key.clone()).collect();
    let _held = session.hold(&keys).await;
    for key in &keys {
        if session.get(key).await?.is_some() {
            return Ok(Reply::Integer(0));
        }
    }
    session.server.keyspace.put(pairs).await?;
    Ok(Reply::Integer(1))
}

/// Changes the text of `key` (absent: an empty one), keeping its time; answers its new length.
async fn edit(session: &Session, key: &Bytes, edit: impl Fn(&mut Vec<u8>) -> Result<bool, RespError> + Send) -> Answer {
    let longest = session.server.settings.max_bulk_bytes;
    let length = session.change(key, |current| {
        let (text, expires_at_ms) = text_of(current)?.unwrap_or_default();
        let mut text = text.to_vec();
        if !edit(&mut text)? {
            return Ok((Next::Keep, text.len()));
        }
        if text.len() > longest {
            return Err(RespError::refused("string exceeds maximum allowed size (proto-max-bulk-len)"));
        }
        let length = text.len();
        Ok((Next::Put(Entry { value: Value::Text(text.into()), expires_at_ms }), length))
    });
    Ok(Reply::count(length.await?))
}

async fn append(session: &mut Session, mut args: Args) -> Answer {
    let (key, more) = (args.must()?, args.must()?);
    edit(session, &key, |text| {
        text.extend_from_slice(&more);
        Ok(true)
    })
    .await
}

async fn strlen(session: &mut Session, mut args: Args) -> Answer {
    Ok(Reply::count(text(session, &args.must()?).await?.map_or(0, |text| text.len())))
}

async fn getrange(session: &mut Session, mut args: Args) -> Answer {
    let (key, from, to) = (args.must()?, args.integer()?, args.integer()?);
    let text = text(session, &key).await?.unwrap_or_default();
    let length = text.len() as i64;
    if from < 0 && to < 0 && from > to {
        return Ok(Reply::text(""));
    }
    let place = |at: i64| if at < 0 { at.saturating_add(length).max(0) } else { at };
    let (from, to) = (place(from), place(to).min(length - 1));
    if length == 0 || from > to {
        return Ok(Reply::text(""));
    }
    Ok(Reply::Bulk(text.slice(from as usize..=to as usize)))
}

async fn setrange(session: &mut Session, mut args: Args) -> Answer {
    let (key, offset, piece) = (args.must()?, args.integer()?, args.must()?);
    let offset = usize::try_from(offset).map_err(|_| RespError::refused("offset is out of range"))?;
    let end = offset.saturating_add(piece.len());
    if !piece.is_empty() && end > session.server.settings.max_bulk_bytes {
        return Err(RespError::refused("string exceeds maximum allowed size (proto-max-bulk-len)"));
    }
    edit(session, &key, |text| {
        if piece.is_empty() {
            return Ok(false);
        }
        text.resize(text.len().max(end), 0);
        text[offset..end].copy_from_slice(&piece);
        Ok(true)
    })
    .await
}

/// The number in a text, for INCR and its like; nothing counts as 0.
pub(super) fn number_in(text: &[u8]) -> Result<i64, RespError> {
    integer(text).ok_or(RespError::NotAnInteger)
}
