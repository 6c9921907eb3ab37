//! Arrays in JSON documents.

use bytes::Bytes;
use serde_json::Value as Json;

use super::change::parsed;
use super::read::{each_read, named_path, read, wrong_type};
use super::{Answer, answered, each, json, path, told};
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

fn no_array(name: &str) -> RespError {
    RespError::refused(format!("Path '{name}' does not exist or not an array"))
}

/// As a word of a command that only reads is told in an error about arrays.
fn spelled(word: &Bytes) -> String {
    String::from_utf8_lossy(word).into_owned()
}

pub(super) async fn len(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let word = args.peek().map_or_else(|| ".".to_owned(), spelled);
    let (path, _) = named_path(&mut args)?;
    let length = |json: &Json| Some(Reply::count(json.as_array()?.len()));
    each_read(session, &key, &path, length, |_| no_array(&word)).await
}

/// Where a place counted from either end lies in an array, kept within it.
fn within(at: i64, length: usize) -> usize {
    let at = if at < 0 { at.saturating_add(length as i64).max(0) } else { at };
    usize::try_from(at).unwrap_or(0).min(length)
}

pub(super) async fn index(session: &mut Session, mut args: Args) -> Answer {
    let (key, word, wanted) = (args.must()?, args.must()?, json(&args.must()?)?);
    let from = args.take().map_or(Some(0), |word| integer(&word)).ok_or(RespError::NotAnInteger)?;
    let to = args.take().map_or(Some(0), |word| integer(&word)).ok_or(RespError::NotAnInteger)?;
    let found = |json: &Json| {
        let items = json.as_array()?;
        // 0 means the end; what lies beyond means the last.
        let end = if to == 0 { items.len() } else { within(to, items.len()) };
        let start = within(from, items.len());
        let at = (start..end).find(|at| same(&items[*at], &wanted));
        Some(Reply::Integer(at.map_or(-1, |at| at as i64)))
    };
    let path = path(&word)?;
    let wrong = |there: Option<&Json>| wrong_type("array", there, &spelled(&word));
    if read(session, &key).await?.is_none() {
        return Err(wrong(None));
    }
    each_read(session, &key, &path, found, wrong).await
}

/// Numbers are the same by value.
fn same(one: &Json, other: &Json) -> bool {
    one == other || matches!((one.as_f64(), other.as_f64()), (Some(one), Some(other)) if one == other)
}

fn values(args: &Args) -> Result<Vec<Json>, RespError> {
    args.rest().iter().map(|word| parsed(word)).collect()
}

pub(super) async fn append(session: &mut Session, mut args: Args) -> Answer {
    let (key, word) = (args.must()?, args.must()?);
    let (path, values) = (path(&word)?, values(&args)?);
    let lengths = each(session, &key, &path, |json| {
        Ok(json.as_array_mut().map(|items| {
            items.extend(values.iter().cloned());
            items.len()
        }))
    });
    answered(&path, lengths.await?, Reply::count, no_array(&told(&word)))
}

pub(super) async fn insert(session: &mut Session, mut args: Args) -> Answer {
    let (key, word, at) = (args.must()?, args.must()?, args.integer()?);
    let (path, values) = (path(&word)?, values(&args)?);
    let lengths = each(session, &key, &path, |json| {
        let Some(items) = json.as_array_mut() else { return Ok(None) };
        let place = if at < 0 { at.checked_add(items.len() as i64) } else { Some(at) };
        let place = place.and_then(|place| usize::try_from(place).ok()).filter(|place| *place <= items.len());
        let place = place.ok_or_else(|| RespError::refused("index out of bounds"))?;
        items.splice(place..place, values.iter().cloned());
        Ok(Some(items.len()))
    });
    answered(&path, lengths.await?, Reply::count, no_array(&told(&word)))
}

pub(super) async fn pop(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let mut format_given = false;
    if args.take_word("FORMAT") {
        format_given = args.must()?.eq_ignore_ascii_case(b"EXPAND");
    }
    let word = args.take().unwrap_or(Bytes::from_static(b"."));
    let at = args.take().map_or(Some(-1), |word| integer(&word)).ok_or(RespError::NotAnInteger)?;
    let path = path(&word)?;
    let popped = each(session, &key, &path, |json| {
        let Some(items) = json.as_array_mut() else { return Ok(None) };
        if items.is_empty() {
            return Ok(Some(None));
        }
        let place = within(at, items.len()).min(items.len() - 1);
        Ok(Some(Some(items.remove(place))))
    });
    let shown = |item: Option<Json>| match item {
        None => Reply::Null,
        Some(item) if format_given => super::shown::expanded(&item),
        Some(item) => Reply::text(&item.to_string()),
    };
    answered(&path, popped.await?, shown, no_array(&told(&word)))
}

pub(super) async fn trim(session: &mut Session, mut args: Args) -> Answer {
    let (key, word, from, to) = (args.must()?, args.must()?, args.integer()?, args.integer()?);
    let path = path(&word)?;
    let lengths = each(session, &key, &path, |json| {
        let Some(items) = json.as_array_mut() else { return Ok(None) };
        // What lies before the first means the first, at either end.
        let last = if to < 0 { to.saturating_add(items.len() as i64).max(0) } else { to };
        let start = within(from, items.len());
        let end = usize::try_from(last.saturating_add(1)).unwrap_or(0).min(items.len());
        items.truncate(end);
        items.drain(..start.min(end));
        Ok(Some(items.len()))
    });
    answered(&path, lengths.await?, Reply::count, no_array(&told(&word)))
}
