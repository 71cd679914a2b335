//! Who somebody is, and where they sit.

use serde::Serialize;
use utoipa::ToSchema;

use super::{AbsenceView, StandInView};
use crate::{
    app::{App, error::AppError, roster::names, sessions::SignedIn},
    domain::ids::{DeskId, MemberId, ProductionId},
    storage::{
        Conn,
        people::{self, SeatRow},
        productions,
    },
};

/// A member as they see themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MemberView {
    /// Their id.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub id: MemberId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// They run the server; such an account opens no report.
    pub operator: bool,
    /// Their seats, oldest first.
    pub seats: Vec<OwnSeat>,
    /// They are away, or will be.
    pub absence: Option<AbsenceView>,
    /// For whom they stand in, now or later.
    pub stands_in_for: Vec<StandInView>,
}

/// One seat of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OwnSeat {
    /// The production.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub production: ProductionId,
    /// Its short name.
    #[schema(example = "western")]
    pub production_slug: String,
    /// Its name.
    #[schema(example = "Western")]
    pub production_name: String,
    /// The desk.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub desk: DeskId,
    /// Its name.
    #[schema(example = "Shop steward")]
    pub desk_name: String,
    /// `production`, `union` or `observer`.
    #[schema(example = "union")]
    pub side: String,
    /// Its level, 1..=9; null for observers.
    #[schema(example = 1)]
    pub level: Option<u8>,
    /// What they do on the show.
    #[schema(example = json!(["steward"]))]
    pub roles: Vec<String>,
    /// Somebody has let them in to what was open when they came. Until then they can acknowledge that, not read it.
    pub let_in: bool,
    /// Names of those who can let them in; empty once somebody has.
    #[schema(example = json!(["Ana Ruiz"]))]
    pub let_in_by: Vec<String>,
}

impl App {
    /// Who is signed in, with desks, sides, roles and productions.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn me(&self, who: &SignedIn) -> Result<MemberView, AppError> {
        let now = self.inner.clock.now();
        let (app, member) = (self.clone(), who.member);
        let read = move |conn: &mut Conn| {
            let seats = people::seats_of_member(conn, member)?;
            let seats = seats
                .into_iter()
                .filter_map(|seat| app.own_seat(conn, &seat).transpose())
                .collect::<Result<Vec<_>, AppError>>()?;
            let absence = Self::absence_of(conn, member, now)?;
            Ok::<_, AppError>((seats, absence, Self::stands_in_for(conn, member, now)?))
        };
        let (seats, absence, stands_in_for) = self.inner.storage.read(read).await?;
        Ok(MemberView {
            id: who.member,
            name: who.name.clone(),
            email: who.email.clone(),
            operator: who.is_operator,
            seats,
            absence,
            stands_in_for,
        })
    }
}

impl App {
    fn own_seat(&self, conn: &mut Conn, seat: &SeatRow) -> Result<Option<OwnSeat>, AppError> {
        let Some(desk) = productions::desk(conn, seat.desk_id)?.filter(|desk| desk.ended_at.is_none()) else {
            return Ok(None);
        };
        let production = self.production_in(conn, seat.production_id)?;
        let Some(own) = production.seats.iter().find(|s| s.id == seat.id) else { return Ok(None) };
        let let_in = production.is_let_in(own);
        let admitting = if let_in { Vec::new() } else { production.who_lets_in(own) };
        Ok(Some(OwnSeat {
            production: production.id,
            production_slug: production.slug.clone(),
            production_name: production.name.clone(),
            desk: desk.id,
            desk_name: desk.name,
            side: desk.side,
            level: desk.level.map(u8::try_from).transpose().map_err(AppError::internal)?,
            roles: own.roles.clone(),
            let_in,
            let_in_by: names(&admitting),
        }))
    }
}
