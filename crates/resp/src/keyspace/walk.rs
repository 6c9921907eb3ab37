//! Walking over all keys: in the order of a number that each key's document carries, so that a cursor is that number.
//!
//! A key that is there from the beginning of a walk to its end is met exactly once, whatever else comes and goes.

use bytes::Bytes;
use model::admin::ShardState;
use model::id::ShardNumber;
use model::query::term_level::{Bound, Range};
use model::query::{Kind, Query};
use model::search::{CountRequest, Fetch, FieldSpec, Hit, SearchRequest, SortKey, SourceFilter, TrackTotal};
use serde_json::Value as Json;

use super::id::key_of;
use super::{Keyspace, index};
use crate::error::RespError;
use crate::server::now_ms;

/// Keys fetched at once, at most; less than an index' result window.
const PAGE: usize = 5_000;

/// A key met on a walk.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    pub key: Bytes,
    /// As `TYPE` answers.
    pub type_name: String,
    position: i64,
    expires_at_ms: Option<u64>,
    /// The number that it was sorted by.
    sorted_by: Option<u64>,
}

/// The place of a key: FNV-1a of 64 bits, its bits mixed (the finalizer of splitmix64); from 1 to 2^63 - 1.
pub(super) fn position(key: &[u8]) -> i64 {
    let hash = key
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (((hash ^ (hash >> 31)) >> 1) as i64).max(1)
}

impl Keyspace {
    /// Keys behind `cursor` (0: from the first), `count` or a few more, and the next cursor; 0 when there are no more. Those that have expired are
    /// left out, so a page may be empty before the end.
    ///
    /// # Errors
    /// What the node answers.
    pub async fn page(&self, cursor: u64, count: usize) -> Result<(Vec<Met>, u64), RespError> {
        self.publish().await?;
        self.published_page(cursor, count).await
    }

    /// Every key that `wanted` wants.
    pub(crate) async fn all(&self, wanted: impl Fn(&Met) -> bool) -> Result<Vec<Bytes>, RespError> {
        self.publish().await?;
        let (mut found, mut cursor) = (Vec::new(), 0);
        loop {
            let (page, next) = self.published_page(cursor, PAGE).await?;
            found.extend(page.into_iter().filter(|met| wanted(met)).map(|met| met.key));
            if next == 0 {
                return Ok(found);
            }
            cursor = next;
        }
    }

    /// How many there are; those that have expired count until they are swept.
    pub(crate) async fn count(&self) -> Result<u64, RespError> {
        self.publish().await?;
        self.counted(Query::match_all()).await
    }

    /// How many there are, and how many of them will expire.
    pub(crate) async fn counts(&self) -> Result<(u64, u64), RespError> {
        let all = self.count().await?;
        Ok((all, self.counted(having("expires_at")).await?))
    }

    /// Copies of the keys besides the first, as many as every shard has.
    pub(crate) fn replicas(&self) -> Result<usize, RespError> {
        let found = self.gateway.indexes(&index::target())?;
        let Some(info) = found.first() else { return Ok(0) };
        let numbers = info.shards.iter().filter(|shard| shard.primary).map(|shard| shard.number);
        let copies = |number: ShardNumber| {
            info.shards.iter().filter(|s| s.number == number && !s.primary && s.state == ShardState::Started).count()
        };
        Ok(numbers.map(copies).min().unwrap_or(0))
    }

    async fn counted(&self, query: Query) -> Result<u64, RespError> {
        let request = CountRequest {
            target: index::target(),
            query,
            min_score: None,
            terminate_after: None,
            routing: Vec::new(),
            preference: None,
        };
        Ok(self.gateway.count(request).await?.count)
    }

