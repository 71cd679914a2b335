//! Filings per second at the door, beside what the machine can do at most: sealing alone.
//!
//! Per database, in one run: `seal_filing` alone on every core; the real server under 64 clients; the same while what was
//! filed goes into the ledger's tree; the same with one transaction per request. They take turns, so that whatever else
//! the machine does falls on all of them.
//! Fails if any filing was answered with anything but 201.
//!
//! Source: architecture.md, "Figures to reach"; for integrating, ledger.md, "Order and durability".

#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]
#![expect(clippy::disallowed_methods, reason = "this measures real time")]

mod alone;
mod cpu;
#[path = "../shared/databases.rs"]
mod databases;
mod filing_body;
mod integrating;
mod load;
#[path = "../shared/serving.rs"]
mod serving;
mod show;

use std::{process::ExitCode, time::Duration};

use clap::{Parser, ValueEnum};
use lastlooks::{
    clock::{Clock as _, SystemClock},
    storage::WriterSettings,
};

use crate::{
    alone::Alone,
    databases::{Place, Which},
    load::Load,
    show::Show,
};

/// As the service has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long before a phase counts: connections, caches and prepared statements are warm by then.
const WARM_UP: Duration = Duration::from_millis(500);
/// To be reached, in percent of sealing alone.
const TARGET_PERCENT: f64 = 70.0;
/// At most by so much may integrating slow filing, in percent.
const SLOWER_PERCENT: f64 = 5.0;

/// Filings per second at the door, beside sealing alone and one transaction per request.
#[derive(Parser)]
struct Args {
    /// Length of each phase
    #[arg(long, default_value_t = 4)]
    seconds: u64,
    /// How often the phases take turns
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Connections, each with one filing under way
    #[arg(long, default_value_t = 64)]
    clients: u32,
    /// Which database
    #[arg(long, value_enum, default_value_t = Which::Both)]
    database: Which,
    /// One phase alone, for a profiler
    #[arg(long, value_enum)]
    only: Option<Phase>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Phase {
    Alone,
    Group,
    Integrating,
    Single,
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores; {} clients; {} rounds of {} s; no worker runs: nothing is mailed, no deadline fires",
        args.clients, args.rounds, args.seconds
    );
    let mut errors = 0;
    args.database.each(|place| {
        errors += measure(&args, first_process(place), &place.url(), &place.url())?;
        Ok(())
    })?;
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The process whose children are the server's; none for files.
fn first_process(place: &Place) -> Option<u32> {
    let Place::Server(server) = place else { return None };
    let file = std::fs::read_to_string(server.folder()?.join("data/postmaster.pid")).ok()?;
    file.lines().next()?.trim().parse().ok()
}

/// What was seen of the phases.
#[derive(Default)]
struct Seen {
    alone: Alone,
    group: Load,
    integrating: Load,
    single: Load,
}

/// Measures on two databases of one kind; returns how many filings failed.
fn measure(args: &Args, server: Option<u32>, group_url: &str, single_url: &str) -> anyhow::Result<u64> {
    let group = Show::open(group_url, server, &WriterSettings::default())?;
    let single = Show::open(single_url, server, &WriterSettings { max_batch: 1, ..WriterSettings::default() })?;
    let (length, mut seen) = (Duration::from_secs(args.seconds), Seen::default());
    let mut tick = SystemClock::new().now();
    let wanted = |phase| args.only.is_none_or(|only| only == phase);
    for round in 0..args.rounds {
        if wanted(Phase::Alone) {
            seen.alone.add(&alone::run(length)?);
        }
        if wanted(Phase::Group) {
            seen.group.add(load::run(&group, args.clients, round, WARM_UP, length)?);
        }
        if wanted(Phase::Integrating) {
            let load = || load::run(&group, args.clients, args.rounds + round, WARM_UP, length);
            seen.integrating.add(integrating::beside(group.app(), &mut tick, load)?);
        }
        if wanted(Phase::Single) {
            seen.single.add(load::run(&single, args.clients, round, WARM_UP, length)?);
        }
    }
    report(&mut seen);
    if let Some(each) = group.filings_per_transaction()? {
        println!("  group commit had {each:.1} filings to a transaction");
    }
    for show in [group, single] {
        show.stop()?;
    }
    Ok(seen.group.errors + seen.integrating.errors + seen.single.errors)
}

fn report(seen: &mut Seen) {
    println!(
        "  sealing alone            {:>7.0}/s                                  {:.2} ms of a core each",
        seen.alone.rate(),
        seen.alone.core_millis()
    );
    line("group commit", &mut seen.group);
    line("and a tick each 2 s", &mut seen.integrating);
    line("one transaction each", &mut seen.single);
    if seen.alone.rate() > 0.0 && seen.group.rate() > 0.0 {
        let percent = 100.0 * seen.group.rate() / seen.alone.rate();
        let verdict = if percent >= TARGET_PERCENT { "reached" } else { "NOT reached" };
        println!("  group commit / sealing alone         {percent:>5.1} %   (to reach: {TARGET_PERCENT} %: {verdict})");
    }
    if seen.single.rate() > 0.0 {
        println!("  group commit / one transaction each  {:>5.2}", seen.group.rate() / seen.single.rate());
    }
    if seen.group.rate() > 0.0 && seen.integrating.rate() > 0.0 {
        let slower = |without: f64, with: f64| 100.0 * (1.0 - with / without);
        let by_rate = slower(seen.group.rate(), seen.integrating.rate());
        let by_work = slower(seen.integrating.core_millis(), seen.group.core_millis());
        let verdict = if by_rate <= SLOWER_PERCENT { "reached" } else { "NOT reached" };
        println!(
            "  integrating slows filing by          {by_rate:>5.1} %   (at most: {SLOWER_PERCENT} %: {verdict}; by the work that it takes: {by_work:.1} %)"
        );
    }
    if seen.alone.core_millis() > 0.0 && seen.group.core_millis() > 0.0 {
        let percent = 100.0 * seen.alone.core_millis() / seen.group.core_millis();
        println!(
            "  sealing, of all work on a filing     {percent:>5.1} %   (holds on a busy machine, where rates do not)"
        );
    }
    if let Some(where_to) = seen.group.shares() {
        println!("  a filing under group commit costs, in ms of a core: {where_to}");
    }
}

fn line(name: &str, load: &mut Load) {
    println!(
        "  {name:<24} {:>7.0}/s   p50 {:>5.1} ms   p99 {:>6.1} ms   {} errors   {:.1} % of the cores went to the clients",
        load.rate(),
        load.millis_at(0.50),
        load.millis_at(0.99),
        load.errors,
        load.client_percent(),
    );
    if let Some(first) = &load.first_error {
        println!("    the first error: {first}");
    }
}
