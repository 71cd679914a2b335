//! Password and words are both lost: a new key, confirmed by people of the same side, and then as somebody who comes later.
//!
//! Threat: whoever reads a member's mail, or the host that sends it, could take their place. So nothing changes until
//! somebody of the same side has pressed that it is them, in each production where they sit; what was open stays closed
//! until they are let in again; and the old password goes on until then.
//!
//! Source: security.md, "Keys of people, and the roster".

use super::{
    Accepted,
    invitations::InvitationView,
    rights::Administrator,
    seats::{key_of, new_roster, take_envelopes},
};
use crate::{
    app::{
        App, Production, Seat,
        error::AppError,
        notices::person::{Change, PersonBody},
        roster::{RosterSeat, own_roster_seat},
        setup::INVITATION,
    },
    domain::{
        ids::{DeskId, EventId, InvitationId, MemberId, ProductionId},
        time::UtcMillis,
    },
    storage::{
        Bytes, Conn, Tx, outbox,
        people::{self, InvitationRow, MemberRow, SeatRow},
        renewals::{self, FormerKeysRow, RenewalRow},
    },
};

impl App {
    /// Sends a member who lost password and words a letter with which they choose new ones; the same again sends it
    /// again. Nothing changes until they are confirmed. Answers whether it was there before.
    ///
    /// # Errors
    /// [`AppError::NotFound`] outside the asker's scope.
    pub async fn ask_renewal(
        &self,
        who: Administrator,
        desk: DeskId,
        member: MemberId,
    ) -> Result<(InvitationView, bool), AppError> {
        let now = self.inner.clock.now();
        let (app, production) = (self.clone(), self.production_of(desk).await?);
        let id = InvitationId::new(self.inner.entropy.bytes());
        let event = EventId::new(self.inner.entropy.bytes());
        let write = move |tx: &mut Tx| {
            let (production, _) = app.desk_in(tx, desk)?;
            let seat = production.seat_at(desk, member)?;
            who.must_seat_at(&production, seat.side, seat.level)?;
            let (row, again) = letter(tx, id, &production, seat, now)?;
            let body = body(seat, row.expires_at);
            let notice = app.invitation_notice(event, row.id, row.production_id, &body, now)?;
            outbox::enqueue(tx, &[notice])?;
            Ok::<_, AppError>((InvitationView::new(&row)?, again))
        };
        self.change_people(production.as_bytes(), write).await
    }

    /// The letter is accepted: new credentials wait to be confirmed.
    pub(super) async fn accept_renewal(
        &self,
        invitation: InvitationRow,
        member: MemberId,
        password: &str,
        now: UtcMillis,
    ) -> Result<Accepted, AppError> {
        let fresh = self.fresh_credentials(member, password).await?;
        let row = RenewalRow {
            member_id: member,
            salt: fresh.salt.0.to_vec(),
            sign_in: Bytes(fresh.sign_in),
            seed_by_password: fresh.seed_by_password,
            seed_by_words: fresh.seed_by_words,
            reading_key: Bytes(fresh.keys.reading),
            signing_key: Bytes(fresh.keys.verify.0),
            made_at: now,
        };
        let write = move |tx: &mut Tx| {
            let invitation = people::invitation(tx, invitation.id)?.filter(|row| row.used_at.is_none());
            let invitation = invitation.ok_or(AppError::NotFound)?;
            people::save_invitation(tx, &InvitationRow { used_at: Some(now), ..invitation })?;
            Ok::<_, AppError>(renewals::put(tx, &row)?)
        };
        self.inner.storage.write(member.as_bytes(), write).await?;
        Ok(Accepted { recovery_words: Some(fresh.words) })
    }

    /// Somebody of the same side says that it is them. One press counts in every production where the presser may let
    /// this member in; once there is one for each production where they sit, the new key takes the old one's place.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody who may not let them in, and where nothing waits.
    pub async fn confirm_renewal(
        &self,
        who: Administrator,
        desk: DeskId,
        member: MemberId,
    ) -> Result<RosterSeat, AppError> {
        let now = self.inner.clock.now();
        let (app, production) = (self.clone(), self.production_of(desk).await?);
        let event = EventId::new(self.inner.entropy.bytes());
        let write = move |tx: &mut Tx| {
            let (production, _) = app.desk_in(tx, desk)?;
            let by = who.must_let_in(&production, production.seat_at(desk, member)?)?;
            let waits = renewals::find(tx, member)?.filter(|row| now < row.made_at.plus(INVITATION));
            let waits = waits.ok_or(AppError::NotFound)?;
            let productions = app.productions_of_member(tx, member)?;
            let mut confirmed = renewals::confirmed(tx, member)?;
            for production in &productions {
                let seats = || production.seats_of(member);
                let may = seats().any(|seat| who.must_let_in(production, seat).is_ok());
                if may && !confirmed.contains(&production.id) {
                    renewals::confirm(tx, member, production.id, by)?;
                    confirmed.push(production.id);
                }
            }
            if productions.iter().all(|production| confirmed.contains(&production.id)) {
                app.renew(tx, &productions, &waits, event, now)?;
            }
            let production = app.production_in(tx, production.id)?;
            Ok::<_, AppError>(own_roster_seat(&production, production.seat_at(desk, member)?, who))
        };
        self.change_people(production.as_bytes(), write).await
    }

