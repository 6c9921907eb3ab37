//! Where other nodes may be: given addresses, names that DNS resolves (anew at every look), the lines of a file.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
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

    /// How many nodes these are, as far as that can be known without asking anybody: the lines of a file may be more tomorrow, and a single name is
    /// as a rule that of all nodes together.
    pub(crate) fn given_count(&self) -> Option<usize> {
        let given: BTreeSet<&String> = self.given.iter().collect();
        let counts = self.file.is_none() && (given.len() > 1 || given.iter().all(|seed| is_address(seed)));
        counts.then_some(given.len())
    }

    /// The addresses of now. What does not resolve is left out.
    pub(crate) async fn look(&self) -> Look {
        let mut names = self.given.clone();
        if let Some(file) = &self.file {
            // A file that is not there yet, or is being written, is read at the next look.
            let text = tokio::fs::read_to_string(file).await.unwrap_or_default();
            names.extend(lines(&text));
        }
        let mut look = Look::default();
        for name in names {
            if let Ok(found) = tokio::net::lookup_host(&name).await {
                look.take(&found.collect());
            }
        }
        look
    }
}

/// What seeds are at a moment.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Look {
    /// Host and port each.
    pub(crate) addresses: BTreeSet<String>,
    /// Whether one of the names is that of several nodes.
    pub(crate) is_plural: bool,
}

impl Look {
    /// Takes in what one name resolves to. A node may have an address of each kind.
    fn take(&mut self, found: &BTreeSet<SocketAddr>) {
        let of_one_kind = found.iter().filter(|address| address.is_ipv4()).count();
        self.is_plural |= of_one_kind > 1 || found.len() - of_one_kind > 1;
        self.addresses.extend(found.iter().map(ToString::to_string));
    }
}

/// Whether a seed is the address of one node, rather than a name.
fn is_address(seed: &str) -> bool {
    let host = seed.rsplit_once(':').map_or(seed, |(host, _)| host);
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
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
        assert_eq!(seeds.look().await.addresses, ["127.0.0.1:1".to_owned()].into());
        std::fs::write(&file, "127.0.0.1:2\n").unwrap();
        let found = seeds.look().await;
        assert_eq!(found.addresses, ["127.0.0.1:1".to_owned(), "127.0.0.1:2".to_owned()].into());
        assert!(!found.is_plural);
    }

    #[test]
    fn nodes_are_counted_where_each_has_its_own_seed() {
        let count = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|seed| (*seed).to_owned()).collect();
            Seeds::new(&given, None).given_count()
        };
        assert_eq!(count(&["10.0.0.1", "[::1]", "10.0.0.1:9300"]), Some(2));
        assert_eq!(count(&["localhost:9301"]), Some(1));
        assert_eq!(count(&["a", "b", "c"]), Some(3));
        assert_eq!(count(&["shoal.internal"]), None);
        assert_eq!(Seeds::new(&["10.0.0.1".to_owned()], Some(Path::new("seeds"))).given_count(), None);
    }

    #[test]
    fn a_name_of_several_nodes_is_noticed() {
        let look = |addresses: &[&str]| {
            let mut look = Look::default();
            look.take(&addresses.iter().map(|address| address.parse().unwrap()).collect());
            look
        };
        assert!(!look(&["10.0.0.1:9300", "[fd00::1]:9300"]).is_plural);
        let several = look(&["10.0.0.1:9300", "10.0.0.2:9300", "10.0.0.3:9300"]);
        assert!(several.is_plural && several.addresses.len() == 3);
    }
}
