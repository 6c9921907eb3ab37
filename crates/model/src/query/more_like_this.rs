//! `more_like_this`: documents that have the telling words of texts, or of other documents.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MoreLikeThis {
    /// Empty: those that queries go over where none is named.
    pub fields: Vec<String>,
    pub likes: Vec<Like>,
    /// Words of these do not count.
    pub unlikes: Vec<Like>,
    pub max_query_terms: u32,
    pub min_term_freq: u32,
    pub min_doc_freq: u64,
    pub max_doc_freq: u64,
    /// In characters; 0: any.
    pub min_word_length: u32,
    pub max_word_length: u32,
    pub stop_words: Vec<String>,
    pub analyzer: Option<String>,
    pub minimum_should_match: String,
    /// Words count by how telling they are, times this; 0: all alike.
    pub boost_terms: f32,
    /// The documents themselves may be found, too.
    pub include: bool,
    pub fail_on_unsupported_field: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Like {
    Text(String),
    /// One that is to be looked up. `index`: where the query does not say, the one that is searched.
    Document {
        index: Option<String>,
        id: String,
        routing: Option<String>,
    },
    /// One that was looked up, or given; `id`: of one that is there.
    Source {
        id: Option<String>,
        #[serde(with = "crate::wire::json")]
        source: Value,
    },
}
