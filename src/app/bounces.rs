//! Who may know that an address is dead: whoever may know of the notice that came back.
//!
//! That mail to somebody came back tells that there was mail for them, and when. Whoever is kept out of the report that it
//! was about would learn of the report by it, and so would the production side of a union chain; they learn of the address
//! from the first notice that they may know of. Whoever the report may still come to hears at once, told of it or not.
//!
//! Source: domain.md, "Fairness"; security.md, "Kept out"; docs/decisions/who-hears-of-a-dead-address.md.

use super::{
    App, Production, Seat,
    error::AppError,
    people::Administrator,
    record::Subject,
    sending::{Place, hears_of},
};
use crate::{
    domain::{
        ids::{MemberId, ReportId},
        time::UtcMillis,
    },
    storage::{Conn, outbox},
};

/// What a notice was about.
pub(super) enum About {
    /// A seat, an invitation, a policy.
    NoReport,
    /// A report.
    Report(Box<Subject>),
    /// A report that is not there any more.
    Gone,
}

impl About {
    /// Whether this member may know that there was such a notice.
    pub(super) fn may_be_known_to(&self, member: MemberId) -> bool {
        match self {
            Self::NoReport => true,
            Self::Report(subject) => subject.may_come_to(member),
            Self::Gone => false,
        }
    }
}

impl App {
    /// Inside a read or write: what a notice of this report, or of none, was about.
    pub(super) fn about(&self, conn: &mut Conn, report: Option<ReportId>) -> Result<About, AppError> {
        let Some(report) = report else { return Ok(About::NoReport) };
        match self.subject_in(conn, report) {
            Ok(subject) => Ok(About::Report(Box::new(subject))),
            Err(AppError::NotFound) => Ok(About::Gone),
            Err(error) => Err(error),
        }
    }

    /// Inside a read or write: since when this member may know that an address is dead; none where they may not.
    pub(super) fn dead_since_for(
        &self,
        conn: &mut Conn,
        email: &str,
        member: Option<MemberId>,
    ) -> Result<Option<UtcMillis>, AppError> {
        let mut since = Vec::new();
        for bounce in outbox::bounces(conn, email)? {
            let about = self.about(conn, bounce.report_id)?;
            if member.map_or(matches!(about, About::NoReport), |member| about.may_be_known_to(member)) {
                since.push(bounce.since);
            }
        }
        Ok(since.into_iter().min())
    }

    /// Inside a read: whether somebody is shown that the address of this seat is dead. Its desk, the desk above and the
    /// union side are, each as far as they may know of a notice that came back; whoever runs the server and sits nowhere
    /// there reads the mail server's log anyway.
    pub(super) fn is_shown_dead(
        &self,
        conn: &mut Conn,
        production: &Production,
        seat: &Seat,
        who: Administrator,
    ) -> Result<bool, AppError> {
        if seat.dead_since.is_none() {
            return Ok(false);
        }
        let own = |member: MemberId| production.seats_of(member);
        let reader = who.member().filter(|member| own(*member).next().is_some());
        let Some(reader) = reader else { return Ok(who.runs_the_server()) };
        let places: Vec<Place> = production.seats_of(seat.member).map(Place::of).collect();
        let hears = own(reader).any(|own| hears_of(production, &places, own));
        Ok(hears && self.dead_since_for(conn, &seat.email, Some(reader))?.is_some())
    }
}
