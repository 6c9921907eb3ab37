//! Objects inside of documents: which of them sort keys go by; and what belongs to one document and matches a query: objects inside of it,
//! others of its family.

use std::sync::Arc;

use search::bound::{BoundJoined, BoundQuery, FieldName};
use search::shard_query::{BoundNestedSort, BoundSort, DocAddress, ShardHit, SortBy};
use search::statistics::Statistics;

use super::sorted::{Ranked, rank};
use crate::compile::scorer::Leaf;
use crate::compile::{Compiler, Counts, Weight};
use crate::reader::Reader;
use crate::score::nested::{Children, InnerNumbers, InnerStrings};
use crate::score::{Outcome, bits};
use crate::segment::column::{NumberColumn, StringColumn};

mod relatives;

use relatives::Relatives;

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

/// A search among what belongs to single documents.
pub(crate) struct InnerSearch<'a> {
    reader: &'a Reader,
    ground: Ground<'a>,
    /// Never empty.
    sort: Arc<[BoundSort]>,
    scoring: bool,
}

/// What belongs to a document: the objects at `path`, or the others of its family; and what matches of it.
enum Ground<'a> {
    /// `parent`: of the object there that a document is.
    Inside {
        path: &'a str,
        parent: Option<&'a str>,
        weight: Weight,
    },
    Family(Relatives<'a>),
}

/// What belongs to one document and matches.
#[derive(Default)]
pub(crate) struct InnerMatches {
    pub(crate) total: u64,
    pub(crate) max_score: Option<f32>,
    /// Best first.
    pub(crate) hits: Vec<ShardHit>,
}

impl<'a> InnerSearch<'a> {
    /// Among the objects at `path` inside of documents, or of objects at `parent`. `sort` empty: by score. `scored`: scores are wanted whatever
    /// the order.
    pub(crate) fn inside(
        (reader, statistics): (&'a Reader, Option<&Statistics>),
        (path, parent): (&'a str, Option<&'a str>),
        query: &BoundQuery,
        sort: &Arc<[BoundSort]>,
        scored: bool,
    ) -> Outcome<Self> {
        let (sort, scoring) = order(sort, scored);
        let weight = Compiler::new(&mut Counts::new(reader, statistics)).compile(query, scoring)?;
        Ok(Self { reader, ground: Ground::Inside { path, parent, weight }, sort, scoring })
    }

    /// As [`InnerSearch::inside`], among the others of families.
    pub(crate) fn of_family(
        (reader, statistics): (&'a Reader, Option<&Statistics>),
        family: &'a BoundJoined,
        sort: &Arc<[BoundSort]>,
        scored: bool,
    ) -> Outcome<Self> {
        let (sort, scoring) = order(sort, scored);
        let ground = Ground::Family(Relatives::new((reader, statistics), family, scoring)?);
        Ok(Self { reader, ground, sort, scoring })
    }

    /// The `k` best of what belongs to a document. Costs what that costs, whatever else the segments hold.
    pub(crate) fn of(&self, document: DocAddress, k: usize) -> Outcome<InnerMatches> {
        let matches = match &self.ground {
            Ground::Inside { path, parent, weight } => self.objects((path, *parent), weight, document)?,
            Ground::Family(relatives) => relatives.of(document.segment as usize, document.doc, self.scoring)?,
        };
        let max_score = matches.iter().map(|one| one.score).filter(|score| !score.is_nan()).reduce(f32::max);
        Ok(InnerMatches {
            total: matches.len() as u64,
            max_score: max_score.filter(|_| self.scoring),
            hits: if k == 0 { Vec::new() } else { rank(self.reader, &self.sort, k, &matches)? },
        })
    }

    fn objects(
        &self,
        (path, parent): (&str, Option<&str>),
        weight: &Weight,
        document: DocAddress,
    ) -> Outcome<Vec<Ranked>> {
        let segment = document.segment;
        let leaf = Leaf::new(self.reader, segment as usize);
        let Some((inside, parents)) = leaf.join(path, parent) else { return Ok(Vec::new()) };
        let mut from = bits::last_before(parents, document.doc).map_or(0, |before| before + 1);
        let (mut scorer, mut matches) = (leaf.scorer(weight)?, Vec::new());
        while let Some(child) = bits::next(inside, from).filter(|child| *child < document.doc) {
            let found = scorer.seek(child)?;
            if found == child {
                let score = if self.scoring { scorer.score()? } else { f32::NAN };
                matches.push(Ranked { segment, doc: child, score });
            }
            from = found.max(child + 1);
        }
        Ok(matches)
    }
}

/// By score unless there are keys, and whether scores are needed.
fn order(sort: &Arc<[BoundSort]>, scored: bool) -> (Arc<[BoundSort]>, bool) {
    let by_score = || Arc::new([BoundSort { by: SortBy::Score, descending: true }]) as Arc<[BoundSort]>;
    let sort = if sort.is_empty() { by_score() } else { sort.clone() };
    let scoring = scored || sort.iter().any(|key| key.by == SortBy::Score);
    (sort, scoring)
}
