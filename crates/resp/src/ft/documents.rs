//! The commands of old for single documents, which some clients still send: `FT.ADD`, `FT.DEL`, `FT.GET`, `FT.MGET`. A document is a hash.

use std::sync::Arc;

use bytes::Bytes;
use model::write::Action;

use super::definition::{DOCUMENT_SCORE, Definition, LANGUAGE, PAYLOAD};
use super::expression::{self, Expression, Scalar};
use super::indexing;
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::keyspace::value::{Fields, Value};
use crate::keyspace::{Entry, Next};
use crate::session::Session;

type Answer = Result<Reply, RespError>;

const MISSING: &str = "Unknown Index name";

/// What `FT.ADD` asks for.
#[derive(Default)]
struct Added {
    replace: bool,
    /// Fields that are not named stay.
    partial: bool,
    /// What must hold of the one that is replaced.
    condition: Option<Expression>,
    fields: Vec<(Bytes, Bytes)>,
}

impl Added {
    fn of(args: &mut Args, score: f64) -> Result<Self, RespError> {
        let mut added = Self::default();
        let mut extra = Vec::new();
        if score != 1.0 {
            extra.push((Bytes::from_static(DOCUMENT_SCORE.as_bytes()), Bytes::from(score.to_string())));
        }
        let value = |args: &mut Args, name: &'static str| {
            let missing =
                || RespError::line(format!("Bad arguments for {name}: Expected an argument, but none provided"));
            args.take().ok_or_else(missing)
        };
        loop {
            let word = args.take().ok_or_else(|| RespError::line("No field list found"))?;
            match word.to_ascii_uppercase().as_slice() {
                b"REPLACE" => added.replace = true,
                b"PARTIAL" => added.partial = true,
                b"LANGUAGE" => extra.push((Bytes::from_static(LANGUAGE.as_bytes()), value(args, "LANGUAGE")?)),
                b"PAYLOAD" => extra.push((Bytes::from_static(PAYLOAD.as_bytes()), value(args, "PAYLOAD")?)),
                b"IF" => {
                    let condition = super::text(value(args, "IF")?);
                    added.condition = Some(expression::parse(&condition).map_err(RespError::line)?);
                }
                b"FIELDS" => break,
                _ => return Err(RespError::line(format!("Unknown keyword `{}` provided", super::text(word)))),
            }
        }
        if !args.left().is_multiple_of(2) {
            return Err(RespError::line("Fields must be specified in FIELD VALUE pairs"));
        }
        while let (Some(name), Some(value)) = (args.take(), args.take()) {
            added.fields.push((name, value));
        }
        added.fields.extend(extra);
        Ok(added)
    }

    /// Whether a document may be replaced.
    fn admits(&self, fields: &Fields) -> Result<bool, RespError> {
        let value = |name: &str| fields.get(name.as_bytes()).map(|value| Scalar::Text(super::text(value.clone())));
        let holds = |condition| expression::evaluate(condition, &value).map(|found| found.is_true());
        self.condition.as_ref().map_or(Ok(true), holds).map_err(RespError::line)
    }
}

/// `FT.ADD index key score [REPLACE [PARTIAL] [IF expression]] [LANGUAGE l] [PAYLOAD p] FIELDS name value ..`
pub async fn add(session: &mut Session, mut args: Args) -> Answer {
    if args.left() < 3 {
        return Err(super::lifecycle::arity(&args));
    }
    let (name, key, score) = (super::text(args.must()?), args.must()?, args.must()?);
    let score = crate::args::loose_number(&score).ok_or_else(|| RespError::line("Could not parse document score"))?;
    if !(0.0..=1.0).contains(&score) {
        return Err(RespError::line("Score must be between 0 and 1"));
    }
    let added = Added::of(&mut args, score)?;
    let server = session.server.clone();
    server.registry.must(&name, "Unknown index name")?;
    let language = added.fields.iter().find(|(name, _)| name == LANGUAGE).map(|(_, given)| given.to_ascii_lowercase());
    let language = language.map(|given| String::from_utf8_lossy(&given).into_owned());
    if language.is_some_and(|language| server.gateway.stems(&language, &[]).is_none()) {
        return Err(RespError::line("Unsupported language"));
    }
    let set = session.change(&key, |current| {
        let (mut fields, expires_at_ms) = match current {
            None => (Fields::default(), None),
            Some(Entry { value: Value::Hash(_), .. }) if !added.replace => {
                return Err(RespError::line("Document already exists"));
            }
            Some(Entry { value: Value::Hash(fields), .. }) if !added.admits(&fields)? => {
                return Ok((Next::Keep, false));
            }
            Some(Entry { value: Value::Hash(fields), expires_at_ms }) if added.partial => (fields, expires_at_ms),
            Some(Entry { value: Value::Hash(_), .. }) => (Fields::default(), None),
            Some(_) => return Err(RespError::line("Invalid Redis key")),
        };
        added.fields.iter().for_each(|(name, value)| fields.set(name.clone(), value.clone()));
        Ok((Next::Put(Entry { value: Value::Hash(fields), expires_at_ms }), true))
    });
    Ok(if set.await? { Reply::OK } else { Reply::word("NOADD") })
}

/// `FT.DEL index key [DD]`: the key goes.
pub async fn delete(session: &mut Session, mut args: Args) -> Answer {
    let (name, key) = (super::text(args.must()?), args.must()?);
    session.server.registry.must(&name, MISSING)?;
    let keys = [key];
    let _held = session.hold(&keys).await;
    Ok(Reply::count(session.server.keyspace.delete(&keys).await?))
}

/// `FT.GET index key`
pub async fn get(session: &mut Session, mut args: Args) -> Answer {
    let (name, key) = (super::text(args.must()?), args.must()?);
    let index = session.server.registry.must(&name, MISSING)?;
    shown(session, &index, &key).await
}

/// `FT.MGET index key ..`
pub async fn get_several(session: &mut Session, mut args: Args) -> Answer {
    let name = super::text(args.must()?);
    let index = session.server.registry.must(&name, MISSING)?;
    let mut found = Vec::with_capacity(args.left());
    for key in args.rest() {
        found.push(shown(session, &index, key).await?);
    }
    Ok(Reply::Array(found))
}

/// The fields of a key that is in the index.
async fn shown(session: &Session, (index, definition): &(Arc<str>, Arc<Definition>), key: &[u8]) -> Answer {
    let Some(entry) = session.get(key).await? else { return Ok(Reply::Null) };
    let documents = indexing::documents(&session.server.registry, key, Some(&entry.value));
    let is_in = documents.iter().any(|write| write.index == *index && matches!(write.action, Action::Index(_)));
    Ok(match entry.value {
        _ if !is_in => Reply::Null,
        Value::Hash(fields) => {
            let fields = fields.into_iter().filter(|(name, _)| !definition.hides(name));
            Reply::Array(fields.flat_map(|(name, value)| [Reply::Bulk(name), Reply::Bulk(value)]).collect())
        }
        Value::Text(_) | Value::Json(_) => Reply::Array(Vec::new()),
    })
}

/// `FT.SYNADD` went before RediSearch 2.
pub async fn add_synonym(_session: &mut Session, _args: Args) -> Answer {
    Err(RespError::line("No longer suppoted, use FT.SYNUPDATE"))
}
