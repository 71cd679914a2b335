//! Each mail as it is read. The picture of screens/16-notice-mail.png is the first of them.

use super::*;
use crate::{
    domain::{notice::NoticeKind, time::UtcMillis},
    notify::facts::{
        Act, Chain, Due, HowSoon, OutageFacts, PersonFacts, Reader, ReportFacts, SeatChange, Step, StepState, Who,
    },
};

/// Saturday 16 October 2021, this late in Santa Fe (MDT).
fn at(hour: i64, minute: i64) -> UtcMillis {
    const MIDNIGHT: i64 = 1_634_364_000_000;
    UtcMillis::new(MIDNIGHT + (hour * 60 + minute) * 60_000)
}

/// Level 1 missed 10:55, level 2 runs, level 3 waits.
fn steps() -> Vec<Step> {
    vec![
        Step { level: 1, with: None, state: StepState::Missed { act: Act::Reply, was_due: at(10, 55) } },
        Step { level: 2, with: None, state: StepState::Running { reply_by: Some(at(11, 10)), answer_by: at(11, 55) } },
        Step { level: 3, with: None, state: StepState::Later { from: Some(at(11, 10)) } },
    ]
}

fn due(act: Act, who: Who) -> Due {
    Due { act, who, at: at(11, 10) }
}

fn report() -> ReportFacts {
    ReportFacts {
        how_soon: HowSoon::BeforeNextSetup,
        handle: "Copper Lantern".to_owned(),
        chain: Chain::Production,
        due: Some(due(Act::Reply, Who::You)),
        was_due: None,
        level: None,
        by_role: None,
        steps: steps(),
    }
}

fn person() -> PersonFacts {
    PersonFacts {
        name: Some("Ana Ruiz".to_owned()),
        address: "ana@example.org".to_owned(),
        desk: Some("Office".to_owned()),
        roles: vec!["line_producer".to_owned()],
        change: SeatChange::Added,
        expires: Some(at(14 * 24, 0)),
    }
}

/// To the unit production manager, with a link to press.
fn to_office(kind: NoticeKind, report: ReportFacts) -> NoticeFacts {
    NoticeFacts {
        kind,
        shown_as: "Western".to_owned(),
        reader: Reader::Production,
        reader_roles: vec!["upm".to_owned()],
        now: at(10, 55),
        time_zone: "America/Denver".to_owned(),
        report: Some(report),
        person: None,
        outage: None,
        link: Some("https://looks.example/a/3q2-7w".to_owned()),
        desk_url: "https://looks.example/desk".to_owned(),
        ledger: None,
    }
}

/// To the shop steward, who presses nothing.
fn to_union(kind: NoticeKind, report: ReportFacts) -> NoticeFacts {
    NoticeFacts {
        reader: Reader::Union,
        reader_roles: vec!["steward".to_owned()],
        link: None,
        ..to_office(kind, report)
    }
}

fn about_person(kind: NoticeKind, person: PersonFacts) -> NoticeFacts {
    NoticeFacts { report: None, person: Some(person), ..to_union(kind, report()) }
}

fn read(facts: &NoticeFacts) -> String {
    let words = render(facts).unwrap();
    format!("Subject: {}\n\n{}", words.subject, words.plain)
}

fn subject_of(facts: &NoticeFacts) -> String {
    render(facts).unwrap().subject
}

#[test]
fn a_level_entered_asks_its_desk_and_shows_who_was_silent() {
    insta::assert_snapshot!(read(&to_office(NoticeKind::LevelEntered, report())));
}

#[test]
fn the_page_says_the_same_as_the_plain_text() {
    let words = render(&to_office(NoticeKind::LevelEntered, report())).unwrap();
    insta::assert_snapshot!(words.html);
    for line in words.plain.lines().filter(|line| !line.contains(": ") && !line.starts_with("--")) {
        assert!(words.html.contains(line.trim_end_matches(':')), "the page lacks {line:?}");
    }
}

