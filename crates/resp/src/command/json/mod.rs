//! JSON documents as values: `JSON.*`.
//!
//! A path with `$` means any number of values and is answered with a list; one without means one value, and that there is none is an error.

mod array;
mod change;
mod read;
mod shown;

use bytes::Bytes;
use serde_json::Value as Json;

use super::flag::{DENYOOM, MODULE, READONLY, WRITE};
use super::{Keys, commands};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::jsonpath::{Path, PathError, at_mut};
use crate::keyspace::value::Value;
use crate::keyspace::{Entry, Next};
use crate::session::Session;

const MGET: Keys = Keys::BUT_LAST;
const MSET: Keys = Keys { first: 1, last: -1, step: 3 };

commands! { "module";
    "json.set" -4, WRITE | DENYOOM | MODULE, Keys::FIRST, "Sets the JSON value at path in key." => change::set;
    "json.mset" -4, WRITE | DENYOOM | MODULE, MSET, "Sets or updates the JSON value of one or more keys." => change::mset;
    "json.merge" 4, WRITE | DENYOOM | MODULE, Keys::FIRST, "Merges a given JSON value into matching paths." => change::merge;
    "json.del" -2, WRITE | MODULE, Keys::FIRST, "Deletes a value." => change::del;
    "json.forget" -2, WRITE | MODULE, Keys::FIRST, "Deletes a value." => change::del;
    "json.clear" -2, WRITE | MODULE, Keys::FIRST, "Clears container values and sets numeric values to 0." => change::clear;
    "json.toggle" 3, WRITE | MODULE, Keys::FIRST, "Toggles a boolean value." => change::toggle;
    "json.numincrby" 4, WRITE | MODULE, Keys::FIRST, "Increments the numeric value at path by a value." => change::numincrby;
    "json.nummultby" 4, WRITE | MODULE, Keys::FIRST, "Multiplies the numeric value at path by a value." => change::nummultby;
    "json.numpowby" 4, WRITE | MODULE, Keys::FIRST, "Raises the numeric value at path to a power." => change::numpowby;
    "json.strappend" -3, WRITE | DENYOOM | MODULE, Keys::FIRST, "Appends a string to a JSON string value at path." => change::strappend;
    "json.get" -2, READONLY | MODULE, Keys::FIRST, "Gets the value at one or more paths in JSON serialized form." => read::get;
    "json.mget" -3, READONLY | MODULE, MGET, "Returns the values at a path from one or more keys." => read::mget;
    "json.resp" -2, READONLY | MODULE, Keys::FIRST, "Returns the JSON value at path in the types of the protocol." => read::resp;
    "json.debug" -2, READONLY | MODULE, Keys { first: 2, last: 2, step: 1 }, "Debugging container command." => read::debug;
    "json.type" -2, READONLY | MODULE, Keys::FIRST, "Returns the type of the JSON value at path." => read::type_of;
    "json.strlen" -2, READONLY | MODULE, Keys::FIRST, "Returns the length of the JSON string at path in key." => read::strlen;
    "json.objkeys" -2, READONLY | MODULE, Keys::FIRST, "Returns the JSON keys of the object at path." => read::objkeys;
    "json.objlen" -2, READONLY | MODULE, Keys::FIRST, "Returns the number of keys of the object at path." => read::objlen;
    "json.arrlen" -2, READONLY | MODULE, Keys::FIRST, "Returns the length of the array at path." => array::len;
    "json.arrindex" -4, READONLY | MODULE, Keys::FIRST,
        "Returns the index of the first occurrence of a JSON scalar value in the array at path." => array::index;
    "json.arrappend" -4, WRITE | DENYOOM | MODULE, Keys::FIRST,
        "Append one or more JSON values into the array at path after the last element in it." => array::append;
    "json.arrinsert" -5, WRITE | DENYOOM | MODULE, Keys::FIRST, "Inserts the JSON values into the array at path before the index." => array::insert;
    "json.arrpop" -2, WRITE | MODULE, Keys::FIRST, "Removes and returns the element at the specified index in the array at path." => array::pop;
    "json.arrtrim" 5, WRITE | MODULE, Keys::FIRST,
        "Trims the array at path to contain only the specified inclusive range of indices from start to stop." => array::trim;
}

