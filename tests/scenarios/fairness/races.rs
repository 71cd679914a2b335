//! Acts that come at the last moment, while engines of two processes fire what is due: each counts with its own time, and
//! nobody is blamed who was in time.

mod deed;

use std::{
    collections::BTreeMap,
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use lastlooks::{
    clock::Clock as _,
    domain::{
        ids::ReportId,
        report::Report,
        time::{Seconds, UtcMillis},
    },
    entropy::Entropy,
    storage::{
        Storage, report_parts,
        reports::{self, ReportRow},
    },
    worker::engine::Engine,
};
use serde_json::{Value, json};

use self::deed::Deed;
use crate::{
    ledger::another_process,
    reports::locked,
    rust_2021::{begin, on},
    support::{
        TestDatabase,
        app::TestApp,
        client::Answer,
        clock::SeededEntropy,
        people::{Person, Reporter},
        western::Western,
    },
    workers::{another, started, turn},
};

/// How many act in the same moment.
const AT_ONCE: usize = 16;
/// Deadlines that lie so close together are raced for together.
const CLOSE: Seconds = Seconds(20);
/// Names the heartbeats of hours that take no time.
const INSTANCE: [u8; 16] = [1; 16];

/// One act and its deadline.
#[derive(Debug)]
struct Race {
    report: ReportId,
    reporter: Reporter,
    deed: Deed,
    awaiting: String,
    due_at: UtcMillis,
    cycle: i32,
    /// Events on record before it.
    events: usize,
    /// Before it is sent, in thousandths of a millisecond.
    pause: u32,
}

/// What came of it.
#[derive(Debug)]
struct Ran {
    race: Race,
    answer: Answer,
    /// What the clock said before it was sent and after it was answered.
    between: (UtcMillis, UtcMillis),
}

/// How often what happened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    in_time: usize,
    late: usize,
    refused: usize,
    lifted: usize,
}

impl Counts {
    const fn acts(self) -> usize {
        self.in_time + self.late + self.refused
    }
}

/// A production with many reports, two processes that fire, and somebody who acts for everybody.
struct Course<'a> {
    set: &'a TestApp,
    western: Western<'a>,
    storage: Storage,
    /// By report: two reports may have one handle.
    reporters: BTreeMap<ReportId, Reporter>,
    /// How many reports are filed whenever none is open any more.
    reports: usize,
    engines: [Engine; 2],
    chance: SeededEntropy,
}

impl<'a> Course<'a> {
    /// A course of so many reports at once.
    fn with(set: &'a TestApp, reports: usize, seed: u64) -> Self {
        let (western, days) = begin(set);
        drop(days);
        set.clock.move_to(on(16, 10, 0));
        let engines = [started(set), Engine::new(another_process(set), [2; 16])];
        let (storage, chance) = (set.database().open(), SeededEntropy::new(seed));
        Self { set, western, storage, reporters: BTreeMap::new(), reports, engines, chance }
    }

    /// Files the reports, a few in each minute.
    fn file(&mut self) {
        for _ in 0..self.reports {
            let number = self.reporters.len();
            if number.is_multiple_of(AT_ONCE) {
                self.set.advance(Seconds::minutes(1));
            }
            let receipt = format!("{:032x}", 0xface_0000 + number);
            let reporter = self.western.crew().files(&receipt, another());
            let ids = self.storage.read_blocking(|conn| reports::ids_after(conn, None, 10_000)).unwrap();
            let new = ids.into_iter().find(|id| !self.reporters.contains_key(id)).unwrap();
            self.reporters.insert(new, reporter);
        }
        self.beat();
    }

    /// Races until there were so many acts.
    fn run(&mut self, acts: usize) -> Counts {
        let mut counts = Counts::default();
        while counts.acts() < acts {
            let rows = self.open();
            self.answer_the_exhausted(&rows);
            let races = self.next(&rows);
            let Some(first) = races.iter().map(|race| race.due_at).min() else {
                self.file();
                continue;
            };
            // The hours until then were watched: they only took no time.
            self.set.clock.at_least(first.plus_millis(-1));
            self.beat();
            for ran in self.race(races) {
                self.judge(&ran, &mut counts);
            }
        }
        counts
    }

    fn drawn(&self, below: u32) -> u32 {
        let chance: &dyn Entropy = &self.chance;
        chance.below(below)
    }

    fn beat(&self) {
        self.set.wait(self.set.app().beat_over_jump(INSTANCE, self.set.clock.now())).unwrap();
    }

    fn open(&self) -> Vec<ReportRow> {
        self.storage.read_blocking(|conn| reports::open_after(conn, None, 10_000)).unwrap()
    }

