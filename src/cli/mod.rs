//! One file per command. Errors become one sentence on the terminal here, and nowhere below.

pub mod assemble;
pub mod backup;
mod copying;
mod csv;
pub mod demo;
pub mod desk;
pub mod doctor;
pub mod engine;
pub mod export;
pub mod init;
pub mod ledger;
pub mod logging;
pub mod member;
pub mod migrate;
pub mod openapi;
pub mod overview;
mod password;
pub mod policy;
mod policy_file;
pub mod process;
pub mod production;
pub mod receipt;
pub mod restore;
pub mod serve;
pub mod settings;
pub mod terminal;
pub mod unanswered;
pub mod verify;
pub mod witness;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::entropy::SystemEntropy;

/// Anonymous safety reports for film and television crews, with deadlines that cannot go quiet.
#[derive(Debug, Parser)]
#[command(name = "lastlooks", version, arg_required_else_help = true, after_help = SETTINGS_HELP)]
pub struct Cli {
    /// Settings file; `./lastlooks.toml` is read if it is there
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

const SETTINGS_HELP: &str = "\
Settings are read from the settings file, then from LASTLOOKS_* in the environment (LASTLOOKS_LISTEN sets `listen`;
LASTLOOKS_LISTEN_FILE names a file that holds it). An unknown setting refuses to start.";

/// The commands that there are.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the service
    Serve(serve::Args),
    /// Try it: a sample production with windows of seconds
    Demo(demo::Args),
    /// Make a new host: secrets, database, the operator's invitation
    Init(init::Args),
    /// Make productions, read and set their policies
    Production(production::Args),
    /// Add desks to a production
    Desk(desk::Args),
    /// Invite people to desks
    Member(member::Args),
    /// Bring the database to this version
    Migrate(migrate::Args),
    /// Look at everything that a show depends on, and say what to do
    Doctor(doctor::Args),
    /// Let deadlines fire again after they were held
    Engine(engine::Args),
    /// Copy the database while the service runs
    Backup(backup::Args),
    /// Put a copy of the database in its place
    Restore(restore::Args),
    /// Write down what one member may see, with their password
    Export(export::Args),
    /// List what nobody answered in time
    Unanswered(unanswered::Args),
    /// Check what a proof bundle shows, or the whole ledger of this host
    Verify(verify::Args),
    /// Begin a new log after a restore from an older copy
    Ledger(ledger::Args),
    /// Cosign the ledgers of others, so that nobody has to take their word
    Witness(witness::Args),
    /// Make a receipt, or turn one from words to digits and back
    Receipt(receipt::Args),
    /// Print the API document
    Openapi(openapi::Args),
}

/// Runs one command; `out` is standard output.
///
/// # Errors
/// Whatever stopped it, with the causes, as sentences for the terminal.
pub fn run(cli: Cli, out: &mut dyn Write) -> anyhow::Result<()> {
    let config = cli.config.as_deref();
    match cli.command {
        Command::Init(args) => init::run(&args, config, out),
        Command::Production(args) => production::run(args, config, out),
        Command::Desk(args) => desk::run(args, config, out),
        Command::Member(args) => member::run(args, config, out),
        Command::Migrate(args) => migrate::run(&args, config, out),
        Command::Serve(args) => serve::run(&args, config, out),
        Command::Demo(args) => demo::run(&args, out),
        Command::Doctor(args) => doctor::run(&args, config, out),
        Command::Engine(args) => engine::run(&args, config, out),
        Command::Backup(args) => backup::run(&args, config, out),
        Command::Restore(args) => restore::run(&args, config, out),
        Command::Export(args) => export::run(&args, config, out),
        Command::Unanswered(args) => unanswered::run(&args, config, out),
        Command::Verify(args) => verify::run(&args, config, out),
        Command::Witness(args) => witness::run(&args, out),
        Command::Ledger(args) => ledger::run(&args, config, out),
        Command::Receipt(args) => receipt::run(args, &SystemEntropy, out),
        Command::Openapi(args) => openapi::run(&args, out),
    }
}

/// The status of a process that this stopped: 1, or 2 where a bundle is sound and not witnessed, or 3 where a promise was
/// broken.
pub fn status(error: &anyhow::Error) -> ExitCode {
    match (error.is::<verify::NotWitnessed>(), error.is::<verify::BrokenPromise>()) {
        (true, _) => ExitCode::from(2),
        (_, true) => ExitCode::from(3),
        (false, false) => ExitCode::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, CommandFactory as _};

    use super::*;

    #[test]
    fn the_command_line_is_sound_and_every_command_has_an_example() {
        let mut cli = Cli::command();
        cli.clone().debug_assert();
        for command in cli.get_subcommands_mut() {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{}: {help}", command.get_name());
        }
    }

    fn parses<A: Args>(line: &str) -> bool {
        let command = A::augment_args(clap::Command::new("lastlooks"));
        command.try_get_matches_from(line.split(' ')).is_ok_and(|found| A::from_arg_matches(&found).is_ok())
    }

    #[test]
    fn the_names_of_options_are_those_of_the_design() {
        assert!(parses::<serve::Args>("x --role worker") && !parses::<serve::Args>("x --role boss"));
        assert!(parses::<demo::Args>("x --dir d --listen 127.0.0.1:0 --once"));
        assert!(parses::<init::Args>("x --operator a@b --json") && !parses::<init::Args>("x"));
        assert!(parses::<production::Args>("x create --name N --slug s --time-zone America/Denver --policy f --json"));
        assert!(parses::<desk::Args>("x add --production s --name N --side union --level 1 --json"));
        assert!(!parses::<desk::Args>("x add --production s --name N --side union --level 10"));
        assert!(parses::<member::Args>("x invite --production s --desk N --email a@b --role upm --role producer"));
        assert!(parses::<production::Args>("x policy --production s --file f --explain"));
        assert!(!parses::<production::Args>("x policy --production s --check"));
        assert!(parses::<engine::Args>("x resume") && parses::<doctor::Args>("x --json"));
        assert!(parses::<backup::Args>("x f --json") && parses::<restore::Args>("x f --force"));
        assert!(parses::<export::Args>("x --production s --member a@b --csv --password-file f"));
        assert!(!parses::<export::Args>("x --production s --member a@b --csv --json"));
        assert!(parses::<witness::Args>("x --dir d --name n --listen 127.0.0.1:0 --log a --log b --logs-file f"));
        assert!(parses::<unanswered::Args>("x --production s --csv"));
        assert!(!parses::<unanswered::Args>("x --production s --csv --json"));
    }
}
