//! What repositories and snapshots may be called.

use model::error::{Error, ErrorKind};

/// What no name of a file may hold.
const RESERVED: [char; 10] = [' ', '"', '*', '\\', '<', '|', ',', '>', '/', '?'];
const RESERVED_SHOWN: &str = "must not contain the following characters [ , \", *, \\, <, |, ,, >, /, ?]";

/// # Errors
/// `repository_exception`.
pub(super) fn check_repository(name: &str) -> Result<(), Error> {
    let refusal = if name.contains('#') {
        "must not contain '#'"
    } else if name.contains(RESERVED) {
        RESERVED_SHOWN
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Repository, format!("[{name}] {refusal}")))
}

/// # Errors
/// `invalid_snapshot_name_exception`.
pub(super) fn check_snapshot(repository: &str, name: &str) -> Result<(), Error> {
    let refusal = if name.is_empty() {
        "cannot be empty"
    } else if name.contains(' ') {
        "must not contain whitespace"
    } else if name.contains(',') {
        "must not contain ','"
    } else if name.contains('#') {
        "must not contain '#'"
    } else if name.starts_with('_') {
        "must not start with '_'"
    } else if name.to_lowercase() != name {
        "must be lowercase"
    } else if name.contains(RESERVED) {
        RESERVED_SHOWN
    } else {
        return Ok(());
    };
    let reason = format!("[{repository}:{name}] Invalid snapshot name [{name}], {refusal}");
    Err(Error::new(ErrorKind::InvalidSnapshotName, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name() {
        for (name, refusal) in [
            ("", "cannot be empty"),
            ("a b", "whitespace"),
            ("a,b", "must not contain ','"),
            ("a#b", "'#'"),
            ("_all", "must not start with '_'"),
            ("Aé", "lowercase"),
            ("a*", "following characters"),
            ("a\\b", "following characters"),
        ] {
            let error = check_snapshot("r", name).expect_err(name);
            assert!(error.reason.contains(refusal), "{name}: {}", error.reason);
        }
        for name in ["a", "-a", ".a", "é:1", "snap-2026.11.22"] {
            check_snapshot("r", name).expect(name);
        }
        assert!(check_repository("a#,").expect_err("#").reason.ends_with("'#'"));
        assert_eq!(check_repository("a b").expect_err("space").status(), 500);
        check_repository("_A").expect("letters of any kind");
    }
}
