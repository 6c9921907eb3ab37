//! Frames of RESP2 and RESP3: requests decoded, replies encoded (and decoded, for clients).
//!
//! Bytes only: no socket, no time, no meaning.

pub mod double;
pub mod pairs;
pub mod parse;
pub mod reply;
pub mod request;
