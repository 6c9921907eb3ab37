//! Lists of fields with factors: names, patterns, everything.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::mapping::FieldKind;

use super::Binder;
use super::fault::{Fault, Outcome};
use super::target::Target;

/// A field by the name under which the query knows it, and its factor.
pub(super) type Weighted = (Arc<str>, f32);

impl Binder<'_> {
    /// The fields that a list stands for. Names that are not mapped are left out; a field that several entries name has their
    /// factors multiplied. `suffix`: the field of that name below, where there is one.
    pub(super) fn fields(&self, list: &[(String, f32)], suffix: Option<&str>) -> Outcome<Vec<Weighted>> {
        let mut found: BTreeMap<Arc<str>, f32> = BTreeMap::new();
        for (pattern, factor) in list {
            for name in self.names(pattern) {
                let longer = suffix.map(|suffix| format!("{name}{suffix}"));
                let name = match longer.filter(|longer| !matches!(self.target_if_any(longer), Target::Nothing)) {
                    Some(longer) => longer.into(),
                    None => name,
                };
                found.entry(name).and_modify(|total| *total *= factor).or_insert(*factor);
            }
        }
        let most = self.context.settings.max_clause_count as usize;
        if found.len() > most {
            let patterns: Vec<&str> = list.iter().map(|(pattern, _)| pattern.as_str()).collect();
            return Err(Fault::illegal_argument(format!(
                "field expansion for [{}] matches too many fields, limit: {most}, got: {}",
                patterns.join(", "),
                found.len()
            )));
        }
        Ok(found.into_iter().collect())
    }

    /// An alias beside its field is that field once more.
    fn names(&self, pattern: &str) -> Vec<Arc<str>> {
        if !pattern.contains('*') {
            return match self.target(pattern) {
                Target::Nothing => Vec::new(),
                _ => vec![pattern.into()],
            };
        }
        let everything = pattern == "*";
        let matching = self.context.mapping.fields_matching(pattern).into_iter();
        matching
            .filter(|(_, field)| !everything || has_words(&field.kind))
            .map(|(name, field)| match model::mapping::simple_match(pattern, &field.path) {
                true => field.path.clone(),
                false => name,
            })
            .collect()
    }
}

/// Whether a query for a text can find something in fields of this kind.
fn has_words(kind: &FieldKind) -> bool {
    let wordless =
        matches!(kind, FieldKind::Binary | FieldKind::KnnVector | FieldKind::DenseVector | FieldKind::Percolator);
    !kind.is_geo() && !wordless
}

/// Whether a list means every field.
pub(super) fn is_everything(list: &[(String, f32)]) -> bool {
    list.iter().any(|(name, _)| name == "*")
}
