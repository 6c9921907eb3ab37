//! The small languages of `query_string` and `simple_query_string`: text to clauses.
