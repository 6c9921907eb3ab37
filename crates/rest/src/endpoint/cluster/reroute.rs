//! `_cluster/reroute`: an operator's commands, and shards that failed, tried again.

use std::sync::Arc;

use model::allocation::{Reroute, RerouteCommand, RerouteExplanation};
use model::error::{Error, ErrorKind};
use model::json::token;
use serde_json::{Map, Value, json};

use super::allocation::verdict;
use super::state::{Part, answer};
use crate::endpoint::{Server, options};
use crate::json;
use crate::params::{boolean, number_format, split};
use crate::reply::Reply;
use crate::request::Request;

/// What is shown of the state when nobody says: all but the metadata.
const SHOWN: [&str; 7] =
    ["version", "master_node", "cluster_manager_node", "blocks", "nodes", "routing_table", "routing_nodes"];

pub(super) async fn reroute(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let bytes = request.body();
    let params = &mut request.params;
    let patience = options::patience(params)?;
    let dry_run = params.flag("dry_run")?.unwrap_or(false);
    let explain = params.flag("explain")?.unwrap_or(false);
    let retry_failed = params.flag("retry_failed")?.unwrap_or(false);
    let metrics = params.take("metric").map(|given| split(&given));
    let flat = params.flag("flat_settings")?.unwrap_or(false);
    let commands = if bytes.is_empty() { Vec::new() } else { read(&bytes)? };
    request.finish()?;
    let explanations = match commands.is_empty() {
        true => Vec::new(),
        false => server.within(patience).reroute(Reroute { commands, dry_run, explain }).await?,
    };
    if retry_failed && !dry_run {
        server.gateway.retry_failed().await?;
    }
    let view = server.gateway.cluster();
    let metrics = metrics.unwrap_or_else(|| SHOWN.map(str::to_owned).to_vec());
    let mut state = answer(&view, Part { indexes: &view.indexes, whole: true }, &metrics, flat);
    if let Value::Object(state) = &mut state {
        state.remove("cluster_name");
    }
    let mut reply = json!({"acknowledged": true, "state": state});
    if explain {
        reply["explanations"] = explanations.iter().map(explanation).collect();
    }
    Ok(Reply::value(&reply))
}

fn explanation(told: &RerouteExplanation) -> Value {
    let parameters = match &told.command {
        RerouteCommand::Move { index, shard, from_node, to_node } => {
            json!({"index": index, "shard": shard, "from_node": from_node, "to_node": to_node})
        }
        RerouteCommand::Cancel { index, shard, node, allow_primary } => {
            json!({"index": index, "shard": shard, "node": node, "allow_primary": allow_primary})
        }
        RerouteCommand::AllocateReplica { index, shard, node } => json!({"index": index, "shard": shard, "node": node}),
        RerouteCommand::AllocateEmptyPrimary { index, shard, node, accept_data_loss }
        | RerouteCommand::AllocateStalePrimary { index, shard, node, accept_data_loss } => {
            json!({"index": index, "shard": shard, "node": node, "accept_data_loss": accept_data_loss})
        }
    };
    let decisions: Vec<Value> = told.decisions.iter().map(verdict).collect();
    json!({"command": told.command.name(), "parameters": parameters, "decisions": decisions})
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::new(ErrorKind::XContentParse, reason)
}

fn read(bytes: &[u8]) -> Result<Vec<RerouteCommand>, Error> {
    let body = match json::parse(bytes)? {
        Value::Object(body) => body,
        other => return Err(wrong(format!("[cluster_reroute] Expected START_OBJECT but was: {}", token(&other)))),
    };
    let failed = |cause| wrong("[cluster_reroute] failed to parse field [commands]").with_cause(cause);
    let parse = |reason: String| Error::new(ErrorKind::Parse, reason);
    let mut commands = Vec::new();
    for (key, value) in &body {
        if key == "dry_run" {
            return Err(Error::not_implemented("[dry_run] in the body of _cluster/reroute; it is a parameter"));
        }
        if key != "commands" {
            return Err(wrong(format!("[cluster_reroute] unknown field [{key}]")));
        }
        let Value::Array(items) = value else {
            let found = token(value);
            let why = format!("expected either field name [commands], or start array, got [{found}] instead");
            return Err(failed(parse(why)));
        };
        for item in items {
            commands.push(command(item).map_err(failed)?);
        }
    }
    Ok(commands)
}

