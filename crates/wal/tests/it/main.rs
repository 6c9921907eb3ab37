//! The log as its owner sees it, on a disk that fails, forgets and is damaged.

// The exemption for tests does not reach the functions that they share.
#![allow(clippy::unwrap_used)]

mod damage;
mod faults;
mod log;
mod support;
