//! The cluster as a client may read it: health, settings, the whole view.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::command::Command;
use cluster::health::index_health;
use cluster::info::index_info;
use cluster::resolve::{Options, resolve};
use cluster::state::{Node, NodeId, State};
use model::admin::{
    ClusterSettings, ClusterView, HealthRequest, HealthResponse, HealthStatus, HealthWait, IndexHealth, NodeInfo,
    PutClusterSettings, ShardState,
};
use model::error::Error;
use model::write::ActiveShards;

use super::NodeGateway;
use crate::clock::now_ms;
use crate::core::Core;

/// How often a condition that is waited for is looked at.
pub(super) const POLL: Duration = Duration::from_millis(20);

pub(super) async fn health(core: &Arc<Core>, request: HealthRequest) -> Result<HealthResponse, Error> {
    let deadline = Instant::now() + Duration::from_millis(request.timeout_ms);
    let mut is_current = true;
    let wanted_nodes = request.wait.nodes.as_deref().map(parse_nodes).transpose()?;
    if request.wait != HealthWait::default() {
        // What was changed through another node counts. Without an elected node nothing that is waited for is certain to hold.
        let within = deadline.saturating_duration_since(Instant::now());
        is_current = core.metadata.catch_up(within).await.is_ok();
    }
    loop {
        let state = core.state();
        let named = !request.target.is_all();
        let nodes = state.nodes.len() as u32;
        let options = Options { ignore_unavailable: false, ..Options::open_and_closed() };
        let indexes: Result<Vec<IndexHealth>, Error> = resolve(&state, &request.target, options)
            .map(|found| found.iter().map(|found| index_health(&found.index, now_ms())).collect());
        let missing = named && indexes.is_err();
        let indexes = indexes.unwrap_or_default();
        let enough_nodes = wanted_nodes.is_none_or(|(compare, count)| compare(nodes, count));
        let holds = is_current && !missing && enough_nodes && holds(&request, &indexes);
        if holds || Instant::now() >= deadline {
            let cluster_name = core.config.cluster_name.as_str().into();
            return Ok(HealthResponse {
                cluster_name,
                timed_out: !holds,
                nodes,
                data_nodes: state.data_nodes().count() as u32,
                pending_tasks: 0,
                in_flight_fetch: 0,
                indexes,
            });
        }
        tokio::time::sleep(POLL).await;
    }
}

fn holds(request: &HealthRequest, indexes: &[IndexHealth]) -> bool {
    let wait = &request.wait;
    let status = indexes.iter().map(IndexHealth::status).max().unwrap_or(HealthStatus::Green);
    let count =
        |wanted: ShardState| indexes.iter().flat_map(|index| &index.copies).filter(|copy| copy.state == wanted).count();
    let active = (count(ShardState::Started) + count(ShardState::Relocating)) as u32;
    let all: u32 = indexes.iter().map(|index| index.copies.len() as u32).sum();
    wait.status.is_none_or(|wanted| status <= wanted)
        && (!wait.no_relocating_shards || count(ShardState::Relocating) == 0)
        && (!wait.no_initializing_shards || count(ShardState::Initializing) == 0)
        && match wait.active_shards {
            None => true,
            Some(ActiveShards::All) => active == all,
            Some(ActiveShards::Count(wanted)) => active >= wanted,
        }
}

type Compare = fn(u32, u32) -> bool;

/// `2`, `>=2`, `<3`, `ge(2)` ..
fn parse_nodes(text: &str) -> Result<(Compare, u32), Error> {
    const FORMS: [(&str, &str, Compare); 9] = [
        (">=", "", |a, b| a >= b),
        ("<=", "", |a, b| a <= b),
        (">", "", |a, b| a > b),
        ("<", "", |a, b| a < b),
        ("ge(", ")", |a, b| a >= b),
        ("le(", ")", |a, b| a <= b),
        ("gt(", ")", |a, b| a > b),
        ("lt(", ")", |a, b| a < b),
        ("", "", |a, b| a == b),
    ];
    let parse = |(before, after, compare): &(&str, &str, Compare)| {
        let number = text.strip_prefix(before)?.strip_suffix(after)?.parse().ok()?;
        Some((*compare, number))
    };
    FORMS.iter().find_map(parse).ok_or_else(|| {
        Error::illegal_argument(format!(
            "failed to parse [wait_for_nodes] with value [{text}]; a number is expected, such as 2, >=2 or ge(2)"
        ))
    })
}

pub(super) async fn put_settings(door: &NodeGateway, request: PutClusterSettings) -> Result<ClusterSettings, Error> {
    let PutClusterSettings { persistent, transient } = request;
    let state = door.submit(Command::PutClusterSettings { persistent, transient }).await?;
    super::everywhere::followed(&door.core).await;
    Ok(shown(&state))
}