    /// Nothing is due of a report of which everybody was silent; somebody answers it, so that it goes on.
    fn answer_the_exhausted(&self, rows: &[ReportRow]) {
        for row in rows.iter().filter(|row| row.stage == "exhausted") {
            done(&self.western.first_ad(), row.id, "answer", &locked()).is(200);
        }
    }

    /// The acts for the deadlines that come next.
    fn next(&self, rows: &[ReportRow]) -> Vec<Race> {
        let mut due: Vec<(UtcMillis, &ReportRow)> = rows.iter().filter_map(|row| Some((row.due_at?, row))).collect();
        due.sort_by_key(|(at, row)| (*at, row.id));
        let Some(last) = due.first().map(|(first, _)| first.plus(CLOSE)) else { return Vec::new() };
        let close = due.into_iter().take_while(|(at, _)| *at < last).take(AT_ONCE);
        close.map(|(due_at, row)| self.race_for(row, due_at)).collect()
    }

    fn race_for(&self, row: &ReportRow, due_at: UtcMillis) -> Race {
        let deed = Deed::about(row, self.drawn(10)).unwrap();
        let broke_promise = self.report(row.id).1.breaches.iter().any(|b| i32::from(b.cycle) == row.cycle);
        Race {
            report: row.id,
            reporter: self.reporters[&row.id].clone(),
            // A level that broke its word cannot give it again.
            deed: if deed == Deed::Promise && broke_promise { Deed::Answer } else { deed },
            awaiting: row.awaiting.clone().unwrap(),
            due_at,
            cycle: row.cycle,
            events: self.events(row.id).len(),
            pause: self.drawn(8000),
        }
    }

    /// Everybody acts, and after some of them the clock passes the deadlines, while both processes fire.
    fn race(&mut self, races: Vec<Race>) -> Vec<Ran> {
        let people = (self.western.first_ad(), self.western.steward());
        for person in [&people.0, &people.1] {
            person.session();
        }
        let mut dues: Vec<UtcMillis> = races.iter().map(|race| race.due_at).collect();
        dues.dedup();
        let (start, answered, is_over) = (Barrier::new(races.len() + 1), AtomicUsize::new(0), AtomicBool::new(false));
        let most = u32::try_from(races.len()).unwrap();
        let (set, first) = (self.set, (self.drawn(2) * self.drawn(most + 1)) as usize);
        let wait = if first == 0 { self.drawn(12_000) } else { 0 };
        let ran = thread::scope(|scope| {
            let engines: Vec<_> =
                self.engines.iter_mut().map(|engine| scope.spawn(|| fire(set, engine, &is_over))).collect();
            let acts: Vec<_> =
                races.into_iter().map(|race| scope.spawn(|| act(set, &people, race, (&start, &answered)))).collect();
            start.wait();
            // Now while most are on their way, now after some of them.
            thread::sleep(Duration::from_micros(wait.into()));
            while answered.load(Ordering::SeqCst) < first && acts.iter().any(|act| !act.is_finished()) {
                thread::yield_now();
            }
            for due in dues {
                set.clock.at_least(due);
                thread::yield_now();
            }
            let ran: Vec<Ran> = acts.into_iter().map(|act| act.join().unwrap()).collect();
            is_over.store(true, Ordering::SeqCst);
            for engine in engines {
                engine.join().unwrap();
            }
            ran
        });
        // What was left for an act under way is fired now.
        for engine in &mut self.engines {
            while turn(set, engine).fired > 0 {}
        }
        ran
    }

    fn report(&self, id: ReportId) -> (ReportRow, Report) {
        let row = self.storage.read_blocking(move |conn| reports::find(conn, id)).unwrap().unwrap();
        let report = serde_json::from_str(&row.state).unwrap();
        (row, report)
    }

    fn events(&self, id: ReportId) -> Vec<report_parts::EventRow> {
        self.storage.read_blocking(move |conn| report_parts::events(conn, id)).unwrap()
    }

    /// What is on record has to be what happened.
    fn judge(&self, ran: &Ran, counts: &mut Counts) {
        let race = &ran.race;
        let events = self.events(race.report).split_off(race.events);
        let of = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
        let acts: Vec<_> = events.iter().filter(|event| event.kind == race.deed.kind()).collect();
        let told = format!("{ran:?}\n{events:#?}");
        counts.lifted += of("lifted");
        if ran.answer.status != 200 {
            self.is_rightly_refused(ran, &told);
            assert!(acts.is_empty(), "refused, and it happened: {told}");
            counts.refused += 1;
            return;
        }
        assert_eq!(acts.len(), 1, "done, and not once on record: {told}");
        let in_time = match race.deed {
            // Of what a reporter does, no exact time is kept: that it was accepted says enough.
            Deed::Contest => true,
            Deed::Acknowledge | Deed::Answer | Deed::Promise | Deed::Reject | Deed::Verify => {
                let at = acts[0].at_from;
                assert!(ran.between.0 <= at && at <= ran.between.1, "another time than its own: {told}");
                at < race.due_at
            }
        };
        assert_eq!(self.is_blamed(race), !in_time && is_a_clock(&race.awaiting), "{told}");
        let passed_on = of("verification_asked") + of("not_verified") > of("lifted");
        assert_eq!(passed_on, !in_time && race.awaiting == "verification", "{told}");
        *(if in_time { &mut counts.in_time } else { &mut counts.late }) += 1;
    }

