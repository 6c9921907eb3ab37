//! The search language: JSON bodies and URL parameters to the model.
