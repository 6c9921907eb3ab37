//! Dates: formats, math and rounding, as mappings, documents and queries write them.
