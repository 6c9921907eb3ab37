//! No crate escapes the lints of the workspace.

use super::Finding;

const RULE: &str = "lints";

/// A crate's `Cargo.toml` takes the lints of the workspace.
pub(crate) fn check_manifest(path: &str, manifest: &str) -> Option<Finding> {
    let mut lines = manifest.lines().map(str::trim).filter(|line| !line.is_empty());
    let inherits = lines.by_ref().any(|line| line == "[lints]") && lines.next() == Some("workspace = true");
    if inherits {
        return None;
    }
    let message = "has no `[lints]` with `workspace = true`: the workspace's lints would not hold here".to_owned();
    Some(Finding { path: path.to_owned(), line: 0, rule: RULE, message })
}

/// A crate's own `clippy.toml` replaces the root's, and so repeats every setting of it.
pub(crate) fn check_clippy(path: &str, own: &str, shared: &str) -> Vec<Finding> {
    let own: Vec<_> = own.lines().map(str::trim).collect();
    let settings = shared.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let missing = settings.filter(|line| !own.contains(line));
    let message = |line: &str| format!("replaces the root's clippy.toml and does not repeat `{line}`");
    missing.map(|line| Finding { path: path.to_owned(), line: 0, rule: RULE, message: message(line) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_takes_the_lints_of_the_workspace() {
        assert_eq!(check_manifest("a", "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n"), None);
        for bad in ["[package]\n", "[lints]\n[dependencies]\nworkspace = true", "[lints.rust]\nunsafe_code = \"allow\""]
        {
            assert!(check_manifest("a", bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn an_own_clippy_file_repeats_the_shared_settings() {
        let shared = "# why\na = 1\nb = true\n";
        assert_eq!(check_clippy("a", "a = 1\nc = 3\nb = true\n", shared), []);
        let findings = check_clippy("a", "a = 2\nb = true\n", shared);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("`a = 1`"));
    }
}
