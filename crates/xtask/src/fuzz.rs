//! `cargo xtask fuzz`: random input for the parsers and the log's replay, on stable Rust.
//!
//! A target is a cargo example named `fuzz_*` that takes `--seconds N --seed S`, tries inputs until the time is over, and
//! panics (or exits with another code than 0) on a finding. This dispatcher builds it, gives it a seed, and ends it when it
//! hangs; every target runs even when one before it failed. What an input looks like is the target's own business.

use std::path::Path;
use std::process::{Child, ExitStatus};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::bench::print_list;
use crate::failure::Failure;
use crate::tool;
use crate::workspace::{Example, Package, Workspace};

const PREFIX: &str = "fuzz_";

/// How much longer than asked a target may take before it counts as hanging.
const GRACE: Duration = Duration::from_secs(30);

/// How long, and from where.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) seconds: u64,
    pub(crate) seed: Option<u64>,
}

/// Runs `target`, or all; with `list` only prints their names. False when any of them found something.
pub(crate) fn run(workspace: &Workspace, target: Option<&str>, list: bool, effort: Effort) -> Result<bool, Failure> {
    let chosen = workspace.chosen_examples(PREFIX, target)?;
    if list {
        print_list(PREFIX, &chosen);
        return Ok(true);
    }
    let seed = effort.seed.unwrap_or_else(seed_of_the_clock);
    let mut failed = Vec::new();
    for (package, example) in chosen {
        let name = example.short_name(PREFIX);
        println!("==> fuzz {name} ({}) for {} s, seed {seed}: {}", package.name, effort.seconds, example.about());
        if let Err(failure) = run_one(&workspace.root, package, example, effort.seconds, seed) {
            println!("<== fuzz {name} FAILED: {failure}");
            println!("    again: cargo xtask fuzz {name} --seconds {} --seed {seed}", effort.seconds);
            failed.push(name);
        }
    }
    match failed.as_slice() {
        [] => println!("fuzz: ok, nothing found"),
        _ => println!("fuzz: FAILED in {}", failed.join(", ")),
    }
    Ok(failed.is_empty())
}

/// Different in each run; which one does not matter, since it is printed.
fn seed_of_the_clock() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs().wrapping_mul(1_000_000).wrapping_add(u64::from(since.subsec_micros()))
}

/// Builds first, so that the deadline measures the target and not the compiler.
fn run_one(root: &Path, package: &Package, example: &Example, seconds: u64, seed: u64) -> Result<(), Failure> {
    let of = ["--quiet", "--release", "--locked", "-p", &package.name, "--example", &example.name];
    tool::run(root, &[&["build"], of.as_slice()].concat())?;
    let (seconds_text, seed_text) = (seconds.to_string(), seed.to_string());
    let own = ["--", "--seconds", &seconds_text, "--seed", &seed_text];
    let command = [&["run"], of.as_slice(), own.as_slice()].concat();
    let time = Duration::from_secs(seconds);
    let start = Instant::now();
    let ended = wait(tool::start(root, &command)?, time.saturating_add(GRACE))?;
    tool::succeeded_or(&command, verdict(ended, start.elapsed(), time))
}

/// How a target's end is to be told: its exit status, or what was wrong with the time that it took.
fn verdict(ended: Option<ExitStatus>, took: Duration, time: Duration) -> Result<(), String> {
    match ended {
        None => Err(format!("no end {} s after its time: some input makes it hang", GRACE.as_secs())),
        Some(status) if !status.success() => Err(status.to_string()),
        Some(_) if took < time => Err(format!("success after {:.1} s: it did not use its time", took.as_secs_f64())),
        Some(_) => Ok(()),
    }
}

/// The child's exit status, or none when it was still running after `limit` and has been killed. (`cargo run` replaces
/// itself by the program on Unix, so that the child is the target itself.)
fn wait(mut child: Child, limit: Duration) -> Result<Option<ExitStatus>, Failure> {
    let lost = |source| Failure::Start { program: "the fuzz target".to_owned(), source };
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok(Some(status));
        }
        if start.elapsed() >= limit {
            child.kill().map_err(lost)?;
            child.wait().map_err(lost)?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(50));
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_target_that_hangs_is_ended_and_reported() {
        let child = Command::new("sleep").arg("60").spawn().unwrap();
        let start = Instant::now();
        assert!(wait(child, Duration::from_millis(100)).unwrap().is_none());
        assert!(start.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn the_exit_code_of_a_target_comes_back() {
        let child = Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap();
        let status = wait(child, Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(status.code(), Some(3));
        let second = Duration::from_secs(1);
        assert_eq!(verdict(Some(status), second, second), Err("exit status: 3".to_owned()));
    }

    #[test]
    fn a_target_that_ends_early_has_not_done_its_work() {
        let (second, success) = (Duration::from_secs(1), Some(ExitStatus::default()));
        assert_eq!(verdict(success, second, second), Ok(()));
        let early = verdict(success, Duration::from_millis(100), second).unwrap_err();
        assert!(early.contains("after 0.1 s"), "{early}");
        assert!(verdict(None, second, second).is_err());
    }
}
