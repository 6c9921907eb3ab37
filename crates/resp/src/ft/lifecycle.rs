//! Indexes made, widened and dropped: `FT.CREATE`, `FT.ALTER`, `FT.DROPINDEX`, `FT.SYNUPDATE`.

use std::sync::Arc;

use model::admin::{CreateIndex, PutMapping};
use model::error::ErrorKind;
use model::target::Target;
use serde_json::json;

use super::create::{self, Created};
use super::definition::{Definition, META, index_name};
use super::{mapping, scan};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::server::Server;
use crate::session::Session;

type Answer = Result<Reply, RespError>;

pub async fn create(session: &mut Session, args: Args) -> Answer {
    created(session, args, false).await
}

pub async fn create_if_absent(session: &mut Session, args: Args) -> Answer {
    created(session, args, true).await
}

/// What a command that finds an index there already answers.
fn exists(may_exist: bool) -> Answer {
    if may_exist { Ok(Reply::OK) } else { Err(RespError::line("Index already exists")) }
}

pub(super) fn arity(args: &Args) -> RespError {
    RespError::Arity { command: String::from_utf8_lossy(args.name()).to_uppercase() }
}

async fn created(session: &mut Session, mut args: Args, may_exist: bool) -> Answer {
    let server = session.server.clone();
    if args.left() < 4 {
        return Err(arity(&args));
    }
    let name = args.peek().map(|name| super::text(name.clone())).unwrap_or_default();
    if server.registry.own(&name).is_some() || server.gateway.is_alias(&index_name(&name)) {
        return exists(may_exist);
    }
    let Created { definition, skip_scan } = create::read(&mut args)?;
    let stemmed = definition.attributes.iter().any(super::definition::Attribute::is_text);
    if stemmed && server.gateway.stems(&definition.language, &[]).is_none() {
        return Err(RespError::line(format!("Stemming of language {} is not implemented yet", definition.language)));
    }
    let request = CreateIndex {
        name: index_name(&definition.name),
        settings: mapping::settings(&definition, server.settings.index_shards, server.settings.sync_always),
        mappings: Some(mapping::mapping(&definition)),
        timeout_ms: 30_000,
        ..CreateIndex::default()
    };
    match server.gateway.create_index(request).await {
        Ok(_) => {}
        Err(error) if error.kind == ErrorKind::ResourceAlreadyExists => return exists(may_exist),
        Err(error) => return Err(error.into()),
    }
    if !skip_scan {
        scan::start(&server, &definition.name).await;
    }
    Ok(Reply::OK)
}

pub async fn alter(session: &mut Session, args: Args) -> Answer {
    altered(session, args, false).await
}

pub async fn alter_if_absent(session: &mut Session, args: Args) -> Answer {
    altered(session, args, true).await
}

async fn altered(session: &mut Session, mut args: Args, may_exist: bool) -> Answer {
    let server = session.server.clone();
    if args.left() < 4 {
        return Err(arity(&args));
    }
    let name = super::text(args.must()?);
    let (index, definition) = server.registry.must(&name, "Unknown index name")?;
    let skip_scan = args.take_word("SKIPINITIALSCAN");
    if !args.take_word("SCHEMA") {
        return Err(RespError::line("ALTER must be followed by SCHEMA"));
    }
    if !args.take_word("ADD") {
        return Err(RespError::line("Unknown action passed to ALTER SCHEMA"));
    }
    let first = args.peek().map(|name| super::text(name.clone())).ok_or_else(|| arity(&args))?;
    if may_exist && definition.attribute(&first).is_some() {
        return Ok(Reply::OK);
    }
    let mut changed = definition.written().clone();
    create::attributes(&mut args, &mut changed)?;
    if !definition.serves(&changed) {
        // Every key is written once more before searches go by what is new.
        let between = Definition { next: Some(Box::new(changed.clone())), ..(*definition).clone() };
        store(&server, &index, &between).await?;
        scan::finish(&server, &definition.name).await?;
        store(&server, &index, &changed).await?;
    } else {
        store(&server, &index, &changed).await?;
    }
    if !skip_scan {
        scan::start(&server, &changed.name).await;
    }
    Ok(Reply::OK)
}

