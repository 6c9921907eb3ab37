//! Changing JSON documents.

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::{Map, Number, Value as Json};

use super::{Answer, answered, check_depth, document, each, json, no_key, path, told};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::jsonpath::{Location, Part, Path, at_mut};
use crate::keyspace::value::Value;
use crate::keyspace::{Entry, Next};
use crate::session::Session;

pub(super) async fn set(session: &mut Session, mut args: Args) -> Answer {
    let (key, path) = (args.must()?, path(&args.must()?)?);
    let value = parsed(&args.must()?)?;
    let (mut absent, mut present) = (false, false);
    while let Some(option) = args.take() {
        match option.to_ascii_uppercase().as_slice() {
            b"NX" if !present => absent = true,
            b"XX" if !absent => present = true,
            b"FORMAT" if !args.is_empty() => drop(args.must()?),
            _ => return Err(RespError::Syntax),
        }
    }
    let done = session.change(&key, |current| {
        let Some((mut json, expires_at_ms)) = document(current)? else {
            return match (path.is_root(), present) {
                (false, false) => Err(RespError::refused("new objects must be created at the root")),
                (_, true) => Ok((Next::Keep, false)),
                (true, false) => Ok((Next::Put(Entry::new(Value::Json(value.clone()))), true)),
            };
        };
        if !put(&mut json, &path, &value, absent, present)? {
            return Ok((Next::Keep, false));
        }
        check_depth(&json)?;
        Ok((Next::Put(Entry { value: Value::Json(json), expires_at_ms }), true))
    });
    Ok(if done.await? { Reply::OK } else { Reply::Null })
}

/// A document as it came: its mistakes are told without a prefix.
pub(super) fn parsed(word: &[u8]) -> Result<Json, RespError> {
    serde_json::from_slice(word).map_err(|error| RespError::line(error.to_string()))
}

/// Puts `value` at every place of `path`, or makes the place if only its name is missing. False: nothing was put.
fn put(json: &mut Json, path: &Path, value: &Json, absent: bool, present: bool) -> Result<bool, RespError> {
    Ok(planned(json, path, absent, present)?.carry_out(json, value))
}

/// Where a value will be put.
enum Plan {
    Nowhere,
    /// At these places, which are there.
    At(Vec<Location>),
    /// In these objects, by a name that is missing.
    Into(Vec<Location>, String),
}

fn planned(json: &Json, path: &Path, absent: bool, present: bool) -> Result<Plan, RespError> {
    let places = path.locations(json)?;
    if !places.is_empty() {
        // What lies within another place goes with it.
        return Ok(if absent { Plan::Nowhere } else { Plan::At(outermost(places)) });
    }
    if present {
        return Ok(Plan::Nowhere);
    }
    if path.ends_with_index() {
        return Err(RespError::refused("array index out of range"));
    }
    if !path.is_definite() {
        return Err(RespError::line("Err wrong static path"));
    }
    Ok(match path.parent() {
        Some((parent, name)) => Plan::Into(parent.locations(json)?, name.to_owned()),
        None => Plan::Nowhere,
    })
}

impl Plan {
    /// False: nothing was put.
    fn carry_out(&self, json: &mut Json, value: &Json) -> bool {
        let mut put = false;
        match self {
            Self::Nowhere => {}
            Self::At(places) => {
                for place in places {
                    if let Some(there) = at_mut(json, place) {
                        *there = value.clone();
                    }
                }
                put = true;
            }
            Self::Into(places, name) => {
                for place in places {
                    if let Some(members) = at_mut(json, place).and_then(Json::as_object_mut) {
                        members.entry(name.clone()).or_insert_with(|| value.clone());
                        put = true;
                    }
                }
            }
        }
        put
    }
}

/// The places that lie in no other of them, in order.
fn outermost(mut places: Vec<Location>) -> Vec<Location> {
    places.sort();
    places.dedup();
    let mut kept: Vec<Location> = Vec::new();
    for place in places {
        if kept.last().is_none_or(|last| !place.starts_with(last)) {
            kept.push(place);
        }
    }
    kept
}

