//! What is kept of searches and writes beside their answers: counts by group, and lines in the slow logs of their indexes.
//!
//! Lines go to the targets `slowlog::query`, `slowlog::fetch` and `slowlog::index`, in OpenSearch's form.

use std::sync::Arc;
use std::time::Duration;

use cluster::settings::slow_log::{Level, SlowLog};
use model::search::SearchRequest;
use serde_json::Value;
use shard::prepared::PreparedDocument;

use crate::indexes::{IndexView, OpenShard};

/// A line at a level that is known when it is written: a place for a log has one level.
macro_rules! line {
    ($level:expr, $target:literal, $($message:tt)*) => {
        match $level {
            Level::Warn => tracing::warn!(target: $target, $($message)*),
            Level::Info => tracing::info!(target: $target, $($message)*),
            Level::Debug => tracing::debug!(target: $target, $($message)*),
            Level::Trace => tracing::trace!(target: $target, $($message)*),
        }
    };
}

/// What counts and lines say of a search.
#[derive(Debug, Default)]
pub(in crate::gateway) struct Account {
    /// Under which it is counted, too.
    groups: Box<[String]>,
    /// Of the whole search, as far as this node knows of them.
    shards: usize,
    /// The body, as it was sent.
    source: Option<Arc<str>>,
}

impl Account {
    pub(in crate::gateway) fn of(request: &SearchRequest, source: Option<&Arc<str>>, shards: usize) -> Arc<Self> {
        Arc::new(Self { groups: request.stats.as_slice().into(), shards, source: source.cloned() })
    }

    /// A shard was searched. `total`: how many hits it found, and whether it may have more.
    pub(in crate::gateway) fn query(
        &self,
        (shard, view): (&OpenShard, &IndexView),
        took: Duration,
        (total, at_least): (u64, bool),
    ) {
        shard.used.count_query(took, &self.groups);
        if let Some(level) = view.settings.slow_log.as_ref().and_then(|log| log.query.level(took)) {
            let hits = format!("{total}{} hits", if at_least { "+" } else { "" });
            line!(level, "slowlog::query", "[index.search.slowlog.query] {}", self.text((shard, view), took, &hits));
        }
    }

    /// Documents of a shard were fetched.
    pub(in crate::gateway) fn fetch(&self, (shard, view): (&OpenShard, &IndexView), took: Duration, shown: usize) {
        shard.used.count_fetch(took, &self.groups);
        if let Some(level) = view.settings.slow_log.as_ref().and_then(|log| log.fetch.level(took)) {
            let hits = format!("{shown} hits");
            line!(level, "slowlog::fetch", "[index.search.slowlog.fetch] {}", self.text((shard, view), took, &hits));
        }
    }

    fn text(&self, (shard, view): (&OpenShard, &IndexView), took: Duration, hits: &str) -> String {
        let (index, groups, shards) = (&view.metadata.name, self.groups.join(","), self.shards);
        let source = self.source.as_deref().map(one_line).unwrap_or_default();
        let (number, millis) = (shard.number, took.as_millis());
        format!(
            "[{index}][{number}] took[{took:.1?}], took_millis[{millis}], total_hits[{hits}], stats[{groups}], \
             search_type[QUERY_THEN_FETCH], total_shards[{shards}], source[{source}]"
        )
    }
}

/// A document was written.
pub(super) fn indexed(log: &SlowLog, view: &IndexView, took: Duration, document: &PreparedDocument) {
    let Some(level) = log.index.level(took) else { return };
    let routing = document.routing.as_deref().unwrap_or_default();
    let (index, id, millis) = (view.metadata.label(), &document.id, took.as_millis());
    let source = match log.shown {
        Some(0) => String::new(),
        shown => format!(", source[{}]", source(&document.source, log.reformat, shown)),
    };
    line!(
        level,
        "slowlog::index",
        "[index.indexing.slowlog.index] [{index}] took[{took:.1?}], took_millis[{millis}], id[{id}], routing[{routing}]{source}"
    );
}

/// The first characters of a document.
fn source(bytes: &[u8], reformat: bool, shown: Option<usize>) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = if reformat { one_line(&text) } else { text.into_owned() };
    match shown.and_then(|shown| text.char_indices().nth(shown)) {
        Some((end, _)) => text[..end].to_owned(),
        None => text,
    }
}

/// JSON without white space; what is none stays as it is, on one line.
fn one_line(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => value.to_string(),
        Err(_) => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_cut_where_characters_end() {
        let document = "{\"title\": \"Amélie\",\n \"year\": 2001}".as_bytes();
        assert_eq!(source(document, true, None), "{\"title\":\"Amélie\",\"year\":2001}");
        assert_eq!(source(document, true, Some(13)), "{\"title\":\"Amé");
        assert_eq!(source(document, false, Some(10)), "{\"title\": ");
        assert_eq!(source(b"{broken", true, Some(100)), "{broken");
    }
}
