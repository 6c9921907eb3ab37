//! A world for the pure cores: nodes that come and go, a network that loses, doubles and reorders, and checkers that watch.
//!
//! In: a seed. Out: nothing, or the first broken invariant with the trace that led to it; the same seed gives the same trace. First faults
//! happen; then they end, and the cluster must heal. Every change of the metadata goes through the network: a shortcut would hide mistakes.
//! Not here: clocks, threads, sockets, and whatever `node` does.

pub mod checkers;
pub mod machine;
pub mod random;
pub mod rules;
pub mod world;
