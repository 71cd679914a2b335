//! The state machine: commands in, events or a refusal out; events in, state out.
//!
//! [`decide`] is pure: everything it needs is in its arguments, chance and time included. [`apply`] is total: it
//! never fails and never asks the policy. Repeating a command gives no events, not an error.
//!
//! | file | rules of |
//! |---|---|
//! | `ladder` | entering levels, skips, pairs, exhaustion, next cycle |
//! | `acts` | acknowledge, holder, answer, referral, stop work |
//! | `reporter` | filing, safety, worse, messages, withdrawal |
//! | `union` | verification, escalation by hand, summary, not credible |
//! | `timers` | what happens at a deadline |
//! | `fairness` | telling, outages, dead addresses, emptied levels, acts that overtake a breach |
//!
//! Source: domain.md.

mod acts;
mod apply;
mod fairness;
mod ladder;
mod reporter;
mod timers;
mod union;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rules;

pub use apply::apply;
pub use reporter::Filing;

use super::{
    event::{Addressed, AnswerKind, By, Event, EventKind, Telling, When},
    ids::MemberId,
    policy::{Level, Policy, Side},
    report::{Report, Stage},
    time::{Seconds, UtcMillis},
};

/// A seat of the production, as a report sees it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seated {
    /// Whose.
    pub member: MemberId,
    /// Its side.
    pub side: Side,
    /// Level of its desk; observers have none.
    pub level: Option<Level>,
    /// Its member is kept out of this report.
    pub kept_out: bool,
    /// Its member's address has been known dead since then.
    pub dead_since: Option<UtcMillis>,
}

/// Everything about people and engine that a decision may depend on.
#[derive(Debug, Clone, Default)]
pub struct People {
    /// All seats that are not removed.
    pub seats: Vec<Seated>,
    /// The engine is held (the wall clock jumped): no deadline fires, none is judged.
    pub engine_held: bool,
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub member: MemberId,
    /// Their side.
    pub side: Side,
    /// The role on record.
    pub role: String,
}

/// An answer as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerGiven {
    /// What sort.
    pub kind: AnswerKind,
    /// Role that did it.
    pub by_role: String,
    /// The promised date of a plan; none: done.
    pub planned_by: Option<UtcMillis>,
    /// Chance drew this one among the tenth that is verified though it need not be.
    pub drawn: bool,
}

/// The reporter's answer to "is it safe now?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Yes.
    Yes,
    /// It is not fixed.
    No,
    /// I can't tell.
    CannotTell,
}

/// What somebody wants, or what time brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A deadline has passed.
    DeadlinePassed,
    /// A level was told.
    Told {
        /// Who of the level was.
        member: MemberId,
        /// How.
        how: Telling,
        /// When, exactly.
        at: UtcMillis,
    },
    /// An address was marked dead or seats changed: see whether a running level still has somebody.
    PeopleChanged,
    /// The service was down.
    Outage {
        /// Last sign of life.
        from: UtcMillis,
        /// First sign of life after.
        to: UtcMillis,
    },
    /// "I have it".
    Acknowledge(Actor),
    /// Take it over.
    TakeOver(Actor),
    /// The close-out.
    Answer(Actor, AnswerGiven),
    /// Stop work.
    StopWork(Actor, String),
    /// Work goes on.
    Resume(Actor),
    /// Verify (`true`) or reject.
    Verify(Actor, bool),
    /// Tell one level more now.
    Escalate(Actor),
    /// Share a summary of a `retaliation` report.
    Summarise(Actor),
    /// Not credible.
    NotCredible(Actor),
    /// Take me off it.
    Recuse(Actor),
    /// A member writes to the reporter.
    Write(Actor),
    /// The reporter writes to the desks.
    Message(Addressed),
    /// Is it safe now?
    Safety(Safety),
    /// It happens again, or worse.
    Worse,
    /// Take it back.
    Withdraw,
}

