//! Which nodes a filter means: `_nodes/{filter}`, `preference=_only_nodes:..`.

use crate::admin::{ClusterView, NodeInfo};
use crate::mapping::simple_match;

/// The nodes that `filters` mean, one after the other: `_all`, `_local`, `_master`, ids, names, addresses, `role:true`,
/// `attribute:value`, with `*`; none: all.
pub fn select<'a>(view: &'a ClusterView, filters: &[String]) -> Vec<&'a NodeInfo> {
    let mut selected = vec![filters.is_empty(); view.nodes.len()];
    for filter in filters {
        for (at, node) in view.nodes.iter().enumerate() {
            if let Some(verdict) = verdict(view, at, node, filter) {
                selected[at] = verdict;
            }
        }
    }
    view.nodes.iter().zip(selected).filter(|(_, selected)| *selected).map(|(node, _)| node).collect()
}

/// Whether `filter` takes the node in (true) or out (false); `None`: it is not about it.
fn verdict(view: &ClusterView, at: usize, node: &NodeInfo, filter: &str) -> Option<bool> {
    match filter {
        "_all" => return Some(true),
        // Until nodes know which one answers, it is the first.
        "_local" => return (at == 0).then_some(true),
        "_master" | "_cluster_manager" => return (view.master.as_ref() == Some(&node.id)).then_some(true),
        _ => {}
    }
    if let Some((key, value)) = filter.split_once(':') {
        let flag = match value {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        };
        let has = |role: &str| node.roles.iter().any(|given| given == role);
        let of_role = match key {
            "master" | "cluster_manager" => Some(has("cluster_manager") || has("master")),
            "data" | "ingest" | "search" | "warm" | "remote_cluster_client" => Some(has(key)),
            "coordinating_only" => Some(node.roles.is_empty()),
            _ => None,
        };
        if let (Some(flag), Some(true)) = (flag, of_role) {
            return Some(flag);
        }
        let named = |(name, given): (&String, &String)| simple_match(key, name) && simple_match(value, given);
        return node.attributes.iter().any(named).then_some(true);
    }
    let names = [node.id.as_ref(), node.name.as_ref(), &node.host, &node.transport_address];
    names.iter().any(|name| simple_match(filter, name)).then_some(true)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::*;
    use crate::admin::ClusterSettings;
    use crate::id::StateVersion;

    fn view() -> ClusterView {
        let node = |id: &str, name: &str, roles: &[&str]| NodeInfo {
            id: id.into(),
            name: name.into(),
            ephemeral_id: "e".into(),
            host: "127.0.0.1".into(),
            http_address: "127.0.0.1:9200".into(),
            transport_address: "127.0.0.1:9300".into(),
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            attributes: BTreeMap::from([("zone".to_owned(), name.to_owned())]),
            master: id == "1",
            version: "3.4.0".into(),
            start_time_ms: 0,
            pid: 1,
            settings: BTreeMap::new(),
        };
        ClusterView {
            name: "c".into(),
            uuid: "u".into(),
            version: StateVersion(1),
            state_uuid: "s".into(),
            master: Some("1".into()),
            term: 1,
            voters: vec!["1".into()],
            nodes: vec![node("1", "one", &["cluster_manager", "data"]), node("2", "two", &["data"])],
            indexes: Vec::new(),
            templates: Arc::default(),
            data_streams: Vec::new(),
            voting_exclusions: Vec::new(),
            settings: ClusterSettings::default(),
        }
    }

    #[test]
    fn filters() {
        let view = view();
        for (filters, expected) in [
            ("", "1 2"),
            ("_all", "1 2"),
            ("_local", "1"),
            ("_master", "1"),
            ("t*", "2"),
            ("2,one", "1 2"),
            ("data:true", "1 2"),
            ("_all,cluster_manager:false", "2"),
            ("cluster_manager:false", ""),
            ("zone:tw*", "2"),
            ("127.0.0.1", "1 2"),
            ("nobody", ""),
        ] {
            let filter: Vec<String> = filters.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
            let selected: Vec<&str> = select(&view, &filter).iter().map(|node| node.id.as_ref()).collect();
            assert_eq!(selected.join(" "), expected, "{filters}");
        }
    }
}
