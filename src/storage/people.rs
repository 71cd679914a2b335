//! People: members, seats, rosters, invitations and sessions.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx},
    error::StorageError,
    schema::{invitations, members, rosters, seats, sessions},
    types::Bytes,
};
use crate::domain::{
    ids::{DeskId, InvitationId, MemberId, ProductionId, SeatId, SessionId},
    time::UtcMillis,
};

/// A person with one account. The row exists from the acceptance of an invitation on.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = members, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct MemberRow {
    /// Their id.
    pub id: MemberId,
    /// Their address, in lower case; unique.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Whether they run the server.
    pub is_operator: bool,
    /// Salt of the password.
    pub salt: Vec<u8>,
    /// Keyed hash of the password's sign-in half.
    pub sign_in: Bytes<32>,
    /// The seed, sealed under the password's unlock half.
    pub seed_by_password: Vec<u8>,
    /// The seed, sealed under the recovery words.
    pub seed_by_words: Vec<u8>,
    /// X25519 public key that they are sealed to.
    pub reading_key: Bytes<32>,
    /// Ed25519 public key of what they write.
    pub signing_key: Bytes<32>,
    /// Sign-ins that failed in a row.
    pub failures: i32,
    /// Until when the next sign-in has to wait.
    pub slow_until: Option<UtcMillis>,
    /// When they accepted.
    pub created_at: UtcMillis,
}

/// A place at a desk.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = seats, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct SeatRow {
    /// Its id.
    pub id: SeatId,
    /// Whose it is.
    pub production_id: ProductionId,
    /// The desk.
    pub desk_id: DeskId,
    /// Who sits there; once per desk at a time.
    pub member_id: MemberId,
    /// What they do on the show, as a JSON list of codes.
    pub roles: String,
    /// Since when.
    pub added_at: UtcMillis,
    /// Until when.
    pub removed_at: Option<UtcMillis>,
    /// When somebody let them in to what was open.
    pub let_in_at: Option<UtcMillis>,
    /// Who let them in; `None` for the union side's first.
    pub let_in_by: Option<MemberId>,
    /// Whether the invitation's code was printed by the host instead of mailed.
    pub handed_out: bool,
}

/// One version of a production's roster.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rosters, treat_none_as_default_value = false)]
pub struct RosterRow {
    /// Whose it is.
    pub production_id: ProductionId,
    /// 1 and up.
    pub version: i32,
    /// Canonical CBOR.
    pub body: Vec<u8>,
    /// SHA-256 of the body.
    pub hash: Bytes<32>,
    /// When it was made.
    pub created_at: UtcMillis,
}

/// A letter that lets somebody in.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = invitations, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct InvitationRow {
    /// Its id.
    pub id: InvitationId,
    /// The production, unless it is the operator's.
    pub production_id: Option<ProductionId>,
    /// The desk, unless it is the operator's.
    pub desk_id: Option<DeskId>,
    /// To whom, in lower case.
    pub email: String,
    /// As [`SeatRow::roles`].
    pub roles: String,
    /// Whether it makes an operator.
    pub is_operator: bool,
    /// Whether it is for somebody who sits there and lost password and words.
    pub renews: bool,
    /// SHA-256 of the code, once one was drawn; unique.
    pub code_hash: Option<Bytes<32>>,
    /// As [`SeatRow::handed_out`].
    pub handed_out: bool,
    /// When it ends.
    pub expires_at: UtcMillis,
    /// When it was used; it works once.
    pub used_at: Option<UtcMillis>,
    /// When it was made.
    pub created_at: UtcMillis,
}

/// A signed-in device.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = sessions, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub member_id: MemberId,
    /// The seed, sealed under a key that only the device has.
    pub sealed_seed: Vec<u8>,
    /// When it ends, whatever happens.
    pub absolute_end: UtcMillis,
    /// When it ends if it is not used.
    pub idle_end: UtcMillis,
    /// SHA-256 of the refresh token; unique.
    pub refresh_hash: Bytes<32>,
    /// SHA-256 of the one before.
    pub previous_hash: Option<Bytes<32>>,
    /// When it was last rotated.
    pub rotated_at: Option<UtcMillis>,
    /// Whether the present token was used since.
    pub successor_used: bool,
}

/// Adds a member.
///
/// # Errors
/// [`StorageError::Duplicate`] if the address has an account.
pub fn add_member(tx: &mut Tx, row: &MemberRow) -> Result<(), StorageError> {
    diesel::insert_into(members::table).values(row).execute(tx)?;
    Ok(())
}

/// Replaces everything but the id.
///
/// # Errors
/// [`StorageError::Duplicate`] if the address has another account.
pub fn save_member(tx: &mut Tx, row: &MemberRow) -> Result<(), StorageError> {
    diesel::update(members::table.find(row.id)).set(row).execute(tx)?;
    Ok(())
}

/// The member with this id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn member(conn: &mut Conn, id: MemberId) -> Result<Option<MemberRow>, StorageError> {
    Ok(members::table.find(id).select(MemberRow::as_select()).get_result(conn).optional()?)
}

/// The member with this address, given in lower case.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn by_email(conn: &mut Conn, email: &str) -> Result<Option<MemberRow>, StorageError> {
    Ok(members::table.filter(members::email.eq(email)).select(MemberRow::as_select()).get_result(conn).optional()?)
}

/// Adds a seat.
///
/// # Errors
/// [`StorageError::Duplicate`] if the member sits at this desk already.
pub fn add_seat(tx: &mut Tx, row: &SeatRow) -> Result<(), StorageError> {
    diesel::insert_into(seats::table).values(row).execute(tx)?;
    Ok(())
}

