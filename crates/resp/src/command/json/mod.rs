//! JSON documents as values.

use super::Command;

pub const COMMANDS: &[Command] = &[];
