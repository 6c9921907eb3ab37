//! Aggregations over what scripts make. The documents of a segment are held back while the scripts run over them; then what was made is a
//! column, and the aggregation sees the documents as if a field had those values.

use std::sync::Arc;

use model::aggregation::partial::Partial;
use model::number::ordered_from_f64;
use script::expression::value::Value;
use script::program::Object;
use search::aggregation::format::Format;
use search::aggregation::values::{Scripted, Shape, Values, number};

use super::batch::Sorted;
use super::numbers::Numbers;
use super::strings::{Ords, Strings};
use super::{Batch, Budget, Collector};
use crate::compile::scorer::Leaf;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::score::script::{Given, ScriptRun};
use crate::segment::DocId;
use crate::segment::made::{Made, MadeColumn, MadeNumbers, MadeStrings};

/// Bytes of a document that is held back: itself, its owner, its score, and where its values lie.
const DOC_BYTES: usize = 24;

pub(super) struct OverScripts {
    inner: Box<dyn Collector>,
    scripts: Vec<Source>,
    /// The segment whose documents are held back.
    segment: Option<u32>,
    held: Sorted,
    /// Bytes of the documents of the segment, and those that were taken for them: of the largest one so far.
    used: usize,
    taken: usize,
    budget: Arc<Budget>,
}

/// One script, and what it made of the segment.
struct Source {
    of: Arc<Scripted>,
    repeats: bool,
    given: Option<Reading>,
    run: Option<ScriptRun>,
    found: Vec<(DocId, u32, u32)>,
    codes: Vec<i64>,
    texts: Vec<Box<[u8]>>,
}

/// The values that a script is given.
enum Reading {
    Numbers(Box<Numbers>),
    Strings(Box<(Strings, Ords)>),
}

impl Reading {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        match self {
            Self::Numbers(numbers) => numbers.enter(leaf),
            Self::Strings(strings) => strings.0.enter(leaf),
        }
    }

    /// The values of ascending documents, with the places of those.
    fn read(&mut self, docs: &[DocId], shape: Shape) -> Outcome<Vec<(usize, Object)>> {
        let mut values = Vec::with_capacity(docs.len());
        match self {
            Self::Numbers(numbers) => {
                let read_as = numbers.code;
                numbers.read(docs).for_each(|at, code| {
                    let value =
                        if shape == Shape::Long { Value::Long(code) } else { Value::Double(number(code, read_as)) };
                    values.push((at, Object::Plain(value)));
                });
            }
            Self::Strings(strings) => {
                let ((strings, ords), mut bytes) = (&mut **strings, Vec::new());
                strings.read(docs, ords).try_for_each(|at, ord| {
                    strings.value(ord, &mut bytes)?;
                    values.push((at, Object::text(&String::from_utf8_lossy(&bytes))));
                    Ok(())
                })?;
            }
        }
        Ok(values)
    }
}

impl Source {
    fn new(of: &Arc<Scripted>, repeats: bool) -> Self {
        let given = of.of.as_ref().map(|column| {
            let values = Values { column: column.clone(), missing: None, format: Format::Raw };
            match values.shape() {
                Shape::Bytes => Reading::Strings(Box::new((Strings::new(&values), Ords::default()))),
                _ => Reading::Numbers(Box::new(Numbers::new(&values))),
            }
        });
        let (found, codes, texts) = Default::default();
        Self { of: of.clone(), repeats, given, run: None, found, codes, texts }
    }

    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.run = Some(leaf.script(&self.of.script));
        self.given.as_mut().map_or(Ok(()), |given| given.enter(leaf))
    }

    /// How many values there are.
    fn len(&self) -> u32 {
        (self.codes.len() + self.texts.len()) as u32
    }

    /// Runs the script over documents, each of which comes once.
    fn make(&mut self, docs: &[DocId], scores: &[f32], budget: &Budget) -> Outcome<()> {
        let Some(mut run) = self.run.take() else { return Ok(()) };
        let made = self.make_by(&mut run, docs, scores, budget);
        self.run = Some(run);
        made
    }

    fn make_by(&mut self, run: &mut ScriptRun, docs: &[DocId], scores: &[f32], budget: &Budget) -> Outcome<()> {
        let shape = self.of.shape;
        let score = |at: usize| scores.get(at).copied().unwrap_or(0.0);
        let given = self.given.as_mut().map(|given| given.read(docs, shape)).transpose()?;
        let mut given = given.map(|values| values.into_iter().peekable());
        for (at, &doc) in docs.iter().enumerate() {
            let start = self.len();
            let (codes, texts) = (&mut self.codes, &mut self.texts);
            let mut keep = |given: Given<'_>| keep(&given, shape, codes, texts, budget);
            match &mut given {
                None => run.each((doc, score(at)), None, &mut keep)?,
                Some(values) => {
                    while let Some((_, value)) = values.next_if(|(place, _)| *place == at) {
                        run.each((doc, score(at)), Some(value), &mut keep)?;
                    }
                }
            }
            self.found.push((doc, start, self.len()));
        }
        Ok(())
    }

    /// What was made since the segment was entered.
    fn take(&mut self) -> Made {
        let found = std::mem::take(&mut self.found);
        let column = match self.of.shape {
            Shape::Bytes => MadeColumn::Strings(Arc::new(MadeStrings::new(found, &self.texts, self.repeats))),
            _ => MadeColumn::Numbers(Arc::new(MadeNumbers::new(found, &self.codes))),
        };
        self.codes.clear();
        self.texts.clear();
        Made { of: self.of.clone(), column }
    }
}

