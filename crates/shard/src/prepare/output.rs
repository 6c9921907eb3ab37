//! What a document turns into, value by value; sorted at the end.

use std::sync::Arc;

use model::error::Error;

use super::leaf::{MAX_TERM, Refusal, immense_term};
use crate::features;
use crate::fields::{FieldSlot, meta};
use crate::prepared::{InnerDocument, PreparedDocument, PreparedVector};

/// The values found so far. Values without a slot are checked and dropped.
#[derive(Default)]
pub(super) struct Output {
    texts: Vec<(FieldSlot, Box<str>)>,
    exact: Vec<(FieldSlot, Box<[u8]>)>,
    numbers: Vec<(FieldSlot, i64)>,
    vectors: Vec<PreparedVector>,
}

impl Output {
    pub(super) fn text(&mut self, slot: FieldSlot, text: &str) {
        self.texts.push((slot, text.into()));
    }

    /// # Errors
    /// [`Refusal::Whole`] for a term that is too long.
    pub(super) fn exact(&mut self, slot: Option<FieldSlot>, path: &str, term: &[u8]) -> Result<(), Refusal> {
        if term.len() > MAX_TERM {
            return Err(Refusal::Whole(immense_term(path, term)));
        }
        self.exact.extend(slot.map(|slot| (slot, term.into())));
        Ok(())
    }

    /// One of the terms that a value is cut into so that none is too long.
    pub(super) fn piece(&mut self, slot: FieldSlot, term: &[u8]) {
        self.exact.push((slot, term.into()));
    }

    /// A value that the document has without saying so.
    pub(super) fn constant(&mut self, slot: FieldSlot, path: &str, term: &[u8]) -> Result<(), Error> {
        self.exact(Some(slot), path, term).map_err(|refusal| match refusal {
            Refusal::Malformed(error) | Refusal::Whole(error) => error,
        })
    }

    /// A query, as it was given: no term, and of any length.
    pub(super) fn stored_query(&mut self, slot: FieldSlot, text: &str) {
        self.exact.push((slot, text.as_bytes().into()));
    }

    /// What a stored query is found by; short.
    pub(super) fn needle(&mut self, slot: FieldSlot, needle: Box<[u8]>) {
        self.exact.push((slot, needle));
    }

    /// Whether a value of the feature is there already whose terms begin with `prefix`.
    pub(super) fn has_feature(&self, slot: FieldSlot, prefix: &[u8]) -> bool {
        self.exact.iter().any(|(known, term)| *known == slot && features::code_of(term, prefix).is_some())
    }

    pub(super) fn number(&mut self, slot: Option<FieldSlot>, code: i64) {
        self.numbers.extend(slot.map(|slot| (slot, code)));
    }

    /// The numbers of a field.
    pub(super) fn numbers_of(&self, slot: FieldSlot) -> impl Iterator<Item = i64> {
        self.numbers.iter().filter(move |(known, _)| *known == slot).map(|(_, code)| *code)
    }

    /// The exact terms of a field.
    pub(super) fn terms_of(&self, slot: FieldSlot) -> impl Iterator<Item = &[u8]> {
        self.exact.iter().filter(move |(known, _)| *known == slot).map(|(_, term)| &**term)
    }

    /// The texts of a field.
    pub(super) fn texts_of(&self, slot: FieldSlot) -> impl Iterator<Item = &str> {
        self.texts.iter().filter(move |(known, _)| *known == slot).map(|(_, text)| &**text)
    }

    /// Of several in one field the last stays, unless all do.
    pub(super) fn vector(&mut self, slot: Option<FieldSlot>, shape: vector::Shape, (row, all): (Vec<u8>, bool)) {
        let Some(slot) = slot else { return };
        if !all {
            self.vectors.retain(|known| known.slot != slot);
        }
        self.vectors.push(PreparedVector { slot, shape, row: row.into() });
    }

    /// The document has a value at `path`.
    pub(super) fn present(&mut self, path: &str) {
        self.exact.push((meta::FIELD_NAMES, path.as_bytes().into()));
    }

    /// A value at `path` was left out.
    pub(super) fn ignored(&mut self, path: &str) {
        self.exact.push((meta::IGNORED, path.as_bytes().into()));
    }

    pub(super) fn finish(
        mut self,
        id: Arc<str>,
        routing: Option<Arc<str>>,
        source: Arc<[u8]>,
        inner: Vec<InnerDocument>,
    ) -> Result<PreparedDocument, Error> {
        for (slot, value) in [(meta::ID, Some(&id)), (meta::ROUTING, routing.as_ref())] {
            let Some(value) = value else { continue };
            if value.len() > MAX_TERM {
                return Err(immense_term(if slot == meta::ID { "_id" } else { "_routing" }, value.as_bytes()));
            }
            self.exact.push((slot, value.as_bytes().into()));
        }
        let InnerDocument { texts, exact, numbers, vectors } = self.sorted();
        Ok(PreparedDocument { id, routing, source, texts, exact, numbers, inner, vectors })
    }

    /// Adds all values of a document inside, but for its vectors: a document has one a field.
    pub(super) fn include(&mut self, inner: &Self) {
        self.texts.extend_from_slice(&inner.texts);
        self.exact.extend_from_slice(&inner.exact);
        self.numbers.extend_from_slice(&inner.numbers);
    }

    /// Takes over what an inner document says of values that were left out, which only the outermost keeps.
    pub(super) fn take_ignored(&mut self, inner: &mut Self) {
        self.exact.extend(inner.exact.extract_if(.., |(slot, _)| *slot == meta::IGNORED));
    }

    /// A document inside of the one of `id`: one of the objects at `path`.
    pub(super) fn finish_inner(mut self, id: &str, path: &str) -> InnerDocument {
        self.exact.push((meta::ID, id.as_bytes().into()));
        self.exact.push((meta::NESTED_PATH, path.as_bytes().into()));
        self.sorted()
    }

    fn sorted(mut self) -> InnerDocument {
        // Stable: the values of one field keep their order.
        self.texts.sort_by_key(|(slot, _)| *slot);
        self.exact.sort_unstable();
        self.exact.dedup();
        self.numbers.sort_unstable();
        self.vectors.sort_by_key(|vector| vector.slot);
        InnerDocument { texts: self.texts, exact: self.exact, numbers: self.numbers, vectors: self.vectors }
    }
}
