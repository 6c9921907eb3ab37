//! redis-py, from its registry and as it is, does its work against a node.
//!
//! Needs python3 with pip, and a registry on the first run; where one of them is not to be had, the test says that it is skipped.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{client, start};

const CLIENT: &str = "redis==6.4.0";

#[test]
fn redis_py_works_unmodified() {
    let folder = match crate::python::installed(CLIENT) {
        Ok(folder) => folder,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    let server = start(&[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/redis_client.py");
    let mut python = Command::new("python3");
    python.arg("-B").arg(script).arg(client::address(&server)).env("PYTHONPATH", folder).stdin(Stdio::null());
    let output = python.output().expect("python3 installed the client, so it runs");
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.trim_end().ends_with("done"), "{said}\n{told}");
    assert_eq!(server.complaints(), Vec::<String>::new());
}