/// Writes a definition and the fields that follow from it.
///
/// # Errors
/// What the node answers.
pub async fn store(server: &Server, index: &Arc<str>, definition: &Definition) -> Result<(), RespError> {
    let mut mapping = mapping::mapping(definition.written());
    mapping["_meta"] = json!({META: definition});
    let request = PutMapping { target: Target::one(&**index), mapping, write_index_only: false };
    Ok(server.gateway.put_mapping(request).await?)
}

pub async fn drop_index_if_present(session: &mut Session, args: Args) -> Answer {
    if args.left() > 2 {
        return Err(arity(&args));
    }
    let name = args.peek().map(|name| super::text(name.clone())).unwrap_or_default();
    match session.server.registry.must(&name, "Unknown Index name") {
        Ok(_) => drop_index(session, args).await,
        Err(_) => Ok(Reply::OK),
    }
}

pub async fn drop_index(session: &mut Session, mut args: Args) -> Answer {
    let server = session.server.clone();
    let name = super::text(args.must()?);
    let with_keys = args.take_word("DD");
    let (index, definition) = server.registry.must(&name, "Unknown Index name")?;
    if let Some(word) = args.take() {
        let word = super::text(word);
        return Err(RespError::line(format!("Unknown argument `{word}`")));
    }
    remove(&server, &index, &definition, with_keys).await?;
    Ok(Reply::OK)
}

/// `FT.DROP index [KEEPDOCS]`, of old: the keys go, too, unless they are to stay.
pub async fn drop_with_keys(session: &mut Session, mut args: Args) -> Answer {
    if args.left() > 2 {
        return Err(arity(&args));
    }
    let name = super::text(args.must()?);
    let with_keys = !args.take_word("KEEPDOCS");
    let server = session.server.clone();
    let (index, definition) = server.registry.must(&name, "Unknown Index name")?;
    remove(&server, &index, &definition, with_keys).await?;
    Ok(Reply::OK)
}

pub async fn drop_with_keys_if_present(session: &mut Session, args: Args) -> Answer {
    let name = args.peek().map(|name| super::text(name.clone())).unwrap_or_default();
    match session.server.registry.must(&name, "Unknown Index name") {
        Ok(_) => drop_with_keys(session, args).await,
        Err(_) => Ok(Reply::OK),
    }
}

/// Drops one index, with the keys in it or without.
///
/// # Errors
/// What the node answers.
pub async fn remove(
    server: &Server,
    index: &Arc<str>,
    definition: &Definition,
    with_keys: bool,
) -> Result<(), RespError> {
    let keys = if with_keys { scan::indexed(server, &definition.name).await? } else { Vec::new() };
    server.gateway.delete_indexes(Target::one(&**index)).await?;
    server.registry.forget(index);
    for some in keys.chunks(1000) {
        server.keyspace.delete(some).await?;
    }
    Ok(())
}

/// Drops every index of this dialect.
///
/// # Errors
/// What the node answers.
pub async fn drop_all(server: &Server) -> Result<(), RespError> {
    super::words_index::drop_all(server).await?;
    for (index, _) in server.registry.defined() {
        match server.gateway.delete_indexes(Target::one(&*index)).await {
            Err(error) if error.kind != ErrorKind::IndexNotFound => return Err(error.into()),
            _ => server.registry.forget(&index),
        }
    }
    Ok(())
}

/// `FT.SYNUPDATE index group [SKIPINITIALSCAN] word ..`: groups are looked at when a query is read, so nothing is indexed again.
pub async fn synonyms(session: &mut Session, mut args: Args) -> Answer {
    let server = session.server.clone();
    let name = super::text(args.must()?);
    let group = super::text(args.must()?);
    if !args.take_word("SKIPINITIALSCAN") && args.is_empty() {
        return Err(arity(&args));
    }
    let (index, definition) = server.registry.must(&name, "Unknown index name")?;
    if args.is_empty() {
        return Ok(Reply::OK);
    }
    let mut changed = (*definition).clone();
    let words = changed.synonyms.entry(group).or_default();
    while let Some(word) = args.take() {
        words.insert(super::text(word).to_lowercase());
    }
    store(&server, &index, &changed).await?;
    Ok(Reply::OK)
}
