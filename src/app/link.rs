//! The page behind a mail's link: one report, one person, one deadline, one button.
//!
//! Whoever has the link needs no sign-in, so it shows no more than the mail did and can do nothing but acknowledge.
//! Every link that does not work, whyever, is the same miss.
//!
//! Source: security.md, "Accounts" (mail links).

use super::{
    App,
    error::AppError,
    record::{Subject, is_conflict},
    shown::desks::answer_due_at,
    sight::Sight,
};
use crate::{
    auth::one_time::OneTime,
    domain::{
        access::{self, Act},
        catalogue::{Chain, Severity},
        lifecycle::Command,
        policy::Level,
        report::{Report, Stage},
        time::UtcMillis,
    },
    notify::{self, Times, facts},
    storage::outbox::{self, LinkRow},
};

/// How often an acknowledgement is tried while others act on the same report.
const MOST_TRIES: usize = 5;

/// What the page says. Nothing of what was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPage {
    /// The report's two random words.
    pub handle: String,
    /// The production's shown name.
    pub shown_as: String,
    /// How soon somebody could be hurt, in words.
    pub how_soon: &'static str,
    /// Bars of the sign for it, 1..=4.
    pub bars: u8,
    /// The present moment, in the production's zone.
    pub now: String,
    /// The step that is asked: "Office".
    pub step: String,
    /// The role in which it would be, or is, recorded.
    pub role: String,
    /// When the link ends.
    pub works_until: String,
    /// What is awaited.
    pub state: LinkState,
}

/// What the page shows in its middle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// "I have it" is awaited.
    Waiting {
        /// Words of the countdown: "11 min left".
        left: String,
        /// How much of the window is left, percent, 4..=100.
        left_percent: u8,
        /// The deadline.
        by: String,
        /// When the answer is then due.
        answer_by: Option<String>,
    },
    /// Somebody has it.
    Taken {
        /// It is the reader.
        by_reader: bool,
        /// Role of whoever has it, in words.
        role: String,
        /// When the answer is due; none once it was given, or is overdue.
        answer_by: Option<String>,
    },
}

/// A link that works, with what it leads to.
struct Found {
    link: LinkRow,
    subject: Subject,
    sight: Sight,
}

impl App {
    /// What the page behind a link shows. Changes nothing: scanners of mail follow links.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a token that is false or over, or whose person may not act on the report any more.
    pub async fn link_page(&self, token: &str) -> Result<LinkPage, AppError> {
        let now = self.inner.clock.now();
        let found = self.follow(token, now).await?;
        Ok(page(&found, now))
    }

    /// "I have it", by link. Recorded as such: not signed in, the report not opened.
    ///
    /// # Errors
    /// As [`App::link_page`]; [`AppError::Unavailable`].
    pub async fn acknowledge_by_link(&self, token: &str) -> Result<LinkPage, AppError> {
        let now = self.inner.clock.now();
        for _ in 0..MOST_TRIES {
            let found = self.follow(token, now).await?;
            let id = found.subject.row.id;
            let _under_way = self.act_under_way(id);
            let mut actor = found.subject.actor(&found.sight);
            actor.by_link = true;
            let link = found.link.clone();
            // The next cycle may have begun since the link was followed, with the same deadline.
            let still = move |subject: &Subject| match is_of_cycle(&link, subject) {
                true => Ok(()),
                false => Err(AppError::NotFound),
            };
            match self.decide(id, Command::Acknowledge(actor), now, move |_, subject, _| still(subject)).await {
                Err(error) if is_conflict(&error) => {}
                Err(AppError::NotForYourSide | AppError::OutOfOrder { .. }) => return Err(AppError::NotFound),
                Err(error) => return Err(error),
                Ok(decided) => return Ok(page(&Found { subject: decided.subject, ..found }, now)),
            }
        }
        Err(AppError::Unavailable { retry_after_seconds: 1 })
    }

    async fn follow(&self, token: &str, now: UtcMillis) -> Result<Found, AppError> {
        let hash = token.parse::<OneTime>().map_err(|_| AppError::NotFound)?.stored();
        let app = self.clone();
        self.inner
            .storage
            .read(move |conn| {
                let link = outbox::link(conn, &hash)?.ok_or(AppError::NotFound)?;
                let subject = app.subject_in(conn, link.report_id)?;
                let sight = subject.sight(link.member_id).ok_or(AppError::NotFound)?;
                let may_act = sight.side() == subject.report.clock_side() && subject.report.is_open();
                if !may_act || !is_of_cycle(&link, &subject) {
                    return Err(AppError::NotFound);
                }
                match now < link.due_at {
                    true => Ok(Found { link, subject, sight }),
                    // The clock that says so is being checked.
                    false if subject.production.engine_held => Err(AppError::Held),
                    false => Err(AppError::NotFound),
                }
            })
            .await
    }
}

