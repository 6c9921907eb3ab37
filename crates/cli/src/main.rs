//! The binary `shoal`: a node, and the commands of those who use one.
//!
//! In: a command line. Out: what the command prints, and an exit code: 0 done, 1 failed, 2 not understood.

mod arguments;
mod bulk;
mod check;
mod client;
mod demo;
mod failure;
mod print;
mod repair;
mod search;
mod serve;
mod stop;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};
use failure::Failure;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has had enough of it.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("shoal: {failure}");
            failure.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Serve(arguments) => serve::serve(arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
        Command::Bulk(arguments) => bulk::bulk(&arguments),
        Command::Search(arguments) => search::search(&arguments),
        Command::Node(command) => repair::repair(&command),
        Command::Config(command) => check::config(command),
        Command::Version => check::version(),
        Command::Completions { shell } => check::completions(shell),
    }
}
