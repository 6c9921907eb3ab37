//! Putting named or inline components together.

use std::sync::Arc;

use serde_json::Value;

use super::{Parts, Settings, char_filters, filters, tokenizers};
use crate::analyzer::{Analyzer, Chain, Named};
use crate::error::AnalysisError;
use crate::filter::multiplexer::Multiplexer;
use crate::filter::synonym_rules::SynonymRules;
use crate::stream::{CharFilter, Filter, Tokenizer};

/// A token filter before it knows the chain that it will be in.
pub(crate) enum Prepared {
    Ready(Filter),
    /// Its rules are read with the tokenizer and the filters before it.
    Synonyms(SynonymRules),
}

/// What a filter does when the rules of a later synonym filter are read.
pub(crate) enum Reading {
    AsItIs,
    /// Another filter stands in for it.
    Instead(Filter),
    Skipped,
    Refused,
}

/// Where component names are looked up and how a missing one is reported.
pub(crate) enum Asker<'a> {
    /// `_analyze`.
    Request,
    /// A custom analyzer of the settings.
    Analyzer(&'a str),
}

impl Asker<'_> {
    /// A component that exists only with settings is asked for by its type's name.
    fn needs_settings(&self, part: &'static str, name: &str) -> AnalysisError {
        match self {
            Asker::Request => AnalysisError::setting("Analysis settings required - can't instantiate analysis factory"),
            Asker::Analyzer(_) => self.not_found(part, name),
        }
    }

    pub(crate) fn not_found(&self, part: &'static str, missing: &str) -> AnalysisError {
        match self {
            Asker::Request => AnalysisError::NotFound { part, name: missing.to_owned() },
            Asker::Analyzer(name) => AnalysisError::PartNotFound {
                owner: "Analyzer",
                name: (*name).to_owned(),
                part,
                missing: missing.to_owned(),
            },
        }
    }
}

impl Parts {
    /// Builds every defined component once, to find mistakes. Those that matter only at use may stand in unused components.
    pub(crate) fn check(&self) -> Result<(), AnalysisError> {
        for (name, settings) in &self.char_filters {
            unless_at_use(self.defined_char_filter(name, settings))?;
        }
        for (name, settings) in &self.filters {
            unless_at_use(self.defined_filter(name, settings))?;
        }
        for (name, settings) in &self.tokenizers {
            unless_at_use(self.defined_tokenizer(name, settings))?;
        }
        Ok(())
    }

    fn defined_char_filter(&self, name: &str, settings: &Settings) -> Result<Arc<dyn CharFilter>, AnalysisError> {
        let kind = kind_of("char_filter", name, settings)?;
        char_filters::build(&kind, name, settings)?.ok_or_else(|| unknown("char_filter", kind, name))
    }

    fn defined_tokenizer(&self, name: &str, settings: &Settings) -> Result<Arc<dyn Tokenizer>, AnalysisError> {
        let kind = kind_of("tokenizer", name, settings)?;
        tokenizers::build(&kind, name, settings, self.limits)?.ok_or_else(|| unknown("tokenizer", kind, name))
    }

    fn defined_filter(&self, name: &str, settings: &Settings) -> Result<Prepared, AnalysisError> {
        let kind = kind_of("filter", name, settings)?;
        self.built_filter(&kind, name, settings)?.ok_or_else(|| unknown("filter", kind, name))
    }

    /// A token filter of this type; `None` for an unknown type.
    fn built_filter(&self, kind: &str, name: &str, settings: &Settings) -> Result<Option<Prepared>, AnalysisError> {
        match kind {
            "multiplexer" => self.multiplexer(name, settings).map(Some),
            _ => filters::build(kind, name, settings, self.limits),
        }
    }