/// The link is of the deadline that runs, and not of one that an earlier cycle had at the same instant.
fn is_of_cycle(link: &LinkRow, subject: &Subject) -> bool {
    link.cycle == i32::from(subject.report.cycle)
}

fn page(found: &Found, now: UtcMillis) -> LinkPage {
    let Found { link, subject, sight } = found;
    let times = Times::new(&subject.production.settings.time_zone, now);
    let (how_soon, bars) = how_soon(subject.report.severity);
    LinkPage {
        handle: subject.row.handle.clone(),
        shown_as: subject.production.shown_as().to_owned(),
        how_soon,
        bars,
        now: times.say(now),
        step: step(&subject.report, sight.view.level),
        role: notify::role_label(&subject.actor(sight).role).into_owned(),
        works_until: times.say(link.due_at),
        state: state(found, &times, now),
    }
}

fn state(found: &Found, times: &Times, now: UtcMillis) -> LinkState {
    let Found { subject, sight, .. } = found;
    let report = &subject.report;
    let answer_by = answer_due_at(report).map(|at| times.say(at));
    if access::permit(report, &sight.view, &sight.viewer(), Act::Acknowledge).is_ok()
        && let Stage::Open(open) = &report.stage
    {
        let due_at = open.due_at();
        return LinkState::Waiting {
            left: left(due_at.since(now)),
            left_percent: left_percent(open.anchor.at, due_at, now),
            by: times.say(due_at),
            answer_by,
        };
    }
    let holder = report.holder.as_ref();
    LinkState::Taken {
        by_reader: holder.is_some_and(|(member, _)| *member == sight.member),
        role: holder.map(|(_, role)| notify::role_label(role).into_owned()).unwrap_or_default(),
        answer_by,
    }
}

fn how_soon(severity: Severity) -> (&'static str, u8) {
    let (how_soon, bars) = match severity {
        Severity::Immediate => (facts::HowSoon::RightNow, 4),
        Severity::NextSetup => (facts::HowSoon::BeforeNextSetup, 3),
        Severity::NextCall => (facts::HowSoon::BeforeNextCall, 2),
        Severity::Concern => (facts::HowSoon::NotSoon, 1),
    };
    (notify::how_soon(how_soon), bars)
}

fn step(report: &Report, level: Option<Level>) -> String {
    let chain = match report.chain {
        Chain::Production => facts::Chain::Production,
        Chain::Union => facts::Chain::Union,
    };
    notify::step_name(chain, level.map_or(0, |level| level.0))
}

/// A countdown in words, rounded down: "3 days left", "2 h 10 min left", "12 min left", "1 min 20 s left".
///
/// Source: screens/README.md, "Countdown".
fn left(millis: i64) -> String {
    let seconds = millis.max(0) / 1000;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600, seconds / 60);
    match seconds {
        172_800.. => format!("{days} days left"),
        3600.. => format!("{hours} h {} min left", minutes % 60),
        120.. => format!("{minutes} min left"),
        60.. => format!("1 min {} s left", seconds % 60),
        _ => format!("{seconds} s left"),
    }
}

/// What is left of a window, percent, never under 4: less could not be seen.
fn left_percent(from: UtcMillis, to: UtcMillis, now: UtcMillis) -> u8 {
    let whole = to.since(from).max(1);
    let left = to.since(now).clamp(0, whole);
    u8::try_from(left.saturating_mul(100) / whole).unwrap_or(100).clamp(4, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_is_rounded_down_and_gets_finer_towards_its_end() {
        let said = |seconds: i64| left(seconds * 1000 + 999);
        assert_eq!(said(3 * 86_400 + 5), "3 days left");
        assert_eq!(said(172_799), "47 h 59 min left");
        assert_eq!(said(2 * 3600 + 10 * 60 + 59), "2 h 10 min left");
        assert_eq!(said(12 * 60 + 59), "12 min left");
        assert_eq!(said(80), "1 min 20 s left");
        assert_eq!(said(9), "9 s left");
        assert_eq!(left(-5), "0 s left");
    }

    #[test]
    fn the_dial_never_shows_less_than_can_be_seen() {
        let at = UtcMillis::new;
        assert_eq!(left_percent(at(0), at(1000), at(250)), 75);
        assert_eq!(left_percent(at(0), at(1000), at(999)), 4);
        assert_eq!(left_percent(at(0), at(1000), at(-50)), 100);
    }
}
