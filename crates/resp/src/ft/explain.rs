//! `EXPLAINSCORE`: a score with the lines that say where it comes from.

use bytes::Bytes;
use model::search::Explanation;

use super::raw;
use super::request::Options;
use crate::frame::reply::Reply;

/// A score as it is sent: alone, or with its explanation.
pub fn beside(score: Reply, explanation: Option<&Explanation>, options: &Options) -> Reply {
    match explanation {
        Some(explanation) if options.explain_score => Reply::Array(vec![score, tree(explanation)]),
        _ => score,
    }
}

/// A line; or a line and a list of those below it. As deep as the query's tree, which is bounded.
fn tree(explanation: &Explanation) -> Reply {
    let line = Reply::text(&explanation.description);
    if explanation.details.is_empty() {
        return line;
    }
    Reply::Array(vec![line, Reply::Array(explanation.details.iter().map(tree).collect())])
}

/// How alike two payloads are (`SCORER HAMMING`).
pub fn likeness((asked, found): (Option<&Bytes>, Option<&Bytes>)) -> Explanation {
    let value = raw::likeness(asked, found);
    let description = match (asked, found) {
        (Some(asked), Some(found)) if asked.len() == found.len() && !found.is_empty() => {
            let bits: u32 = asked.iter().zip(found).map(|(a, b)| (a ^ b).count_ones()).sum();
            let length = found.len();
            format!("String length is {length}. Bit count is {bits}. Result is (1 / count + 1) = {value:.2}")
        }
        _ => "Payloads provided to scorer vary in length".to_owned(),
    };
    Explanation::matched(value, description, Vec::new())
}
