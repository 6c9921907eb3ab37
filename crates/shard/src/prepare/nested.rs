//! Nested objects: documents of their own, inside of the one that is being read.
//!
//! The walk fills one [`Output`] at a time, that of the innermost document it is in; those around it wait here. Not here: how the documents of
//! a block lie in a segment ([`crate::segment::Nested`]).

use std::sync::Arc;

use model::error::{Error, ErrorKind};

use super::output::Output;
use super::plan::ObjectPlan;
use super::walk::{Done, Walk};
use crate::prepared::InnerDocument;

/// The documents inside that were read, and those that are open around the walk.
#[derive(Default)]
pub(super) struct Blocks {
    /// Those inside of one before it.
    pub(super) done: Vec<InnerDocument>,
    /// Documents around the one being read, the outermost first, and below which path each lies.
    around: Vec<(Arc<str>, Output)>,
    /// Of the one being read; empty: the outermost.
    path: Arc<str>,
    count: u64,
}

impl Walk<'_> {
    /// Reads the nested object that was just opened to its end.
    pub(super) fn nested_object(&mut self, plan: &ObjectPlan) -> Done {
        self.blocks.count += 1;
        let limit = self.preparer.settings.limits.nested_objects;
        if self.blocks.count > limit {
            let reason = format!(
                "The number of nested documents has exceeded the allowed limit of [{limit}]. This limit can be set by changing the [index.mapping.nested_objects.limit] index level setting."
            );
            return Err(Error::new(ErrorKind::MapperParsing, reason).into());
        }
        let outer = std::mem::take(&mut self.out);
        let path = std::mem::replace(&mut self.blocks.path, plan.path.clone());
        self.blocks.around.push((path, outer));
        let waiting = self.pending.len();
        self.object(plan)?;
        self.end_contexts(waiting);
        self.end_nested(plan);
        Ok(())
    }

    fn end_nested(&mut self, plan: &ObjectPlan) {
        let Some((path, outer)) = self.blocks.around.pop() else { return };
        let mut inner = std::mem::replace(&mut self.out, outer);
        self.blocks.path = path;
        let nested = plan.nested.unwrap_or_default();
        let in_root = self.blocks.around.is_empty();
        self.outermost().take_ignored(&mut inner);
        if nested.include_in_parent {
            self.out.include(&inner);
        }
        if nested.include_in_root && !(nested.include_in_parent && in_root) {
            self.outermost().include(&inner);
        }
        self.blocks.done.push(inner.finish_inner(self.id, &plan.path));
    }

    fn outermost(&mut self) -> &mut Output {
        self.blocks.around.first_mut().map_or(&mut self.out, |(_, out)| out)
    }

    /// Writes what `write` has to say into the innermost open document below whose path `target` lies.
    pub(super) fn within_document_of(&mut self, target: &str, write: impl FnOnce(&mut Self) -> Done) -> Done {
        let holds = |path: &str| path.is_empty() || target.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        let around = &mut self.blocks.around;
        let Some(at) = around.iter().rposition(|(path, _)| holds(path)).filter(|_| !holds(&self.blocks.path)) else {
            return write(self);
        };
        std::mem::swap(&mut self.out, &mut around[at].1);
        let done = write(self);
        std::mem::swap(&mut self.out, &mut self.blocks.around[at].1);
        done
    }
}
