//! Reading JSON documents.

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::shown::{Layout, bracketed, expanded};
use super::{Answer, document, no_key, path, path_or_root, told};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::{Protocol, Reply};
use crate::jsonpath::Path;
use crate::session::Session;

/// The document at `key`.
pub(super) async fn read(session: &Session, key: &[u8]) -> Result<Option<Json>, RespError> {
    Ok(document(session.get(key).await?)?.map(|(json, _)| json))
}

/// What JSON.GET answers with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    String,
    Strings,
    Expand,
}

pub(super) async fn get(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let mut layout = Layout::default();
    let mut format = Format::String;
    let mut paths = Vec::new();
    while let Some(word) = args.take() {
        match word.to_ascii_uppercase().as_slice() {
            b"INDENT" => layout.indent = text_of(&mut args)?,
            b"NEWLINE" => layout.newline = text_of(&mut args)?,
            b"SPACE" => layout.space = text_of(&mut args)?,
            b"NOESCAPE" => {}
            b"FORMAT" => format = self::format(session, &args.take().unwrap_or_default())?,
            _ => paths.push((path(&word)?, word)),
        }
    }
    if paths.is_empty() {
        let root = if format == Format::String { "." } else { "$" };
        paths.push((path(root.as_bytes())?, Bytes::from_static(root.as_bytes())));
    }
    let Some(json) = read(session, &key).await? else { return Ok(Reply::Null) };
    match format {
        Format::String => text(&paths, &json, &layout).map(|text| Reply::text(&text)),
        _ => listed(&paths, &json, |value| match format {
            Format::Expand => expanded(value),
            _ => Reply::text(&layout.text(value)),
        }),
    }
}

/// What stands behind an option.
fn text_of(args: &mut Args) -> Result<String, RespError> {
    if args.is_empty() {
        return Err(RespError::Arity { command: "json.get".to_owned() });
    }
    args.text()
}

fn format(session: &Session, word: &[u8]) -> Result<Format, RespError> {
    if session.protocol == Protocol::Two {
        return Err(RespError::refused("FORMAT argument is not supported on RESP2"));
    }
    match word.to_ascii_uppercase().as_slice() {
        b"STRING" => Ok(Format::String),
        b"STRINGS" => Ok(Format::Strings),
        b"EXPAND" => Ok(Format::Expand),
        _ => Err(RespError::refused("wrong format")),
    }
}

fn listed(paths: &[(Path, Bytes)], json: &Json, shown: impl Fn(&Json) -> Reply) -> Answer {
    let lists = paths.iter().map(|(path, _)| Ok(Reply::Array(path.values(json)?.into_iter().map(&shown).collect())));
    Ok(Reply::Array(lists.collect::<Result<_, RespError>>()?))
}

/// One path: its values (`$`) or its value. Several: an object of them; as lists when any of them has `$`.
fn text(paths: &[(Path, Bytes)], json: &Json, layout: &Layout) -> Result<String, RespError> {
    if let [(path, word)] = paths {
        let values = path.values(json)?;
        return match (path.legacy, values.first()) {
            (true, Some(first)) => Ok(layout.text(first)),
            (true, None) => Err(RespError::refused(format!("Path '{}' does not exist", told(word)))),
            (false, _) => Ok(layout.text(&Json::Array(values.into_iter().cloned().collect()))),
        };
    }
    let legacy = paths.iter().all(|(path, _)| path.legacy);
    let mut all = Map::new();
    for (path, word) in paths {
        let name = String::from_utf8_lossy(word).into_owned();
        let mut values = path.values(json)?.into_iter().cloned();
        let value = if legacy {
            values.next().ok_or_else(|| RespError::refused(format!("Path '{name}' does not exist")))?
        } else {
            Json::Array(values.collect())
        };
        all.insert(name, value);
    }
    Ok(layout.text(&Json::Object(all)))
}

pub(super) async fn mget(session: &mut Session, args: Args) -> Answer {
    let (word, keys) = args.rest().split_last().ok_or(RespError::Syntax)?;
    let path = path(word)?;
    let mut answers = Vec::with_capacity(keys.len());
    for key in keys {
        // A key of another type is as good as none.
        let json = document(session.get(key).await?).unwrap_or(None).map(|(json, _)| json);
        answers.push(match json {
            None => Reply::Null,
            Some(json) => {
                let values = path.values(&json)?;
                if path.legacy {
                    values.first().map_or(Reply::Null, |value| Reply::text(&value.to_string()))
                } else {
                    Reply::text(&Json::Array(values.into_iter().cloned().collect()).to_string())
                }
            }
        });
    }
    Ok(Reply::Array(answers))
}

