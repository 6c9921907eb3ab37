//! Proving that nodes see one repository: what one writes the others read.

use model::error::{Error, ErrorKind};

use super::Repository;

/// What the node that asks has written, in a folder of the repository.
const ASKED: &str = "asked";

impl Repository {
    /// Writes what other nodes are to read. `token`: of this proof.
    ///
    /// # Errors
    /// `repository_verification_exception` where nothing can be written.
    pub(crate) fn begin_proof(&self, token: &str) -> Result<(), Error> {
        let written = self.folder().write(&format!("{}/{ASKED}", proof(token)), token.as_bytes());
        written.map_err(|error| self.unverified(&error.reason))
    }

    /// Reads what the node that asks has written, and writes beside it. `node`: the id of this one.
    ///
    /// # Errors
    /// `repository_verification_exception`.
    pub(crate) fn prove(&self, token: &str, node: &str) -> Result<(), Error> {
        let (folder, proof) = (self.folder(), proof(token));
        let read = folder.read(&format!("{proof}/{ASKED}")).map_err(|error| self.unverified(&error.reason))?;
        if read.is_none_or(|read| read != token.as_bytes()) {
            let reason = format!(
                "a file written by the node that asked is not here: the location [{}] must be one folder that all nodes share",
                folder.root.display()
            );
            return Err(self.unverified(&reason));
        }
        folder.write(&format!("{proof}/{node}"), token.as_bytes()).map_err(|error| self.unverified(&error.reason))
    }

    /// Removes what a proof has left.
    pub(crate) fn end_proof(&self, token: &str) {
        let (folder, proof) = (self.folder(), proof(token));
        for name in folder.list_all(&proof).unwrap_or_default() {
            let _ = folder.remove(&format!("{proof}/{name}"));
        }
        folder.remove_empty(&proof);
    }

    fn unverified(&self, reason: &str) -> Error {
        Error::new(ErrorKind::RepositoryVerification, format!("[{}] {reason}", self.name))
    }
}

fn proof(token: &str) -> String {
    format!("tests-{token}")
}
