//! `shoal serve` from its start to its end: restarts, signals, and what keeps it from starting.

use std::process::Stdio;

use serde_json::json;

use super::server::{Server, shoal};

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let mut server = Server::start();
    server.ok("PUT", "/books/_doc/1", r#"{"title": "The old man and the sea"}"#);
    server.ok("PUT", "/books/_doc/2?refresh=true", r#"{"title": "Sea of clouds"}"#);
    server.ok("DELETE", "/books/_doc/1", "");
    server.ok("PUT", "/books/_doc/3", r#"{"title": "Deep sea"}"#);
    let before = server.pid();
    server.kill();
    server.restart();
    assert_ne!(before, server.pid());
    assert_eq!(server.ask("GET", "/books/_doc/1", "").0, 404);
    assert_eq!(server.ok("GET", "/books/_source/3", ""), json!({"title": "Deep sea"}));
    server.ok("POST", "/books/_refresh", "");
    let answer = server.ok("POST", "/books/_search", r#"{"query": {"match": {"title": "sea"}}}"#);
    assert_eq!(answer["hits"]["total"]["value"], 2, "{answer}");
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn sigterm_ends_it_in_order_and_it_comes_back() {
    let mut server = Server::start();
    server.ok("PUT", "/books/_doc/1", r#"{"title": "Sea"}"#);
    let url = server.url();
    let status = server.stop();
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert!(server.log().contains("SIGTERM") && server.log().contains("ended in order"), "{}", server.log());
    server.restart();
    assert_eq!(server.url(), url);
    assert_eq!(server.ok("GET", "/books/_source/1", ""), json!({"title": "Sea"}));
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn settings_reach_the_node() {
    let server = Server::start_with(&["node.name=heron", "cluster.name=reef"]);
    let answer = server.ok("GET", "/", "");
    assert_eq!((&answer["name"], &answer["cluster_name"]), (&json!("heron"), &json!("reef")), "{answer}");
}

#[test]
fn what_is_taken_is_named() {
    let server = Server::start();
    let other = tempfile::tempdir().expect("a temporary folder");
    let address = server.url().replace("http://", "");
    let data = server.data();
    for (data, http, expected) in [
        (other.path(), address.as_str(), format!("cannot listen on [http.address] {address}")),
        (data.as_path(), "127.0.0.1:0", "is another node using this folder?".to_owned()),
    ] {
        let mut command = shoal();
        command.arg("serve").arg("--data").arg(data).args(["--http", http]).stdin(Stdio::null());
        let output = command.output().expect("the program starts");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.lines().any(|line| line.starts_with("shoal: ") && line.contains(&expected)), "{told}");
    }
    assert_eq!(server.ask("GET", "/", "").0, 200);
}
