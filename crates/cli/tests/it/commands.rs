//! The commands that need no node, and those that bring one or talk to one.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::server::{Server, shoal};

fn run(command: &mut Command) -> (i32, String, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code().expect("an end without a signal"), text(stdout), text(stderr))
}

#[test]
fn the_default_configuration_checks() {
    let (code, file, _) = run(shoal().args(["config", "default"]));
    assert_eq!(code, 0);
    assert_eq!(file, include_str!("../../../../docs/shoal.toml"), "docs/shoal.toml: print it again");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shoal.toml");
    std::fs::write(&path, &file).expect("a file");
    let (code, said, _) = run(shoal().args(["config", "check"]).arg(&path));
    assert_eq!(code, 0);
    assert!(said.contains("shoal.toml: ok") && said.contains("http on 127.0.0.1:9200"), "{said}");
    // What the file shows can be set as it is shown.
    let changed = file.replace("# address = \"127.0.0.1:9200\"", "address = \"127.0.0.1:9201\"");
    std::fs::write(&path, changed).expect("a file");
    let (_, said, _) = run(shoal().args(["config", "check"]).arg(&path));
    assert!(said.contains("http on 127.0.0.1:9201"), "{said}");
}

#[test]
fn mistakes_in_the_configuration_end_with_2_and_the_remedy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("shoal.toml");
    std::fs::write(&path, "[http]\nadress = \"127.0.0.1:1\"\n").expect("a file");
    let (code, _, told) = run(shoal().args(["config", "check"]).arg(&path));
    assert_eq!(code, 2);
    assert!(told.contains("unknown key [http.adress]") && told.contains("did you mean [http.address]?"), "{told}");
    for (arguments, expected) in [
        (vec!["serve", "--set", "search.thread=2"], "did you mean [search.threads]?"),
        (vec!["serve", "--set", "search.threads"], "[search.threads] is not KEY=VALUE"),
        (vec!["serve", "--http", "here"], "an address with a port"),
        (vec!["serve", "--set", "log.level=a=b=c"], "log.level"),
        (vec!["serve", "--config", "/nowhere/shoal.toml"], "cannot read /nowhere/shoal.toml"),
    ] {
        let (code, _, told) = run(shoal().current_dir(folder.path()).args(&arguments));
        assert_eq!(code, 2, "{arguments:?}: {told}");
        assert!(told.contains(expected), "{arguments:?}: {told}");
    }
    let (code, _, told) = run(shoal().arg("serve").env("SHOAL_HTTP_ADRESS", "x"));
    assert_eq!(code, 2);
    assert!(told.contains("did you mean [http.address]?"), "{told}");
}

#[test]
fn version_and_completions() {
    let (code, said, _) = run(shoal().arg("version"));
    assert_eq!(code, 0);
    assert!(said.starts_with(concat!("shoal ", env!("CARGO_PKG_VERSION"))) && said.contains("OpenSearch 3"), "{said}");
    for shell in ["bash", "zsh", "fish"] {
        let (code, said, _) = run(shoal().args(["completions", shell]));
        assert_eq!(code, 0);
        assert!(said.contains("shoal") && said.contains("serve"), "{shell}: {said}");
    }
}

#[test]
fn no_node_is_told_as_such() {
    for arguments in [["search", "books", "a"], ["search", "books", "--json"]] {
        let (code, _, told) = run(shoal().args(arguments).args(["--url", "http://127.0.0.1:1"]));
        assert_eq!(code, 1);
        assert!(told.contains("no answer from http://127.0.0.1:1"), "{told}");
    }
    let (code, _, told) = run(shoal().args(["search", "books", "--url", "https://127.0.0.1:1"]));
    assert_eq!(code, 2);
    assert!(told.contains("is not http://HOST:PORT"), "{told}");
}

