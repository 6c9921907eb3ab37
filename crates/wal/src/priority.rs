//! A scheduling class for the threads that sync. With all cores busy, an ordinary thread that returns from a sync waits for a
//! scheduler tick, which is many times the sync itself. A better nice value was measured not to help.

use thread_priority::{RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy};
use thread_priority::{set_thread_priority_and_policy, thread_native_id};

/// Asks for the lowest of the real-time priorities, SCHED_RR, for this thread. Where it is not permitted (`RLIMIT_RTPRIO`,
/// CAP_SYS_NICE) the thread runs like any other: slower under load, never wrong.
pub(crate) fn raise() {
    let round_robin = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::RoundRobin);
    let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, round_robin);
}
