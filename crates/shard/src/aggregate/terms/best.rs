//! The best buckets of each owner, by their order; empty ones too, where they are asked for.

use model::aggregation::key::Key;
use model::aggregation::partial::{Bucket, Partial, Row, Table};
use model::aggregation::request::{Order, OrderBy};
use search::aggregation::Level;
use search::aggregation::terms::Ranking;
use search::merge::aggregations::{RowOrder, ranks};

use super::merged::Wanted;
use super::rows::{Chosen, Finish, KeyOf, Keyed, RankOf, Rows};
use crate::aggregate::{Collector, Collectors, live};
use crate::reader::Reader;
use crate::score::Outcome;

/// So many buckets of an owner are not a few of them.
const MANY: usize = 10_000;

pub(super) struct Best {
    ranking: Ranking,
    level: Level,
    /// Whether the index knows the values, or something stands for them.
    known: bool,
    /// Sees every live document, where values that no match has make buckets, too.
    everything: Option<Box<dyn Collector>>,
    /// The keys of these buckets, in order.
    all: Vec<Key>,
}

impl Best {
    pub(super) fn new(ranking: &Ranking, level: &Level, known: bool) -> Self {
        Self { ranking: ranking.clone(), level: level.clone(), known, everything: None, all: Vec::new() }
    }

    /// Whether buckets are asked for that no match is in.
    pub(super) fn wants_empty(ranking: &Ranking) -> bool {
        ranking.cut.min_doc_count == 0 && ranking.shard_min_doc_count() == 0
    }

    /// With a bucket for each value that `everything` finds in some live document.
    pub(super) fn with_empty(self, everything: Box<dyn Collector>) -> Self {
        Self { everything: Some(everything), ..self }
    }

    fn order(&self) -> RowOrder<'_> {
        RowOrder { order: &self.ranking.order, level: &self.level }
    }

    /// The buckets that may be among the best, with a row of each without its insides.
    fn found(&self, buckets: Vec<u32>, rows: &Rows, keyed: Keyed<'_>) -> Outcome<(Vec<u32>, Vec<Row>)> {
        let least = self.ranking.shard_min_doc_count();
        let kept: Vec<u32> = buckets.into_iter().filter(|&bucket| rows.count(bucket) >= least).collect();
        let absent = self.absent(&kept, rows, keyed.key)?;
        let mut candidates = self.candidates(kept, rows, keyed.ranks);
        let mut keys: Vec<Key> = candidates.iter().map(|&bucket| (keyed.key)(bucket)).collect::<Outcome<_>>()?;
        candidates.resize(candidates.len() + absent.len(), rows.nobody());
        keys.extend(absent);
        let row = |(&bucket, key): (&u32, Key)| {
            let told = Bucket { doc_count: rows.count(bucket), children: Vec::new() };
            Row { key, bucket: told, known: 0 }
        };
        let found = candidates.iter().zip(keys).map(row).collect();
        Ok((candidates, found))
    }

    /// Those that may be among the best by their counts alone: spares the keys of all others.
    fn candidates(&self, mut kept: Vec<u32>, rows: &Rows, ranks: Option<RankOf<'_>>) -> Vec<u32> {
        let size = self.ranking.shard_size();
        if kept.len() <= size || size == 0 || !self.ranking.is_by_count() {
            return kept;
        }
        let count = |bucket: &u32| rows.count(*bucket);
        if let (Some(rank), Some(descending)) = (ranks, self.ties_by_key()) {
            let place = |bucket: &u32| {
                let rank = rank(*bucket);
                (std::cmp::Reverse(count(bucket)), if descending { u64::MAX - rank } else { rank })
            };
            kept.select_nth_unstable_by_key(size - 1, place);
            kept.truncate(size);
            return kept;
        }
        let (_, &mut last, _) = kept.select_nth_unstable_by_key(size - 1, |bucket| std::cmp::Reverse(count(bucket)));
        let least = count(&last);
        kept.retain(|bucket| count(bucket) >= least);
        kept
    }

    /// Whether buckets of one count stand in order of their keys, and that is descending.
    fn ties_by_key(&self) -> Option<bool> {
        match self.ranking.order.get(1) {
            None => Some(false),
            Some(Order { by: OrderBy::Key, descending }) => Some(*descending),
            Some(_) => None,
        }
    }

    /// The keys that an owner with these buckets lacks, unless they cannot come before those.
    fn absent(&self, kept: &[u32], rows: &Rows, key: KeyOf<'_>) -> Outcome<Vec<Key>> {
        if self.all.is_empty() || (self.ranking.is_by_count() && kept.len() >= self.ranking.shard_size()) {
            return Ok(Vec::new());
        }
        let mut own: Vec<Key> = kept.iter().map(|&bucket| key(bucket)).collect::<Outcome<_>>()?;
        own.sort_unstable();
        let mut own = own.into_iter().peekable();
        let lacks = |key: &&Key| {
            while own.next_if(|one| one < *key).is_some() {}
            own.peek() != Some(*key)
        };
        let absent: Vec<Key> = self.all.iter().filter(lacks).cloned().collect();
        rows.budget.buckets(absent.len(), size_of::<Row>())?;
        Ok(absent)
    }
}

