//! Indexes: made, shown, changed and looked after; aliases; analysis.

mod alias;
mod analyze;
pub(super) mod body;
pub(super) mod data_stream;
mod index;
mod lifecycle;
mod maintenance;
mod mapping;
pub(super) mod recovery;
mod resize;
mod resolve;
mod rollover;
mod segments;
mod settings;
mod stats;
mod template;
mod upgrade;

use axum::http::Method;

pub(super) use alias::asked_for;
pub(super) use rollover::size;
pub(super) use segments::generation;
pub(super) use stats::of_copy as copy_stats;
pub(super) use template::metadata as templates;

use crate::router::Routes;

pub(super) fn routes(routes: &mut Routes) {
    let (get, put, post, head, delete) = (Method::GET, Method::PUT, Method::POST, Method::HEAD, Method::DELETE);
    let read = [get.clone(), post.clone()];
    routes.add(std::slice::from_ref(&put), &["/{index}"], index::create);
    routes.add(std::slice::from_ref(&delete), &["/", "/{index}"], index::delete);
    routes.add(&[get.clone(), head], &["/{index}"], index::show);

    let mappings = ["/_mapping", "/_mappings", "/{index}/_mapping", "/{index}/_mappings"];
    routes.add(std::slice::from_ref(&get), &mappings, mapping::show);
    routes.add(&[put.clone(), post.clone()], &["/{index}/_mapping", "/{index}/_mappings"], mapping::put);
    let fields = ["/_mapping/field/{fields}", "/{index}/_mapping/field/{fields}"];
    routes.add(std::slice::from_ref(&get), &fields, mapping::show_fields);

    let settings = [
        "/_settings",
        "/_settings/{name}",
        "/{index}/_settings",
        "/{index}/_settings/{name}",
        "/{index}/_setting/{name}",
    ];
    routes.add(std::slice::from_ref(&get), &settings, settings::show);
    routes.add(std::slice::from_ref(&put), &["/_settings", "/{index}/_settings"], settings::put);

    routes.add(std::slice::from_ref(&put), &["/{index}/_block/{block}"], lifecycle::block);
    routes.add(std::slice::from_ref(&post), &["/_open", "/{index}/_open"], lifecycle::open);
    routes.add(std::slice::from_ref(&post), &["/_close", "/{index}/_close"], lifecycle::close);
    routes.add(&read, &["/_refresh", "/{index}/_refresh"], maintenance::refresh);
    routes.add(std::slice::from_ref(&get), &["/_plugins/_knn/warmup/{index}"], maintenance::warm_vectors);
    routes.add(&read, &["/_flush", "/{index}/_flush"], maintenance::flush);
    routes.add(&read, &["/_flush/synced", "/{index}/_flush/synced"], maintenance::flush_synced);
    routes.add(std::slice::from_ref(&post), &["/_forcemerge", "/{index}/_forcemerge"], maintenance::force_merge);
    routes.add(std::slice::from_ref(&post), &["/_cache/clear", "/{index}/_cache/clear"], maintenance::clear_cache);

    let stats = ["/_stats", "/_stats/{metric}", "/{index}/_stats", "/{index}/_stats/{metric}"];
    routes.add(std::slice::from_ref(&get), &stats, stats::stats);
    routes.add(std::slice::from_ref(&get), &["/_segments", "/{index}/_segments"], segments::segments);
    routes.add(std::slice::from_ref(&get), &["/_recovery", "/{index}/_recovery"], recovery::recovery);
    let stores = ["/_shard_stores", "/{index}/_shard_stores"];
    routes.add(std::slice::from_ref(&get), &stores, recovery::shard_stores);
    routes.add(&read, &["/_analyze", "/{index}/_analyze"], analyze::analyze);
    let rollovers = ["/{index}/_rollover", "/{index}/_rollover/{new_index}"];
    routes.add(std::slice::from_ref(&post), &rollovers, rollover::rollover);
    routes.add(std::slice::from_ref(&get), &["/_resolve/index/{name}"], resolve::resolve);
    let change = [put.clone(), post.clone()];
    routes.add(&change, &["/{index}/_clone/{target}"], resize::clone);
    routes.add(&change, &["/{index}/_shrink/{target}"], resize::shrink);
    routes.add(&change, &["/{index}/_split/{target}"], resize::split);
    let upgrades = ["/_upgrade", "/{index}/_upgrade"];
    routes.add(std::slice::from_ref(&get), &upgrades, upgrade::status);
    routes.add(std::slice::from_ref(&post), &upgrades, upgrade::upgrade);
    alias::routes(routes);
    data_stream::routes(routes);
    template::routes(routes);
}
