//! What is asked of and said about indexes, nodes and the cluster.