impl Finish for Best {
    fn needs_few_keys(&self) -> bool {
        self.ranking.is_by_count() && !self.ranking.exact
    }

    fn wanted(&self) -> Option<Wanted> {
        let ranking = &self.ranking;
        let (by_count, descending) = match ranking.order.first()? {
            Order { by: OrderBy::Count, descending: true } => (true, self.ties_by_key()?),
            Order { by: OrderBy::Key, descending } => (false, *descending),
            _ => return None,
        };
        if ranking.exact || self.everything.is_some() {
            return None;
        }
        Some(Wanted { by_count, descending, size: ranking.shard_size(), least: ranking.shard_min_doc_count() })
    }

    fn end(&mut self, reader: &Reader, _: &Rows, _: KeyOf<'_>) -> Outcome<()> {
        if let Some(everything) = &mut self.everything {
            live::show(reader, None, &mut **everything)?;
            everything.end(reader)?;
            if let Partial::Table(table) = everything.partial(0)? {
                self.all = table.rows.into_iter().map(|row| row.key).collect();
            }
        }
        Ok(())
    }

    fn chooses_first(&self) -> bool {
        !self.order().needs_numbers() && self.ranking.shard_size() < MANY
    }

    fn choose(&mut self, owner: u32, rows: &mut Rows, keyed: Keyed<'_>, children: &mut Collectors) -> Outcome<Chosen> {
        if !self.known {
            return Ok(Chosen::whole(Partial::Unmapped));
        }
        let buckets = rows.take(owner);
        let left_out = if owner == 0 { rows.left_out } else { 0 };
        let all: u64 = buckets.iter().map(|&bucket| rows.count(bucket)).sum::<u64>() + left_out;
        let (candidates, mut found) = self.found(buckets, rows, keyed)?;
        let early = self.order().needs_numbers();
        if early {
            for (row, &bucket) in found.iter_mut().zip(&candidates) {
                row.bucket.children = children.partials(bucket)?;
            }
        }
        let ranks = ranks(&found, self.order(), self.ranking.shard_size())?;
        let error = match ranks.last() {
            // A full list may have left something out.
            Some(&last) if ranks.len() >= self.ranking.shard_size() => found[last].bucket.doc_count,
            _ => 0,
        };
        let mut found: Vec<Option<Row>> = found.into_iter().map(Some).collect();
        let taken = ranks.into_iter().filter_map(|rank| Some((candidates[rank], found[rank].take()?)));
        let mut best: Vec<(u32, Row)> = taken.collect();
        best.sort_unstable_by(|(_, a), (_, b)| a.key.cmp(&b.key));
        let open = if early { Vec::new() } else { best.iter().map(|(bucket, _)| *bucket).enumerate().collect() };
        let rows: Vec<Row> = best.into_iter().map(|(_, row)| Row { known: error, ..row }).collect();
        let shown: u64 = rows.iter().map(|row| row.bucket.doc_count).sum();
        Ok(Chosen { partial: Partial::Table(Table { rows, other: all - shown, error, shards: 1 }), open })
    }
}
