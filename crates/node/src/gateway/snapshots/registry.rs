//! The repositories that the cluster knows.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cluster::command::Command;
use cluster::state::{Node, NodeId, State};
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::mapping::simple_match;
use model::snapshot::{Repository as Registered, missing_repository};

use super::super::{NodeGateway, everywhere, remote::ask_each};
use super::blocking;
use super::remote::Prove;
use crate::core::Core;
use crate::identity;
use crate::repository::{Repository, registered};

/// How long the slowest node may take to prove that it reaches a repository.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn put(door: &NodeGateway, name: String, registered: Registered, verify: bool) -> Result<(), Error> {
    let repository = Repository::of(&name, &registered, &door.core.config.repositories)?;
    if verify && !repository.is_read_only {
        proven(&door.core, repository).await?;
    }
    let definition = serde_json::to_value(&registered).map_err(|e| Error::illegal_argument(e.to_string()))?;
    door.submit(Command::PutDefinition { kind: Definition::Repository, name: name.into(), definition }).await?;
    everywhere::followed(&door.core).await;
    Ok(())
}

pub(super) async fn delete(door: &NodeGateway, patterns: &[String]) -> Result<(), Error> {
    let known = all(&door.core.state());
    let mut names = Vec::new();
    for pattern in patterns {
        let found: Vec<Arc<str>> = known.keys().filter(|name| simple_match(pattern, name)).cloned().collect();
        if found.is_empty() && pattern != "*" {
            return Err(missing_repository(pattern));
        }
        names.extend(found);
    }
    if !names.is_empty() {
        door.submit(Command::DeleteDefinitions { kind: Definition::Repository, names }).await?;
    }
    Ok(())
}

pub(super) fn all(state: &State) -> BTreeMap<Arc<str>, Registered> {
    let names = state.definitions.get(&Definition::Repository).into_iter().flat_map(BTreeMap::keys);
    names.filter_map(|name| Some((name.clone(), registered(state, name)?))).collect()
}

/// # Errors
/// `repository_missing_exception`; `repository_exception` where this node may not use its location.
pub(super) fn find(core: &Core, name: &str) -> Result<Repository, Error> {
    let registered = registered(&core.state(), name).ok_or_else(|| missing_repository(name))?;
    Repository::of(name, &registered, &core.config.repositories)
}

/// Ids and names of the nodes that reach the repository.
pub(super) async fn verify(core: &Arc<Core>, name: &str) -> Result<Vec<(Arc<str>, Arc<str>)>, Error> {
    proven(core, find(core, name)?).await?;
    let state = core.state();
    Ok(state.nodes.iter().filter(|(_, node)| uses(node)).map(|(id, node)| (id.0.clone(), node.name.clone())).collect())
}

/// Whether a node reads or writes repositories.
fn uses(node: &Node) -> bool {
    node.is_data() || node.is_cluster_manager()
}

/// Has every node read what this one writes.
async fn proven(core: &Arc<Core>, repository: Repository) -> Result<(), Error> {
    let token = identity::random();
    let (writes, written) = (repository.clone(), token.clone());
    blocking(move || writes.begin_proof(&written)).await?;
    let (name, location) = (repository.name.clone(), repository.location.clone());
    let message = Prove { repository: name.clone(), location, token: token.clone() };
    let state = core.state();
    let nodes: Vec<NodeId> = state.nodes.iter().filter(|(_, node)| uses(node)).map(|(id, _)| id.clone()).collect();
    let answers = ask_each(core, nodes.clone(), &message, PATIENCE).await;
    let failed = |node: &NodeId| match answers.get(node) {
        Some(Ok(())) => None,
        Some(Err(error)) => Some(format!("[{}, '{}']", node.0, error.reason)),
        None => Some(format!("[{}, 'no answer']", node.0)),
    };
    let failures: Vec<String> = nodes.iter().filter_map(failed).collect();
    blocking(move || {
        repository.end_proof(&token);
        Ok(())
    })
    .await?;
    if failures.is_empty() {
        return Ok(());
    }
    let reason = format!("[{name}] [{}]", failures.join(", "));
    Err(Error::new(ErrorKind::RepositoryVerification, reason))
}
