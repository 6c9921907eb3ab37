//! `cargo xtask bench`: runs benches in release and prints what they print.
//!
//! A bench is a cargo example named `bench_*` of any crate; writing the file is all it takes to be listed here.

use std::path::Path;

use crate::failure::Failure;
use crate::tool;
use crate::workspace::{Example, Package, Workspace};

const PREFIX: &str = "bench_";

/// Runs the bench `name`, or all; with `list` only prints their names. Stops at the first that fails.
pub(crate) fn run(
    workspace: &Workspace,
    name: Option<&str>,
    list: bool,
    arguments: &[String],
) -> Result<bool, Failure> {
    let chosen = workspace.chosen_examples(PREFIX, name)?;
    if list {
        print_list(PREFIX, &chosen);
        return Ok(true);
    }
    for (package, example) in chosen {
        println!("==> bench {} ({}): {}", example.short_name(PREFIX), package.name, example.about());
        run_one(&workspace.root, package, example, arguments)?;
    }
    Ok(true)
}

/// One line per example: what to type, whose it is, what it says of itself.
pub(crate) fn print_list(prefix: &str, examples: &[(&Package, &Example)]) {
    for (package, example) in examples {
        println!("{:<20} {:<10} {}", example.short_name(prefix), package.name, example.about());
    }
}

fn run_one(root: &Path, package: &Package, example: &Example, arguments: &[String]) -> Result<(), Failure> {
    let mut all =
        vec!["run", "--quiet", "--release", "--locked", "-p", &package.name, "--example", &example.name, "--"];
    all.extend(arguments.iter().map(String::as_str));
    tool::run(root, &all)
}
