//! `_analyze`: what an analyzer makes of a text.

use std::sync::Arc;

use analysis::{Analyzer, ExplainedStage, Explanation, Registry, Token};
use model::admin::{AnalyzeRequest, AnalyzeResponse, AnalyzedStage, AnalyzedToken};
use model::error::Error;
use model::mapping::{FieldKind, Mapping};
use serde_json::{Map, Value};

use crate::core::Core;

/// Without an index: as many tokens as an index permits by default.
const MAX_TOKENS: u64 = 10_000;

pub(super) fn analyze(core: &Core, request: AnalyzeRequest) -> Result<AnalyzeResponse, Error> {
    let (registry, mapping, limit) = match &request.index {
        None => (Arc::new(Registry::builtin()), None, MAX_TOKENS),
        Some(name) => {
            let metadata = cluster::resolve::read_target(&core.state(), name)?;
            let view = core.indexes.get(&metadata)?.view();
            (view.analysis.clone(), Some(metadata.mapping.clone()), view.settings.max_token_count)
        }
    };
    if request.text.is_empty() {
        return Err(Error::new(
            model::error::ErrorKind::ActionRequestValidation,
            "Validation Failed: 1: text is missing;",
        ));
    }
    let chosen = choose(&request, &registry, mapping.as_deref())?;
    if request.explain {
        return explain(&request, &chosen, limit);
    }
    let mut out = Vec::new();
    let mut after = After::default();
    for text in &request.text {
        let analyzed = chosen.analyzer.analyze(text);
        out.extend(analyzed.tokens.iter().map(|token| after.place(token)));
        check_count(out.len(), limit)?;
        after.text(&analyzed, chosen.gap);
    }
    Ok(AnalyzeResponse::Tokens(out))
}

struct Chosen {
    analyzer: Analyzer,
    /// A chain of parts, rather than an analyzer by name.
    custom: bool,
    /// Positions between two texts.
    gap: u32,
}

fn choose(request: &AnalyzeRequest, registry: &Registry, mapping: Option<&Mapping>) -> Result<Chosen, Error> {
    // The analyzers that belong to no index leave no gap.
    let named = |analyzer: Analyzer| {
        let gap = if request.index.is_some() { analyzer.position_gap() } else { 0 };
        Ok(Chosen { analyzer, custom: false, gap })
    };
    if let Some(name) = &request.analyzer {
        let missing = || match request.index {
            Some(_) => Error::illegal_argument(format!("failed to find analyzer [{name}]")),
            None => Error::illegal_argument(format!("failed to find global analyzer [{name}]")),
        };
        return named(registry.analyzer(name).ok_or_else(missing)?);
    }
    if let Some(name) = &request.normalizer {
        let normalizer = registry
            .normalizer(name)
            .ok_or_else(|| Error::illegal_argument(format!("failed to find normalizer under [{name}]")))?;
        return named(normalizer.as_analyzer().clone());
    }
    if request.tokenizer.is_some() || !request.filters.is_empty() || !request.char_filters.is_empty() {
        let analyzer = registry
            .custom(request.tokenizer.as_ref(), &request.filters, &request.char_filters)
            .map_err(crate::indexes::analysis_error)?;
        let gap = analyzer.position_gap();
        return Ok(Chosen { analyzer, custom: true, gap });
    }
    let field = request.field.as_deref().and_then(|field| mapping.and_then(|mapping| mapping.field(field)));
    if let Some(field) = field.filter(|field| !has_words(&field.kind)) {
        let reason = "Analysis requests are only supported on tokenized fields";
        return Err(Error::illegal_argument(format!("Can't process field [{}], {reason}", field.path)));
    }
    if let Some(field) = field
        && let Some(analyzer) = of_field(field, registry)
    {
        // Only texts are analyzed with a gap between their values.
        let gap = if field.kind == FieldKind::Text { analyzer.position_gap() } else { 0 };
        return Ok(Chosen { analyzer, custom: false, gap });
    }
    let default = registry.analyzer("default").or_else(|| registry.analyzer("standard"));
    named(default.ok_or_else(|| Error::illegal_argument("failed to find analyzer [standard]"))?)
}

/// Whether OpenSearch analyzes texts as the field does.
fn has_words(kind: &FieldKind) -> bool {
    use FieldKind::{Binary, Boolean, Date, DateNanos, GeoPoint, Ip, Number, Range};
    !matches!(kind, Number(_) | Date | DateNanos | Boolean | Ip | GeoPoint | Range(_) | Binary)
}

fn of_field(field: &model::mapping::Field, registry: &Registry) -> Option<Analyzer> {
    match (&field.kind, &field.analyzer, &field.normalizer) {
        (FieldKind::Text, Some(name), _) => registry.analyzer(name),
        (FieldKind::Text, None, _) => None,
        (_, _, Some(name)) => registry.normalizer(name).map(|normalizer| normalizer.as_analyzer().clone()),
        _ => registry.analyzer("keyword"),
    }
}

