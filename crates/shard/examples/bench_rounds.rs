//! Rounds a second on one thread: index one document of 20 fields, refresh, find it. `durability: async`.
//!
//! Prints rounds a second with everything that belongs to them: mapping, log, memory blocks, merging and sealing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use analysis::Registry;
use model::document::Source;
use model::mapping::Mapping;
use model::search::TrackTotal;
use model::write::Condition;
use search::bound::{BoundKind, BoundQuery};
use search::shard_query::ShardQuery;
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
    let (copy, preparer) = open(&directory)?;
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

fn open(directory: &std::path::Path) -> Result<(Arc<ShardCopy>, Preparer), Box<dyn std::error::Error>> {
    let texts = (0..10).map(|n| (format!("t{n}"), serde_json::json!({"type": "text"})));
    let numbers = (0..10).map(|n| (format!("n{n}"), serde_json::json!({"type": "long"})));
    let properties: serde_json::Map<String, serde_json::Value> = texts.chain(numbers).collect();
    let mapping = Arc::new(Mapping::parse(&serde_json::json!({ "properties": properties }))?);
    let registry = Registry::builtin();
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
