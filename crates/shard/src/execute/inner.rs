//! Objects inside of documents: which of them sort keys go by, and which of one document match a query.

use std::sync::Arc;

use search::bound::{BoundQuery, FieldName};
use search::shard_query::{BoundNestedSort, BoundSort, DocAddress, ShardHit, SortBy};
use search::statistics::Statistics;

use super::sorted::{Ranked, rank};
use crate::compile::scorer::Leaf;
use crate::compile::{Compiler, Counts, Weight};
use crate::reader::Reader;
use crate::score::nested::{Children, InnerNumbers, InnerStrings};
use crate::score::{Outcome, bits};
use crate::segment::column::{NumberColumn, StringColumn};

/// Columns as sort keys read them: a document's own, or those of objects inside.
pub(super) struct Inner(pub(super) Option<Children>);

impl Inner {
    pub(super) fn numbers(&self, column: Option<Arc<dyn NumberColumn>>) -> Option<Arc<dyn NumberColumn>> {
        match &self.0 {
            Some(children) => column.map(|column| Arc::new(InnerNumbers { column, children: children.clone() }) as _),
            None => column,
        }
    }

    pub(super) fn strings(&self, column: Option<Arc<dyn StringColumn>>) -> Option<Arc<dyn StringColumn>> {
        match &self.0 {
            Some(children) => column.map(|column| Arc::new(InnerStrings { column, children: children.clone() }) as _),
            None => column,
        }
    }
}

/// The objects of one segment that a sort key goes by.
pub(super) fn chosen(reader: &Reader, segment: usize, asked: &BoundNestedSort) -> Outcome<Children> {
    let leaf = Leaf::new(reader, segment);
    let most = asked.max_children.unwrap_or(u32::MAX);
    let nothing = || Children { chosen: Arc::default(), parents: Arc::default(), most };
    // The objects around those of a level, and which of them were chosen; none: all documents around.
    let mut around: Option<(FieldName, Vec<u64>)> = None;
    let mut found = nothing();
    for level in &asked.levels {
        let Some((inside, parents)) = leaf.join(&level.path, asked.parent.as_deref()) else { return Ok(nothing()) };
        let mut chosen = inside.to_vec();
        if let Some(filter) = &level.filter {
            let weight = Compiler::new(&mut Counts::new(reader, None)).compile(filter, false)?;
            let mut matches = bits::none(leaf.max);
            leaf.scorer(&weight)?.fill(0, leaf.max, &mut matches)?;
            bits::and(&mut chosen, &matches);
        }
        if let Some((path, kept)) = &around
            && let Some((_, between)) = leaf.join(&level.path, Some(path))
        {
            let mut docs = Vec::new();
            bits::docs(&chosen, 0, &mut docs);
            chosen.fill(0);
            let is_kept = |doc: &u32| bits::next(between, *doc).is_some_and(|outer| bits::contains(kept, outer));
            docs.into_iter().filter(is_kept).for_each(|doc| bits::set(&mut chosen, doc));
        }
        found = Children { chosen: chosen.clone().into(), parents: parents.clone(), most };
        around = Some((level.path.clone(), chosen));
    }
    Ok(found)
}

/// A search among the objects inside of single documents.
pub(crate) struct InnerSearch<'a> {
    reader: &'a Reader,
    path: &'a str,
    parent: Option<&'a str>,
    weight: Weight,
    /// Never empty.
    sort: Arc<[BoundSort]>,
    scoring: bool,
}

/// The objects of one document that match.
#[derive(Default)]
pub(crate) struct InnerMatches {
    pub(crate) total: u64,
    pub(crate) max_score: Option<f32>,
    /// Best first.
    pub(crate) hits: Vec<ShardHit>,
}

impl<'a> InnerSearch<'a> {
    /// `sort` empty: by score. `scored`: scores are wanted whatever the order.
    pub(crate) fn new(
        (reader, statistics): (&'a Reader, Option<&Statistics>),
        (path, parent): (&'a str, Option<&'a str>),
        query: &BoundQuery,
        sort: &Arc<[BoundSort]>,
        scored: bool,
    ) -> Outcome<Self> {
        let by_score = Arc::new([BoundSort { by: SortBy::Score, descending: true }]);
        let sort = if sort.is_empty() { by_score } else { sort.clone() };
        let scoring = scored || sort.iter().any(|key| key.by == SortBy::Score);
        let weight = Compiler::new(&mut Counts::new(reader, statistics)).compile(query, scoring)?;
        Ok(Self { reader, path, parent, weight, sort, scoring })
    }

    /// The `k` best objects of a document. Costs what its objects cost, whatever else the segment holds.
    pub(crate) fn of(&self, document: DocAddress, k: usize) -> Outcome<InnerMatches> {
        let segment = document.segment;
        let leaf = Leaf::new(self.reader, segment as usize);
        let Some((inside, parents)) = leaf.join(self.path, self.parent) else { return Ok(InnerMatches::default()) };
        let mut from = bits::last_before(parents, document.doc).map_or(0, |before| before + 1);
        let mut scorer = leaf.scorer(&self.weight)?;
        let (mut matches, mut best) = (Vec::new(), f32::NEG_INFINITY);
        while let Some(child) = bits::next(inside, from).filter(|child| *child < document.doc) {
            let found = scorer.seek(child)?;
            if found == child {
                let score = if self.scoring { scorer.score()? } else { f32::NAN };
                best = best.max(score);
                matches.push(Ranked { segment, doc: child, score });
            }
            from = found.max(child + 1);
        }
        let max_score = (self.scoring && !matches.is_empty()).then_some(best);
        Ok(InnerMatches {
            total: matches.len() as u64,
            max_score,
            hits: if k == 0 { Vec::new() } else { rank(self.reader, &self.sort, k, &matches)? },
        })
    }
}
