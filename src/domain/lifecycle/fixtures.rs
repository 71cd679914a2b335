//! A small world for the tests: the shipped chain, its people as values, and time moved by hand.

use super::{Actor, AnswerGiven, Command, Filing, People, Refusal, Safety, Seated, decide, file, replay};
use crate::domain::{
    catalogue::Severity,
    event::{AnswerKind, Event, EventKind, Telling},
    ids::{DeskId, MemberId},
    policy::{Level, Policy, PolicyDesk, PolicyDocument, Side},
    report::{Breach, Report, Stage},
    time::{Seconds, UtcMillis},
};

/// Monday 2026-11-16, 00:00 UTC: the first moment of the world.
pub(crate) const MIDNIGHT: UtcMillis = UtcMillis::new(1_794_787_200_000);

/// Somebody of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: u8,
    pub(crate) side: Side,
    pub(crate) level: Option<u8>,
    pub(crate) role: &'static str,
}

const fn person(id: u8, side: Side, level: Option<u8>, role: &'static str) -> Person {
    Person { id, side, level, role }
}

pub(crate) const FIRST_AD: Person = person(1, Side::Production, Some(1), "1st_ad");
pub(crate) const ADVISOR: Person = person(2, Side::Production, Some(1), "safety_advisor");
pub(crate) const UPM: Person = person(3, Side::Production, Some(2), "upm");
pub(crate) const LINE_PRODUCER: Person = person(4, Side::Production, Some(2), "line_producer");
pub(crate) const PRODUCER: Person = person(5, Side::Production, Some(3), "producer");
pub(crate) const SECOND_PRODUCER: Person = person(6, Side::Production, Some(3), "producer");
pub(crate) const STEWARD: Person = person(11, Side::Union, Some(1), "steward");
pub(crate) const SECOND_STEWARD: Person = person(12, Side::Union, Some(1), "steward");
pub(crate) const BUSINESS_REP: Person = person(13, Side::Union, Some(2), "business_rep");
pub(crate) const SECOND_REP: Person = person(14, Side::Union, Some(2), "business_rep");
pub(crate) const INTERNATIONAL: Person = person(15, Side::Union, Some(3), "international_rep");
pub(crate) const COUNSEL: Person = person(16, Side::Union, Some(4), "counsel");
pub(crate) const FINANCIER: Person = person(21, Side::Observer, None, "financier");

/// Everybody, two at most levels so that one of them can leave.
pub(crate) const EVERYBODY: [Person; 13] = [
    FIRST_AD,
    ADVISOR,
    UPM,
    LINE_PRODUCER,
    PRODUCER,
    SECOND_PRODUCER,
    STEWARD,
    SECOND_STEWARD,
    BUSINESS_REP,
    SECOND_REP,
    INTERNATIONAL,
    COUNSEL,
    FINANCIER,
];

impl Person {
    pub(crate) fn member(self) -> MemberId {
        MemberId::new([self.id; 16])
    }

    pub(crate) fn actor(self) -> Actor {
        Actor { member: self.member(), side: self.side, role: self.role.into(), by_link: false }
    }

    pub(crate) fn seat(self) -> Seated {
        Seated {
            member: self.member(),
            side: self.side,
            level: self.level.map(Level),
            kept_out: false,
            dead_since: None,
        }
    }
}

/// The shipped windows and the shipped chain.
pub(crate) fn shipped_policy() -> Policy {
    let desk = |n: u8, name: &str, side, level: Option<u8>| PolicyDesk {
        id: DeskId::new([n; 16]),
        name: name.into(),
        side,
        level: level.map(Level),
    };
    let desks = vec![
        desk(1, "Safety contact", Side::Production, Some(1)),
        desk(2, "Shop steward", Side::Union, Some(1)),
        desk(3, "Unit production", Side::Production, Some(2)),
        desk(4, "Business representative", Side::Union, Some(2)),
        desk(5, "Producers", Side::Production, Some(3)),
        desk(6, "International representative", Side::Union, Some(3)),
        desk(7, "Counsel", Side::Union, Some(4)),
        desk(8, "Financier", Side::Observer, None),
    ];
    Policy { version: 1, document: PolicyDocument::shipped(), desks }
}