fn command(item: &Value) -> Result<RerouteCommand, Error> {
    let parse = |reason: String| Error::new(ErrorKind::Parse, reason);
    let entry = item.as_object().and_then(|item| item.iter().next());
    let Some((name, options)) = entry else {
        return Err(parse("expected a command name".to_owned()));
    };
    let fields: &[&str] = match name.as_str() {
        "move" => &["index", "shard", "from_node", "to_node"],
        "cancel" => &["index", "shard", "node", "allow_primary"],
        "allocate_replica" => &["index", "shard", "node"],
        "allocate_empty_primary" | "allocate_stale_primary" => &["index", "shard", "node", "accept_data_loss"],
        _ => return Err(Error::new(ErrorKind::NamedObjectNotFound, format!("unknown field [{name}]"))),
    };
    let Value::Object(options) = options else {
        return Err(parse(format!("[{name}] command does not support complex json tokens [{}]", token(options))));
    };
    let allocates = name.starts_with("allocate");
    if let Some(strange) = options.keys().find(|key| !fields.contains(&key.as_str())) {
        return Err(match allocates {
            true => wrong(format!("[{name}] unknown field [{strange}]")),
            false => parse(format!("[{name}] command does not support field [{strange}]")),
        });
    }
    let given = Given { name, options, allocates };
    let (index, shard) = (given.text("index")?, given.number("shard")?);
    Ok(match name.as_str() {
        "move" => {
            RerouteCommand::Move { index, shard, from_node: given.text("from_node")?, to_node: given.text("to_node")? }
        }
        "cancel" => RerouteCommand::Cancel {
            index,
            shard,
            node: given.text("node")?,
            allow_primary: given.flag("allow_primary")?,
        },
        "allocate_replica" => RerouteCommand::AllocateReplica { index, shard, node: given.text("node")? },
        kind => {
            let (node, accept_data_loss) = (given.text("node")?, given.flag("accept_data_loss")?);
            match kind == "allocate_empty_primary" {
                true => RerouteCommand::AllocateEmptyPrimary { index, shard, node, accept_data_loss },
                false => RerouteCommand::AllocateStalePrimary { index, shard, node, accept_data_loss },
            }
        }
    })
}

/// The options of one command.
struct Given<'a> {
    name: &'a str,
    options: &'a Map<String, Value>,
    allocates: bool,
}

impl Given<'_> {
    fn missing(&self, key: &str) -> Error {
        match self.allocates {
            true => Error::illegal_argument(format!("Argument [{key}] must be defined")),
            false => Error::new(ErrorKind::Parse, format!("[{}] command missing the {key} parameter", self.name)),
        }
    }

    fn text(&self, key: &str) -> Result<String, Error> {
        match self.options.get(key) {
            None | Some(Value::Null) => Err(self.missing(key)),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Ok(other.to_string()),
        }
    }

    fn number(&self, key: &str) -> Result<u32, Error> {
        let text = self.text(key)?;
        let number: i32 = text.parse().map_err(|_| number_format(&text))?;
        u32::try_from(number).map_err(|_| self.missing(key))
    }

    fn flag(&self, key: &str) -> Result<bool, Error> {
        match self.options.get(key) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => boolean(other.as_str().unwrap_or("")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_read_or_refused() {
        let told = |body: &str| {
            let found = read(body.as_bytes());
            found.map_err(|error| error.cause.map_or(error.reason, |cause| cause.to_string()))
        };
        let read = told(r#"{"commands": [{"move": {"index": "a", "shard": 0, "from_node": "x", "to_node": "y"}}, {"cancel": {"index": "a", "shard": "1", "node": "x", "allow_primary": true}}]}"#).unwrap();
        assert_eq!(read.iter().map(RerouteCommand::name).collect::<Vec<_>>(), ["move", "cancel"]);
        for (body, why) in [
            (r#"{"commands": [{"dance": {}}]}"#, "named_object_not_found_exception: unknown field [dance]"),
            (
                r#"{"commands": [{"move": {"index": "a"}}]}"#,
                "parse_exception: [move] command missing the shard parameter",
            ),
            (
                r#"{"commands": [{"allocate_replica": {"shard": 0, "node": "x"}}]}"#,
                "illegal_argument_exception: Argument [index] must be defined",
            ),
            (r#"{"foo": []}"#, "[cluster_reroute] unknown field [foo]"),
        ] {
            assert_eq!(told(body).unwrap_err(), why);
        }
    }
}