fn type_name(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "boolean",
        Json::Number(number) if number.is_f64() => "number",
        Json::Number(_) => "integer",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

pub(super) async fn type_of(session: &mut Session, mut args: Args) -> Answer {
    let (key, path) = (args.must()?, path_or_root(&mut args)?);
    let found = read(session, &key).await?;
    let answer = match &found {
        None => Reply::Null,
        Some(json) => {
            let names = path.values(json)?.into_iter().map(|value| Reply::text(type_name(value)));
            if path.legacy { names.into_iter().next().unwrap_or(Reply::Null) } else { Reply::Array(names.collect()) }
        }
    };
    Ok(if session.protocol == Protocol::Three { Reply::Array(vec![answer]) } else { answer })
}

/// What each value answers of itself, read alone. `absent`: what a missing key is answered with a `$` path.
pub(super) async fn each_read(
    session: &Session,
    key: &[u8],
    path: &Path,
    shown: impl Fn(&Json) -> Option<Reply> + Send + Sync,
    missing: impl Fn(Option<&Json>) -> RespError + Send + Sync,
) -> Answer {
    let Some(json) = read(session, key).await? else {
        return if path.legacy { Ok(Reply::Null) } else { Err(no_key()) };
    };
    let values = path.values(&json)?;
    if path.legacy {
        let first = values.first().copied();
        return first.and_then(&shown).ok_or_else(|| missing(first));
    }
    Ok(Reply::Array(values.into_iter().map(|value| shown(value).unwrap_or(Reply::Null)).collect()))
}

/// A path and what it is called in an error.
pub(super) fn named_path(args: &mut Args) -> Result<(Path, String), RespError> {
    let word = args.take().unwrap_or(Bytes::from_static(b"."));
    Ok((path(&word)?, told(&word)))
}

/// That a path means nothing, or something of another type.
pub(super) fn wrong_type(expected: &str, found: Option<&Json>, name: &str) -> RespError {
    match found {
        Some(found) => RespError::line(format!(
            "WRONGTYPE wrong type of path value - expected {expected} but found {}",
            type_name(found)
        )),
        None => RespError::refused(format!("Path '{name}' does not exist")),
    }
}

pub(super) async fn strlen(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let (path, name) = named_path(&mut args)?;
    let length = |json: &Json| json.as_str().map(|text| Reply::count(text.len()));
    each_read(session, &key, &path, length, |found| wrong_type("string", found, &name)).await
}

pub(super) async fn objkeys(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let (path, name) = named_path(&mut args)?;
    if is_absent(session, &key, &path).await? {
        return Ok(Reply::Null);
    }
    let keys = |json: &Json| Some(Reply::Array(json.as_object()?.keys().map(|key| Reply::text(key)).collect()));
    each_read(session, &key, &path, keys, |_| no_object(&name)).await
}

pub(super) async fn objlen(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let (path, name) = named_path(&mut args)?;
    if is_absent(session, &key, &path).await? {
        return Ok(Reply::Null);
    }
    let length = |json: &Json| Some(Reply::count(json.as_object()?.len()));
    let found = each_read(session, &key, &path, length, |found| wrong_type("object", found, &name)).await;
    if path.legacy || read(session, &key).await?.is_some() { found } else { Err(no_object(&name)) }
}

/// Whether the older spelling of a path means nothing in the document.
async fn is_absent(session: &Session, key: &[u8], path: &Path) -> Result<bool, RespError> {
    let Some(json) = read(session, key).await? else { return Ok(path.legacy) };
    Ok(path.legacy && path.values(&json)?.is_empty())
}

fn no_object(name: &str) -> RespError {
    RespError::refused(format!("Path '{name}' does not exist or not an object"))
}

pub(super) async fn resp(session: &mut Session, mut args: Args) -> Answer {
    let key = args.must()?;
    let (path, name) = named_path(&mut args)?;
    let Some(json) = read(session, &key).await? else { return Ok(Reply::Null) };
    listed_or_first(&path, &json, bracketed, &name)
}

/// `JSON.DEBUG MEMORY key [path]`: bytes of the value as text, which is how it is kept.
pub(super) async fn debug(session: &mut Session, mut args: Args) -> Answer {
    match args.must()?.to_ascii_uppercase().as_slice() {
        b"HELP" => {
            Ok(Reply::bulks(["MEMORY <key> [path] - reports memory usage", "HELP                - this message"]))
        }
        b"MEMORY" => {
            let key = args.take().ok_or_else(|| RespError::Arity { command: "json.debug".to_owned() })?;
            let (path, name) = named_path(&mut args)?;
            match read(session, &key).await? {
                None if path.legacy => Ok(Reply::Integer(0)),
                None => Ok(Reply::Array(Vec::new())),
                Some(json) => listed_or_first(&path, &json, |value| Reply::count(value.to_string().len()), &name),
            }
        }
        _ => Err(RespError::refused("unknown subcommand - try `JSON.DEBUG HELP`")),
    }
}

/// Every value of a path with `$`; of one without the first, which must be there.
fn listed_or_first(path: &Path, json: &Json, shown: impl Fn(&Json) -> Reply, name: &str) -> Answer {
    let mut values = path.values(json)?.into_iter().map(shown);
    if !path.legacy {
        return Ok(Reply::Array(values.collect()));
    }
    values.next().ok_or_else(|| RespError::refused(format!("Path '{name}' does not exist")))
}
