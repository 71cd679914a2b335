//! Envelopes of open reports for somebody who was let in: made in passing, by whoever can open the report.
//!
//! Threat: the host seats somebody of its own. Being seated opens nothing that was there before; a person of the side has
//! to let them in, and only keys that people hold can make the envelopes. Whoever is kept out gets a decoy of the same
//! length in the same step, so that the rows do not tell.
//!
//! Source: security.md, "Keys of people, and the roster".

use std::collections::BTreeMap;

use super::{
    App,
    error::AppError,
    filing::is_current,
    inbox::events_of,
    record::Subject,
    said::{Addressed, To},
    sight::Reader,
};
use crate::{
    app::Seat,
    domain::{
        catalogue::Chain,
        event::{By, Event},
        ids::{MemberId, ReportId},
    },
    sealing::{
        envelope::{self, Contents, Shape},
        keys::Keys,
        kind::{Audience, UnitKind},
    },
    storage::{
        Conn, StorageError, Tx,
        report_parts::{self, EnvelopeRow, UnitRow},
        resealings,
    },
};

/// Most reports that one request re-seals: it is somebody's request about something else.
const MOST_REPORTS: usize = 16;
/// Most that one request looks at.
const MOST_LOOKED_AT: i64 = 64;

/// Whoever has keys that open the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opener {
    Member(MemberId),
    Reporter,
}

/// Envelopes that a member has no row of yet, by group, with the units of that group that their side reads.
type Missing = BTreeMap<[u8; 16], Vec<UnitRow>>;

/// What waits for one member at one report.
#[derive(Debug, Clone)]
struct Waiting {
    seat: Seat,
    missing: Missing,
}

/// What was found at one report, and what its opener has there.
struct Found {
    subject: Subject,
    own: Vec<EnvelopeRow>,
    waiting: Vec<Waiting>,
    gone: Vec<MemberId>,
}

impl App {
    /// Re-seals what waits for others in the productions of a reader who brought their keys. It is done beside what
    /// they came for: what does not come off now is left to whoever comes next.
    pub async fn reseal_in_passing(&self, reader: Reader<'_>) {
        let Some(keys) = reader.keys else { return };
        if let Err(error) = self.reseal_around(reader.member, keys).await {
            tracing::warn!(%error, "open reports could not be sealed to somebody who was let in");
        }
    }

    async fn reseal_around(&self, member: MemberId, keys: &Keys) -> Result<(), AppError> {
        // From a place of its own each time: reports that this member cannot open must not stand before all others.
        let after = ReportId::new(self.inner.entropy.bytes());
        let read = move |conn: &mut Conn| {
            let mut rows = resealings::around(conn, member, after, MOST_LOOKED_AT)?;
            if rows.is_empty() {
                rows = resealings::around(conn, member, ReportId::new([0; 16]), MOST_LOOKED_AT)?;
            }
            Ok::<_, StorageError>(rows)
        };
        let mut reports: Vec<ReportId> = self.inner.storage.read(read).await?.iter().map(|row| row.report_id).collect();
        reports.dedup();
        let mut done = 0;
        for report in reports {
            done += usize::from(self.reseal(report, Opener::Member(member), keys).await?);
            if done == MOST_REPORTS {
                break;
            }
        }
        Ok(())
    }

    /// Re-seals a report whose reporter came by. Nothing is said of it anywhere, also where it does not come off.
    pub(super) async fn reseal_on_visit(&self, subject: &Subject, keys: &Keys) {
        drop(self.reseal(subject.row.id, Opener::Reporter, keys).await);
    }

    /// Whether anything was sealed.
    async fn reseal(&self, report: ReportId, opener: Opener, keys: &Keys) -> Result<bool, AppError> {
        let (app, key) = (self.clone(), keys.id());
        let read = move |conn: &mut Conn| app.waiting_at(conn, report, opener, &key.0);
        let Some(found) = self.inner.storage.read(read).await? else { return Ok(false) };
        let mut rows = Vec::new();
        let mut done = found.gone.clone();
        for waiting in &found.waiting {
            let sealed = self.envelopes_of(&found, waiting, keys)?;
            if sealed.len() == waiting.missing.len() {
                done.push(waiting.seat.member);
            }
            rows.extend(sealed);
        }
        if rows.is_empty() && done.is_empty() {
            return Ok(false);
        }
        let sealed = !rows.is_empty();
        self.put_resealed(found.subject, rows, done).await?;
        Ok(sealed)
    }

