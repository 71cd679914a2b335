//! Notices that were given up: shown to the desk, the desk above and the union side, and tried again at a press.
//!
//! A notice about a report is there only for whoever may see that report: its row must not tell that it exists.
//!
//! Source: domain.md, "Fairness"; security.md, "Kept out".

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, Production, Seat,
    context::side_of,
    error::AppError,
    people::Administrator,
    sending::{Place, hears_of},
    sessions::SignedIn,
    shown::time,
};
use crate::{
    domain::{
        ids::{MemberId, NoticeId, ProductionId},
        policy::Level,
    },
    storage::{
        Conn, Tx,
        outbox::{self, NoticeRow},
        people, productions,
    },
};

/// A notice that was given up, or waits to be tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its id.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub id: NoticeId,
    /// The production.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub production: ProductionId,
    /// What it is about: `level_entered`, `breach`, `joined`, `invitation` and so on.
    #[schema(example = "level_entered")]
    pub kind: String,
    /// The two words of the report that it is about.
    #[schema(example = "Copper Lantern")]
    pub handle: Option<String>,
    /// Name of whoever it is for; null for an invitation.
    pub to: Option<String>,
    /// Their address.
    #[schema(example = "ana@example.org")]
    pub email: String,
    /// Their desks.
    #[schema(example = json!(["Office"]))]
    pub desks: Vec<String>,
    /// How often it failed.
    #[schema(example = 12)]
    pub attempts: i32,
    /// A mail server said then that the address does not exist; null where the way there failed.
    pub address_dead_since: Option<String>,
    /// `dead`, or `waiting` once it is tried again.
    #[schema(example = "dead")]
    pub state: String,
}

/// To whom a notice goes.
struct Recipient {
    name: Option<String>,
    email: String,
    desks: Vec<String>,
    places: Vec<Place>,
}

impl App {
    /// Notices that were given up, as far as somebody may know of them: up to `limit` after `cursor`, with the cursor
    /// of the next page.
    ///
    /// # Errors
    /// [`AppError::Invalid`] for a cursor of another list; [`AppError::Unavailable`].
    pub async fn dead_deliveries(
        &self,
        who: &SignedIn,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<(Vec<DeliveryView>, Option<String>), AppError> {
        let place = [b"deliveries".as_slice(), who.member.as_bytes()].concat();
        let after = cursor.map(|cursor| self.sort_key(&place, cursor)).transpose()?.unwrap_or_default();
        let (app, who) = (self.clone(), Administrator::from(who));
        let read = move |conn: &mut Conn| {
            let mut rows = outbox::dead(conn)?;
            rows.sort_unstable_by_key(|row| row.id);
            let mut views = Vec::new();
            for row in rows.iter().filter(|row| row.id.as_bytes().as_slice() > after.as_slice()) {
                views.extend(app.delivery_for(conn, row, who)?);
                if views.len() > limit {
                    break;
                }
            }
            Ok::<_, AppError>(views)
        };
        let mut views = self.inner.storage.read(read).await?;
        let more = views.len() > limit;
        views.truncate(limit);
        let last = views.last().filter(|_| more);
        let next = last.map(|view| self.cursor(&place, view.id.as_bytes()));
        Ok((views, next))
    }

    /// Tries a notice again, from the first of its attempts. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a notice that is not there, was sent, or is not for this person to know of.
    pub async fn retry_delivery(&self, who: &SignedIn, id: NoticeId) -> Result<DeliveryView, AppError> {
        let now = self.inner.clock.now();
        let (app, who) = (self.clone(), Administrator::from(who));
        let write = move |tx: &mut Tx| {
            let row = outbox::notice(tx, id)?.ok_or(AppError::NotFound)?;
            let seen = app.delivery_for(tx, &row, who)?.ok_or(AppError::NotFound)?;
            outbox::retry(tx, id, now)?;
            Ok::<_, AppError>(DeliveryView { state: "waiting".to_owned(), ..seen })
        };
        self.change_people(id.as_bytes(), write).await
    }

    /// Inside a read or write: a notice as somebody may know of it; none where they may not.
    fn delivery_for(
        &self,
        conn: &mut Conn,
        row: &NoticeRow,
        who: Administrator,
    ) -> Result<Option<DeliveryView>, AppError> {
        let Some(id) = row.production_id else { return Ok(None) };
        let production = self.production_in(conn, id)?;
        let Some(to) = recipient(conn, &production, row)? else { return Ok(None) };
        let handle = match row.report_id {
            None => None,
            Some(report) => {
                let subject = self.subject_in(conn, report)?;
                let sees = who.member().is_some_and(|member| subject.sight(member).is_some());
                let is_told = row.member_id.is_some_and(|member| !subject.told_seats(member).is_empty());
                if !sees || !is_told {
                    return Ok(None);
                }
                Some(subject.row.handle)
            }
        };
        let hears = |member: MemberId| production.seats_of(member).any(|seat| hears_of(&production, &to.places, seat));
        if !who.runs_the_server() && !who.member().is_some_and(hears) {
            return Ok(None);
        }
        Ok(Some(DeliveryView {
            id: row.id,
            production: production.id,
            kind: row.kind.clone(),
            handle,
            to: to.name,
            address_dead_since: self.dead_since_for(conn, &to.email, who.member())?.map(time),
            email: to.email,
            desks: to.desks,
            attempts: row.attempts,
            state: row.state.clone(),
        }))
    }
}

fn recipient(conn: &mut Conn, production: &Production, row: &NoticeRow) -> Result<Option<Recipient>, AppError> {
    if let Some(member) = row.member_id {
        let seats: Vec<&Seat> = production.seats_of(member).collect();
        return Ok(seats.first().map(|first| Recipient {
            name: Some(first.name.clone()),
            email: first.email.clone(),
            desks: seats.iter().map(|seat| seat.desk_name.clone()).collect(),
            places: seats.iter().map(|seat| Place::of(seat)).collect(),
        }));
    }
    let invitation = row.invitation_id.map(|id| people::invitation(conn, id)).transpose()?.flatten();
    let desk = invitation.and_then(|row| row.desk_id).map(|id| productions::desk(conn, id)).transpose()?.flatten();
    let (Some(desk), Some(email)) = (desk, row.email.clone()) else { return Ok(None) };
    let level = desk.level.and_then(|level| u8::try_from(level).ok()).map(Level);
    let places = vec![Place { side: side_of(&desk.side)?, level, desk: desk.id }];
    Ok(Some(Recipient { name: None, email, desks: vec![desk.name], places }))
}