/// Keeps one thing that a script made.
fn keep(
    given: &Given<'_>,
    shape: Shape,
    codes: &mut Vec<i64>,
    texts: &mut Vec<Box<[u8]>>,
    budget: &Budget,
) -> Outcome<()> {
    match shape {
        Shape::Bytes => {
            let text = given.text()?;
            // Some of them stay until the request is answered.
            budget.take(text.len() + size_of::<Box<[u8]>>() + size_of::<u64>())?;
            texts.push(text.into_bytes().into());
        }
        Shape::Double => codes.push(ordered_from_f64(given.double()?)),
        Shape::Long | Shape::Unsigned => codes.push(given.long()?),
    }
    Ok(())
}

impl OverScripts {
    /// `repeats`: what a script makes twice of a document counts twice.
    pub(super) fn new(
        scripts: &[&Arc<Scripted>],
        repeats: bool,
        inner: Box<dyn Collector>,
        budget: Arc<Budget>,
    ) -> Self {
        let scripts = scripts.iter().map(|of| Source::new(of, repeats)).collect();
        Self { inner, scripts, segment: None, held: Sorted::default(), used: 0, taken: 0, budget }
    }

    /// Shows what was held back.
    fn show(&mut self, reader: &Reader) -> Outcome<()> {
        let Some(segment) = self.segment.take() else { return Ok(()) };
        if self.held.docs.is_empty() {
            return Ok(());
        }
        let made: Vec<Made> = self.scripts.iter_mut().map(Source::take).collect();
        let leaf = Leaf { made: &made, budget: Some(&self.budget), ..Leaf::new(reader, segment as usize) };
        self.inner.enter(&leaf)?;
        let held = std::mem::take(&mut self.held);
        held.batches().try_for_each(|batch| self.inner.collect(batch))?;
        self.used = 0;
        self.inner.leave()
    }
}

impl Collector for OverScripts {
    fn enter(&mut self, leaf: &Leaf<'_>) -> Outcome<()> {
        self.show(leaf.reader)?;
        self.segment = Some(leaf.number);
        self.scripts.iter_mut().try_for_each(|source| source.enter(leaf))
    }

    fn collect(&mut self, batch: Batch<'_>) -> Outcome<()> {
        let values = self.scripts.iter().map(|source| source.codes.len()).sum::<usize>();
        let mut fresh = Sorted::default();
        for (at, &doc) in batch.docs.iter().enumerate() {
            self.held.push(&batch, at, batch.owners.of(at));
            if fresh.docs.last() != Some(&doc) {
                fresh.push(&batch, at, 0);
            }
        }
        for source in &mut self.scripts {
            source.make(&fresh.docs, &fresh.scores, &self.budget)?;
        }
        let made = self.scripts.iter().map(|source| source.codes.len()).sum::<usize>() - values;
        self.used += batch.docs.len() * DOC_BYTES + made * 2 * size_of::<i64>();
        if self.used > self.taken {
            self.budget.take(self.used - self.taken)?;
            self.taken = self.used;
        }
        Ok(())
    }

    fn end(&mut self, reader: &Reader) -> Outcome<()> {
        self.show(reader)?;
        self.inner.end(reader)
    }

    fn partial(&mut self, owner: u32) -> Outcome<Partial> {
        self.inner.partial(owner)
    }
}