pub(super) async fn mset(session: &mut Session, args: Args) -> Answer {
    let words = args.rest();
    if !words.len().is_multiple_of(3) {
        return Err(RespError::Arity { command: "json.mset".to_owned() });
    }
    let mut sets = Vec::new();
    for triple in words.chunks_exact(3) {
        sets.push((triple[0].clone(), path(&triple[1])?, parsed(&triple[2])?));
    }
    let keys: Vec<Bytes> = sets.iter().map(|(key, ..)| key.clone()).collect();
    let _held = session.hold(&keys).await;
    // All are worked out before the first is written, each on what is there now: one that fails leaves everything as it is.
    let mut entries: IndexMap<Bytes, (Option<Entry>, Option<Entry>)> = IndexMap::new();
    for (key, path, value) in &sets {
        if !entries.contains_key(key) {
            let there = session.get(key).await?;
            entries.insert(key.clone(), (there.clone(), there));
        }
        let Some((there, next)) = entries.get_mut(key) else { continue };
        let (json, expires_at_ms) = match (document(there.clone())?, document(next.take())?) {
            (None, _) if !path.is_root() => {
                return Err(RespError::refused("new objects must be created at the root"));
            }
            (Some((there, _)), Some((mut json, expires_at_ms))) => {
                planned(&there, path, false, false)?.carry_out(&mut json, value);
                (json, expires_at_ms)
            }
            _ => (value.clone(), None),
        };
        check_depth(&json)?;
        *next = Some(Entry { value: Value::Json(json), expires_at_ms });
    }
    let entries = entries.into_iter().filter_map(|(key, (_, next))| Some((key, next?))).collect();
    session.server.keyspace.put(entries).await?;
    Ok(Reply::OK)
}

pub(super) async fn merge(session: &mut Session, mut args: Args) -> Answer {
    let (key, path) = (args.must()?, path(&args.must()?)?);
    let patch = parsed(&args.must()?)?;
    let done = session.change(&key, |current| {
        let Some((mut json, expires_at_ms)) = document(current)? else {
            return if path.is_root() {
                Ok((Next::Put(Entry::new(Value::Json(patch.clone()))), true))
            } else {
                Err(RespError::refused("new objects must be created at the root"))
            };
        };
        let places = path.locations(&json)?;
        if places.is_empty() {
            if !put(&mut json, &path, &patch, false, false)? {
                return Ok((Next::Keep, false));
            }
        } else {
            for place in places {
                if let Some(there) = at_mut(&mut json, &place) {
                    patched(there, &patch);
                }
            }
        }
        check_depth(&json)?;
        Ok((Next::Put(Entry { value: Value::Json(json), expires_at_ms }), true))
    });
    Ok(if done.await? { Reply::OK } else { Reply::Null })
}

/// RFC 7396. As deep as the patch, which is bounded.
fn patched(target: &mut Json, patch: &Json) {
    let Json::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    let Some(members) = target.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            members.swap_remove(name);
        } else {
            patched(members.entry(name.clone()).or_insert(Json::Null), value);
        }
    }
}

pub(super) async fn del(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let path = super::path_or_root(&mut args)?;
    let gone = session.change(&key, |current| {
        let Some((mut json, expires_at_ms)) = document(current)? else { return Ok((Next::Keep, 0)) };
        if path.is_root() {
            return Ok((Next::Delete, 1));
        }
        let places = path.locations(&json)?;
        let gone = remove(&mut json, places);
        let next = if gone == 0 { Next::Keep } else { Next::Put(Entry { value: Value::Json(json), expires_at_ms }) };
        Ok((next, gone))
    });
    Ok(Reply::count(gone.await?))
}

/// Takes the values at `places` away, the last first, so that those before stay where they are; how many.
fn remove(json: &mut Json, places: Vec<Location>) -> usize {
    let mut gone = 0;
    for place in outermost(places).into_iter().rev() {
        let Some((last, parent)) = place.split_last() else { continue };
        match (at_mut(json, parent), last) {
            (Some(Json::Object(members)), Part::Key(key)) => gone += usize::from(members.swap_remove(key).is_some()),
            (Some(Json::Array(items)), Part::Index(index)) if *index < items.len() => {
                items.remove(*index);
                gone += 1;
            }
            _ => {}
        }
    }
    gone
}

