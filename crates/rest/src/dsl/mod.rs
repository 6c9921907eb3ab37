//! The search language: JSON bodies and URL parameters to the model.
//!
//! [`query`] reads one query, [`search_request`] the body of a search, [`apply_params`] what the URL adds to it. Names stay
//! names and values stay JSON: whether a field exists and what fits it is found when the query is bound. What OpenSearch has and
//! Shoal has not is refused by name with 501, what neither has as OpenSearch refuses it.

mod aggregation;
mod body;
mod by_frequency;
mod combined_fields;
mod compound;
mod feature;
pub(crate) mod field;
mod full_text;
mod function_score;

pub(crate) mod fuzziness;
mod geo;
mod geo_shape;
mod highlight;
mod hybrid;
mod interval;
mod join;
mod knn;
mod more_like_this;
mod nested;
mod percolate;
mod point;
mod queries;
mod ranking;
mod scripted;
mod sort;
mod source;
mod span;
mod strings;
pub(crate) mod suggest;
mod suggestion;
mod term_level;
mod url;

pub use aggregation::MAX_AGGREGATION_DEPTH;
pub use aggregation::script_of;
pub use body::{body_query, search_body, search_request};
pub use queries::{MAX_QUERY_DEPTH, MAX_STORED_DEPTH, query, stored_query};
pub use source::source_filter;
pub use url::{apply_params, query_param, source_param};

#[cfg(test)]
mod tests;