#[test]
fn the_union_side_reads_that_the_production_must_reply() {
    let report = ReportFacts { due: Some(due(Act::Reply, Who::Production)), ..report() };
    insta::assert_snapshot!(read(&to_union(NoticeKind::LevelEntered, report)));
}

#[test]
fn sent_late_it_says_was_due() {
    let facts = NoticeFacts { now: at(11, 30), ..to_office(NoticeKind::LevelEntered, report()) };
    insta::assert_snapshot!(read(&facts));
}

#[test]
fn two_steps_that_are_asked_together_are_one_to_the_production() {
    let running = StepState::Running { reply_by: Some(at(11, 0)), answer_by: at(11, 10) };
    let both = |state| Step { level: 2, with: Some(1), state };
    let due = Some(Due { act: Act::Reply, who: Who::You, at: at(11, 0) });
    let report = ReportFacts { how_soon: HowSoon::RightNow, due, steps: vec![both(running)], ..report() };
    let asked = read(&to_office(NoticeKind::LevelEntered, report.clone()));
    assert!(asked.contains("Now it is the set’s and the office’s turn: yours."), "{asked}");
    assert!(asked.contains("On set and office: Say “I have it” by 11:00 MDT"), "{asked}");
    let missed = both(StepState::Missed { act: Act::Reply, was_due: at(10, 55) });
    let report = ReportFacts { steps: vec![missed, steps()[2]], ..report };
    let passed_on = read(&to_office(NoticeKind::LevelEntered, report.clone()));
    assert!(passed_on.contains("On set and the office did not reply in time to the safety report"), "{passed_on}");
    let apart = vec![Step { level: 1, with: None, state: running }, Step { level: 2, with: None, state: running }];
    let told = read(&to_union(NoticeKind::LevelEntered, ReportFacts { steps: apart, ..report }));
    assert!(told.contains("On set: ") && told.contains("Office: "), "{told}");
}

/// Nobody of the production's side can be asked.
fn without_anybody() -> ReportFacts {
    let nobody = |level| Step { level, with: None, state: StepState::NobodyThere };
    ReportFacts { due: None, steps: (1..=3).map(nobody).collect(), ..report() }
}

#[test]
fn where_nobody_of_the_production_can_be_asked_nobody_is_said_to_be_asked_early_or_to_have_had_time() {
    let told = read(&to_union(NoticeKind::LevelEntered, without_anybody()));
    assert!(told.contains("safety report, Copper Lantern. Nobody of the production can be reached."), "{told}");
    let left = read(&to_union(NoticeKind::Exhausted, without_anybody()));
    assert!(left.contains("so nobody was asked.") && !left.contains("had its time"), "{left}");
    for told in [&told, &left] {
        assert!(!told.contains("early") && !told.contains("everyone was told"), "{told}");
    }
    // Who is told only reads that nobody answered, and nothing of who is missing.
    let observer = NoticeFacts {
        reader: Reader::Observer,
        ..to_union(NoticeKind::Exhausted, ReportFacts { steps: Vec::new(), ..without_anybody() })
    };
    let told = read(&observer);
    assert!(told.contains("There is no answer to the safety report Copper Lantern, and no step is left."), "{told}");
    assert!(!told.contains("reached") && !told.contains("everyone was told"), "{told}");
}

#[test]
fn asked_early_owes_nothing_yet() {
    let steps = vec![
        Step { level: 1, with: None, state: StepState::Running { reply_by: None, answer_by: at(11, 55) } },
        Step { level: 2, with: None, state: StepState::AskedEarly },
    ];
    insta::assert_snapshot!(read(&to_office(NoticeKind::LevelEntered, ReportFacts { due: None, steps, ..report() })));
}

#[test]
fn a_breach_is_told_to_the_union_side() {
    let report = ReportFacts { level: Some(1), due: Some(due(Act::Reply, Who::Production)), ..report() };
    insta::assert_snapshot!(read(&to_union(NoticeKind::Breach, report)));
}