/// Why a command is refused. Every refusal names its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The deadline has not passed.
    #[error("the deadline is still {millis} ms away")]
    NotYetDue {
        /// Milliseconds to go.
        millis: i64,
    },
    /// Nothing is due in this stage.
    #[error("nothing is due")]
    NothingDue,
    /// The actor's side may not do this.
    #[error("this is for the {side} side to do", side = side.code())]
    NotForYourSide {
        /// The side that may.
        side: Side,
    },
    /// The actor cannot see the report: to them it does not exist.
    #[error("no such report")]
    NotVisible,
    /// Too late, or before its turn.
    #[error("{rule}; the report is {state}")]
    OutOfOrder {
        /// The report's status.
        state: &'static str,
        /// What stands in the way.
        rule: &'static str,
    },
    /// Removing or recusing the last person of a level.
    #[error("you are the last one at this level; somebody must take your place first")]
    LastAtLevel,
    /// A plan without a date, with one in the past, or too far ahead.
    #[error("done_by must be after now and at most {most_seconds} seconds ahead")]
    DateOutOfRange {
        /// The furthest a plan of this severity may be.
        most_seconds: u32,
    },
}

/// A decision under way: the state as the events so far made it.
struct Work<'a> {
    report: Report,
    events: Vec<Event>,
    policy: &'a Policy,
    people: &'a People,
    now: UtcMillis,
    /// The reporter acts: nothing that follows may keep more than the span of the act.
    coarse: bool,
}

/// Decides what a command does.
///
/// `now` is when the act arrived (members and reporters), or when the engine looks (deadlines).
///
/// # Errors
/// A [`Refusal`] that names its rule; then nothing happened.
pub fn decide(
    report: &Report,
    command: &Command,
    policy: &Policy,
    people: &People,
    now: UtcMillis,
) -> Result<Vec<Event>, Refusal> {
    let coarse = matches!(
        command,
        Command::Message(_) | Command::Safety(_) | Command::Worse | Command::Withdraw | Command::Told { .. }
    );
    let mut work = Work { report: report.clone(), events: Vec::new(), policy, people, now, coarse };
    match command {
        Command::DeadlinePassed => work.fire()?,
        Command::Told { member, how, at } => work.told(*member, *how, *at),
        Command::PeopleChanged => work.people_changed(),
        Command::Outage { from, to } => work.outage(*from, *to),
        Command::Acknowledge(actor) => work.acknowledge(actor)?,
        Command::TakeOver(actor) => work.take_over(actor)?,
        Command::Answer(actor, given) => work.answer(actor, given)?,
        Command::StopWork(actor, role) => work.stop_work(actor, role)?,
        Command::Resume(actor) => work.resume(actor)?,
        Command::Verify(actor, verified) => work.verify(actor, *verified)?,
        Command::Escalate(actor) => work.escalate(actor)?,
        Command::Summarise(actor) => work.summarise(actor)?,
        Command::NotCredible(actor) => work.not_credible(actor)?,
        Command::Recuse(actor) => work.recuse(actor)?,
        Command::Write(actor) => work.write(actor)?,
        Command::Message(to) => work.message(*to)?,
        Command::Safety(safety) => work.safety(*safety)?,
        Command::Worse => work.worse()?,
        Command::Withdraw => work.withdraw()?,
    }
    Ok(work.events)
}

/// Files a report: the state and events of its birth.
pub fn file(filing: &Filing, policy: &Policy, people: &People, now: UtcMillis) -> (Report, Vec<Event>) {
    let mut work = Work { report: Report::unfiled(), events: Vec::new(), policy, people, now, coarse: true };
    work.file(filing);
    (work.report, work.events)
}

/// Applies events in order.
pub fn replay<'e>(report: Report, events: impl IntoIterator<Item = &'e Event>) -> Report {
    events.into_iter().fold(report, apply)
}

