//! Whoever is kept out of a report lives in the same world as if it had never been filed: every answer byte for byte, with
//! its tag and its cursors, every figure, every mail.

use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use serde_json::{Value, json};

use super::{
    asked::{Asked, every_route},
    seen::said,
    worlds::{self, World, members_act, reporters_act},
};
use crate::support::TestDatabase;

/// Who looks, the role that the hidden reports are about, and who acts on them.
const LOOKERS: [(&str, &str); 6] = [
    ("1stad@western.test", "1st_ad"),
    ("1stad@western.test", "safety_contact"),
    ("upm@western.test", "upm"),
    ("producer1@western.test", "producer"),
    ("financier@western.test", "financier"),
    ("steward@union.test", "steward"),
];

const ACTORS: [&str; 7] = [
    "1stad@western.test",
    "upm@western.test",
    "line@western.test",
    "producer2@western.test",
    "steward@union.test",
    "rep@union.test",
    "international@union.test",
];

/// One step of a story. Numbers pick among what there is.
#[derive(Debug, Clone)]
pub enum Step {
    /// Somebody files.
    File { what: usize, hidden: bool },
    /// A member acts on a report.
    Act { report: usize, actor: usize, act: usize, hidden: bool },
    /// A reporter acts.
    Reporter { report: usize, act: usize, hidden: bool },
    /// Time passes.
    Pass { minutes: u32 },
    /// The ledger takes in what is pending.
    Tick,
    /// The looker asks a few routes.
    Look { routes: [usize; 3] },
}

