//! What `cargo metadata` says about this workspace: crates, what they depend on, their examples.
//!
//! In: its JSON (without the dependencies of dependencies, so it needs no network and writes no lock file). Out: plain
//! data for `tidy`, `bench` and `fuzz`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::failure::Failure;
use crate::tool;

/// All crates of this repository, by name.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// One crate of this repository.
#[derive(Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    /// Its folder, relative to the root, with forward slashes.
    pub(crate) folder: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) examples: Vec<Example>,
}

/// One line of a `Cargo.toml`.
#[derive(Debug)]
pub(crate) struct Dependency {
    /// The package's name, whatever it is renamed to.
    pub(crate) name: String,
    pub(crate) tests_only: bool,
}

/// One `examples/*.rs`.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl Workspace {
    /// Asks cargo, from wherever the command was typed.
    pub(crate) fn load() -> Result<Self, Failure> {
        let json = tool::output(Path::new("."), &["metadata", "--format-version", "1", "--no-deps"])?;
        Self::parse(&json)
    }

    /// Reads the JSON of `cargo metadata`.
    pub(crate) fn parse(json: &str) -> Result<Self, Failure> {
        let value: Value = serde_json::from_str(json).map_err(|e| Failure::Metadata { what: format!("JSON: {e}") })?;
        let root = PathBuf::from(text(&value, "workspace_root")?);
        let mut packages = Vec::new();
        for package in list(&value, "packages")? {
            packages.push(Package::parse(package, &root)?);
        }
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { root, packages })
    }

    /// Whether this is one of ours.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package.name == name)
    }

    /// The examples whose names begin with `prefix`, each with its crate, in the order of their names.
    pub(crate) fn examples(&self, prefix: &str) -> Vec<(&Package, &Example)> {
        let all =
            self.packages.iter().flat_map(|package| package.examples.iter().map(move |example| (package, example)));
        let mut found: Vec<_> = all.filter(|(_, example)| example.name.starts_with(prefix)).collect();
        found.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        found
    }

    /// The examples that `name` asks for: that one, or all with this prefix.
    ///
    /// # Errors
    /// [`Failure::NoExamples`] when there are none at all, [`Failure::NoSuchExample`] when none has this name.
    pub(crate) fn chosen_examples(
        &self,
        prefix: &'static str,
        name: Option<&str>,
    ) -> Result<Vec<(&Package, &Example)>, Failure> {
        let all = self.examples(prefix);
        if all.is_empty() {
            return Err(Failure::NoExamples { prefix });
        }
        let Some(name) = name else { return Ok(all) };
        let known = all.iter().map(|(_, example)| example.short_name(prefix).to_owned()).collect();
        let chosen: Vec<_> = all.into_iter().filter(|(_, example)| example.short_name(prefix) == name).collect();
        if chosen.is_empty() {
            return Err(Failure::NoSuchExample { prefix, name: name.to_owned(), known });
        }
        Ok(chosen)
    }
}

impl Package {
    fn parse(value: &Value, root: &Path) -> Result<Self, Failure> {
        let manifest = PathBuf::from(text(value, "manifest_path")?);
        let folder = manifest.parent().unwrap_or(root);
        let folder = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().replace('\\', "/");
        let mut dependencies = Vec::new();
        for dependency in list(value, "dependencies")? {
            let tests_only = dependency.get("kind").and_then(Value::as_str) == Some("dev");
            dependencies.push(Dependency { name: text(dependency, "name")?.to_owned(), tests_only });
        }
        let mut examples = Vec::new();
        for target in list(value, "targets")? {
            if list(target, "kind")?.iter().any(|kind| kind == "example") {
                let path = PathBuf::from(text(target, "src_path")?);
                examples.push(Example { name: text(target, "name")?.to_owned(), path });
            }
        }
        Ok(Self { name: text(value, "name")?.to_owned(), folder, dependencies, examples })
    }
}

impl Example {
    /// The name that a person types.
    pub(crate) fn short_name(&self, prefix: &str) -> &str {
        self.name.strip_prefix(prefix).unwrap_or(&self.name)
    }

    /// The first line of its head, or nothing.
    pub(crate) fn about(&self) -> String {
        let source = std::fs::read_to_string(&self.path).unwrap_or_default();
        source.lines().next().and_then(|line| line.strip_prefix("//!")).unwrap_or_default().trim().to_owned()
    }
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str, Failure> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| Failure::Metadata { what: format!("text `{key}`") })
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a [Value], Failure> {
    let found = value.get(key).and_then(Value::as_array).map(Vec::as_slice);
    found.ok_or_else(|| Failure::Metadata { what: format!("list `{key}`") })
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = r#"{"workspace_root": "/w", "packages": [
        {"name": "shard", "manifest_path": "/w/crates/shard/Cargo.toml",
         "dependencies": [{"name": "model", "kind": null}, {"name": "proptest", "kind": "dev"}],
         "targets": [{"name": "shard", "kind": ["lib"], "src_path": "/w/crates/shard/src/lib.rs"},
                     {"name": "bench_scorer", "kind": ["example"], "src_path": "/w/crates/shard/examples/bench_scorer.rs"},
                     {"name": "fuzz_replay", "kind": ["example"], "src_path": "/w/crates/shard/examples/fuzz_replay.rs"}]},
        {"name": "model", "manifest_path": "/w/crates/model/Cargo.toml", "dependencies": [], "targets": []}]}"#;

    #[test]
    fn metadata_becomes_crates_in_the_order_of_their_names() {
        let workspace = Workspace::parse(METADATA).unwrap();
        let names: Vec<_> = workspace.packages.iter().map(|p| (p.name.as_str(), p.folder.as_str())).collect();
        assert_eq!(names, [("model", "crates/model"), ("shard", "crates/shard")]);
        let kinds: Vec<_> =
            workspace.packages[1].dependencies.iter().map(|d| (d.name.as_str(), d.tests_only)).collect();
        assert_eq!(kinds, [("model", false), ("proptest", true)]);
    }

    #[test]
    fn metadata_that_is_not_understood_is_an_error() {
        assert!(Workspace::parse("{}").is_err());
        assert!(Workspace::parse("no JSON").is_err());
    }

    #[test]
    fn examples_are_found_by_prefix_and_an_unknown_name_is_an_error_that_lists_the_known() {
        let workspace = Workspace::parse(METADATA).unwrap();
        let chosen = workspace.chosen_examples("bench_", Some("scorer")).unwrap();
        assert_eq!(chosen.len(), 1);
        assert_eq!((chosen[0].0.name.as_str(), chosen[0].1.name.as_str()), ("shard", "bench_scorer"));
        assert_eq!(workspace.chosen_examples("fuzz_", None).unwrap().len(), 1);

        let error = workspace.chosen_examples("bench_", Some("rounds")).unwrap_err().to_string();
        assert!(error.contains("bench_rounds") && error.contains("scorer"), "{error}");
        let error = workspace.chosen_examples("demo_", None).unwrap_err().to_string();
        assert!(error.contains("demo_"), "{error}");
    }
}
