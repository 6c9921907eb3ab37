//! Token filters: they change, drop and add tokens.

pub(crate) mod beside;
pub(crate) mod case;
pub(crate) mod delimiter;
pub(crate) mod flatten;
pub(crate) mod fold;
pub(crate) mod grams;
pub(crate) mod indic;
pub(crate) mod min_hash;
pub(crate) mod multiplexer;
pub(crate) mod normalize;
pub(crate) mod shingle;
pub(crate) mod stem;
pub(crate) mod synonym;
pub(crate) mod synonym_rules;
pub(crate) mod term;
pub(crate) mod whole;
pub(crate) mod words;
