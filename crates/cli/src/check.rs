//! `shoal config`, `version`, `completions`: what the binary knows without a node.

use std::io::Write as _;
use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_complete::Shell;
use node::config::{Config, Sources};

use crate::arguments;
use crate::failure::Failure;

/// # Errors
/// What is wrong in the file.
pub(crate) fn config(command: arguments::Config) -> Result<(), Failure> {
    match command {
        arguments::Config::Default => say(&Config::default_file()),
        arguments::Config::Check { file } => check(file),
    }
}

/// The file alone: what the environment and flags would change is not looked at.
fn check(file: PathBuf) -> Result<(), Failure> {
    let name = file.display().to_string();
    let config = Config::load(&Sources { file: Some(file), ..Sources::default() })?;
    say(&format!(
        "{name}: ok (node {}, data in {}, http on {})\n",
        config.node_name,
        config.data.display(),
        config.http_address
    ))
}

/// # Errors
/// When nobody reads it.
pub(crate) fn version() -> Result<(), Failure> {
    let compatible = Config::load(&Sources::default())?.compatible_version;
    say(&format!("shoal {} (speaks OpenSearch {compatible})\n", env!("CARGO_PKG_VERSION")))
}

/// # Errors
/// When nobody reads it.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut arguments::Arguments::command(), "shoal", &mut script);
    say(&String::from_utf8_lossy(&script))
}

fn say(text: &str) -> Result<(), Failure> {
    std::io::stdout().lock().write_all(text.as_bytes()).map_err(Failure::Output)
}
