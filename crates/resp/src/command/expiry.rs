//! When keys expire.

use bytes::Bytes;

use super::flag::{FAST, READONLY, WRITE};
use super::{Keys, commands};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::{Entry, Next};
use crate::server::now_ms;
use crate::session::Session;

commands! { "generic";
    "expire" -3, WRITE | FAST, Keys::FIRST, "Sets the expiration time of a key in seconds." => expire;
    "pexpire" -3, WRITE | FAST, Keys::FIRST, "Sets the expiration time of a key in milliseconds." => pexpire;
    "expireat" -3, WRITE | FAST, Keys::FIRST, "Sets the expiration time of a key to a Unix timestamp." => expireat;
    "pexpireat" -3, WRITE | FAST, Keys::FIRST, "Sets the expiration time of a key to a Unix milliseconds timestamp." => pexpireat;
    "persist" 2, WRITE | FAST, Keys::FIRST, "Removes the expiration time of a key." => persist;
    "ttl" 2, READONLY | FAST, Keys::FIRST, "Returns the expiration time in seconds of a key." => ttl;
    "pttl" 2, READONLY | FAST, Keys::FIRST, "Returns the expiration time in milliseconds of a key." => pttl;
    "expiretime" 2, READONLY | FAST, Keys::FIRST, "Returns the expiration time of a key as a Unix timestamp." => expiretime;
    "pexpiretime" 2, READONLY | FAST, Keys::FIRST, "Returns the expiration time of a key as a Unix milliseconds timestamp." => pexpiretime;
}

type Answer = Result<Reply, RespError>;

/// What SET or GETEX says of a key's time, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// EX, PX, EXAT, PXAT and a number that is not read yet.
    In(Unit, Bytes),
    /// KEEPTTL.
    Kept,
    /// PERSIST.
    Never,
}

impl Asked {
    /// The option `word` (in capitals) and what stands behind it; it may be said again, but not another one.
    pub(super) fn option(before: Option<Self>, word: &[u8], args: &mut Args) -> Result<Self, RespError> {
        let now = match word {
            b"KEEPTTL" => Self::Kept,
            b"PERSIST" => Self::Never,
            b"EX" => Self::In(Unit::SECONDS, args.must()?),
            b"PX" => Self::In(Unit::MILLIS, args.must()?),
            b"EXAT" => Self::In(Unit::SECONDS.absolute(), args.must()?),
            b"PXAT" => Self::In(Unit::MILLIS.absolute(), args.must()?),
            _ => return Err(RespError::Syntax),
        };
        let same = match (&before, &now) {
            (None, _) | (Some(Self::Kept), Self::Kept) | (Some(Self::Never), Self::Never) => true,
            (Some(Self::In(before, _)), Self::In(now, _)) => before == now,
            _ => false,
        };
        if same { Ok(now) } else { Err(RespError::Syntax) }
    }

    pub(super) fn read(&self, command: &'static str) -> Result<Deadline, RespError> {
        let (unit, given) = match self {
            Self::In(unit, given) => (unit, integer(given).ok_or(RespError::NotAnInteger)?),
            Self::Kept => return Ok(Deadline::Kept),
            Self::Never => return Ok(Deadline::Never),
        };
        let at = unit.at_ms(given, command)?;
        if given <= 0 {
            return Err(invalid(command));
        }
        Ok(Deadline::At(at.max(0) as u64))
    }
}

/// A key's time as SET or GETEX makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deadline {
    At(u64),
    /// As it was.
    Kept,
    Never,
}

impl Deadline {
    pub(super) fn at_ms(self) -> Option<u64> {
        if let Self::At(at) = self { Some(at) } else { None }
    }
}

/// What a given time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    millis: i64,
    /// From now on, not from 1970 on.
    relative: bool,
}

impl Unit {
    pub(super) const SECONDS: Self = Self { millis: 1000, relative: true };
    pub(super) const MILLIS: Self = Self { millis: 1, relative: true };

    /// The same, from 1970 on.
    pub(super) const fn absolute(self) -> Self {
        Self { relative: false, ..self }
    }

    pub(super) fn at_ms(self, given: i64, command: &str) -> Result<i64, RespError> {
        let scaled = given.checked_mul(self.millis);
        let from = if self.relative { now_ms() as i64 } else { 0 };
        scaled.and_then(|scaled| scaled.checked_add(from)).ok_or_else(|| invalid(command))
    }
}

