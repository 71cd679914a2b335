//! The roster: who can be sealed to. A chain of versions, one for each change of seats or desks.
//!
//! Source: security.md, "Keys of people, and the roster".

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, Production, Seat,
    context::{corrupt, side_of, stored},
    error::AppError,
    ledger::public,
    people::{Administrator, DeskView, InvitationView},
    shown::time,
};
use crate::{
    domain::{
        ids::{DeskId, MemberId, ProductionId},
        policy::Side,
        time::UtcMillis,
    },
    sealing::{
        keys::{PublicKeys, VerifyKey},
        roster::{DeskLine, Roster, SeatLine},
    },
    storage::{
        Bytes, Conn, Tx,
        people::{self, MemberRow, RosterRow, SeatRow},
        productions::{self, DeskRow, ProductionRow},
    },
};

/// A production's roster as whoever is seated sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RosterView {
    /// The production.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub production: ProductionId,
    /// Version, 1 and up; 0 before the first desk.
    #[schema(example = 3)]
    pub version: i32,
    /// SHA-256 of the version's canonical CBOR, 64 hex digits; it names the hash of the version before.
    pub hash: Option<String>,
    /// When this version was made.
    pub since: Option<String>,
    /// Its desks, by level.
    pub desks: Vec<DeskView>,
    /// Its seats, oldest first.
    pub seats: Vec<RosterSeat>,
    /// Invitations that were not used yet, of the desks that the reader may invite to.
    pub invitations: Vec<InvitationView>,
}

/// A seat in a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RosterSeat {
    /// The member.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub member: MemberId,
    /// Their name.
    pub name: String,
    /// Their address; null for the other side's, unless the reader is of the union side, which is told of each change.
    pub email: Option<String>,
    /// The desk.
    #[schema(value_type = String, example = "00112233445566778899aabbccddeeff")]
    pub desk: DeskId,
    /// `production`, `union` or `observer`.
    pub side: String,
    /// What they do on the show.
    pub roles: Vec<String>,
    /// First 16 bytes of SHA-256 over both public keys, hex.
    pub key_id: String,
    /// X25519 public key, base64url as in the manifest: what is said to them is sealed to it.
    pub reading_key: String,
    /// Ed25519 public key, base64url as in the manifest: what they say is signed with it.
    pub verify_key: String,
    /// When they took the seat.
    pub since: String,
    /// Whether they were let in to what was open then.
    pub let_in: bool,
    /// Names of those who can let them in; empty once somebody has.
    pub let_in_by: Vec<String>,
    /// The reader is one of those.
    pub yours_to_let_in: bool,
    /// The host handed the invitation out, and nobody has let them in since: the address was not checked.
    pub handed_out: bool,
}

/// Makes the next version of a production's roster from what the tables hold now. The caller saves the production.
///
/// # Errors
/// [`AppError::Internal`] if a stored value is not ours.
pub(super) fn next_version(tx: &mut Tx, production: &mut ProductionRow, now: UtcMillis) -> Result<(), AppError> {
    let before = people::roster(tx, production.id, production.roster_version)?.map(|row| row.hash.0);
    let desks = open_desks(tx, production.id)?;
    let persons = persons(people::seats_of_production(tx, production.id)?, &desks)?;
    let version = production.roster_version + 1;
    let lines: Vec<DeskLine<'_>> = desks.iter().map(desk_line).collect();
    let roles: Vec<Vec<&str>> = persons.iter().map(|p| p.roles.iter().map(String::as_str).collect()).collect();
    let seats: Vec<SeatLine<'_>> = persons
        .iter()
        .zip(&roles)
        .map(|(p, roles)| SeatLine { keys: p.keys, side: p.side.code(), desks: &p.desks, roles })
        .collect();
    let roster = Roster {
        production: production.id,
        version: u32::try_from(version).map_err(AppError::internal)?,
        before,
        desks: &lines,
        seats: &seats,
    };
    let encoded = roster.encode();
    let row = RosterRow {
        production_id: production.id,
        version,
        body: encoded.bytes,
        hash: Bytes(encoded.hash),
        created_at: now,
    };
    people::add_roster(tx, &row)?;
    public::roster(tx, &row)?;
    production.roster_version = version;
    Ok(())
}

/// Desks that have not ended.
pub(super) fn open_desks(conn: &mut Conn, production: ProductionId) -> Result<Vec<DeskRow>, AppError> {
    let mut desks = productions::desks(conn, production)?;
    desks.retain(|desk| desk.ended_at.is_none());
    Ok(desks)
}

fn desk_line(desk: &DeskRow) -> DeskLine<'_> {
    DeskLine { desk: desk.id, side: &desk.side, level: desk.level.and_then(|level| u8::try_from(level).ok()) }
}

/// A member with all their seats of one production.
struct Person {
    member: MemberId,
    keys: PublicKeys,
    side: Side,
    desks: Vec<DeskId>,
    roles: Vec<String>,
}

