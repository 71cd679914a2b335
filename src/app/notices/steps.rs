//! The ladder of one report as a mail shows it: each step and how it stands now.
//!
//! A step that nobody could be told at is there for the union side alone, and two that are asked together are one for
//! everybody else: who is missing may be the subject.
//!
//! Source: security.md, "Kept out"; experience.md, "Mail".

use crate::{
    app::record::Subject,
    domain::{
        access::Together,
        event::{Awaiting, Silence},
        policy::{Level, Side, WindowRow},
        report::{Answer, Breach, Open, Report, Stage},
        time::UtcMillis,
    },
    notify::facts::{Act, Step, StepState},
};

/// The steps that a reader of this side may see, from the lowest up. None before delivery.
pub(super) fn steps(subject: &Subject, reader: Side) -> Vec<Step> {
    let report = &subject.report;
    if report.cycle == 0 {
        return Vec::new();
    }
    let levels = levels(subject);
    let above = levels.iter().copied().find(|level| Some(*level) > report.highest);
    let step = |level: &Level| Some(Step { level: level.0, with: None, state: state(report, *level, above)? });
    let steps: Vec<Step> = levels.iter().filter_map(step).collect();
    let together = Together::seen_by(reader, &subject.policy).filter(|_| report.together.contains(&report.cycle));
    let steps = together.map_or_else(|| steps.clone(), |together| as_one(together, &steps));
    let may_see = |step: &Step| reader == Side::Union || step.state != StepState::NobodyThere;
    steps.into_iter().filter(may_see).collect()
}

/// The two levels that are asked together as one step, which stands as whichever of them is there.
fn as_one(together: Together, steps: &[Step]) -> Vec<Step> {
    let (both, above): (Vec<Step>, Vec<Step>) = steps.iter().partition(|step| step.level <= together.higher.0);
    let state = both.into_iter().map(|step| step.state).min_by_key(rank);
    let one = |state| Step { level: together.higher.0, with: Some(together.lower.0), state };
    state.map(one).into_iter().chain(above).collect()
}

/// Which of two states says how the step stands, the lowest first.
const fn rank(state: &StepState) -> u8 {
    match state {
        StepState::Running { .. } => 0,
        StepState::Promised { .. } => 1,
        StepState::Answered { .. } => 2,
        StepState::Missed { .. } => 3,
        StepState::Unreachable { .. } => 4,
        StepState::NotTold { .. } => 5,
        StepState::AskedEarly => 6,
        StepState::Later { .. } => 7,
        StepState::NobodyThere => 8,
    }
}

/// Levels that the report can come to: `concern` and `retaliation` end with their windows.
fn levels(subject: &Subject) -> Vec<Level> {
    let report = &subject.report;
    let mut levels = subject.policy.chain_levels(report.clock_side());
    if matches!(report.row(), WindowRow::Concern | WindowRow::Retaliation) {
        levels.truncate(subject.policy.windows(report.row()).acknowledge.len());
    }
    levels
}

/// What runs counts first, then what this cycle brought, then an earlier one.
fn state(report: &Report, level: Level, above: Option<Level>) -> Option<StepState> {
    if let Some(running) = running(report, level) {
        return Some(running);
    }
    let mut cycles = (1..=report.cycle).rev();
    let known = cycles.find_map(|cycle| past(report, level, cycle));
    if known.is_some() {
        return known;
    }
    let reached = report.clock_reached().contains(&level);
    if Some(level) <= report.highest {
        // Passed without a breach or an answer: skipped. One that was told, or passed it on, is left out.
        let was_there = report.referred || was_told(report, level);
        return (!reached || !was_there).then_some(StepState::NobodyThere);
    }
    if reached {
        return matches!(report.stage, Stage::Open(_)).then_some(StepState::AskedEarly);
    }
    Some(StepState::Later { from: (above == Some(level)).then(|| next_turn(report)).flatten() })
}

fn running(report: &Report, level: Level) -> Option<StepState> {
    match &report.stage {
        Stage::Open(open) if open.levels.contains(&level) => Some(on_the_clock(open)),
        Stage::Answered(answered) => {
            let plan = answered.plan.as_ref().filter(|plan| plan.level == level)?;
            Some(StepState::Promised { done_by: plan.by.at })
        }
        Stage::Open(_) | Stage::Filed { .. } | Stage::Exhausted(_) | Stage::Closed { .. } => None,
    }
}

const fn on_the_clock(open: &Open) -> StepState {
    let reply_by = if open.acknowledged { None } else { Some(open.acknowledge_by.at) };
    StepState::Running { reply_by, answer_by: open.answer_by.at }
}

/// How the level came out of a cycle.
fn past(report: &Report, level: Level, cycle: u16) -> Option<StepState> {
    let breach = report.unanswered_by().filter(|b| is_of(b, report, level, cycle)).last();
    let given = |a: &&Answer| a.chain == report.chain && a.level == level && a.cycle == cycle;
    let answer = report.answers.iter().rfind(given);
    match (breach, answer) {
        (Some(breach), _) => Some(breach.answered_late_at.map_or_else(|| silent(breach), late)),
        (None, Some(answer)) => Some(StepState::Answered { at: answer.at, late: !answer.in_time }),
        (None, None) => None,
    }
}

fn is_of(breach: &Breach, report: &Report, level: Level, cycle: u16) -> bool {
    breach.chain == report.chain && breach.level == level && breach.cycle == cycle
}

const fn late(at: UtcMillis) -> StepState {
    StepState::Answered { at, late: true }
}

const fn silent(breach: &Breach) -> StepState {
    let was_due = breach.due_at;
    match breach.silence {
        Silence::Unanswered | Silence::PromisedNotDone => StepState::Missed { act: act(breach.awaiting), was_due },
        Silence::NotNotified => StepState::NotTold { was_due },
        Silence::Unreachable => StepState::Unreachable { was_due },
    }
}

/// The act that a breach is of; only these three have breaches.
const fn act(awaiting: Awaiting) -> Act {
    match awaiting {
        Awaiting::Acknowledgement | Awaiting::Delivery | Awaiting::Verification | Awaiting::Contest => Act::Reply,
        Awaiting::Answer => Act::Answer,
        Awaiting::Completion => Act::Completion,
    }
}

fn was_told(report: &Report, level: Level) -> bool {
    let prefix = format!("{}/", level.0);
    report.told.keys().any(|key| key.starts_with(&prefix))
}

fn next_turn(report: &Report) -> Option<UtcMillis> {
    match &report.stage {
        Stage::Open(open) => Some(open.due_at()),
        Stage::Filed { .. } | Stage::Answered(_) | Stage::Exhausted(_) | Stage::Closed { .. } => None,
    }
}
