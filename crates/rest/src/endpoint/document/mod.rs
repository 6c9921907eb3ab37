//! Documents: written and read one by one, by the list, and in bulk.

use crate::router::Routes;

pub(super) fn routes(_routes: &mut Routes) {}
