//! The ledger beside what the machine can do at most: hashing alone.
//!
//! Per database, in one run: the leaves of a burst hashed into a tree in memory; the same burst integrated, signed and
//! published; ticks on which little happened; and proofs in a tree of ten million leaves. Fails if a proof does not prove.
//!
//! Source: architecture.md, "Figures to reach".

#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]
#![expect(clippy::disallowed_methods, reason = "this measures real time")]

#[path = "../shared/databases.rs"]
mod databases;
mod tree;

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::Parser;
use lastlooks::{
    app::{App, ledger::LedgerTurn},
    cli::assemble::{Assembly, Tables, runtime},
    clock::{Clock as _, SystemClock},
    config::{Settings, Sources, read_file},
    domain::{ids::ReportId, time::UtcMillis},
    entropy::{Entropy, SystemEntropy},
    merkle::{Hash, proof},
    storage::{
        Storage, StorageError, Target, WriterSettings, beside,
        ledger::{self, PendingRow},
    },
};

use crate::databases::Which;

/// As the service has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of what opens a usual entry.
const OPENING_BYTES: usize = 300;
/// Leaves of one missed deadline: unanswered, the next level assigned, and told.
const TOGETHER: usize = 3;
/// Ticks on which little happened.
const QUIET_TICKS: i64 = 50;
/// Proofs that are made.
const PROOFS: usize = 2_000;

/// Leaves integrated, heads signed and proofs made, beside hashing alone.
#[derive(Parser)]
struct Args {
    /// Leaves of the burst
    #[arg(long, default_value_t = 100_000)]
    burst: usize,
    /// Leaves of the tree in which proofs are made
    #[arg(long, default_value_t = 10_000_000)]
    leaves: u64,
    /// Which database
    #[arg(long, value_enum, default_value_t = Which::Both)]
    database: Which,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    println!("{} cores; a burst of {} leaves", std::thread::available_parallelism()?, args.burst);
    args.database.each(|place| measure(&args, &place.url()))
}

fn measure(args: &Args, url: &str) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let app = app(url, folder.path())?;
    let storage = Storage::open(Target::parse(url)?, &WriterSettings::default())?;
    let runtime = runtime()?;
    let mut now = SystemClock::new().now();
    let mut tick = |app: &App| -> anyhow::Result<Duration> {
        now = app.next_ledger_turn(now);
        let begun = Instant::now();
        published(runtime.block_on(app.ledger_turn(now))?)?;
        Ok(begun.elapsed())
    };
    tick(&app)?;
    let hashing = hashed_alone(args.burst);
    fill(&storage, args.burst, now_of(&app))?;
    let burst = tick(&app)?;
    println!("  hashing {} leaves into a tree, alone      {:>8.1} ms", args.burst, millis(hashing));
    println!(
        "  integrated, committed, signed, published  {:>8.1} ms   ({:.1} times hashing alone; to reach: 1000 ms for 100000)",
        millis(burst),
        burst.as_secs_f64() / hashing.as_secs_f64()
    );
    let mut quiet = (0..QUIET_TICKS).map(|_| tick(&app)).collect::<anyhow::Result<Vec<_>>>()?;
    println!("  a tick with 64 leaves to its checkpoint   {}   (to reach: 1000 ms)", spread(&mut quiet));
    let grown = Instant::now();
    tree::grow(&storage, args.leaves)?;
    tick(&app)?;
    println!("  a tree of {} leaves was laid down in {:.1} s", args.leaves, grown.elapsed().as_secs_f64());
    let mut quiet = (0..QUIET_TICKS).map(|_| tick(&app)).collect::<anyhow::Result<Vec<_>>>()?;
    println!("  a tick with 64 leaves on top of them      {}", spread(&mut quiet));
    let mut proofs = proofs(&app, &runtime, args.leaves)?;
    println!("  a proof out of them                       {}   (to reach: p99 5 ms)", spread(&mut proofs));
    Ok(())
}

fn app(url: &str, folder: &std::path::Path) -> anyhow::Result<App> {
    let environment = vec![
        ("LASTLOOKS_DATABASE_URL".to_owned(), url.to_owned()),
        ("LASTLOOKS_DATA_DIR".to_owned(), folder.display().to_string()),
    ];
    let settings = Settings::read(Sources { file: None, environment, files: &read_file })?;
    Assembly::standard(settings, Tables::Migrate).open()
}

fn now_of(app: &App) -> UtcMillis {
    app.clock().now()
}

fn published(turn: LedgerTurn) -> anyhow::Result<u64> {
    match turn {
        LedgerTurn::Published { size } => Ok(size),
        LedgerTurn::Refused(why) => bail!("{why}"),
    }
}

/// The raw limit: leaf and node hashes of a tree over so many leaves, on one core.
fn hashed_alone(leaves: usize) -> Duration {
    let entries: Vec<[u8; 65]> = (0..leaves).map(|_| chance().bytes()).collect();
    let begun = Instant::now();
    let row: Vec<Hash> = entries.iter().map(|entry| Hash::of_leaf(entry)).collect();
    std::hint::black_box(Hash::of_row(&row));
    begun.elapsed()
}

/// Leaves as a burst of missed deadlines leaves them: [`TOGETHER`] of each report.
fn fill(storage: &Storage, count: usize, now: UtcMillis) -> anyhow::Result<()> {
    let mut rest = count;
    while rest > 0 {
        let part = rest.min(10_000);
        let rows: Vec<PendingRow> = (0..part.div_ceil(TOGETHER)).flat_map(|_| of_report(now)).take(part).collect();
        storage.write_blocking(&[1; 16], move |tx| ledger::add_pending(tx, &rows))?;
        rest -= part;
    }
    Ok(())
}

fn of_report(now: UtcMillis) -> impl Iterator<Item = PendingRow> {
    let report = ReportId::new(chance().bytes());
    (0..TOGETHER).map(move |_| {
        let mut leaf: [u8; 65] = chance().bytes();
        leaf[0] = 1;
        PendingRow {
            id: beside(report, &chance().bytes()).into(),
            report_id: Some(report),
            leaf: leaf.into(),
            opening: chance().bytes::<OPENING_BYTES>().to_vec(),
            recorded_at: now,
        }
    })
}

/// Proofs of leaves all over the tree, each checked against the published head outside the time that counts.
fn proofs(app: &App, runtime: &tokio::runtime::Runtime, leaves: u64) -> anyhow::Result<Vec<Duration>> {
    let head = runtime.block_on(app.ledger_checkpoint())?;
    let mut lines = head.lines().skip(1);
    let size: u64 = lines.next().context("a checkpoint has a size")?.parse()?;
    let root: Hash = lines.next().context("a checkpoint has a root")?.parse()?;
    let mut times = Vec::with_capacity(PROOFS);
    for _ in 0..PROOFS {
        let index = u64::from_be_bytes(chance().bytes()) % leaves;
        let begun = Instant::now();
        let made = runtime.block_on(app.inclusion_proof(index))?;
        times.push(begun.elapsed());
        if let Some(leaf) = tree::leaf(index) {
            proof::inclusion(leaf, index, size, &made, root).with_context(|| format!("leaf {index}"))?;
        }
    }
    Ok(times)
}

fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    let at = |percent: usize| at(percent).copied().map_or(0.0, millis);
    format!("p50 {:>7.2} ms   p99 {:>7.2} ms", at(50), at(99))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn chance() -> &'static dyn Entropy {
    &SystemEntropy
}

/// Errors of a write that the benchmark makes itself.
type Written = Result<(), StorageError>;
