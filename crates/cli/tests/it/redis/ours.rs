//! What the search module that the scenarios were recorded from does not have: `FT.REGEX`, `FT.HYBRID`, `FT.ALIASLIST`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Client;
use super::start;

fn films(server: &crate::server::Server) -> Client {
    let mut client = Client::connect(server);
    client.say("FT.CREATE films ON HASH PREFIX 1 film: SCHEMA title TEXT genre TAG code TAG CASESENSITIVE year NUMERIC v VECTOR FLAT 6 TYPE FLOAT32 DIM 2 DISTANCE_METRIC L2");
    for (number, title, genre, code) in [
        (1, "Metropolis restored", "drama", "Ab-1001"),
        (2, "Metropole", "science fiction", "Ab-2002"),
        (3, "Nosferatu", "horror", "ab-1003"),
        (4, "Necropolis", "horror", "Xy-1004"),
    ] {
        let numbers = [number as f32, 1.0_f32];
        let vector: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
        let year = (1920 + number).to_string();
        let key = format!("film:{number}");
        let words = ["HSET", &key, "title", title, "genre", genre, "code", code, "year", &year, "v"];
        let mut words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        words.push(vector);
        assert_eq!(client.ask(&words), 5);
    }
    client
}

#[test]
fn redis_keys_are_found_by_patterns_within_edits() {
    let server = start(&[]);
    let mut client = films(&server);
    let mut check = |line: &str, expected: Value| assert_eq!(client.say(line), expected, "{line}");
    check("FT.REGEX films title ^metropol NOCONTENT", json!([2, "film:2", "film:1"]));
    check("FT.REGEX films title METRO.*s$ NOCONTENT", json!([1, "film:1"]));
    check("FT.REGEX films title metropolis K 1 NOCONTENT", json!([1, "film:1"]));
    // Fewer edits first: none, two (an e for an i, and the s) and two (nec for met).
    check("FT.REGEX films title ^metropolis$ K 3 NOCONTENT", json!([3, "film:1", "film:2", "film:4"]));
    check("FT.REGEX films title ^metropolis$ K 3 LIMIT 1 1 NOCONTENT", json!([3, "film:2"]));
    check("FT.REGEX films genre sc.{5}.fiction NOCONTENT", json!([1, "film:2"]));
    check("FT.REGEX films code ^Ab-\\d+$ NOCONTENT", json!([2, "film:1", "film:2"]));
    check("FT.REGEX films code ^ab-1 NOCONTENT", json!([1, "film:3"]));
    check("FT.REGEX films title nothing.like.it NOCONTENT", json!([0]));
    let error = |answer: Value| answer["error"].as_str().unwrap_or_default().to_owned();
    for wrong in [
        "FT.REGEX films title a K 4",
        "FT.REGEX films title a(",
        "FT.REGEX films year 1",
        "FT.REGEX films none a",
        "FT.REGEX films title a WHAT",
        "FT.REGEX none title a",
        "FT.REGEX films title (?:a{50}){50} K 1",
    ] {
        assert_ne!(error(client.say(wrong)), "", "{wrong}");
    }
    let scored = client.say("FT.REGEX films title ^metropolis$ K 3 WITHSCORES NOCONTENT");
    let score = |at: usize| scored[at].as_str().and_then(|score| score.parse::<f64>().ok()).unwrap_or_default();
    assert!(score(2) > 3.0 && (1.0..3.0).contains(&score(4)), "{scored}");
    let body = r#"{"query": {"approximate_regexp": {"code": {"value": "^ab-1", "edits": 1}}}, "_source": false}"#;
    let found = server.ok("POST", "/films/_search", body);
    assert_eq!(found["hits"]["total"]["value"], 2, "{found}");
    assert_eq!(server.complaints(), Vec::<String>::new());
}

