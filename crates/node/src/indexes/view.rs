//! An index as its metadata describes it: settings typed, analyzers made, documents mapped by them.

use std::sync::Arc;
use std::time::Duration;

use analysis::Registry;
use cluster::settings::{Durability, IndexSettings, Typed};
use cluster::state::IndexMetadata;
use model::error::{Error, ErrorKind};
use search::bind::{BindContext, BindSettings, DocumentSettings};
use shard::engine::{Change, Operation, ShardCopy};
use shard::prepare::{Prepared, Preparer, Settings};
use shard::prepared::PreparedDocument;
use shard::reader::Similarities;

use crate::similarity;

/// An index as its metadata describes it, and the analyzers that this makes.
pub struct IndexView {
    pub metadata: Arc<IndexMetadata>,
    pub settings: Typed,
    pub analysis: Arc<Registry>,
    pub similarities: Arc<Similarities>,
}

impl IndexView {
    /// The same of newer metadata, whose settings and mapping are the same.
    pub(super) fn with(&self, metadata: Arc<IndexMetadata>) -> Self {
        let (analysis, similarities) = (self.analysis.clone(), self.similarities.clone());
        Self { metadata, settings: self.settings.clone(), analysis, similarities }
    }

    pub(super) fn of(metadata: &Arc<IndexMetadata>) -> Result<Self, Error> {
        let settings = metadata.settings.typed().clone();
        let analysis = registry(&metadata.settings)?;
        let similarities = Arc::new(similarity::of_index(&metadata.settings, &metadata.mapping)?);
        Ok(Self { metadata: metadata.clone(), settings, analysis: Arc::new(analysis), similarities })
    }
}

impl IndexView {
    /// What binding needs to know of the index, with the limits that a cluster has unless it is told otherwise.
    pub(crate) fn bind_context(&self, now_ms: u64) -> BindContext {
        let typed = &self.settings;
        let small = |limit: u64| limit.min(u64::from(u32::MAX)) as u32;
        let settings = BindSettings {
            default_field: typed.default_field.clone(),
            query_string_lenient: typed.query_string_lenient,
            max_adjacency_matrix_filters: small(typed.max_adjacency_matrix_filters),
            max_terms_count: small(typed.max_terms_count),
            max_inner_result_window: small(typed.max_inner_result_window),
            max_regex_length: small(typed.max_regex_length),
            max_analyzed_offset: small(typed.max_analyzed_offset),
            knn_ef_search: typed.knn_ef_search,
            max_docvalue_fields: usize::try_from(typed.max_docvalue_fields_search).unwrap_or(usize::MAX),
            max_script_fields: usize::try_from(typed.max_script_fields).unwrap_or(usize::MAX),
            unmapped_as_text: typed.unmapped_as_text,
            documents: self.documents(),
            ..BindSettings::default()
        };
        BindContext {
            index: self.metadata.reference(),
            mapping: self.metadata.mapping.clone(),
            analysis: self.analysis.clone(),
            now_ms: now_ms as i64,
            settings,
            read_query: rest::dsl::stored_query,
        }
    }

    fn documents(&self) -> DocumentSettings {
        let typed = &self.settings;
        DocumentSettings {
            limits: typed.mapping_limits,
            ignore_malformed: typed.ignore_malformed,
            coerce: typed.coerce.unwrap_or(true),
        }
    }
}

/// What maps documents for a copy: its table of fields grown by those of the mapping.
pub(super) fn prepare_for(view: &IndexView, copy: &ShardCopy) -> Result<Arc<Preparer>, Error> {
    let mut fields = (*copy.fields()).clone();
    shard::layout::append_fields(&mut fields, &view.metadata.mapping, &view.analysis)?;
    let DocumentSettings { limits, ignore_malformed, coerce } = view.documents();
    let settings = Settings { limits, ignore_malformed, coerce };
    let preparer = Preparer::new(view.metadata.mapping.clone(), Arc::new(fields), (*view.analysis).clone(), settings)?;
    // What a stored query means at some time is found out when it is run.
    Ok(Arc::new(preparer.with_queries(Arc::new(view.bind_context(0)))))
}

/// The document of an operation of the log, mapped as it was when it was accepted.
pub(crate) fn replayed_document(preparer: &Preparer, operation: &Operation) -> Result<Arc<PreparedDocument>, Error> {
    let Change::Index { routing, source } = &operation.change else {
        return Err(Error::new(ErrorKind::IllegalState, "an operation without a document was to be mapped"));
    };
    match preparer.prepare(&operation.id, routing.as_ref(), source)? {
        Prepared::Ready(document) => Ok(Arc::new(document)),
        Prepared::NewFields(_) => Err(Error::new(
            ErrorKind::IllegalState,
            format!("document [{}] has fields that the metadata does not know", operation.id),
        )),
    }
}

/// The analyzers that an index' settings make.
///
/// # Errors
/// As OpenSearch words what is wrong with them.
pub(crate) fn registry(settings: &IndexSettings) -> Result<Registry, Error> {
    let typed = settings.typed();
    let limits = analysis::Limits { max_ngram_diff: typed.max_ngram_diff, max_shingle_diff: typed.max_shingle_diff };
    Registry::with_limits(&settings.analysis(), limits).map_err(analysis_error)
}

/// What is wrong with an analyzer, by the kind that OpenSearch gives it.
pub(crate) fn analysis_error(error: analysis::AnalysisError) -> Error {
    let kind = match error.kind() {
        "settings_exception" => ErrorKind::Settings,
        "pattern_syntax_exception" => ErrorKind::PatternSyntax,
        _ => ErrorKind::IllegalArgument,
    };
    let refusal = Error::new(kind, error.to_string());
    match error.missing_class() {
        Some(class) => refusal.with_cause(Error::new(ErrorKind::ClassNotFound, class)),
        None => refusal,
    }
}

pub(super) fn durability(settings: &Typed) -> wal::Durability {
    match settings.durability {
        Durability::Request => wal::Durability::Request,
        Durability::Async => wal::Durability::Async { interval: Duration::from_millis(settings.sync_interval_ms) },
    }
}