    /// A breach of this deadline stands.
    fn is_blamed(&self, race: &Race) -> bool {
        let (_, report) = self.report(race.report);
        let of_it = |b: &&lastlooks::domain::report::Breach| {
            (i32::from(b.cycle), b.due_at, b.awaiting.code()) == (race.cycle, race.due_at, race.awaiting.as_str())
        };
        report.breaches.iter().filter(of_it).any(|breach| !breach.lifted)
    }

    /// Only what comes after the end is refused.
    fn is_rightly_refused(&self, ran: &Ran, told: &str) {
        assert_eq!(ran.answer.status, 409, "{told}");
        assert!(["verification", "contest"].contains(&ran.race.awaiting.as_str()), "{told}");
        assert!(ran.between.1 >= ran.race.due_at, "it came in time: {told}");
        assert_eq!(self.report(ran.race.report).0.stage, "closed", "{told}");
    }
}

/// Whether a deadline is one whose passing is a breach.
fn is_a_clock(awaiting: &str) -> bool {
    ["acknowledgement", "answer", "completion"].contains(&awaiting)
}

/// Fires what is due until it is over.
fn fire(set: &TestApp, engine: &mut Engine, is_over: &AtomicBool) {
    while !is_over.load(Ordering::SeqCst) {
        turn(set, engine);
        thread::sleep(Duration::from_millis(1));
    }
}

fn act(
    set: &TestApp,
    (first_ad, steward): &(Person, Person),
    race: Race,
    (start, answered): (&Barrier, &AtomicUsize),
) -> Ran {
    start.wait();
    thread::sleep(Duration::from_micros(race.pause.into()));
    let before = set.clock.now();
    let plan = json!({
        "kind": "action", "text": "a new cart comes", "by_role": "upm", "done": "planned",
        "done_by": rfc3339(before.plus(Seconds::hours(1))),
    });
    let verdict = |verdict: &str| json!({ "verdict": verdict, "note": "I went there" });
    let answer = match race.deed {
        Deed::Acknowledge => done(first_ad, race.report, "acknowledgement", &json!({})),
        Deed::Answer => done(first_ad, race.report, "answer", &locked()),
        Deed::Promise => done(first_ad, race.report, "answer", &plan),
        Deed::Reject => done(steward, race.report, "verification", &verdict("rejected")),
        Deed::Verify => done(steward, race.report, "verification", &verdict("verified")),
        Deed::Contest => super::contests(&race.reporter),
    };
    let between = (before, set.clock.now());
    answered.fetch_add(1, Ordering::SeqCst);
    Ran { race, answer, between }
}

fn done(person: &Person, report: ReportId, act: &str, body: &Value) -> Answer {
    person.unlocked("POST", &format!("/v1/reports/{report}/{act}"), Some(body))
}

/// An instant as the API takes it, on the full second.
fn rfc3339(at: UtcMillis) -> String {
    jiff::Timestamp::from_second(at.get() / 1000).unwrap().to_string()
}

/// Runs the course on a database; says what happened.
fn race_on(database: TestDatabase, reports: usize, acts: usize) -> Counts {
    let set = TestApp::on(database);
    let mut course = Course::with(&set, reports, 9);
    let counts = course.run(acts);
    println!("{counts:?}");
    assert_eq!(set.database().deadlocks(), 0, "nobody waits for each other");
    counts
}

#[test]
fn acts_that_race_their_deadlines_are_never_lost_and_nobody_is_blamed_wrongly() {
    for database in TestDatabase::each() {
        let counts = race_on(database, 48, 240);
        assert!(counts.in_time > 0 && counts.late > 0, "{counts:?}");
    }
}

#[test]
#[ignore = "ten thousand acts take a quarter of an hour on each database, with optimisation"]
fn ten_thousand_acts_that_race_their_deadlines_are_never_lost_and_nobody_is_blamed_wrongly() {
    for database in TestDatabase::each() {
        let counts = race_on(database, 320, 10_000);
        assert!(counts.in_time > 1000 && counts.late > 1000 && counts.lifted > 0, "{counts:?}");
    }
}
