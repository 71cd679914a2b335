//! `lastlooks production list`, `show` and `test-notice`: what there is, and what a show still needs before its first day.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::json;

use super::{
    assemble::{Tables, open_app, runtime},
    settings,
};
use crate::app::{
    App,
    people::{Administrator, DeskView},
    productions::ProductionView,
    readiness::{Finding, ReadinessView},
    roster::RosterView,
};

/// Options of `lastlooks production list`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  lastlooks production list --json")]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Options of `lastlooks production show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Prints names and addresses of people. Reports are not touched: nobody can read them here.

Example:
  lastlooks production show --production western")]
pub struct ShowArgs {
    /// Short name of the production
    #[arg(long, value_name = "SLUG")]
    pub production: String,
    /// Print JSON: production, roster and readiness, as the API has them
    #[arg(long)]
    pub json: bool,
}

/// Options of `lastlooks production test-notice`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Once in five minutes at most.

Example:
  lastlooks production test-notice --production western")]
pub struct TestNoticeArgs {
    /// Short name of the production
    #[arg(long, value_name = "SLUG")]
    pub production: String,
}

/// Runs `lastlooks production list`.
///
/// # Errors
/// If the database cannot be reached.
pub fn list(args: &ListArgs, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let productions = runtime()?.block_on(app.every_production())?;
    if args.json {
        return Ok(writeln!(out, "{}", serde_json::to_string_pretty(&productions)?)?);
    }
    if productions.is_empty() {
        writeln!(out, "There is none yet. Next: lastlooks production create --help")?;
    }
    for production in productions {
        let state = if production.ready { "takes reports" } else { "takes none yet: nobody sits at a union desk" };
        writeln!(out, "{:<24} {} ({state})", production.slug, production.name)?;
    }
    Ok(())
}

/// Runs `lastlooks production show`.
///
/// # Errors
/// If there is no such production, or the database cannot be reached.
pub fn show(args: &ShowArgs, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let (production, roster, readiness) = runtime()?.block_on(read(&app, &args.production))?;
    if args.json {
        let all = json!({ "production": production, "roster": roster, "readiness": readiness });
        return Ok(writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?);
    }
    writeln!(
        out,
        "{} ({}), times in {}, policy version {}",
        production.name, production.slug, production.time_zone, production.policy_version
    )?;
    desks(&roster, &production.slug, out)?;
    needs(&readiness, out)?;
    Ok(())
}

/// Runs `lastlooks production test-notice`.
///
/// # Errors
/// If there is no such production, or the last test notice was less than five minutes ago.
pub fn test_notice(args: &TestNoticeArgs, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let sent = runtime()?.block_on(async {
        let id = app.production_named(&args.production).await?;
        app.send_test_notice(Administrator::Host, id).await
    })?;
    let people = if sent.people == 1 { "one person".to_owned() } else { format!("{} people", sent.people) };
    writeln!(out, "A test notice waits for {people}; the service sends it within ten seconds.")?;
    writeln!(
        out,
        "Each presses \"It arrived\" behind its link. Next: lastlooks production show --production {}",
        args.production
    )?;
    Ok(())
}

async fn read(app: &App, slug: &str) -> anyhow::Result<(ProductionView, RosterView, ReadinessView)> {
    let id = app.production_named(slug).await?;
    let mut all = app.every_production().await?.into_iter();
    let production = all.find(|production| production.id == id).ok_or_else(|| anyhow::anyhow!("it was removed"))?;
    let roster = app.roster(Administrator::Host, id).await?;
    Ok((production, roster, app.readiness(Administrator::Host, id).await?))
}

fn desks(roster: &RosterView, slug: &str, out: &mut dyn Write) -> io::Result<()> {
    if roster.desks.is_empty() {
        return writeln!(out, "\nNo desks yet. Next: lastlooks desk add --production {slug} --help");
    }
    let mut desks: Vec<&DeskView> = roster.desks.iter().collect();
    // As a report climbs; observers, who have no level, last.
    desks.sort_by_key(|desk| (desk.level.is_none(), desk.level, &desk.side, &desk.name));
    for desk in desks {
        let place = desk.level.map_or_else(|| desk.side.clone(), |level| format!("level {level}, {}", desk.side));
        writeln!(out, "\n{} ({place})", desk.name)?;
        let (seated, invited) = (
            roster.seats.iter().filter(|seat| seat.desk == desk.id),
            roster.invitations.iter().filter(|invitation| invitation.desk == Some(desk.id)),
        );
        let mut lines: Vec<String> = seated
            .map(|seat| format!("{} <{}>: {}", seat.name, seat.email.as_deref().unwrap_or("-"), seat.roles.join(", ")))
            .collect();
        lines.extend(invited.map(|invitation| {
            let (email, roles, until) = (&invitation.email, invitation.roles.join(", "), &invitation.expires_at);
            format!("invited until {until}: <{email}>: {roles}")
        }));
        if lines.is_empty() {
            lines.push(format!(
                "nobody; lastlooks member invite --production {slug} --desk {:?} --email E --role R",
                desk.name
            ));
        }
        lines.iter().try_for_each(|line| writeln!(out, "    {line}"))?;
    }
    Ok(())
}

fn needs(readiness: &ReadinessView, out: &mut dyn Write) -> io::Result<()> {
    if readiness.ready {
        writeln!(out, "\nNothing is missing.")?;
    } else {
        writeln!(out, "\nBefore the first day it needs:")?;
    }
    readiness.missing.iter().try_for_each(|finding| writeln!(out, "  - {}", words(finding)))?;
    if !readiness.warnings.is_empty() {
        writeln!(out, "What could go wrong:")?;
    }
    readiness.warnings.iter().try_for_each(|finding| writeln!(out, "  - {}", words(finding)))
}

/// What a finding means, and what to do.
fn words(finding: &Finding) -> String {
    let side = finding.side.as_deref().unwrap_or_default();
    let level = finding.level.map(|level| format!(" at level {level}")).unwrap_or_default();
    let person = finding.person.as_deref().unwrap_or_default();
    let desk = finding.desk.as_deref().unwrap_or_default();
    match finding.code.as_str() {
        "nobody_there" => format!("somebody of the {side} side{level}: a report would pass it by; invite one"),
        "dead_address" => {
            format!("another address for {person} ({desk}): a mail server says that theirs does not exist")
        }
        "no_test_notice" => {
            "a test notice, since nobody knows whether mail arrives: lastlooks production test-notice".to_owned()
        }
        "test_not_confirmed" => format!("a word from {person} ({desk}) that the test notice arrived; spam folder too"),
        "few_on_side" => {
            format!("fewer than three people of the {side} side: invite more, or too much depends on each")
        }
        "single_person_desk" => format!("one person is all of {desk}: invite a second, for when the first sleeps"),
        "not_let_in" => {
            format!(
                "{person} ({desk}) cannot read what was open before they came, until somebody of that side lets them in"
            )
        }
        code => [code, desk, person].join(" ").trim_end().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_that_this_command_does_not_know_is_named() {
        let finding = Finding {
            code: "something_new".to_owned(),
            side: None,
            level: None,
            desk: Some("Office".to_owned()),
            person: None,
        };
        assert_eq!(words(&finding), "something_new Office");
    }
}