#[test]
fn a_step_that_was_not_told_is_not_accused() {
    let mut report = ReportFacts { level: Some(1), due: Some(due(Act::Reply, Who::Production)), ..report() };
    report.steps[0].state = StepState::NotTold { was_due: at(10, 55) };
    insta::assert_snapshot!(read(&to_union(NoticeKind::Breach, report)));
}

#[test]
fn a_broken_promise_is_named_as_one() {
    let mut report = ReportFacts { level: Some(1), due: None, ..report() };
    report.steps[0].state = StepState::Missed { act: Act::Completion, was_due: at(10, 55) };
    assert_eq!(
        subject_of(&to_union(NoticeKind::Breach, report)),
        "[BEFORE NEXT SETUP] Western · promised, not done, was due 10:55 MDT · Copper Lantern"
    );
}

#[test]
fn an_answer_asks_the_union_side_to_check() {
    let check = Some(Due { act: Act::Check, who: Who::You, at: at(34, 50) });
    let mut report = ReportFacts { due: check, by_role: Some("upm".to_owned()), ..report() };
    report.steps[1].state = StepState::Answered { at: at(10, 50), late: false };
    insta::assert_snapshot!(read(&to_union(NoticeKind::Answered, report)));
}

#[test]
fn a_late_answer_says_so_and_needs_no_check_below() {
    let report =
        ReportFacts { how_soon: HowSoon::NotSoon, due: None, was_due: Some(at(9, 0)), steps: vec![], ..report() };
    insta::assert_snapshot!(read(&to_union(NoticeKind::Answered, report)));
}

#[test]
fn a_contest_starts_the_clock_again() {
    insta::assert_snapshot!(read(&to_office(NoticeKind::Contested, report())));
}

#[test]
fn a_rejected_answer_starts_the_clock_again() {
    insta::assert_snapshot!(read(&to_office(NoticeKind::Rejected, report())));
}

#[test]
fn a_message_says_that_there_is_one() {
    insta::assert_snapshot!(read(&to_union(NoticeKind::Message, report())));
}

#[test]
fn stopped_work_says_by_which_role() {
    let report =
        ReportFacts { by_role: Some("1st_ad".to_owned()), due: Some(due(Act::Answer, Who::Production)), ..report() };
    insta::assert_snapshot!(read(&to_union(NoticeKind::StopWork, report)));
}

#[test]
fn resumed_work_says_by_which_role() {
    let report = ReportFacts { by_role: Some("1st_ad".to_owned()), due: None, ..report() };
    insta::assert_snapshot!(read(&to_union(NoticeKind::Resumed, report)));
}

#[test]
fn worse_names_the_sooner_deadline() {
    insta::assert_snapshot!(read(&to_office(NoticeKind::Worse, report())));
}

#[test]
fn taken_back_owes_nothing() {
    let report = ReportFacts { due: None, steps: vec![], ..report() };
    insta::assert_snapshot!(read(&to_office(NoticeKind::Withdrawn, report)));
}

#[test]
fn a_check_passed_on_names_the_one_that_was_missed() {
    let check = Some(Due { act: Act::Check, who: Who::You, at: at(34, 50) });
    let report = ReportFacts { due: check, was_due: Some(at(10, 50)), steps: vec![], ..report() };
    insta::assert_snapshot!(read(&to_union(NoticeKind::VerificationAsked, report)));
}

#[test]
fn after_the_last_step_each_side_reads_what_is_left_to_do() {
    let missed = |level| Step { level, with: None, state: StepState::Missed { act: Act::Reply, was_due: at(10, 55) } };
    let report = ReportFacts { due: None, steps: (1..=3).map(missed).collect(), ..report() };
    insta::assert_snapshot!("exhausted_production", read(&to_office(NoticeKind::Exhausted, report.clone())));
    let observer = NoticeFacts {
        reader: Reader::Observer,
        reader_roles: vec!["guarantor".to_owned()],
        ..to_union(NoticeKind::Exhausted, report)
    };
    insta::assert_snapshot!("exhausted_observer", read(&observer));
}

