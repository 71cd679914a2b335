//! Somebody is let in to what was open when they came: by a press of a person of their side, never by the host.
//!
//! Source: security.md, "Keys of people, and the roster".

use super::rights::Administrator;
use crate::{
    app::{
        App, Production, Seat,
        error::AppError,
        roster::{RosterSeat, own_roster_seat},
    },
    domain::{
        ids::{DeskId, MemberId},
        policy::{Level, Side},
        time::UtcMillis,
    },
    storage::{
        Tx,
        people::{self, SeatRow},
        productions,
    },
};

impl Production {
    /// The member of a seat was let in, at whichever of their desks. While nobody of the union side was, its oldest
    /// seat counts as let in: somebody has to be the first.
    pub fn is_let_in(&self, seat: &Seat) -> bool {
        let vouched = |s: &&Seat| s.let_in_at.is_some();
        if self.seats_of(seat.member).any(|s| vouched(&s)) {
            return true;
        }
        let mut union = self.seats.iter().filter(|s| s.side == Side::Union);
        seat.side == Side::Union
            && !union.clone().any(|s| vouched(&s))
            && union.next().is_some_and(|oldest| oldest.member == seat.member)
    }

    /// The seats whose people may let somebody in, who were let in themselves: desk mates and the next higher desk of
    /// the side; where there is none, anybody of the side (observers count with production); for a production's first,
    /// any union seat. Never the person themselves.
    pub fn who_lets_in(&self, seat: &Seat) -> Vec<&Seat> {
        let vouching: Vec<&Seat> = self.seats.iter().filter(|s| s.member != seat.member && self.is_let_in(s)).collect();
        let of =
            |wanted: &dyn Fn(&Seat) -> bool| -> Vec<&Seat> { vouching.iter().copied().filter(|s| wanted(s)).collect() };
        let above = next_above(&vouching, seat);
        let near = of(&|s| s.desk == seat.desk || (s.side == seat.side && above.is_some() && s.level == above));
        let family = of(&|s| (s.side == Side::Union) == (seat.side == Side::Union));
        let union = of(&|s| s.side == Side::Union);
        [near, family, union].into_iter().find(|seats| !seats.is_empty()).unwrap_or_default()
    }
}

fn next_above(seats: &[&Seat], seat: &Seat) -> Option<Level> {
    let levels = seats.iter().filter(|s| s.side == seat.side).filter_map(|s| s.level);
    levels.filter(|level| seat.level.is_some() && Some(*level) > seat.level).min()
}

impl App {
    /// Lets a seat's member in: whoever of their side can open what is open re-seals it to them from now on. Doing it
    /// again changes nothing.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for anybody who may not, the operator and the member themselves among them.
    pub async fn let_in(&self, who: Administrator, desk: DeskId, member: MemberId) -> Result<RosterSeat, AppError> {
        let now = self.inner.clock.now();
        let (app, production) = (self.clone(), self.production_of(desk).await?);
        let write = move |tx: &mut Tx| {
            let (production, _) = app.desk_in(tx, desk)?;
            let seat = production.seat_at(desk, member)?;
            let by = who.must_let_in(&production, seat)?;
            if production.seats_of(member).any(|seat| seat.let_in_at.is_some()) {
                return Ok(own_roster_seat(&production, seat, who));
            }
            vouch(tx, &production, member, by, now)?;
            app.await_resealing(tx, &production, member)?;
            productions::touch(tx, production.id)?;
            let production = app.production_in(tx, production.id)?;
            Ok::<_, AppError>(own_roster_seat(&production, production.seat_at(desk, member)?, who))
        };
        self.change_people(production.as_bytes(), write).await
    }
}

impl Production {
    /// The seat of a member at a desk.
    ///
    /// # Errors
    /// [`AppError::NotFound`] if they do not sit there.
    pub(in crate::app) fn seat_at(&self, desk: DeskId, member: MemberId) -> Result<&Seat, AppError> {
        self.seats_of(member).find(|seat| seat.desk == desk).ok_or(AppError::NotFound)
    }
}

/// The press is for the person: it counts at all their desks of the production.
fn vouch(tx: &mut Tx, production: &Production, member: MemberId, by: MemberId, now: UtcMillis) -> Result<(), AppError> {
    for (row, _) in people::seats_of_production(tx, production.id)? {
        if row.member_id == member && row.removed_at.is_none() {
            people::save_seat(tx, &SeatRow { let_in_at: Some(now), let_in_by: Some(by), ..row })?;
        }
    }
    Ok(())
}
