//! Somebody leaves a desk, or does something else on the show from now on.
//!
//! Source: security.md, "Keys of people, and the roster", "Kept out"; domain.md, "Levels".

use super::{
    kept_out::Gained,
    rights::Administrator,
    seats::{key_of, new_roster, roles_json},
};
use crate::{
    app::{
        App, Production, Seat,
        error::AppError,
        fields,
        notices::person::Change,
        roster::{RosterSeat, own_roster_seat},
    },
    domain::{
        ids::{DeskId, EventId, MemberId},
        time::UtcMillis,
    },
    storage::{
        Tx,
        people::{self, MemberRow, SeatRow},
        reports,
    },
};

impl App {
    /// Takes a seat away: sessions, the roster's line and, with the last seat of a production, envelopes go at once.
    ///
    /// # Errors
    /// [`AppError::NotFound`] outside the asker's scope; [`AppError::LastAtLevel`] if nobody else of the side sits at
    /// its level.
    pub async fn remove_member(&self, who: Administrator, desk: DeskId, member: MemberId) -> Result<(), AppError> {
        let now = self.inner.clock.now();
        let (app, production) = (self.clone(), self.production_of(desk).await?);
        let event = EventId::new(self.inner.entropy.bytes());
        let write = move |tx: &mut Tx| {
            let (production, row) = app.desk_in(tx, desk)?;
            let seat = production.seat_at(desk, member)?;
            who.must_seat_at(&production, seat.side, seat.level)?;
            app.refuse_last(tx, &production, seat, who)?;
            let taken = seat_row(tx, &production, seat)?;
            app.give_up(tx, &production, &row, taken, event, now)?;
            new_roster(tx, &production, now)?;
            app.people_changed(tx, production.id, now).map(drop)
        };
        self.change_people(production.as_bytes(), write).await
    }

    /// Gives a member other roles at a desk. Whoever gets a role that a report is about is kept out of it from then on;
    /// whoever loses one is let in nowhere.
    ///
    /// # Errors
    /// [`AppError::NotFound`] outside the asker's scope; [`AppError::Invalid`] naming `roles`.
    pub async fn change_roles(
        &self,
        who: Administrator,
        desk: DeskId,
        member: MemberId,
        roles: &[String],
    ) -> Result<RosterSeat, AppError> {
        let now = self.inner.clock.now();
        let roles = fields::roles("roles", roles)?;
        let (app, production) = (self.clone(), self.production_of(desk).await?);
        let event = EventId::new(self.inner.entropy.bytes());
        let write = move |tx: &mut Tx| {
            let (production, _) = app.desk_in(tx, desk)?;
            let seat = production.seat_at(desk, member)?;
            who.must_seat_at(&production, seat.side, seat.level)?;
            if seat.roles == roles {
                return Ok(own_roster_seat(&production, seat, who));
            }
            app.replace_roles(tx, &production, seat, &roles, event, now)?;
            let production = app.production_in(tx, production.id)?;
            Ok::<_, AppError>(own_roster_seat(&production, production.seat_at(desk, member)?, who))
        };
        self.change_people(production.as_bytes(), write).await
    }

    fn replace_roles(
        &self,
        tx: &mut Tx,
        production: &Production,
        seat: &Seat,
        roles: &[String],
        event: EventId,
        now: UtcMillis,
    ) -> Result<(), AppError> {
        let (row, member) = seat_row(tx, production, seat)?;
        people::save_seat(tx, &SeatRow { roles: roles_json(roles)?, ..row })?;
        self.keep_out(tx, production.id, &Gained { member: seat.member, key: key_of(&member), roles })?;
        new_roster(tx, production, now)?;
        // Their level may be empty now, for the reports that they are kept out of.
        self.people_changed(tx, production.id, now)?;
        self.tell_union(tx, production, (&member, &seat.desk_name, roles.to_vec()), (Change::RolesChanged, event), now)
    }

    /// The last person at a level stays. Whoever is kept out counts as there, or the refusal would name them. Whoever
    /// took themselves off a report does not, in the reports that the asker may see: of the others no answer may tell.
    pub(super) fn refuse_last(
        &self,
        tx: &mut Tx,
        production: &Production,
        seat: &Seat,
        who: Administrator,
    ) -> Result<(), AppError> {
        if seat.level.is_none() {
            return Ok(());
        }
        let others =
            production.seats.iter().filter(|s| s.id != seat.id && s.side == seat.side && s.level == seat.level);
        let others: Vec<MemberId> = others.map(|s| s.member).collect();
        if others.is_empty() {
            return Err(AppError::LastAtLevel);
        }
        let Some(asker) = who.member() else { return Ok(()) };
        for row in reports::open_of(tx, production.id)? {
            let subject = self.subject_of(tx, row)?;
            let off = |member: &MemberId| subject.report.recused.contains(member);
            if subject.sight(asker).is_some() && !off(&seat.member) && others.iter().all(off) {
                return Err(AppError::LastAtLevel);
            }
        }
        Ok(())
    }
}

/// The rows behind a seat.
fn seat_row(tx: &mut Tx, production: &Production, seat: &Seat) -> Result<(SeatRow, MemberRow), AppError> {
    let rows = people::seats_of_production(tx, production.id)?;
    rows.into_iter().find(|(row, _)| row.id == seat.id).ok_or(AppError::NotFound)
}