    /// Inside a read: who waits at a report that this opener may re-seal; none where nobody does.
    fn waiting_at(
        &self,
        conn: &mut Conn,
        report: ReportId,
        opener: Opener,
        key: &[u8; 16],
    ) -> Result<Option<Found>, AppError> {
        let members = resealings::of_report(conn, report)?;
        if members.is_empty() {
            return Ok(None);
        }
        let subject = self.subject_in(conn, report)?;
        if let Opener::Member(member) = opener
            && subject.keeps_out(member)
        {
            return Ok(None);
        }
        let (mut waiting, mut gone) = (Vec::new(), Vec::new());
        for member in members {
            let Some(seat) = subject.production.seats_of(member).next().cloned() else {
                gone.push(member);
                continue;
            };
            if may_reseal(&subject, opener, &seat) {
                let missing = missing(conn, &subject, &seat)?;
                waiting.push(Waiting { seat, missing });
            }
        }
        let own = report_parts::envelopes_for(conn, report, key)?;
        Ok(Some(Found { subject, own, waiting, gone }))
    }

    /// One envelope for each group that the opener could open; for whoever is kept out a decoy of the same shape.
    fn envelopes_of(&self, found: &Found, waiting: &Waiting, keys: &Keys) -> Result<Vec<EnvelopeRow>, AppError> {
        let (subject, seat) = (&found.subject, &waiting.seat);
        let (bound, entropy) = (subject.bound(), &*self.inner.entropy);
        let kept_out = subject.keeps_out(seat.member);
        let mut rows = Vec::new();
        for (group, units) in &waiting.missing {
            let Some(own) = found.own.iter().find(|row| row.group_id.0 == *group) else { continue };
            let Ok(contents) = envelope::open(&own.sealed, keys, bound) else { continue };
            let Some(shape) = shape_for(subject, group, &own.sealed) else { continue };
            let sealed = if kept_out {
                envelope::decoy(shape, seat.seal_to.id(), bound, entropy)
            } else {
                envelope::seal(&only(contents, units), shape, &seat.seal_to, bound, entropy)
                    .map_err(AppError::internal)?
            };
            let key_id = seat.seal_to.id().0.into();
            rows.push(EnvelopeRow { report_id: subject.row.id, group_id: (*group).into(), key_id, sealed });
        }
        Ok(rows)
    }

    async fn put_resealed(
        &self,
        subject: Subject,
        rows: Vec<EnvelopeRow>,
        done: Vec<MemberId>,
    ) -> Result<(), AppError> {
        let report = subject.row.id;
        let write = move |tx: &mut Tx| {
            // Somebody was removed, or became kept out, since it was read: the next request looks again.
            is_current(tx, &subject.production)?;
            let waiting = resealings::of_report(tx, report)?;
            for row in rows.iter().filter(|row| is_awaited(&subject, &waiting, row)) {
                report_parts::put_envelope(tx, row)?;
            }
            for member in &done {
                resealings::remove(tx, report, *member)?;
            }
            Ok::<_, AppError>(())
        };
        self.inner.storage.write(report.as_bytes(), write).await
    }

    /// Inside a write: what is open is to be re-sealed to a member who has just been let in.
    pub(super) fn await_resealing(
        &self,
        tx: &mut Tx,
        production: &super::Production,
        member: MemberId,
    ) -> Result<(), AppError> {
        let Some(seat) = production.seats_of(member).next() else { return Ok(()) };
        let mut rows = Vec::new();
        for row in crate::storage::reports::open_of(tx, production.id)? {
            let subject = self.subject_of(tx, row)?;
            if !missing(tx, &subject, seat)?.is_empty() {
                let (report_id, production_id) = (subject.row.id, production.id);
                rows.push(resealings::ResealingRow { report_id, member_id: member, production_id });
            }
        }
        Ok(resealings::add(tx, &rows)?)
    }
}

