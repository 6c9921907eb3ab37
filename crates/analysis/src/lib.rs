//! Text to tokens: what OpenSearch calls analysis.
//!
//! In: the `analysis` object of an index's settings and, for each value of a text field, its text. Out: terms with positions and
//! offsets ([`Analyzer`]), or one normalized value ([`Normalizer`]). The analyzers of one index live in its [`Registry`].
//! A chain is always char filters → one tokenizer → token filters, as in Lucene, whose answers are the specification.
//! Not here: which field uses which analyzer (mapping), and what is done with the tokens (shard).

mod analyzer;
mod char_filter;
mod error;
mod explain;
mod filter;
mod normalizer;
mod pattern;
mod recent;
mod registry;
mod sound;
mod stream;
mod token;
mod tokenizer;
mod unicode;

pub use analyzer::Analyzer;
pub use error::AnalysisError;
pub use explain::{ExplainedCharFilter, ExplainedStage, Explanation};
pub use filter::stem::Stemmers;
pub use normalizer::{NormalizeError, Normalizer};
pub use registry::{Limits, Registry};
pub use sound::sound;
pub use token::{Analyzed, ByteToken, Token, TokenKind};
pub use unicode::category;
