//! The Rust files of the workspace, and what part each plays.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::workspace::Workspace;

/// One Rust file.
#[derive(Debug)]
pub(crate) struct Source {
    /// The crate it belongs to.
    pub(crate) room: String,
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Every Rust file of every crate, in a fixed order.
    pub(crate) fn all(workspace: &Workspace) -> Result<Vec<Self>, Failure> {
        let mut sources = Vec::new();
        for package in &workspace.packages {
            for path in files(&workspace.root, Path::new(&package.folder), "rs")? {
                let full = workspace.root.join(&path);
                let text = fs::read_to_string(&full).map_err(|source| Failure::Read { path: full, source })?;
                sources.push(Self { room: package.name.clone(), path, text });
            }
        }
        Ok(sources)
    }

    /// Whether the whole file is there for tests: in a folder `tests`, or a module `tests`.
    pub(crate) fn is_test(&self) -> bool {
        let mut parts = self.path.rsplit('/');
        let file = parts.next().unwrap_or_default();
        file == "tests.rs" || file.ends_with("_tests.rs") || parts.any(|folder| folder == "tests")
    }
}

/// The files with this extension below `root/folder`, as paths relative to `root`, sorted. Hidden folders and build output are
/// not entered.
pub(crate) fn files(root: &Path, folder: &Path, extension: &str) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(folder) = open.pop() {
        let failed = |source| Failure::Read { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
            // The entry's own type: a symbolic link is not followed, so that a cycle cannot hold us here.
            if entry.file_type().map_err(failed)?.is_dir() {
                if !name.starts_with('.') && name != "target" && !name.starts_with("target-") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|e| e == extension) {
                let relative = path.strip_prefix(root).unwrap_or(&path);
                found.push(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A production file of the crate `shard` with this text, for the tests of the rules.
#[cfg(test)]
pub(crate) fn sample(text: &str) -> Source {
    Source { room: "shard".to_owned(), path: "crates/shard/src/sample.rs".to_owned(), text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_files_are_known_by_their_place() {
        let is_test = |path: &str| Source { path: path.to_owned(), ..sample("") }.is_test();
        assert!(is_test("crates/cli/tests/it/main.rs"));
        assert!(is_test("crates/shard/src/score/tests.rs"));
        assert!(is_test("crates/shard/src/score_tests.rs"));
        assert!(!is_test("crates/shard/src/score.rs"));
        assert!(!is_test("crates/shard/examples/bench_scorer.rs"));
    }
}
