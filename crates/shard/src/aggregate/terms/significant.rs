//! The buckets that stand out most, with how many documents of the background each has.

use std::sync::Arc;

use hashbrown::HashMap;
use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Significance, SignificantRow};
use search::aggregation::choice::{Choice, Include, Set};
use search::aggregation::terms::SignificantTerms;
use search::aggregation::values::code_of;
use search::merge::aggregations::significant;

use super::rows::{Chosen, Finish, KeyOf, Keyed, Rows};
use crate::aggregate::{Batch, Budget, Collectors, live};
use crate::compile::Weight;
use crate::reader::Reader;
use crate::score::Outcome;

pub(super) struct Significant {
    asked: SignificantTerms,
    /// `None`: every document.
    background: Option<Weight>,
    budget: Arc<Budget>,
    /// Documents of each owner, with a value or without.
    docs: Vec<u64>,
    /// Documents of the background, and those with each key that was found.
    background_size: u64,
    background_counts: HashMap<Key, u64>,
}

impl Significant {
    pub(super) fn new(asked: &SignificantTerms, background: Option<Weight>, budget: Arc<Budget>) -> Self {
        Self {
            asked: asked.clone(),
            background,
            budget,
            docs: Vec::new(),
            background_size: 0,
            background_counts: HashMap::new(),
        }
    }

    fn is_known(&self) -> bool {
        self.asked.values.is_mapped() || self.asked.values.missing.is_some()
    }

    /// The values of the buckets, as what the background is searched for.
    fn sought(&self, rows: &Rows, key: KeyOf<'_>) -> Outcome<Set> {
        let least = self.asked.cut.shard_min_doc_count;
        rows.budget.take(rows.counts.len() * size_of::<(Key, usize)>())?;
        let found = (0..rows.nobody()).filter(|&bucket| rows.count(bucket) >= least).map(key);
        let (mut bytes, mut codes) = (Vec::new(), Vec::new());
        for key in found {
            match key? {
                Key::Bytes(value) => bytes.push((*value).into()),
                key => codes.extend(code_of(&key, self.asked.values.code())),
            }
        }
        let texts = codes.is_empty();
        Ok(if texts { Set::Bytes(bytes.into_iter().collect()) } else { Set::Codes(codes.into_iter().collect()) })
    }
}

impl Finish for Significant {
    fn collect(&mut self, batch: &Batch<'_>) -> Outcome<()> {
        let owners = batch.owners.bound();
        if owners > self.docs.len() {
            self.budget.take((owners - self.docs.len()) * size_of::<u64>())?;
            self.docs.resize(owners, 0);
        }
        (0..batch.docs.len()).for_each(|at| self.docs[batch.owners.of(at) as usize] += 1);
        Ok(())
    }

    fn sees_batches(&self) -> bool {
        true
    }

    fn end(&mut self, reader: &Reader, rows: &Rows, key: KeyOf<'_>) -> Outcome<()> {
        if !self.is_known() {
            return Ok(());
        }
        let choice = Choice { include: Some(Include::Set(self.sought(rows, key)?)), exclude: None };
        let mut counter = super::counter(&self.asked.values, &choice, &self.budget)?;
        let shown = live::show(reader, self.background.as_ref(), &mut *counter)?;
        // A background of everything counts the objects inside of documents, too.
        self.background_size = if self.background.is_some() { shown } else { reader.live_docs() };
        counter.end(reader)?;
        if let Partial::Table(table) = counter.partial(0)? {
            self.background_counts = table.rows.into_iter().map(|row| (row.key, row.bucket.doc_count)).collect();
        }
        Ok(())
    }

    fn chooses_first(&self) -> bool {
        true
    }

    fn choose(&mut self, owner: u32, rows: &mut Rows, keyed: Keyed<'_>, _: &mut Collectors) -> Outcome<Chosen> {
        if !self.is_known() {
            return Ok(Chosen::whole(Partial::Unmapped));
        }
        let foreground = self.docs.get(owner as usize).copied().unwrap_or(0);
        let sizes = (foreground, self.background_size);
        let least = self.asked.cut.shard_min_doc_count;
        let buckets = rows.take(owner);
        rows.budget.take(buckets.len() * (size_of::<(Key, u32)>() + size_of::<SignificantRow>()))?;
        let buckets: HashMap<Key, u32> = buckets
            .into_iter()
            .filter(|&bucket| rows.count(bucket) >= least)
            .map(|bucket| Ok(((keyed.key)(bucket)?, bucket)))
            .collect::<Outcome<_>>()?;
        let row = |(key, &bucket): (&Key, &u32)| SignificantRow {
            key: key.clone(),
            bucket: Bucket { doc_count: rows.count(bucket), children: Vec::new() },
            background: self.background_counts.get(key).copied().unwrap_or(0),
        };
        let mut best = significant(&self.asked, buckets.iter().map(row).collect(), sizes)?;
        best.truncate(self.asked.shard_size());
        let mut best: Vec<SignificantRow> = best.into_iter().map(|(_, row)| row).collect();
        best.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let told = best.iter().enumerate();
        let open = told.filter_map(|(at, row)| Some((at, *buckets.get(&row.key)?))).collect();
        let found = Significance { foreground, background: sizes.1, rows: best };
        Ok(Chosen { partial: Partial::Significance(Box::new(found)), open })
    }
}
