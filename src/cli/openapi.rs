//! `lastlooks openapi`: prints what `api-spec/` holds.

use std::io::Write;

use crate::http::{openapi, pages, routes, server};

/// Options of `lastlooks openapi`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks openapi > api-spec/openapi.yaml
  lastlooks openapi --problems > api-spec/problems.md")]
pub struct Args {
    /// Print the explanations of all problems as Markdown instead
    #[arg(long)]
    pub problems: bool,
}

/// Runs the command.
///
/// # Errors
/// If `out` is closed.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    let text =
        if args.problems { pages::problems_markdown() } else { openapi::yaml(&server::document(&routes::listed)?)? };
    out.write_all(text.as_bytes())?;
    Ok(())
}
