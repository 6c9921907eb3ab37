//! The show: load the voyages, ask some questions, print what comes.

use std::io::{Result as Written, Write};
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Value, json};

use super::letters;
use super::voyages::{self, COUNT, INDEX};
use crate::client::{Body, Client};
use crate::failure::Failure;
use crate::print::{self, FOUND, Style};

/// Documents of one request.
const BATCH: u64 = 500;

/// One question.
struct Scene {
    told: &'static str,
    endpoint: &'static str,
    body: Value,
    fields: &'static [&'static str],
}

/// # Errors
/// The first request that fails, or a question that finds nothing.
pub(super) fn show(client: &Client) -> Result<(), Failure> {
    let style = Style::of_output();
    let mut out = std::io::stdout().lock();
    load(client, &voyages::index(), &mut out)?;
    for scene in scenes() {
        act(client, &scene, &mut out, style)?;
    }
    letters::show(client, &mut out, style)
}

/// What to do with a node that goes on.
///
/// # Errors
/// Of the writer.
pub(super) fn farewell(url: &str, redis: SocketAddr) -> Result<(), Failure> {
    let phrase = json!({"query": {"match_phrase": {"log": "man overboard"}}, "highlight": {"fields": {"log": {}}}});
    let mut out = std::io::stdout().lock();
    let written = writeln!(
        out,
        "\nThe node answers on {url} and Redis clients on {redis} until Ctrl-C; its folder goes with it. Try:\n\n  \
         curl '{url}/_cat/indices?v'\n  \
         curl '{url}/{INDEX}/_search?q=captain:calloway+AND+cargo:bees&pretty'\n  \
         curl '{url}/{INDEX}/_search?pretty' -H 'content-type: application/json' -d '{phrase}'\n  \
         redis-cli -p {} HSET film:1 title Alien year 1979\n",
        redis.port()
    );
    written.and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Makes the index and writes all voyages.
///
/// # Errors
/// The first request that fails.
pub(super) fn load(client: &Client, index: &Value, out: &mut dyn Write) -> Result<(), Failure> {
    client.ask("PUT", &format!("/{INDEX}"), index)?;
    client.ask("GET", &format!("/_cluster/health/{INDEX}?wait_for_status=green&timeout=60s"), &Value::Null)?;
    let begun = Instant::now();
    for first in (0..COUNT).step_by(BATCH as usize) {
        let numbers = first..(first + BATCH).min(COUNT);
        let lines: Vec<String> = numbers
            .map(|number| format!("{}\n{}\n", json!({"index": {"_id": number.to_string()}}), voyages::document(number)))
            .collect();
        let answer = client.post(&format!("/{INDEX}/_bulk"), Body::Lines, lines.concat().as_bytes())?;
        let json = client.accepted(&answer)?;
        if json["errors"] != false {
            return Err(Failure::Answer {
                url: client.url().to_owned(),
                reason: format!("not all voyages were taken: {}", first_error(&json)),
            });
        }
    }
    let took = begun.elapsed();
    let begun = Instant::now();
    let refreshed = client.post(&format!("/{INDEX}/_refresh"), Body::Json, b"")?;
    client.accepted(&refreshed)?;
    writeln!(
        out,
        "{} voyages written in {} ({}/s), visible {} later",
        print::count(COUNT),
        print::time(took),
        print::count(print::rate(COUNT, took)),
        print::time(begun.elapsed()),
    )
    .map_err(Failure::Output)
}

fn first_error(answer: &Value) -> String {
    let items = answer["items"].as_array().into_iter().flatten();
    items.map(|item| &item["index"]["error"]).find(|error| !error.is_null()).map(Value::to_string).unwrap_or_default()
}

fn act(client: &Client, scene: &Scene, out: &mut dyn Write, style: Style) -> Result<(), Failure> {
    let path = format!("/{INDEX}/{}", scene.endpoint);
    let begun = Instant::now();
    let answer = client.ask("POST", &path, &asked(scene))?;
    let took = print::time(begun.elapsed());
    let total = match answer["count"].as_u64() {
        Some(count) => format!("{} documents", print::count(count)),
        None => print::total(&answer),
    };
    if answer["count"] == 0 || answer["hits"]["total"]["value"] == 0 {
        let reason = format!("{}: nothing is found", scene.told);
        return Err(Failure::Answer { url: client.url().to_owned(), reason });
    }
    let mut tell = || -> Written<()> {
        writeln!(out, "\n{}: {total} in {took}", style.bold(scene.told))?;
        writeln!(out, "{}", style.dim(&format!("POST {path} {}", scene.body)))?;
        print::hits(out, &answer, scene.fields, style)?;
        buckets(out, &answer["aggregations"], "  ")
    };
    tell().map_err(Failure::Output)
}

/// The buckets of each aggregation: key, documents, what is inside.
fn buckets(out: &mut dyn Write, aggregations: &Value, indent: &str) -> Written<()> {
    let named = aggregations.as_object().into_iter().flatten();
    for (name, list) in named.filter_map(|(name, answer)| Some((name, answer["buckets"].as_array()?))) {
        writeln!(out, "{indent}{name}")?;
        for bucket in list {
            let key = if bucket["key_as_string"].is_null() { &bucket["key"] } else { &bucket["key_as_string"] };
            let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
            write!(out, "{indent}  {key:<12} {:>6}", bucket["doc_count"].to_string())?;
            let inside = bucket.as_object().into_iter().flatten();
            for (name, number) in inside.filter_map(|(name, answer)| Some((name, answer["value"].as_f64()?))) {
                write!(out, "   {name} {number:.1}")?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The body that is shown, with tags that are shown as bold.
fn asked(scene: &Scene) -> Value {
    let mut body = scene.body.clone();
    if let Some(highlight) = body.get_mut("highlight") {
        highlight["pre_tags"] = json!([FOUND[0]]);
        highlight["post_tags"] = json!([FOUND[1]]);
    }
    body
}

fn scenes() -> Vec<Scene> {
    let log = || json!({"fields": {"log": {"number_of_fragments": 1}}});
    let search = |told, body, fields| Scene { told, endpoint: "_search", body, fields };
    vec![
        search(
            "Words, the best first",
            json!({"query": {"match": {"log": "storm off the dark lighthouse"}}, "highlight": log(), "size": 3}),
            &["title", "ship.name"],
        ),
        search(
            "A phrase",
            json!({"query": {"match_phrase": {"log": "found a stowaway"}}, "highlight": log(), "size": 2}),
            &["title", "captain"],
        ),
        search(
            "A name with two wrong letters",
            json!({"query": {"match": {"captain": {"query": "Calowey", "fuzziness": "AUTO"}}}, "size": 3}),
            &["captain", "title"],
        ),
        search(
            "Words, filters and a sort",
            json!({
                "query": {"bool": {
                    "must": {"match": {"log": "fog"}},
                    "filter": [{"term": {"cargo": "copper"}}, {"range": {"departed": {"gte": "2020-01-01"}}}],
                    "must_not": {"term": {"ship.kind": "steamer"}},
                }},
                "sort": [{"days": "desc"}],
                "size": 3,
            }),
            &["title", "ship.kind", "cargo", "departed"],
        ),
        search(
            "One line of query language",
            json!({
                "query": {"query_string": {"query": "title:(ice OR fog) AND to:sao AND days:[10 TO 40] AND beacon:\"10.0.0.0/8\""}},
                "size": 3,
            }),
            &["title", "to", "days", "beacon"],
        ),
        search(
            "Aggregations: what was carried, and how long that took, quarter by quarter",
            json!({
                "size": 0,
                "query": {"range": {"departed": {"gte": "2023-01-01"}}},
                "aggs": {
                    "cargo": {"terms": {"field": "cargo", "size": 3}, "aggs": {"days": {"avg": {"field": "days"}}}},
                    "quarter": {"date_histogram": {"field": "departed", "calendar_interval": "quarter", "format": "yyyy-MM"}},
                },
            }),
            &[],
        ),
        Scene {
            told: "How many never arrived",
            endpoint: "_count",
            body: json!({"query": {"term": {"arrived": false}}}),
            fields: &[],
        },
    ]
}
