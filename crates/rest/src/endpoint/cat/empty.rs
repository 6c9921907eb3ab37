//! Tables of what there is none of: tasks that wait, plugins, templates.

use std::sync::Arc;

use model::error::Error;

use super::{look, written};
use crate::endpoint::{Server, options};
use crate::render::table::Table;
use crate::render::table::column::{Column, hidden, left, right};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn pending_tasks(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    table(request, || {
        vec![
            right("insertOrder", "o", "task insertion order"),
            right("timeInQueue", "t", "how long task has been in queue"),
            left("priority", "p", "task priority"),
            left("source", "s", "task source"),
        ]
    })
}

pub(super) async fn plugins(_: Arc<Server>, request: Request) -> Result<Reply, Error> {
    table(request, || {
        vec![
            hidden(left("id", "", "unique node id")),
            left("name", "n", "node name"),
            left("component", "c", "component"),
            left("version", "v", "component version"),
            hidden(left("description", "d", "plugin details")),
        ]
    })
}

fn table(mut request: Request, columns: fn() -> Vec<Column>) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    Ok(written(&request, &look, Table::new(columns())))
}
