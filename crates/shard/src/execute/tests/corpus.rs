//! Random documents, laid out in memory blocks, sealed segments or both.

use std::path::Path;
use std::sync::Arc;

use analysis::Registry;
use model::geo::GeoPoint;

use crate::caches::Caches;
use crate::fields::{FieldSlot, FieldTable, Layout, meta};
use crate::prepared::{PreparedDocument, SequencedDocument};
use crate::query_cache::QueryCache;
use crate::reader::{Reader, SegmentView};
use crate::seal::seal;
use crate::segment::memory::MemoryBlock;
use crate::segment::{AliveDocs, Detail, Segment};
use crate::source_cache::SourceCache;

pub(super) const WORDS: [&str; 10] = ["a", "b", "c", "ab", "abc", "ship", "shop", "alien", "aliens", "zz"];
pub(super) const KEYS: [&str; 5] = ["k0", "k1", "k2", "K3", "z"];

/// A small generator, the same everywhere.
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(super) fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.below(from.len())]
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Doc {
    pub(super) id: String,
    pub(super) title: Vec<String>,
    pub(super) plain: Vec<String>,
    pub(super) body: Vec<String>,
    pub(super) keys: Vec<String>,
    pub(super) n: Vec<i64>,
    pub(super) d: Vec<i64>,
    /// Codes of places.
    pub(super) g: Vec<i64>,
    pub(super) alive: bool,
}

pub(super) struct Corpus {
    pub(super) docs: Vec<Doc>,
    fields: Arc<FieldTable>,
}

/// How documents are laid out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layouts {
    OneBlock,
    Blocks(usize),
    Sealed(usize),
    /// Every other one sealed.
    Mixed(usize),
}

fn table() -> FieldTable {
    let mut table = crate::layout::base_table();
    let analyzer = Registry::builtin().analyzer("whitespace").expect("built in");
    let text = |norms| Layout::Text { analyzer: analyzer.clone(), detail: Detail::Positions, norms, position_gap: 100 };
    for (path, layout) in [
        ("title", text(true)),
        ("plain", text(false)),
        ("body", text(true)),
        ("k", Layout::Exact { postings: true, column: true, norms: false }),
        ("n", Layout::Number { postings: true, column: true }),
        ("d", Layout::Number { postings: false, column: true }),
        ("g", Layout::Number { postings: false, column: true }),
    ] {
        table.append(path.into(), layout);
    }
    table
}

/// Somewhere, the poles and the dateline more often than by chance.
pub(super) fn place(rng: &mut Rng) -> GeoPoint {
    GeoPoint::new(rng.below(13) as f64 * 15.0 - 90.0, rng.below(25) as f64 * 15.0 - 180.0)
}

fn words(rng: &mut Rng, most: usize) -> Vec<String> {
    (0..rng.below(most + 1)).map(|_| rng.pick(&WORDS).to_owned()).collect()
}

impl Corpus {
    pub(super) fn new(docs: Vec<Doc>) -> Self {
        Self { docs, fields: Arc::new(table()) }
    }

    pub(super) fn random(rng: &mut Rng, most: usize) -> Self {
        let count = 1 + rng.below(most);
        let docs = (0..count).map(|number| Doc {
            id: format!("id{}", (number * 37) % 101),
            title: words(rng, 12),
            plain: words(rng, 5),
            body: words(rng, 3),
            keys: distinct((0..rng.below(3)).map(|_| rng.pick(&KEYS).to_owned()).collect()),
            n: sorted((0..rng.below(3)).map(|_| rng.below(9) as i64 - 3).collect()),
            d: sorted((0..rng.below(4)).map(|_| rng.below(50) as i64 - 20).collect()),
            g: sorted((0..rng.below(3)).map(|_| model::geo::encode(place(rng))).collect()),
            alive: rng.below(5) > 0,
        });
        Self::new(docs.collect())
    }

