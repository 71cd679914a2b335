//! `lastlooks demo`: a sample production with windows of seconds, and the seven reports of a real set replayed on it.
//!
//! | file | job |
//! |---|---|
//! | `cast` | the western: desks, people, policy |
//! | `script` | the seven reports |
//! | `stage` | folder, database, server, workers |
//! | `story` | files, acts and watches through the service's own HTTP API |
//! | `client` | that API's client |
//! | `telling` | what is printed |

mod cast;
mod client;
mod script;
mod stage;
mod story;
mod telling;

use std::{io::Write, net::SocketAddr, path::PathBuf};

/// Options of `lastlooks demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  lastlooks demo
  lastlooks demo --dir /tmp/western --listen 127.0.0.1:9000 --once")]
pub struct Args {
    /// Folder of the demo: database, mail, secrets, demo.json; an earlier demo in it is replaced
    #[arg(long, default_value = "demo", value_name = "DIR")]
    pub dir: PathBuf,
    /// Address and port to serve on
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDR")]
    pub listen: SocketAddr,
    /// Stop after the story instead of serving on
    #[arg(long)]
    pub once: bool,
}

/// Runs the command: until the story is over with `--once`, else until Ctrl-C.
///
/// # Errors
/// If the folder is not the demo's, the address is taken, or the story does not go as it must.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    stage::play(args, out)
}
