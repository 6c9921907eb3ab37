//! A checksummed, append-only log of opaque entries on one disk: the translog of a shard copy.
//!
//! In: `(sequence number, bytes)` in strictly increasing order. Out: the promise that they are on the disk, and after a restart
//! the same entries in the same order. One directory holds one log, split into segments; [`Log`] is the handle, [`Syncer`] the
//! few threads that all logs of a node share.
//!
//! Rules it keeps: an entry is reported safe only after the write (or the sync) that covers it; a failed write or sync ends the log
//! and is never retried; what a crash can leave behind is dropped and reported; anything else that does not read back is an error
//! that names file and offset.
//!
//! Not here: what an entry means, primary terms, checkpoints of a shard, copying between nodes.

mod commit;
mod disk;
mod error;
pub mod faulty;
mod frame;
mod log;
mod open;
mod options;
mod priority;
mod replay;
mod segment;
mod syncer;
mod writer;

pub use disk::{Disk, File, RealDisk};
pub use error::{Damage, Error};
pub use frame::{Frame, HEADER_LENGTH, Tail, encode_frame, parse_frames};
pub use log::{Log, Position};
pub use open::{Recovery, Torn};
pub use options::{Durability, Options, Stats};
pub use replay::{Entries, Entry};
pub use syncer::Syncer;
