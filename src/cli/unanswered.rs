//! `lastlooks unanswered`: what nobody answered in time, without opening a report.

use std::{
    io::{self, Write},
    path::Path,
};

use super::{assemble, csv::line, settings};
use crate::app::{error::AppError, unanswered::UnansweredLine};

/// Options of `lastlooks unanswered`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks unanswered --production western
  lastlooks unanswered --production western --csv > unanswered.csv")]
pub struct Args {
    /// Short name of the production
    #[arg(long, value_name = "SLUG")]
    pub production: String,
    /// Print JSON instead of a table
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values instead of a table
    #[arg(long)]
    pub csv: bool,
}

/// Runs the command.
///
/// # Errors
/// If there is no such production, or the database cannot be reached.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = assemble::open_app(settings::read(config)?, assemble::Tables::Expect)?;
    let lines = assemble::runtime()?.block_on(app.unanswered(&args.production));
    let lines = lines.map_err(|error| match error {
        AppError::NotFound => {
            anyhow::anyhow!("no production is called `{}` here: see `lastlooks production list`", args.production)
        }
        error => error.into(),
    })?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&lines)?)?;
    } else if args.csv {
        csv(&lines, out)?;
    } else {
        table(&lines, out)?;
    }
    Ok(())
}

fn table(lines: &[UnansweredLine], out: &mut dyn Write) -> io::Result<()> {
    if lines.is_empty() {
        return writeln!(out, "Every deadline so far was met.");
    }
    writeln!(
        out,
        "{:<22} {:<22} {:<5} {:<32} {:<16} recorded as",
        "deadline (UTC)", "report", "level", "desks", "what was missed"
    )?;
    for line in lines {
        let late = line.answered_late_at.as_ref().map(|at| format!(", answered late {at}")).unwrap_or_default();
        let told = if line.told { "" } else { ", not told" };
        writeln!(
            out,
            "{:<22} {:<22} {:<5} {:<32} {:<16} {}{told}{late}",
            line.due_at,
            line.handle,
            line.level,
            line.desks.join(", "),
            line.missed,
            line.recorded_as
        )?;
    }
    Ok(())
}

fn csv(lines: &[UnansweredLine], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "deadline,report,severity,side,level,cycle,desks,missed,recorded_as,told,answered_late_at,status")?;
    for entry in lines {
        let fields = [
            entry.due_at.clone(),
            entry.handle.clone(),
            entry.severity.clone(),
            entry.side.clone(),
            entry.level.to_string(),
            entry.cycle.to_string(),
            entry.desks.join("; "),
            entry.missed.clone(),
            entry.recorded_as.clone(),
            entry.told.to_string(),
            entry.answered_late_at.clone().unwrap_or_default(),
            entry.status.clone(),
        ];
        writeln!(out, "{}", line(fields.iter().map(String::as_str)))?;
    }
    Ok(())
}
