//! JSON bodies: bytes to a tree, within limits, with the errors that OpenSearch gives.
