//! Files of a repository: written so that who reads finds them whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use model::error::Error;

use super::broken;
use crate::identity;

/// Names of files that are being written begin so.
const UNFINISHED: &str = ".unfinished-";

/// The folder of a repository; names are below it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Folder<'a> {
    pub(super) repository: &'a str,
    pub(super) root: &'a Path,
}

impl Folder<'_> {
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// What failed, in the repository's words.
    pub(super) fn error(&self, what: &str, path: &Path, error: &io::Error) -> Error {
        broken(self.repository, format!("cannot {what} [{}]: {error}", path.display()))
    }

    pub(super) fn create(&self, path: &Path) -> Result<(), Error> {
        fs::create_dir_all(path).map_err(|e| self.error("create", path, &e))
    }

    /// Writes a file in place of what has its name.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        self.put(name, |file| file.write_all(bytes))
    }

    /// Writes a file of a name that nothing has. Out: whether nothing had it.
    pub(super) fn write_new(&self, name: &str, bytes: &[u8]) -> Result<bool, Error> {
        let (unfinished, path) = (self.unfinished(name, |file| file.write_all(bytes))?, self.path(name));
        let linked = fs::hard_link(&unfinished, &path);
        let _ = fs::remove_file(&unfinished);
        match linked {
            Ok(()) => self.sync(&path).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(self.error("write", &path, &error)),
        }
    }

    /// Has a file filled, and puts it in place.
    pub(super) fn put(&self, name: &str, fill: impl FnOnce(&mut fs::File) -> io::Result<()>) -> Result<(), Error> {
        let (unfinished, path) = (self.unfinished(name, fill)?, self.path(name));
        fs::rename(&unfinished, &path).map_err(|e| self.error("write", &path, &e))?;
        self.sync(&path)
    }

    fn unfinished(&self, name: &str, fill: impl FnOnce(&mut fs::File) -> io::Result<()>) -> Result<PathBuf, Error> {
        let path = self.path(name);
        let parent = path.parent().unwrap_or(self.root);
        self.create(parent)?;
        let unfinished = parent.join(format!("{UNFINISHED}{}", identity::random()));
        let written = fs::File::create_new(&unfinished).and_then(|mut file| {
            fill(&mut file)?;
            file.sync_all()
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&unfinished);
            self.error("write", &path, &error)
        })?;
        Ok(unfinished)
    }

    /// Makes a name last.
    fn sync(&self, path: &Path) -> Result<(), Error> {
        let parent = path.parent().unwrap_or(self.root);
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(|e| self.error("sync", parent, &e))
    }

    /// `None`: there is no such file.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error("read", &path, &error)),
        }
    }

    /// The names in a folder, but for files that are being written; none where there is no folder.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, Error> {
        let all = self.list_all(name)?;
        Ok(all.into_iter().filter(|name| !name.starts_with(UNFINISHED)).collect())
    }

    /// All names in a folder, in order.
    pub(super) fn list_all(&self, name: &str) -> Result<Vec<String>, Error> {
        let path = self.path(name);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.error("list", &path, &error)),
        };
        let name =
            |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let names: io::Result<Vec<String>> = entries.map(name).collect();
        let mut names = names.map_err(|e| self.error("list", &path, &e))?;
        names.sort();
        Ok(names)
    }

    /// Removes a file that may be gone already. Out: its bytes.
    pub(super) fn remove(&self, name: &str) -> Result<u64, Error> {
        let path = self.path(name);
        let bytes = fs::metadata(&path).map_or(0, |found| found.len());
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.error("remove", &path, &error)),
            _ => Ok(bytes),
        }
    }

    /// Removes a folder if nothing is in it.
    pub(super) fn remove_empty(&self, name: &str) {
        let _ = fs::remove_dir(self.path(name));
    }
}
