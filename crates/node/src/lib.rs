//! The composition root: it owns the clock, the disks, the threads and the network, and joins the pure rooms to one node.
//!
//! Data flows one way: a dialect calls the [`gateway`], which works with [`core`]: metadata, open indexes, pools.

mod clock;
pub mod config;
mod core;
mod data_lock;
mod follow;
pub mod gateway;
mod identity;
mod indexes;
pub mod lifecycle;
mod membership;
mod metadata;
mod peer;
mod pool;
mod pressure;
mod process;
mod recovery;
pub mod repair;
mod replication;
mod repository;
mod request_cache;
mod similarity;
mod tasks;
pub mod telemetry;
