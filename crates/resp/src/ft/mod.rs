//! The search module: `FT.*` commands.

pub mod indexing;

use crate::command::Command;

/// Every `FT.*` command.
pub const COMMANDS: &[Command] = &[];
