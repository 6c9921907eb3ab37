//! A scheduling class for the threads that sync. With all cores busy, an ordinary thread that returns from a sync waits for a
//! scheduler tick, which is many times the sync itself.

pub(crate) fn raise() {}
