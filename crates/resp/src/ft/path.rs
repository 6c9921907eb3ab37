//! Paths into JSON documents, as attributes and `RETURN` name them.

use serde_json::Value as Json;

use crate::jsonpath::Path;

/// Every value at the path; none where it is no path.
pub fn values(document: &Json, path: &str) -> Vec<Json> {
    let found =
        Path::parse(path).and_then(|path| path.values(document).map(|found| found.into_iter().cloned().collect()));
    found.unwrap_or_default()
}
