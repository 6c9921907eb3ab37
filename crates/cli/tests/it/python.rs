//! The client that people have, from its registry and as it is, does its work against a node.
//!
//! Needs python3 with pip, and a registry on the first run; where one of them is not to be had, the test says that it is skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::server::Server;

const CLIENT: &str = "opensearch-py==3.2.0";

/// The folder of the client, installed once per target folder; `Err`: why it cannot be had.
pub(crate) fn installed(package: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(package);
    if folder.exists() {
        return Ok(folder);
    }
    // Installed beside and renamed, so that what is there is whole.
    let fresh = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).map_err(|error| error.to_string())?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--target"]);
    pip.arg(fresh.path().join("client")).arg(package).stdin(Stdio::null());
    let output = pip.output().map_err(|error| format!("python3: {error}"))?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        return Err(format!("pip cannot install {package}: {}", told.lines().last().unwrap_or_default()));
    }
    match std::fs::rename(fresh.path().join("client"), &folder) {
        Err(error) if !folder.exists() => Err(error.to_string()),
        _ => Ok(folder),
    }
}

#[test]
fn opensearch_py_works_unmodified() {
    let client = match installed(CLIENT) {
        Ok(client) => client,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    let server = Server::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/client.py");
    let mut python = Command::new("python3");
    python.arg("-B").arg(script).arg(server.url()).env("PYTHONPATH", client).stdin(Stdio::null());
    let output = python.output().expect("python3 installed the client, so it runs");
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.trim_end().ends_with("done"), "{said}\n{told}");
    assert_eq!(server.complaints(), Vec::<String>::new());
}