type Answer = Result<Reply, RespError>;

/// Levels of a document.
const DEPTH: usize = 127;

impl From<PathError> for RespError {
    fn from(error: PathError) -> Self {
        Self::line(error.to_string())
    }
}

/// The path in a word.
fn path(word: &[u8]) -> Result<Path, RespError> {
    let text = std::str::from_utf8(word).map_err(|_| RespError::refused("the path is not UTF-8"))?;
    Ok(Path::parse(text)?)
}

/// The next word as a path; without one the root, in the older spelling.
fn path_or_root(args: &mut Args) -> Result<Path, RespError> {
    args.take().map_or_else(|| path(b"."), |word| path(&word))
}

/// How a path is told in an error: as if it had been written with `$`.
fn told(word: &Bytes) -> String {
    let text = String::from_utf8_lossy(word);
    if text.starts_with('$') {
        return text.into_owned();
    }
    match text.as_ref() {
        "." | "" => "$".to_owned(),
        other if other.starts_with('.') => format!("${other}"),
        other => format!("$.{other}"),
    }
}

/// A word as JSON.
fn json(word: &[u8]) -> Result<Json, RespError> {
    serde_json::from_slice(word).map_err(|error| RespError::refused(error.to_string()))
}

/// The document of an entry.
fn document(entry: Option<Entry>) -> Result<Option<(Json, Option<u64>)>, RespError> {
    match entry {
        None => Ok(None),
        Some(Entry { value: Value::Json(json), expires_at_ms }) => Ok(Some((json, expires_at_ms))),
        Some(_) => Err(RespError::line("Existing key has wrong Redis type")),
    }
}

fn no_key() -> RespError {
    RespError::refused("could not perform this operation on a key that doesn't exist")
}

/// Whether a document is no deeper than it may be.
fn check_depth(json: &Json) -> Result<(), RespError> {
    let mut level: Vec<&Json> = vec![json];
    for _ in 0..=DEPTH {
        let inner = |json: &&'_ Json| -> bool { matches!(json, Json::Array(_) | Json::Object(_)) };
        level = level
            .into_iter()
            .filter(inner)
            .flat_map(|json| -> Vec<&Json> {
                match json {
                    Json::Array(items) => items.iter().collect(),
                    Json::Object(members) => members.values().collect(),
                    _ => Vec::new(),
                }
            })
            .collect();
        if level.is_empty() {
            return Ok(());
        }
    }
    Err(RespError::refused("recursion limit exceeded"))
}

/// What one value of a path answers to a change of it: `None` when it is of another type.
type Changed<T> = Result<Option<T>, RespError>;

/// Changes every value that the path at `word` means, where `edit` can; answers of each, in order. The key must be there.
async fn each<T: Send>(
    session: &Session,
    key: &Bytes,
    path: &Path,
    edit: impl Fn(&mut Json) -> Changed<T> + Send + Sync,
) -> Result<Vec<Option<T>>, RespError> {
    session
        .change(key, |current| {
            let (mut json, expires_at_ms) = document(current)?.ok_or_else(no_key)?;
            let mut answers = Vec::new();
            for place in path.locations(&json)? {
                let Some(value) = at_mut(&mut json, &place) else { continue };
                answers.push(edit(value)?);
            }
            if answers.iter().all(Option::is_none) {
                return Ok((Next::Keep, answers));
            }
            check_depth(&json)?;
            Ok((Next::Put(Entry { value: Value::Json(json), expires_at_ms }), answers))
        })
        .await
}

/// The answers as a list (`$`), or the last of them, or `missing` when there is none.
fn answered<T>(path: &Path, answers: Vec<Option<T>>, shown: impl Fn(T) -> Reply, missing: RespError) -> Answer {
    if path.legacy {
        return answers.into_iter().flatten().last().map(shown).ok_or(missing);
    }
    Ok(Reply::Array(answers.into_iter().map(|answer| answer.map_or(Reply::Null, &shown)).collect()))
}