#[test]
fn everyone_was_told_is_not_said_where_somebody_was_not() {
    let untold = Step { level: 1, with: None, state: StepState::NotTold { was_due: at(10, 55) } };
    let report = ReportFacts { due: None, steps: vec![untold], ..report() };
    let subject = subject_of(&to_union(NoticeKind::Exhausted, report));
    assert_eq!(subject, "[BEFORE NEXT SETUP] Western · no step is left, nobody answered · Copper Lantern");
}

#[test]
fn a_step_without_anybody_is_shown_to_the_union_side_alone() {
    let mut report = report();
    report.steps[0].state = StepState::NobodyThere;
    assert!(read(&to_union(NoticeKind::LevelEntered, report.clone())).contains("On set: Nobody there can be reached"));
    assert!(!read(&to_office(NoticeKind::LevelEntered, report.clone())).contains("On set"));
    let observer = NoticeFacts { reader: Reader::Observer, ..to_union(NoticeKind::LevelEntered, report) };
    assert!(!read(&observer).contains("On set"));
}

#[test]
fn a_retaliation_report_climbs_the_union_s_steps() {
    let running = StepState::Running { reply_by: Some(at(35, 0)), answer_by: at(130, 0) };
    let due = Some(Due { act: Act::Reply, who: Who::You, at: at(35, 0) });
    let steps = vec![Step { level: 1, with: None, state: running }];
    let report = ReportFacts { how_soon: HowSoon::NotSoon, chain: Chain::Union, due, steps, ..report() };
    insta::assert_snapshot!(read(&to_union(NoticeKind::LevelEntered, report)));
}

#[test]
fn people_s_notices_name_the_person_and_the_desk() {
    insta::assert_snapshot!("joined", read(&about_person(NoticeKind::Joined, person())));
    insta::assert_snapshot!("address_dead", read(&about_person(NoticeKind::AddressDead, person())));
    insta::assert_snapshot!("roster_changed", read(&about_person(NoticeKind::RosterChanged, person())));
    insta::assert_snapshot!("roster_handed_out", read(&about_person(NoticeKind::RosterHandedOut, person())));
    insta::assert_snapshot!("policy_waiting", read(&about_person(NoticeKind::PolicyWaiting, person())));
}

#[test]
fn every_change_of_a_seat_has_its_sentence() {
    let sentence = |change| {
        let plain = render(&about_person(NoticeKind::RosterChanged, PersonFacts { change, ..person() })).unwrap().plain;
        plain.lines().nth(3).unwrap_or_default().to_owned()
    };
    assert_eq!(
        sentence(SeatChange::Removed),
        "Ana Ruiz (ana@example.org) no longer has the seat at “Office” as line producer."
    );
    assert_eq!(sentence(SeatChange::RolesChanged), "Ana Ruiz (ana@example.org) now sits at “Office” as line producer.");
    assert_eq!(
        sentence(SeatChange::NewKey),
        "Ana Ruiz (ana@example.org), at “Office” as line producer, has a new key: password and recovery words were lost."
    );
}

#[test]
fn an_invitation_says_to_which_desk_and_until_when() {
    let link = Some("https://looks.example/invitation#9f2c".to_owned());
    let desk = NoticeFacts { link: link.clone(), ..about_person(NoticeKind::Invitation, person()) };
    insta::assert_snapshot!("invitation_desk", read(&desk));
    let host = PersonFacts { name: None, desk: None, roles: vec![], ..person() };
    let facts = NoticeFacts { link, shown_as: "Last Looks".to_owned(), ..about_person(NoticeKind::Invitation, host) };
    insta::assert_snapshot!("invitation_host", read(&facts));
}

