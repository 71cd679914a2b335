//! One report, as a member sees it; reading it is put on record first.
//!
//! Source: api.md, "Members"; domain.md, "Fairness".

use jiff::{Timestamp, tz::TimeZone};

use super::{
    App,
    error::AppError,
    inbox::events_of,
    opened::{Opened, Sealed, is_intact, sealed_for},
    record::Subject,
    shown::desks::{self, Filing},
    sight::{Reader, Sight},
    telling::is_news,
    view::ReportView,
};
use crate::{
    domain::{
        catalogue::{Chain, Severity},
        event::{Event, EventKind, Telling},
        ids::{MemberId, ReportId},
        policy::Side,
        time::UtcMillis,
    },
    sealing::keys::KeyId,
    storage::{Conn, reports},
};

/// Most earlier reports that are looked through for "also reported on".
const MOST_EARLIER: i64 = 50;

/// Everything of one report that one member may see, still sealed.
struct Seen {
    subject: Subject,
    sight: Sight,
    events: Vec<(i32, Event)>,
    sealed: Option<Sealed>,
    also_reported: Vec<String>,
}

impl App {
    /// One report. The first read with the member's keys is recorded as `opened`, without as `listed`, before anything
    /// of it is answered: a record that could be lost is none.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a report that does not exist, or not for this member; [`AppError::Unavailable`].
    pub async fn report(&self, reader: Reader<'_>, id: ReportId) -> Result<ReportView, AppError> {
        let now = self.inner.clock.now();
        self.report_at(reader, id, now).await
    }

    /// As [`App::report`], within a use case that has asked the clock.
    pub(super) async fn report_at(
        &self,
        reader: Reader<'_>,
        id: ReportId,
        now: UtcMillis,
    ) -> Result<ReportView, AppError> {
        let seen = self.seen(reader, id).await?;
        let (opened, filing) = self.open_seen(reader, &seen)?;
        let how = if filing.is_open() { Telling::Opened } else { Telling::Listed };
        if !is_news(&seen.subject, reader.member, how, now) {
            return Ok(shown(&seen, reader, &opened, filing));
        }
        self.tell(reader.member, vec![id], how, now).await?;
        let seen = self.seen(reader, id).await?;
        let (opened, filing) = self.open_seen(reader, &seen)?;
        Ok(shown(&seen, reader, &opened, filing))
    }

    async fn seen(&self, reader: Reader<'_>, id: ReportId) -> Result<Seen, AppError> {
        let (app, member, key) = (self.clone(), reader.member, reader.keys.map(crate::sealing::keys::Keys::id));
        self.inner.storage.read(move |conn| app.seen_in(conn, member, key, id)).await
    }

    fn seen_in(&self, conn: &mut Conn, member: MemberId, key: Option<KeyId>, id: ReportId) -> Result<Seen, AppError> {
        let subject = self.subject_in(conn, id)?;
        let sight = subject.sight(member).ok_or(AppError::NotFound)?;
        Ok(Seen {
            events: events_of(conn, &subject)?,
            sealed: key.map(|key| sealed_for(conn, &subject, key)).transpose()?,
            also_reported: self.also_reported(conn, &subject, &sight)?,
            subject,
            sight,
        })
    }

    fn open_seen(&self, reader: Reader<'_>, seen: &Seen) -> Result<(Vec<Opened>, Filing), AppError> {
        let (Some(keys), Some(sealed)) = (reader.keys, &seen.sealed) else {
            return Ok((Vec::new(), Filing::default()));
        };
        let opened = self.open_units(&seen.subject, sealed, keys);
        let mut filing = Filing::among(&opened, &seen.sight);
        if let Some(clear) = filed_as(&seen.events) {
            filing.altered |= !is_intact(&seen.subject, sealed, keys, clear)?;
        }
        Ok((opened, filing))
    }

    /// Days on which earlier reports of the category were delivered, as far as the member may see those.
    ///
    /// Source: security.md, "Kept out".
    fn also_reported(&self, conn: &mut Conn, subject: &Subject, sight: &Sight) -> Result<Vec<String>, AppError> {
        let row = &subject.row;
        let Some(to) = row.delivered_to else { return Ok(Vec::new()) };
        let from = to.plus_millis(-subject.policy.document.repeated.within.millis());
        let zone = TimeZone::get(&subject.production.settings.time_zone).unwrap_or(TimeZone::UTC);
        let mut days = Vec::new();
        for earlier in reports::delivered_between(conn, row.production_id, &row.category, from, to, MOST_EARLIER)? {
            let Some(delivered) = earlier.delivered_from.filter(|_| earlier.id != row.id) else { continue };
            let earlier = self.subject_of(conn, earlier)?;
            // What the production side sees of a shared `retaliation` report begins with the summary.
            let hidden = earlier.report.retaliation && sight.side() != Side::Union;
            if !hidden && earlier.sight(sight.member).is_some() {
                days.push(day(delivered, &zone));
            }
        }
        days.dedup();
        Ok(days)
    }
}

fn shown(seen: &Seen, reader: Reader<'_>, opened: &[Opened], filing: Filing) -> ReportView {
    let parts = (seen.events.as_slice(), opened, filing);
    desks::report(&seen.subject, &seen.sight, &reader, parts, seen.also_reported.clone())
}

/// Severity and chain at filing: the clear fields that its reporter signed.
fn filed_as(events: &[(i32, Event)]) -> Option<(Severity, Chain)> {
    events.iter().find_map(|(_, event)| match &event.kind {
        EventKind::Filed { severity, chain, .. } => Some((*severity, *chain)),
        _ => None,
    })
}

fn day(at: UtcMillis, zone: &TimeZone) -> String {
    let at = Timestamp::from_millisecond(at.get()).unwrap_or(Timestamp::MAX);
    at.to_zoned(zone.clone()).date().to_string()
}