pub(super) fn invalid(command: &str) -> RespError {
    RespError::refused(format!("invalid expire time in '{command}' command"))
}

async fn expire(session: &mut Session, args: Args) -> Answer {
    expire_at(session, args, Unit::SECONDS, "expire").await
}

async fn pexpire(session: &mut Session, args: Args) -> Answer {
    expire_at(session, args, Unit::MILLIS, "pexpire").await
}

async fn expireat(session: &mut Session, args: Args) -> Answer {
    expire_at(session, args, Unit::SECONDS.absolute(), "expireat").await
}

async fn pexpireat(session: &mut Session, args: Args) -> Answer {
    expire_at(session, args, Unit::MILLIS.absolute(), "pexpireat").await
}

/// On which present time of a key or a field a new one is set.
#[derive(Clone, Copy, Default)]
pub(super) struct When {
    pub(super) absent: bool,
    pub(super) present: bool,
    pub(super) later: bool,
    pub(super) earlier: bool,
}

impl When {
    fn of(mut args: Args) -> Result<Self, RespError> {
        let mut when = Self::default();
        while let Some(option) = args.take() {
            match option.to_ascii_uppercase().as_slice() {
                b"NX" => when.absent = true,
                b"XX" => when.present = true,
                b"GT" => when.later = true,
                b"LT" => when.earlier = true,
                _ => {
                    let option = String::from_utf8_lossy(&option).into_owned();
                    return Err(RespError::refused(format!("Unsupported option {option}")));
                }
            }
        }
        if when.absent && (when.present || when.later || when.earlier) {
            return Err(RespError::refused("NX and XX, GT or LT options at the same time are not compatible"));
        }
        if when.later && when.earlier {
            return Err(RespError::refused("GT and LT options at the same time are not compatible"));
        }
        Ok(when)
    }

    /// A key without a time expires later than any other.
    pub(super) fn admits(self, present: Option<u64>, at: i64) -> bool {
        let present = present.map(|present| present as i64);
        !(self.absent && present.is_some()
            || self.present && present.is_none()
            || self.later && present.is_none_or(|present| at <= present)
            || self.earlier && present.is_some_and(|present| at >= present))
    }
}

async fn expire_at(session: &mut Session, mut args: Args, unit: Unit, command: &'static str) -> Answer {
    let (key, given) = (args.must()?, args.must()?);
    let when = When::of(args)?;
    let at = unit.at_ms(integer(&given).ok_or(RespError::NotAnInteger)?, command)?;
    let set = session.change(&key, |current| {
        let Some(entry) = current else { return Ok((Next::Keep, false)) };
        if !when.admits(entry.expires_at_ms, at) {
            return Ok((Next::Keep, false));
        }
        if at <= now_ms() as i64 {
            return Ok((Next::Delete, true));
        }
        Ok((Next::Put(Entry { expires_at_ms: Some(at as u64), ..entry }), true))
    });
    Ok(Reply::Integer(i64::from(set.await?)))
}

async fn persist(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let persisted = session.change(&key, |current| match current {
        Some(entry) if entry.expires_at_ms.is_some() => Ok((Next::Put(Entry { expires_at_ms: None, ..entry }), true)),
        _ => Ok((Next::Keep, false)),
    });
    Ok(Reply::Integer(i64::from(persisted.await?)))
}

async fn ttl(session: &mut Session, mut args: Args) -> Answer {
    left(session, &args.must()?, |at| (at.saturating_sub(now_ms()) + 500) / 1000).await
}

async fn pttl(session: &mut Session, mut args: Args) -> Answer {
    left(session, &args.must()?, |at| at.saturating_sub(now_ms())).await
}

async fn expiretime(session: &mut Session, mut args: Args) -> Answer {
    left(session, &args.must()?, |at| (at + 500) / 1000).await
}

async fn pexpiretime(session: &mut Session, mut args: Args) -> Answer {
    left(session, &args.must()?, |at| at).await
}

/// -2 without a key, -1 without a time.
async fn left(session: &Session, key: &Bytes, shown: impl Fn(u64) -> u64) -> Answer {
    Ok(Reply::Integer(match session.server.keyspace.head(key).await? {
        None => -2,
        Some((None, _)) => -1,
        Some((Some(at), _)) => shown(at) as i64,
    }))
}