/// One report and everybody around it.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) now: UtcMillis,
    pub(crate) policy: Policy,
    pub(crate) people: People,
    pub(crate) report: Report,
    pub(crate) events: Vec<Event>,
    /// Whoever is told by mail is told at once, as the sender does it.
    pub(crate) mail_works: bool,
}

/// The instant `hours:minutes:seconds` of the world's first day.
pub(crate) fn at(hours: u32, minutes: u32, seconds: u32) -> UtcMillis {
    MIDNIGHT.plus(Seconds(hours * 3600 + minutes * 60 + seconds))
}

impl World {
    /// A report of this severity, filed at 14:05:10.
    pub(crate) fn with(severity: Severity) -> Self {
        let mut world = Self::empty();
        world.files(severity, false, 0);
        world
    }

    /// A report of retaliation, filed at 14:05:10, delivered at 15:00.
    pub(crate) fn with_retaliation() -> Self {
        let mut world = Self::empty();
        world.files(Severity::NextCall, true, 0);
        world.until(at(15, 0, 0));
        world
    }

    /// Everybody seated, nothing filed, 14:05:10.
    pub(crate) fn empty() -> Self {
        let seats = EVERYBODY.iter().map(|p| p.seat()).collect();
        Self {
            now: at(14, 5, 10),
            policy: shipped_policy(),
            people: People { seats, engine_held: false, unwatched: false },
            report: Report::unfiled(),
            events: Vec::new(),
            mail_works: true,
        }
    }

    pub(crate) fn files(&mut self, severity: Severity, retaliation: bool, delay_millis: i64) {
        let filing = Filing { retaliation, severity, delay_millis };
        let (report, events) = file(&filing, &self.policy, &self.people, self.now);
        self.report = report;
        self.events = events;
        self.deliver_mail();
    }

    /// Decides and applies; the world stays as it is when refused.
    pub(crate) fn does(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let events = self.tries(command)?;
        self.report = replay(self.report.clone(), &events);
        self.events.extend(events.iter().cloned());
        self.deliver_mail();
        Ok(events)
    }

    /// Decides only.
    pub(crate) fn tries(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        decide(&self.report, command, &self.policy, &self.people, self.now)
    }

    /// Every level told is told by mail, at the world's now.
    fn deliver_mail(&mut self) {
        if !self.mail_works {
            return;
        }
        for seat in self.people.seats.clone().into_iter().filter(|s| s.dead_since.is_none()) {
            let told = Command::Told { member: seat.member, how: Telling::Notified, at: self.now };
            let events = self.tries(&told).unwrap();
            self.report = replay(self.report.clone(), &events);
            self.events.extend(events);
        }
    }

    /// Moves time to `then`, firing each deadline at its instant, as the engine does.
    pub(crate) fn until(&mut self, then: UtcMillis) {
        while let Some(due) = self.report.timer().filter(|due| *due <= then) {
            self.now = self.now.max(due);
            self.does(&Command::DeadlinePassed).unwrap();
        }
        self.now = then;
    }

    /// Moves time without any engine: nothing fires.
    pub(crate) fn sleeps_until(&mut self, then: UtcMillis) {
        self.now = then;
    }

    pub(crate) fn acknowledges(&mut self, who: Person) -> Result<Vec<Event>, Refusal> {
        self.does(&Command::Acknowledge(who.actor()))
    }

    pub(crate) fn answers(&mut self, who: Person) -> Result<Vec<Event>, Refusal> {
        self.answers_with(who, AnswerKind::Action, None)
    }

    pub(crate) fn plans(&mut self, who: Person, by: UtcMillis) -> Result<Vec<Event>, Refusal> {
        self.answers_with(who, AnswerKind::Action, Some(by))
    }

