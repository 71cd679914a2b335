//! What the demo prints: one line for each thing as it happens, and the unanswered list as a table.

use std::{
    collections::{BTreeMap, HashMap},
    io::{self, Write},
};

use serde_json::Value;

use super::cast::{SLUG, Western};

/// Remembers what was told already.
#[derive(Debug, Default)]
pub(super) struct Teller {
    told: HashMap<String, (usize, usize)>,
}

impl Teller {
    /// Nothing told yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A report was taken in.
    ///
    /// # Errors
    /// If `out` is closed.
    pub(super) fn filed(answer: &Value, out: &mut dyn Write) -> io::Result<()> {
        let because = list(&answer["raised_because"]);
        let raised = if because.is_empty() { String::new() } else { format!(", raised: {because}") };
        line(out, answer, &format!("filed, {}{raised}", text(&answer["severity"])))
    }

    /// What happened to a report since the last look.
    ///
    /// # Errors
    /// If `out` is closed.
    pub(super) fn news(&mut self, inbox: &Value, out: &mut dyn Write) -> io::Result<()> {
        let (seen, missed) = self.told.entry(text(&inbox["handle"])).or_default();
        let (timeline, breaches) = (items(&inbox["timeline"]), items(&inbox["unanswered_by"]));
        for event in timeline.iter().skip(*seen) {
            if let Some(words) = words(inbox, event) {
                line(out, inbox, &words)?;
            }
            if event["what"] == "breached" {
                if let Some(breach) = breaches.get(*missed) {
                    let (desks, due) = (list(&breach["desks"]), clock(&breach["due_at"]));
                    let what = text(&breach["awaiting"]);
                    line(out, inbox, &format!("NO REPLY IN TIME: {desks}; {what} was due {due}"))?;
                }
                *missed += 1;
            }
        }
        *seen = timeline.len();
        Ok(())
    }
}

fn words(inbox: &Value, event: &Value) -> Option<String> {
    let level = event["level"].as_u64();
    let role = text(&event["by_role"]);
    Some(match event["what"].as_str()? {
        "delivered" => "delivered".to_owned(),
        "assigned" => format!("step {}: sent to {}", level?, desks(inbox, level?)),
        "notified" => format!("mail accepted for step {}", level?),
        "opened" => format!("opened at step {}", level?),
        "acknowledged" => format!("{role} has it"),
        "answered" => {
            let answer = items(&inbox["answers"]).last()?;
            format!("ANSWERED by {role}: {}", text(&answer["text"]))
        }
        "verified" => format!("checked by the union side ({role}): it is so"),
        "exhausted" => "EVERYONE WAS TOLD, NOBODY ANSWERED: financier, guarantor and union counsel are told".to_owned(),
        "no_recipient" => format!("step {}: nobody there can be reached", level?),
        "closed" => "closed".to_owned(),
        _ => return None,
    })
}

fn line(out: &mut dyn Write, report: &Value, words: &str) -> io::Result<()> {
    writeln!(out, "  {:<20} {words}", text(&report["handle"]))?;
    out.flush()
}

fn desks(inbox: &Value, level: u64) -> String {
    let of_level = items(&inbox["levels"]).iter().find(|l| l["level"] == level);
    of_level.map(|l| list(&l["desks"])).unwrap_or_default()
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> String {
    items(value).iter().map(text).collect::<Vec<_>>().join(", ")
}

/// The time of day of an RFC 3339 instant.
fn clock(value: &Value) -> String {
    text(value).split('T').nth(1).unwrap_or_default().trim_end_matches('Z').to_owned() + " UTC"
}

/// The unanswered list.
///
/// # Errors
/// If `out` is closed.
pub(super) fn unanswered_table(list_answer: &Value, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nNo reply in time\n")?;
    writeln!(out, "  {:<20} {:<5} {:<28} {:<14} what was missed", "report", "level", "desks", "deadline")?;
    let mut lines: BTreeMap<(String, String, u64), String> = BTreeMap::new();
    for item in items(&list_answer["items"]) {
        let handle = text(&item["handle"]);
        for breach in items(&item["unanswered_by"]) {
            let level = breach["level"].as_u64().unwrap_or_default();
            let due = text(&breach["due_at"]);
            let told = if breach["told"] == true { "" } else { " (not told)" };
            let line = format!(
                "  {handle:<20} {level:<5} {:<28} {:<14} {}{told}",
                list(&breach["desks"]),
                clock(&breach["due_at"]),
                text(&breach["awaiting"])
            );
            lines.insert((due, handle.clone(), level), line);
        }
    }
    for line in lines.values() {
        writeln!(out, "{line}")?;
    }
    let reports = items(&list_answer["items"]).len();
    writeln!(out, "\n  {} missed deadlines of {reports} reports, on record for ever.", lines.len())
}

/// Addresses, logins and the crew code.
///
/// # Errors
/// If `out` is closed.
pub(super) fn table(base_url: &str, mail: &str, western: &Western, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nLast Looks serves the show \"Western\"\n")?;
    writeln!(out, "  address     {base_url}")?;
    writeln!(out, "  API         {base_url}/docs")?;
    writeln!(out, "  crew code   {}", western.crew_code)?;
    writeln!(out, "  mail        {mail}\n")?;
    writeln!(out, "  {:<9} {:<36} {:<34} {:<11} desk", "name", "e-mail", "password", "side")?;
    for m in &western.members {
        writeln!(out, "  {:<9} {:<36} {:<34} {:<11} {}", m.name, m.email, m.password, m.side, m.desks.join(", "))?;
    }
    Ok(())
}

/// Lines to paste into another terminal.
///
/// # Errors
/// If `out` is closed, or nobody is the unit production manager.
pub(super) fn curl_lines(
    base_url: &str,
    western: &Western,
    new_receipt: &str,
    old_receipt: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let upm = western.with_role("upm")?;
    let (email, password, code) = (&upm.email, &upm.password, &western.crew_code);
    writeln!(
        out,
        "
Try it yourself, in another terminal:

# what a phone needs before it files
curl -sS {base_url}/v1/crew/manifest -H 'Crew-Code: {code}'

# file a report
curl -sS {base_url}/v1/reports -H 'Crew-Code: {code}' -H 'Content-Type: application/json' -d '{{\"receipt\":\"{new_receipt}\",\"category\":\"weapons\",\"kind\":\"left_unattended\",\"severity\":\"next_setup\",\"ongoing\":\"yes\",\"make_safe\":\"lock the cart\"}}'

# what its receipt opens (padded with blanks, so that the size says nothing); and the one of a report that nobody answered
curl -sS -w '\\n' {base_url}/v1/inbox -H 'Authorization: Receipt {new_receipt}'
curl -sS -w '\\n' {base_url}/v1/inbox -H 'Authorization: Receipt {old_receipt}'

# sign in as the unit production manager, see what nobody answered
TOKEN=$(curl -sS {base_url}/v1/sessions -H 'Content-Type: application/json' -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')
curl -sS \"{base_url}/v1/reports?unanswered=true\" -H \"Authorization: Bearer $TOKEN\"

Show: {SLUG}. Ctrl-C ends the demo."
    )?;
    Ok(())
}