fn check_count(count: usize, limit: u64) -> Result<(), Error> {
    if count as u64 <= limit {
        return Ok(());
    }
    let reason = format!(
        "The number of tokens produced by calling _analyze has exceeded the allowed maximum of [{limit}]. This limit can be set by changing the [index.analyze.max_token_count] index level setting."
    );
    Err(Error::new(model::error::ErrorKind::IllegalState, reason))
}

/// Where the next text of a list begins.
#[derive(Default)]
struct After {
    position: u32,
    offset: u32,
}

impl After {
    fn place(&self, token: &Token) -> AnalyzedToken {
        AnalyzedToken {
            token: token.text.to_string(),
            start_offset: self.offset + token.start_offset,
            end_offset: self.offset + token.end_offset,
            kind: token.kind.as_str().to_owned(),
            position: self.position + token.position,
            position_length: token.position_length,
            attributes: Map::new(),
        }
    }

    /// Moves behind a text, by the gap that arrays have.
    fn text_by(&mut self, positions: u32, end_offset: u32, gap: u32) {
        self.position += positions + gap;
        self.offset += end_offset + 1;
    }

    fn text(&mut self, analyzed: &analysis::Analyzed, gap: u32) {
        self.text_by(analyzed.positions, analyzed.end_offset, gap);
    }
}

fn explain(request: &AnalyzeRequest, chosen: &Chosen, limit: u64) -> Result<AnalyzeResponse, Error> {
    let parts: Vec<Explanation> = request.text.iter().map(|text| chosen.analyzer.explain(text)).collect();
    let Some(first) = parts.first() else { return Ok(AnalyzeResponse::Tokens(Vec::new())) };
    let stage = |name: &str, pick: &dyn Fn(&Explanation) -> ExplainedStage| -> Result<AnalyzedStage, Error> {
        let mut tokens = Vec::new();
        let mut after = After::default();
        for (part, text) in parts.iter().zip(&request.text) {
            let stage = pick(part);
            tokens.extend(
                stage
                    .tokens
                    .iter()
                    .zip(&stage.keywords)
                    .map(|(token, keyword)| (token, stage.knows_keywords.then_some(*keyword)))
                    .map(|(token, keyword)| explained(after.place(token), keyword, request)),
            );
            check_count(tokens.len(), limit)?;
            after.text_by(stage.positions, text.encode_utf16().count() as u32, chosen.gap);
        }
        Ok(AnalyzedStage { name: name.to_owned(), tokens })
    };
    let last = |part: &Explanation| part.filters.last().unwrap_or(&part.tokenizer).clone();
    if !chosen.custom && !first.custom {
        let analyzer = Some(stage(&first.name, &last)?);
        return Ok(AnalyzeResponse::Stages {
            custom: false,
            char_filters: Vec::new(),
            tokenizer: None,
            filters: Vec::new(),
            analyzer,
        });
    }
    let tokenizer = Some(stage(&first.tokenizer.name, &|part| part.tokenizer.clone())?);
    let filter = |(at, filter): (usize, &ExplainedStage)| stage(&filter.name, &|part| part.filters[at].clone());
    let filters = first.filters.iter().enumerate().map(filter).collect::<Result<_, _>>()?;
    let texts = |at: usize| parts.iter().map(|part| part.char_filters[at].filtered_text.clone()).collect();
    let char_filters =
        first.char_filters.iter().enumerate().map(|(at, filter)| (filter.name.clone(), texts(at))).collect();
    Ok(AnalyzeResponse::Stages { custom: true, char_filters, tokenizer, filters, analyzer: None })
}

/// A token with what else is known of it: its bytes, whether stemmers leave it alone, how long it is.
fn explained(mut token: AnalyzedToken, keyword: Option<bool>, request: &AnalyzeRequest) -> AnalyzedToken {
    let bytes: Vec<String> = token.token.bytes().map(|byte| format!("{byte:x}")).collect();
    let known = [
        ("bytes", Some(Value::from(format!("[{}]", bytes.join(" "))))),
        ("keyword", keyword.map(Value::from)),
        ("positionLength", Some(token.position_length.into())),
        ("termFrequency", Some(1.into())),
    ];
    let wanted = |name: &str| {
        request.attributes.is_empty() || request.attributes.iter().any(|asked| asked.eq_ignore_ascii_case(name))
    };
    let known = known.into_iter().filter(|(name, _)| wanted(name));
    token.attributes.extend(known.filter_map(|(name, value)| Some((name.to_owned(), value?))));
    token
}
