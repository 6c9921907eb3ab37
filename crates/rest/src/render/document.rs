//! Shapes of documents: one that was read, one that was written.
