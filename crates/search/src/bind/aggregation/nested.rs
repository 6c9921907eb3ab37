//! `nested` and `reverse_nested`: whose documents are collected.

use std::sync::Arc;

use model::aggregation::request::Kind as Asked;
use model::error::Error;

use super::Binding;
use crate::aggregation::{Join, Kind};
use crate::bind::nested::{is_nested, lies_in};

impl<'a> Binding<'a> {
    /// Whose documents the aggregations inside of one of this kind see.
    pub(super) fn scope_below<'b>(self, kind: &'b Asked) -> Option<&'b str>
    where
        'a: 'b,
    {
        match kind {
            Asked::Nested { path } => Some(path),
            Asked::ReverseNested { path } => path.as_deref(),
            _ => self.scope,
        }
    }

    pub(super) fn nested(self, path: &str) -> Kind {
        // Objects are asked for their own kind: they are meant themselves.
        let there = is_nested(&self.context.mapping, path) && (self.scope == Some(path) || lies_in(path, self.scope));
        Kind::Nested(there.then(|| Join { inside: path.into(), around: self.scope.map(Arc::from) }))
    }

    pub(super) fn reverse_nested(self, name: &str, path: Option<&str>) -> Result<Kind, Error> {
        let Some(scope) = self.scope else {
            let reason = format!("Reverse nested aggregation [{name}] can only be used inside a [nested] aggregation");
            return Err(Error::illegal_argument(reason));
        };
        let there = path.is_none_or(|path| is_nested(&self.context.mapping, path) && lies_in(scope, Some(path)));
        Ok(Kind::ReverseNested(there.then(|| Join { inside: scope.into(), around: path.map(Arc::from) })))
    }
}