pub(super) fn view(core: &Core) -> ClusterView {
    let state = core.state();
    let standing = core.metadata.standing();
    ClusterView {
        name: core.config.cluster_name.as_str().into(),
        uuid: state.cluster_uuid.clone(),
        version: state.version,
        state_uuid: format!("{}-{}", state.cluster_uuid, state.version).into(),
        master: standing.elected.map(|node| node.0),
        term: standing.term,
        voters: standing.voters.into_iter().map(|node| node.0).collect(),
        nodes: nodes(core, &state),
        indexes: state.indexes.values().map(|index| index_info(&state, index, now_ms())).collect(),
        settings: shown(&state),
        templates: state.templates.clone(),
        data_streams: state.data_streams.iter().map(|(name, stream)| state.stream_info(name, stream)).collect(),
        voting_exclusions: state.voting_exclusions.iter().map(|one| (one.id.0.clone(), one.name.clone())).collect(),
    }
}

/// The node that leads.
pub(super) fn elected(core: &Core) -> Option<Arc<str>> {
    core.metadata.standing().elected.map(|node| node.0)
}

/// This node first, then the others as the metadata knows them.
fn nodes(core: &Core, state: &State) -> Vec<NodeInfo> {
    let elected = elected(core);
    let others = state.nodes.iter().filter(|(id, _)| **id != core.identity.node);
    let mut all: Vec<NodeInfo> =
        [node_info(core)].into_iter().chain(others.map(|(id, node)| known(id, node))).collect();
    all.iter_mut().for_each(|node| node.master = Some(&node.id) == elected.as_ref());
    all
}

/// What the metadata say of a node. Of its process nothing is known here.
fn known(id: &NodeId, node: &Node) -> NodeInfo {
    NodeInfo {
        id: id.0.clone(),
        name: node.name.clone(),
        ephemeral_id: node.ephemeral_id.clone(),
        host: host(&node.peer_address).to_owned(),
        http_address: node.http_address.clone(),
        transport_address: node.peer_address.clone(),
        roles: node.roles.iter().cloned().collect(),
        attributes: node.attributes.clone(),
        master: false,
        version: node.version.clone(),
        start_time_ms: node.joined_at_ms,
        pid: 0,
        settings: BTreeMap::new(),
    }
}

/// Without the port.
fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

/// What this node says of itself; whether it leads is for who knows it.
pub(super) fn node_info(core: &Core) -> NodeInfo {
    let (id, state) = (&core.identity.node, core.state());
    let address = core.config.http_address.to_string();
    let unknown = || Node {
        name: core.config.node_name.as_str().into(),
        ephemeral_id: core.ephemeral_id.as_str().into(),
        peer_address: address.clone(),
        http_address: address.clone(),
        attributes: core.config.attributes.clone(),
        version: core.config.compatible_version.clone(),
        ..Node::default()
    };
    let node = state.nodes.get(id).cloned().unwrap_or_else(unknown);
    NodeInfo {
        start_time_ms: core.started_ms,
        pid: std::process::id(),
        settings: core.config.shown.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect(),
        ..known(id, &node)
    }
}

/// `search.max_buckets`
pub(crate) fn max_buckets(state: &State) -> u64 {
    state.settings.text("search.max_buckets").parse().unwrap_or(65_535)
}

/// `indices.query.bool.max_clause_count`
pub(super) fn max_clause_count(state: &State) -> u32 {
    state.settings.text("indices.query.bool.max_clause_count").parse().unwrap_or(1024)
}

/// Whether `action.auto_create_index` permits an index of this name: `true`, `false`, or patterns with `+` and `-` of which the first that
/// matches decides.
pub(super) fn auto_create(state: &State, name: &str) -> bool {
    let setting = state.settings.text("action.auto_create_index");
    match setting.as_str() {
        "true" | "" => return true,
        "false" => return false,
        _ => {}
    }
    let rule = |rule: &str| {
        let (permits, pattern) = match rule.strip_prefix('-') {
            Some(pattern) => (false, pattern),
            None => (true, rule.strip_prefix('+').unwrap_or(rule)),
        };
        search::fetch::source::matches(pattern, name).then_some(permits)
    };
    setting.split(',').find_map(|text| rule(text.trim())).unwrap_or(false)
}

fn shown(state: &State) -> ClusterSettings {
    let settings = &state.settings;
    ClusterSettings {
        persistent: settings.persistent.clone(),
        transient: settings.transient.clone(),
        defaults: settings.defaults(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_nodes_are_compared_as_they_are_written() {
        for (text, one, two) in [
            ("1", true, false),
            (">=2", false, true),
            ("<2", true, false),
            ("ge(1)", true, true),
            ("gt(1)", false, true),
        ] {
            let (compare, count) = parse_nodes(text).unwrap();
            assert_eq!((compare(1, count), compare(2, count)), (one, two), "{text}");
        }
        assert!(parse_nodes("several").is_err());
    }
}
