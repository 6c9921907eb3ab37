//! What values can do: the classes of Java that Painless knows, what it adds to them, and functions of its own.
//!
//! [`methods`] finds what a value can do by its kind, [`classes`] what is named by a class. What takes long counts steps.

pub(crate) mod augmented;
pub(crate) mod builders;
pub(crate) mod calendar;
pub(crate) mod classes;
pub(crate) mod clocks;
pub(crate) mod collectors;
pub(crate) mod exceptions;
pub(crate) mod formats;
pub(crate) mod lists;
pub(crate) mod maps;
pub(crate) mod methods;
pub(crate) mod patterns;
pub(crate) mod scoring;
pub(crate) mod streams;
pub(crate) mod texts;
pub(crate) mod times;
pub(crate) mod vectors;
