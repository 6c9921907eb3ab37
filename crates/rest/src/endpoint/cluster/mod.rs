//! The cluster and its nodes: health, metadata, settings, counts; and the process itself.

mod absent;
mod allocation;
mod analysis;
mod awareness;
mod health;
mod hot_threads;
mod knn_stats;
mod node_levels;
mod node_stats;
mod nodes;
mod process;
mod reroute;
mod settings;
mod state;
mod stats;
mod voting;

use axum::http::Method;

pub(super) use health::active_percent;
pub(super) use node_stats::percent;
pub(super) use nodes::{select, sorted};

use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let get = [Method::GET];
    routes.add(&get, &["/_cluster/health", "/_cluster/health/{index}"], health::health);
    routes.add(
        &get,
        &["/_cluster/state", "/_cluster/state/{metric}", "/_cluster/state/{metric}/{indices}"],
        state::state,
    );
    let status = ["/_cluster/decommission/awareness/{attribute}/_status"];
    routes.add(&get, &status, awareness::decommissioned);
    let zone = ["/_cluster/decommission/awareness/{attribute}/{value}"];
    routes.add(&[Method::PUT], &zone, awareness::decommission);
    routes.add(&[Method::DELETE], &["/_cluster/decommission/awareness"], awareness::recommission);
    let groups = [
        "/_wlm/stats",
        "/_wlm/{nodeId}/stats",
        "/_wlm/stats/{workloadGroupId}",
        "/_wlm/{nodeId}/stats/{workloadGroupId}",
    ];
    routes.add(&get, &groups, absent::workload_groups);
    routes.add(&get, &["/_cluster/settings"], settings::show);
    routes.add(&[Method::PUT], &["/_cluster/settings"], settings::put);
    let stats = [
        "/_cluster/stats",
        "/_cluster/stats/nodes/{nodeId}",
        "/_cluster/stats/{metric}/nodes/{nodeId}",
        "/_cluster/stats/{metric}/{index_metric}/nodes/{nodeId}",
    ];
    routes.add(&get, &stats, stats::stats);
    routes.add(&get, &["/_remote/info"], absent::remotes);
    routes.add(&get, &["/_dangling"], absent::dangling);
    routes.add(&[Method::POST, Method::DELETE], &["/_dangling/{index_uuid}"], absent::no_dangling);
    let reload = ["/_nodes/reload_secure_settings", "/_nodes/{nodeId}/reload_secure_settings"];
    routes.add(&[Method::POST], &reload, absent::secure_settings);
    routes.add(&[Method::POST], &["/_cluster/reroute"], reroute::reroute);
    let explain = ["/_cluster/allocation/explain"];
    routes.add(&[Method::GET, Method::POST], &explain, allocation::explain);
    let exclusions = ["/_cluster/voting_config_exclusions"];
    routes.add(&[Method::POST, Method::DELETE], &exclusions, voting::change);
    routes.add(&[Method::POST], &["/_cluster/voting_config_exclusions/{node_name}"], voting::change);
    routes.add(&get, &["/_cluster/pending_tasks"], state::pending_tasks);
    routes.add(
        &get,
        &["/_nodes", "/_nodes/{nodeId}", "/_nodes/{nodeId}/{metrics}", "/_nodes/{nodeId}/info/{metrics}"],
        nodes::info,
    );
    let stats = [
        "/_nodes/stats",
        "/_nodes/stats/{metric}",
        "/_nodes/stats/{metric}/{index_metric}",
        "/_nodes/{nodeId}/stats",
        "/_nodes/{nodeId}/stats/{metric}",
        "/_nodes/{nodeId}/stats/{metric}/{index_metric}",
    ];
    routes.add(&get, &stats, node_stats::stats);
    routes.add(&get, &["/_nodes/hot_threads", "/_nodes/{nodeId}/hot_threads"], hot_threads::hot_threads);
    let vectors = [
        "/_plugins/_knn/stats",
        "/_plugins/_knn/stats/{metric}",
        "/_plugins/_knn/{nodeId}/stats",
        "/_plugins/_knn/{nodeId}/stats/{metric}",
    ];
    routes.add(&get, &vectors, knn_stats::stats);
    routes.add(&get, &["/_prometheus/metrics"], process::metrics);
    routes.add(&get, &["/_health/live"], process::live);
    routes.add(&get, &["/_health/ready"], process::ready);
}
