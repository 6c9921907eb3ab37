//! `PUT /{index}/_doc/{id}`, `POST /{index}/_doc`, `PUT /{index}/_create/{id}`: creates or replaces a document.

use std::sync::Arc;

use model::error::{Error, ErrorKind};
use model::write::{Action, Write};

use super::{write_one, write_request};
use crate::endpoint::Server;
use crate::endpoint::options::{Refusals, Versions, Written};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn index(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let only_create = match request.params.take("op_type") {
        // Without an id nothing can be there already, so that both are the same, but for those who take new documents alone.
        None => request.part("id").is_none(),
        Some(kind) => match kind.to_ascii_lowercase().as_str() {
            "create" => true,
            "index" => false,
            _ => {
                let reason = format!("opType must be 'create' or 'index', found: [{kind}]");
                return Err(Error::illegal_argument(reason));
            }
        },
    };
    put(server, request, only_create).await
}

pub(super) async fn create(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    if let Some(kind) = request.params.take("op_type").filter(|kind| !kind.eq_ignore_ascii_case("create")) {
        return Err(Error::illegal_argument(format!("opType must be 'create', found: [{kind}]")));
    }
    put(server, request, true).await
}

async fn put(server: Arc<Server>, mut request: Request, only_create: bool) -> Result<Reply, Error> {
    let id = request.part("id").map(Arc::from);
    let writes = write_request(&mut request.params)?;
    let versions = Versions::take(&mut request.params)?;
    let routing = request.params.text("routing").map(Arc::from);
    let require_alias = request.params.flag("require_alias")?.unwrap_or(false);
    let pipeline = request.params.take("pipeline").map(Arc::from);
    let body = request.body();
    if body.is_empty() {
        return Err(Error::new(ErrorKind::Parse, "request body is required"));
    }
    request.finish()?;
    let mut refusals = Refusals::default();
    let condition = versions.condition(if only_create { Written::Create } else { Written::Index }, &mut refusals);
    if let Some(id) = &id {
        refusals.check_id(id);
    }
    refusals.finish()?;
    let source = Arc::from(&body[..]);
    let action = if only_create { Action::Create(source) } else { Action::Index(source) };
    let index = Arc::from(request.required("index")?);
    write_one(&server, writes, Write { index, id, routing, action, condition, require_alias, pipeline }).await
}