/// Replaces everything but the id.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn save_seat(tx: &mut Tx, row: &SeatRow) -> Result<(), StorageError> {
    diesel::update(seats::table.find(row.id)).set(row).execute(tx)?;
    Ok(())
}

/// All seats of a production with their members, removed ones too, oldest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn seats_of_production(
    conn: &mut Conn,
    production: ProductionId,
) -> Result<Vec<(SeatRow, MemberRow)>, StorageError> {
    Ok(seats::table
        .inner_join(members::table.on(members::id.eq(seats::member_id)))
        .filter(seats::production_id.eq(production))
        .order((seats::added_at, seats::id))
        .select((SeatRow::as_select(), MemberRow::as_select()))
        .load(conn)?)
}

/// The seats that a member holds now, oldest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn seats_of_member(conn: &mut Conn, member: MemberId) -> Result<Vec<SeatRow>, StorageError> {
    Ok(seats::table
        .filter(seats::member_id.eq(member).and(seats::removed_at.is_null()))
        .order((seats::added_at, seats::id))
        .select(SeatRow::as_select())
        .load(conn)?)
}

/// Adds a version of a roster.
///
/// # Errors
/// [`StorageError::Duplicate`] if somebody made this version first.
pub fn add_roster(tx: &mut Tx, row: &RosterRow) -> Result<(), StorageError> {
    diesel::insert_into(rosters::table).values(row).execute(tx)?;
    Ok(())
}

/// One version of a roster.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn roster(conn: &mut Conn, production: ProductionId, version: i32) -> Result<Option<RosterRow>, StorageError> {
    Ok(rosters::table.find((production, version)).select(RosterRow::as_select()).get_result(conn).optional()?)
}

/// All versions of a production's roster, oldest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn rosters(conn: &mut Conn, production: ProductionId) -> Result<Vec<RosterRow>, StorageError> {
    let found = rosters::table.filter(rosters::production_id.eq(production)).order(rosters::version);
    Ok(found.select(RosterRow::as_select()).load(conn)?)
}

/// Adds an invitation.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_invitation(tx: &mut Tx, row: &InvitationRow) -> Result<(), StorageError> {
    diesel::insert_into(invitations::table).values(row).execute(tx)?;
    Ok(())
}

/// Replaces everything but the id.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn save_invitation(tx: &mut Tx, row: &InvitationRow) -> Result<(), StorageError> {
    diesel::update(invitations::table.find(row.id)).set(row).execute(tx)?;
    Ok(())
}

/// The invitation with this id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn invitation(conn: &mut Conn, id: InvitationId) -> Result<Option<InvitationRow>, StorageError> {
    Ok(invitations::table.find(id).select(InvitationRow::as_select()).get_result(conn).optional()?)
}

/// The invitation whose code has this SHA-256, used or not.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn invitation_by_code(conn: &mut Conn, code_hash: &[u8; 32]) -> Result<Option<InvitationRow>, StorageError> {
    let found = invitations::table.filter(invitations::code_hash.eq(Bytes(*code_hash)));
    Ok(found.select(InvitationRow::as_select()).get_result(conn).optional()?)
}

/// All invitations to a desk, oldest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn invitations_to_desk(conn: &mut Conn, desk: DeskId) -> Result<Vec<InvitationRow>, StorageError> {
    let found =
        invitations::table.filter(invitations::desk_id.eq(desk)).order((invitations::created_at, invitations::id));
    Ok(found.select(InvitationRow::as_select()).load(conn)?)
}

/// Adds a session.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_session(tx: &mut Tx, row: &SessionRow) -> Result<(), StorageError> {
    diesel::insert_into(sessions::table).values(row).execute(tx)?;
    Ok(())
}

/// Replaces everything but the id. A session that was ended meanwhile stays ended.
///
/// # Errors
/// [`StorageError::Conflict`] if it was ended meanwhile.
pub fn save_session(tx: &mut Tx, row: &SessionRow) -> Result<(), StorageError> {
    match diesel::update(sessions::table.find(row.id)).set(row).execute(tx)? {
        0 => Err(StorageError::Conflict),
        _ => Ok(()),
    }
}

/// The session with this id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn session(conn: &mut Conn, id: SessionId) -> Result<Option<SessionRow>, StorageError> {
    Ok(sessions::table.find(id).select(SessionRow::as_select()).get_result(conn).optional()?)
}

/// The session whose present or previous refresh token has this SHA-256.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn session_by_refresh(conn: &mut Conn, hash: &[u8; 32]) -> Result<Option<SessionRow>, StorageError> {
    let hash = Bytes(*hash);
    Ok(sessions::table
        .filter(sessions::refresh_hash.eq(hash).or(sessions::previous_hash.eq(hash)))
        .select(SessionRow::as_select())
        .first(conn)
        .optional()?)
}

/// Ends one session.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn end_session(tx: &mut Tx, id: SessionId) -> Result<(), StorageError> {
    diesel::delete(sessions::table.find(id)).execute(tx)?;
    Ok(())
}

/// Ends every session of a member.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn end_sessions_of(tx: &mut Tx, member: MemberId) -> Result<(), StorageError> {
    diesel::delete(sessions::table.filter(sessions::member_id.eq(member))).execute(tx)?;
    Ok(())
}

/// Ends every session that is over by itself.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn end_old_sessions(tx: &mut Tx, now: UtcMillis) -> Result<(), StorageError> {
    let over = sessions::absolute_end.le(now).or(sessions::idle_end.le(now));
    diesel::delete(sessions::table.filter(over)).execute(tx)?;
    Ok(())
}
