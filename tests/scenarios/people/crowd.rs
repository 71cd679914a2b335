//! Many who try to sign in at once, with passwords that cost what they cost.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use lastlooks::auth::stretch::Cost;
use serde_json::json;

use crate::support::{
    TestDatabase,
    app::{TestApp, Wanted},
};

/// Loops that guess under names that nobody has.
const LOOPS: usize = 40;
/// How long a member may be kept waiting, on a machine that does other things beside.
const PATIENCE: Duration = Duration::from_secs(45);

#[test]
fn a_member_signs_in_while_forty_loops_guess_under_names_that_nobody_has() {
    for database in TestDatabase::each() {
        let set = &TestApp::with(database, Wanted { cost: Cost::STANDARD, ..Wanted::default() });
        let mut western = set.empty_western();
        let upm = western.seats("Office", "Ulla", "upm@western.test", &["upm"]);
        let (is_over, guesses) = (AtomicBool::new(false), AtomicUsize::new(0));
        thread::scope(|scope| {
            for number in 0..LOOPS {
                let (is_over, guesses) = (&is_over, &guesses);
                scope.spawn(move || {
                    for guess in 0_usize.. {
                        if is_over.load(Ordering::SeqCst) {
                            return;
                        }
                        let email = format!("nobody{number}.{guess}@western.test");
                        let body = json!({ "email": email, "password": "not the five words" });
                        let answer = set.client().send("POST", "/v1/sessions", &[], Some(&body));
                        assert!(matches!(answer.status, 401 | 503), "{answer:?}");
                        guesses.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
            while guesses.load(Ordering::SeqCst) < LOOPS {
                thread::sleep(Duration::from_millis(20));
            }
            let began = Instant::now();
            let answer = upm.tries_to_sign_in(&upm.password);
            is_over.store(true, Ordering::SeqCst);
            answer.is(201);
            assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
        });
    }
}

#[test]
fn guesses_that_come_together_slow_a_name_down_like_those_that_come_one_by_one() {
    for database in TestDatabase::each() {
        let set = &TestApp::with(database, Wanted { cost: Cost::STANDARD, ..Wanted::default() });
        let mut western = set.empty_western();
        western.seats("Office", "Ulla", "upm@western.test", &["upm"]);
        for email in ["upm@western.test", "nobody@western.test"] {
            let answers = |count: usize| {
                thread::scope(|scope| {
                    let tries: Vec<_> = (0..count)
                        .map(|_| {
                            scope.spawn(|| {
                                let body = json!({ "email": email, "password": "not the five words" });
                                set.client().send("POST", "/v1/sessions", &[], Some(&body)).status
                            })
                        })
                        .collect();
                    tries.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
                })
            };
            let wrong = |answers: &[u16]| answers.iter().filter(|status| **status == 401).count();
            // Three guesses are free; from the fourth on each makes the next wait. Never more than three at a time are let
            // in, so of thirty that come together at most as many more are looked at as stood in the queue already.
            let looked_at = wrong(&answers(30));
            assert!((1..=6).contains(&looked_at), "{email}: {looked_at}");
            let body = json!({ "email": email, "password": "not the five words" });
            while set.client().send("POST", "/v1/sessions", &[], Some(&body)).status == 401 {}
            assert_eq!(wrong(&answers(6)), 0, "{email}");
        }
    }
}
