//! Regular expressions that are met within edits: `approximate_regexp`, ours.

use serde::{Deserialize, Serialize};

/// Documents with a term in which a part matches a pattern, or would after some edits: a character put in, left out, or exchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approximate {
    /// Of text or keywords.
    pub field: String,
    /// In the language of the crate `regex`.
    pub pattern: String,
    /// At most [`MOST_EDITS`].
    pub edits: u8,
    /// The pattern's letters are read as lower case ones, as the field's terms are.
    pub lowercase: bool,
}

/// More edits find nearly everything.
pub const MOST_EDITS: u8 = 3;
