//! Token filters: they change, drop and add tokens.

pub(crate) mod case;
