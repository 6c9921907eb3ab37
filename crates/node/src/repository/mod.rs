//! Repositories of snapshots: folders that every node reaches.
//!
//! ```text
//! snapshots/NAME.json           what a snapshot is made of: a `Manifest`
//! indices/UUID/NUMBER/BLOB      files of shards; several snapshots may name one
//! lock                          held by who adds to the repository, or takes away
//! ```
//!
//! In: a repository as the metadata has it. Out: its snapshots, and the files of shards, in and out. Everything here blocks for the disk. Not
//! here: which shards there are and who holds them (`gateway::snapshots`), nor opening what came back (`indexes`).

mod folder;
mod lock;
pub(crate) mod manifest;
mod shards;
mod verify;

use std::path::{Component, Path, PathBuf};

use cluster::state::State;
use model::definition::Definition;
use model::error::{Error, ErrorKind};
use model::snapshot::Repository as Registered;
use serde_json::Value;

use folder::Folder;
pub(crate) use lock::Lock;
pub(crate) use manifest::{Manifest, SavedFile, SavedIndex, SavedShard};

/// The one kind of repository that there is.
const KIND: &str = "fs";

/// A repository of this node's disk.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) name: String,
    /// As it was registered: other nodes may find it elsewhere.
    pub(crate) location: String,
    pub(crate) is_read_only: bool,
    root: PathBuf,
}

/// What the metadata knows a repository by.
pub(crate) fn registered(state: &State, name: &str) -> Option<Registered> {
    serde_json::from_value(state.definition(Definition::Repository, name)?.clone()).ok()
}

impl Repository {
    /// `allowed`: folders that repositories may lie in; a location that is not absolute lies in the first one.
    ///
    /// # Errors
    /// `repository_exception` for a type that there is not, and for a location that is missing or lies elsewhere.
    pub(crate) fn of(name: &str, registered: &Registered, allowed: &[PathBuf]) -> Result<Self, Error> {
        let Registered { kind, settings } = registered;
        if kind != KIND {
            return Err(broken(name, format!("repository type [{kind}] does not exist")));
        }
        let location = settings.get("location").and_then(Value::as_str).filter(|location| !location.is_empty());
        let location = location.ok_or_else(|| not_made(name, "missing location".to_owned()))?;
        let is_read_only = settings.get("readonly").is_some_and(|value| *value == true || value == "true");
        Ok(Self { is_read_only, ..Self::at(name, location, allowed)? })
    }

    /// The one that lies there.
    ///
    /// # Errors
    /// `repository_exception` for a location that lies outside of what is allowed.
    pub(crate) fn at(name: &str, location: &str, allowed: &[PathBuf]) -> Result<Self, Error> {
        let root = resolved(Path::new(location), allowed).ok_or_else(|| {
            not_made(name, format!("location [{location}] doesn't match any of the locations specified by path.repo"))
        })?;
        Ok(Self { name: name.to_owned(), location: location.to_owned(), is_read_only: false, root })
    }

    fn folder(&self) -> Folder<'_> {
        Folder { repository: &self.name, root: &self.root }
    }

    /// # Errors
    /// `repository_exception` where nothing may be changed.
    pub(crate) fn check_writable(&self, refusal: &str) -> Result<(), Error> {
        match self.is_read_only {
            true => Err(broken(&self.name, refusal.to_owned())),
            false => Ok(()),
        }
    }
}

/// What is wrong with a repository.
fn broken(repository: &str, reason: String) -> Error {
    Error::new(ErrorKind::Repository, format!("[{repository}] {reason}"))
}

/// Why a repository cannot be.
fn not_made(repository: &str, reason: String) -> Error {
    let cause = broken(repository, reason);
    let mut error = broken(repository, "failed to create repository".to_owned());
    error.root_causes = vec![cause.clone()];
    error.with_cause(cause)
}

/// The folder that a location means; `None`: it lies outside of those that are allowed.
fn resolved(location: &Path, allowed: &[PathBuf]) -> Option<PathBuf> {
    if location.components().any(|part| matches!(part, Component::ParentDir | Component::CurDir)) {
        return None;
    }
    match location.is_absolute() {
        true => allowed.iter().any(|root| location.starts_with(root)).then(|| location.to_owned()),
        false => allowed.first().map(|root| root.join(location)),
    }
}

#[cfg(test)]
mod tests;
