//! `lastlooks witness`: cosigns the ledgers of others, so that nobody has to take their word.

use std::{
    fs,
    io::Write,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};

use super::{logging, process, serve::told_to_stop};
use crate::{
    clock::SystemClock,
    config::{LogFormat, LogLevel},
    entropy::SystemEntropy,
    http::witness,
    merkle::key::{KeyName, VerifierKey},
    witness::{cosigner::Cosigner, folder::Folder},
};

/// Options of `lastlooks witness`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks witness --dir witness --name local600.example.org/witness --listen 127.0.0.1:8090 \\
    --log looks.example.org/ledger+1a2b3c4d+AQ…

A witness remembers the last checkpoint of each log that it follows and cosigns only what goes on from there, with the time
on its clock. Run it on a machine of somebody who does not run the log: a union, a guild, an insurer. It speaks the
C2SP tlog-witness protocol (POST /add-checkpoint) and serves what it cosigned last at /<SHA-256 of the origin>/checkpoint.

On the first start it makes its key and prints its verifier key. Whoever runs the log puts a line with it into
LASTLOOKS_WITNESSES, and whoever verifies bundles puts the same line into the file of witnesses:
  union local600.example.org/witness+5e6f7a8b+BA… https://witness.local600.example.org

The verifier key of a log is the first line of its /ledger/key. It reads no settings. Keep its folder: without its records
it would not notice that a log went back. Put a proxy with TLS before it where the log asks over the Internet.")]
pub struct Args {
    /// Folder of the key and the records; made if need be
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Name of the key, such as local600.example.org/witness; needed on the first start alone
    #[arg(long)]
    pub name: Option<String>,
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8090")]
    pub listen: SocketAddr,
    /// Verifier key of a log to follow; may be given several times
    #[arg(long = "log", value_name = "KEY")]
    pub logs: Vec<String>,
    /// File with more of them, a line each; empty lines and lines that begin with # are passed over
    #[arg(long, value_name = "FILE")]
    pub logs_file: Option<PathBuf>,
}

/// Runs the witness until it is told to stop.
///
/// # Errors
/// A folder that another witness uses, a record or a key that is not what was written, an address that is taken.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<()> {
    logging::start(LogFormat::Text, LogLevel::Info)?;
    process::harden()?;
    let witness = open(args)?;
    writeln!(out, "{}", witness.key())?;
    let listener = TcpListener::bind(args.listen).with_context(|| format!("cannot listen on {}", args.listen))?;
    writeln!(out, "listening on http://{}", listener.local_addr()?)?;
    actix_web::rt::System::new().block_on(async {
        let server = witness::serve(listener, Arc::new(witness), Arc::new(SystemClock::new()))?;
        let handle = server.handle();
        actix_web::rt::spawn(server);
        told_to_stop().await?;
        handle.stop(true).await;
        Ok(())
    })
}

fn open(args: &Args) -> anyhow::Result<Cosigner> {
    let logs = logs(args)?;
    if logs.is_empty() {
        bail!("name the logs to follow with --log or --logs-file: the first line of a log's /ledger/key");
    }
    let name = args.name.as_deref().map(KeyName::new).transpose().context("--name")?;
    let folder = Folder::open(&args.dir)?;
    let signer = folder.key(name.as_ref(), &SystemEntropy)?;
    Ok(Cosigner::open(signer, logs, folder)?)
}

fn logs(args: &Args) -> anyhow::Result<Vec<VerifierKey>> {
    let mut lines = args.logs.clone();
    if let Some(file) = &args.logs_file {
        lines.extend(lines_of(file)?);
    }
    lines.iter().map(|line| line.parse().with_context(|| format!("the log {line}"))).collect()
}

fn lines_of(file: &Path) -> anyhow::Result<Vec<String>> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::to_owned).collect())
}
