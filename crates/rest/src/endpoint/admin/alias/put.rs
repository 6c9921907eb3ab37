//! One alias, put or deleted by its path.

use std::sync::Arc;

use model::admin::{AliasAction, AliasInfo};
use model::error::Error;
use serde_json::Value;

use super::check_filter;
use crate::endpoint::{Server, options};
use crate::json;
use crate::params::{boolean, split};
use crate::reply::Reply;
use crate::request::Request;

pub(super) async fn put(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let mut asked = Asked {
        index: request.part("index").unwrap_or_default().to_owned(),
        alias: request.part("name").unwrap_or_default().to_owned(),
        info: AliasInfo::default(),
    };
    let body = request.body();
    let patience = options::patience(&mut request.params)?;
    if !body.is_empty()
        && let Value::Object(body) = json::parse(&body)?
    {
        body.into_iter().try_for_each(|(key, value)| asked.take(&key, value))?;
    }
    let indexes = split(&asked.index);
    if indexes.is_empty() {
        return Err(Error::illegal_argument("[indices] can't be empty"));
    }
    if asked.alias.is_empty() {
        return Err(Error::illegal_argument("[alias] can't be empty string"));
    }
    request.finish()?;
    if let Some(filter) = &asked.info.filter {
        check_filter(&asked.alias, filter)?;
    }
    let action = AliasAction::Add { indexes, aliases: vec![asked.alias], alias: asked.info, must_exist: None };
    server.within(patience).update_aliases(vec![action]).await?;
    Ok(Reply::acknowledged())
}

struct Asked {
    index: String,
    alias: String,
    info: AliasInfo,
}

impl Asked {
    /// One key of the body. Each value of a list counts as if it stood alone, and a null as if it were not there, as in OpenSearch.
    fn take(&mut self, key: &str, value: Value) -> Result<(), Error> {
        match value {
            Value::Null => Ok(()),
            Value::Array(items) => items.into_iter().try_for_each(|item| self.take(key, item)),
            one => self.one(key, one),
        }
    }

    fn one(&mut self, key: &str, value: Value) -> Result<(), Error> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        };
        let info = &mut self.info;
        let unknown = || Error::illegal_argument(format!("unknown field [{key}]"));
        match (key, &value) {
            ("filter", Value::Object(filter)) => info.filter = (!filter.is_empty()).then_some(value),
            ("index", value) => self.index = text(value).ok_or_else(unknown)?,
            ("alias", value) => self.alias = text(value).ok_or_else(unknown)?,
            ("is_write_index" | "is_hidden", value) => {
                let flag = boolean(&text(value).ok_or_else(unknown)?)?;
                if key == "is_hidden" { info.is_hidden = Some(flag) } else { info.is_write_index = Some(flag) }
            }
            ("routing", value) => {
                let routing = text(value).ok_or_else(unknown)?;
                info.index_routing.get_or_insert(routing.clone());
                info.search_routing.get_or_insert(routing);
            }
            ("index_routing" | "indexRouting" | "index-routing", value) => {
                info.index_routing = Some(text(value).ok_or_else(unknown)?);
            }
            ("search_routing" | "searchRouting" | "search-routing", value) => {
                info.search_routing = Some(text(value).ok_or_else(unknown)?);
            }
            _ => return Err(unknown()),
        }
        Ok(())
    }
}

pub(super) async fn delete(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let indexes = split(request.required("index")?);
    let aliases = split(request.required("name")?);
    let patience = options::patience(&mut request.params)?;
    request.finish()?;
    server.within(patience).update_aliases(vec![AliasAction::Remove { indexes, aliases, must_exist: None }]).await?;
    Ok(Reply::acknowledged())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_of_the_body() {
        let mut asked = Asked { index: String::new(), alias: String::new(), info: AliasInfo::default() };
        asked.take("routing", json!(5)).unwrap();
        asked.take("search_routing", json!("a,b")).unwrap();
        asked.take("is_write_index", json!("true")).unwrap();
        asked.take("index", json!("x")).unwrap();
        asked.take("filter", json!({})).unwrap();
        asked.take("is_hidden", json!(null)).unwrap();
        asked.take("alias", json!(["y", 5])).unwrap();
        let expected = AliasInfo {
            index_routing: Some("5".into()),
            search_routing: Some("a,b".into()),
            is_write_index: Some(true),
            ..AliasInfo::default()
        };
        assert_eq!((asked.info.clone(), asked.index.as_str(), asked.alias.as_str()), (expected, "x", "5"));
        for (key, value) in [("colour", json!(1)), ("filter", json!("x")), ("is_hidden", json!("maybe"))] {
            assert_eq!(asked.take(key, value).expect_err(key).status(), 400);
        }
    }
}