impl Work<'_> {
    /// Puts an event on record and goes on from the state it makes.
    fn emit(&mut self, at: When, by: By, kind: EventKind) {
        let cycle = self.report.cycle;
        let chain = self.report.chain;
        let n = self.report.counted.get(&count_key(chain, cycle, &kind)).copied().unwrap_or(0);
        let event = Event { at, by, chain, cycle, n, kind };
        // apply() takes the state by value; the placeholder is replaced at once.
        let report = std::mem::replace(&mut self.report, Report::unfiled());
        self.report = apply(report, &event);
        self.events.push(event);
    }

    /// An event of the service itself, now.
    fn service(&mut self, kind: EventKind) {
        let at = if self.coarse { self.span() } else { When::exact(self.now) };
        self.emit(at, By::Service, kind);
    }

    /// Now, as coarse as it may be kept.
    fn moment(&self) -> UtcMillis {
        if self.coarse { self.now.up(self.step()) } else { self.now }
    }

    /// An event of the service that follows from a reporter's act: only its span is kept.
    fn service_in_span(&mut self, kind: EventKind) {
        self.emit(self.span(), By::Service, kind);
    }

    fn by(&mut self, actor: &Actor, kind: EventKind) {
        let by = By::Member { member: actor.member, role: actor.role.clone(), side: actor.side };
        self.emit(When::exact(self.now), by, kind);
    }

    fn by_reporter(&mut self, kind: EventKind) {
        self.emit(self.span(), By::Reporter, kind);
    }

    /// The span of the policy's step that `now` lies in.
    fn span(&self) -> When {
        let (from, to) = self.now.span(self.step());
        When { from, to }
    }

    fn step(&self) -> Seconds {
        self.policy.step(self.report.row())
    }

    fn out_of_order(&self, rule: &'static str) -> Refusal {
        Refusal::OutOfOrder { state: self.report.status(), rule }
    }

    /// Somebody of this side sits at the level who is not kept out, recused or removed.
    fn is_reachable(&self, level: Level) -> bool {
        let side = self.report.clock_side();
        self.present(level, side).next().is_some()
    }

    fn present(&self, level: Level, side: Side) -> impl Iterator<Item = &Seated> {
        let recused = &self.report.recused;
        let seats = self.people.seats.iter();
        seats.filter(move |s| s.level == Some(level) && s.side == side && !s.kept_out && !recused.contains(&s.member))
    }

    /// Levels at which the member sits on this side.
    fn levels_of(&self, member: MemberId, side: Side) -> Vec<Level> {
        let seats = self.people.seats.iter().filter(|s| s.member == member && s.side == side && !s.kept_out);
        seats.filter_map(|s| s.level).collect()
    }

    /// The level an actor acts for: the one whose clock runs, else the highest told.
    ///
    /// # Errors
    /// [`Refusal::NotVisible`] where no level of theirs was told, or they took themselves off.
    fn level_of(&self, actor: &Actor) -> Result<Level, Refusal> {
        if self.report.recused.contains(&actor.member) {
            return Err(Refusal::NotVisible);
        }
        let reached = match actor.side {
            Side::Production => &self.report.reached,
            Side::Union => &self.report.union_reached,
            Side::Observer => return Err(Refusal::NotVisible),
        };
        let mut levels = self.levels_of(actor.member, actor.side);
        levels.retain(|level| reached.contains(level));
        let running = match &self.report.stage {
            Stage::Open(open) if actor.side == self.report.clock_side() => open.levels.clone(),
            _ => Vec::new(),
        };
        let on_the_clock = levels.iter().filter(|level| running.contains(level)).max();
        on_the_clock.or(levels.iter().max()).copied().ok_or(Refusal::NotVisible)
    }

    /// The actor's level, if they sit on `side`.
    ///
    /// # Errors
    /// [`Refusal::NotVisible`] as in `level_of`; [`Refusal::NotForYourSide`] on a report they can see.
    fn level_on_side(&self, actor: &Actor, side: Side) -> Result<Level, Refusal> {
        if actor.side == Side::Observer && self.report.observers_told {
            return Err(Refusal::NotForYourSide { side });
        }
        let level = self.level_of(actor)?;
        if actor.side == side { Ok(level) } else { Err(Refusal::NotForYourSide { side }) }
    }
}

/// What makes the number of an event: chain, cycle, kind, level.
fn count_key(chain: super::catalogue::Chain, cycle: u16, kind: &EventKind) -> String {
    let level = kind.level().unwrap_or(Level(0));
    format!(
        "{}/{cycle}/{}/{}",
        if chain == super::catalogue::Chain::Production { 'p' } else { 'u' },
        kind.code(),
        level.0
    )
}
