//! Texts that are numbers: counting up and down.

use bytes::Bytes;

use super::{number_in, text_of};
use crate::args::{Args, integer};
use crate::command::flag::{DENYOOM, FAST, WRITE};
use crate::command::{Keys, commands};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::value::Value;
use crate::keyspace::{Entry, Next, number};
use crate::session::Session;

commands! { "string";
    "incr" 2, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Increments the integer value of a key by one. Uses 0 as initial value if the key doesn't exist." => incr;
    "decr" 2, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Decrements the integer value of a key by one. Uses 0 as initial value if the key doesn't exist." => decr;
    "incrby" 3, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Increments the integer value of a key by a number. Uses 0 as initial value if the key doesn't exist." => incrby;
    "decrby" 3, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Decrements a number from the integer value of a key. Uses 0 as initial value if the key doesn't exist." => decrby;
    "incrbyfloat" 3, WRITE | DENYOOM | FAST, Keys::FIRST,
        "Increment the floating point value of a key by a number. Uses 0 as initial value if the key doesn't exist." => incrbyfloat;
}

type Answer = Result<Reply, RespError>;

async fn incr(session: &mut Session, mut args: Args) -> Answer {
    add(session, &args.must()?, 1).await
}

async fn decr(session: &mut Session, mut args: Args) -> Answer {
    add(session, &args.must()?, -1).await
}

async fn incrby(session: &mut Session, mut args: Args) -> Answer {
    let (key, by) = (args.must()?, args.integer()?);
    add(session, &key, by).await
}

async fn decrby(session: &mut Session, mut args: Args) -> Answer {
    let (key, by) = (args.must()?, integer(&args.must()?).ok_or(RespError::NotAnInteger)?);
    let by = by.checked_neg().ok_or_else(|| RespError::refused("decrement would overflow"))?;
    add(session, &key, by).await
}

async fn add(session: &Session, key: &Bytes, by: i64) -> Answer {
    let sum = session.change(key, |current| {
        let (text, expires_at_ms) = text_of(current)?.unwrap_or((Bytes::from_static(b"0"), None));
        let sum = number_in(&text)?.checked_add(by);
        let sum = sum.ok_or_else(|| RespError::refused("increment or decrement would overflow"))?;
        Ok((Next::Put(Entry { value: Value::Text(sum.to_string().into()), expires_at_ms }), sum))
    });
    Ok(Reply::Integer(sum.await?))
}

async fn incrbyfloat(session: &mut Session, mut args: Args) -> Answer {
    let (key, by) = (args.must()?, args.must()?);
    let sum = session.change(&key, |current| {
        let (text, expires_at_ms) = text_of(current)?.unwrap_or((Bytes::from_static(b"0"), None));
        number::float(&text).and(number::float(&by)).ok_or(RespError::NotAFloat)?;
        let sum = number::add(&text, &by);
        let sum = Bytes::from(sum.ok_or_else(|| RespError::refused("increment would produce NaN or Infinity"))?);
        Ok((Next::Put(Entry { value: Value::Text(sum.clone()), expires_at_ms }), sum))
    });
    Ok(Reply::Bulk(sum.await?))
}
