//! Promises and bundles: what the reporter, the union and the production can show a stranger.

use std::collections::BTreeSet;

use lastlooks::{
    domain::ledger::Leaf,
    evidence::{
        bundle::Bundle,
        check::{Findings, check},
        promise::{Broken, Promise},
        quorum::Quorum,
    },
    merkle::note::Note,
};
use serde_json::json;

use super::{
    all_entries, head, keys, ticks,
    verifiers::{Witnesses, ours, proof, script, until, watched_until},
};
use crate::{
    rust_2021::{begin, body, files, on, text},
    support::{
        app::{TestApp, on_each},
        people::Person,
    },
};

fn sound(bundle: &str) -> Findings {
    check(bundle, None, &Quorum::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn promise_of(set: &TestApp, note: &str) -> Promise {
    let note: Note = note.parse().unwrap();
    note.verified(&keys(set).1).unwrap().parse().unwrap()
}

/// The id of the one report on somebody's board.
fn id(person: &Person) -> String {
    let list = person.gets("/v1/reports?limit=100").is(200);
    text(&list["items"][0]["id"])
}

#[test]
fn a_filing_is_answered_with_a_promise_and_the_same_filing_again_with_the_same_one() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        ticks(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let note = text(&reporter.filed["promise"]);
        let promise = promise_of(set, &note);
        assert_eq!((promise.origin.as_str(), promise.after), (head(set).origin.as_str(), head(set).size));
        assert_eq!((promise.entries.len(), promise.outcomes.len()), (1, 1));
        assert_eq!(text(&reporter.filed["due_at"]), "2021-10-16T16:55:00Z");
        assert!(note.contains("level 1 due 2021-10-16T16:55:00Z"), "{note}");
        assert!(note.contains("outcome-by 2021-10-16T17:55:00Z one of "), "{note}");
        let mut again = body(1);
        again["receipt"] = json!(reporter.receipt);
        assert_eq!(western.crew().tries_to_file(&again).is(200)["promise"], note.as_str());
        until(set, &mut days, on(16, 14, 0));
        assert_eq!(western.crew().tries_to_file(&again).is(200)["promise"], note.as_str(), "whatever happened since");
        let leaf = promise.entries[0].leaf;
        assert!(all_entries(set).iter().any(|entry| entry == leaf.as_bytes()), "it is kept");
    });
}

#[test]
fn a_report_with_a_delay_is_promised_nothing_before_it_is_delivered() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let concern = json!({ "category": "sanitation_food_housing", "severity": "concern", "ongoing": "no" });
        let reporter = files(&mut days, &western, 1, concern.clone());
        assert_eq!((&reporter.filed["status"], &reporter.filed["promise"]), (&json!("filed"), &json!(null)));
        days.until(on(16, 11, 0));
        let mut again = concern;
        again["receipt"] = json!(reporter.receipt);
        let note = text(&western.crew().tries_to_file(&again).is(200)["promise"]);
        assert_eq!(promise_of(set, &note).entries[0].kind, "assigned");
    });
}

#[test]
fn the_promise_tells_no_finer_moment_than_is_kept() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let promises: BTreeSet<_> = [10, 40]
            .into_iter()
            .map(|minute| {
                until(set, &mut days, on(16, 10, minute));
                let concern = json!({ "category": "sanitation_food_housing", "severity": "concern", "ongoing": "no" });
                let receipt = hex::encode([u8::try_from(minute).unwrap(); 16]);
                let reporter = western.crew().files(&receipt, concern);
                (receipt, reporter.filed["deliver_at"].to_string())
            })
            .collect();
        until(set, &mut days, on(16, 11, 30));
        let after: BTreeSet<_> = promises
            .iter()
            .map(|(receipt, _)| {
                let body = json!({ "category": "sanitation_food_housing", "severity": "concern", "ongoing": "no", "receipt": receipt });
                let note = text(&western.crew().tries_to_file(&body).is(200)["promise"]);
                let promise = promise_of(set, &note);
                (promise.after, promise.in_log_by)
            })
            .collect();
        assert_eq!(after.len(), 1, "filed half an hour apart within the hour that is kept: {after:?}");
    });
}

