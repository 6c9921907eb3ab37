use super::*;

fn flags(pairs: &[&str]) -> Sources {
    Sources { flags: pairs.iter().map(|given| pair(given).unwrap()).collect(), ..Sources::default() }
}

#[test]
fn the_default_file_is_the_default_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shoal.toml");
    let uncommented: String = Config::default_file()
        .lines()
        .map(|line| {
            let setting = line
                .strip_prefix("# ")
                .filter(|line| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')));
            format!("{}\n", setting.unwrap_or(line))
        })
        .collect();
    std::fs::write(&path, uncommented).unwrap();
    let from_file = Config::load(&Sources { file: Some(path), ..Sources::default() }).unwrap();
    assert_eq!(from_file, Config::load(&Sources::default()).unwrap());
}

#[test]
fn later_places_win() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shoal.toml");
    std::fs::write(
        &path,
        "[http]\naddress = \"127.0.0.1:1\"\nmax_content_length = \"1mb\"\n[node]\nname = \"file\"\nattr.zone = \"a\"\n",
    )
    .unwrap();
    let mut sources = flags(&["node.name=flag"]);
    sources.file = Some(path);
    sources.environment = vec![("SHOAL_HTTP_ADDRESS".into(), "127.0.0.1:2".into()), ("HOME".into(), "/root".into())];
    let config = Config::load(&sources).unwrap();
    assert_eq!(
        (config.node_name.as_str(), config.http_address.port(), config.max_content_length),
        ("flag", 2, 1 << 20)
    );
    assert_eq!(config.attributes.get("zone").map(String::as_str), Some("a"));
}

#[test]
fn mistakes_name_the_key_and_the_remedy() {
    for (given, expected) in [
        ("http.adress=127.0.0.1:1", "unknown key [http.adress] in the command line, did you mean [http.address]?"),
        ("zzz=1", "unknown key [zzz] in the command line; `shoal config default`"),
        ("http.address=here", "[http.address] in the command line is [here], but it must be an address"),
        ("http.max_content_length=1 parsec", "must be a number of bytes"),
        ("search.timeout=soon", "must be a time"),
        ("search.threads=-1", "a whole number from 0 on"),
        ("node.roles=data,cook", "[cook] is no role"),
        ("peer.address=10.0.0.1:9300", "cluster.secret"),
        ("peer.tls.key=a.pem", "belong together"),
    ] {
        let error = Config::load(&flags(&[given])).unwrap_err().to_string();
        assert!(error.contains(expected), "{given}: {error}");
    }
    let environment = vec![("SHOAL_HTTP_ADRESS".to_owned(), "x".to_owned())];
    let error = Config::load(&Sources { environment, ..Sources::default() }).unwrap_err().to_string();
    assert!(error.contains("did you mean [http.address]"), "{error}");
}

#[test]
fn what_peers_are_told_is_read() {
    let given =
        ["peer.address=0.0.0.0:9400", "peer.publish=h:9400", "cluster.secret=pearl", "node.roles=master,coordinator"];
    let mut sources = flags(&given);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("shoal.toml");
    std::fs::write(&path, "[peer]\nseeds = [\"a:1\", \"[::1]:2\"]\n").unwrap();
    sources.file = Some(path);
    let config = Config::load(&sources).unwrap();
    assert_eq!(config.peer.seeds, ["a:1", "[::1]:2"]);
    assert_eq!(config.peer.secret.as_deref(), Some("pearl"));
    assert_eq!(config.roles, ["cluster_manager".to_owned()].into());
    assert_eq!(config.shown["cluster.secret"], "******");
}