    /// A filter that is made of others, by their names.
    fn multiplexer(&self, name: &str, settings: &Settings) -> Result<Prepared, AnalysisError> {
        let mut chains = Vec::new();
        if settings.bool("preserve_original", true)? {
            chains.push(Vec::new());
        }
        for list in settings.list("filters").unwrap_or_default() {
            let mut chain = Vec::new();
            for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                let kind = self.filter_kind(part);
                let found = match kind.as_str() {
                    // What is made of others cannot be made of itself.
                    "multiplexer" => None,
                    _ => Some(self.filter(part, &Asker::Request)),
                };
                match found {
                    Some(Ok(Prepared::Ready(filter))) => chain.push(filter),
                    Some(Err(AnalysisError::NotFound { .. })) => {
                        return Err(AnalysisError::setting(format!("failed to find filter under [{part}]")));
                    }
                    Some(Err(error)) => return Err(error),
                    None | Some(Ok(Prepared::Synonyms(_))) => {
                        let kind = format!("{kind} within [multiplexer]");
                        return Err(AnalysisError::Unsupported { part: "filter", kind, name: name.to_owned() });
                    }
                }
            }
            if !chain.is_empty() {
                chains.push(chain);
            }
        }
        Ok(Prepared::Ready(Filter::stream(Multiplexer { chains })))
    }

    pub(crate) fn char_filter(&self, name: &str, asker: &Asker<'_>) -> Result<Arc<dyn CharFilter>, AnalysisError> {
        match self.char_filters.get(name) {
            Some(settings) => self.defined_char_filter(name, settings),
            None => match char_filters::builtin(name)? {
                Some(filter) => Ok(filter),
                None if char_filters::needs_settings(name) => Err(asker.needs_settings("char_filter", name)),
                None => Err(asker.not_found("char_filter", name)),
            },
        }
    }

    pub(crate) fn tokenizer(&self, name: &str, asker: &Asker<'_>) -> Result<Arc<dyn Tokenizer>, AnalysisError> {
        match self.tokenizers.get(name) {
            Some(settings) => self.defined_tokenizer(name, settings),
            None => tokenizers::builtin(name)?.ok_or_else(|| asker.not_found("tokenizer", name)),
        }
    }

    /// The type of a filter by name: what settings say, or the name of a built-in one.
    pub(crate) fn filter_kind(&self, name: &str) -> String {
        self.filters.get(name).and_then(|settings| settings.text("type")).unwrap_or_else(|| name.to_owned())
    }

    pub(crate) fn filter(&self, name: &str, asker: &Asker<'_>) -> Result<Prepared, AnalysisError> {
        match self.filters.get(name) {
            Some(settings) => self.defined_filter(name, settings),
            None if name == "multiplexer" => self.multiplexer(name, &Settings::default()),
            None => match filters::builtin(name)? {
                Some(filter) => Ok(filter),
                None if filters::needs_settings(name) => Err(asker.needs_settings("filter", name)),
                None => Err(asker.not_found("filter", name)),
            },
        }
    }
}

fn unless_at_use<T>(built: Result<T, AnalysisError>) -> Result<(), AnalysisError> {
    match built {
        Err(AnalysisError::Use { .. }) | Ok(_) => Ok(()),
        Err(error) => Err(error),
    }
}

fn kind_of(part: &'static str, name: &str, settings: &Settings) -> Result<String, AnalysisError> {
    settings.text("type").ok_or_else(|| AnalysisError::MissingType { part, name: name.to_owned() })
}

fn unknown(part: &'static str, kind: String, name: &str) -> AnalysisError {
    AnalysisError::UnknownType { part, kind, name: name.to_owned() }
}

/// A chain under construction; filters are added in order, because synonyms are read with those before them.
pub(crate) struct Builder {
    char_filters: Vec<Named<Arc<dyn CharFilter>>>,
    tokenizer: Named<Arc<dyn Tokenizer>>,
    filters: Vec<Named<Filter>>,
    /// The filters that read synonym rules, or the name of one that cannot.
    readers: Result<Vec<Named<Filter>>, String>,
}

impl Builder {
    pub(crate) fn new(char_filters: Vec<Named<Arc<dyn CharFilter>>>, tokenizer: Named<Arc<dyn Tokenizer>>) -> Self {
        Builder { char_filters, tokenizer, filters: Vec::new(), readers: Ok(Vec::new()) }
    }

    /// Adds a filter of type `kind` under its name.
    pub(crate) fn add(&mut self, name: &str, kind: &str, prepared: Prepared) -> Result<(), AnalysisError> {
        let (filter, reading) = match prepared {
            Prepared::Ready(filter) => {
                let reading = filters::reads_synonyms(kind);
                (filter, reading)
            }
            Prepared::Synonyms(rules) => {
                let reading = if rules.graph { Reading::AsItIs } else { Reading::Skipped };
                (rules.build(&self.reader()?)?, reading)
            }
        };
        if let Ok(readers) = &mut self.readers {
            match reading {
                Reading::AsItIs => readers.push(Named::new(name, filter.clone())),
                Reading::Instead(other) => readers.push(Named::new(name, other)),
                Reading::Skipped => {}
                Reading::Refused => self.readers = Err(name.to_owned()),
            }
        }
        self.filters.push(Named::new(name, filter));
        Ok(())
    }

