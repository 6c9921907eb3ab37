//! Our aggregations against tantivy's over the same documents: `bench_aggregations [DOCUMENTS] [NAME|all] [ROUNDS] [DIRECTORY]`.
//! A directory is kept, and used again when it is there.
//!
//! Prints the best processor time in milliseconds of each in one thread, from the request to the finished answer, and the ratio ours / tantivy's;
//! buckets are compared by their counts. At last what it takes to merge and finish 1,000 buckets of each of 50 shards. `all` matches
//! every document; the names that end in `/half` match half of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use mimalloc::MiMalloc;
use model::aggregation::answer::{Answer, Body};
use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Row, Stats as Moments, Table};
use model::aggregation::request::histogram::{CalendarUnit, DateInterval};
use model::aggregation::request::metric::PercentilesMethod;
use model::aggregation::request::terms::Cut;
use model::aggregation::request::{Order, OrderBy};
use model::date::Zone;
use model::date::rounding::Rounding;
use model::number::ordered_from_f64;
use model::search::TrackTotal;
use search::aggregation::choice::Choice;
use search::aggregation::format::Format;
use search::aggregation::histogram::{Histogram, Step};
use search::aggregation::metric::{Cardinality, Percentiles, Stats, StatsShown};
use search::aggregation::terms::{Ranking, Terms};
use search::aggregation::values::{Column, Values};
use search::aggregation::{BoundAggregation, Kind, Level};
use search::bound::{BoundKind, BoundQuery, NumberCode};
use search::merge::aggregations::{Limit, finish};
use search::shard_query::ShardQuery;
use shard::execute::{Endless, query};
use shard::fields::{FieldSlot, Layout, meta};
use shard::layout::base_table;
use shard::prepared::{PreparedDocument, SequencedDocument};
use shard::reader::{Reader, SegmentView};
use shard::seal::seal;
use shard::segment::disk::SealedSegment;
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::{AggContextParams, AggregationCollector, AggregationLimitsGuard};
use tantivy::query::{AllQuery, Query, TermQuery};
use tantivy::schema::{DateOptions, DateTimePrecision, FAST, Field, IndexRecordOption, STRING, Schema};
use tantivy::{DateTime, Index, Searcher, TantivyDocument, Term};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Failure = Box<dyn std::error::Error>;

const NAMES: [&str; 6] = ["k", "u", "half", "i", "f", "t"];
const YEAR_MS: u64 = 365 * 86_400_000;
const BEGIN_MS: i64 = 1_735_689_600_000;
const INTERVAL: f64 = 10.0;

struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// What one document holds.
struct Document {
    /// 50 values.
    k: String,
    /// Half as many values as documents.
    u: String,
    half: &'static str,
    i: i64,
    f: f64,
    t: i64,
}

fn document(number: u64, documents: u64) -> Document {
    let mut rng = Rng(number.wrapping_mul(0x1234_5679));
    Document {
        k: format!("c{:02}", rng.below(50)),
        u: format!("user-{:07}", rng.below(documents * 13 / 20 + 1)),
        half: ["n", "y"][rng.below(2) as usize],
        i: rng.below(10_000) as i64 - 2000,
        f: rng.below(1_000_000) as f64 / 997.0,
        t: BEGIN_MS + rng.below(YEAR_MS) as i64,
    }
}

fn ours(directory: &Path, documents: u64) -> Result<Reader, Failure> {
    let exact = |postings, column| Layout::Exact { postings, column, norms: false };
    let number = Layout::Number { postings: false, column: true };
    let mut table = base_table();
    for (at, name) in NAMES.iter().enumerate() {
        table.append((*name).into(), if at < 3 { exact(true, true) } else { number.clone() });
    }
    let slot = |at| FieldSlot(meta::FIRST + at);
    let mut sequenced = (0..documents).map(|number| {
        let id = format!("{number:08}");
        let of = document(number, documents);
        let exact = [(slot(0), of.k.as_bytes()), (slot(1), of.u.as_bytes()), (slot(2), of.half.as_bytes())];
        let ids = std::iter::once((meta::ID, id.as_bytes()));
        let document = PreparedDocument {
            id: id.as_str().into(),
            routing: None,
            source: Arc::from(&b"{}"[..]),
            texts: Vec::new(),
            exact: ids.chain(exact).map(|(slot, bytes)| (slot, bytes.into())).collect(),
            numbers: vec![(slot(3), of.i), (slot(4), ordered_from_f64(of.f)), (slot(5), of.t)],
            inner: Vec::new(),
            vectors: Vec::new(),
        };
        SequencedDocument { document: Arc::new(document), seq_no: number, primary_term: 1, version: 1 }
    });
    let path = directory.join("ours");
    let segment = if path.exists() { SealedSegment::open(&path)? } else { seal(&path, &table, &mut sequenced)? };
    let segments = Arc::from(vec![SegmentView { segment: Arc::new(segment), alive: None }]);
    Ok(Reader::of(segments, Arc::new(table)))
}

