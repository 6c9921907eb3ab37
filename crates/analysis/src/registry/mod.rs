//! The analyzers of one index: the built-in ones and those that its settings define.
//!
//! In: the `analysis` object of the settings, or the parts of an `_analyze` request. Out: [`Analyzer`]s and [`Normalizer`]s by name.
//! Everything that settings define is built at once, so that a mistake is found when the index is created; the built-in analyzers
//! are built when they are first asked for.

mod analyzers;
mod chain;
mod char_filters;
mod filters;
mod languages;
mod normalizers;
mod settings;
mod tokenizers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value};

use crate::analyzer::Analyzer;
use crate::error::AnalysisError;
use crate::normalizer::Normalizer;

pub(crate) use settings::Settings;

/// The analyzers and normalizers of one index. Cloning shares them.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    parts: Parts,
    /// `None`: an analyzer that is defined but that this program cannot build.
    analyzers: BTreeMap<String, Analyzer>,
    normalizers: BTreeMap<String, Normalizer>,
    builtin: Mutex<BTreeMap<String, Option<Analyzer>>>,
}

/// Index settings outside `analysis` that bound what analyzers may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `index.max_ngram_diff`
    pub max_ngram_diff: u32,
    /// `index.max_shingle_diff`
    pub max_shingle_diff: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_ngram_diff: 1, max_shingle_diff: 3 }
    }
}

/// The components that settings define, by name, and the limits they live under.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub(crate) char_filters: BTreeMap<String, Settings>,
    pub(crate) tokenizers: BTreeMap<String, Settings>,
    pub(crate) filters: BTreeMap<String, Settings>,
    pub(crate) limits: Limits,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("analyzers", &self.shared.analyzers.keys()).finish_non_exhaustive()
    }
}

impl Registry {
    /// Only what every index has.
    pub fn builtin() -> Registry {
        Registry::of(Parts::default(), BTreeMap::new(), BTreeMap::new())
    }

    /// The analyzers of an index with default limits.
    ///
    /// # Errors
    /// As OpenSearch answers when such an index is created.
    pub fn from_settings(analysis: &Value) -> Result<Registry, AnalysisError> {
        Registry::with_limits(analysis, Limits::default())
    }

    /// The analyzers of an index. `analysis`: the nested object under `analysis`; null is an empty one.
    ///
    /// # Errors
    /// As OpenSearch answers when such an index is created.
    pub fn with_limits(analysis: &Value, limits: Limits) -> Result<Registry, AnalysisError> {
        let parts = Parts {
            char_filters: section(analysis, "char_filter")?,
            tokenizers: section(analysis, "tokenizer")?,
            filters: section(analysis, "filter")?,
            limits,
        };
        parts.check()?;
        let mut analyzers = BTreeMap::new();
        for (name, settings) in section(analysis, "analyzer")? {
            check_name(&name)?;
            if let Some(analyzer) = analyzers::defined(&parts, &name, &settings)? {
                analyzers.insert(name, analyzer);
            }
        }
        let mut normalizers = BTreeMap::new();
        for (name, settings) in section(analysis, "normalizer")? {
            let normalizer = normalizers::defined(&parts, &name, &settings)?;
            normalizers.insert(name, normalizer);
        }
        Ok(Registry::of(parts, analyzers, normalizers))
    }

    fn of(parts: Parts, analyzers: BTreeMap<String, Analyzer>, normalizers: BTreeMap<String, Normalizer>) -> Registry {
        Registry { shared: Arc::new(Shared { parts, analyzers, normalizers, builtin: Mutex::default() }) }
    }

    /// The analyzer of this name: from the settings (`default` and `default_search` too), or built in.
    pub fn analyzer(&self, name: &str) -> Option<Analyzer> {
        if let Some(analyzer) = self.shared.analyzers.get(name) {
            return Some(analyzer.clone());
        }
        let mut builtin = self.shared.builtin.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(known) = builtin.get(name) {
            return known.clone();
        }
        let analyzer = analyzers::builtin(name)?;
        builtin.insert(name.to_owned(), Some(analyzer.clone()));
        Some(analyzer)
    }

    /// The normalizer of this name: from the settings, or `lowercase`.
    pub fn normalizer(&self, name: &str) -> Option<Normalizer> {
        match self.shared.normalizers.get(name) {
            Some(normalizer) => Some(normalizer.clone()),
            None => normalizers::builtin(name),
        }
    }

    /// An analyzer of the parts of an `_analyze` request, each a name or a definition. Without a tokenizer the text is one token.
    ///
    /// # Errors
    /// [`AnalysisError::NotFound`] for an unknown name, and whatever is wrong with a definition.
    pub fn custom(
        &self,
        tokenizer: Option<&Value>,
        filters: &[Value],
        char_filters: &[Value],
    ) -> Result<Analyzer, AnalysisError> {
        chain::anonymous(&self.shared.parts, tokenizer, filters, char_filters)
    }
}

/// Names of analyzers that OpenSearch refuses.
fn check_name(name: &str) -> Result<(), AnalysisError> {
    if name.starts_with('_') {
        return Err(AnalysisError::setting(format!("analyzer name must not start with '_'. got \"{name}\"")));
    }
    if name == "default_index" {
        return Err(AnalysisError::setting(
            "setting [index.analysis.analyzer.default_index] is not supported anymore, use [index.analysis.analyzer.default] instead",
        ));
    }
    Ok(())
}

/// The components of one kind, by name. Dotted keys (`"english.stopwords"`) are accepted beside objects.
fn section(analysis: &Value, kind: &'static str) -> Result<BTreeMap<String, Settings>, AnalysisError> {
    let mut components: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    let Some(Value::Object(entries)) = analysis.get(kind) else { return Ok(BTreeMap::new()) };
    for (name, definition) in entries {
        match (definition, name.split_once('.')) {
            (Value::Object(values), _) => {
                components.entry(name.clone()).or_default().extend(values.clone());
            }
            (Value::Null, _) => {}
            (other, Some((name, key))) => {
                components.entry(name.to_owned()).or_default().insert(key.to_owned(), other.clone());
            }
            (_, None) => {
                return Err(AnalysisError::NotAGroup { part: kind, name: name.clone() });
            }
        }
    }
    Ok(components.into_iter().map(|(name, values)| (name, Settings::new(values))).collect())
}
