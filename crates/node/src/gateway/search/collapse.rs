//! Of each group of hits the best: hits are taken in order, those of groups that are known are asked for no more, until there are enough.
//!
//! Each round yields as many new groups as there are among its hits, at least one, so that there are never more rounds than groups on the
//! page, and seldom more than two. Totals and aggregations are those of all hits.

use std::sync::Arc;
use std::time::Instant;

use model::error::{Error, ErrorKind};
use model::id::ShardNumber;
use model::mapping::{FieldKind, Mapping, NumberKind, Variant};
use model::query::compound::Boolean;
use model::query::nested::InnerHits;
use model::query::term_level::Terms;
use model::query::{Kind, Query};
use model::ranking::Collapse;
use model::search::{FieldSpec, Hit, InnerFound, SearchRequest, SearchResponse, TrackTotal};
use model::task::TaskId;
use search::bind::check_after;
use serde_json::Value;

use super::shown::{Steps, bare};
use super::{failure, plain_order, resolve_open};
use crate::core::Core;

/// Hits of a round, at least.
const LEAST: u64 = 100;

/// Carries out a request that has a collapse.
pub(super) async fn search(
    core: &Arc<Core>,
    mut request: SearchRequest,
    begun: Instant,
    task: &TaskId,
) -> Result<SearchResponse, Error> {
    plain_order(&mut request);
    let Some(collapse) = request.collapse.clone() else { return Err(Error::illegal_argument("no collapse")) };
    check(core, &request, &collapse)?;
    let steps = Steps { core, request: &request, begun, task };
    let wanted = request.from.saturating_add(request.size) as usize;
    let round = (wanted as u64).max(LEAST);
    let mut groups = Groups { collapse: &collapse, hits: Vec::new(), keys: Vec::new(), null: false };
    let mut first = SearchRequest { from: 0, size: round, fetch: groups.fetch(), explain: false, ..request.clone() };
    first.collapse = None;
    let mut answer = steps.run(first).await?;
    let mut found = std::mem::take(&mut answer.hits);
    loop {
        let last = (found.len() as u64) < round;
        if let Some(hit) = found.iter().find(|hit| groups.are_several(hit)) {
            return Err(several(core, &request, hit));
        }
        found.into_iter().for_each(|hit| groups.add(hit));
        if last || groups.hits.len() >= wanted {
            break;
        }
        let next = SearchRequest {
            fetch: groups.fetch(),
            min_score: request.min_score,
            search_after: request.search_after.clone(),
            ..steps.plain(groups.others(&request.query), round)
        };
        let answered = steps.run(next).await?;
        answer.timed_out |= answered.timed_out;
        found = answered.hits;
    }
    answer.last = None;
    if request.size == 0 {
        // Who asks for no hits asks for no scores.
        answer.max_score = None;
    }
    let (from, size) = (request.from as usize, request.size as usize);
    let page: Vec<(Hit, Option<Value>)> = groups.hits.into_iter().skip(from).take(size).collect();
    let (hits, keys): (Vec<Hit>, Vec<Option<Value>>) = page.into_iter().unzip();
    let ids: Vec<_> = hits.iter().map(|hit| (hit.index.clone(), hit.id.clone())).collect();
    let mut fetch = request.fetch.clone();
    if !fetch.docvalue_fields.iter().any(|spec| spec.field == collapse.field) {
        fetch.docvalue_fields.push(spec(&collapse.field));
    }
    answer.hits = steps.show(hits, fetch).await?;
    for hit in &mut answer.hits {
        let at = ids.iter().position(|(index, id)| *index == hit.index && *id == hit.id);
        let Some(key) = at.and_then(|at| keys.get(at)) else { continue };
        for inner in &collapse.inner_hits {
            let name = inner.name.clone().unwrap_or_default();
            let found = inside(&steps, &collapse, key.as_ref(), inner).await?;
            hit.inner_hits.push((name, found));
        }
    }
    answer.took_ms = begun.elapsed().as_millis() as u64;
    Ok(answer)
}

fn spec(field: &str) -> FieldSpec {
    FieldSpec { field: field.to_owned(), format: None, include_unmapped: false }
}

fn exists(field: &str) -> Query {
    Query::new(Kind::Exists { field: field.to_owned() })
}

/// The groups so far, each by its best hit.
struct Groups<'c> {
    collapse: &'c Collapse,
    hits: Vec<(Hit, Option<Value>)>,
    keys: Vec<Value>,
    /// The group of those without a value is among them.
    null: bool,
}

