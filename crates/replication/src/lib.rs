//! The protocol of one shard copy: how operations reach every copy before they are acknowledged, and how a copy that missed some catches up.
//!
//! In: [`event::Event`]s (what the metadata says, what arrived, what is on the disk, the time). Out: [`event::Effect`]s for the driver. A
//! [`copy::Copy`] has no clock, thread, socket or file, and does not know what an operation means.
//!
//! It is primary-backup replication with a set of in-sync copies that only the master changes (PacificA: Lin, Yang, Zhang and Zhou, 2008), with
//! checkpoints, primary terms and allocation ids. The rules R1 to R11 are cited where they are kept; [`rules`] states them.
//!
//! **Checkpoints are exclusive:** a checkpoint `SeqNo(5)` covers the operations 0 to 4.

/// Whether a test has taken a rule away from `$of`; `false` outside tests.
macro_rules! breaks {
    ($of:expr, $rule:ident) => {{
        #[cfg(test)]
        let broken = $of.defect == Some(crate::rules::Defect::$rule);
        #[cfg(not(test))]
        let broken = false;
        broken
    }};
}

pub mod assignment;
pub mod copy;
pub mod event;
pub mod message;
mod primary;
mod progress;
mod replica;
pub mod rules;
mod tail;

#[cfg(test)]
mod world;
