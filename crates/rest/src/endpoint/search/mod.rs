//! Searches and what is like them.

use crate::router::Routes;

pub(super) fn routes(_routes: &mut Routes) {}
