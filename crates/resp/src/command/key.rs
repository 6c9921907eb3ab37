//! Keys of any type: are they there, what are they, away with them.

use bytes::Bytes;

use super::flag::{FAST, READONLY, WRITE};
use super::{Keys, commands};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::ft::words_index::{Purpose, Words};
use crate::keyspace::Next;
use crate::session::Session;

commands! { "generic";
    "del" -2, WRITE, Keys::ALL, "Deletes one or more keys." => del;
    "unlink" -2, WRITE | FAST, Keys::ALL, "Asynchronously deletes one or more keys." => del;
    "exists" -2, READONLY | FAST, Keys::ALL, "Determines whether one or more keys exist." => exists;
    "touch" -2, READONLY | FAST, Keys::ALL,
        "Returns the number of existing keys out of those specified after updating the time they were last accessed." => exists;
    "type" 2, READONLY | FAST, Keys::FIRST, "Determines the type of value stored at a key." => type_of;
    "rename" 3, WRITE, Keys::TWO, "Renames a key and overwrites the destination." => rename;
    "renamenx" 3, WRITE | FAST, Keys::TWO, "Renames a key only when the target key name doesn't exist." => renamenx;
    "copy" -3, WRITE, Keys::TWO, "Copies the value of a key to a new key." => copy;
    "move" 3, WRITE | FAST, Keys::FIRST, "Moves a key to another database." => move_key;
    "dump" 2, READONLY, Keys::FIRST, "Returns a serialized representation of the value stored at a key." => dump;
    "restore" -4, WRITE, Keys::FIRST, "Creates a key from the serialized representation of a value." => restore;
}

type Answer = Result<Reply, RespError>;

async fn del(session: &mut Session, args: Args) -> Answer {
    let _held = session.hold(args.rest()).await;
    let mut gone = session.server.keyspace.delete(args.rest()).await?;
    if gone < args.left() {
        for key in args.rest() {
            gone += usize::from(suggestions(session, key).clear().await?);
        }
    }
    Ok(Reply::count(gone))
}

/// The suggestions of a key: they lie apart from the other keys.
fn suggestions<'s>(session: &'s Session, key: &[u8]) -> Words<'s> {
    let list = String::from_utf8_lossy(key).into_owned();
    Words { server: &session.server, purpose: Purpose::Suggestions, list }
}

async fn exists(session: &mut Session, args: Args) -> Answer {
    let mut count = 0;
    for key in args.rest() {
        let there = session.server.keyspace.head(key).await?.is_some();
        count += usize::from(there || suggestions(session, key).is_there().await?);
    }
    Ok(Reply::count(count))
}

async fn type_of(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let head = session.server.keyspace.head(&key).await?;
    Ok(Reply::word(match head {
        Some((_, name)) => name,
        None if suggestions(session, &key).is_there().await? => "trietype0",
        None => "none",
    }))
}

async fn rename(session: &mut Session, mut args: Args) -> Answer {
    let (from, to) = (args.must()?, args.must()?);
    moved(session, &from, &to, true).await?;
    Ok(Reply::OK)
}

async fn renamenx(session: &mut Session, mut args: Args) -> Answer {
    let (from, to) = (args.must()?, args.must()?);
    Ok(Reply::Integer(i64::from(moved(session, &from, &to, false).await?)))
}

/// Whether `from` became `to`. First the new one is written, then the old one deleted: what ends between the two loses nothing.
async fn moved(session: &Session, from: &Bytes, to: &Bytes, replace: bool) -> Result<bool, RespError> {
    let _held = session.hold(&[from.clone(), to.clone()]).await;
    let keyspace = &session.server.keyspace;
    let entry = keyspace.get(from).await?.ok_or(RespError::NoSuchKey)?;
    if from == to {
        return Ok(replace);
    }
    if !replace && keyspace.get(to).await?.is_some() {
        return Ok(false);
    }
    keyspace.put(vec![(to.clone(), entry)]).await?;
    keyspace.delete(std::slice::from_ref(from)).await?;
    Ok(true)
}

async fn copy(session: &mut Session, mut args: Args) -> Answer {
    let (from, to) = (args.must()?, args.must()?);
    let mut replace = false;
    while let Some(option) = args.take() {
        if option.eq_ignore_ascii_case(b"REPLACE") {
            replace = true;
        } else if option.eq_ignore_ascii_case(b"DB") && !args.is_empty() {
            if args.integer()? != 0 {
                return Err(RespError::refused("DB index is out of range"));
            }
        } else {
            return Err(RespError::Syntax);
        }
    }
    if from == to {
        return Err(RespError::refused("source and destination objects are the same"));
    }
    let _held = session.hold(&[from.clone(), to.clone()]).await;
    let Some(entry) = session.get(&from).await? else { return Ok(Reply::Integer(0)) };
    let copied = session.server.keyspace.change(&to, |current| {
        let free = replace || current.is_none();
        Ok((if free { Next::Put(entry.clone()) } else { Next::Keep }, free))
    });
    Ok(Reply::Integer(i64::from(copied.await?)))
}

/// There is one database.
async fn move_key(_session: &mut Session, mut args: Args) -> Answer {
    args.must()?;
    Err(RespError::refused(match args.integer()? {
        0 => "source and destination objects are the same",
        _ => "DB index is out of range",
    }))
}

async fn dump(session: &mut Session, mut args: Args) -> Answer {
    if session.server.keyspace.head(&args.must()?).await?.is_none() {
        return Ok(Reply::Null);
    }
    Err(RespError::refused("DUMP is not implemented: values are not kept in Redis' format"))
}

async fn restore(_session: &mut Session, _args: Args) -> Answer {
    Err(RespError::refused("RESTORE is not implemented: values are not kept in Redis' format"))
}
