//! The table of keys.

use super::value::Kind;

/// One key: its name, what it takes, its default, and a line for the operator.
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub default: &'static str,
    pub about: &'static str,
}

const fn key(name: &'static str, kind: Kind, default: &'static str, about: &'static str) -> Key {
    Key { name, kind, default, about }
}

/// All keys, by section.
pub(super) const KEYS: &[Key] = &[
    key("cluster.name", Kind::Text, "shoal", "The name of the cluster that this node forms or joins."),
    key(
        "cluster.initial_cluster_manager_nodes",
        Kind::List,
        "",
        "Names of the nodes that begin the cluster, once a majority of them has met; empty: those of peer.seeds.",
    ),
    key(
        "cluster.expected_cluster_manager_nodes",
        Kind::Count,
        "0",
        "How many nodes begin the cluster, where seeds come from DNS or a file; 0: as many as are named.",
    ),
    key("cluster.secret", Kind::Secret, "", "What nodes must know to be heard by their peers. The same on every node."),
    key("node.name", Kind::Text, "shoal-1", "The name of this node. Attributes are given as node.attr.NAME."),
    key(
        "node.roles",
        Kind::List,
        "cluster_manager,data,ingest",
        "What this node does: cluster_manager (or master), data, ingest; coordinator for none of them.",
    ),
    key("path.data", Kind::Text, "data", "The folder of everything durable. One process at a time may use it."),
    key(
        "path.repo",
        Kind::List,
        "",
        "Folders that repositories of snapshots may lie in, the same ones for every node; empty: repo in path.data, which is of use to one node alone.",
    ),
    key(
        "peer.address",
        Kind::Optional,
        "",
        "Where other nodes are heard; empty: the first free port of 127.0.0.1 from 9300 on. Beyond loopback a cluster.secret or certificates are needed.",
    ),
    key("peer.publish", Kind::Optional, "", "Host and port under which others reach peer.address; empty: the same."),
    key("peer.seeds", Kind::List, "", "Peer addresses of nodes to begin a cluster with, or to join; empty: alone."),
    key("peer.seeds_file", Kind::Optional, "", "A file with further seeds, one a line; read again at every look."),
    key("peer.max_message", Kind::Bytes, "128mb", "The longest message between nodes."),
    key("peer.compress_bulk", Kind::Flag, "false", "Whether writes between nodes are compressed."),
    key(
        "peer.tls.certificate",
        Kind::Optional,
        "",
        "PEM file of this node's certificate; empty: no TLS between nodes.",
    ),
    key("peer.tls.key", Kind::Optional, "", "PEM file of its key."),
    key(
        "peer.tls.authority",
        Kind::Optional,
        "",
        "PEM file of the authority that has signed the certificates of all nodes.",
    ),
    key("peer.tls.name", Kind::Text, "shoal", "The name that the certificates of all nodes bear."),
    key("http.address", Kind::Address, "127.0.0.1:9200", "Where the OpenSearch dialect listens."),
    key(
        "http.max_content_length",
        Kind::Bytes,
        "100mb",
        "The longest request body, decompressed. The lines of a _bulk are counted one by one.",
    ),
    key(
        "http.max_in_flight_bytes",
        Kind::Bytes,
        "512mb",
        "Bytes of requests in flight together; more are refused with 429.",
    ),
    key(
        "http.max_connections",
        Kind::Count,
        "4096",
        "Connections that may be open together; more are refused with 503. 0: as many as come.",
    ),
    key("http.header_timeout", Kind::Time, "30s", "How long the head of a request may take from its first byte on."),
    key("http.idle_timeout", Kind::Time, "10m", "How long a connection may stay open without a request; -1: for ever."),
    key(
        "http.stall_timeout",
        Kind::Time,
        "60s",
        "How long the next bytes of a body may take to come, or of an answer to be read.",
    ),
    key("http.compatible_version", Kind::Text, "3.4.0", "The version of OpenSearch that clients are told."),
    key("search.threads", Kind::Count, "0", "Threads that search; 0: one a core."),
    key(
        "search.queue",
        Kind::Count,
        "1000",
        "Searches of shards that may wait for a thread; more are refused with 429.",
    ),
    key(
        "search.timeout",
        Kind::Time,
        "-1",
        "How long a search without a timeout of its own may take; -1: as long as it takes.",
    ),
    key(
        "search.request_memory",
        Kind::Bytes,
        "512mb",
        "Bytes that the aggregations of all searches may hold together; more are refused with 429.",
    ),
    key(
        "search.request_cache",
        Kind::Bytes,
        "64mb",
        "Bytes of answers without hits that are kept for shards that have not changed since; 0: none are.",
    ),
    key(
        "search.query_cache",
        Kind::Bytes,
        "64mb",
        "Bytes of the documents of filters that are kept because they are asked again and again; 0: none are.",
    ),
    key(
        "search.source_cache",
        Kind::Bytes,
        "64mb",
        "Bytes of sources that are kept unpacked because they are shown again and again; 0: none are.",
    ),
    key("write.threads", Kind::Count, "0", "Threads that map and write documents; 0: one a core."),
    key("write.queue", Kind::Count, "10000", "Writes that may wait for a thread; more are refused with 429."),
    key("merge.threads", Kind::Count, "1", "Threads that seal and merge segments in the background; 0: one a core."),
    key(
        "merge.max_bytes_per_second",
        Kind::Bytes,
        "64mb",
        "How fast merges may write together, unless they have fallen behind; 0: as fast as they can.",
    ),
    key(
        "log.level",
        Kind::Text,
        "info",
        "What is logged: error, warn, info, debug, or a filter such as warn,node=debug.",
    ),
    key("log.format", Kind::LogFormat, "text", "text, or json with one object a line."),
];
