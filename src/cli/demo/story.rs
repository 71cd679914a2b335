//! The story: seven reports are filed, one is answered in time and checked, the rest meets silence to the end.
//!
//! Everything is done and seen through the HTTP API, as a phone and a desk would.

use std::{io::Write, thread::sleep, time::Duration};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::{
    cast::Western,
    client::{Client, Session},
    script::{ANSWER, ANSWERED, SCENES},
    telling::{Teller, unanswered_table},
};
use crate::{entropy::Entropy, sealing::receipt::Receipt};

/// Between two filings.
const PAUSE: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);
/// Longer than the longest way through the demo's windows; a story that takes longer has gone wrong.
const MOST_LOOKS: usize = 900;

/// A report of the story and the receipt that opens it.
pub(super) struct Filed {
    /// Its receipt, 32 hex digits.
    pub(super) receipt: String,
    handle: String,
}

/// Tells the whole story; returns the reports.
///
/// # Errors
/// If anything goes otherwise than it must.
pub(super) fn tell(
    base_url: &str,
    western: &Western,
    entropy: &dyn Entropy,
    out: &mut dyn Write,
) -> anyhow::Result<Vec<Filed>> {
    let client = Client::new(base_url);
    let upm = client.sign_in(western.with_role("upm")?)?;
    let rep = client.sign_in(western.with_role("business_rep")?)?;
    let mut acts = Acts { client: &client, upm: &upm, rep: &rep, done: Done::Nothing };
    let mut filed: Vec<Filed> = Vec::new();
    let mut teller = Teller::new();
    for scene in &SCENES {
        writeln!(out, "\n{}", scene.seen)?;
        let receipt = Receipt::new(entropy.bytes()).hex().to_string();
        let answer = client.post("/v1/reports", &[("Crew-Code", &western.crew_code)], &scene.body(&receipt))?;
        let handle = answer["handle"].as_str().context("no handle")?.to_owned();
        Teller::filed(&answer, out)?;
        filed.push(Filed { receipt, handle });
        for _ in 0..PAUSE.as_millis() / LOOK.as_millis() {
            look(&client, &filed, &mut teller, out)?;
            acts.next(&filed)?;
            sleep(LOOK);
        }
    }
    see_through(&mut acts, &filed, &mut teller, out)?;
    let list = client.get("/v1/reports?unanswered=true&limit=100", &rep.headers())?;
    unanswered_table(&list, out)?;
    Ok(filed)
}

/// Looks at every inbox once; gives their statuses.
fn look(client: &Client, filed: &[Filed], teller: &mut Teller, out: &mut dyn Write) -> anyhow::Result<Vec<String>> {
    let mut statuses = Vec::new();
    for report in filed {
        let receipt = format!("Receipt {}", report.receipt);
        let inbox = client.get("/v1/inbox", &[("Authorization", &receipt)])?;
        teller.news(&inbox, out)?;
        statuses.push(inbox["status"].as_str().unwrap_or_default().to_owned());
    }
    Ok(statuses)
}

/// The scripted acts, in their order.
struct Acts<'a> {
    client: &'a Client,
    upm: &'a Session,
    rep: &'a Session,
    done: Done,
}

/// How far the scripted acts have come.
enum Done {
    Nothing,
    Answered,
    Checked,
}

/// Goes on until one report is answered and checked, and all others are exhausted.
fn see_through(acts: &mut Acts<'_>, filed: &[Filed], teller: &mut Teller, out: &mut dyn Write) -> anyhow::Result<()> {
    for _ in 0..MOST_LOOKS {
        let statuses = look(acts.client, filed, teller, out)?;
        let over = |(i, status): (usize, &String)| i == ANSWERED || status == "exhausted";
        if matches!(acts.done, Done::Checked) && statuses.iter().enumerate().all(over) {
            return Ok(());
        }
        acts.next(filed)?;
        sleep(LOOK);
    }
    bail!("the story did not come to its end in time")
}

impl Acts<'_> {
    /// Does the next act, once it is possible.
    fn next(&mut self, filed: &[Filed]) -> anyhow::Result<()> {
        let handle = &filed[ANSWERED].handle;
        let done = match self.done {
            Done::Nothing if self.answer(handle)? => Done::Answered,
            Done::Answered if self.check(handle)? => Done::Checked,
            Done::Nothing | Done::Answered | Done::Checked => return Ok(()),
        };
        self.done = done;
        Ok(())
    }

    /// The unit production manager answers once the report is on their list.
    fn answer(&self, handle: &str) -> anyhow::Result<bool> {
        let Some(report) = self.find(self.upm, handle, |_| true)? else { return Ok(false) };
        let body = json!({"kind": "action", "text": ANSWER, "by_role": "upm", "done": "yes"});
        self.client.post(&format!("/v1/reports/{report}/answer"), &self.upm.headers(), &body)?;
        Ok(true)
    }

    /// The business representative looks, and confirms it.
    fn check(&self, handle: &str) -> anyhow::Result<bool> {
        let Some(report) = self.find(self.rep, handle, |item| item["status"] == "answered")? else { return Ok(false) };
        self.client.get(&format!("/v1/reports/{report}"), &self.rep.headers())?;
        let body = json!({"verdict": "verified", "note": "seen on set: the cart is locked"});
        self.client.post(&format!("/v1/reports/{report}/verification"), &self.rep.headers(), &body)?;
        Ok(true)
    }

    /// The id of the report, once it is on somebody's list and as it is wanted.
    fn find(&self, who: &Session, handle: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<Option<String>> {
        let list = self.client.get("/v1/reports?limit=100", &who.headers())?;
        let items = list["items"].as_array().context("no list")?;
        let found = items.iter().find(|item| item["handle"] == handle && wanted(item));
        Ok(found.and_then(|item| item["id"].as_str()).map(str::to_owned))
    }
}
