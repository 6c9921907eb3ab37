//! `cargo xtask tidy`: the rules of the house that the compiler does not know.
//!
//! In: the crates (`cargo metadata`), their sources and the documents. Out: findings, each with a place, a rule and what to
//! do. Each rule is one module that judges what it is given and reads no file itself; reading is done here, once. The tables
//! that change when the house grows are `levels::ROOMS`, `homes::HOMES` and `exceptions.txt`.

mod banned;
mod exceptions;
mod heads;
mod homes;
mod levels;
mod lexer;
mod links;
mod lints;
mod names;
mod reexports;
mod size;
mod source;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::workspace::Workspace;
use source::Source;

/// One thing that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Relative to the root.
    path: String,
    /// From 1; 0 when the whole file is meant.
    line: usize,
    rule: &'static str,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, message } = self;
        match line {
            0 => write!(f, "{path}: {message} [{rule}]"),
            _ => write!(f, "{path}:{line}: {message} [{rule}]"),
        }
    }
}

/// Prints all findings and a summary; true when there are none.
pub(crate) fn report(workspace: &Workspace) -> Result<bool, Failure> {
    let sources = Source::all(workspace)?;
    let documents = source::files(&workspace.root, Path::new(""), "md")?;
    let findings = judge(workspace, &sources, &documents)?;
    for finding in &findings {
        println!("{finding}");
    }
    let (crates, sources, documents) = (workspace.packages.len(), sources.len(), documents.len());
    let verdict = match findings.len() {
        0 => "ok".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    println!("tidy: {verdict} in {crates} crates, {sources} sources, {documents} documents");
    Ok(findings.is_empty())
}

/// All rules over everything, in the order of paths and lines.
fn judge(workspace: &Workspace, sources: &[Source], documents: &[String]) -> Result<Vec<Finding>, Failure> {
    let mut findings = judge_crates(workspace)?;
    findings.extend(judge_sources(workspace, sources)?);
    for path in documents {
        let text = read(&workspace.root.join(path))?;
        findings.extend(links::check(path, &text, |target| workspace.root.join(target).exists()));
    }
    findings.sort();
    Ok(findings)
}

fn judge_crates(workspace: &Workspace) -> Result<Vec<Finding>, Failure> {
    let mut findings = levels::check(workspace, levels::ROOMS);
    findings.extend(homes::check(workspace, homes::HOMES));
    let shared = read(&workspace.root.join("clippy.toml"))?;
    for package in &workspace.packages {
        let manifest = format!("{}/Cargo.toml", package.folder);
        findings.extend(lints::check_manifest(&manifest, &read(&workspace.root.join(&manifest))?));
        let clippy = format!("{}/clippy.toml", package.folder);
        if workspace.root.join(&clippy).exists() {
            findings.extend(lints::check_clippy(&clippy, &read(&workspace.root.join(&clippy))?, &shared));
        }
    }
    Ok(findings)
}

fn judge_sources(workspace: &Workspace, sources: &[Source]) -> Result<Vec<Finding>, Failure> {
    let foreign = reexports::foreign_names(workspace);
    let mut findings = Vec::new();
    let mut sizes = Vec::new();
    for source in sources {
        let tokens = lexer::tokens(&source.text);
        findings.extend(heads::check(source));
        findings.extend(names::check(source, &tokens));
        findings.extend(banned::check(source, &tokens));
        findings.extend(reexports::check(source, &tokens, &foreign));
        sizes.extend(size::measure(source, &tokens));
    }
    let admitted = exceptions::parse(&read(&workspace.root.join(exceptions::PATH))?)?;
    findings.extend(size::check(&sizes, &admitted));
    Ok(findings)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workspace::{Dependency, Package};

    /// Writes a repository of one crate, `wal`, and returns the rules that it breaks.
    fn broken_rules(files: &[(&str, &str)], dependencies: &[&str]) -> BTreeSet<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        let sound = [
            ("clippy.toml", "a = 1\n"),
            (exceptions::PATH, "# none\n"),
            ("crates/wal/Cargo.toml", "[lints]\nworkspace = true\n"),
            ("crates/wal/src/lib.rs", "//! The log.\n"),
        ];
        for (path, text) in sound.iter().chain(files) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let dependencies = dependencies.iter().map(|name| Dependency { name: (*name).to_owned(), tests_only: false });
        let wal = Package {
            name: "wal".to_owned(),
            folder: "crates/wal".to_owned(),
            dependencies: dependencies.collect(),
            ..Package::default()
        };
        let workspace = Workspace { root: folder.path().to_owned(), packages: vec![wal] };
        let sources = Source::all(&workspace).unwrap();
        let documents = source::files(&workspace.root, Path::new(""), "md").unwrap();
        let findings = judge(&workspace, &sources, &documents).unwrap();
        // The table of levels names crates that this small repository does not have.
        findings.iter().filter(|f| !f.message.contains("which is no crate")).map(|f| f.rule).collect()
    }

    #[test]
    fn every_rule_is_asked() {
        assert_eq!(broken_rules(&[], &[]), BTreeSet::new());
        let source = |text| ("crates/wal/src/disk.rs", text);
        assert_eq!(broken_rules(&[source("fn f() {}\n")], &[]), ["heads"].into());
        assert_eq!(broken_rules(&[source("//! A.\nstruct DiskManager;\n")], &[]), ["names"].into());
        assert_eq!(broken_rules(&[source("//! A.\nfn f() { todo!() }\n")], &[]), ["banned"].into());
        assert_eq!(broken_rules(&[source("//! A.\npub use std::fs;\n")], &[]), ["reexports"].into());
        assert_eq!(broken_rules(&[source(&"//! A.\n".repeat(601))], &[]), ["size"].into());
        assert_eq!(broken_rules(&[(exceptions::PATH, "file gone.rs 700\n")], &[]), ["size"].into());
        assert_eq!(broken_rules(&[("docs/a.md", "[b](b.md)\n")], &[]), ["links"].into());
        assert_eq!(broken_rules(&[("crates/wal/Cargo.toml", "[package]\n")], &[]), ["lints"].into());
        assert_eq!(broken_rules(&[("crates/wal/clippy.toml", "b = 1\n")], &[]), ["lints"].into());
        assert_eq!(broken_rules(&[], &["axum"]), ["homes"].into());
        assert_eq!(broken_rules(&[], &["wal"]), ["levels"].into());
    }
}
