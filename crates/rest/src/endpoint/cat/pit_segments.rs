//! `_cat/pit_segments`: the segments that points in time keep.

use std::sync::Arc;

use model::error::Error;
use serde_json::Value;

use super::{look, segments, written};
use crate::endpoint::{Server, options};
use crate::params::split;
use crate::render::table::Table;
use crate::reply::Reply;
use crate::request::Request;

/// Points in time are held as readers, whose segments nobody lists: as long as there is none, the table is empty.
pub(super) async fn pit_segments(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, segments::columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    let mut ids = request.part("pit_id").map(split).unwrap_or_default();
    let bytes = request.body();
    request.finish()?;
    if !bytes.is_empty() {
        let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        match &body["pit_id"] {
            Value::Array(given) => ids.extend(given.iter().filter_map(Value::as_str).map(str::to_owned)),
            Value::String(given) => ids.push(given.clone()),
            _ => {}
        }
    }
    if ids.is_empty() {
        return Err(options::refusal("no pit ids specified"));
    }
    if ids != ["_all"] || !server.gateway.points().await?.is_empty() {
        return Err(Error::not_implemented("the segments of points in time"));
    }
    Ok(written(&request, &look, Table::new(segments::columns())))
}
