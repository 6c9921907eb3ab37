//! Shapes of search answers.
