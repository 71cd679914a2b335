//! `lastlooks unanswered`: what nobody answered in time, without opening a report.

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