fn persons(seats: Vec<(SeatRow, MemberRow)>, desks: &[DeskRow]) -> Result<Vec<Person>, AppError> {
    let mut persons: Vec<Person> = Vec::new();
    for (seat, member) in seats {
        let Some(desk) = desks.iter().find(|d| d.id == seat.desk_id) else { continue };
        if seat.removed_at.is_some() {
            continue;
        }
        let side = side_of(&desk.side)?;
        let roles: Vec<String> = stored(&seat.roles)?;
        match persons.iter_mut().find(|p| p.member == member.id) {
            Some(person) if person.side != side => return Err(corrupt("somebody sits on two sides")),
            Some(person) => {
                person.desks.push(desk.id);
                person.roles.extend(roles);
                person.roles.sort_unstable();
                person.roles.dedup();
            }
            None => persons.push(Person {
                member: member.id,
                keys: PublicKeys { reading: member.reading_key.0, verify: VerifyKey(member.signing_key.0) },
                side,
                desks: vec![desk.id],
                roles,
            }),
        }
    }
    Ok(persons)
}

impl App {
    /// The roster in force.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for whoever is not seated there and is not the operator.
    pub async fn roster(&self, who: Administrator, production: ProductionId) -> Result<RosterView, AppError> {
        let now = self.inner.clock.now();
        let app = self.clone();
        let read = move |conn: &mut Conn| {
            let production = app.production_in(conn, production)?;
            who.must_read(&production)?;
            view(conn, &production, who, now)
        };
        self.inner.storage.read(read).await
    }
}

fn view(conn: &mut Conn, production: &Production, who: Administrator, now: UtcMillis) -> Result<RosterView, AppError> {
    let row = people::roster(conn, production.id, production.roster_version)?;
    let desks = open_desks(conn, production.id)?;
    let reads_all = who.runs_the_server() || seat_of(production, who).is_some_and(|s| s.side == Side::Union);
    let own_side = seat_of(production, who).map(|s| s.side);
    let seats = production
        .seats
        .iter()
        .map(|s| roster_seat(production, s, who, reads_all || Some(s.side) == own_side))
        .collect();
    Ok(RosterView {
        production: production.id,
        version: production.roster_version,
        hash: row.as_ref().map(|row| hex::encode(row.hash.0)),
        since: row.as_ref().map(|row| time(row.created_at)),
        invitations: invitations(conn, production, &desks, who, now)?,
        desks: desks.iter().map(DeskView::try_from).collect::<Result<_, _>>()?,
        seats,
    })
}

fn seat_of(production: &Production, who: Administrator) -> Option<&Seat> {
    who.member().and_then(|member| production.seats_of(member).next())
}

/// A seat as somebody sees it who administers it, and so knows its address.
pub(super) fn own_roster_seat(production: &Production, seat: &Seat, who: Administrator) -> RosterSeat {
    roster_seat(production, seat, who, true)
}

fn roster_seat(production: &Production, seat: &Seat, who: Administrator, with_address: bool) -> RosterSeat {
    let let_in = production.is_let_in(seat);
    let admitting = if let_in { Vec::new() } else { production.who_lets_in(seat) };
    RosterSeat {
        member: seat.member,
        name: seat.name.clone(),
        email: with_address.then(|| seat.email.clone()),
        desk: seat.desk,
        side: seat.side.code().to_owned(),
        roles: seat.roles.clone(),
        key_id: seat.seal_to.id().to_string(),
        reading_key: URL_SAFE_NO_PAD.encode(seat.keys.reading),
        verify_key: URL_SAFE_NO_PAD.encode(seat.keys.verify.0),
        since: time(seat.added_at),
        let_in,
        yours_to_let_in: admitting.iter().any(|s| Some(s.member) == who.member()),
        let_in_by: names(&admitting),
        // The union's first counts as let in from the start, without anybody who could have checked the address.
        handed_out: seat.handed_out && seat.let_in_by.is_none(),
    }
}

/// Names of seats' people, sorted, each once.
pub(super) fn names(seats: &[&Seat]) -> Vec<String> {
    let mut names: Vec<String> = seats.iter().map(|seat| seat.name.clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn invitations(
    conn: &mut Conn,
    production: &Production,
    desks: &[DeskRow],
    who: Administrator,
    now: UtcMillis,
) -> Result<Vec<InvitationView>, AppError> {
    let mut found = Vec::new();
    for desk in desks {
        let shown = DeskView::try_from(desk)?;
        if who.must_seat_at(production, side_of(&desk.side)?, shown.level()).is_err() {
            continue;
        }
        let waiting = people::invitations_to_desk(conn, desk.id)?.into_iter();
        let waiting = waiting.filter(|row| row.used_at.is_none() && now < row.expires_at);
        found.extend(waiting.map(|row| InvitationView::new(&row)).collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}
