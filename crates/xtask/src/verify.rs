//! `cargo xtask verify` and `fix`: one list of steps that decides whether a change may go in.
//!
//! In: the work tree, which is only read. Out: a heading per step, what the tool prints, a line with its time; the last line
//! says how it ended. Cheap steps come first. Everything is built in the release profile and one target folder, so that the
//! tests, the benches and the binary share one build of the world; clippy reads metadata only and shares its build scripts
//! and macros.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::tidy;
use crate::tool;
use crate::workspace::Workspace;

/// One check. To add one: a function, and a line in [`STEPS`].
struct Step {
    name: &'static str,
    what: &'static str,
    run: fn(&Workspace) -> Outcome,
}

enum Outcome {
    Done,
    /// Could not run here, and why.
    Skipped(String),
    Failed(String),
}

const STEPS: &[Step] = &[
    Step { name: "fmt", what: "rustfmt finds nothing to change", run: fmt },
    Step { name: "tidy", what: "the rules of the house", run: tidy_step },
    Step { name: "deny", what: "licences, banned crates and sources of what we depend on", run: deny },
    Step { name: "clippy", what: "no warnings in any target", run: clippy },
    Step { name: "test", what: "all tests, in release", run: test },
];

/// Runs all steps up to the first that fails; true when none did.
pub(crate) fn verify(workspace: &Workspace) -> bool {
    run(STEPS, workspace, &mut |line| println!("{line}"))
}

/// Lets clippy apply its safe suggestions, then formats everything, even when clippy found what it cannot mend.
pub(crate) fn fix(workspace: &Workspace) -> Result<bool, Failure> {
    let clippy = ["clippy", "--fix", "--allow-dirty", "--allow-staged", "--workspace", "--all-targets", "--release"];
    let mended = tool::run(&workspace.root, &clippy);
    tool::run(&workspace.root, &["fmt", "--all"])?;
    mended.map(|()| true)
}

fn run(steps: &[Step], workspace: &Workspace, say: &mut dyn FnMut(String)) -> bool {
    let start = Instant::now();
    let mut done = String::new();
    let mut skipped = String::new();
    for step in steps {
        say(format!("\n==> {}: {}", step.name, step.what));
        let begun = Instant::now();
        let outcome = (step.run)(workspace);
        let took = seconds(begun.elapsed());
        match outcome {
            Outcome::Done => {
                say(format!("<== {} ok in {took}", step.name));
                let _ = write!(done, "{}{} {took}", if done.is_empty() { "" } else { ", " }, step.name);
            }
            Outcome::Skipped(why) => {
                say(format!("<== {} SKIPPED: {why}", step.name));
                let _ = write!(skipped, "; skipped: {} ({why})", step.name);
            }
            Outcome::Failed(why) => {
                say(format!("<== {} FAILED in {took}", step.name));
                say(format!("verify: FAILED at {} after {}: {why}", step.name, seconds(start.elapsed())));
                return false;
            }
        }
    }
    say(format!("\nverify: ok in {} ({done}{skipped})", seconds(start.elapsed())));
    true
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Outcome {
    match tool::run(&workspace.root, arguments) {
        Ok(()) => Outcome::Done,
        Err(failure) => Outcome::Failed(failure.to_string()),
    }
}

/// A toolchain without the component fails: a check that did not run has checked nothing.
fn missing(component: &str) -> Outcome {
    Outcome::Failed(format!("{component} is not installed; `rustup component add {component}` installs it"))
}

fn fmt(workspace: &Workspace) -> Outcome {
    if !tool::has(&workspace.root, "fmt") {
        return missing("rustfmt");
    }
    cargo(workspace, &["fmt", "--all", "--", "--check"])
}

fn tidy_step(workspace: &Workspace) -> Outcome {
    match tidy::report(workspace) {
        Ok(true) => Outcome::Done,
        Ok(false) => Outcome::Failed("the lines above say what and where".to_owned()),
        Err(failure) => Outcome::Failed(failure.to_string()),
    }
}

fn deny(workspace: &Workspace) -> Outcome {
    if !tool::has(&workspace.root, "deny") {
        return Outcome::Skipped("cargo-deny is not installed; `cargo install cargo-deny --locked`".to_owned());
    }
    cargo(workspace, &["deny", "--locked", "check", "licenses", "bans", "sources"])
}

fn clippy(workspace: &Workspace) -> Outcome {
    if !tool::has(&workspace.root, "clippy") {
        return missing("clippy");
    }
    let arguments = ["clippy", "--workspace", "--all-targets", "--release", "--locked", "--", "-D", "warnings"];
    cargo(workspace, &arguments)
}

/// All test programs run even when one fails: after a long build, one run should tell everything.
fn test(workspace: &Workspace) -> Outcome {
    cargo(workspace, &["test", "--workspace", "--release", "--locked", "--no-fail-fast"])
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Step = Step { name: "good", what: "passes", run: |_| Outcome::Done };
    const ABSENT: Step = Step { name: "absent", what: "needs a tool", run: |_| Outcome::Skipped("no tool".to_owned()) };
    const BAD: Step = Step { name: "bad", what: "fails", run: |_| Outcome::Failed("exit 101".to_owned()) };
    const NEVER: Step = Step { name: "never", what: "comes after", run: |_| panic!("ran after a failure") };

    fn said(steps: &[Step]) -> (bool, Vec<String>) {
        let mut lines = Vec::new();
        let good = run(steps, &Workspace::default(), &mut |line| lines.push(line));
        (good, lines)
    }

    #[test]
    fn the_first_failure_ends_it_and_is_named_in_the_last_line() {
        let (good, lines) = said(&[GOOD, BAD, NEVER]);
        assert!(!good);
        let last = lines.last().unwrap();
        assert!(last.starts_with("verify: FAILED at bad") && last.ends_with("exit 101"), "{last}");
    }

    #[test]
    fn the_summary_names_what_ran_and_what_was_skipped() {
        let (good, lines) = said(&[GOOD, ABSENT]);
        assert!(good);
        let last = lines.last().unwrap();
        assert!(last.contains("verify: ok") && last.contains("good 0.0 s"), "{last}");
        assert!(last.contains("skipped: absent (no tool)"), "{last}");
        assert!(lines.iter().any(|line| line == "<== absent SKIPPED: no tool"));
    }
}