#[test]
fn whoever_acknowledges_or_answers_gets_a_promise_at_once_and_the_same_one_again() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let first_ad = western.first_ad();
        let path = format!("/v1/reports/{}", id(&first_ad));
        let held = first_ad.sends("POST", &format!("{path}/acknowledgement"), None).is(200);
        let again = first_ad.sends("POST", &format!("{path}/acknowledgement"), None).is(200);
        assert_eq!(held["promise"], again["promise"]);
        let promise = promise_of(set, &text(&held["promise"]));
        assert_eq!(promise.entries[0].kind, "acknowledged");
        let answer = json!({ "kind": "action", "text": "locked", "by_role": "armorer", "done": "yes" });
        let answered = first_ad.unlocked("POST", &format!("{path}/answer"), Some(&answer)).is(200);
        let answered = promise_of(set, &text(&answered["promise"]));
        assert_eq!(answered.entries[0].kind, "answered");
        ticks(set);
        let entries = all_entries(set);
        for leaf in [promise.entries[0].leaf, answered.entries[0].leaf] {
            assert!(entries.iter().any(|entry| entry == leaf.as_bytes()));
        }
        assert!(sound(&proof(&reporter)).lines.iter().any(|line| line.contains("claims answered")));
    });
}

#[test]
fn a_host_that_drops_a_report_is_convicted_by_its_promise_and_the_range() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        ticks(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let promise = promise_of(set, &text(&reporter.filed["promise"]));
        // The host drops what it promised to put into the log.
        let storage = set.database().open();
        storage.write_blocking(&[0; 16], lastlooks::storage::ledger::take_pending).unwrap();
        for _ in 0..4 {
            ticks(set);
        }
        let entries = all_entries(set);
        let from = usize::try_from(promise.after).unwrap();
        let leaves: Vec<_> = entries[from..].iter().map(|entry| Leaf::try_from(entry.as_slice()).unwrap()).collect();
        assert_eq!(promise.judge(&leaves, set.now()), Err(Broken::Missing));
    });
}

#[test]
fn a_report_that_nobody_answered_proves_the_silence_of_each_level() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        ticks(set);
        let reporter = files(&mut days, &western, 1, body(1));
        until(set, &mut days, on(16, 14, 0));
        let bundle = proof(&reporter);
        let findings = sound(&bundle);
        assert!(!findings.is_witnessed);
        assert_eq!(findings.lines[0], "Not witnessed: whoever holds the server's key could have made this.");
        let says = Bundle::read(&bundle).unwrap().says;
        assert_eq!(
            says[..2],
            [
                "Level 1 (Safety, Shop steward): the log holds no answer by 2021-10-16T17:55:00Z. A member who answered would hold a signed receipt; none is enclosed.",
                "Level 2 (Business representative, Office): the log holds no answer by 2021-10-16T18:10:00Z. A member who answered would hold a signed receipt; none is enclosed.",
            ]
        );
        assert_eq!(findings.lines[1..3], says[..2]);
        assert!(findings.lines.iter().any(|line| line.starts_with("The host's promise")), "{findings:?}");
    });
}

#[test]
fn the_production_side_proves_its_answer_and_is_shown_nothing_of_who_was_told() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        let first_ad = western.first_ad();
        let path = format!("/v1/reports/{}", id(&first_ad));
        first_ad.sends("POST", &format!("{path}/acknowledgement"), None).is(200);
        ticks(set);
        let bundle = first_ad.gets(&format!("{path}/proof")).text();
        let findings = sound(&bundle);
        assert!(findings.lines.iter().any(|line| line.contains("claims acknowledged at")), "{findings:?}");
        assert!(!bundle.contains("notified") && !bundle.contains("\"opened\""), "{bundle}");
        let union = western.steward().gets(&format!("{path}/proof")).text();
        assert!(union.contains("\"kind\":\"notified\""));
        assert!(sound(&union).lines.len() > findings.lines.len());
    });
}

