//! The `lastlooks` binary: guard the process, parse, call the library.

use std::{io, process::ExitCode};

use clap::Parser as _;
use lastlooks::cli::{self, Cli, process, terminal::Terminal};

// Filings pass from thread to thread: see docs/benchmarks.md for what this saves.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = Terminal::new(io::stdout().lock());
    match process::harden().and_then(|()| cli::run(cli, &mut out)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough, as with `| head`: no error, and nobody is left to hear of one.
        Err(_) if out.is_closed() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lastlooks: {error:#}");
            ExitCode::FAILURE
        }
    }
}
