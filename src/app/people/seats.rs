//! Seats: taken and given up. Each change makes a roster version and is told to every union seat.
//!
//! Source: security.md, "Keys of people, and the roster"; domain.md, "Notices".

use super::kept_out::Gained;
use crate::{
    app::{
        App, Production,
        context::{json, side_of, stored},
        error::AppError,
        notices::person::{Change, PersonBody, Told, members},
        policy, roster,
    },
    domain::{
        ids::{EventId, MemberId, SeatId},
        notice::NoticeKind,
        policy::Side,
        time::UtcMillis,
    },
    sealing::keys::{KeyId, PublicKeys, VerifyKey},
    storage::{
        Tx,
        boards::{self, PassKey},
        outbox,
        people::{self, InvitationRow, MemberRow, SeatRow},
        productions::{self, DeskRow},
        report_parts, resealings,
    },
};

/// Reports looked at in one step.
const AT_ONCE: i64 = 200;

/// Ids that a change of seats needs, drawn before the write, so that a write that runs twice does the same twice.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn {
    pub(super) seat: SeatId,
    pub(super) event: EventId,
}

/// A seat that is about to be taken.
pub(super) struct Taking<'a> {
    pub(super) production: &'a Production,
    pub(super) desk: &'a DeskRow,
    pub(super) member: &'a MemberRow,
    pub(super) invitation: &'a InvitationRow,
    pub(super) drawn: Drawn,
    pub(super) now: UtcMillis,
}

impl App {
    /// Seats a member where an invitation says.
    ///
    /// # Errors
    /// [`AppError::Invalid`] if they sit on another side of this production.
    pub(super) fn take_seat(&self, tx: &mut Tx, taking: &Taking<'_>) -> Result<(), AppError> {
        let Taking { production, desk, member, invitation, drawn, now } = *taking;
        let side = side_of(&desk.side)?;
        refuse_second_side(production, member.id, side, "invitation")?;
        if production.seats_of(member.id).any(|seat| seat.desk == desk.id) {
            return Ok(());
        }
        let known = production.seats_of(member.id).find(|seat| seat.let_in_at.is_some());
        let first_of_union = side == Side::Union && !production.has_anybody(Side::Union);
        let row = SeatRow {
            id: drawn.seat,
            production_id: production.id,
            desk_id: desk.id,
            member_id: member.id,
            roles: invitation.roles.clone(),
            added_at: now,
            removed_at: None,
            // Nobody is there who could let in the union's first; what they may read was sealed to nobody before.
            // Somebody of the side vouched for them at another desk: what is open is sealed to them already.
            let_in_at: known.map_or(first_of_union.then_some(now), |seat| seat.let_in_at),
            let_in_by: known.and_then(|seat| seat.let_in_by),
            handed_out: invitation.handed_out,
        };
        people::add_seat(tx, &row)?;
        let roles: Vec<String> = stored(&row.roles)?;
        self.keep_out(tx, production.id, &Gained { member: member.id, key: key_of(member), roles: &roles })?;
        new_roster(tx, production, now)?;
        // Whoever gained the role that a report is about is kept out of it from now on: their level may be empty.
        self.people_changed(tx, production.id, now)?;
        self.tell_of_joining(tx, taking, roles)
    }

    /// Desk mates and union seats are told; the union side in the words of a printed code, where one was used. Whoever joins
    /// the union side is told of a policy that waits for it.
    fn tell_of_joining(&self, tx: &mut Tx, taking: &Taking<'_>, roles: Vec<String>) -> Result<(), AppError> {
        let Taking { production, desk, member, invitation, drawn, now } = *taking;
        let body = body_of(member, &desk.name, roles, Change::Added);
        let told = Told { event: drawn.event, production: production.id, body: &body, now };
        let union = members(production.seats.iter().filter(|s| s.side == Side::Union));
        let mates = members(production.seats.iter().filter(|s| s.desk == desk.id && s.side != Side::Union));
        let to_union = if invitation.handed_out { NoticeKind::RosterHandedOut } else { NoticeKind::Joined };
        let mut rows = Vec::new();
        for (kind, members) in [(to_union, union), (NoticeKind::Joined, mates)] {
            for to in members.into_iter().filter(|to| *to != member.id) {
                rows.push(self.person_notice(&told, kind, to)?);
            }
        }
        if side_of(&desk.side)? == Side::Union && policy::pending(tx, production.id)?.is_some() {
            rows.push(self.person_notice(&told, NoticeKind::PolicyWaiting, member.id)?);
        }
        Ok(outbox::enqueue(tx, &rows)?)
    }

