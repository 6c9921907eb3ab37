//! Rounds a second on one thread: index one document of 20 fields, refresh, find it. `durability: async`.
//!
//! `bench_rounds [ROUNDS [redis]]`: with `redis`, texts are seven words of two thousand, the more frequent the shorter, in fields as Redis clients
//! make them: with stems, and once more in a field of all texts. Prints rounds a second with everything that belongs to them: mapping, log, memory blocks, merging and sealing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use analysis::Registry;
use model::document::Source;
use model::mapping::Mapping;
use model::search::TrackTotal;
use model::write::Condition;
use search::bound::{BoundKind, BoundQuery};
use search::shard_query::ShardQuery;
use serde_json::{Value, json};
use shard::caches::Caches;
use shard::engine::{CopyOptions, ShardChange, ShardCopy, ShardWrite};
use shard::execute::{self, Endless};
use shard::layout;
use shard::prepare::{Prepared, Preparer, Settings};
use wal::{Durability, Syncer};

#[global_allocator]
static GLOBAL: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WORDS: [&str; 8] = ["hello", "brave", "new", "world", "of", "words", "and", "numbers"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds: u64 = std::env::args().nth(1).map_or(Ok(60_000), |rounds| rounds.parse())?;
    let directory = std::env::temp_dir().join(format!("shoal-rounds-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let redis = std::env::args().nth(2).is_some_and(|kind| kind == "redis");
    let (copy, preparer) = open(&directory, redis)?;
    let source = if redis { redis_source } else { source };
    let begun = Instant::now();
    for n in 0..rounds {
        let id: Arc<str> = n.to_string().into();
        let Prepared::Ready(document) = preparer.prepare(&id, None, &source(n))? else {
            return Err("a field is not mapped".into());
        };
        let change = ShardChange::Index { document: Arc::new(document), create: false };
        let batch =
            copy.write(&[ShardWrite { id, change, condition: Condition::default(), generated_id: false }], n)?;
        if let Some(position) = batch.position {
            copy.wait_safe(position)?;
        }
        copy.refresh()?;
        let found = execute::query(&copy.reader(), &find(n), &Endless)?;
        if found.total != 1 {
            return Err(format!("round {n} found {} documents", found.total).into());
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{rounds} rounds of index, refresh, find (20 fields): {:.0} a second, {:.1} us each",
        rounds as f64 / seconds,
        seconds * 1e6 / rounds as f64
    );
    drop(copy);
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

/// A field of text as Redis clients make it.
fn redis_text() -> Value {
    let stems = json!({"type": "text", "analyzer": "redis_stem", "norms": false, "position_increment_gap": 0});
    json!({"type": "text", "analyzer": "redis", "position_increment_gap": 0, "fields": {"stems": stems}})
}

fn open(directory: &std::path::Path, redis: bool) -> Result<(Arc<ShardCopy>, Preparer), Box<dyn std::error::Error>> {
    let mut text = json!({"type": "text"});
    let (mut properties, mut registry) = (serde_json::Map::new(), Registry::builtin());
    if redis {
        text = redis_text();
        properties.insert("all".to_owned(), text.clone());
        text["copy_to"] = json!("all");
        registry = Registry::from_settings(&json!({
            "filter": {"stem": {"type": "changed_stem", "language": "english"}},
            "analyzer": {"redis": {"tokenizer": "redis_words"}, "redis_stem": {"tokenizer": "redis_words", "filter": ["stem"]}},
        }))?;
    }
    properties.extend((0..10).map(|n| (format!("t{n}"), text.clone())));
    properties.extend((0..10).map(|n| (format!("n{n}"), json!({"type": "long"}))));
    let mapping = Arc::new(Mapping::parse(&json!({ "properties": properties }))?);
    let options = CopyOptions {
        directory: directory.to_owned(),
        durability: Durability::Async { interval: Duration::from_secs(5) },
        disk: Arc::new(wal::RealDisk),
        syncer: Syncer::start(1)?,
        // On the same thread: its work counts.
        spawn: Arc::new(|_, job| job()),
        throttle: Arc::default(),
        similarities: Arc::default(),
        caches: Caches::default(),
        new_history: "bench".into(),
        begins_history: false,
    };
    let (copy, _) = ShardCopy::open(options, layout::base_table(), &|_| None)?;
    let mut fields = (*copy.fields()).clone();
    layout::append_fields(&mut fields, &mapping, &registry)?;
    let preparer = Preparer::new(mapping, Arc::new(fields), registry, Settings::default())?;
    copy.set_fields(preparer.fields().clone());
    copy.set_primary_term(1);
    copy.replay(0, 2, &|_| Err(model::error::Error::illegal_argument("the log is empty")))?;
    Ok((copy, preparer))
}

fn source(n: u64) -> Source {
    let text =
        |field: u64| (0..6).map(|word| WORDS[((n * 7 + field * 3 + word) % 8) as usize]).collect::<Vec<_>>().join(" ");
    let texts = (0..10).map(|field| format!(r#""t{field}":"{} x{n}""#, text(field)));
    let numbers = (0..10).map(|field| format!(r#""n{field}":{n}"#));
    format!("{{{}}}", texts.chain(numbers).collect::<Vec<_>>().join(",")).into_bytes().into()
}

fn redis_source(n: u64) -> Source {
    let texts = (0..10).map(|field| {
        let words: Vec<String> = (0..7).map(|at| word(random(n * 70 + field * 7 + at))).collect();
        format!(r#""t{field}":"{}""#, words.join(" "))
    });
    let numbers = (0..10).map(|field| format!(r#""n{field}":{n}"#));
    format!("{{{}}}", texts.chain(numbers).collect::<Vec<_>>().join(",")).into_bytes().into()
}

fn random(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 20
}

/// One of two thousand words; half of all are of the first fifty.
fn word(random: u64) -> String {
    const PARTS: [&str; 12] = ["ba", "con", "der", "fi", "gol", "hum", "is", "lo", "mer", "nat", "ru", "tes"];
    const ENDS: [&str; 8] = ["", "s", "ing", "ed", "ation", "ly", "ness", "er"];
    let mut rank = (2000f64.powf((random % (1 << 20)) as f64 / f64::from(1 << 20)) - 1.0) as usize;
    let end = ENDS[rank * 5 % 8];
    let mut word = String::new();
    while rank > 0 || word.is_empty() {
        word.push_str(PARTS[rank % 12]);
        rank /= 12;
    }
    word + end
}

fn find(n: u64) -> ShardQuery {
    ShardQuery {
        query: Arc::new(BoundQuery::new(BoundKind::Numbers("n3".into(), vec![n as i64]))),
        post_filter: None,
        statistics: None,
        top: 10,
        sort: Vec::new().into(),
        after: None,
        track_scores: false,
        track_total: TrackTotal::UpTo(10_000),
        min_score: None,
        terminate_after: None,
        aggregations: None,
    }
}
