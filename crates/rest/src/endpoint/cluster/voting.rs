//! `_cluster/voting_config_exclusions`: nodes that the voters shall do without, before they are taken away.

use std::sync::Arc;

use axum::http::Method;
use model::admin::NodeInfo;
use model::allocation::VotingExclusions;
use model::error::Error;

use crate::endpoint::Server;
use crate::reply::{JSON, Reply};
use crate::request::Request;

const TIMEOUT_MS: u64 = 30_000;

pub(super) async fn change(server: Arc<Server>, mut request: Request) -> Result<Reply, Error> {
    let old = request.part("node_name").map(str::to_owned);
    let params = &mut request.params;
    let change = if request.method == Method::DELETE {
        let wait_for_removal = params.flag("wait_for_removal")?.unwrap_or(true);
        VotingExclusions::Clear { wait_for_removal, timeout_ms: TIMEOUT_MS }
    } else {
        let timeout_ms = params.time_ms("timeout")?.map_or(TIMEOUT_MS, |given| given.unwrap_or(u64::MAX));
        let (ids, names) = (params.list("node_ids"), params.list("node_names"));
        let given = [old.is_some(), ids.is_some(), names.is_some()];
        if given.into_iter().filter(|given| *given).count() != 1 {
            return Err(Error::illegal_argument(
                "Please set node identifiers correctly. One and only one of [node_name], [node_names] and [node_ids] has to be set",
            ));
        }
        if let Some(name) = &old {
            let nodes = server.gateway.cluster().nodes;
            let votes = |node: &NodeInfo| node.roles.iter().any(|role| role == "cluster_manager");
            if !nodes.iter().any(|node| *node.name == *name.as_str() && votes(node)) {
                let why = format!(
                    "add voting config exclusions request for [{name}] matched no cluster-manager-eligible nodes"
                );
                return Err(Error::illegal_argument(why));
            }
        }
        let (ids, names) = (ids.unwrap_or_default(), names.or(old.map(|name| vec![name])).unwrap_or_default());
        VotingExclusions::Add { ids, names, timeout_ms }
    };
    request.finish()?;
    server.gateway.change_voting_exclusions(change).await?;
    Ok(Reply::media(200, JSON, Vec::new()))
}
