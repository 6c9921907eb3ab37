//! Fields that a document has and the mapping does not: what they are to be, gathered into one update of the mapping.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::error::Error;
use model::mapping::dynamic::Seen;
use model::mapping::limits::Limits;
use model::mapping::{FieldKind, Mapping, Node};

use super::json::Token;

/// The update that a document asks for.
pub(super) struct NewFields {
    /// The mapping with the update.
    merged: Arc<Mapping>,
    update: Mapping,
    nodes: BTreeMap<Arc<str>, Node>,
}

impl NewFields {
    pub(super) fn new(mapping: &Arc<Mapping>) -> Self {
        Self { merged: mapping.clone(), update: Mapping::default(), nodes: BTreeMap::new() }
    }

    /// What `path` is to be; `None`: kept in the source alone. A document that shows it in two ways contradicts itself.
    ///
    /// # Errors
    /// `strict_dynamic_mapping_exception`; `illegal_argument_exception` for a contradiction.
    pub(super) fn decide(&mut self, path: &Arc<str>, seen: Seen<'_>) -> Result<Option<Node>, Error> {
        let Some(node) = self.merged.decide(path, seen)? else { return Ok(None) };
        if self.nodes.get(path) != Some(&node) {
            let update = self.merged.with(path, node.clone());
            self.merged = Arc::new(self.merged.merge(&update)?);
            self.update = self.update.merge(&update)?;
            self.nodes.insert(path.clone(), node.clone());
        }
        Ok(Some(node))
    }

    /// Whether a template makes a field of places of an array, which templates take for an object.
    pub(super) fn makes_geo_point(&self, path: &str) -> bool {
        let made = self.merged.decide(path, Seen::Object);
        matches!(made, Ok(Some(Node::Field(field))) if field.kind == FieldKind::GeoPoint)
    }

    /// The update; `None`: nothing is new.
    ///
    /// # Errors
    /// `illegal_argument_exception` when the mapping would grow beyond a limit.
    pub(super) fn finish(self, limits: &Limits) -> Result<Option<Mapping>, Error> {
        if self.nodes.is_empty() {
            return Ok(None);
        }
        self.merged.check_limits(limits)?;
        self.merged.validate()?;
        Ok(Some(self.update))
    }
}

/// How a value looks to the mapping; `None`: it decides nothing.
pub(super) fn seen<'v>(token: &'v Token<'_>) -> Option<Seen<'v>> {
    Some(match token {
        Token::Object => Seen::Object,
        Token::String(text) => Seen::String(text),
        Token::Number { float: true, .. } => Seen::Double,
        Token::Number { float: false, .. } => Seen::Long,
        Token::Bool(_) => Seen::Boolean,
        Token::Array | Token::Null => return None,
    })
}
