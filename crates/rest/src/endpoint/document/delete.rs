//! `DELETE /{index}/_doc/{id}`.

use std::sync::Arc;

use model::error::Error;
use model::write::{Action, Write};

use super::{write_one, write_request};
use crate::endpoint::Server;
use crate::endpoint::options::{Refusals, Versions, Written};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let writes = write_request(&mut request.params)?;
    let versions = Versions::take(&mut request.params)?;
    let routing = request.params.text("routing").map(Arc::from);
    request.finish()?;
    let mut refusals = Refusals::default();
    let condition = versions.condition(Written::Delete, &mut refusals);
    refusals.finish()?;
    let write = Write {
        index: Arc::from(request.required("index")?),
        id: Some(Arc::from(request.required("id")?)),
        routing,
        action: Action::Delete,
        condition,
        require_alias: false,
        pipeline: None,
    };
    write_one(&server, writes, write).await
}
