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
            Some(rest) if at > 0 => (rest, true),
            _ => (expression.as_str(), false),
        };
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
