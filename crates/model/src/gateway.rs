//! The one door between dialects and the node.
