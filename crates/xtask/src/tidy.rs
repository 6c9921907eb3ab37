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
    let mut findings = judge_crates(workspace)?;
    findings.extend(judge_sources(workspace, &sources)?);
    let documents = source::files(&workspace.root, Path::new(""), "md")?;
    for path in &documents {
        let text = read(&workspace.root.join(path))?;
        findings.extend(links::check(path, &text, |target| workspace.root.join(target).exists()));
    }
    findings.sort();
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
