//! `FT.REGEX index field pattern [K edits] [LIMIT offset count] [NOCONTENT] [WITHSCORES] [TIMEOUT ms] [DIALECT n]`: keys by a regular expression over
//! the words of a text or the values of a tag, part of which matches within some edits. Ours.

use model::query::approximate::{Approximate, MOST_EDITS};
use model::query::{Kind, Query};

use super::definition::AttributeKind;
use super::mark::Marks;
use super::raw;
use super::request::{self, Options};
use super::search::{Keys, page, render};
use super::target::Searched;
use crate::args::{Args, integer};
use crate::error::RespError;
use crate::frame::reply::Reply;
use crate::session::Session;

fn refuse<T>(line: impl Into<std::borrow::Cow<'static, str>>) -> Result<T, RespError> {
    Err(RespError::line(line))
}

pub async fn regex(session: &mut Session, mut args: Args) -> Result<Reply, RespError> {
    let (name, field) = (super::text(args.must()?), super::text(args.must()?));
    let pattern = super::text(args.must()?);
    let (options, edits) = options(&mut args)?;
    let registry = &session.server.registry;
    let searched = Searched::find(registry, &name, options.dialect.or(Some(super::default_dialect(session))))?;
    let lowercase = lowercase(&searched, &field)?;
    let query = Query::new(Kind::Approximate(Approximate { field, pattern, edits, lowercase }));
    let mut request = searched.request(query, raw::wanted(!options.no_content));
    request.timeout_ms =
        options.timeout_ms.or_else(|| registry.configuration.timeout_ms()).filter(|timeout| *timeout > 0);
    (request.from, request.size) = (options.offset, options.count);
    // What was found by then is no answer: the best may not be among it.
    request.allow_partial_search_results = Some(true);
    let response = session.server.gateway.search(request).await?;
    if response.timed_out {
        return refuse("TIMEOUT Timeout limit was reached");
    }
    if let Some(failure) = response.shards.failures.first() {
        return Err(failure.error.clone().into());
    }
    let found = page((&searched, None), response, Keys::None, Marks::default());
    Ok(render(session, &searched, &options, found))
}

fn options(args: &mut Args) -> Result<(Options, u8), RespError> {
    let mut options = Options::default();
    let mut edits = 0;
    while let Some(next) = args.take() {
        match next.to_ascii_uppercase().as_slice() {
            b"K" => {
                let given = args.take().and_then(|given| integer(&given));
                let given = given.and_then(|given| u8::try_from(given).ok()).filter(|given| *given <= MOST_EDITS);
                edits = given.ok_or(RespError::line(format!("K requires a number of edits from 0 to {MOST_EDITS}")))?;
            }
            b"LIMIT" => (options.offset, options.count) = request::limit(args)?,
            b"NOCONTENT" => options.no_content = true,
            b"WITHSCORES" => options.with_scores = true,
            b"TIMEOUT" => options.timeout_ms = Some(request::timeout(args)?),
            b"DIALECT" => options.dialect = Some(request::dialect(args)?),
            _ => return refuse(format!("Unknown argument `{}`", String::from_utf8_lossy(&next))),
        }
    }
    Ok((options, edits))
}

/// Whether the terms of an attribute are in lower case.
fn lowercase(searched: &Searched, field: &str) -> Result<bool, RespError> {
    let found = searched.definition.attribute(field).filter(|attribute| !attribute.no_index);
    match found.map(|attribute| &attribute.kind) {
        Some(AttributeKind::Text { .. }) => Ok(!searched.foreign),
        Some(AttributeKind::Tag { case_sensitive, .. }) => Ok(!case_sensitive),
        Some(_) => refuse(format!("FT.REGEX searches TEXT and TAG attributes: `{field}` is neither")),
        None => refuse(format!("No such field `{field}`")),
    }
}
