//! URL parameters: ordered, typed, and refused when nobody asked for them.
