//! Metadata as a value: what indexes there are, how they are set up, where their shards lie.
//!
//! A [`state::State`] is changed only by [`apply::apply`] with a [`command::Command`]; the same command on the same state gives the
//! same state on every node. Times and identities come with the command. Nothing here reads a clock, a file or a socket.

pub mod allocation;
pub mod apply;
pub mod centroids;
pub mod command;
pub mod data_stream;
pub mod health;
pub mod info;
pub mod name;
pub mod resize;
pub mod resolve;
pub mod restore;
pub mod routing;
pub mod settings;
pub mod state;
pub mod template;
