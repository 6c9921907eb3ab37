//! How nodes find each other without being told one by one: a file of seeds that comes to be, seeds of which nobody knows how many they are,
//! certificates beside the secret.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::cluster::{start, wait_for};
use crate::ports::free_addresses;
use crate::server::Server;

/// A node that hears its peers on `own` and knows others by a file.
fn by_file(name: &str, own: &str, file: &Path, more: &[&str]) -> Server {
    let given = [
        format!("node.name={name}"),
        format!("peer.address={own}"),
        format!("peer.seeds_file={}", file.display()),
        "cluster.secret=pearl".to_owned(),
    ];
    let all: Vec<&str> = given.iter().map(String::as_str).chain(more.iter().copied()).collect();
    Server::prepared(&all)
}

fn nodes(server: &Server) -> u64 {
    server.ok("GET", "/_cluster/health", "")["number_of_nodes"].as_u64().unwrap_or_default()
}

fn uuid(server: &Server) -> String {
    server.ok("GET", "/", "")["cluster_uuid"].to_string()
}

#[test]
fn a_file_that_names_them_brings_nodes_together() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, addresses) = (folder.path().join("seeds"), free_addresses(3));
    let more = ["cluster.expected_cluster_manager_nodes=3"];
    let mut servers: Vec<Server> =
        addresses.iter().zip(["a", "b", "c"]).map(|(own, name)| by_file(name, own, &file, &more)).collect();
    let before: Vec<usize> = servers.iter_mut().map(Server::launch).collect();
    wait_for("all of them look for others", || {
        servers.iter().all(|server| server.log().contains("waiting for others"))
    });
    std::fs::write(&file, format!("# ours\n{}\n", addresses.join("\n"))).expect("a file");
    servers.iter_mut().zip(before).for_each(|(server, before)| server.wait_until_ready(before));
    wait_for("all are in it", || servers.iter().all(|server| nodes(server) == 3));
    let first = uuid(&servers[0]);
    assert!(servers.iter().all(|server| uuid(server) == first), "one cluster");
}

/// Each of two nodes might begin a cluster of its own: they wait until somebody has.
#[test]
fn nodes_that_nobody_has_counted_begin_no_cluster_and_join_one() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (file, addresses) = (folder.path().join("seeds"), free_addresses(3));
    std::fs::write(&file, addresses.join("\n")).expect("a file");
    let mut servers: Vec<Server> =
        addresses.iter().zip(["a", "b"]).map(|(own, name)| by_file(name, own, &file, &[])).collect();
    let before: Vec<usize> = servers.iter_mut().map(Server::launch).collect();
    let asks = |server: &Server| server.log().contains("cluster.expected_cluster_manager_nodes");
    wait_for("they say what they need to know", || servers.iter().all(asks));
    assert!(servers.iter().all(|server| !server.log().contains("is the elected cluster manager")));

    let mut one = by_file("c", &addresses[2], &file, &["cluster.initial_cluster_manager_nodes=c"]);
    one.restart();
    servers.iter_mut().zip(before).for_each(|(server, before)| server.wait_until_ready(before));
    wait_for("they have joined", || nodes(&one) == 3);
    let first = uuid(&one);
    assert!(servers.iter().all(|server| uuid(server) == first), "one cluster");
}

/// Keys and certificates that an authority of its own has signed, made with the system's `openssl`.
struct Authority {
    folder: TempDir,
}

impl Authority {
    /// `None` where there is no `openssl`.
    fn new() -> Option<Self> {
        let authority = Self { folder: tempfile::tempdir().expect("a temporary folder") };
        let file = authority.folder.path().join("extensions");
        std::fs::write(file, "subjectAltName=DNS:shoal\n").expect("a file");
        let key = "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        authority.openssl(&format!("{key} -x509 -keyout ca.key -out ca.pem -days 9 -subj /CN=reef"))?;
        authority.openssl(&format!("{key} -keyout node.key -out node.csr -subj /CN=shoal"))?;
        let signed = "x509 -req -in node.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 -extfile extensions";
        authority.openssl(&format!("{signed} -out node.pem"))?;
        Some(authority)
    }

    fn openssl(&self, words: &str) -> Option<()> {
        let output = Command::new("openssl").args(words.split(' ')).current_dir(&self.folder).output().ok()?;
        assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
        Some(())
    }

    /// Settings of a node with these certificates, which trusts those that `trusted` has signed.
    fn settings(&self, trusted: &Self) -> [String; 3] {
        let path = |authority: &Self, name: &str| authority.folder.path().join(name).display().to_string();
        [
            format!("peer.tls.certificate={}", path(self, "node.pem")),
            format!("peer.tls.key={}", path(self, "node.key")),
            format!("peer.tls.authority={}", path(trusted, "ca.pem")),
        ]
    }
}

fn node(name: &str, own: &str, seeds: &str, certificates: &[String]) -> Server {
    let given = [format!("node.name={name}"), format!("peer.address={own}"), format!("peer.seeds={seeds}")];
    let all: Vec<&str> = given.iter().chain(certificates).map(String::as_str).collect();
    Server::prepared(&all)
}

#[test]
fn nodes_with_certificates_hear_only_those_of_their_authority() {
    let (Some(ours), Some(theirs)) = (Authority::new(), Authority::new()) else {
        eprintln!("skipped: there is no openssl");
        return;
    };
    let addresses = free_addresses(7);
    let seeds = addresses[..3].join(",");
    let certificates = ours.settings(&ours);
    let mut servers: Vec<Server> =
        ["a", "b", "c"].iter().zip(&addresses).map(|(name, own)| node(name, own, &seeds, &certificates)).collect();
    start(&mut servers);
    wait_for("three are one", || nodes(&servers[0]) == 3);
    servers[1].ok("PUT", "/books/_doc/1?refresh=true", r#"{"a":1}"#);
    assert_eq!(servers[2].ok("GET", "/books/_count", "")["count"], 1);

    // Without certificates, with others' that they trust alone, with others' that trust ours.
    let strangers = [Vec::new(), theirs.settings(&theirs).to_vec(), theirs.settings(&ours).to_vec()];
    let mut strangers: Vec<Server> =
        strangers.iter().zip(&addresses[3..]).map(|(given, own)| node("x", own, &seeds, given)).collect();
    for stranger in &mut strangers {
        stranger.launch();
    }
    let is_told = |stranger: &Server| {
        let log = stranger.log();
        ["cannot be reached", "was not asked"].iter().any(|said| log.contains(said))
    };
    wait_for("they are told that they are not heard", || strangers.iter().all(is_told));
    assert_eq!(nodes(&servers[0]), 3);
    assert!(strangers.iter().all(|stranger| !stranger.log().contains("answers on http://")));

    let mut fourth = node("d", &addresses[6], &seeds, &certificates);
    fourth.restart();
    wait_for("one with a certificate is let in", || nodes(&servers[0]) == 4);
}
