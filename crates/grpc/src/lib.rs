//! The wire between nodes: who may speak, what is asked, where it goes.
//!
//! In: questions, each a [`route::Class`], a kind and bytes. Out: the answers of other nodes, or why there is none. A server has a [`route::Router`]
//! of kinds; a client has [`channels::Channels`]. Not here: what the kinds mean (`node`), who is in the cluster.

pub mod call;
pub mod channels;
mod conversation;
mod gate;
pub mod introduction;
mod listener;
pub mod payload;
pub mod route;
pub mod server;
pub mod watch;
pub mod wire;

mod proto {
    #![allow(clippy::all, unreachable_pub, reason = "generated from proto/shoal/peer.proto")]
    tonic::include_proto!("shoal.peer");
}
