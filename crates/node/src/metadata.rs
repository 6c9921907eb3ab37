//! The metadata of this node: one value, changed only by commands, durable before anybody sees it.
//!
//! A single node decides alone what a cluster would agree on: the same commands, the same `apply`, in one file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cluster::apply::apply;
use cluster::command::Command;
use cluster::state::{NodeId, State};
use model::error::{Error, ErrorKind};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use crate::identity;

/// Who this node is, for ever; and the file that says so.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    pub node: NodeId,
}

/// The newest state, and the way to a newer one.
pub struct Metadata {
    path: PathBuf,
    state: RwLock<Arc<State>>,
    changing: Mutex<()>,
}

impl Metadata {
    /// Reads the state below `directory`, or begins a cluster of one.
    ///
    /// # Errors
    /// What does not read back, naming the file.
    pub fn open(directory: &Path) -> io::Result<(Self, Identity)> {
        let identity =
            read_or_make(&directory.join("node.json"), || Identity { node: NodeId(identity::random().into()) })?;
        let path = directory.join("metadata.json");
        let fresh = || State { cluster_uuid: identity::random().into(), ..State::default() };
        let state = read_or_make(&path, fresh)?;
        Ok((Self { path, state: RwLock::new(Arc::new(state)), changing: Mutex::default() }, identity))
    }

    /// The state of now.
    pub fn state(&self) -> Arc<State> {
        self.state.read().clone()
    }

    /// Carries out a command. When it returns, the change is on the disk and [`Metadata::state`] shows it. Blocks for the disk.
    ///
    /// # Errors
    /// The command's refusal, with nothing changed; `i_o_exception` when the disk refuses.
    pub fn submit(&self, command: &Command) -> Result<Arc<State>, Error> {
        self.submit_all(std::slice::from_ref(command))?.into_iter().collect::<Result<(), Error>>()?;
        Ok(self.state())
    }

    /// Carries out commands in order, each refused or done alone, with one write for all.
    ///
    /// # Errors
    /// `i_o_exception` when the disk refuses: none is done then.
    pub fn submit_all(&self, commands: &[Command]) -> Result<Vec<Result<(), Error>>, Error> {
        self.transact(commands, |_| Vec::new())
    }

    /// As [`Metadata::submit_all`], together with what `plan` makes of the state after them. Their answers come first.
    ///
    /// # Errors
    /// `i_o_exception` when the disk refuses: none is done then.
    pub fn transact(
        &self,
        commands: &[Command],
        plan: impl FnOnce(&State) -> Vec<Command>,
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let _changing = self.changing.lock();
        let before = self.state();
        let mut after = before.clone();
        let mut carry_out = |command: &Command| apply(&after, command).map(|next| after = Arc::new(next));
        let mut answers: Vec<Result<(), Error>> = commands.iter().map(&mut carry_out).collect();
        let planned = plan(&after);
        answers.extend(planned.iter().map(|command| apply(&after, command).map(|next| after = Arc::new(next))));
        // The version grows with every command that changes something.
        if after.version != before.version {
            write(&self.path, &*after)
                .map_err(|e| Error::new(ErrorKind::Io, format!("cannot write {}: {e}", self.path.display())))?;
            *self.state.write() = after;
        }
        Ok(answers)
    }
}

fn read_or_make<T: Serialize + for<'a> Deserialize<'a>>(path: &Path, fresh: impl FnOnce() -> T) -> io::Result<T> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} does not read back: {e}", path.display()))
        }),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let made = fresh();
            write(path, &made)?;
            Ok(made)
        }
        Err(e) => Err(io::Error::new(e.kind(), format!("cannot read {}: {e}", path.display()))),
    }
}

fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    let directory = path.parent().unwrap_or_else(|| Path::new("."));
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use cluster::command::CreateIndex;
    use model::id::IndexUuid;

    use super::*;

    #[test]
    fn what_was_decided_is_there_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let (metadata, identity) = Metadata::open(directory.path()).unwrap();
        let create = Command::CreateIndex(CreateIndex {
            name: "films".into(),
            uuid: IndexUuid("u".into()),
            creation_date_ms: 1,
            settings: Default::default(),
            mappings: Some(serde_json::json!({"properties": {"title": {"type": "text"}}})),
            aliases: Default::default(),
        });
        let state = metadata.submit(&create).unwrap();
        assert!(metadata.submit(&create).is_err(), "the name is taken");
        let (again, same) = Metadata::open(directory.path()).unwrap();
        assert_eq!((again.state(), same.node), (state, identity.node));
    }
}
