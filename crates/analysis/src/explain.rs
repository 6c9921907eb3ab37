//! `_analyze` with `explain`: what every stage of a chain makes of a text.

use crate::analyzer::{Analyzer, Origin, last_text, tokenize};
use crate::token::Token;

/// What the stages of an analyzer did to one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// True for a chain of named components; false for a built-in analyzer, which OpenSearch shows as one stage under its own name.
    pub custom: bool,
    /// The analyzer's name.
    pub name: String,
    /// The text after each char filter, in order.
    pub char_filters: Vec<ExplainedCharFilter>,
    /// The tokens that the tokenizer made.
    pub tokenizer: ExplainedStage,
    /// The tokens after each token filter, in order.
    pub filters: Vec<ExplainedStage>,
}

impl Explanation {
    /// The tokens that the whole chain gives.
    pub fn tokens(&self) -> &[Token] {
        &self.filters.last().unwrap_or(&self.tokenizer).tokens
    }
}

/// One char filter and what it made of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedCharFilter {
    pub name: String,
    pub filtered_text: String,
}

/// One tokenizer or token filter and the tokens after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedStage {
    pub name: String,
    pub tokens: Vec<Token>,
    /// How many positions the text takes after this stage, with the holes at its end.
    pub positions: u32,
    /// Which tokens stemmers must leave alone: the attribute `keyword`, by token.
    pub keywords: Vec<bool>,
    /// Whether any filter so far has that attribute.
    pub knows_keywords: bool,
}

pub(crate) fn explain(analyzer: &Analyzer, text: &str) -> Explanation {
    let chain = analyzer.chain();
    let filtered = analyzer.filter_chars(text);
    let origin = Origin { original: text, filtered: &filtered };
    let stage = |name: &str, stream: &crate::stream::Stream, knows_keywords: bool| {
        let (tokens, positions) = origin.tokens(stream);
        let keywords = stream.pieces.iter().map(|piece| piece.term.keyword).collect();
        ExplainedStage { name: name.to_owned(), tokens, positions, keywords, knows_keywords }
    };
    let mut stream = tokenize(&*chain.tokenizer.stage, last_text(&filtered, text));
    let tokenizer = stage(&chain.tokenizer.name, &stream, false);
    let mut filters = Vec::with_capacity(chain.filters.len());
    let mut knows = false;
    for filter in &chain.filters {
        knows |= filter.stage.knows_keywords();
        stream = filter.stage.apply(stream);
        filters.push(stage(&filter.name, &stream, knows));
    }
    let char_filters = chain
        .char_filters
        .iter()
        .zip(&filtered)
        .map(|(filter, stage)| ExplainedCharFilter { name: filter.name.clone(), filtered_text: stage.text.clone() })
        .collect();
    Explanation { custom: chain.custom, name: chain.name.clone(), char_filters, tokenizer, filters }
}
