//! Every match of a request, page after page, in order of id: for what cannot be done where the documents lie.

use std::time::{Duration, Instant};

use model::error::{Error, ErrorKind};
use model::gateway::Gateway;
use model::search::{Hit, Missing, SearchRequest, SortKey, TrackTotal};

/// Hits of one page: what is in memory at once.
const PAGE: u64 = 10_000;

/// Calls `visit` with each hit until it says false. `timeout_ms`: for all pages together.
///
/// # Errors
/// What the gateway answers; [`ErrorKind::Timeout`].
pub async fn each(
    gateway: &dyn Gateway,
    request: SearchRequest,
    timeout_ms: Option<u64>,
    visit: impl FnMut(Hit) -> Result<bool, Error> + Send,
) -> Result<(), Error> {
    paged(gateway, (request, PAGE), timeout_ms, visit).await
}

/// As [`each`], where few are wanted: the first page has so many hits.
///
/// # Errors
/// As [`each`].
pub async fn paged(
    gateway: &dyn Gateway,
    (request, first): (SearchRequest, u64),
    timeout_ms: Option<u64>,
    mut visit: impl FnMut(Hit) -> Result<bool, Error> + Send,
) -> Result<(), Error> {
    let deadline = timeout_ms.map(|timeout| Instant::now() + Duration::from_millis(timeout));
    let mut size = first.clamp(1, PAGE);
    let mut request = SearchRequest {
        size,
        from: 0,
        sort: vec![sort_key("_id", false)],
        track_total_hits: TrackTotal::No,
        ..request
    };
    loop {
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now()).as_millis() as u64;
            if left == 0 {
                return Err(Error::new(ErrorKind::Timeout, "Timeout limit was reached"));
            }
            request.timeout_ms = Some(left);
        }
        let page = gateway.search(request.clone()).await?;
        request.publish_pending = false;
        let full = page.hits.len() as u64 == size;
        size = PAGE;
        request.size = size;
        request.search_after = page.hits.last().map(|hit| hit.sort.clone());
        for hit in page.hits {
            if !visit(hit)? {
                return Ok(());
            }
        }
        if !full {
            return Ok(());
        }
    }
}

pub fn sort_key(field: &str, descending: bool) -> SortKey {
    SortKey {
        field: field.to_owned(),
        descending,
        missing: Missing::Last,
        mode: None,
        unmapped_type: None,
        format: None,
        numeric_type: None,
        nested: None,
        distance: None,
    }
}