pub(super) async fn clear(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let path = super::path_or_root(&mut args)?;
    let cleared = each(session, &key, &path, |json| {
        let empty = match json {
            Json::Array(items) if !items.is_empty() => Json::Array(Vec::new()),
            Json::Object(members) if !members.is_empty() => Json::Object(Map::new()),
            Json::Number(number) if number.as_f64() != Some(0.0) => Json::from(0),
            _ => return Ok(None),
        };
        *json = empty;
        Ok(Some(()))
    });
    Ok(Reply::count(cleared.await?.into_iter().flatten().count()))
}

pub(super) async fn toggle(session: &mut Session, mut args: Args) -> Answer {
    let (key, word) = (args.must()?, args.must()?);
    let path = path(&word)?;
    let toggled = each(session, &key, &path, |json| {
        Ok(json.as_bool().map(|value| {
            *json = Json::Bool(!value);
            !value
        }))
    });
    let legacy = path.legacy;
    let shown = |value: bool| {
        if legacy { Reply::text(if value { "true" } else { "false" }) } else { Reply::Integer(i64::from(value)) }
    };
    let missing = RespError::refused(format!("Path '{}' does not exist or not a bool", told(&word)));
    answered(&path, toggled.await?, shown, missing)
}

pub(super) async fn numincrby(session: &mut Session, args: Args) -> Answer {
    arithmetic(session, args, i64::checked_add, |a, b| a + b).await
}

pub(super) async fn nummultby(session: &mut Session, args: Args) -> Answer {
    arithmetic(session, args, i64::checked_mul, |a, b| a * b).await
}

/// Whole numbers stay whole where the power is one that fits.
pub(super) async fn numpowby(session: &mut Session, args: Args) -> Answer {
    let whole = |a: i64, b: i64| u32::try_from(b).ok().and_then(|power| a.checked_pow(power));
    arithmetic(session, args, whole, f64::powf).await
}

async fn arithmetic(
    session: &mut Session,
    mut args: Args,
    whole: fn(i64, i64) -> Option<i64>,
    real: fn(f64, f64) -> f64,
) -> Answer {
    let (key, word, by) = (args.must()?, args.must()?, json(&args.must()?)?);
    let path = path(&word)?;
    let Json::Number(by) = by else { return Err(RespError::line("bad input number")) };
    let results = each(session, &key, &path, |json| {
        let Json::Number(held) = json else { return Ok(None) };
        let exact = held.as_i64().zip(by.as_i64()).and_then(|(a, b)| whole(a, b)).map(Number::from);
        let result = exact.or_else(|| held.as_f64().zip(by.as_f64()).and_then(|(a, b)| Number::from_f64(real(a, b))));
        let result = Json::Number(result.ok_or_else(|| RespError::refused("result is not a number"))?);
        *json = result.clone();
        Ok(Some(result))
    });
    let results = results.await?;
    if session.protocol == Protocol::Three {
        let shown = |result: &Option<Json>| result.as_ref().map_or(Reply::Null, super::shown::expanded);
        return Ok(Reply::Array(results.iter().map(shown).collect()));
    }
    if path.legacy {
        let last = results.into_iter().flatten().last();
        let missing =
            || RespError::refused(format!("Path '{}' does not exist or does not contains a number", told(&word)));
        return last.map(|result| Reply::text(&result.to_string())).ok_or_else(missing);
    }
    let all = results.into_iter().map(|result| result.unwrap_or(Json::Null)).collect();
    Ok(Reply::text(&Json::Array(all).to_string()))
}

pub(super) async fn strappend(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let (word, more) = match (args.must()?, args.take()) {
        (word, Some(more)) => (word, more),
        (more, None) => (Bytes::from_static(b"."), more),
    };
    let path = path(&word)?;
    let more = json(&more)?;
    let Json::String(more) = more else {
        let reason = format!("WRONGTYPE wrong type of path value - expected string but found {more}");
        return Err(RespError::line(reason));
    };
    if session.get(&key).await?.is_none() {
        return Err(no_key());
    }
    let lengths = each(session, &key, &path, |json| {
        let Json::String(text) = json else { return Ok(None) };
        text.push_str(&more);
        Ok(Some(text.len()))
    });
    let missing = RespError::refused(format!("Path '{}' does not exist or not a string", told(&word)));
    answered(&path, lengths.await?, Reply::count, missing)
}
