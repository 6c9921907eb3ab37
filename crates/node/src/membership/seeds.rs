//! Where other nodes may be: given addresses, names that DNS resolves (anew at every look), the lines of a file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The port of a seed that names none.
const DEFAULT_PORT: u16 = 9300;

/// Where to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seeds {
    /// Host and port each.
    given: Vec<String>,
    file: Option<PathBuf>,
}

impl Seeds {
    /// `given`: hosts with or without a port. `file`: one of them a line; `#` begins a comment.
    pub(crate) fn new(given: &[String], file: Option<&Path>) -> Self {
        Self { given: given.iter().map(|seed| with_port(seed)).collect(), file: file.map(Path::to_owned) }
    }

    /// Whether nobody else is to be looked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.given.is_empty() && self.file.is_none()
    }

    /// How many nodes were given one by one.
    pub(crate) fn given_count(&self) -> usize {
        self.given.iter().collect::<BTreeSet<_>>().len()
    }

    /// The addresses of now, host and port each. What does not resolve is left out.
    pub(crate) async fn look(&self) -> BTreeSet<String> {
        let mut names = self.given.clone();
        if let Some(file) = &self.file {
            // A file that is not there yet, or is being written, is read at the next look.
            let text = tokio::fs::read_to_string(file).await.unwrap_or_default();
            names.extend(lines(&text));
        }
        let mut addresses = BTreeSet::new();
        for name in names {
            if let Ok(found) = tokio::net::lookup_host(&name).await {
                addresses.extend(found.map(|address| address.to_string()));
            }
        }
        addresses
    }
}

fn lines(text: &str) -> impl Iterator<Item = String> {
    let content = |line: &str| line.split('#').next().unwrap_or_default().trim().to_owned();
    text.lines().map(content).filter(|line| !line.is_empty()).map(|line| with_port(&line))
}

fn with_port(seed: &str) -> String {
    let bracketed = seed.starts_with('[') && seed.ends_with(']');
    let has_port = !bracketed && seed.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    if has_port { seed.to_owned() } else { format!("{seed}:{DEFAULT_PORT}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_have_ports() {
        let file = "# ours\n10.0.0.1\nnode-b:9400 # the other\n\n[::1]\n";
        assert_eq!(lines(file).collect::<Vec<_>>(), ["10.0.0.1:9300", "node-b:9400", "[::1]:9300"]);
    }

    #[tokio::test]
    async fn names_are_resolved_and_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("seeds");
        let seeds = Seeds::new(&["127.0.0.1:1".to_owned(), "no.such.host.invalid".to_owned()], Some(&file));
        assert_eq!(seeds.look().await, ["127.0.0.1:1".to_owned()].into());
        std::fs::write(&file, "127.0.0.1:2\n").unwrap();
        assert_eq!(seeds.look().await, ["127.0.0.1:1".to_owned(), "127.0.0.1:2".to_owned()].into());
    }
}
