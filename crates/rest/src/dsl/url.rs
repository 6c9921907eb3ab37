//! What the URL adds to a search. It counts before what the body says.

use model::error::Error;
use model::query::{Kind, Query};
use model::search::{FieldSpec, PipelineChoice, SearchRequest, SourceFilter, TrackTotal};

use super::body::{not_negative, track_up_to};
use super::field::operator;
use super::sort::plain;
use super::source::stored_fields;
use super::strings::Asked;
use crate::params::{Params, boolean, split};

/// Puts what `params` ask for into `request` and takes it out of them.
///
/// # Errors
/// `illegal_argument_exception` for values that do not fit, `query_shard_exception` for a `q` that is not in the language.
pub fn apply_params(request: &mut SearchRequest, params: &mut Params) -> Result<(), Error> {
    if let Some(query) = query_param(params)? {
        request.query = query;
    }
    if let Some(from) = params.int("from")? {
        request.from = not_negative("from", from)?;
    }
    if let Some(size) = params.int("size")? {
        request.size = not_negative("size", size)?;
    }
    if let Some(sort) = params.take("sort") {
        apply_sort(request, &sort)?;
    }
    if let Some(count) = params.take("track_total_hits") {
        request.track_total_hits = track_total_hits(&count)?;
    }
    if let Some(timeout) = params.time_ms("timeout")? {
        request.timeout_ms = timeout;
    }
    if let Some(count) = params.int("terminate_after")? {
        let count = u64::try_from(count).map_err(|_| Error::illegal_argument("terminateAfter must be > 0"))?;
        request.terminate_after = Some(count).filter(|&count| count > 0);
    }
    set(&mut request.typed_keys, params.flag("typed_keys")?);
    if let Some(cache) = params.flag("request_cache")? {
        request.request_cache = Some(cache);
    }
    if let Some(groups) = params.take("stats") {
        request.stats = split(&groups);
    }
    set(&mut request.track_scores, params.flag("track_scores")?);
    set(&mut request.explain, params.flag("explain")?);
    if let Some(allow) = params.flag("allow_partial_search_results")? {
        request.allow_partial_search_results = Some(allow);
    }
    if let Some(routing) = params.list("routing") {
        request.routing = routing;
    }
    if let Some(name) = params.take("search_pipeline") {
        request.pipeline = Some(PipelineChoice::Named(name));
    }
    if let Some(preference) = params.take("preference") {
        request.preference = Some(preference);
    }
    apply_fetch(request, params)
}

fn apply_fetch(request: &mut SearchRequest, params: &mut Params) -> Result<(), Error> {
    let fetch = &mut request.fetch;
    set(&mut fetch.version, params.flag("version")?);
    set(&mut fetch.seq_no_primary_term, params.flag("seq_no_primary_term")?);
    if let Some(filter) = source_param(params) {
        fetch.source = Some(filter);
    }
    if let Some(names) = params.list("stored_fields").filter(|names| !names.is_empty()) {
        fetch.stored_fields = Some(stored_fields(names)?);
    }
    if let Some(names) = params.list("docvalue_fields").filter(|names| !names.is_empty()) {
        let spec = |field| FieldSpec { field, format: None, include_unmapped: false };
        fetch.docvalue_fields.extend(names.into_iter().map(spec));
    }
    Ok(())
}

fn set(option: &mut bool, given: Option<bool>) {
    if let Some(value) = given {
        *option = value;
    }
}

/// `field`, `field:asc` or `field:desc`, several between commas. Another order than these two leaves the field out, as in
/// OpenSearch.
fn apply_sort(request: &mut SearchRequest, sort: &str) -> Result<(), Error> {
    for item in split(sort) {
        let (field, order) = match item.rsplit_once(':') {
            Some((field, order)) => (field, Some(order)),
            None => (item.as_str(), None),
        };
        if field == "_script" {
            return Err(Error::not_implemented(format!("sort by [{field}]")));
        }
        let mut key = plain(field);
        match order {
            None => {}
            Some("asc") => key.descending = false,
            Some("desc") => key.descending = true,
            Some(_) => continue,
        }
        request.sort.push(key);
    }
    Ok(())
}

fn track_total_hits(given: &str) -> Result<TrackTotal, Error> {
    match given {
        "true" => Ok(TrackTotal::All),
        "false" => Ok(TrackTotal::No),
        _ => {
            let mut one = Params::new(vec![("track_total_hits".to_owned(), given.to_owned())]);
            one.int("track_total_hits")?.map_or(Ok(TrackTotal::All), track_up_to)
        }
    }
}

/// `_source` (a flag or a list of patterns), `_source_includes` and `_source_excludes`; `None` when none of them is given.
pub fn source_param(params: &mut Params) -> Option<SourceFilter> {
    let mut filter = SourceFilter::everything();
    let mut given = false;
    if let Some(text) = params.take("_source") {
        match boolean(&text) {
            Ok(enabled) => {
                filter.enabled = enabled;
                given = true;
            }
            Err(_) => {
                filter.includes = split(&text);
                given = !filter.includes.is_empty();
            }
        }
    }
    if let Some(includes) = params.list("_source_includes") {
        filter.includes = includes;
        given = true;
    }
    if let Some(excludes) = params.list("_source_excludes") {
        filter.excludes = excludes;
        given = true;
    }
    given.then_some(filter)
}

/// `q` with `df`, `default_operator`, `analyzer`, `analyze_wildcard` and `lenient`, which mean nothing without it and are then left
/// for [`Params::finish`] to refuse. `None`: there is no `q`.
///
/// # Errors
/// As [`apply_params`].
pub fn query_param(params: &mut Params) -> Result<Option<Query>, Error> {
    let Some(text) = params.take("q") else { return Ok(None) };
    let mut asked = Asked::new();
    asked.text = Some(text);
    asked.default_field = params.take("df");
    asked.query.options.analyzer = params.take("analyzer");
    asked.query.analyze_wildcard = params.flag("analyze_wildcard")?.unwrap_or(false);
    asked.query.options.lenient = params.flag("lenient")?;
    if let Some(text) = params.take("default_operator") {
        asked.query.options.default_operator = operator(&text)?;
    }
    Ok(Some(Query::new(Kind::QueryString(Box::new(asked.finish()?)))))
}
