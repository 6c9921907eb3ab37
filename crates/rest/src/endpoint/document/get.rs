//! `GET /{index}/_doc/{id}` and `GET /{index}/_source/{id}`: one document, or its source alone. HEAD asks whether they are there.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::id::Version;
use model::search::{GetRequest, GetResponse, SourceFilter};
use model::write::VersionType;

use crate::endpoint::Server;
use crate::endpoint::options::{no_fields, refusal, version_type};
use crate::render::document;
use crate::render::json::Json;
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn get(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let asked = read(&mut request, true)?;
    request.finish()?;
    let answer = got(&server, asked).await?;
    let size = answer.found.as_ref().and_then(|found| found.source.as_ref()).map_or(0, |source| source.len());
    let mut json = Json::with_capacity(size + 160);
    document::got(&mut json, &answer);
    Ok(Reply::json(if answer.found.is_some() { 200 } else { 404 }, json))
}

pub(super) async fn source(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let asked = read(&mut request, false)?;
    request.finish()?;
    if asked.source.as_ref().is_some_and(|filter| !filter.enabled) {
        return Err(refusal("fetching source can not be disabled"));
    }
    let GetResponse { index, id, found } = server.gateway.get(asked).await?;
    let missing = |what: &str| Error::new(ErrorKind::ResourceNotFound, format!("{what} not found [{index}]/[{id}]"));
    let found = found.ok_or_else(|| missing("Document"))?;
    let source = found.source.ok_or_else(|| missing("Source"))?;
    let mut json = Json::with_capacity(source.len());
    json.raw(&source);
    Ok(Reply::document(json))
}

fn read(request: &mut Request, with_fields: bool) -> Result<GetRequest, Error> {
    let index = request.required("index")?.to_owned();
    let id = request.required("id")?.to_owned();
    let source = request.source_filter();
    let params = &mut request.params;
    // Every copy would give the same answer.
    params.take("preference");
    let stored = if with_fields { params.list("stored_fields").unwrap_or_default() } else { Vec::new() };
    let (stored_fields, source) = stored_source(stored, source);
    if with_fields && params.has("fields") {
        let instead = "[stored_fields] to retrieve stored fields or [_source] to load the field from _source";
        return Err(no_fields("the", instead));
    }
    let mut wanted = None;
    if with_fields {
        let number = params.long("version")?;
        wanted = version(number, params.take("version_type").map(|text| version_type(&text)).transpose()?)?;
    }
    Ok(GetRequest {
        index,
        id,
        routing: params.text("routing"),
        realtime: params.flag("realtime")?.unwrap_or(true),
        refresh: params.flag("refresh")?.unwrap_or(false),
        source,
        stored_fields,
        version: wanted,
    })
}

/// A document as the client is told of it: without its routing where nothing is asked for that is stored beside its version.
pub(super) async fn got(server: &Server, asked: GetRequest) -> Result<GetResponse, Error> {
    let reads = asked.source.as_ref().is_none_or(|filter| filter.enabled) || !asked.stored_fields.is_empty();
    let mut answer = server.gateway.get(asked).await?;
    if let (Some(found), false) = (&mut answer.found, reads) {
        found.routing = None;
    }
    Ok(answer)
}

/// `_source` among the stored fields asks for the source.
pub(super) fn stored_source(
    mut stored: Vec<String>,
    source: Option<SourceFilter>,
) -> (Vec<String>, Option<SourceFilter>) {
    let all = stored.len();
    stored.retain(|name| name != "_source");
    let asked = stored.len() < all;
    (stored, source.or_else(|| asked.then(SourceFilter::everything)))
}

/// The version that the document must have.
pub(super) fn version(number: Option<i64>, kind: Option<VersionType>) -> Result<Option<(Version, VersionType)>, Error> {
    let kind = kind.unwrap_or(VersionType::Internal);
    // -3 is how OpenSearch says "any".
    let Some(number) = number.filter(|&number| number != -3) else { return Ok(None) };
    match u64::try_from(number) {
        Ok(number) if number > 0 || kind != VersionType::Internal => Ok(Some((Version(number), kind))),
        _ => {
            let name = match kind {
                VersionType::Internal => "INTERNAL",
                VersionType::External => "EXTERNAL",
                VersionType::ExternalGte => "EXTERNAL_GTE",
            };
            Err(refusal(&format!("illegal version value [{number}] for version type [{name}]")))
        }
    }
}
