//! `lastlooks production policy`: the ladder of a production, read, set from a file, explained.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    assemble::{Tables, open_app, runtime},
    policy_file, settings,
};
use crate::{
    app::{
        App, Production,
        people::Administrator,
        policy::{PolicyView, Standing},
    },
    domain::{
        ids::ProductionId,
        policy::{Ladder, Level, Policy, PolicyDocument, Rung, Side, WindowRow},
        time::{Seconds, UtcMillis},
    },
    notify::Times,
};

/// Options of `lastlooks production policy`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Without --file it prints the policy in force as JSON: save it, change it, hand it back with --file. What a file leaves out
is as shipped. Lengths are seconds. A version that takes something from the union side or lengthens a window waits until a
union member agrees; the one before stays in force, also for reports that were filed under it.

Examples:
  lastlooks production policy --production western > western.json
  lastlooks production policy --production western --file western.json --check --explain
  lastlooks production policy --production western --file western.toml
  lastlooks production policy --production western --explain")]
pub struct Args {
    /// Short name of the production
    #[arg(long, value_name = "SLUG")]
    pub production: String,
    /// Make the next version from this file: JSON, or .toml, .yaml
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Only read the file and say what is wrong with it; change nothing
    #[arg(long, requires = "file")]
    pub check: bool,
    /// Print the ladder in words, with an example of times
    #[arg(long)]
    pub explain: bool,
}

/// Runs the command.
///
/// # Errors
/// In words for the host: what is wrong with the file names the path in the document.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let wanted = args.file.as_deref().map(policy_file::read).transpose()?;
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    runtime()?.block_on(async {
        let id = app.production_named(&args.production).await?;
        match (wanted, args.check) {
            (Some(wanted), true) => check(&app, id, wanted, args.explain, out).await,
            (Some(wanted), false) => set(&app, id, wanted, args, out).await,
            (None, _) if args.explain => show(&app, id, out).await,
            (None, _) => {
                let production = app.production(id).await?;
                Ok(writeln!(out, "{}", serde_json::to_string_pretty(&production.policy.document)?)?)
            }
        }
    })
}

async fn set(
    app: &App,
    id: ProductionId,
    wanted: PolicyDocument,
    args: &Args,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let before = app.policy_for(Administrator::Host, id).await?.pending;
    let (view, standing) = app.put_policy(Administrator::Host, id, wanted).await?;
    if let Some(before) = before {
        writeln!(
            out,
            "Version {} waited for agreement and does so no more: this takes its place, desks included.",
            before.version
        )?;
    }
    if let Standing::InForce(version) = standing {
        writeln!(out, "Version {version} is in force for reports filed from now on.")?;
    }
    waits(&view, out)?;
    if args.explain { show(app, id, out).await } else { Ok(()) }
}

fn waits(view: &PolicyView, out: &mut dyn Write) -> io::Result<()> {
    let Some(pending) = &view.pending else { return Ok(()) };
    writeln!(
        out,
        "Version {} waits until a union member agrees; until then version {} is in force.",
        pending.version, view.version
    )?;
    for (what, paths) in [("longer", &pending.longer), ("takes from the union side or reporters", &pending.taken)] {
        if !paths.is_empty() {
            writeln!(out, "  {what}: {}", paths.join(", "))?;
        }
    }
    writeln!(
        out,
        "Whoever sits at a union desk agrees with POST /v1/productions/{{id}}/policy/agreement; see docs/api.md."
    )?;
    Ok(())
}

/// The file as it would be, beside what is in force.
async fn check(
    app: &App,
    id: ProductionId,
    wanted: PolicyDocument,
    explain: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let production = app.production(id).await?;
    let before = &production.policy.document;
    let needs = [wanted.longer_than(before), wanted.takes_from(before)].concat();
    if needs.is_empty() {
        writeln!(out, "The file is a policy, and could be in force at once. Nothing was changed.")?;
    } else {
        writeln!(
            out,
            "The file is a policy; a union member would have to agree to {}. Nothing was changed.",
            needs.join(", ")
        )?;
    }
    if explain {
        let policy = Policy { document: wanted, ..(*production.policy).clone() };
        Explained { policy: &policy, production: &production, now: app.clock().now() }.to(out)?;
    }
    Ok(())
}

