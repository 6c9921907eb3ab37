//! `FT.ALIASADD`, `FT.ALIASUPDATE`, `FT.ALIASDEL`, `FT.ALIASLIST`: other names of an index, which are aliases like any others.

use model::admin::{AliasAction, AliasInfo};

use super::definition::{client_name, index_name};
use crate::args::Args;
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

type Answer = Result<Reply, RespError>;

const UNKNOWN: &str = "Unknown index name (or name is an alias itself)";

fn action(alias: &str, index: &str) -> AliasAction {
    AliasAction::Add {
        indexes: vec![index.to_owned()],
        aliases: vec![index_name(alias)],
        alias: AliasInfo::default(),
        must_exist: None,
    }
}

/// The alias and the index behind the gateway.
fn named(session: &Session, args: &mut Args) -> Result<(String, String), RespError> {
    let (alias, name) = (super::text(args.must()?), super::text(args.must()?));
    let (index, _) = session.server.registry.own(&name).ok_or(RespError::line(UNKNOWN))?;
    Ok((alias, index.to_string()))
}

pub async fn add(session: &mut Session, mut args: Args) -> Answer {
    let (alias, index) = named(session, &mut args)?;
    if session.server.gateway.is_alias(&index_name(&alias)) {
        return Err(RespError::line("Alias already exists"));
    }
    session.server.gateway.update_aliases(vec![action(&alias, &index)]).await?;
    Ok(Reply::OK)
}

pub async fn add_if_absent(session: &mut Session, mut args: Args) -> Answer {
    let (alias, index) = named(session, &mut args)?;
    if !session.server.gateway.is_alias(&index_name(&alias)) {
        session.server.gateway.update_aliases(vec![action(&alias, &index)]).await?;
    }
    Ok(Reply::OK)
}

pub async fn update(session: &mut Session, mut args: Args) -> Answer {
    let (alias, index) = named(session, &mut args)?;
    let mut actions = Vec::new();
    if session.server.gateway.is_alias(&index_name(&alias)) {
        actions.push(removal(&alias));
    }
    actions.push(action(&alias, &index));
    session.server.gateway.update_aliases(actions).await?;
    Ok(Reply::OK)
}

fn removal(alias: &str) -> AliasAction {
    AliasAction::Remove { indexes: vec!["*".to_owned()], aliases: vec![index_name(alias)], must_exist: None }
}

/// `FT.ALIASLIST index`, ours: in the order of their bytes.
pub async fn list(session: &mut Session, mut args: Args) -> Answer {
    let name = super::text(args.must()?);
    let known = session.server.registry.find(&name).ok_or(RespError::line("Unknown index name"))?;
    let mut names: Vec<String> = known.aliases.iter().map(|alias| client_name(alias)).collect();
    names.sort();
    Ok(Reply::Array(names.iter().map(|name| Reply::text(name)).collect()))
}

pub async fn delete_if_present(session: &mut Session, mut args: Args) -> Answer {
    let alias = super::text(args.must()?);
    if session.server.gateway.is_alias(&index_name(&alias)) {
        session.server.gateway.update_aliases(vec![removal(&alias)]).await?;
    }
    Ok(Reply::OK)
}

pub async fn delete(session: &mut Session, mut args: Args) -> Answer {
    let alias = super::text(args.must()?);
    if !session.server.gateway.is_alias(&index_name(&alias)) {
        return Err(RespError::line("Alias does not exist"));
    }
    session.server.gateway.update_aliases(vec![removal(&alias)]).await?;
    Ok(Reply::OK)
}