    /// Takes a seat away: it leaves the roster, sessions end, and envelopes go with the member's last seat there. The
    /// caller makes the next roster.
    pub(super) fn give_up(
        &self,
        tx: &mut Tx,
        production: &Production,
        desk: &DeskRow,
        seat: (SeatRow, MemberRow),
        event: EventId,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let (row, member) = seat;
        people::save_seat(tx, &SeatRow { removed_at: Some(now), ..row.clone() })?;
        people::end_sessions_of(tx, member.id)?;
        if !production.seats_of(member.id).any(|s| s.id != row.id) {
            take_envelopes(tx, production, member.id, key_of(&member))?;
        }
        // One event removes several people from a desk: each removal is told by itself.
        let told = (Change::Removed, mixed(event, member.id));
        self.tell_union(tx, production, (&member, &desk.name, stored(&row.roles)?), told, now)
    }

    /// Every union seat but the member's own is told what happened to a seat.
    pub(super) fn tell_union(
        &self,
        tx: &mut Tx,
        production: &Production,
        (member, desk, roles): (&MemberRow, &str, Vec<String>),
        (change, event): (Change, EventId),
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let body = body_of(member, desk, roles, change);
        let told = Told { event, production: production.id, body: &body, now };
        let union = production.seats.iter().filter(|s| s.side == Side::Union && s.member != member.id);
        let rows: Vec<_> = members(union)
            .into_iter()
            .map(|to| self.person_notice(&told, NoticeKind::RosterChanged, to))
            .collect::<Result<_, _>>()?;
        Ok(outbox::enqueue(tx, &rows)?)
    }
}

/// Ends a desk with all its seats. The caller makes the next roster.
pub(in crate::app) fn end_desk(
    app: &App,
    tx: &mut Tx,
    production: &Production,
    desk: DeskRow,
    event: EventId,
    now: UtcMillis,
) -> Result<(), AppError> {
    for (seat, member) in people::seats_of_production(tx, production.id)? {
        if seat.desk_id == desk.id && seat.removed_at.is_none() {
            app.give_up(tx, production, &desk, (seat, member), event, now)?;
        }
    }
    productions::save_desk(tx, &DeskRow { ended_at: Some(now), ..desk })?;
    Ok(())
}

/// A person sits on one side of a production only.
pub(super) fn refuse_second_side(
    production: &Production,
    member: MemberId,
    side: Side,
    field: &str,
) -> Result<(), AppError> {
    if production.seats_of(member).any(|seat| seat.side != side) {
        return Err(AppError::invalid(field, "is for another side than the one where this person sits already"));
    }
    Ok(())
}

/// The next version of a production's roster.
pub(super) fn new_roster(tx: &mut Tx, production: &Production, now: UtcMillis) -> Result<(), AppError> {
    let mut row = productions::find(tx, production.id)?.ok_or(AppError::NotFound)?;
    roster::next_version(tx, &mut row, now)?;
    Ok(productions::save(tx, &row)?)
}

/// Whatever a member had of a production's reports: envelopes, links, and what was about to be sealed to them.
pub(super) fn take_envelopes(
    tx: &mut Tx,
    production: &Production,
    member: MemberId,
    key: KeyId,
) -> Result<(), AppError> {
    resealings::remove_of(tx, production.id, member)?;
    let mut after: Option<PassKey> = None;
    loop {
        let page = boards::every(tx, production.id, after, AT_ONCE)?;
        for report in &page {
            report_parts::remove_envelopes(tx, report.id, &key.0)?;
            outbox::remove_links(tx, member, Some(report.id))?;
        }
        match page.last() {
            Some(last) => after = Some(boards::pass_key(last)),
            None => return Ok(()),
        }
    }
}

/// The id of a member's keys.
pub(super) fn key_of(member: &MemberRow) -> KeyId {
    PublicKeys { reading: member.reading_key.0, verify: VerifyKey(member.signing_key.0) }.id()
}

fn body_of(member: &MemberRow, desk: &str, roles: Vec<String>, change: Change) -> PersonBody {
    PersonBody {
        name: Some(member.name.clone()),
        address: member.email.clone(),
        desk: Some(desk.to_owned()),
        roles,
        change,
        expires: None,
    }
}

/// An id that belongs to an event and one thing of several that it did.
pub(super) fn mixed(event: EventId, member: MemberId) -> EventId {
    let mut bytes = *event.as_bytes();
    bytes.iter_mut().zip(member.as_bytes()).for_each(|(byte, other)| *byte ^= other);
    EventId::new(bytes)
}

/// Roles as stored.
pub(super) fn roles_json(roles: &[String]) -> Result<String, AppError> {
    json(&roles)
}
