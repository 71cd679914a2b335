//! A board of 50 out of 100,000 reports, over HTTP, beside what the machine can do at most: the same rows read by plain
//! statements, the same envelopes and parts opened by the bare functions.
//!
//! Per database, in one run: the shop steward's board without keys and with them; that of somebody of the highest level,
//! who was told of none of the reports; that of somebody who is kept out of more and more reports that would stand first.
//! Fails if a page has not the rows that it should have.
//!
//! Source: architecture.md, "Figures to reach"; security.md, "Kept out".

#![expect(clippy::print_stdout, reason = "a benchmark is for reading")]
#![expect(clippy::disallowed_methods, reason = "this measures real time")]

mod crowd;
#[path = "../shared/databases.rs"]
mod databases;
mod raw;
mod reader;
#[path = "../shared/serving.rs"]
mod serving;
mod show;

use std::time::{Duration, Instant};

use clap::Parser;

use crate::{databases::Which, reader::Reader, show::Show};

/// As the service has it.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// To be reached without keys and with them.
const TARGETS: (f64, f64) = (10.0, 20.0);
/// Filters, and how many rows they leave on the first page: all that there are, or not one of 100,000.
const FILTERS: [(&str, usize); 9] = [
    ("category=weapons", PAGE),
    ("category=animals", 0),
    ("status=delivered", PAGE),
    ("status=closed", 0),
    ("awaiting=acknowledgement", PAGE),
    ("awaiting=answer", 0),
    ("level=2", 0),
    ("unanswered=false", PAGE),
    ("unanswered=true", 0),
];
/// Rows on the page.
const PAGE: usize = 50;
/// How many reports somebody is kept out of, step by step.
const HIDDEN: [usize; 4] = [0, 50, 500, 2000];

/// A board of 50 out of many reports, beside the bare reading and opening.
#[derive(Parser)]
struct Args {
    /// Reports in the production
    #[arg(long, default_value_t = 100_000)]
    reports: usize,
    /// Requests of each kind
    #[arg(long, default_value_t = 500)]
    requests: usize,
    /// Which database
    #[arg(long, value_enum, default_value_t = Which::Both)]
    database: Which,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    println!("{} cores; one client; {} requests of each kind", std::thread::available_parallelism()?, args.requests);
    args.database.each(|place| measure(&args, &place.url()))
}

fn measure(args: &Args, url: &str) -> anyhow::Result<()> {
    let show = Show::open(url)?;
    let began = Instant::now();
    crowd::fill(&show, args.reports)?;
    println!("  {} reports made in {:.0} s", args.reports, began.elapsed().as_secs_f64());
    let steward = Reader::signs_in(&show, "steward@western.example")?;
    let raw = raw::Limit::of(&show, &steward)?;
    line("bare reading of a page", &mut times(args.requests, || raw.read(false))?, None);
    line("bare reading and opening", &mut times(args.requests, || raw.read(true))?, None);
    steward.page(false, PAGE)?;
    line("board", &mut times(args.requests, || steward.page(false, PAGE))?, Some(TARGETS.0));
    line("board with keys", &mut times(args.requests, || steward.page(true, PAGE))?, Some(TARGETS.1));
    line("board, unchanged (304)", &mut times(args.requests, || steward.unchanged())?, Some(TARGETS.0));
    line("further pages, one after the other", &mut steward.follows(args.requests)?, Some(TARGETS.0));
    for (filter, rows) in FILTERS {
        line(
            &format!("board, {filter}"),
            &mut times(args.requests.min(50), || steward.filtered(filter, rows))?,
            Some(TARGETS.0),
        );
    }
    let producer = Reader::signs_in(&show, "producer@western.example")?;
    line("board of a level told of none", &mut times(args.requests, || producer.page(false, 0))?, Some(TARGETS.0));
    line("statistics over all of them", &mut times(3, || steward.statistics())?, None);
    let first_ad = Reader::signs_in(&show, "1st_ad@western.example")?;
    let mut woken = (0..20).map(|_| steward.woken_by(&first_ad)).collect::<anyhow::Result<Vec<_>>>()?;
    line("a poll, woken by an act", &mut woken, None);
    kept_out(args, &show)
}

/// The board of somebody who is kept out of more and more.
fn kept_out(args: &Args, show: &Show) -> anyhow::Result<()> {
    let subject = Reader::signs_in(show, "1st_ad@western.example")?;
    subject.page(false, PAGE)?;
    let mut hidden = 0;
    for wanted in HIDDEN {
        crowd::file_about(show, "1st_ad", wanted - hidden)?;
        hidden = wanted;
        let name = format!("board, kept out of {hidden} that stand first");
        line(&name, &mut times(args.requests, || subject.page(false, PAGE))?, Some(TARGETS.0));
    }
    Ok(())
}

fn times(count: usize, mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        let began = Instant::now();
        work()?;
        times.push(began.elapsed());
    }
    Ok(times)
}

fn line(name: &str, times: &mut [Duration], target: Option<f64>) {
    times.sort_unstable();
    let at = |percent: usize| {
        times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
    };
    let verdict = target.map(|most| {
        let word = if at(99) <= most { "reached" } else { "NOT reached" };
        format!("   (to reach: p99 {most} ms: {word})")
    });
    println!("  {name:<42} p50 {:>7.2} ms   p99 {:>7.2} ms{}", at(50), at(99), verdict.unwrap_or_default());
}
