//! The three runs of the set of *Rust* as bundles: every report proves what happened to it, to all three verifiers, and
//! none can be made that says otherwise.

use lastlooks::evidence::{bundle::Bundle, check::check};
use serde_json::json;

use super::{
    ticks,
    verifiers::{Witnesses, agreed, proof, watched_until},
};
use crate::{
    rust_2021::{begin, body, files, on, text},
    support::{
        TestDatabase,
        app::{TestApp, on_each},
        days::Days,
        page::Page,
        people::{Person, Reporter},
        western::Western,
    },
};

/// Until when the log is watched after each report: an hour after its last deadline.
const WATCHED: [(u32, u32, u32); 7] =
    [(16, 13, 0), (16, 16, 45), (17, 11, 45), (17, 15, 0), (18, 17, 30), (19, 6, 45), (20, 20, 45)];

/// Files report `number` and watches the log until its story is over; in the nights between nobody ticks.
#[track_caller]
fn files_watched(
    set: &TestApp,
    (western, days, witnesses): (&Western<'_>, &mut Days<'_>, &Witnesses),
    (number, about): (usize, serde_json::Value),
    meanwhile: impl FnOnce(&mut Days<'_>),
) -> Reporter {
    ticks(set);
    witnesses.cosign(set);
    let reporter = files(days, western, number, about);
    meanwhile(days);
    let (day, hour, minute) = WATCHED[number - 1];
    watched_until(set, days, witnesses, on(day, hour, minute));
    reporter
}

fn lines(bundle: &str, witnesses: &Witnesses) -> Vec<String> {
    check(bundle, None, &witnesses.quorum()).unwrap_or_else(|e| panic!("{e}")).lines
}

/// Proofs of one report for everybody who may have one.
fn proofs(reporter: &Reporter, members: &[Person]) -> Vec<String> {
    let handle = &reporter.filed["handle"];
    let of = |person: &Person| {
        let list = person.gets("/v1/reports?limit=100").is(200);
        let item = list["items"].as_array().unwrap().iter().find(|item| item["handle"] == *handle)?.clone();
        Some(person.gets(&format!("/v1/reports/{}/proof", text(&item["id"]))).text())
    };
    members.iter().filter_map(of).chain([proof(reporter)]).collect()
}

#[test]
fn each_report_of_the_silent_run_proves_the_silence_of_every_level() {
    let page = Page::open();
    on_each(|set| {
        let witnesses = Witnesses::new();
        let (western, mut days) = begin(set);
        for number in 1..=7 {
            let with = (&western, &mut days, &witnesses);
            let reporter = files_watched(set, with, (number, body(number)), |_| {});
            let bundle = proof(&reporter);
            assert_eq!(agreed(&page, &bundle, Some(&witnesses)), 0, "report {number}");
            let lines = lines(&bundle, &witnesses);
            for level in 1..=3 {
                let silent = lines
                    .iter()
                    .filter(|l| l.starts_with(&format!("Level {level} (")) && l.contains("holds no answer by"));
                assert_eq!(silent.count(), 1, "report {number}, level {level}: {lines:?}");
            }
            assert!(lines.iter().any(|line| line.starts_with("The host's promise was kept")), "{lines:?}");
            for bundle in proofs(&reporter, &[western.upm(), western.rep()]) {
                assert_eq!(agreed(&page, &bundle, None), 2, "report {number}, nobody's word on time is taken");
            }
        }
    });
}

/// The answered run as far as reports 1 and 2: proofs of both, from reporter, production and union.
fn answered_run(set: &TestApp, witnesses: &Witnesses) -> (Vec<String>, String) {
    let (western, mut days) = begin(set);
    let upm = western.upm();
    let first = files_watched(set, (&western, &mut days, witnesses), (1, body(1)), |days| {
        watched_until(set, days, witnesses, on(16, 11, 5));
        let id = text(&upm.gets("/v1/reports?limit=100").is(200)["items"][0]["id"]);
        let answer = json!({ "kind": "action", "text": "all weapons locked up", "by_role": "upm", "done": "yes" });
        upm.unlocked("POST", &format!("/v1/reports/{id}/answer"), Some(&answer)).is(200);
        days.deliver();
    });
    let second = files_watched(set, (&western, &mut days, witnesses), (2, body(2)), |_| {});
    (proofs(&first, &[western.upm(), western.rep()]), proof(&second))
}

#[test]
fn the_answer_in_time_proves_itself_to_everybody() {
    let page = Page::open();
    on_each(|set| {
        let witnesses = Witnesses::new();
        let (of_first, of_second) = answered_run(set, &witnesses);
        for bundle in &of_first {
            assert_eq!(agreed(&page, bundle, Some(&witnesses)), 0);
            let lines = lines(bundle, &witnesses);
            let answered =
                lines.iter().find(|line| line.contains(": answered at")).unwrap_or_else(|| panic!("{lines:?}"));
            assert_eq!(
                answered,
                "Level 2 (Business representative, Office): answered at 2021-10-16T17:05:00Z, seen in the log at 2021-10-16T17:15:00Z, in time: it was due 2021-10-16T17:10:00Z."
            );
            assert!(!lines.iter().any(|line| line.starts_with("Level 2 (") && line.contains("no answer")), "{lines:?}");
            assert!(
                lines.iter().any(|line| line.starts_with("Level 1 (") && line.contains("holds no answer by")),
                "{lines:?}"
            );
        }
        assert_eq!(agreed(&page, &of_second, Some(&witnesses)), 0);
    });
}

/// Everything that somebody with both files could try so that the answered report looks silent, or the silent one answered.
fn forgeries(answered: &Bundle, silent: &Bundle) -> Vec<(&'static str, Bundle)> {
    let answer = answered.entries.iter().position(|e| e.opening.kind.code() == "answered").unwrap();
    let run_of = |bundle: &Bundle, level: u8| {
        bundle.runs.iter().position(|run| bundle.entries[run.breach].opening.level.0 == level).unwrap()
    };
    let (of_answered, of_silent) = (run_of(answered, 1), run_of(silent, 2));
    let changed = |change: &dyn Fn(&mut Bundle)| {
        let mut bundle = answered.clone();
        change(&mut bundle);
        bundle
    };
    let breach = answered.runs[of_answered].breach;
    vec![
        (
            "the breach is said to be of the level that answered",
            changed(&|b| {
                b.entries[breach].opening.level = b.entries[answer].opening.level;
            }),
        ),
        (
            "the answer is said to be a silence",
            changed(&|b| {
                b.entries[answer].opening.kind = silent.entries[silent.runs[of_silent].breach].opening.kind;
            }),
        ),
        (
            "the silence of another report",
            changed(&|b| {
                b.entries.push(silent.entries[silent.runs[of_silent].breach].clone());
            }),
        ),
        ("the run of another report", changed(&|b| b.runs[of_answered] = silent.runs[of_silent].clone())),
        (
            "the leaves of another run",
            changed(&|b| {
                b.runs[of_answered].leaves.clone_from(&silent.runs[of_silent].leaves);
            }),
        ),
        (
            "two leaves of a run in turn",
            changed(&|b| {
                let leaves = &mut b.runs[of_answered].leaves;
                // 65 bytes are not a multiple of three: the first 195 are three leaves, 260 digits.
                let (first, second, rest) =
                    (leaves[..260].to_owned(), leaves[260..520].to_owned(), leaves[520..].to_owned());
                *leaves = format!("{second}{first}{rest}");
            }),
        ),
        (
            "a run that begins later",
            changed(&|b| {
                let run = &mut b.runs[of_answered];
                run.leaves = run.leaves[260..].to_owned();
                run.from += 3;
            }),
        ),
        (
            "a run that ends earlier",
            changed(&|b| {
                let run = &mut b.runs[of_answered];
                run.leaves.truncate(run.leaves.len() - 260);
            }),
        ),
        ("a run up to an earlier checkpoint", changed(&|b| b.runs[of_answered].checkpoint -= 1)),
        ("the key of another report", changed(&|b| b.keys.clone_from(&silent.keys))),
        (
            "checkpoints of the other file",
            changed(&|b| {
                b.checkpoints.clone_from(&silent.checkpoints);
                b.consistency.clone_from(&silent.consistency);
            }),
        ),
        ("two checkpoints in turn", changed(&|b| b.checkpoints.swap(0, 1))),
        (
            "a checkpoint left out",
            changed(&|b| {
                b.checkpoints.remove(0);
                b.consistency.remove(0);
            }),
        ),
        (
            "a later deadline",
            changed(&|b| {
                let opening = &mut b.entries[breach].opening;
                opening.deadline = opening.deadline.map(|due| due.plus_millis(60_000));
            }),
        ),
        (
            "a later answer",
            changed(&|b| {
                let at = &mut b.entries[answer].opening.at;
                (at.from, at.to) = (at.from.plus_millis(3_600_000), at.to.plus_millis(3_600_000));
            }),
        ),
        ("the promise of another report", changed(&|b| b.promise.clone_from(&silent.promise))),
        ("other words", changed(&|b| b.says.push("Level 2 (Office): the log holds no answer.".to_owned()))),
        ("a sentence left out", changed(&|b| b.says = vec!["No missed deadline is shown here.".to_owned()])),
        ("the sentences of the other file", changed(&|b| b.says.clone_from(&silent.says))),
    ]
}

#[test]
fn no_bundle_can_be_made_that_says_otherwise() {
    let page = Page::open();
    let set = TestApp::on(TestDatabase::sqlite());
    let witnesses = Witnesses::new();
    let (of_first, of_second) = answered_run(&set, &witnesses);
    let (answered, silent) = (Bundle::read(of_first.last().unwrap()).unwrap(), Bundle::read(&of_second).unwrap());
    for (name, forged) in forgeries(&answered, &silent) {
        let text = serde_json::to_string(&forged).unwrap();
        for quorum in [None, Some(&witnesses)] {
            assert_eq!(agreed(&page, &text, quorum), 1, "{name}");
        }
    }
    // What is left out is not said; what is there says nothing else.
    let mut without = answered;
    without.entries.retain(|entry| entry.opening.kind.code() != "answered");
    without.says.clear();
    let breaches: Vec<usize> = without
        .entries
        .iter()
        .enumerate()
        .filter(|(_, e)| e.opening.kind.code() == "unanswered")
        .map(|(n, _)| n)
        .collect();
    for run in &mut without.runs {
        run.breach = breaches[0];
    }
    without.says = lastlooks::evidence::check::says(&without).unwrap();
    let text = serde_json::to_string(&without).unwrap();
    assert_eq!(agreed(&page, &text, Some(&witnesses)), 0);
    assert!(!lines(&text, &witnesses).iter().any(|line| line.starts_with("Level 2 (") && line.contains("no answer")));
}

#[test]
fn where_the_first_ad_is_the_subject_the_next_level_proves_its_silence_and_the_first_proves_none() {
    let page = Page::open();
    on_each(|set| {
        let witnesses = Witnesses::new();
        let (western, mut days) = begin(set);
        for number in 1..=3 {
            files(&mut days, &western, number, body(number));
        }
        let mut about_them = body(4);
        about_them["subject_role"] = json!("1st_ad");
        let reporter = files_watched(set, (&western, &mut days, &witnesses), (4, about_them), |_| {});
        for bundle in proofs(&reporter, &[western.rep()]) {
            assert_eq!(agreed(&page, &bundle, Some(&witnesses)), 0);
            let lines = lines(&bundle, &witnesses);
            let silent = |level: u8| {
                lines.iter().any(|l| l.starts_with(&format!("Level {level} (")) && l.contains("holds no answer by"))
            };
            assert_eq!([1, 2, 3].map(silent), [false, true, true], "{lines:?}");
            assert!(
                lines.iter().any(|line| line.starts_with("Level 1 (") && line.contains("no recipient")),
                "{lines:?}"
            );
        }
        let for_production = proofs(&reporter, &[western.upm()]).remove(0);
        assert_eq!(agreed(&page, &for_production, Some(&witnesses)), 0);
        assert!(!for_production.contains("no_recipient"), "{for_production}");
        assert!(proofs(&reporter, &[western.first_ad()]).len() == 1, "the subject gets none");
    });
}
