//! The others of one document's family that match a query, for hits that are shown with it.

use search::bound::{BoundJoined, BoundKind, BoundQuery};
use search::statistics::Statistics;

use crate::compile::scorer::Leaf;
use crate::compile::{Compiler, Counts, Weight};
use crate::execute::sorted::Ranked;
use crate::reader::Reader;
use crate::score::Outcome;
use crate::segment::{DocId, NO_MORE_DOCS};

pub(super) struct Relatives<'a> {
    reader: &'a Reader,
    family: &'a BoundJoined,
    /// Documents that have others.
    to: Weight,
    /// The others, of all families.
    others: Weight,
}

impl<'a> Relatives<'a> {
    pub(super) fn new(
        (reader, statistics): (&'a Reader, Option<&Statistics>),
        family: &'a BoundJoined,
        scoring: bool,
    ) -> Outcome<Self> {
        let mut counts = Counts::new(reader, statistics);
        let mut compiler = Compiler::new(&mut counts);
        let (to, others) = (compiler.compile(&family.to, false)?, compiler.compile(&family.inner, scoring)?);
        Ok(Self { reader, family, to, others })
    }

    /// In order of segments and documents; scores are NaN without `scoring`. Costs a look at each segment, and what the family costs.
    pub(super) fn of(&self, segment: usize, doc: DocId, scoring: bool) -> Outcome<Vec<Ranked>> {
        let mut found = Vec::new();
        let Some(parent) = self.parent(segment, doc)? else { return Ok(found) };
        let family = BoundQuery::new(BoundKind::Term(self.family.field.clone(), parent.into()));
        let family = Compiler::new(&mut Counts::new(self.reader, None)).compile(&family, false)?;
        for (number, view) in self.reader.segments.iter().enumerate() {
            let leaf = Leaf::new(self.reader, number);
            let (mut family, mut others) = (leaf.scorer(&family)?, leaf.scorer(&self.others)?);
            let mut doc = family.seek(0)?;
            while doc != NO_MORE_DOCS {
                let other = others.seek(doc)?;
                if other == doc && view.is_alive(doc) {
                    let score = if scoring { others.score()? } else { f32::NAN };
                    found.push(Ranked { segment: number as u32, doc, score });
                }
                doc = family.seek(other.max(doc + 1))?;
            }
        }
        Ok(found)
    }

    /// The id by which the family of a document goes.
    fn parent(&self, segment: usize, doc: DocId) -> Outcome<Option<Vec<u8>>> {
        let leaf = Leaf::new(self.reader, segment);
        let Some(entry) = self.reader.fields.by_path(&self.family.field) else { return Ok(None) };
        let Some(column) = leaf.segment.strings(entry.slot)? else { return Ok(None) };
        if leaf.scorer(&self.to)?.seek(doc)? != doc {
            return Ok(None);
        }
        let Some(ord) = column.first(doc) else { return Ok(None) };
        let mut parent = Vec::new();
        column.value(ord, &mut parent)?;
        Ok(Some(parent))
    }
}
