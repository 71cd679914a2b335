//! Deadlines fire when they are due, once, and not before.

use lastlooks::{
    cli::assemble::{Assembly, Tables},
    clock::Clock as _,
    domain::time::Seconds,
    storage::{StorageError, reports},
    worker::engine::Engine,
};

use super::{another, handle, open_reports, started, turn};
use crate::{
    rust_2021::{all_missed, begin, body, files, missed, on, written},
    support::{
        TestDatabase,
        app::{TestApp, on_each},
        days::Days,
        people::Reporter,
    },
};

const ACKNOWLEDGEMENT: &str = "acknowledgement";

#[test]
fn an_unanswered_report_escalates_at_its_deadline_and_not_a_millisecond_before() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 55).plus_millis(-1));
        assert_eq!((missed(&reporter).len(), &reporter.inbox()["level"]), (0, &1.into()));
        days.until(on(16, 10, 55));
        assert_eq!(missed(&reporter), [(1, ACKNOWLEDGEMENT.to_owned(), written(on(16, 10, 55)))]);
        assert_eq!(reporter.inbox()["level"], 2);
    });
}

#[test]
fn the_engine_says_to_the_millisecond_when_it_is_needed_again() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 55).plus_millis(-7_001));
        let mut engine = started(set);
        let beat = set.now().plus(Seconds(10));
        assert_eq!(
            turn(set, &mut engine).again_at,
            on(16, 10, 55),
            "the deadline comes before the heartbeat at {beat:?}"
        );
    });
}

#[test]
fn an_act_under_way_is_waited_for_five_seconds_and_no_longer() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let under_way = set.app().act_under_way(open_reports(set)[0]);
        days.until(on(16, 10, 55).plus_millis(4_999));
        assert_eq!(missed(&reporter), []);
        days.until(on(16, 10, 55).plus_millis(5_000));
        assert_eq!(missed(&reporter), [(1, ACKNOWLEDGEMENT.to_owned(), written(on(16, 10, 55)))]);
        drop(under_way);
    });
}

#[test]
fn a_held_engine_fires_nothing_says_why_and_goes_on_with_the_deadlines_that_were() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        set.wait(set.app().hold_engine("somebody looks into it".to_owned())).unwrap();
        days.until(on(16, 11, 0));
        assert_eq!(missed(&reporter), []);
        assert_eq!(set.wait(set.app().check_engine()), Err("somebody looks into it".to_owned()));
        set.wait(set.app().resume_engine()).unwrap();
        days.work();
        assert_eq!(missed(&reporter), [(1, ACKNOWLEDGEMENT.to_owned(), written(on(16, 10, 55)))]);
    });
}

#[test]
fn while_the_engine_is_held_an_act_after_its_deadline_waits_and_one_before_it_goes_on() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let (late, in_time) =
            (files(&mut days, &western, 1, body(1)), western.crew().files(&"ab".repeat(16), another()));
        days.deliver();
        let board = western.steward().gets("/v1/reports?limit=100").is(200);
        let path = |reporter: &Reporter| {
            let rows = board["items"].as_array().unwrap();
            let row = rows.iter().find(|row| row["handle"] == reporter.filed["handle"]).unwrap();
            format!("/v1/reports/{}", row["id"].as_str().unwrap())
        };
        let first_ad = western.first_ad();
        set.wait(set.app().hold_engine("somebody looks into it".to_owned())).unwrap();
        days.until(on(16, 10, 54));
        first_ad.sends("POST", &format!("{}/acknowledgement", path(&in_time)), None).is(200);
        assert_eq!(in_time.inbox()["status"], "acknowledged");

        days.until(on(16, 10, 55));
        let acknowledgement = format!("{}/acknowledgement", path(&late));
        let waits = first_ad.sends("POST", &acknowledgement, None);
        assert!(waits.refuses(503, "unavailable")["detail"].as_str().unwrap().contains("the clock is being checked"));
        assert_eq!(waits.header("retry-after"), "30");
        // Nothing may take the breach with it, and words wait for no clock.
        late.sends("POST", "/v1/inbox/withdrawal", None).refuses(503, "unavailable");
        let words = serde_json::json!({ "to": "all", "text": "still there" });
        late.sends("POST", "/v1/inbox/messages", Some(&words)).is(200);
        western.upm().sends("POST", &acknowledgement, None).refuses(404, "not-found");
        assert_eq!((&late.inbox()["status"], missed(&late).len()), (&"delivered".into(), 0));

        set.wait(set.app().resume_engine()).unwrap();
        first_ad.sends("POST", &acknowledgement, None).is(200);
        assert_eq!(missed(&late), [(1, ACKNOWLEDGEMENT.to_owned(), written(on(16, 10, 55)))]);
        assert_eq!(missed(&in_time), []);
    });
}

