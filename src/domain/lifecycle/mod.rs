//! The state machine: commands in, events or a refusal out; events in, state out.
//!
//! [`decide`] is pure: everything it needs is in its arguments, chance and time included. [`apply`] is total: it
//! never fails and never asks the policy. Repeating a command gives no events, not an error.
//!
//! | file | rules of |
//! |---|---|
//! | `command` | what is asked for, and why it is refused |
//! | `apply` | what an event makes of the state |
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
mod command;
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

pub use super::access::Seated;
pub use apply::apply;
pub use command::{Actor, AnswerGiven, Command, People, Refusal, Safety};
pub use reporter::Filing;

use super::{
    access,
    event::{Awaiting, By, Event, EventKind, When},
    ids::MemberId,
    policy::{Level, Policy, Side},
    report::Report,
    time::{Seconds, UtcMillis},
};

/// A decision under way: the state as the events so far made it.
struct Work<'a> {
    report: Report,
    events: Vec<Event>,
    policy: &'a Policy,
    people: &'a People,
    now: UtcMillis,
    /// The instant whose span is kept where only a span may be: `now`, or the tick of a delivery.
    spanned: UtcMillis,
    /// The reporter acts: nothing that follows may keep more than the span of the act.
    coarse: bool,
    /// An act in time may put a clock back.
    may_overtake: bool,
    /// The deadline and what it awaited, of the clock that was put back.
    overtaken: Option<(UtcMillis, Option<Awaiting>)>,
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
    let mut work = Work::new(report.clone(), policy, people, now, command.is_coarse());
    let outcome = work.run(command);
    // A clock is put back only for an act that meets its deadline; any other act happens where the clock stands now.
    if work.overtook_in_vain(outcome.is_err()) {
        let mut again = Work::new(report.clone(), policy, people, now, command.is_coarse());
        again.may_overtake = false;
        return again.run(command).map(|()| again.events);
    }
    outcome.map(|()| work.events)
}

/// Files a report: the state and events of its birth.
pub fn file(filing: &Filing, policy: &Policy, people: &People, now: UtcMillis) -> (Report, Vec<Event>) {
    let mut work = Work::new(Report::unfiled(), policy, people, now, true);
    work.file(filing);
    (work.report, work.events)
}

/// Applies events in order.
pub fn replay<'e>(report: Report, events: impl IntoIterator<Item = &'e Event>) -> Report {
    events.into_iter().fold(report, apply)
}

impl<'a> Work<'a> {
    const fn new(report: Report, policy: &'a Policy, people: &'a People, now: UtcMillis, coarse: bool) -> Self {
        let events = Vec::new();
        Self { report, events, policy, people, now, spanned: now, coarse, may_overtake: true, overtaken: None }
    }

    fn run(&mut self, command: &Command) -> Result<(), Refusal> {
        match command {
            Command::DeadlinePassed => self.fire(),
            Command::Told { member, how, at } => {
                self.told(*member, *how, *at);
                Ok(())
            }
            Command::PeopleChanged => {
                self.catch_up();
                self.people_changed();
                Ok(())
            }
            Command::Outage { from, to } => {
                self.outage(*from, *to);
                Ok(())
            }
            Command::Acknowledge(actor) => self.acknowledge(actor),
            Command::TakeOver(actor) => self.take_over(actor),
            Command::Answer(actor, given) => self.answer(actor, given),
            Command::StopWork(actor, role) => self.stop_work(actor, role),
            Command::Resume(actor) => self.resume(actor),
            Command::Verify(actor, verified) => self.verify(actor, *verified),
            Command::Escalate(actor) => self.escalate(actor),
            Command::Summarise(actor) => self.summarise(actor),
            Command::NotCredible(actor) => self.not_credible(actor),
            Command::Recuse(actor) => self.recuse(actor),
            Command::Write(actor) => self.write(actor),
            Command::Message(to) => self.message(*to),
            Command::Safety(safety) => self.safety(*safety),
            Command::Worse => self.worse(),
            Command::Withdraw => self.withdraw(),
        }
    }

    /// The clock that was put back still stands where it stood: the act did not meet its deadline.
    fn overtook_in_vain(&self, refused: bool) -> bool {
        let stands = self.report.timer().map(|due| (due, self.report.awaiting()));
        self.overtaken.is_some() && (refused || stands == self.overtaken)
    }

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
        let by =
            By::Member { member: actor.member, role: actor.role.clone(), side: actor.side, by_link: actor.by_link };
        self.emit(When::exact(self.now), by, kind);
    }

    fn by_reporter(&mut self, kind: EventKind) {
        self.emit(self.span(), By::Reporter, kind);
    }

    /// The span of the policy's step that `now` lies in.
    fn span(&self) -> When {
        let (from, to) = self.spanned.span(self.step());
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

    /// Levels at which the member sits on this side and is not kept out.
    fn levels_of(&self, member: MemberId, side: Side) -> Vec<Level> {
        let seats = self.people.seats.iter().filter(|s| s.member == member && s.side == side && !s.kept_out);
        seats.filter_map(|s| s.level).collect()
    }

    /// The level that a member who may see the report acts for: the one whose clock runs, else the highest told.
    ///
    /// # Errors
    /// [`Refusal::NotVisible`]; [`Refusal::NotForYourSide`] for observers, who have no level.
    fn level_of(&self, actor: &Actor) -> Result<Level, Refusal> {
        let levels = self.levels_of(actor.member, actor.side);
        let kept_out = self.people.seats.iter().any(|s| s.member == actor.member && s.kept_out);
        let viewer = access::Viewer { member: actor.member, side: actor.side, levels: &levels, kept_out };
        let view = access::view(&self.report, &viewer).ok_or(Refusal::NotVisible)?;
        view.level.ok_or(Refusal::NotForYourSide { side: self.report.clock_side() })
    }

    /// The actor's level, if they sit on `side`.
    ///
    /// # Errors
    /// [`Refusal::NotVisible`] as in `level_of`; [`Refusal::NotForYourSide`] on a report they can see.
    fn level_on_side(&self, actor: &Actor, side: Side) -> Result<Level, Refusal> {
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