impl Step {
    fn is_hidden(&self) -> bool {
        match self {
            Self::File { hidden, .. } | Self::Act { hidden, .. } | Self::Reporter { hidden, .. } => *hidden,
            Self::Pass { .. } | Self::Tick | Self::Look { .. } => false,
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..10_000_usize;
    prop_oneof![
        3 => (number.clone(), any::<bool>()).prop_map(|(what, hidden)| Step::File { what, hidden }),
        4 => (number.clone(), number.clone(), number.clone(), any::<bool>())
            .prop_map(|(report, actor, act, hidden)| Step::Act { report, actor, act, hidden }),
        1 => (number.clone(), number.clone(), any::<bool>())
            .prop_map(|(report, act, hidden)| Step::Reporter { report, act, hidden }),
        3 => prop_oneof![Just(1_u32), Just(16), Just(61), Just(300), Just(1600)]
            .prop_map(|minutes| Step::Pass { minutes }),
        1 => Just(Step::Tick),
        2 => [number.clone(), number.clone(), number].prop_map(|routes| Step::Look { routes }),
    ]
}

/// A story: who looks, and what happens. It begins with a report that everybody sees and one that is hidden.
fn story() -> impl Strategy<Value = (usize, Vec<Step>)> {
    let begin = (0..10_000_usize, 0..10_000_usize).prop_map(|(open, hidden)| {
        vec![Step::File { what: open, hidden: false }, Step::File { what: hidden, hidden: true }]
    });
    let rest = prop::collection::vec(step(), 6..16);
    (0..LOOKERS.len(), begin, rest).prop_map(|(looker, begin, rest)| (looker, [begin, rest].concat()))
}

fn filing(what: usize) -> Value {
    let category = ["weapons", "electrical", "fatigue", "sanitation_food_housing", "electrical"][what % 5];
    let severity = ["next_setup", "immediate", "next_call", "concern"][what / 5 % 4];
    let ignored = if (what / 20).is_multiple_of(3) { "no" } else { "yes" };
    json!({
        "category": category, "severity": severity, "ongoing": "yes", "narrative": "nobody came",
        "make_safe": "lock it away", "raised_before": "yes", "raised_with": "upm", "was_answered": ignored,
    })
}

impl World<'_> {
    /// Lives through a story. `others` are the ids of what is hidden in the other world.
    fn live(&mut self, steps: &[Step], subject: &str, is_there: bool, others: &[String]) {
        for (number, step) in steps.iter().enumerate() {
            if matches!(step, Step::File { .. }) {
                self.count_filing();
            }
            if step.is_hidden() && !is_there {
                continue;
            }
            self.step(number, step.is_hidden());
            self.take(step, subject, others);
            self.step(number + 500_000, false);
            self.days.work();
        }
        self.step(900_000, false);
        for asked in self.routes(others) {
            self.look(&asked);
        }
    }

    fn routes(&self, others: &[String]) -> Vec<Asked> {
        let ids = |known: &[worlds::Known]| known.iter().map(|known| known.id.clone()).collect::<Vec<_>>();
        // The ids of one world are asked for in the other too.
        let hidden = if others.is_empty() { ids(&self.hidden) } else { others.to_vec() };
        every_route(&self.western.id.to_string(), &ids(&self.open), &hidden)
    }

    fn take(&mut self, step: &Step, subject: &str, others: &[String]) {
        match step {
            Step::File { what, hidden } => {
                let mut body = filing(*what);
                if *hidden {
                    body["subject_role"] = json!(subject);
                }
                self.file(body, *hidden);
            }
            Step::Act { report, actor, act, hidden } => self.somebody_acts(*report, *actor, *act, *hidden),
            Step::Reporter { report, act, hidden } => {
                let known = if *hidden { &self.hidden } else { &self.open };
                if let Some(known) = known.get(report % known.len().max(1)) {
                    worlds::reporter(known, &reporters_act(*act));
                }
            }
            Step::Pass { minutes } => self.pass(*minutes),
            Step::Tick => self.tick(),
            Step::Look { routes } => {
                let every = self.routes(&[]);
                // What is hidden is asked for at the end, when both worlds know its ids.
                let hidden: Vec<&str> = self
                    .hidden
                    .iter()
                    .map(|known| known.id.as_str())
                    .chain(others.iter().map(String::as_str))
                    .collect();
                let every: Vec<_> =
                    every.into_iter().filter(|asked| !hidden.iter().any(|id| asked.path.contains(id))).collect();
                for route in routes {
                    self.look(&every[route % every.len()]);
                }
            }
        }
    }

    fn somebody_acts(&mut self, report: usize, actor: usize, act: usize, hidden: bool) {
        let known = if hidden { &self.hidden } else { &self.open };
        let Some(id) = known.get(report % known.len().max(1)).map(|known| known.id.clone()) else { return };
        let email = ACTORS[actor % ACTORS.len()];
        if hidden && email == self.looker.email {
            return;
        }
        let person = if hidden { self.apart(email) } else { self.western.person(email) };
        let answer = worlds::act(&person, &id, &members_act(act));
        if email == self.looker.email {
            self.transcript.note("my act", said(&answer));
        }
    }
}

/// The first thing that tells the worlds apart.
fn told_apart(make: fn() -> TestDatabase, looker: usize, steps: &[Step]) -> Option<String> {
    let (email, role) = LOOKERS[looker];
    let (hidden, with) = worlds::lives(make(), email, |world| {
        world.live(steps, role, true, &[]);
        world.hidden.iter().map(|known| known.id.clone()).collect::<Vec<_>>()
    });
    assert!(!hidden.is_empty());
    let ((), without) = worlds::lives(make(), email, |world| world.live(steps, role, false, &hidden));
    with.differs_from(&without)
}

fn check(make: fn() -> TestDatabase, cases: u32) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 40, ..Config::default() };
    let outcome = TestRunner::new(config).run(&story(), |(looker, steps)| {
        told_apart(make, looker, &steps).map_or(Ok(()), |what| Err(TestCaseError::fail(what)))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn a_world_with_a_hidden_report_is_the_world_without_it_on_sqlite() {
    check(TestDatabase::sqlite, 3);
}

#[test]
fn a_world_with_a_hidden_report_is_the_world_without_it_on_postgresql() {
    check(TestDatabase::postgres, 1);
}

/// Each looker at least once, whatever is drawn.
#[test]
fn every_one_of_those_who_are_kept_out_sees_the_same_world() {
    let act = |actor, act, hidden| Step::Act { report: 0, actor, act, hidden };
    let steps = [
        Step::File { what: 0, hidden: false },
        Step::File { what: 1, hidden: true },
        Step::Pass { minutes: 1 },
        Step::Look { routes: [0, 1, 2] },
        act(1, 0, true),
        act(2, 9, true),
        Step::File { what: 0, hidden: true },
        Step::Pass { minutes: 61 },
        act(3, 2, true),
        act(1, 2, false),
        act(4, 6, true),
        Step::Tick,
        Step::Reporter { report: 0, act: 0, hidden: true },
        Step::Pass { minutes: 300 },
        Step::Tick,
    ];
    for (looker, who) in LOOKERS.iter().enumerate() {
        let told = told_apart(TestDatabase::sqlite, looker, &steps);
        assert_eq!(told, None, "{who:?}");
    }
}