    pub(crate) fn disputes(&mut self, who: Person) -> Result<Vec<Event>, Refusal> {
        self.answers_with(who, AnswerKind::Dispute, None)
    }

    pub(crate) fn refers(&mut self, who: Person) -> Result<Vec<Event>, Refusal> {
        self.answers_with(who, AnswerKind::Referral, None)
    }

    fn answers_with(
        &mut self,
        who: Person,
        kind: AnswerKind,
        planned_by: Option<UtcMillis>,
    ) -> Result<Vec<Event>, Refusal> {
        self.does(&Command::Answer(who.actor(), given(kind, planned_by)))
    }

    pub(crate) fn stops_work(&mut self, who: Person) -> Result<Vec<Event>, Refusal> {
        self.does(&Command::StopWork(who.actor(), "upm".into()))
    }

    pub(crate) fn verifies(&mut self, who: Person) -> Result<Vec<Event>, Refusal> {
        self.does(&Command::Verify(who.actor(), true))
    }

    pub(crate) fn rejects(&mut self, who: Person) -> Result<Vec<Event>, Refusal> {
        self.does(&Command::Verify(who.actor(), false))
    }

    pub(crate) fn says(&mut self, safety: Safety) -> Result<Vec<Event>, Refusal> {
        self.does(&Command::Safety(safety))
    }

    /// Takes everybody of a level and side from their seats.
    pub(crate) fn empties(&mut self, level: u8, side: Side) {
        self.people.seats.retain(|s| s.level != Some(Level(level)) || s.side != side);
    }

    /// Keeps a person out.
    pub(crate) fn keeps_out(&mut self, who: Person) {
        for seat in self.people.seats.iter_mut().filter(|s| s.member == who.member()) {
            seat.kept_out = true;
        }
    }

    /// Marks a person's address as dead since then.
    pub(crate) fn kills_address(&mut self, who: Person, since: UtcMillis) {
        for seat in self.people.seats.iter_mut().filter(|s| s.member == who.member()) {
            seat.dead_since = Some(since);
        }
    }

    /// The running levels, the deadline to acknowledge and the one to answer.
    pub(crate) fn clock(&self) -> (Vec<u8>, UtcMillis, UtcMillis) {
        match &self.report.stage {
            Stage::Open(open) => (open.levels.iter().map(|l| l.0).collect(), open.acknowledge_by.at, open.answer_by.at),
            other => panic!("no clock runs: {other:?}"),
        }
    }

    /// The breaches as (level, deadline), lifted ones left out.
    pub(crate) fn missed(&self) -> Vec<(u8, UtcMillis)> {
        self.report.unanswered_by().map(|b| (b.level.0, b.due_at)).collect()
    }

    pub(crate) fn breach(&self, level: u8) -> &Breach {
        self.report.breaches.iter().find(|b| b.level == Level(level)).unwrap()
    }

    /// The levels told on each side.
    pub(crate) fn told(&self) -> (Vec<u8>, Vec<u8>) {
        let numbers = |levels: &std::collections::BTreeSet<Level>| levels.iter().map(|l| l.0).collect();
        (numbers(&self.report.reached), numbers(&self.report.union_reached))
    }

    /// How many events satisfy the claim.
    pub(crate) fn count(&self, claim: impl Fn(&EventKind) -> bool) -> usize {
        self.events.iter().filter(|e| claim(&e.kind)).count()
    }
}

/// An answer, with the role that everybody gives.
pub(crate) fn given(kind: AnswerKind, planned_by: Option<UtcMillis>) -> AnswerGiven {
    AnswerGiven { kind, by_role: "upm".into(), planned_by, drawn: false }
}

/// The codes of these events, `told` left out.
pub(crate) fn codes(events: &[Event]) -> Vec<&'static str> {
    let kinds = events.iter().map(|e| &e.kind).filter(|k| !matches!(k, EventKind::Told { .. }));
    kinds.map(EventKind::code).collect()
}
