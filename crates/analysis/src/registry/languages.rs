//! The analyzers of languages: which tokenizer, filters and stop words each has in Lucene.