#[test]
fn redis_words_and_vectors_are_ranked_as_one() {
    let server = start(&[]);
    let mut client = films(&server);
    let mut ask = |line: &str| {
        let mut words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        let vector: Vec<u8> = [4.0_f32, 1.0].into_iter().flat_map(f32::to_le_bytes).collect();
        words.extend([b"PARAMS".to_vec(), b"2".to_vec(), b"b".to_vec(), vector]);
        client.ask(&words)
    };
    let keys = |answer: &Value| -> Vec<String> {
        let rows = answer[3].as_array().cloned().unwrap_or_default();
        let key = |row: &Value| {
            let row = row.as_array().cloned().unwrap_or_default();
            let at = row.iter().position(|name| name == "__key").map_or(0, |at| at + 1);
            row.get(at).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        rows.iter().map(key).collect()
    };
    // By words the third alone, by the vector 4, 3, 2.
    let both = ask("FT.HYBRID films SEARCH nosferatu VSIM @v $b KNN 2 K 3");
    assert_eq!((both[0].clone(), both[1].clone()), (json!("total_results"), json!(3)), "{both}");
    assert_eq!(keys(&both), ["film:3", "film:4", "film:2"], "{both}");
    let linear = ask("FT.HYBRID films SEARCH nosferatu VSIM @v $b KNN 2 K 3 COMBINE LINEAR 4 ALPHA 0 BETA 1 LIMIT 0 1");
    assert_eq!(keys(&linear), ["film:4"], "{linear}");
    let filtered =
        ask("FT.HYBRID films SEARCH nosferatu VSIM @v $b RANGE 2 RADIUS 2 FILTER @genre:{horror} LOAD 2 @__key @year");
    assert_eq!(filtered[3], json!([["__key", "film:3", "year", "1923"], ["__key", "film:4", "year", "1924"]]));
    let grouped =
        ask("FT.HYBRID films SEARCH * VSIM @v $b GROUPBY 1 @genre REDUCE COUNT 0 AS n SORTBY 2 @n DESC LIMIT 0 1");
    assert_eq!(grouped[3], json!([["genre", "horror", "n", "2"]]));
    for wrong in [
        "FT.HYBRID films nosferatu VSIM @v $b",
        "FT.HYBRID films SEARCH nosferatu",
        "FT.HYBRID films SEARCH nosferatu VSIM @v $c",
        "FT.HYBRID films SEARCH nosferatu VSIM @title $b",
        "FT.HYBRID films SEARCH nosferatu VSIM @v $b COMBINE BEST 0",
    ] {
        assert!(ask(wrong)["error"].is_string(), "{wrong}");
    }
}

#[test]
fn redis_aliases_are_listed() {
    let server = start(&[]);
    let mut client = films(&server);
    assert_eq!(client.say("FT.ALIASLIST films"), json!([]));
    client.say("FT.ALIASADD Movies films");
    client.say("FT.ALIASADD cinema films");
    assert_eq!(client.say("FT.ALIASLIST films"), json!(["Movies", "cinema"]));
    assert_eq!(client.say("FT.ALIASLIST Movies"), json!(["Movies", "cinema"]));
    assert!(client.say("FT.ALIASLIST none")["error"].is_string());
}

#[test]
fn a_temporary_redis_index_goes_with_its_keys_when_nobody_searches_it() {
    let server = start(&[]);
    let mut client = Client::connect(&server);
    assert_eq!(client.say("FT.CREATE kept PREFIX 1 t: SCHEMA a TEXT"), "OK");
    assert_eq!(client.say("FT.CREATE brief TEMPORARY 1 PREFIX 1 t: SCHEMA a TEXT"), "OK");
    assert_eq!(client.say("HSET t:1 a word"), 1);
    assert_eq!(client.say("HSET u:1 a word"), 1);
    assert_eq!(client.say("FT.SEARCH brief word NOCONTENT"), json!([1, "t:1"]));
    let deadline = Instant::now() + Duration::from_secs(30);
    // The key goes first, then what other indexes hold of it.
    while client.say("EXISTS t:1") != 0 || client.say("FT.SEARCH kept word NOCONTENT") != json!([0]) {
        assert!(Instant::now() < deadline, "it stays");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(client.say("FT.INFO brief")["error"].as_str().is_some_and(|error| error.contains("Unknown index")));
    assert_eq!(client.say("EXISTS u:1"), 1);
}