#[test]
fn nobody_else_gets_a_bundle() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        ticks(set);
        let path = format!("/v1/reports/{}/proof", id(&western.first_ad()));
        set.client().send("GET", &path, &[], None).refuses(401, "sign-in-required");
        western.person("producer1@western.test").gets(&path).refuses(404, "not-found");
        let other = format!("Receipt {}", hex::encode([9; 16]));
        let asked = set.client().send("GET", "/v1/inbox/proof", &[("authorization", &other)], None);
        asked.refuses(404, "not-found");
        reporter.sends("GET", "/v1/inbox/proof", None).is(200);
    });
}

#[test]
fn any_flipped_byte_of_a_bundle_is_found() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        ticks(set);
        let reporter = files(&mut days, &western, 1, body(1));
        until(set, &mut days, on(16, 12, 15));
        let bundle = proof(&reporter);
        let whole = sound(&bundle);
        let mut bytes = bundle.trim_end_matches(' ').as_bytes().to_vec();
        // Every byte takes an hour; these fall on every part of it, each with another bit.
        for at in (0..bytes.len()).step_by(193) {
            let bit = 1 << (at % 7);
            bytes[at] ^= bit;
            if let Ok(changed) = std::str::from_utf8(&bytes) {
                let found = check(changed, None, &Quorum::default());
                assert!(found.is_err(), "byte {at} of {}: {:?}", bytes.len(), &changed[at.saturating_sub(40)..=at]);
            }
            bytes[at] ^= bit;
        }
        assert_eq!(sound(&bundle), whole);
    });
}

#[test]
fn an_answer_that_witnesses_saw_in_time_proves_itself_and_a_late_one_only_claims() {
    on_each(|set| {
        let witnesses = Witnesses::new();
        let (western, mut days) = begin(set);
        ticks(set);
        witnesses.cosign(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let first_ad = western.first_ad();
        let path = format!("/v1/reports/{}", id(&first_ad));
        first_ad.sends("POST", &format!("{path}/acknowledgement"), None).is(200);
        watched_until(set, &mut days, &witnesses, on(16, 14, 30));
        let answer = json!({ "kind": "action", "text": "locked", "by_role": "armorer", "done": "yes" });
        first_ad.unlocked("POST", &format!("{path}/answer"), Some(&answer)).is(200);
        watched_until(set, &mut days, &witnesses, on(16, 16, 0));
        let bundle = proof(&reporter);
        let findings = check(&bundle, None, &witnesses.quorum()).unwrap();
        assert!(findings.is_witnessed, "{findings:?}");
        let has = |words: &str| findings.lines.iter().any(|line| line.contains(words));
        assert!(
            has("acknowledged at 2021-10-16T16:40:00Z, seen in the log at 2021-10-16T16:45:00Z, in time"),
            "{findings:?}"
        );
        assert!(has("claims answered at 2021-10-16T20:30:00Z, logged 2021-10-16T20:45:00Z"), "{findings:?}");
        assert!(has("holds an acknowledgement and no answer by"), "{findings:?}");
        assert!(has("The host's promise was kept as of"), "{findings:?}");
        assert_eq!(script(&bundle, Some(&witnesses.file())), (0, findings.lines));
    });
}

#[test]
fn the_script_says_the_same_of_good_and_of_broken_bundles() {
    let set = TestApp::on(crate::support::TestDatabase::sqlite());
    let witnesses = Witnesses::new();
    let (western, mut days) = begin(&set);
    ticks(&set);
    witnesses.cosign(&set);
    let reporter = files(&mut days, &western, 1, body(1));
    watched_until(&set, &mut days, &witnesses, on(16, 13, 0));
    let bundle = proof(&reporter);
    for (quorum, file) in [(Quorum::default(), None), (witnesses.quorum(), Some(witnesses.file()))] {
        let said = ours(&bundle, &quorum);
        assert_eq!(said.0, if file.is_some() { 0 } else { 2 });
        assert_eq!(script(&bundle, file.as_deref()), said);
    }
    let mut bytes = bundle.trim_end_matches(' ').as_bytes().to_vec();
    let step = bytes.len() / 25;
    for at in (0..bytes.len()).step_by(step) {
        bytes[at] ^= 1;
        if let Ok(broken) = std::str::from_utf8(&bytes) {
            assert_eq!((ours(broken, &witnesses.quorum()).0, script(broken, None).0), (1, 1), "byte {at}");
        }
        bytes[at] ^= 1;
    }
}
