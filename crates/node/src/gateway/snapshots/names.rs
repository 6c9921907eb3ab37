//! Which of the indexes in a snapshot are meant.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::error::Error;
use model::mapping::simple_match;
use model::target::Target;

use crate::repository::Manifest;

type Names = BTreeSet<Arc<str>>;

/// The indexes, and the streams that are among them whole: by names, by patterns, by names of streams; all where nothing is named.
///
/// # Errors
/// `index_not_found_exception` for a name that is not in the snapshot, unless such names are to be passed over.
pub(super) fn chosen(manifest: &Manifest, target: &Target) -> Result<(Names, Names), Error> {
    let mut indexes = Names::new();
    let everything = ["_all".to_owned()];
    let names = if target.names.is_empty() { &everything[..] } else { &target.names[..] };
    for (at, expression) in names.iter().enumerate() {
        let (pattern, excludes) = match expression.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (expression.as_str(), false),
        };
        // What comes first is taken from everything.
        if excludes && at == 0 {
            indexes = found(manifest, "_all");
        }
        let found = found(manifest, pattern);
        let is_name = pattern != "_all" && !pattern.contains('*');
        if found.is_empty() && is_name && !target.options.ignore_unavailable.unwrap_or(false) {
            return Err(Error::index_not_found(pattern));
        }
        if excludes {
            indexes.retain(|name| !found.contains(name));
        } else {
            indexes.extend(found);
        }
    }
    let whole = manifest.streams.iter().filter(|(_, stream)| stream.indexes.iter().all(|name| indexes.contains(name)));
    let streams = whole.map(|(name, _)| name.clone()).collect();
    Ok((indexes, streams))
}

fn found(manifest: &Manifest, pattern: &str) -> Names {
    let fits = |name: &str| pattern == "_all" || simple_match(pattern, name);
    let own = manifest.indexes.keys().filter(|name| fits(name)).cloned();
    let streams = manifest.streams.iter().filter(|(name, _)| fits(name));
    own.chain(streams.flat_map(|(_, stream)| stream.indexes.iter().cloned())).collect()
}

#[cfg(test)]
mod tests {
    use model::target::Target;
    use serde_json::json;

    use super::*;

    /// A snapshot of the indexes `a`, `b`, `logs-1` and `logs-2`, the last two those of the stream `logs`.
    fn manifest() -> Manifest {
        let mut manifest = Manifest::begin("s", "u".to_owned(), "me".into(), 1);
        let index: cluster::state::IndexMetadata = serde_json::from_value(json!({
            "name": "x", "uuid": "u", "creation_date_ms": 1, "open": true, "settings": {}, "mapping": {}, "aliases": {},
            "versions": {"index": 1, "mapping": 1, "settings": 1, "aliases": 1}, "shards": []
        }))
        .unwrap();
        let index = crate::repository::SavedIndex { metadata: Arc::new(index), shards: Vec::new() };
        for name in ["a", "b", "logs-1", "logs-2"] {
            manifest.indexes.insert(name.into(), index.clone());
        }
        let indexes = vec!["logs-1".into(), "logs-2".into()];
        let stream =
            cluster::data_stream::DataStream { timestamp_field: "@timestamp".to_owned(), generation: 2, indexes };
        manifest.streams.insert("logs".into(), stream);
        manifest
    }

    #[track_caller]
    fn means(names: &[&str], indexes: &[&str], streams: &[&str]) {
        let target = Target { names: names.iter().map(ToString::to_string).collect(), ..Target::default() };
        let (found, whole) = chosen(&manifest(), &target).unwrap();
        assert_eq!(found.iter().map(|name| &**name).collect::<Vec<_>>(), indexes);
        assert_eq!(whole.iter().map(|name| &**name).collect::<Vec<_>>(), streams);
    }

    #[test]
    fn names_patterns_and_exclusions() {
        means(&[], &["a", "b", "logs-1", "logs-2"], &["logs"]);
        means(&["a", "logs"], &["a", "logs-1", "logs-2"], &["logs"]);
        means(&["logs-1"], &["logs-1"], &[]);
        means(&["*", "-b", "-logs-2"], &["a", "logs-1"], &[]);
        means(&["-b"], &["a", "logs-1", "logs-2"], &["logs"]);
        means(&["none*"], &[], &[]);
        let mut missing = Target { names: vec!["a".to_owned(), "c".to_owned()], ..Target::default() };
        assert_eq!(chosen(&manifest(), &missing).unwrap_err().reason, "no such index [c]");
        missing.options.ignore_unavailable = Some(true);
        assert_eq!(chosen(&manifest(), &missing).unwrap().0.len(), 1);
    }
}