#[test]
fn a_wall_clock_that_leaps_forward_fires_nothing_and_moves_nothing_until_it_is_set_right() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        let mut engine = started(set);
        turn(set, &mut engine);
        set.clock.is_set_by(3600);
        turn(set, &mut engine);
        let held = set.wait(set.app().check_engine()).unwrap_err();
        assert!(held.contains("jumped forward by 3600 s"), "{held}");
        assert_eq!(missed(&reporter), []);
        set.clock.advance(Seconds(10));
        set.clock.is_set_by(-3600);
        turn(set, &mut engine);
        assert_eq!(set.wait(set.app().check_engine()), Ok(()));
        assert_eq!(reporter.inbox()["due_at"], written(on(16, 10, 55)));
        assert_eq!(days.events_of(&handle(&reporter), "extended"), 0);
    });
}

#[test]
fn a_wall_clock_that_is_set_back_fires_nothing_early_and_nothing_twice() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let reporter = files(&mut days, &western, 1, body(1));
        days.until(on(16, 10, 55));
        let mut engine = started(set);
        turn(set, &mut engine);
        set.clock.is_set_by(-1800);
        assert_eq!(turn(set, &mut engine).fired, 0);
        assert_eq!(set.wait(set.app().check_engine()), Ok(()));
        set.clock.is_set_by(1800);
        set.clock.advance(Seconds::minutes(15));
        days.work();
        let expected = [(1, written(on(16, 10, 55))), (2, written(on(16, 11, 10)))];
        assert_eq!(missed(&reporter), expected.map(|(level, at)| (level, ACKNOWLEDGEMENT.to_owned(), at)));
    });
}

#[test]
fn a_report_that_cannot_be_read_keeps_no_other_from_its_deadline() {
    on_each(|set| {
        let (western, mut days) = begin(set);
        let broken = files(&mut days, &western, 1, body(1));
        let lost = handle(&broken);
        let write = move |tx: &mut lastlooks::storage::Tx| {
            let rows = reports::open_after(tx, None, 1000)?;
            let row = rows.into_iter().find(|row| row.handle == lost).unwrap();
            reports::save(tx, &reports::ReportRow { state: "not what was written".to_owned(), ..row })
        };
        set.database().open().write_blocking(&[0; 16], write).unwrap_or_else(|error: StorageError| panic!("{error}"));
        let sound = western.crew().files(&"ab".repeat(16), another());
        days.until(on(16, 10, 55));
        assert_eq!(missed(&sound), [(1, ACKNOWLEDGEMENT.to_owned(), written(on(16, 10, 55)))]);
    });
}

#[test]
fn two_engines_on_one_database_fire_everything_and_nothing_twice() {
    const REPORTS: u8 = 24;
    let set = &TestApp::on(TestDatabase::postgres());
    let (western, mut days) = begin(set);
    days.until(on(16, 10, 40));
    let filed: Vec<_> = (0..REPORTS).map(|n| western.crew().files(&hex::encode([n; 16]), another())).collect();
    days.deliver();
    days.until(on(16, 10, 55).plus_millis(-1));
    set.clock.move_to(on(16, 10, 55));

    let assembly =
        Assembly { clock: set.clock.clone(), ..Assembly::standard(set.app().settings().clone(), Tables::Expect) };
    let other = assembly.open().unwrap();
    let (mut one, mut two) = (started(set), Engine::new(other.clone(), [2; 16]));
    let (first, second) = set.wait(async { tokio::join!(one.turn(), two.turn()) });
    let rest = turn(set, &mut one).fired;
    assert_eq!(first.unwrap().fired + second.unwrap().fired + rest, usize::from(REPORTS));
    assert_eq!(all_missed(set), usize::from(REPORTS));
    for reporter in &filed {
        assert_eq!(days.events_of(&handle(reporter), "breached_acknowledgement"), 1);
    }
    assert_eq!(set.clock.now(), on(16, 10, 55));
    let _: &Days<'_> = &days;
}
