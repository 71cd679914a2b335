//! The `lastlooks` binary: guard the process, parse, call the library.

use std::{io, process::ExitCode};

use clap::Parser as _;
use lastlooks::cli::{self, Cli, process};

// Filings pass from thread to thread: see docs/benchmarks.md for what this saves.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match process::harden().and_then(|()| cli::run(cli, &mut io::stdout().lock())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lastlooks: {error:#}");
            cli::status(&error)
        }
    }
}