#[test]
fn a_test_says_that_nothing_happened() {
    let facts = NoticeFacts { report: None, ..to_office(NoticeKind::TestNotice, report()) };
    insta::assert_snapshot!(read(&facts));
}

#[test]
fn the_digest_lists_what_waits_after_an_outage() {
    let outage = OutageFacts { from: at(9, 0), to: at(10, 50), reports: vec![report()] };
    let facts = NoticeFacts { report: None, outage: Some(outage), ..to_office(NoticeKind::OutageDigest, report()) };
    insta::assert_snapshot!(read(&facts));
}

#[test]
fn the_subject_is_that_of_the_design() {
    let production = ReportFacts { due: Some(due(Act::Reply, Who::Production)), ..report() };
    let office = to_office(NoticeKind::LevelEntered, report());
    assert_eq!(subject_of(&office), "[BEFORE NEXT SETUP] Western · you: reply by 11:10 MDT · Copper Lantern");
    assert_eq!(
        subject_of(&to_union(NoticeKind::LevelEntered, production)),
        "[BEFORE NEXT SETUP] Western · production must reply by 11:10 MDT · Copper Lantern"
    );
    let late = NoticeFacts { now: at(11, 10), ..office.clone() };
    assert_eq!(subject_of(&late), "[BEFORE NEXT SETUP] Western · you: reply was due 11:10 MDT · Copper Lantern");
    let tomorrow = NoticeFacts { now: at(-3, 0), ..office };
    assert_eq!(subject_of(&tomorrow), "[BEFORE NEXT SETUP] Western · you: reply by Sat 11:10 MDT · Copper Lantern");
}

#[test]
fn how_soon_is_said_in_words_and_never_as_a_code() {
    let said = |how_soon| {
        let facts = to_office(NoticeKind::Message, ReportFacts { how_soon, ..report() });
        subject_of(&facts).split_once(']').map(|(soon, _)| soon[1..].to_owned()).unwrap_or_default()
    };
    assert_eq!(said(HowSoon::RightNow), "RIGHT NOW");
    assert_eq!(said(HowSoon::BeforeNextSetup), "BEFORE NEXT SETUP");
    assert_eq!(said(HowSoon::BeforeNextCall), "BEFORE NEXT CALL");
    assert_eq!(said(HowSoon::NotSoon), "NOT SOON");
}

#[test]
fn no_mail_shows_a_code() {
    for kind in NoticeKind::ALL {
        let outage = Some(OutageFacts { from: at(9, 0), to: at(10, 0), reports: vec![report()] });
        let facts = NoticeFacts { person: Some(person()), outage, ..to_office(kind, report()) };
        let words = render(&facts).unwrap();
        let shown = words.plain.replace(&facts.desk_url, "").to_lowercase();
        for code in ["_", "acknowledge", "breach", "dispute", "referral", "verif", "exhausted", "contest", "severity"] {
            assert!(!shown.contains(code), "{kind} shows {code}:\n{}", words.plain);
        }
    }
}

#[test]
fn a_name_with_markup_in_it_stays_a_name() {
    let person = PersonFacts { name: Some("<script>alert(1)</script>".to_owned()), ..person() };
    let words = render(&about_person(NoticeKind::Joined, person)).unwrap();
    assert!(!words.html.contains("<script"), "{}", words.html);
}

#[test]
fn facts_that_do_not_fit_the_kind_are_refused() {
    let without = |kind| render(&NoticeFacts { report: None, link: None, ..to_office(kind, report()) }).err();
    assert_eq!(without(NoticeKind::LevelEntered), Some(WordsError::NoReport));
    assert_eq!(without(NoticeKind::Joined), Some(WordsError::NoPerson));
    assert_eq!(without(NoticeKind::OutageDigest), Some(WordsError::NoOutage));
    assert_eq!(without(NoticeKind::TestNotice), Some(WordsError::NoLink));
}