    /// Inside a read or write: the productions where a member sits.
    pub(super) fn productions_of_member(
        &self,
        conn: &mut Conn,
        member: MemberId,
    ) -> Result<Vec<std::sync::Arc<Production>>, AppError> {
        let seats = people::seats_of_member(conn, member)?;
        let mut ids: Vec<ProductionId> = seats.into_iter().map(|seat| seat.production_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| self.production_in(conn, id)).collect()
    }

    /// The new key takes the old one's place, everywhere at once.
    fn renew(
        &self,
        tx: &mut Tx,
        productions: &[std::sync::Arc<Production>],
        fresh: &RenewalRow,
        event: EventId,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let old = people::member(tx, fresh.member_id)?.ok_or(AppError::NotFound)?;
        let former = FormerKeysRow { signing_key: old.signing_key, reading_key: old.reading_key, member_id: old.id };
        renewals::keep_former(tx, &former)?;
        people::save_member(tx, &renewed(&old, fresh))?;
        people::end_sessions_of(tx, old.id)?;
        renewals::remove(tx, old.id)?;
        for production in productions {
            close_what_was_open(tx, production, old.id)?;
            take_envelopes(tx, production, old.id, key_of(&old))?;
            new_roster(tx, production, now)?;
            let Some(seat) = production.seats_of(old.id).next() else { continue };
            let told = (Change::NewKey, super::seats::mixed(event, MemberId::new(*production.id.as_bytes())));
            self.tell_union(tx, production, (&old, &seat.desk_name, seat.roles.clone()), told, now)?;
        }
        Ok(())
    }
}

fn renewed(old: &MemberRow, fresh: &RenewalRow) -> MemberRow {
    MemberRow {
        salt: fresh.salt.clone(),
        sign_in: fresh.sign_in,
        seed_by_password: fresh.seed_by_password.clone(),
        seed_by_words: fresh.seed_by_words.clone(),
        reading_key: fresh.reading_key,
        signing_key: fresh.signing_key,
        failures: 0,
        slow_until: None,
        ..old.clone()
    }
}

/// As somebody who comes later: they are to be let in again.
fn close_what_was_open(tx: &mut Tx, production: &Production, member: MemberId) -> Result<(), AppError> {
    for (row, _) in people::seats_of_production(tx, production.id)? {
        if row.member_id == member && row.removed_at.is_none() {
            people::save_seat(tx, &SeatRow { let_in_at: None, let_in_by: None, ..row })?;
        }
    }
    Ok(())
}

/// A new letter, or the one that waits already, with 14 new days.
fn letter(
    tx: &mut Tx,
    id: InvitationId,
    production: &Production,
    seat: &Seat,
    now: UtcMillis,
) -> Result<(InvitationRow, bool), AppError> {
    let waiting = people::invitations_to_desk(tx, seat.desk)?;
    let waiting = waiting.into_iter().find(|row| row.renews && row.email == seat.email && row.used_at.is_none());
    if let Some(before) = waiting {
        let row = InvitationRow { expires_at: now.plus(INVITATION), ..before };
        people::save_invitation(tx, &row)?;
        return Ok((row, true));
    }
    let row = InvitationRow {
        id,
        production_id: Some(production.id),
        desk_id: Some(seat.desk),
        email: seat.email.clone(),
        roles: super::seats::roles_json(&seat.roles)?,
        is_operator: false,
        renews: true,
        code_hash: None,
        handed_out: false,
        expires_at: now.plus(INVITATION),
        used_at: None,
        created_at: now,
    };
    people::add_invitation(tx, &row)?;
    Ok((row, false))
}

fn body(seat: &Seat, expires: UtcMillis) -> PersonBody {
    PersonBody { change: Change::NewKey, expires: Some(expires), ..PersonBody::of(seat) }
}