/// Whoever sits on the same side, or on the side of whoever let them in; and the reporter.
fn may_reseal(subject: &Subject, opener: Opener, seat: &Seat) -> bool {
    let side_of = |member: MemberId| subject.production.seats_of(member).next().map(|seat| seat.side);
    match opener {
        Opener::Reporter => true,
        Opener::Member(member) => {
            let side = side_of(member);
            let vouched = subject.production.seats_of(seat.member).filter_map(|seat| seat.let_in_by);
            side == Some(seat.side) || vouched.filter_map(side_of).any(|vouching| Some(vouching) == side)
        }
    }
}

/// The row's reader still waits for it.
fn is_awaited(subject: &Subject, waiting: &[MemberId], row: &EnvelopeRow) -> bool {
    let mut theirs = subject.production.seats.iter().filter(|seat| seat.seal_to.id().0 == row.key_id.0);
    theirs.any(|seat| waiting.contains(&seat.member))
}

/// The groups of a report that a seat's side reads and that it has no envelope of.
fn missing(conn: &mut Conn, subject: &Subject, seat: &Seat) -> Result<Missing, AppError> {
    let report = subject.row.id;
    let had = report_parts::envelopes_for(conn, report, &seat.seal_to.id().0)?;
    let events = events_of(conn, subject)?;
    let mut missing = Missing::new();
    for unit in report_parts::units(conn, report)? {
        let Some((group, addressed)) = place_of(subject, &events, &unit) else { continue };
        if addressed.is_for(seat.side) && !had.iter().any(|row| row.group_id.0 == group) {
            missing.entry(group).or_default().push(unit);
        }
    }
    Ok(missing)
}

/// The group of a unit's envelopes, and to whom it was said; none for what its reporter alone reads.
fn place_of(subject: &Subject, events: &[(i32, Event)], unit: &UnitRow) -> Option<([u8; 16], Addressed)> {
    let kind: UnitKind = unit.kind.parse().ok()?;
    let event = events.iter().find(|(seq, _)| *seq == unit.event_seq).map(|(_, event)| event);
    if kind == UnitKind::Own {
        return None;
    }
    let to = match (unit.addressed.parse::<Audience>().ok()?, event.map(|event| &event.by)) {
        (Audience::All, _) => To::All,
        (Audience::Union, _) => To::Union,
        (Audience::Reporter, Some(By::Member { side, .. })) => To::Reporter(*side),
        (Audience::Reporter, _) => return None,
    };
    let chain = event.map_or(Chain::Union, |event| event.chain);
    Some((unit.group_id.0, Addressed { kind, to, chain, retaliation: subject.report.retaliation }))
}

/// The shape of a seat's envelope of a group: the reporter's own of a filing has room for one part more.
fn shape_for(subject: &Subject, group: &[u8; 16], own: &[u8]) -> Option<Shape> {
    if group == subject.row.id.as_bytes() { Some(Shape::FILING) } else { Shape::of(own) }
}

/// The keys of these units alone, with L where it is there.
fn only(contents: Contents, units: &[UnitRow]) -> Contents {
    let wanted = |unit| units.iter().any(|row| row.id == unit);
    let data_keys = contents.data_keys.into_iter().filter(|(unit, _)| wanted(*unit)).collect();
    Contents { ledger_key: contents.ledger_key, data_keys }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::policy::Side;

    #[test]
    fn of_a_retaliation_report_the_production_side_gets_the_summary_and_what_was_said_after_it() {
        let said = |kind, to, chain| Addressed { kind, to, chain, retaliation: true };
        let answer = said(UnitKind::Answer, To::All, Chain::Union);
        assert!(answer.is_for(Side::Union) && !answer.is_for(Side::Production) && !answer.is_for(Side::Observer));
        let shared = said(UnitKind::Shared, To::All, Chain::Production);
        assert!(shared.is_for(Side::Union) && !shared.is_for(Side::Production));
        assert!(said(UnitKind::Summary, To::All, Chain::Union).is_for(Side::Production));
        let later = said(UnitKind::Answer, To::All, Chain::Production);
        assert!(later.is_for(Side::Production) && !later.is_for(Side::Observer));
    }

    #[test]
    fn what_one_side_wrote_to_the_reporter_is_for_that_side_alone() {
        let to = To::Reporter(Side::Production);
        let message = Addressed { kind: UnitKind::Message, to, chain: Chain::Production, retaliation: false };
        assert!(message.is_for(Side::Production) && !message.is_for(Side::Union) && !message.is_for(Side::Observer));
    }
}
