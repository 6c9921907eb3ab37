//! `significant_text`: the words of the sources of documents, each once a document, and how many documents of the background have each of them.

use std::sync::Arc;

use hashbrown::HashMap;
use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Significance, SignificantRow};
use model::error::{Error, ErrorKind};
use search::aggregation::terms::SignificantText as Asked;
use search::bound::{BoundKind, BoundQuery};
use search::fetch::extract::{extract, java_text};
use search::merge::aggregations::significant;
use serde_json::Value;

use super::quotes::Quotes;
use crate::aggregate::choice::Chooser;
use crate::aggregate::{Batch, Budget, Collector, DocCounts, live};
use crate::compile::scorer::Leaf;
use crate::compile::{Compiler, Counts, Weight};
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::{DocId, Segment};

/// Bytes of a word beside its text, and of a word that an owner has.
const WORD_BYTES: usize = 96;
const COUNT_BYTES: usize = 32;

pub(super) struct SignificantText {
    asked: Arc<Asked>,
    chooser: Chooser,
    /// `None`: every document.
    background: Option<Weight>,
    budget: Arc<Budget>,
    segment: Option<Arc<dyn Segment>>,
    number: u32,
    doc_counts: Option<Arc<DocCounts>>,
    quotes: Option<Quotes>,
    /// The document that was read last, and its words: it may come for several owners.
    last: Option<(DocId, Vec<u32>)>,
    words: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u32>,
    owners: Vec<Found>,
    background_size: u64,
    /// Of each word, documents of the background.
    background_counts: Vec<u64>,
}

/// What was found for one owner.
#[derive(Clone, Default)]
struct Found {
    docs: u64,
    /// Documents of each word.
    counts: HashMap<u32, u64>,
}

impl SignificantText {
    pub(super) fn new(
        asked: Arc<Asked>,
        background: Option<Weight>,
        (doc_counts, budget): (Option<Arc<DocCounts>>, Arc<Budget>),
    ) -> Outcome<Self> {
        Ok(Self {
            chooser: Chooser::new(&asked.terms.choice)?,
            background,
            budget,
            segment: None,
            number: 0,
            doc_counts,
            quotes: asked.once.then(Quotes::default),
            last: None,
            words: Vec::new(),
            numbers: HashMap::new(),
            owners: Vec::new(),
            background_size: 0,
            background_counts: Vec::new(),
            asked,
        })
    }

    /// The different words of a document.
    fn read(&mut self, doc: DocId) -> Outcome<Vec<u32>> {
        let Some(segment) = &self.segment else { return Ok(Vec::new()) };
        let source = segment.source(doc)?;
        if source.is_empty() {
            return Ok(Vec::new());
        }
        let source: Value = serde_json::from_slice(&source).map_err(|error| {
            Error::new(ErrorKind::Parse, format!("the source of a document does not read: {error}"))
        })?;
        let asked = self.asked.clone();
        let mut found = Vec::new();
        for path in &asked.sources {
            let (steps, mut values): (Vec<&str>, _) = (path.split('.').collect(), Vec::new());
            extract(&steps, &source, None, &mut values);
            for value in values.into_iter().filter(|value| !value.is_object()) {
                self.add(&java_text(value), &mut found)?;
            }
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// Adds the numbers of the words of one text.
    fn add(&mut self, text: &str, found: &mut Vec<u32>) -> Outcome<()> {
        let tokens = self.asked.analyzer.tokens(text);
        let mut words: Vec<&str> = tokens.iter().map(|token| token.text.as_str()).collect();
        if let Some(quotes) = &mut self.quotes {
            words = quotes.fresh(&words, &self.budget)?;
        }
        for word in words.iter().map(|word| word.as_bytes()).filter(|word| self.chooser.admits_bytes(word)) {
            let number = match self.numbers.get(word) {
                Some(&known) => known,
                None => {
                    self.budget.take(WORD_BYTES + 2 * word.len())?;
                    let next = self.words.len() as u32;
                    self.words.push(word.into());
                    self.numbers.insert(word.into(), next);
                    next
                }
            };
            found.push(number);
        }
        Ok(())
    }

    /// Counts the documents of the background that have each word that may be shown.
    fn count_background(&mut self, reader: &Reader) -> Outcome<()> {
        let least = self.asked.terms.cut.shard_min_doc_count;
        let mut wanted = vec![false; self.words.len()];
        for (&word, &count) in self.owners.iter().flat_map(|owner| &owner.counts) {
            wanted[word as usize] |= count >= least;
        }
        self.background_size = match &self.background {
            Some(background) => live::count(reader, &[background])?,
            None => reader.live_docs(),
        };
        self.background_counts = vec![0; self.words.len()];
        for (number, word) in self.words.iter().enumerate().filter(|(number, _)| wanted[*number]) {
            let query = BoundQuery::new(BoundKind::Term(self.asked.field.clone(), word.clone().into()));
            let word = Compiler::new(&mut Counts::new(reader, None)).compile(&query, false)?;
            let weights: Vec<&Weight> = std::iter::once(&word).chain(&self.background).collect();
            self.background_counts[number] = live::count(reader, &weights)?;
        }
        Ok(())
    }
}

impl Collector for SignificantText {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.number = leaf.number;
        self.segment = Some(leaf.reader.segments[leaf.number as usize].segment.clone());
        self.last = None;
        Ok(())
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.owners.len() {
            self.budget.take((owners - self.owners.len()) * size_of::<Found>())?;
            self.owners.resize(owners, Found::default());
        }
        for (at, &doc) in batch.docs.iter().enumerate() {
            let words = match self.last.take() {
                Some((last, words)) if last == doc => words,
                _ => self.read(doc)?,
            };
            let found = &mut self.owners[batch.owners.of(at) as usize];
            let before = found.counts.len();
            found.docs += 1;
            let count = self.doc_counts.as_ref().map_or(1, |counts| counts.get(self.number, doc));
            words.iter().for_each(|word| *found.counts.entry(*word).or_default() += count);
            self.budget.take((found.counts.len() - before) * COUNT_BYTES)?;
            self.last = Some((doc, words));
        }
        Ok(())
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.count_background(reader)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        let terms = &self.asked.terms;
        let found = self.owners.get_mut(owner as usize).map(std::mem::take).unwrap_or_default();
        let row = |(word, doc_count): (u32, u64)| SignificantRow {
            key: Key::Bytes(self.words[word as usize].clone()),
            bucket: Bucket { doc_count, children: Vec::new() },
            background: self.background_counts.get(word as usize).copied().unwrap_or(0),
        };
        let rows = found.counts.into_iter().filter(|(_, count)| *count >= terms.cut.shard_min_doc_count).map(row);
        let sizes = (found.docs, self.background_size);
        let mut best = significant(terms, rows.collect(), sizes)?;
        // Fewer of a shard than are shown are so many, unlike those of `significant_terms`.
        best.truncate(terms.cut.shard_size.map_or(terms.shard_size(), |size| size as usize));
        let mut rows: Vec<SignificantRow> = best.into_iter().map(|(_, row)| row).collect();
        rows.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(Partial::Significance(Box::new(Significance { foreground: sizes.0, background: sizes.1, rows })))
    }
}
