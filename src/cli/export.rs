//! `lastlooks export`: what one member may see of a production, as JSON or CSV.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::bail;
use serde_json::{Value, json};

use super::{
    assemble::{Tables, open_app, runtime},
    csv,
    engine::utc,
    password, settings,
};
use crate::{
    app::{
        App, Reader,
        board::{MOST_ROWS, Wanted},
        error::AppError,
        sessions::SignedIn,
        view::ReportView,
    },
    domain::ids::ReportId,
    sealing::{keys::Keys, seed::UnlockKey},
};

/// Between two lines about progress.
const TELL_EVERY: usize = 200;

/// Options of `lastlooks export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It opens what this member may open, with their password, and nothing else. Exporting is reading: each report in it is
put on record as opened by this member.

The password is asked for at the terminal, or is the first line of --password-file (`-` for standard input).

Examples:
  lastlooks export --production western --member rep@union.example > western.json
  lastlooks export --production western --member rep@union.example --csv --password-file - < secret > western.csv")]
pub struct Args {
    /// Short name of the production
    #[arg(long, value_name = "SLUG")]
    pub production: String,
    /// E-mail address of the member
    #[arg(long, value_name = "EMAIL")]
    pub member: String,
    /// Print JSON; the default
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values, one line a report
    #[arg(long)]
    pub csv: bool,
    /// File whose first line is the password; `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// In words for the host: a wrong password, a production in which the member has no seat.
pub fn run(args: &Args, config: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    let app = open_app(settings::read(config)?, Tables::Expect)?;
    let password = password::ask(&args.member, args.password_file.as_deref())?;
    runtime()?.block_on(async {
        let (who, keys) = sign_in(&app, &args.member, &password).await?;
        drop(password);
        let me = app.me(&who).await?;
        if !me.seats.iter().any(|seat| seat.production_slug == args.production) {
            bail!("{} has no seat in a production called `{}` here", who.email, args.production);
        }
        let mut sheet: Box<dyn Sheet> = if args.csv { Box::new(Lines) } else { Box::new(Document::default()) };
        sheet.begin(&app, args, out)?;
        copy(&app, Reader { member: who.member, keys: Some(&keys) }, &args.production, &mut *sheet, out).await?;
        sheet.end(out)?;
        Ok(())
    })
}

/// The member and their keys. The session is over at once: the keys live in this process alone.
async fn sign_in(app: &App, email: &str, password: &str) -> anyhow::Result<(SignedIn, Keys)> {
    let session = app.sign_in(email, password).await.map_err(|error| match error {
        AppError::SignInRequired => anyhow::anyhow!("nobody has this address and this password"),
        error => error.into(),
    })?;
    let keys = UnlockKey::parse(&session.unlock_key).map(|key| app.unlock(&session.who, &key));
    app.sign_out(&session.who).await?;
    Ok((session.who, keys??))
}

/// Page by page, each report as the member reads it.
async fn copy(
    app: &App,
    reader: Reader<'_>,
    production: &str,
    sheet: &mut dyn Sheet,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let (mut cursor, mut copied) = (None, 0);
    loop {
        let production = Some(production.to_owned());
        let wanted = Wanted { production, limit: Some(MOST_ROWS), cursor, ..Wanted::default() };
        let page = app.board(reader, wanted).await?.list;
        for item in page.items {
            let id: ReportId = item.id.parse().map_err(|_| anyhow::anyhow!("a report has no id"))?;
            match app.report(reader, id).await {
                Ok(report) => sheet.add(&report, out)?,
                // Gone since the page was made, as by a recusal.
                Err(AppError::NotFound) => continue,
                Err(error) => return Err(error.into()),
            }
            copied += 1;
            if copied % TELL_EVERY == 0 {
                // A closed terminal stops no export.
                let _lost = writeln!(io::stderr(), "{copied} reports");
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// How reports are written down.
trait Sheet {
    fn begin(&mut self, app: &App, args: &Args, out: &mut dyn Write) -> io::Result<()>;
    fn add(&mut self, report: &ReportView, out: &mut dyn Write) -> anyhow::Result<()>;
    fn end(&mut self, out: &mut dyn Write) -> io::Result<()>;
}

/// One JSON document, written report by report.
#[derive(Default)]
struct Document {
    has_any: bool,
}

impl Sheet for Document {
    fn begin(&mut self, app: &App, args: &Args, out: &mut dyn Write) -> io::Result<()> {
        let head =
            json!({ "production": args.production, "member": args.member, "exported_at": utc(app.clock().now()) });
        let head = head.to_string();
        write!(out, "{},\"reports\":[", head.trim_end_matches('}'))
    }

    fn add(&mut self, report: &ReportView, out: &mut dyn Write) -> anyhow::Result<()> {
        let comma = if self.has_any { "," } else { "" };
        self.has_any = true;
        Ok(write!(out, "{comma}\n{}", serde_json::to_string(report)?)?)
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "\n]}}")
    }
}

/// Comma-separated values, one line a report.
struct Lines;

/// Columns, each with where its value stands in the report.
const COLUMNS: [(&str, &str); 31] = [
    ("handle", "/handle"),
    ("category", "/category"),
    ("kind", "/kind"),
    ("severity", "/severity"),
    ("ongoing", "/ongoing"),
    ("status", "/status"),
    ("outcome", "/outcome"),
    ("level", "/level"),
    ("cycle", "/cycle"),
    ("awaiting", "/awaiting"),
    ("due_at", "/due_at"),
    ("holder", "/holder/role"),
    ("stopped", "/stopped"),
    ("when", "/shared/when"),
    ("place", "/shared/place"),
    ("weapon", "/shared/weapon"),
    ("weapon_state", "/shared/weapon_state"),
    ("injuries", "/shared/injuries"),
    ("make_safe", "/shared/make_safe"),
    ("narrative_shared", "/shared/narrative"),
    ("narrative_union", "/union/narrative"),
    ("departments", "/union/departments"),
    ("subject_role", "/union/subject_role"),
    ("raised_before", "/union/raised_before"),
    ("raised_with", "/union/raised_with"),
    ("was_answered", "/union/was_answered"),
    ("considering_refusal", "/union/considering_refusal"),
    ("summary", "/summary"),
    ("unanswered_by", "/unanswered_by"),
    ("answers", "/answers"),
    ("messages", "/messages"),
];

impl Sheet for Lines {
    fn begin(&mut self, _: &App, _: &Args, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", COLUMNS.map(|(name, _)| name).join(","))
    }

    fn add(&mut self, report: &ReportView, out: &mut dyn Write) -> anyhow::Result<()> {
        let report = serde_json::to_value(report)?;
        let fields = COLUMNS.map(|(_, path)| report.pointer(path).map(text).unwrap_or_default());
        Ok(writeln!(out, "{}", csv::line(fields.iter().map(String::as_str)))?)
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// A value as one text; what is a list has one line an entry.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join("\n"),
        Value::Object(fields) => {
            let shown = fields.iter().filter(|(_, value)| !value.is_null() && **value != Value::Bool(false));
            shown.map(|(name, value)| format!("{name}: {}", text(value))).collect::<Vec<_>>().join("; ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_answers_is_one_cell_with_a_line_each() {
        let answers =
            json!([{ "kind": "action", "text": "locked", "late": false }, { "kind": "dispute", "text": null }]);
        assert_eq!(text(&answers), "kind: action; text: locked\nkind: dispute");
    }
}