#[test]
fn the_demo_shows_hits_and_ends() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let (code, said, told) =
        run(shoal().args(["demo", "--exit", "--http", "127.0.0.1:0"]).env("TMPDIR", temporary.path()));
    assert_eq!(code, 0, "{said}\n{told}");
    assert_eq!(told, "");
    assert!(said.contains("5,000 voyages written"), "{said}");
    for expected in
        ["Words, the best first: 3 of ", "[found] a [stowaway]", "Calloway", "How many never arrived: ", "looked for: "]
    {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let worth = said.lines().find_map(|line| line.trim().strip_prefix("nDCG@10")).expect("what each way is worth");
    let worth: Vec<f64> = worth.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    assert!(matches!(worth[..], [words, vector, both] if both > words + 0.05 && both > vector + 0.05), "{said}");
    let left: Vec<_> = std::fs::read_dir(temporary.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_demo_of_a_cluster_loses_a_node_and_says_so() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let (code, said, told) =
        run(shoal().args(["demo", "--nodes", "4", "--exit", "--http", "127.0.0.1:0"]).env("TMPDIR", temporary.path()));
    assert_eq!(code, 0, "{said}\n{told}");
    for expected in [
        "4 processes are one cluster",
        "5,000 voyages written",
        "asked of node-4: 5,000 voyages from 4 of 4 shards",
        "voyages from 3 of 4 shards",
        "; 1 failed: ",
        "all or nothing: 503 search_phase_execution_exception",
        "health is red",
        "is started again",
        "green after",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let left: Vec<_> = std::fs::read_dir(temporary.path()).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Runs `bulk` with `text` as its input.
fn bulk(server: &Server, arguments: &[&str], text: &[u8]) -> (i32, String, String) {
    let mut command = shoal();
    command.args(["bulk", "-", "--url", &server.url()]).args(arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("a pipe").write_all(text).expect("a reader");
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().expect("an end without a signal"), text(output.stdout), text(output.stderr))
}

#[test]
fn documents_are_loaded_and_found() {
    let server = Server::start();
    let lines: Vec<String> =
        (0..2_500).map(|number| format!("{{\"id\": {number}, \"text\": \"word{} common\"}}\n", number % 10)).collect();
    let (code, said, told) =
        bulk(&server, &["--index", "lines", "--id-field", "id", "--batch", "100"], lines.concat().as_bytes());
    assert_eq!((code, told.as_str()), (0, ""), "{said}");
    assert!(said.starts_with("2,500 done") && said.contains(", 0 failed in "), "{said}");
    assert_eq!(server.ok("GET", "/lines/_doc/2499", "")["_source"]["text"], "word9 common");
    let (code, said, _) =
        run(shoal().args(["search", "lines", "text:word3", "AND", "common", "-n", "2", "--url", &server.url()]));
    assert_eq!(code, 0);
    assert!(said.contains("2 of 250 hits in ") && said.contains("[word3]"), "{said}");
    let (code, said, _) = run(shoal().args(["search", "lines", "--json", "-n", "1", "--url", &server.url()]));
    assert_eq!(code, 0);
    let answer: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(
        (&answer["hits"]["total"]["value"], answer["hits"]["hits"].as_array().map(Vec::len)),
        (&2_500.into(), Some(1))
    );
    let (code, _, told) = run(shoal().args(["search", "nowhere", "a", "--url", &server.url()]));
    assert_eq!(code, 1);
    assert!(told.contains("answered 404: index_not_found_exception: no such index [nowhere]"), "{told}");
}

#[test]
fn what_is_refused_is_told_by_its_line() {
    let server = Server::start();
    server.ok("PUT", "/numbers", r#"{"mappings": {"properties": {"n": {"type": "integer"}}}}"#);
    let mut lines: Vec<String> = (1..=60).map(|number| format!("{{\"n\": {number}}}\n")).collect();
    lines[6] = "{\"n\": \"seven\"}\n".to_owned();
    lines[7] = "{\"n\": \n".to_owned();
    for line in &mut lines[20..50] {
        *line = "{\"n\": \"x\"}\n".to_owned();
    }
    let (code, said, told) = bulk(&server, &["--index", "numbers", "--concurrency", "1"], lines.concat().as_bytes());
    assert_eq!(code, 1);
    assert!(said.starts_with("60 done") && said.contains(", 32 failed in "), "{said}");
    assert!(told.contains("line 7: mapper_parsing_exception: failed to parse field [n]"), "{told}");
    assert!(told.contains("\nline 8: "), "{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("line ")).count(), 20, "{told}");
    assert!(told.contains("shoal: 32 of 60 failed"), "{told}");
    let (_, count) = server.ask("GET", "/numbers/_count", "");
    assert_eq!(count["count"], 28);
}

#[test]
fn actions_are_carried_out_as_they_are() {
    let server = Server::start();
    let text = "{\"index\":{\"_id\":\"1\"}}\n{\"a\":1}\n{\"create\":{\"_index\":\"other\",\"_id\":\"2\"}}\n{\"a\":2}\n\
                {\"update\":{\"_id\":\"1\"}}\n{\"doc\":{\"b\":3}}\n{\"delete\":{\"_id\":\"9\"}}\n";
    let (code, said, told) = bulk(&server, &["--index", "acts"], text.as_bytes());
    assert_eq!((code, told.as_str()), (0, ""), "{said}");
    assert!(said.starts_with("4 done"), "{said}");
    assert_eq!(server.ok("GET", "/acts/_source/1", ""), serde_json::json!({"a": 1, "b": 3}));
    assert_eq!(server.ok("GET", "/other/_source/2", ""), serde_json::json!({"a": 2}));
    let (code, _, told) = bulk(&server, &[], b"{\"a\":1}\n");
    assert_eq!(code, 2);
    assert!(told.contains("documents need an index"), "{told}");
}
