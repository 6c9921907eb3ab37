//! Every match of a request, page after page, in order of id: for what cannot be done where the documents lie.

use std::time::{Duration, Instant};

use model::error::{Error, ErrorKind};
use model::gateway::Gateway;
use model::search::{Hit, SearchRequest, SortKey, TrackTotal};

use super::partial::{LATE, Policy, Warning};
use super::registry::Tally;

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
    let whole = Whole { first: PAGE, policy: Policy::Fail, tally: &Tally::default() };
    paged(gateway, (request, whole), timeout_ms, visit).await.map(drop)
}

/// How much of it is wanted.
pub struct Whole<'t> {
    /// Hits of the first page.
    pub first: u64,
    /// What comes of it when it does not get to its end.
    pub policy: Policy,
    pub tally: &'t Tally,
}

/// As [`each`], where few are wanted, or perhaps not all; what is to be said when it was not all.
///
/// # Errors
/// As [`each`].
pub async fn paged(
    gateway: &dyn Gateway,
    (request, whole): (SearchRequest, Whole<'_>),
    timeout_ms: Option<u64>,
    mut visit: impl FnMut(Hit) -> Result<bool, Error> + Send,
) -> Result<Option<Warning>, Error> {
    let deadline = timeout_ms.map(|timeout| Instant::now() + Duration::from_millis(timeout));
    let mut size = whole.first.clamp(1, PAGE);
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
                return match whole.policy {
                    Policy::Fail => Err(Error::new(ErrorKind::Timeout, LATE)),
                    _ => Ok(Some(LATE)),
                };
            }
            request.timeout_ms = Some(left);
        }
        whole.policy.allow(&mut request);
        let page = gateway.search(request.clone()).await?;
        let warning = whole.policy.judge(&page, whole.tally)?;
        let full = page.hits.len() as u64 == size;
        size = PAGE;
        request.size = size;
        request.search_after = page.hits.last().map(|hit| hit.sort.clone());
        for hit in page.hits {
            if !visit(hit)? {
                return Ok(warning);
            }
        }
        // Behind a page with holes nothing is known.
        if !full || warning.is_some() {
            return Ok(warning);
        }
    }
}

pub fn sort_key(field: &str, descending: bool) -> SortKey {
    SortKey { descending, ..SortKey::ascending(field) }
}
