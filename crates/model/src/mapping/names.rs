//! Names that a mapping mentions or may not use.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Mapping;

/// Whether documents and mappings may not define it.
pub(super) fn is_metadata(name: &str) -> bool {
    matches!(
        name,
        "_id"
            | "_index"
            | "_source"
            | "_routing"
            | "_field_names"
            | "_ignored"
            | "_seq_no"
            | "_version"
            | "_nested_path"
            | "_primary_term"
    )
}

/// Every analyzer and normalizer that a mapping mentions, with the path of a field that does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnalysisNames {
    pub analyzers: BTreeSet<(Arc<str>, Arc<str>)>,
    pub normalizers: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Mapping {
    /// Every similarity that a field names, with the field's path.
    pub fn similarity_names(&self) -> Vec<(Arc<str>, Arc<str>)> {
        let fields = self.all_fields().into_iter().flat_map(super::lookup::with_multi_fields);
        // A field of vectors means how near they are by it.
        let scored = fields.filter(|field| field.vector.is_none());
        scored.filter_map(|field| Some((field.similarity.clone()?, field.path.clone()))).collect()
    }

    /// For the check that they exist: `(name, field path)` pairs.
    pub fn analysis_names(&self) -> AnalysisNames {
        let mut names = AnalysisNames::default();
        for field in self.all_fields().into_iter().flat_map(super::lookup::with_multi_fields) {
            for analyzer in
                [&field.analyzer, &field.search_analyzer, &field.search_quote_analyzer].into_iter().flatten()
            {
                names.analyzers.insert((analyzer.clone(), field.path.clone()));
            }
            if let Some(normalizer) = &field.normalizer {
                names.normalizers.insert((normalizer.clone(), field.path.clone()));
            }
        }
        names
    }
}
