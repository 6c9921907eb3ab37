//! Our scorer against tantivy's `TopDocs` over the same documents: `bench_scorer [DOCUMENTS] [QUERIES] [CLASS|all] [DIRECTORY]`.
//! A directory is kept, and used again when it is there.
//!
//! Words are Zipf distributed; classes name how frequent the query's words are: H ranks 5 to 150, M 200 to 2,000, L 3,000 to 50,000.
//! Prints the mean time in microseconds of the best of five runs of each query, in one thread, and the ratio ours / tantivy's. Every
//! answer is compared: equal scores, except that equal scores may name other documents.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use analysis::Registry;
use model::search::TrackTotal;
use search::bound::{BoundBool, BoundKind, BoundQuery, Phrase, PhrasePosition};
use search::shard_query::ShardQuery;
use shard::execute::{Endless, query};
use shard::fields::{FieldSlot, Layout, meta};
use shard::layout::base_table;
use shard::prepared::{PreparedDocument, SequencedDocument};
use shard::reader::{Reader, SegmentView};
use shard::seal::seal;
use shard::segment::Detail;
use shard::segment::disk::SealedSegment;
use tantivy::collector::{Count, TopDocs};
use tantivy::query::{BooleanQuery, Occur, PhraseQuery, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, Searcher, TantivyDocument, Term};

type Failure = Box<dyn std::error::Error>;

const HITS: usize = 10;
const BODY: FieldSlot = FieldSlot(meta::FIRST);
const VOCABULARY: f64 = 200_000.0;
const CLASSES: [(&str, &str); 23] = [
    ("T", "H"),
    ("T", "M"),
    ("T", "L"),
    ("OR", "HH"),
    ("OR", "HM"),
    ("OR", "HL"),
    ("OR", "MM"),
    ("OR", "LL"),
    ("OR", "HHH"),
    ("OR", "HML"),
    ("OR", "MMM"),
    ("OR", "HHHHH"),
    ("OR", "HHMML"),
    ("OR", "MMMMM"),
    ("AND", "HH"),
    ("AND", "HM"),
    ("AND", "HL"),
    ("AND", "MM"),
    ("AND", "HHH"),
    ("AND", "HML"),
    ("PHRASE", "HH"),
    ("PHRASE", "HM"),
    ("PHRASE", "HHH"),
];

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A rank whose frequency falls with one over it.
    fn word(&mut self) -> u64 {
        VOCABULARY.powf(self.unit()) as u64
    }
}

fn text(number: u64) -> String {
    let mut rng = Rng(number.wrapping_mul(0x1234_5679));
    let length = 10 + rng.below(40) + if rng.below(4) == 0 { rng.below(150) } else { 0 };
    let mut text = String::new();
    for _ in 0..length {
        text.push_str(&format!("w{} ", rng.word()));
    }
    text
}

