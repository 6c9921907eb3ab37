//! Running cargo: its output goes straight through, its exit code comes back.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::failure::Failure;

/// The cargo that runs this very command, or the one on the PATH.
fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root).args(arguments);
    command
}

fn cannot_start(source: std::io::Error) -> Failure {
    Failure::Start { program: "cargo".to_owned(), source }
}

/// The command as a person would type it.
fn spelled(arguments: &[&str]) -> String {
    format!("cargo {}", arguments.join(" "))
}

/// Runs cargo to its end in `root`; everything it prints is seen at once.
///
/// # Errors
/// [`Failure::Start`] when there is no cargo, [`Failure::Exit`] when it ends with anything but success.
pub(crate) fn run(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let status = cargo(root, arguments).status().map_err(cannot_start)?;
    succeeded(arguments, status)
}

/// As [`run`], with variables in the environment.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_with(root: &Path, arguments: &[&str], variables: &[(&str, String)]) -> Result<(), Failure> {
    let mut command = cargo(root, arguments);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    succeeded(arguments, command.status().map_err(cannot_start)?)
}

fn succeeded(arguments: &[&str], status: ExitStatus) -> Result<(), Failure> {
    succeeded_or(arguments, if status.success() { Ok(()) } else { Err(status.to_string()) })
}

/// Success, or the failure that names the command and how it ended.
pub(crate) fn succeeded_or(arguments: &[&str], ended: Result<(), String>) -> Result<(), Failure> {
    ended.map_err(|status| Failure::Exit { command: spelled(arguments), status })
}

/// Starts cargo in `root` and returns while it runs.
pub(crate) fn start(root: &Path, arguments: &[&str]) -> Result<Child, Failure> {
    cargo(root, arguments).spawn().map_err(cannot_start)
}

/// What cargo prints on standard output.
pub(crate) fn output(root: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let output = cargo(root, arguments).stderr(Stdio::inherit()).output().map_err(cannot_start)?;
    succeeded(arguments, output.status)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether cargo has this subcommand: asked with its version flag, answer thrown away.
pub(crate) fn has(root: &Path, subcommand: &str) -> bool {
    let asked = cargo(root, &[subcommand, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}