fn theirs(directory: &Path, documents: u64) -> Result<(Searcher, Field), Failure> {
    let mut schema = Schema::builder();
    let [k, u, half] = ["k", "u", "half"].map(|name| schema.add_text_field(name, STRING | FAST));
    let (i, f) = (schema.add_i64_field("i", FAST), schema.add_f64_field("f", FAST));
    let dates = DateOptions::default().set_fast().set_precision(DateTimePrecision::Milliseconds);
    let t = schema.add_date_field("t", dates);
    let path = directory.join("theirs");
    if path.exists() {
        return Ok((Index::open_in_dir(&path)?.reader()?.searcher(), half));
    }
    std::fs::create_dir(&path)?;
    let index = Index::create_in_dir(&path, schema.build())?;
    let mut writer = index.writer_with_num_threads(1, 1 << 30)?;
    for number in 0..documents {
        let of = document(number, documents);
        let mut document = TantivyDocument::default();
        document.add_text(k, &of.k);
        document.add_text(u, &of.u);
        document.add_text(half, of.half);
        document.add_i64(i, of.i);
        document.add_f64(f, of.f);
        document.add_date(t, DateTime::from_timestamp_millis(of.t));
        writer.add_document(document)?;
    }
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.wait_merging_threads()?;
    let searcher = index.reader()?.searcher();
    println!("tantivy: {} segments, {} documents", searcher.segment_readers().len(), searcher.num_docs());
    Ok((searcher, half))
}

fn values(column: Column) -> Values {
    Values { column, missing: None, format: Format::Raw }
}

fn numbers(field: &str) -> Values {
    let code = if field == "f" { NumberCode::Double } else { NumberCode::Long };
    values(Column::Number(field.into(), code))
}

fn strings(field: &str) -> Values {
    values(Column::Strings(field.into()))
}

fn terms(values: Values) -> Kind {
    let by = |by, descending| Order { by, descending };
    Kind::Terms(Box::new(Terms {
        values,
        ranking: Ranking {
            cut: Cut { size: 10, shard_size: None, min_doc_count: 1, shard_min_doc_count: 0 },
            order: vec![by(OrderBy::Count, true), by(OrderBy::Key, false)],
            show_error: false,
            exact: false,
        },
        choice: Choice::default(),
    }))
}

fn stats(field: &str, shown: StatsShown) -> Kind {
    Kind::Stats(Box::new(Stats { values: numbers(field), shown }))
}

fn histogram(field: &str, step: Step) -> Kind {
    let order = vec![Order { by: OrderBy::Key, descending: false }];
    Kind::Histogram(Box::new(Histogram { values: numbers(field), step, min_doc_count: 0, order, keyed: false }))
}

fn daily() -> Kind {
    let rounding = Rounding::new(DateInterval::Calendar(CalendarUnit::Day), Zone::utc(), 0);
    histogram("t", Step::Dates { rounding, extended: None, hard: None })
}

fn wide(field: &str) -> Kind {
    histogram(field, Step::Width { interval: INTERVAL, offset: 0.0, extended: None, hard: None })
}

fn percentiles(field: &str) -> Kind {
    let method = PercentilesMethod::TDigest { compression: 100.0 };
    let points = vec![1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0];
    Kind::Percentiles(Box::new(Percentiles { values: numbers(field), points, ranks: false, keyed: true, method }))
}

fn cardinality(values: Values) -> Kind {
    Kind::Cardinality(Box::new(Cardinality { values, threshold: 3000 }))
}

fn one(kind: Kind, children: Vec<BoundAggregation>) -> BoundAggregation {
    let children = Level { list: children, pipelines: Vec::new() };
    BoundAggregation { name: "a".into(), kind, children, meta: None }
}

