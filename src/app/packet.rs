//! The packet: one report with everything that is on record of it, as one side may see it, to be printed and kept.
//!
//! Whatever a side is not shown elsewhere is not here either: the steps are made of the events that its timeline is made
//! of, so that nobody learns from paper what no screen shows. Making a packet is reading the report, and recorded as such.
//!
//! Source: ledger.md, "The packet"; security.md, "Kept out".

mod steps;

use sha2::{Digest as _, Sha256};

use super::{
    App,
    error::AppError,
    inbox::events_of,
    ledger,
    record::Subject,
    shown::{desks::events_for, time},
    sight::{Reader, Sight},
    view::{PACKET_FORMAT, PacketClock, PacketNotice, PacketOutage, PacketView},
};
use crate::{
    domain::{
        event::Event,
        ids::{MemberId, ReportId},
        policy::Side,
        time::UtcMillis,
    },
    evidence::{check, claim::Filing, quorum::Quorum},
    storage::{
        Conn, engine,
        outbox::{self, DeliveryRow},
        people::{self, MemberRow, SeatRow},
    },
};

/// Where times come from.
const CLOCK: &str = "The host's own clock, in UTC. It is compared with a clock that cannot be set: when it jumps ahead by more than two \
    minutes, no deadline fires until somebody has looked. Times of checkpoints are those of the witnesses that cosigned them.";

/// What a packet is made of, besides the report as it is shown and the proof.
pub(super) struct OnRecord {
    subject: Subject,
    sight: Sight,
    /// The events that may be shown, as the side sees them.
    events: Vec<(i32, Event)>,
    /// Severity and the rest in the order in which it happened.
    all: Vec<(i32, Event)>,
    seats: Vec<(SeatRow, MemberRow)>,
    deliveries: Vec<DeliveryRow>,
    outages: Vec<(UtcMillis, UtcMillis)>,
    filing: Option<Filing>,
}

impl App {
    /// The packet of a report.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a report that does not exist, or not for this member; [`AppError::Unavailable`].
    pub async fn packet(&self, reader: Reader<'_>, id: ReportId) -> Result<PacketView, AppError> {
        let now = self.inner.clock.now();
        let report = self.report_at(reader, id, now).await?;
        let (app, member) = (self.clone(), reader.member);
        let found = self.inner.storage.read(move |conn| app.on_record(conn, member, id)).await?;
        let proof = self.report_proof(reader, id).await?;
        let written = serde_json::to_string(&proof).map_err(AppError::internal)?;
        let findings =
            check::check(&written, None, &Quorum::default()).map_err(|e| AppError::internal(e.to_string()))?;
        Ok(PacketView {
            format: PACKET_FORMAT.to_owned(),
            made_at: time(now),
            side: found.sight.side().code().to_owned(),
            report,
            steps: found.steps(now),
            other_notices: found.knows_who_was_told().then(|| found.other_notices()),
            clock: found.clock(),
            findings: findings.lines,
            proof_sha256: hex::encode(Sha256::digest(&written)),
            proof,
            filing: found.filing,
        })
    }

    fn on_record(&self, conn: &mut Conn, member: MemberId, id: ReportId) -> Result<OnRecord, AppError> {
        let subject = self.subject_in(conn, id)?;
        let sight = subject.sight(member).ok_or(AppError::NotFound)?;
        let all = events_of(conn, &subject)?;
        let events = events_for(&subject, &sight, &all);
        // What is shown begins there; an outage before it moved nothing of this report.
        let since = events.first().map_or(UtcMillis::new(i64::MAX), |(_, event)| event.at.from);
        Ok(OnRecord {
            seats: people::seats_of_production(conn, subject.row.production_id)?,
            deliveries: outbox::deliveries_of(conn, id)?,
            outages: engine::outages_since(conn, since)?,
            filing: ledger::filing(conn, &subject, &subject.row.ledger_key.0)?,
            subject,
            sight,
            events,
            all,
        })
    }
}

impl OnRecord {
    /// Who was told is for the reporter and the union side: the role that is missing in such a list is the subject.
    fn knows_who_was_told(&self) -> bool {
        self.sight.side() == Side::Union
    }

    /// Notices that told no step.
    fn other_notices(&self) -> Vec<PacketNotice> {
        let told_none = self.deliveries.iter().filter(|row| row.level == 0);
        self.sorted(told_none)
    }

    /// Notices in the order in which they were accepted; those of one moment by what they say and to whom, for mails of
    /// one moment are on their way together.
    fn sorted<'r>(&self, rows: impl Iterator<Item = &'r DeliveryRow>) -> Vec<PacketNotice> {
        let mut notices: Vec<(UtcMillis, PacketNotice)> = rows.map(|row| (row.span_to, self.notice(row))).collect();
        notices.sort_by(|(at, one), (also, other)| {
            (at, &one.kind, &one.desk, &one.to).cmp(&(also, &other.kind, &other.desk, &other.to))
        });
        notices.into_iter().map(|(_, notice)| notice).collect()
    }

    fn notice(&self, row: &DeliveryRow) -> PacketNotice {
        let seat = self.seats.iter().find(|(seat, _)| Some(seat.id) == row.seat_id);
        let member = self.seats.iter().find(|(_, member)| member.id == row.member_id);
        let desk = seat.and_then(|(seat, _)| self.subject.policy.desks.iter().find(|desk| desk.id == seat.desk_id));
        PacketNotice {
            kind: row.kind.clone(),
            cycle: u16::try_from(row.cycle).unwrap_or_default(),
            to: member.map(|(_, member)| member.name.clone()).unwrap_or_default(),
            desk: desk.map(|desk| desk.name.clone()),
            mail_sha256: hex::encode(row.mail_hash.0),
            reply: row.reply.clone(),
            at: time(row.span_from),
            until: (row.span_from != row.span_to).then(|| time(row.span_to)),
        }
    }

    fn clock(&self) -> PacketClock {
        let outage = |(from, to): &(UtcMillis, UtcMillis)| PacketOutage { from: time(*from), to: time(*to) };
        PacketClock {
            source: CLOCK.to_owned(),
            time_zone: self.subject.production.settings.time_zone.clone(),
            outages: self.outages.iter().map(outage).collect(),
        }
    }
}
