//! Permitted edits and rewrite methods.

use model::query::full_text::Fuzziness;

use super::fault::{Fault, Outcome};
use crate::bound::Rewrite;

/// How many edits a text may be away.
pub(super) fn edits(fuzziness: Fuzziness, text: &str) -> u8 {
    match fuzziness {
        // OpenSearch's dialect asks for two at most.
        Fuzziness::Edits(edits) => edits.min(3),
        Fuzziness::Auto { low, high } => match u32::try_from(text.chars().count()).unwrap_or(u32::MAX) {
            length if length < low => 0,
            length if length < high => 1,
            _ => 2,
        },
    }
}

/// The method of this name; `None`: the query's own.
pub(super) fn rewrite(name: Option<&str>) -> Outcome<Option<Rewrite>> {
    let Some(name) = name else { return Ok(None) };
    let refused = || Fault::illegal_argument(format!("Failed to parse rewrite_method [{name}]"));
    let count = |digits: &str| digits.parse::<u32>().ok().filter(|count| *count > 0).ok_or_else(refused);
    Ok(Some(match name {
        "constant_score"
        | "constant_score_auto"
        | "constant_score_filter"
        | "constant_score_boolean"
        | "constant_score_blended" => Rewrite::Constant,
        "scoring_boolean" => Rewrite::ScoringBoolean,
        _ => {
            if let Some(digits) = name.strip_prefix("top_terms_blended_freqs_") {
                Rewrite::TopTermsBlended(count(digits)?)
            } else if let Some(digits) = name.strip_prefix("top_terms_boost_") {
                Rewrite::TopTermsBoost(count(digits)?)
            } else {
                Rewrite::TopTerms(count(name.strip_prefix("top_terms_").unwrap_or_default())?)
            }
        }
    }))
}