    /// Keys whose time in `field` has come by `now_ms`, the earliest first, and the time of the first that they are cut before.
    pub(super) async fn expiring(
        &self,
        field: &str,
        now_ms: u64,
        count: usize,
    ) -> Result<(Vec<Bytes>, Option<u64>), RespError> {
        self.publish().await?;
        let hits = self.search(having(field), field, count + 1).await?;
        let due = |met: &&Met| met.sorted_by.is_some_and(|at| at <= now_ms);
        let next = hits.iter().find(|met| !due(met)).or(hits.get(count)).and_then(|met| met.sorted_by);
        Ok((hits.iter().take(count).filter(due).map(|met| met.key.clone()).collect(), next))
    }

    /// Shows searches what has been written. Costs next to nothing when nothing has.
    async fn publish(&self) -> Result<(), RespError> {
        self.gateway.refresh(index::target()).await?;
        Ok(())
    }

    async fn published_page(&self, cursor: u64, count: usize) -> Result<(Vec<Met>, u64), RespError> {
        let count = count.clamp(1, PAGE);
        let mut size = count + 1;
        let mut hits = loop {
            let hits = self.search(behind(cursor), "position", size).await?;
            // Keys of one position are not torn apart: a cursor could not tell them.
            let torn =
                hits.len() == size && hits.first().map(|met| met.position) == hits.last().map(|met| met.position);
            if !torn || size >= 2 * PAGE - 1 {
                break hits;
            }
            size = 2 * PAGE - 1;
        };
        let more = hits.len() > count;
        if let Some(cut) = hits.get(count).map(|met| met.position) {
            let end = hits.iter().position(|met| met.position == cut).unwrap_or(count);
            hits.truncate(if end == 0 { hits.len() } else { end });
        }
        let next = if more { hits.last().map_or(0, |met| met.position as u64) } else { 0 };
        let now = now_ms();
        hits.retain(|met| met.expires_at_ms.is_none_or(|at| at > now));
        Ok((hits, next))
    }

    async fn search(&self, query: Query, by: &str, size: usize) -> Result<Vec<Met>, RespError> {
        let mut fields = vec!["type", "position", "expires_at"];
        if !fields.contains(&by) {
            fields.push(by);
        }
        let field = |field: &str| FieldSpec { field: field.to_owned(), format: None, include_unmapped: false };
        let mut request = SearchRequest::new(index::target());
        request.query = query;
        request.size = size as u64;
        request.track_total_hits = TrackTotal::No;
        // An index of an older version may know nothing of it: then no key has it.
        request.sort = vec![SortKey { unmapped_type: Some("long".to_owned()), ..SortKey::ascending(by) }];
        request.fetch = Fetch {
            source: Some(SourceFilter::nothing()),
            docvalue_fields: fields.into_iter().map(field).collect(),
            ..Fetch::default()
        };
        let response = self.gateway.search(request).await?;
        if let Some(failure) = response.shards.failures.into_iter().next() {
            return Err(failure.error.into());
        }
        Ok(response.hits.iter().map(|hit| met(hit, by)).collect())
    }
}

fn having(field: &str) -> Query {
    Query::new(Kind::Exists { field: field.to_owned() })
}

fn behind(cursor: u64) -> Query {
    if cursor == 0 {
        return Query::match_all();
    }
    let lower = Some(Bound { value: cursor.into(), inclusive: false });
    let field = "position".to_owned();
    Query::new(Kind::Range(Box::new(Range {
        field,
        lower,
        upper: None,
        format: None,
        time_zone: None,
        relation: None,
    })))
}

fn met(hit: &Hit, sorted_by: &str) -> Met {
    let value = |name: &str| hit.fields.iter().find(|(field, _)| field == name).and_then(|(_, values)| values.first());
    let type_name = match value("type").and_then(Json::as_str) {
        Some("json") => "ReJSON-RL",
        Some(other) => other,
        None => "none",
    };
    Met {
        key: key_of(&hit.id),
        type_name: type_name.to_owned(),
        position: value("position").and_then(Json::as_i64).unwrap_or(0),
        expires_at_ms: value("expires_at").and_then(Json::as_u64),
        sorted_by: value(sorted_by).and_then(Json::as_u64),
    }
}
