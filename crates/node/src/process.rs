//! What the operating system says of this process, from `/proc`; zeros where there is none.

use std::fs;
use std::time::Duration;

use model::admin::{DiskStats, ProcessStats};
use model::task::ThreadTime;

/// Processors that this process may use; 2 where the system does not say.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get)
}

/// Memory, threads, files and load of now.
pub(crate) fn process_stats() -> ProcessStats {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    // After the command in parentheses: fields 3 .., of which user and system time are 14 and 15, in hundredths of a second.
    let after: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| after.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let mut loads = load.split_whitespace().filter_map(|field| field.parse().ok());
    let mut next_load = || loads.next().unwrap_or(0.0);
    ProcessStats {
        resident_bytes: kilobytes(&status, "VmRSS:"),
        virtual_bytes: kilobytes(&status, "VmSize:"),
        cpu_percent: 0,
        cpu_total_ms: 10 * (ticks(11) + ticks(12)),
        open_files: fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64),
        max_files: max_files(),
        threads: number(&status, "Threads:"),
        load_average: [next_load(), next_load(), next_load()],
        memory_total_bytes: kilobytes(&memory, "MemTotal:"),
        memory_free_bytes: kilobytes(&memory, "MemAvailable:"),
    }
}

/// The threads that spend most time with something, over an interval; blocks that long.
pub(crate) fn busy_threads(interval: Duration, most: u32, kind: ThreadTime) -> String {
    let before = thread_times(kind);
    std::thread::sleep(interval);
    let after = thread_times(kind);
    let since = |id: &str| before.iter().find(|(known, ..)| known == id).map_or(0, |(_, _, nanos)| *nanos);
    let mut busy: Vec<(u64, &str)> =
        after.iter().map(|(id, name, nanos)| (nanos.saturating_sub(since(id)), name.as_str())).collect();
    busy.retain(|(nanos, _)| *nanos > 0);
    busy.sort_by(|a, b| b.cmp(a));
    let whole = interval.as_secs_f64().max(0.001);
    let what = kind.name();
    let line = |(nanos, name): &(u64, &str)| {
        let seconds = *nanos as f64 / 1e9;
        let (percent, ms) = (seconds / whole * 100.0, seconds * 1000.0);
        format!("   {percent:.1}% ({ms:.0}ms out of {}ms) {what} usage by thread '{name}'\n", interval.as_millis())
    };
    busy.iter().take(most as usize).map(line).collect()
}

/// Identity, name and nanoseconds of each thread of this process.
fn thread_times(kind: ThreadTime) -> Vec<(String, String, u64)> {
    let Ok(entries) = fs::read_dir("/proc/self/task") else { return Vec::new() };
    let one = |entry: fs::DirEntry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // `id (name) state ..`; a name may hold anything.
        let (start, end) = (stat.find('(')?, stat.rfind(')')?);
        let after: Vec<&str> = stat.get(end + 1..)?.split_whitespace().collect();
        let ticks = |at: usize| after.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        let name = stat.get(start + 1..end)?.to_owned();
        // The system counts hundredths of a second here.
        let nanos = match kind {
            ThreadTime::Cpu => (ticks(11) + ticks(12)) * 10_000_000,
            ThreadTime::Block => ticks(39) * 10_000_000,
            ThreadTime::Wait => {
                let scheduled = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
                scheduled.split_whitespace().nth(1).and_then(|field| field.parse().ok()).unwrap_or(0)
            }
        };
        Some((entry.file_name().to_string_lossy().into_owned(), name, nanos))
    };
    entries.flatten().filter_map(one).collect()
}

/// Space on the disk that holds `path`.
pub(crate) fn disk_stats(path: &std::path::Path) -> DiskStats {
    let (total_bytes, available_bytes) = match rustix::fs::statvfs(path) {
        Ok(space) => (space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize),
        Err(_) => (0, 0),
    };
    DiskStats { path: path.display().to_string(), total_bytes, available_bytes }
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|value| value.parse().ok()).unwrap_or(0)
}

fn kilobytes(text: &str, name: &str) -> u64 {
    number(text, name) * 1024
}

fn max_files() -> u64 {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|value| value.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_and_threads() {
        let stats = process_stats();
        assert!(stats.resident_bytes > 1 << 20 && stats.threads >= 1 && stats.open_files > 0, "{stats:?}");
        assert!(disk_stats(std::path::Path::new("/")).total_bytes > 0);
    }
}
