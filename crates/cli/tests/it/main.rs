//! Tests of the program as its users meet it: over HTTP, against real processes.

mod cluster;
mod commands;
mod compat;
mod crud;
mod degradations;
mod durability;
mod failed_copy;
mod hostile;
mod hybrid;
mod kept;
mod limits;
mod nemesis;
mod nodes;
mod profiles;
mod python;
mod redis;
mod relevance;
mod relocation;
mod repair;
mod replicas;
mod scatter;
mod serve;
mod server;
mod shards;
mod spread;
mod wire;
