//! Somebody is away, and somebody else stands in.
//!
//! Whoever stands in is told, sees and acts at the levels of whoever is away, as long as it lasts, and gets nothing of a
//! report that they are kept out of: they are accepted like anybody, for a refusal would tell. Whoever is away goes on
//! getting everything: no level is ever left with somebody who may not know.
//!
//! Source: domain.md, "Levels"; security.md, "Kept out".

use serde::Serialize;
use utoipa::ToSchema;

use super::Administrator;
use crate::{
    app::{App, Production, error::AppError, fields::moment, sessions::SignedIn, shown::time},
    domain::{
        ids::MemberId,
        time::{Seconds, UtcMillis},
    },
    storage::{
        Conn, Tx,
        absences::{self, AbsenceRow},
        people, productions,
    },
};

/// Nobody is away for longer.
const LONGEST: Seconds = Seconds::days(366);

/// An absence as whoever is away sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AbsenceView {
    /// Since when.
    #[schema(example = "2026-11-21T14:20:00Z")]
    pub from: String,
    /// Until when.
    #[schema(example = "2026-11-28T14:20:00Z")]
    pub to: String,
    /// Who stands in; null for nobody.
    #[schema(value_type = Option<String>, example = "00112233445566778899aabbccddeeff")]
    pub substitute: Option<MemberId>,
    /// Their name.
    pub substitute_name: Option<String>,
}

/// For whom somebody stands in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StandInView {
    /// Who is away.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Since when.
    pub from: String,
    /// Until when.
    pub to: String,
}

impl App {
    /// Says when a member is away, in place of what they said before, and who stands in.
    ///
    /// # Errors
    /// [`AppError::Invalid`] naming `from`, `to`, or `substitute` for somebody who sits on no side with them or is away
    /// then too; [`AppError::LastAtLevel`] where nobody else is at a level of theirs and nobody stands in.
    pub async fn be_absent(
        &self,
        who: &SignedIn,
        from: &str,
        to: &str,
        substitute: Option<MemberId>,
    ) -> Result<AbsenceView, AppError> {
        let now = self.inner.clock.now();
        let (from_at, to_at) = (moment("from", from)?, moment("to", to)?);
        if to_at <= from_at || to_at <= now || to_at.since(from_at) > LONGEST.millis() {
            return Err(AppError::invalid("to", "has to be after `from`, still to come, and 366 days later at most"));
        }
        let row = AbsenceRow { member_id: who.member, from_at, to_at, substitute };
        let app = self.clone();
        let write = move |tx: &mut Tx| {
            let productions = app.productions_of_member(tx, row.member_id)?;
            app.check_absence(tx, &productions, &row)?;
            absences::put(tx, &row)?;
            productions.iter().try_for_each(|production| productions::touch(tx, production.id))?;
            view(tx, &row)
        };
        self.change_people(who.member.as_bytes(), write).await
    }

    /// The member is back, or will not be away after all.
    ///
    /// # Errors
    /// [`AppError::Unavailable`].
    pub async fn be_back(&self, who: &SignedIn) -> Result<(), AppError> {
        let (app, member) = (self.clone(), who.member);
        let write = move |tx: &mut Tx| {
            absences::remove(tx, member)?;
            let productions = app.productions_of_member(tx, member)?;
            productions.iter().try_for_each(|production| Ok(productions::touch(tx, production.id)?))
        };
        self.change_people(who.member.as_bytes(), write).await
    }

    fn check_absence(
        &self,
        tx: &mut Tx,
        productions: &[std::sync::Arc<Production>],
        row: &AbsenceRow,
    ) -> Result<(), AppError> {
        if let Some(substitute) = row.substitute {
            check_substitute(tx, productions, row, substitute)?;
        }
        for production in productions {
            if row.substitute.is_some_and(|substitute| sit_together(production, row.member_id, substitute)) {
                continue;
            }
            for seat in production.seats_of(row.member_id) {
                self.refuse_last(tx, production, seat, Administrator::Member(row.member_id))?;
            }
        }
        Ok(())
    }

    /// Inside a read: a member's absence that is not over.
    pub(super) fn absence_of(
        conn: &mut Conn,
        member: MemberId,
        now: UtcMillis,
    ) -> Result<Option<AbsenceView>, AppError> {
        let row = absences::find(conn, member)?.filter(|row| now < row.to_at);
        row.map(|row| view(conn, &row)).transpose()
    }

    /// Inside a read: for whom a member stands in, now or later.
    pub(super) fn stands_in_for(
        conn: &mut Conn,
        member: MemberId,
        now: UtcMillis,
    ) -> Result<Vec<StandInView>, AppError> {
        let rows = absences::stood_in_by(conn, member)?;
        let lasting = rows.into_iter().filter(|row| now < row.to_at);
        let views = lasting.map(|row| {
            let name = people::member(conn, row.member_id)?.map(|member| member.name).unwrap_or_default();
            Ok(StandInView { member: row.member_id, name, from: time(row.from_at), to: time(row.to_at) })
        });
        views.collect()
    }
}

/// Kept out of whatever reports: nobody is refused for that, or the refusal would tell.
fn check_substitute(
    tx: &mut Tx,
    productions: &[std::sync::Arc<Production>],
    row: &AbsenceRow,
    substitute: MemberId,
) -> Result<(), AppError> {
    if !productions.iter().any(|production| sit_together(production, row.member_id, substitute)) {
        return Err(AppError::invalid("substitute", "has to be somebody else who sits on your side where you sit"));
    }
    let theirs = absences::find(tx, substitute)?;
    if theirs.is_some_and(|theirs| theirs.from_at < row.to_at && row.from_at < theirs.to_at) {
        return Err(AppError::invalid("substitute", "is away then too"));
    }
    Ok(())
}

/// Two people sit on one side of a production.
fn sit_together(production: &Production, one: MemberId, other: MemberId) -> bool {
    let side = |member: MemberId| production.seats_of(member).next().map(|seat| seat.side);
    one != other && side(one).is_some() && side(one) == side(other)
}

fn view(conn: &mut Conn, row: &AbsenceRow) -> Result<AbsenceView, AppError> {
    let substitute = row.substitute.map(|member| people::member(conn, member)).transpose()?.flatten();
    Ok(AbsenceView {
        from: time(row.from_at),
        to: time(row.to_at),
        substitute: row.substitute,
        substitute_name: substitute.map(|member| member.name),
    })
}
