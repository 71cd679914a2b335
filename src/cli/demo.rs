//! `lastlooks demo`: a sample production with windows of seconds.

use std::{net::SocketAddr, path::PathBuf};

/// Options of `lastlooks demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks demo
  lastlooks demo --dir /tmp/western --listen 127.0.0.1:9000 --once")]
pub struct Args {
    /// Folder of the demo: database, mail, secrets, demo.json
    #[arg(long, default_value = "demo", value_name = "DIR")]
    pub dir: PathBuf,
    /// Address and port to serve on
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Stop after the story instead of serving on
    #[arg(long)]
    pub once: bool,
}