    /// The chain up to here, which reads the rules of a synonym filter.
    fn reader(&self) -> Result<Analyzer, AnalysisError> {
        let filters = self.readers.clone().map_err(|name| {
            AnalysisError::setting(format!("Token filter [{name}] cannot be used to parse synonyms"))
        })?;
        Ok(Analyzer::new(Chain {
            name: String::from("synonyms"),
            custom: true,
            char_filters: self.char_filters.clone(),
            tokenizer: self.tokenizer.clone(),
            filters,
            position_gap: 0,
        }))
    }

    /// A chain of named components.
    pub(crate) fn finish(self, name: &str, position_gap: u32) -> Analyzer {
        self.build(name, position_gap, true)
    }

    /// A built-in analyzer: `explain` does not show what it is made of.
    pub(crate) fn finish_builtin(self, name: &str, position_gap: u32) -> Analyzer {
        self.build(name, position_gap, false)
    }

    fn build(self, name: &str, position_gap: u32, custom: bool) -> Analyzer {
        Analyzer::new(Chain {
            name: name.to_owned(),
            custom,
            char_filters: self.char_filters,
            tokenizer: self.tokenizer,
            filters: self.filters,
            position_gap,
        })
    }
}

/// The chain of an `_analyze` request.
pub(crate) fn anonymous(
    parts: &Parts,
    tokenizer: Option<&Value>,
    filters: &[Value],
    char_filters: &[Value],
) -> Result<Analyzer, AnalysisError> {
    let asker = Asker::Request;
    // Without a tokenizer it is a normalizer, whose filters keep one value.
    let normalizes = matches!(tokenizer, None | Some(Value::Null));
    let mut char_stages = Vec::new();
    for definition in char_filters {
        char_stages.push(match definition {
            Value::String(name) => Named::new(name.as_str(), parts.char_filter(name, &asker)?),
            other => {
                let (kind, settings) = inline("char_filter", other)?;
                let built = char_filters::build(&kind, "__anonymous__", &settings)?;
                Named::new(
                    "__anonymous__".to_owned() + &kind,
                    built.ok_or_else(|| asker.not_found("char_filter", &kind))?,
                )
            }
        });
    }
    let tokenizer = match tokenizer {
        None | Some(Value::Null) => Named::new("keyword", parts.tokenizer("keyword", &asker)?),
        Some(Value::String(name)) => Named::new(name.as_str(), parts.tokenizer(name, &asker)?),
        Some(other) => {
            let (kind, settings) = inline("tokenizer", other)?;
            let built = tokenizers::build(&kind, "__anonymous__", &settings, parts.limits)?;
            Named::new("__anonymous__".to_owned() + &kind, built.ok_or_else(|| asker.not_found("tokenizer", &kind))?)
        }
    };
    let mut builder = Builder::new(char_stages, tokenizer);
    for definition in filters {
        let (name, kind, filter) = match definition {
            Value::String(name) => (name.clone(), parts.filter_kind(name), parts.filter(name, &asker)?),
            other => {
                let (kind, settings) = inline("filter", other)?;
                let built = parts.built_filter(&kind, "__anonymous__", &settings)?;
                let built = built.ok_or_else(|| asker.not_found("filter", &kind))?;
                ("__anonymous__".to_owned() + &kind, kind, built)
            }
        };
        if normalizes && !filters::keeps_one_value(&kind) {
            return Err(AnalysisError::NotForAnonymousNormalizer { filter: name });
        }
        builder.add(&name, &kind, filter)?;
    }
    // As analyzers of one's own have it, where they do not say.
    Ok(builder.finish("_anonymous_", super::analyzers::POSITION_GAP as u32))
}

/// The type and settings of a component that is defined inside a request.
fn inline(part: &'static str, definition: &Value) -> Result<(String, Settings), AnalysisError> {
    let missing = || AnalysisError::MissingAnonymousType { part, definition: definition.to_string() };
    let Value::Object(values) = definition else { return Err(missing()) };
    let settings = Settings::new(values.clone());
    let kind = settings.text("type").ok_or_else(missing)?;
    Ok((kind, settings))
}
