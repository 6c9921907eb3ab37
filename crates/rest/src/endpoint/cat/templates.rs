//! `_cat/templates`: composable and legacy templates.

use std::sync::Arc;

use model::error::Error;
use model::mapping::simple_match;

use super::{look, written};
use crate::endpoint::{Server, options};
use crate::render::table::Table;
use crate::render::table::cell::Cell;
use crate::render::table::column::{Column, left};
use crate::reply::Reply;
use crate::request::Request;

fn columns() -> Vec<Column> {
    vec![
        left("name", "n", "template name"),
        left("index_patterns", "t", "template index patterns"),
        left("order", "o,p", "template application order/priority number"),
        left("version", "v", "version"),
        left("composed_of", "c", "component templates comprising index template"),
    ]
}

pub(super) async fn templates(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let look = match look(&mut request, columns)? {
        Ok(look) => look,
        Err(help) => return Ok(help),
    };
    options::cluster_manager_timeout(&mut request.params)?;
    request.params.flag("local")?;
    request.finish()?;
    let pattern = request.part("name");
    let wanted = |name: &str| pattern.is_none_or(|pattern| simple_match(pattern, name));
    let templates = server.gateway.cluster().templates;
    let list = |items: &[String]| Cell::text(format!("[{}]", items.join(", ")));
    let number = |number: Option<i64>| Cell::of(number, Cell::Number);
    let mut table = Table::new(columns());
    for (name, template) in templates.legacy.iter().filter(|(name, _)| wanted(name)) {
        let order = Cell::Number(i64::from(template.order));
        let row =
            [Cell::text(name.as_ref()), list(&template.patterns), order, number(template.version), Cell::text("")];
        table.rows.push(row.to_vec());
    }
    for (name, template) in templates.index.iter().filter(|(name, _)| wanted(name)) {
        table.rows.push(vec![
            Cell::text(name.as_ref()),
            list(&template.patterns),
            Cell::number(template.priority.unwrap_or(0)),
            number(template.version),
            list(&template.composed_of),
        ]);
    }
    Ok(written(&request, &look, table))
}