async fn show(app: &App, id: ProductionId, out: &mut dyn Write) -> anyhow::Result<()> {
    let production: Arc<Production> = app.production(id).await?;
    let view = app.policy_for(Administrator::Host, id).await?;
    writeln!(out, "{}: policy version {}", production.slug, production.policy.version)?;
    waits(&view, out)?;
    Explained { policy: &production.policy, production: &production, now: app.clock().now() }.to(out)?;
    Ok(())
}

/// A policy in words.
struct Explained<'a> {
    policy: &'a Policy,
    production: &'a Production,
    now: UtcMillis,
}

impl Explained<'_> {
    fn to(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "As if a report were filed at {} and nobody ever replied:", self.say(self.now))?;
        for row in WindowRow::ALL {
            self.row(row, out)?;
        }
        let contest = span(self.policy.document.contest_seconds);
        writeln!(out, "\nThe reporter may say that it is not fixed for {contest} after an answer.")?;
        writeln!(out, "The union side checks an answer within:")?;
        for (severity, within) in self.policy.document.verification.iter().rev() {
            writeln!(out, "  {:<12} {}", severity.code(), span(*within))?;
        }
        Ok(())
    }

    fn say(&self, at: UtcMillis) -> String {
        Times::new(&self.production.settings.time_zone, self.now).say(at)
    }

    fn row(&self, row: WindowRow, out: &mut dyn Write) -> io::Result<()> {
        let Ladder { delivered_at, rungs, exhausted_at } = self.policy.ladder(row, self.now);
        writeln!(out, "\n{} ({})", row.code(), words(row))?;
        if delivered_at != self.now {
            writeln!(out, "  waits until {}, so that the moment tells nobody who filed", self.say(delivered_at))?;
        }
        let side = if row == WindowRow::Retaliation { Side::Union } else { Side::Production };
        for rung in &rungs {
            self.rung(rung, side, out)?;
        }
        let then = self.told_at_the_end(row, rungs.last());
        let then = if then.is_empty() { String::new() } else { format!("; told then: {}", then.join(", ")) };
        writeln!(out, "  {:<10} everybody was told and nobody answered{then}", self.say(exhausted_at))
    }

    /// Observers, where the policy wants them told, and union desks above the last level, such as counsel.
    fn told_at_the_end(&self, row: WindowRow, last: Option<&Rung>) -> Vec<String> {
        let observed = self.policy.document.observers.iter().any(|severity| WindowRow::from(*severity) == row);
        let highest = last.and_then(|rung| rung.levels.last().copied());
        let told = self.policy.desks.iter().filter(|desk| match desk.side {
            Side::Observer => observed,
            Side::Union => desk.level > highest,
            Side::Production => false,
        });
        told.map(|desk| desk.name.clone()).collect()
    }

    fn rung(&self, rung: &Rung, side: Side, out: &mut dyn Write) -> io::Result<()> {
        let at = |side: Side| -> Vec<String> {
            rung.levels.iter().flat_map(|level| self.names(Some(*level), side)).collect()
        };
        let levels: Vec<String> = rung.levels.iter().map(|level| level.0.to_string()).collect();
        let beside = if side == Side::Production { at(Side::Union) } else { Vec::new() };
        let beside =
            if beside.is_empty() { String::new() } else { format!(", and at the same instant {}", beside.join(", ")) };
        writeln!(
            out,
            "  {:<10} level {}: {}{beside}",
            self.say(rung.told_at),
            levels.join(" and "),
            at(side).join(", ")
        )?;
        writeln!(
            out,
            "  {:<10}   \"I have it\" by {}, an answer by {}",
            "",
            self.say(rung.acknowledge_by),
            self.say(rung.answer_by)
        )
    }

    fn names(&self, level: Option<Level>, side: Side) -> Vec<String> {
        let desks = self.policy.desks.iter().filter(|desk| desk.side == side && desk.level == level);
        desks.map(|desk| desk.name.clone()).collect()
    }
}

/// How soon somebody could be hurt.
const fn words(row: WindowRow) -> &'static str {
    match row {
        WindowRow::Immediate => "right now",
        WindowRow::NextSetup => "the next time we do this",
        WindowRow::NextCall => "tomorrow",
        WindowRow::Concern => "in general",
        WindowRow::Retaliation => "somebody was punished for speaking up; the union side alone",
    }
}

/// A length in words.
fn span(length: Seconds) -> String {
    match length.0 {
        seconds if seconds % 86_400 == 0 => format!("{} d", seconds / 86_400),
        seconds if seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}