fn average(field: &str) -> Vec<BoundAggregation> {
    vec![one(stats(field, StatsShown::Avg), Vec::new())]
}

/// Names, ours, and tantivy's of the same.
fn classes() -> Vec<(&'static str, BoundAggregation, String)> {
    let avg = r#","aggs":{"a":{"avg":{"field":"f"}}}"#;
    let asked = |body: &str, children: &str| format!(r#"{{"a":{{{body}{children}}}}}"#);
    let terms_k = r#""terms":{"field":"k","size":10}"#;
    let terms_u = r#""terms":{"field":"u","size":10}"#;
    let days = r#""date_histogram":{"field":"t","fixed_interval":"1d"}"#;
    let plain = |kind| one(kind, Vec::new());
    vec![
        ("terms(50)", plain(terms(strings("k"))), asked(terms_k, "")),
        ("terms(50)+avg", one(terms(strings("k")), average("f")), asked(terms_k, avg)),
        ("terms(500k)", plain(terms(strings("u"))), asked(terms_u, "")),
        ("terms(500k)+avg", one(terms(strings("u")), average("f")), asked(terms_u, avg)),
        ("terms(numbers)", plain(terms(numbers("i"))), asked(r#""terms":{"field":"i","size":10}"#, "")),
        ("days", plain(daily()), asked(days, "")),
        ("days+avg", one(daily(), average("f")), asked(days, avg)),
        ("histogram(f64)", plain(wide("f")), asked(r#""histogram":{"field":"f","interval":10}"#, "")),
        ("histogram(i64)", plain(wide("i")), asked(r#""histogram":{"field":"i","interval":10}"#, "")),
        ("stats(f64)", plain(stats("f", StatsShown::Stats)), asked(r#""stats":{"field":"f"}"#, "")),
        ("stats(i64)", plain(stats("i", StatsShown::Stats)), asked(r#""stats":{"field":"i"}"#, "")),
        ("percentiles(f64)", plain(percentiles("f")), asked(r#""percentiles":{"field":"f"}"#, "")),
        ("percentiles(i64)", plain(percentiles("i")), asked(r#""percentiles":{"field":"i"}"#, "")),
        ("cardinality(50)", plain(cardinality(strings("k"))), asked(r#""cardinality":{"field":"k"}"#, "")),
        ("cardinality(500k)", plain(cardinality(strings("u"))), asked(r#""cardinality":{"field":"u"}"#, "")),
        ("cardinality(f64)", plain(cardinality(numbers("f"))), asked(r#""cardinality":{"field":"f"}"#, "")),
    ]
}

/// Milliseconds that this thread has run on a processor, which others that want it disturb least; since it began to be asked, where
/// the system does not say.
fn clock(start: Instant) -> f64 {
    // Whoever yields is charged for what it has run so far.
    std::thread::yield_now();
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|told| told.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()));
    nanos.map_or_else(|| start.elapsed().as_secs_f64() * 1e3, |nanos| nanos / 1e6)
}

fn timed<T>(rounds: u64, mut run: impl FnMut() -> Result<T, Failure>) -> Result<(f64, T), Failure> {
    let mut best = f64::INFINITY;
    let mut result = None;
    let start = Instant::now();
    for _ in 0..rounds {
        let before = clock(start);
        result = Some(run()?);
        best = best.min(clock(start) - before);
    }
    Ok((best, result.ok_or("nothing ran")?))
}

fn request(level: &Level, half: bool) -> ShardQuery {
    let some = BoundKind::Term("half".into(), b"y"[..].into());
    ShardQuery {
        query: Arc::new(BoundQuery::new(if half { some } else { BoundKind::MatchAll })),
        post_filter: None,
        statistics: None,
        top: 0,
        sort: Arc::new([]),
        after: None,
        track_scores: false,
        track_total: TrackTotal::UpTo(10_000),
        min_score: None,
        terminate_after: None,
        aggregations: Some(Arc::new(level.clone())),
    }
}

fn counts(answer: &Answer) -> Option<Vec<u64>> {
    match &answer.body {
        Body::Buckets(buckets) => Some(buckets.list.iter().map(|bucket| bucket.doc_count).collect()),
        _ => None,
    }
}

/// Whether the buckets of both hold as many documents.
fn agree(ours: &[Answer], theirs: &impl serde::Serialize) -> Result<bool, Failure> {
    let theirs = serde_json::to_value(theirs)?;
    let Some(ours) = ours.first().and_then(counts) else { return Ok(true) };
    let buckets = theirs["a"]["buckets"].as_array().ok_or("no buckets")?;
    Ok(buckets.iter().map(|bucket| bucket["doc_count"].as_u64().unwrap_or(0)).eq(ours))
}

/// What 50 shards give for `terms`, 1,000 buckets each: with an average, of any of 50,000 values, or the same without.
fn shards(same: bool) -> Vec<Vec<Partial>> {
    let shard = |seed: u64| {
        let mut rng = Rng(seed);
        let number = |rng: &mut Rng, at: u64| if same { at } else { rng.below(50_000) };
        let mut keys: Vec<String> = (0..1200).map(|at| format!("user-{:05}", number(&mut rng, at))).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.truncate(1000);
        let row = |key: String| Row {
            key: Key::Bytes(key.as_bytes().into()),
            bucket: Bucket {
                doc_count: 7,
                children: if same { Vec::new() } else { vec![Partial::Stats(Box::<Moments>::default())] },
            },
            known: 1,
        };
        vec![Partial::Table(Table { rows: keys.into_iter().map(row).collect(), other: 5, error: 1, shards: 1 })]
    };
    (0..50).map(shard).collect()
}

fn merging(rounds: u64, same: bool) -> Result<f64, Failure> {
    let inside = if same { Vec::new() } else { average("f") };
    let asked = one(terms(strings("u")), inside);
    let level = Level { list: vec![asked], pipelines: Vec::new() };
    let given = shards(same);
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let given = given.clone();
        let start = Instant::now();
        finish(&level, given, &mut Limit::new(65_535))?;
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(best)
}

fn main() -> Result<(), Failure> {
    let number = |at, default| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (documents, rounds): (u64, u64) = (number(1, 1_000_000), number(3, 15));
    let only = std::env::args().nth(2).filter(|name| name != "all");
    let temporary = tempfile::tempdir()?;
    let directory = std::env::args().nth(4).map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    std::fs::create_dir_all(&directory)?;
    let reader = ours(&directory, documents)?;
    let (searcher, half) = theirs(&directory, documents)?;
    println!("{:<26}{:>10}{:>10}{:>8}", "aggregation", "ours", "tantivy", "ratio");
    let mut ratios = Vec::new();
    for (name, asked, same) in classes() {
        for some in [false, true] {
            let name = if some { format!("{name}/half") } else { name.to_owned() };
            if only.as_ref().is_some_and(|only| *only != name) {
                continue;
            }
            let level = Level { list: vec![asked.clone()], pipelines: Vec::new() };
            let request = request(&level, some);
            let (mine, answer) = timed(rounds, || {
                let found = query(&reader, &request, &Endless)?.aggregations;
                Ok(finish(&level, vec![found], &mut Limit::new(65_535))?)
            })?;
            let aggregations: Aggregations = serde_json::from_str(&same)?;
            let term = || TermQuery::new(Term::from_field_text(half, "y"), IndexRecordOption::Basic);
            let query: Box<dyn Query> = if some { Box::new(term()) } else { Box::new(AllQuery) };
            let limits = || AggregationLimitsGuard::new(Some(4 << 30), Some(10_000_000));
            let context = || AggContextParams { limits: limits(), ..AggContextParams::default() };
            let collector = || AggregationCollector::from_aggs(aggregations.clone(), context());
            let (other, theirs) = timed(rounds, || Ok(searcher.search(&*query, &collector())?))?;
            let note = if agree(&answer, &theirs)? { "" } else { "  COUNTS DIFFER" };
            println!("{name:<26}{mine:>10.2}{other:>10.2}{:>8.2}{note}", mine / other);
            ratios.push(mine / other);
        }
    }
    let worst = ratios.iter().copied().fold(0.0, f64::max);
    let faster = ratios.iter().filter(|ratio| **ratio < 1.0).count();
    println!("worst ratio {worst:.2}; {faster} of {} below 1.0", ratios.len());
    println!("merging the same 1,000 buckets of each of 50 shards: {:.2} ms", merging(rounds, true)?);
    println!("merging 1,000 of 50,000 buckets with an average of each of 50 shards: {:.2} ms", merging(rounds, false)?);
    Ok(())
}