impl Groups<'_> {
    fn fetch(&self) -> model::search::Fetch {
        let mut fetch = bare();
        fetch.docvalue_fields.push(spec(&self.collapse.field));
        fetch
    }

    /// Whether a hit would belong to several groups.
    fn are_several(&self, hit: &Hit) -> bool {
        hit.fields.iter().any(|(name, values)| *name == self.collapse.field && values.len() > 1)
    }

    fn add(&mut self, mut hit: Hit) {
        let values = hit.fields.iter_mut().find(|(name, _)| *name == self.collapse.field);
        match values.and_then(|(_, values)| (!values.is_empty()).then(|| values.swap_remove(0))) {
            Some(key) if self.keys.contains(&key) => {}
            Some(key) => {
                self.keys.push(key.clone());
                self.hits.push((hit, Some(key)));
            }
            None if self.null => {}
            None => {
                self.null = true;
                self.hits.push((hit, None));
            }
        }
    }

    /// The same query among the other groups.
    fn others(&self, query: &Query) -> Query {
        let (field, values) = (self.collapse.field.clone(), self.keys.clone());
        let mut all = Boolean { must: vec![query.clone()], ..Boolean::default() };
        if !values.is_empty() {
            all.must_not.push(Query::new(Kind::Terms(Terms { field, values, lookup: None, bitmap: false })));
        }
        if self.null {
            all.filter.push(exists(&self.collapse.field));
        }
        Query::new(Kind::Bool(all))
    }
}

/// The other hits of a group.
async fn inside(
    steps: &Steps<'_>,
    collapse: &Collapse,
    key: Option<&Value>,
    inner: &InnerHits,
) -> Result<InnerFound, Error> {
    let field = &collapse.field;
    let mut group = Boolean::default();
    if !(collapse.unscored && steps.request.query.kind == Kind::MatchAll) {
        group.must.push(steps.request.query.clone());
    }
    match key {
        Some(key) => {
            let terms = Terms { field: field.clone(), values: vec![key.clone()], lookup: None, bitmap: false };
            group.filter.push(Query::new(Kind::Terms(terms)));
        }
        None => {
            // In a filter of its own: what has no value scores nothing by that.
            let without = Boolean { must_not: vec![exists(field)], ..Boolean::default() };
            group.filter.push(Query::new(Kind::Bool(without)));
        }
    }
    let again = |field: &String| Collapse { field: field.clone(), inner_hits: Vec::new(), unscored: false };
    let request = SearchRequest {
        collapse: inner.collapse.as_ref().map(|field| Box::new(again(field))),
        from: inner.from,
        sort: inner.sort.clone(),
        track_scores: inner.track_scores,
        explain: inner.explain,
        fetch: inner.fetch.clone(),
        track_total_hits: TrackTotal::All,
        ..steps.plain(Query::new(Kind::Bool(group)), inner.size)
    };
    let found = steps.run(request).await?;
    let total = found.total.map_or(0, |total| total.value);
    Ok(InnerFound { total, max_score: found.max_score, hits: found.hits })
}

fn check(core: &Core, request: &SearchRequest, collapse: &Collapse) -> Result<(), Error> {
    let found = if request.point.is_none() { resolve_open(core, &request.target)? } else { Vec::new() };
    let refused = |at: usize, error: Error| {
        let lost = failure(&found[at].index, ShardNumber(0), Some(&core.identity.node), error);
        Err(Error::search_phase("all shards failed", vec![lost]))
    };
    for (at, one) in found.iter().enumerate() {
        if let Err(error) = collapsible(&one.index.mapping, &collapse.field) {
            return refused(at, error);
        }
    }
    let other = |why: &str| Error::new(ErrorKind::Search, why);
    let same = matches!(request.sort.as_slice(), [only] if only.field == collapse.field);
    if found.is_empty() {
        return Ok(());
    }
    if let Some(after) = &request.search_after
        && !same
    {
        if let Err(error) = check_after(after, request.sort.len()) {
            return refused(0, error);
        }
        let why =
            "collapse field and sort field must be the same when use `collapse` in conjunction with `search_after`";
        return refused(0, other(why));
    }
    if !request.rescores.is_empty() {
        return refused(0, other("cannot use `collapse` in conjunction with `rescore`"));
    }
    Ok(())
}

/// Why a hit with several values cannot be collapsed.
fn several(core: &Core, request: &SearchRequest, hit: &Hit) -> Error {
    let reason = format!("failed to collapse {}, the collapse field must be single valued", hit.id);
    let error = Error::new(ErrorKind::IllegalState, reason);
    let found =
        if request.point.is_none() { resolve_open(core, &request.target).unwrap_or_default() } else { Vec::new() };
    match found.iter().find(|found| *found.index.name == *hit.index) {
        Some(found) => {
            let lost = failure(&found.index, ShardNumber(0), Some(&core.identity.node), error);
            Error::search_phase("all shards failed", vec![lost])
        }
        None => error,
    }
}

fn collapsible(mapping: &Mapping, name: &str) -> Result<(), Error> {
    let missing = || Error::illegal_argument(format!("no mapping found for `{name}` in order to collapse on"));
    let field = mapping.field(name).ok_or_else(missing)?;
    let is_number = matches!(&field.kind, FieldKind::Number(number) if *number != NumberKind::ScaledFloat);
    let is_word = field.kind == FieldKind::Keyword && field.variant == Variant::Plain;
    if !(is_number || is_word) {
        let reason = format!("unknown type for collapse field `{name}`, only keywords and numbers are accepted");
        return Err(Error::illegal_argument(reason));
    }
    if !field.doc_values {
        return Err(Error::illegal_argument(format!("cannot collapse on field `{name}` without `doc_values`")));
    }
    Ok(())
}