fn ours(directory: &Path, documents: u64) -> Result<Reader, Failure> {
    let mut table = base_table();
    let analyzer = Registry::builtin().analyzer("whitespace").ok_or("no whitespace analyzer")?;
    table.append("body".into(), Layout::Text { analyzer, detail: Detail::Positions, norms: true, position_gap: 100 });
    let mut sequenced = (0..documents).map(|number| {
        let id = format!("{number:08}");
        let document = PreparedDocument {
            id: id.as_str().into(),
            routing: None,
            source: Arc::from(&b"{}"[..]),
            texts: vec![(BODY, text(number).into())],
            exact: vec![(meta::ID, id.into_bytes().into())],
            numbers: Vec::new(),
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
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("whitespace")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let body = schema.add_text_field("body", TextOptions::default().set_indexing_options(indexing));
    let path = directory.join("theirs");
    if path.exists() {
        return Ok((Index::open_in_dir(&path)?.reader()?.searcher(), body));
    }
    std::fs::create_dir(&path)?;
    let index = Index::create_in_dir(&path, schema.build())?;
    let mut writer = index.writer_with_num_threads(1, 1 << 30)?;
    for number in 0..documents {
        let mut document = TantivyDocument::default();
        document.add_text(body, text(number));
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
    Ok((searcher, body))
}

fn bound(operation: &str, words: &[String]) -> BoundQuery {
    let term = |word: &String| BoundQuery::new(BoundKind::Term("body".into(), word.as_bytes().into()));
    let all = || words.iter().map(term).collect::<Vec<_>>();
    BoundQuery::new(match operation {
        "T" => return term(&words[0]),
        "OR" => BoundKind::Bool(BoundBool { should: all(), minimum_should_match: 1, ..BoundBool::default() }),
        "AND" => BoundKind::Bool(BoundBool { must: all(), ..BoundBool::default() }),
        _ => {
            let position = |(position, word): (usize, &String)| PhrasePosition {
                position: position as u32,
                terms: vec![word.as_bytes().into()],
            };
            let positions = words.iter().enumerate().map(position).collect();
            BoundKind::Phrase(Phrase { field: "body".into(), positions, slop: 0, prefix_expansions: None })
        }
    })
}

fn tantivy_query(operation: &str, field: Field, words: &[String]) -> Box<dyn Query> {
    let terms: Vec<Term> = words.iter().map(|word| Term::from_field_text(field, word)).collect();
    let one = |term: &Term| Box::new(TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)) as Box<dyn Query>;
    match operation {
        "T" => one(&terms[0]),
        "PHRASE" => Box::new(PhraseQuery::new(terms)),
        _ => {
            let occur = if operation == "OR" { Occur::Should } else { Occur::Must };
            Box::new(BooleanQuery::new(terms.iter().map(|term| (occur, one(term))).collect()))
        }
    }
}

fn timed<T>(mut run: impl FnMut() -> Result<T, Failure>) -> Result<(f64, T), Failure> {
    let mut best = f64::INFINITY;
    let mut result = None;
    for _ in 0..5 {
        let start = Instant::now();
        result = Some(run()?);
        best = best.min(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok((best, result.ok_or("nothing ran")?))
}

fn words(rng: &mut Rng, pattern: &str) -> Vec<String> {
    let mut ranks: Vec<u64> = Vec::new();
    for class in pattern.chars() {
        let (from, width) = match class {
            'H' => (5, 145),
            'M' => (200, 1800),
            _ => (3000, 47_000),
        };
        let mut rank = from + rng.below(width);
        while ranks.contains(&rank) {
            rank = from + rng.below(width);
        }
        ranks.push(rank);
    }
    ranks.iter().map(|rank| format!("w{rank}")).collect()
}

fn main() -> Result<(), Failure> {
    let number = |at, default| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (documents, queries): (u64, u64) = (number(1, 300_000), number(2, 40));
    let temporary = tempfile::tempdir()?;
    let kept = std::env::args().nth(4).map(PathBuf::from);
    let directory = kept.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&directory)?;
    let start = Instant::now();
    let reader = ours(&directory, documents)?;
    println!("ours: {documents} documents sealed in {:.1} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let (searcher, body) = theirs(&directory, documents)?;
    println!("tantivy: indexed in {:.1} s", start.elapsed().as_secs_f64());
    println!(
        "{:<14}{:>10}{:>10}{:>8}   {:>10}{:>10}{:>8}  (with exact totals)",
        "class", "ours", "tantivy", "ratio", "ours", "tantivy", "ratio"
    );
    let mut rng = Rng(99);
    let only = std::env::args().nth(3);
    for (operation, pattern) in CLASSES {
        if only.as_ref().is_some_and(|only| only != "all" && *only != format!("{operation}{pattern}")) {
            continue;
        }
        let mut sums = [0.0; 4];
        let mut differing = 0;
        for _ in 0..queries {
            let words = words(&mut rng, pattern);
            let mut request = ShardQuery {
                query: Arc::new(bound(operation, &words)),
                post_filter: None,
                statistics: None,
                top: HITS,
                sort: Arc::new([]),
                after: None,
                track_scores: false,
                track_total: TrackTotal::No,
                min_score: None,
                terminate_after: None,
                aggregations: None,
            };
            let asked = tantivy_query(operation, body, &words);
            let (time, hits) = timed(|| Ok(query(&reader, &request, &Endless)?))?;
            sums[0] += time;
            let (time, top) = timed(|| Ok(searcher.search(&*asked, &TopDocs::with_limit(HITS).order_by_score())?))?;
            sums[1] += time;
            request.track_total = TrackTotal::All;
            let (time, counted) = timed(|| Ok(query(&reader, &request, &Endless)?))?;
            sums[2] += time;
            let both = (TopDocs::with_limit(HITS).order_by_score(), Count);
            let (time, (_, count)) = timed(|| Ok(searcher.search(&*asked, &both)?))?;
            sums[3] += time;
            // tantivy multiplies by k1 + 1.
            let near = |(ours, theirs): (f32, f32)| (ours * 2.2 - theirs).abs() <= 1e-4 * theirs;
            let mut scores = hits.hits.iter().map(|hit| hit.score).zip(top.iter().map(|(score, _)| *score));
            let equal = hits.hits.len() == top.len() && scores.all(near) && counted.total == count as u64;
            differing += u32::from(!equal);
        }
        let [a, b, c, d] = sums.map(|sum| sum / queries as f64);
        let name = format!("{operation} {pattern}");
        let note = if differing > 0 { format!("  {differing} DIFFER") } else { String::new() };
        println!("{name:<14}{a:>10.1}{b:>10.1}{:>8.2}   {c:>10.1}{d:>10.1}{:>8.2}{note}", a / b, c / d);
    }
    Ok(())
}
