//! Which documents of a segment lie inside of others, and which are the outermost.
//!
//! A document with nested objects is a block: the documents inside come first, those inside of them before them, the outermost (the root)
//! last. In: the postings of `_nested_path`, which every inner document has and no root. Out: sets of documents, one a path, and the roots.
//! A segment without inner documents has none of this and pays nothing.

use std::io;
use std::sync::Arc;

use super::{AliveDocs, DocId, EveryTerm, Terms};
use crate::score::bits;

/// The blocks of one segment.
#[derive(Debug)]
pub struct Nested {
    roots: Arc<AliveDocs>,
    /// The same as words.
    outermost: Arc<[u64]>,
    /// Documents inside, by the path of their object; ascending.
    paths: Vec<(Box<str>, Arc<[u64]>)>,
}

impl Nested {
    /// From the terms of `_nested_path`; `None`: no document lies inside of another.
    pub(super) fn of(terms: &dyn Terms, doc_count: u32) -> io::Result<Option<Self>> {
        let mut entries = Vec::new();
        terms.walk((std::ops::Bound::Unbounded, std::ops::Bound::Unbounded), &EveryTerm, &mut |term, entry| {
            entries.push((String::from_utf8_lossy(term).into_owned(), entry));
            true
        })?;
        let (mut roots, mut docs) = (bits::all(doc_count), Vec::new());
        let mut paths = Vec::with_capacity(entries.len());
        for (path, entry) in entries {
            docs.clear();
            terms.docs(&entry, &mut docs)?;
            let mut inside = bits::none(doc_count);
            docs.iter().for_each(|&doc| bits::set(&mut inside, doc));
            bits::and_not(&mut roots, &inside);
            paths.push((path.into_boxed_str(), inside.into()));
        }
        let roots = Arc::new(AliveDocs::from_words(roots, doc_count));
        let outermost = roots.words().into();
        Ok((!paths.is_empty()).then_some(Self { roots, outermost, paths }))
    }

    /// The outermost documents.
    pub fn roots(&self) -> &Arc<AliveDocs> {
        &self.roots
    }

    /// As [`Nested::roots`], words of 64.
    pub(crate) fn outermost(&self) -> &Arc<[u64]> {
        &self.outermost
    }

    /// The documents of the objects at `path`, as words of 64.
    pub(crate) fn inside(&self, path: &str) -> Option<&Arc<[u64]>> {
        let found = self.paths.binary_search_by(|(known, _)| (**known).cmp(path)).ok()?;
        Some(&self.paths[found].1)
    }

    /// The paths of all objects, in order.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(|(path, _)| &**path)
    }

    /// The path of the object that a document is; `None`: a root.
    pub(crate) fn path_of(&self, doc: DocId) -> Option<&str> {
        self.paths.iter().find(|(_, inside)| bits::contains(inside, doc)).map(|(path, _)| &**path)
    }

    /// The first document of the block of a root.
    pub(crate) fn block_start(&self, root: DocId) -> DocId {
        bits::last_before(self.roots.words(), root).map_or(0, |before| before + 1)
    }

    /// All documents but those of blocks whose roots are not alive, as words of 64; `None`: none is dead.
    pub(crate) fn but_dead(&self, alive: &AliveDocs) -> Option<Vec<u64>> {
        let mut dead = self.outermost.to_vec();
        bits::and_not(&mut dead, alive.words());
        let mut roots = Vec::new();
        bits::docs(&dead, 0, &mut roots);
        if roots.is_empty() {
            return None;
        }
        for root in roots {
            bits::set_range(&mut dead, self.block_start(root), root + 1);
        }
        let mut kept = bits::all(alive.max());
        bits::and_not(&mut kept, &dead);
        Some(kept)
    }

    /// All documents of the blocks whose roots are alive.
    pub(crate) fn kept(&self, alive: &AliveDocs) -> AliveDocs {
        let (mut kept, mut start) = (bits::none(alive.max()), 0);
        let mut roots = Vec::new();
        bits::docs(self.roots.words(), 0, &mut roots);
        for root in roots {
            if alive.contains(root) {
                bits::set_range(&mut kept, start, root + 1);
            }
            start = root + 1;
        }
        AliveDocs::from_words(kept, alive.max())
    }
}
