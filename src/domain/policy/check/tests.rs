//! The facts that make a policy acceptable.

use super::*;
use crate::domain::{catalogue::Severity, ids::DeskId, lifecycle::fixtures::shipped_policy};

fn parsed(json: &str) -> PolicyDocument {
    serde_json::from_str(json).unwrap()
}

fn refused(json: &str) -> PolicyError {
    parsed(json).completed().unwrap_err()
}

#[test]
fn an_empty_document_is_the_shipped_policy_and_is_accepted() {
    assert_eq!(parsed("{}").completed().unwrap(), PolicyDocument::shipped());
}

#[test]
fn what_a_row_leaves_out_is_as_shipped() {
    let document = parsed(r#"{"windows": {"next_setup": {"answer": 1800}}, "steps": {"concern": 60}}"#);
    let mut expected = PolicyDocument::shipped();
    expected.windows.get_mut(&WindowRow::NextSetup).unwrap().answer = Seconds(1800);
    expected.steps.insert(WindowRow::Concern, Seconds(60));
    assert_eq!(document.completed().unwrap(), expected);
}

#[test]
fn shorter_windows_for_immediate_keep_the_shipped_time_for_the_written_answer() {
    let document = parsed(r#"{"windows": {"immediate": {"acknowledge": [60], "answer": 300}}}"#);
    assert_eq!(document.windows[&WindowRow::Immediate].written, Some(Seconds::hours(2)));
}

#[test]
fn every_other_part_may_be_left_out_or_given_in_part() {
    let json =
        r#"{"contest_seconds": 3600, "verification": {"concern": 60}, "observers": [], "repeated": {"after": 1}}"#;
    let document = parsed(json).completed().unwrap();
    assert_eq!((document.contest_seconds, document.verification[&Severity::Concern]), (Seconds(3600), Seconds(60)));
    assert_eq!(document.verification[&Severity::Immediate], Seconds::hours(4));
    assert_eq!(
        (document.observers.len(), document.repeated.after, document.repeated.within),
        (0, Seconds(1), Seconds::days(7))
    );
}

#[test]
fn a_document_survives_its_own_json() {
    let document = parsed(r#"{"windows": {"next_call": {"acknowledge": [20, 30]}}, "repeated": {"within": 86400}}"#);
    assert_eq!(parsed(&serde_json::to_string(&document).unwrap()), document);
}

#[test]
fn an_unknown_field_or_row_is_refused_by_its_name() {
    for json in [
        r#"{"grace": 1}"#,
        r#"{"windows": {"soon": {}}}"#,
        r#"{"windows": {"concern": {"reply": 5}}}"#,
        r#"{"repeated": {"before": 1}}"#,
        r#"{"steps": {"concern": -1}}"#,
    ] {
        assert!(serde_json::from_str::<PolicyDocument>(json).is_err(), "{json}");
    }
}

#[test]
fn a_window_under_ten_seconds_or_over_thirty_days_is_refused_with_its_path() {
    for (json, path) in [
        (r#"{"windows": {"next_call": {"acknowledge": [7200, 9]}}}"#, "windows.next_call.acknowledge[1]"),
        (r#"{"windows": {"concern": {"answer": 2592001}}}"#, "windows.concern.answer"),
        (r#"{"windows": {"immediate": {"written": 5}}}"#, "windows.immediate.written"),
        (r#"{"verification": {"immediate": 0}}"#, "verification.immediate"),
        (r#"{"contest_seconds": 9}"#, "contest_seconds"),
    ] {
        assert!(matches!(refused(json), PolicyError::WindowOutOfRange { path: p, .. } if p == path), "{json}");
    }
    assert!(parsed(r#"{"windows": {"next_call": {"acknowledge": [10], "answer": 2592000}}}"#).completed().is_ok());
}

#[test]
fn only_immediate_has_a_window_for_the_written_answer() {
    let path = "windows.next_setup.written".into();
    let json = r#"{"windows": {"next_setup": {"written": 3600}}}"#;
    assert_eq!(refused(json), PolicyError::WrittenElsewhere { path });
    assert!(parsed(r#"{"windows": {"immediate": {"written": 3600}}}"#).completed().is_ok());
}

#[test]
fn a_row_needs_one_to_nine_windows() {
    let none = r#"{"windows": {"concern": {"acknowledge": []}}}"#;
    let ten = r#"{"windows": {"concern": {"acknowledge": [10, 10, 10, 10, 10, 10, 10, 10, 10, 10]}}}"#;
    for json in [none, ten] {
        assert_eq!(refused(json), PolicyError::WindowCount { path: "windows.concern.acknowledge".into() });
    }
}

#[test]
fn no_window_to_acknowledge_may_be_longer_than_the_one_to_answer() {
    let error = refused(r#"{"windows": {"next_setup": {"answer": 900}}}"#);
    let path = "windows.next_setup.acknowledge[2]".into();
    assert_eq!(error, PolicyError::AcknowledgeLongerThanAnswer { path, acknowledge: 1800, answer: 900 });
}

#[test]
fn a_step_is_one_second_to_one_day() {
    for seconds in [0, 86_401] {
        let path = "steps.retaliation".into();
        let json = format!(r#"{{"steps": {{"retaliation": {seconds}}}}}"#);
        assert_eq!(refused(&json), PolicyError::StepOutOfRange { path, seconds });
    }
}

#[test]
fn repetition_needs_a_time_to_happen_in() {
    let error = refused(r#"{"repeated": {"after": 604800}}"#);
    assert_eq!(error, PolicyError::RepeatedEmpty { after: 604_800, within: 604_800 });
}

#[test]
fn a_report_counts_as_repetition_after_an_hour_and_before_seven_days() {
    let repeated = PolicyDocument::shipped().repeated;
    let filed = crate::domain::time::UtcMillis::new(0).plus(Seconds::days(30));
    let ago = |seconds: i64| repeated.counts(filed.plus_millis(-seconds * 1000), filed);
    assert_eq!([ago(3600), ago(3601), ago(604_799), ago(604_800)], [false, true, true, false]);
}

#[test]
fn every_longer_window_is_named_and_shorter_ones_are_not() {
    let before = PolicyDocument::shipped();
    let longer = parsed(
        r#"{"windows": {"immediate": {"acknowledge": [300, 901], "written": 7201}, "concern": {"answer": 259201}},
            "steps": {"next_call": 901, "concern": 60}, "verification": {"next_setup": 86401, "concern": 60}}"#,
    );
    let expected = [
        "windows.immediate.acknowledge[1]",
        "windows.immediate.written",
        "windows.concern.answer",
        "steps.next_call",
        "verification.next_setup",
    ];
    assert_eq!(longer.longer_than(&before), expected);
    assert_eq!(before.longer_than(&before), Vec::<String>::new());
    assert_eq!(before.longer_than(&longer), ["steps.concern", "verification.concern"]);
}

#[test]
fn leaving_out_a_shorter_later_window_counts_as_longer() {
    let before = parsed(r#"{"windows": {"next_call": {"acknowledge": [7200, 600]}}}"#);
    let after = parsed(r#"{"windows": {"next_call": {"acknowledge": [7200]}}}"#);
    assert_eq!(after.longer_than(&before), ["windows.next_call.acknowledge[1]"]);
}

#[test]
fn the_shipped_chain_is_accepted() {
    assert_eq!(shipped_policy().check_desks(), Ok(()));
}

#[test]
fn the_lowest_level_needs_a_union_desk() {
    let mut policy = shipped_policy();
    policy.desks.retain(|d| d.side != Side::Union || d.level != Some(Level(1)));
    assert_eq!(policy.check_desks(), Err(PolicyError::NoUnionDesk { level: Level(1) }));
    policy.desks.clear();
    assert_eq!(policy.check_desks(), Err(PolicyError::NoLevel));
}

#[test]
fn a_desk_has_a_level_from_one_to_nine_and_an_observer_none() {
    for (side, level) in [(Side::Production, None), (Side::Union, Some(Level(10))), (Side::Observer, Some(Level(1)))] {
        let mut policy = shipped_policy();
        policy.desks.push(PolicyDesk { id: DeskId::new([77; 16]), name: "Odd".into(), side, level });
        assert!(matches!(policy.check_desks(), Err(PolicyError::DeskLevel { desk, .. }) if desk == "Odd"));
    }
}

#[test]
fn a_level_that_loses_a_union_desk_is_named_though_another_one_stays() {
    let before = shipped_policy();
    let mut after = before.clone();
    assert_eq!(after.loses_union_desk(&before), vec![]);
    for desk in &mut after.desks {
        if desk.side == Side::Union && desk.level == Some(Level(2)) {
            desk.level = Some(Level(1));
        }
    }
    assert_eq!(after.loses_union_desk(&before), vec![Level(2)]);
    assert_eq!(before.loses_union_desk(&after), vec![Level(1)]);
}

#[test]
fn what_a_document_takes_from_the_other_side_is_named_and_its_own_shorter_windows_are_not() {
    let before = PolicyDocument::shipped();
    let mut shorter = before.clone();
    shorter.windows.get_mut(&WindowRow::NextSetup).unwrap().acknowledge[0] = Seconds(60);
    assert_eq!(shorter.takes_from(&before), Vec::<String>::new());

    let mut taking = before.clone();
    taking.steps.insert(WindowRow::Concern, Seconds(1));
    taking.windows.get_mut(&WindowRow::Concern).unwrap().acknowledge.truncate(1);
    taking.windows.get_mut(&WindowRow::Retaliation).unwrap().answer = Seconds::hours(48);
    taking.verification.insert(Severity::NextSetup, Seconds(10));
    taking.contest_seconds = Seconds(10);
    taking.observers.pop();
    taking.repeated.within = Seconds::hours(2);
    let expected = [
        "windows.concern",
        "windows.retaliation",
        "steps.concern",
        "verification.next_setup",
        "contest_seconds",
        "observers",
        "repeated",
    ];
    let found = taking.takes_from(&before);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    assert!(expected.iter().all(|path| found.iter().any(|f| f == path)), "{found:?}");
}
