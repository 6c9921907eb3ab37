//! The query language of `FT.SEARCH`: text to the model's query.
