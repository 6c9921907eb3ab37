//! `children` and `parent`: from documents to the others of their families.

use super::Binding;
use crate::aggregation::Family;
use crate::bind::join::{family, of_kinds};

impl Binding<'_> {
    /// From the parents of documents of a kind to those (`down`), or back; `None`: the index has no such kind.
    pub(super) fn family(self, child: &str, down: bool) -> Option<Box<Family>> {
        let join = self.context.mapping.join()?;
        let parent = join.parent_kind(child)?;
        let field = family(join, &parent);
        let (parents, children) = (of_kinds(join, &[parent]), of_kinds(join, &[child.to_owned()]));
        let (from, to) = if down { (parents, children) } else { (children, parents) };
        Some(Box::new(Family { field, from, to }))
    }
}