    /// Many documents over many words, frequent ones first.
    pub(super) fn zipf(rng: &mut Rng, count: usize) -> Self {
        let word = |rng: &mut Rng| {
            let uniform = (rng.below(1_000_000) as f64 + 1.0) / 1_000_000.0;
            format!("w{}", (300f64.powf(uniform) - 1.0) as u32)
        };
        let docs = (0..count).map(|number| {
            let length = 2 + rng.below(30);
            Doc {
                id: format!("id{:06}", (number * 7919) % 1_000_003),
                title: (0..length).map(|_| word(rng)).collect(),
                n: vec![rng.below(1000) as i64],
                d: vec![number as i64],
                alive: rng.below(20) > 0,
                ..Doc::default()
            }
        });
        Self::new(docs.collect())
    }

    pub(super) fn reader(&self, layout: Layouts) -> Reader {
        self.reader_in(layout, Path::new("/nonexistent"))
    }

    pub(super) fn reader_in(&self, layout: Layouts, directory: &Path) -> Reader {
        let (parts, sealed): (usize, fn(usize) -> bool) = match layout {
            Layouts::OneBlock => (1, |_| false),
            Layouts::Blocks(parts) => (parts, |_| false),
            Layouts::Sealed(parts) => (parts, |_| true),
            Layouts::Mixed(parts) => (parts, |part| part % 2 == 0),
        };
        let size = self.docs.len().div_ceil(parts);
        let queries = Arc::new(QueryCache::of_small(1 << 20));
        let sources = Arc::new(SourceCache::new(1 << 20));
        let (caches, share) = (Caches { queries, sources, ..Caches::default() }, Arc::default());
        let segments = self.docs.chunks(size).enumerate().map(|(part, docs)| {
            let sequenced: Vec<SequencedDocument> = docs.iter().map(|doc| self.sequenced(doc)).collect();
            let segment: Arc<dyn Segment> = if sealed(part) {
                std::fs::create_dir_all(directory).expect("a directory");
                let path = directory.join(format!("s{part}"));
                let segment = seal(&path, &self.fields, &mut sequenced.into_iter()).expect("seals");
                segment.keep_in(&caches, &share);
                Arc::new(segment)
            } else {
                Arc::new(MemoryBlock::build(&self.fields, sequenced))
            };
            let mut alive = AliveDocs::all(docs.len() as u32);
            for (number, _) in docs.iter().enumerate().filter(|(_, doc)| !doc.alive) {
                alive.remove(number as u32);
            }
            let all = alive.len() == alive.max();
            SegmentView { segment, alive: (!all).then(|| Arc::new(alive)) }
        });
        Reader::of(segments.collect(), self.fields.clone())
    }

    fn sequenced(&self, doc: &Doc) -> SequencedDocument {
        let slot = |path: &str| self.fields.by_path(path).expect("a field").slot;
        let mut exact: Vec<(FieldSlot, Box<[u8]>)> = vec![(meta::ID, doc.id.as_bytes().into())];
        exact.extend(doc.keys.iter().map(|key| (slot("k"), key.as_bytes().into())));
        let numbers = [("n", &doc.n), ("d", &doc.d), ("g", &doc.g)];
        let document = PreparedDocument {
            id: doc.id.as_str().into(),
            routing: None,
            source: b"{}".as_slice().into(),
            texts: [("title", &doc.title), ("plain", &doc.plain), ("body", &doc.body)]
                .into_iter()
                .filter(|(_, words)| !words.is_empty())
                .map(|(path, words)| (slot(path), words.join(" ").into()))
                .collect(),
            exact,
            numbers: numbers.iter().flat_map(|(path, values)| values.iter().map(|&v| (slot(path), v))).collect(),
            inner: Vec::new(),
            vectors: Vec::new(),
        };
        SequencedDocument { document: Arc::new(document), seq_no: 1, primary_term: 1, version: 1 }
    }
}

fn sorted(mut values: Vec<i64>) -> Vec<i64> {
    values.sort_unstable();
    values
}

fn distinct(mut values: Vec<String>) -> Vec<String> {
    values.sort();
    values.dedup();
    values
}
