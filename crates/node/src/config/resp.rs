//! The section `resp`: where and how the Redis dialect is answered.

use std::net::SocketAddr;
use std::time::Duration;

use resp::server::Settings;

use super::Values;
use super::keys::Key;
use super::value::Kind;

/// What a node is told about the Redis dialect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RespConfig {
    /// `None`: it is not answered.
    pub address: Option<SocketAddr>,
    pub settings: Settings,
}

pub(super) const KEYS: &[Key] = &[
    Key {
        name: "resp.address",
        kind: Kind::AddressOrOff,
        default: "off",
        about: "Where the Redis dialect listens, such as 127.0.0.1:6379; off: nowhere.",
    },
    Key {
        name: "resp.password",
        kind: Kind::Secret,
        default: "",
        about: "What Redis clients say with AUTH. Empty: nothing, and only clients on this machine are let in.",
    },
    Key {
        name: "resp.max_connections",
        kind: Kind::Count,
        default: "10000",
        about: "Redis clients that may be connected together; 0: as many as come.",
    },
    Key { name: "resp.max_arguments", kind: Kind::Count, default: "1048576", about: "Words of one Redis command." },
    Key {
        name: "resp.max_bulk_bytes",
        kind: Kind::Bytes,
        default: "64mb",
        about: "Bytes of one word of a Redis command.",
    },
    Key { name: "resp.max_request_bytes", kind: Kind::Bytes, default: "256mb", about: "Bytes of one Redis command." },
    Key {
        name: "resp.max_in_flight_bytes",
        kind: Kind::Bytes,
        default: "512mb",
        about: "Bytes of Redis commands and answers held together; a connection that needs more is closed.",
    },
    Key {
        name: "resp.idle_timeout",
        kind: Kind::Time,
        default: "-1",
        about: "How long a Redis client may stay connected without a command; -1: for ever.",
    },
    Key {
        name: "resp.stall_timeout",
        kind: Kind::Time,
        default: "60s",
        about: "How long a Redis client may leave an answer unread.",
    },
    Key {
        name: "resp.key_shards",
        kind: Kind::Count,
        default: "4",
        about: "Shards of the index that keys lie in; it counts when the first key is written.",
    },
    Key {
        name: "resp.index_shards",
        kind: Kind::Count,
        default: "1",
        about: "Shards of an index of FT.CREATE; it counts when one is made.",
    },
    Key {
        name: "resp.appendfsync",
        kind: Kind::Fsync,
        default: "everysec",
        about: "always: a key's change is answered when it is on the disk; everysec: the disk is up to a second behind. Counts when the first key is written.",
    },
    Key {
        name: "resp.compatible_version",
        kind: Kind::Text,
        default: "7.4.1",
        about: "The version of Redis that clients are told.",
    },
];

impl RespConfig {
    pub(super) fn of(values: &Values) -> Self {
        let defaults = Settings::default();
        let count = |name: &str, default: usize| values.get(name).count().unwrap_or(default);
        let time = |name: &str| values.get(name).millis().map(Duration::from_millis);
        Self {
            address: values.get("resp.address").address(),
            settings: Settings {
                password: values.get("resp.password").secret().to_owned(),
                max_connections: count("resp.max_connections", defaults.max_connections),
                max_arguments: count("resp.max_arguments", defaults.max_arguments),
                max_bulk_bytes: count("resp.max_bulk_bytes", defaults.max_bulk_bytes),
                max_request_bytes: count("resp.max_request_bytes", defaults.max_request_bytes),
                max_in_flight_bytes: count("resp.max_in_flight_bytes", defaults.max_in_flight_bytes),
                idle_timeout: time("resp.idle_timeout"),
                stall_timeout: time("resp.stall_timeout"),
                key_shards: count("resp.key_shards", 4).clamp(1, 1024) as u32,
                index_shards: count("resp.index_shards", 1).clamp(1, 1024) as u32,
                sync_always: values.get("resp.appendfsync").to_string() == "always",
                compatible_version: values.get("resp.compatible_version").to_string(),
            },
        }
    }
}
