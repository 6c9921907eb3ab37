//! Nearest neighbours over one immutable block of vectors.
//!
//! In: rows of bytes of one [`Shape`] (dimension, element, space), a query, how many are wanted and which rows count. Out: rows and their
//! distances, lower is nearer. A block is scanned, or walked through a [`graph::Graph`] that was built over it; [`Block::nearest`] chooses.
//! Everything is in bytes that somebody else owns, mapped or not: there are no files, threads that outlive a call, documents or
//! scores here.

// Kernels are instructions of one kind of processor, and a prefetch is one, too; every use says its bound. Nowhere else is there any.
#![allow(unsafe_code)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

mod block;
mod error;
mod flat;
mod kernel;
mod neighbour;
mod quantize;
mod rows;
mod shape;
mod visited;

pub mod graph;

pub use block::{Block, Effort, Found, Strategy};
pub use error::VectorError;
pub use flat::{scan, within};
pub use neighbour::{Admitted, Neighbour};
pub use rows::{Bytes, Query, Rows};
pub use shape::{Element, Shape, Space};
