//! Productions with their crew codes, policies, desks, and the count of filings per hour.

use diesel::prelude::*;

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    schema::{budget, crew_codes, desks, engine_state, policies, productions},
    types::Bytes,
};
use crate::domain::{
    ids::{DeskId, MemberId, ProductionId},
    time::UtcMillis,
};

/// One show or picture.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = productions, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct ProductionRow {
    /// Its id.
    pub id: ProductionId,
    /// Its name in addresses and commands; unique.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Places, departments, roles, time zone and the like, as JSON.
    pub settings: String,
    /// The policy in force, 1 and up.
    pub policy_version: i32,
    /// The roster in force, 0 before the first.
    pub roster_version: i32,
    /// Moves with every change of settings, policy, desks, seats or their addresses; see [`save`] and [`touch`].
    pub revision: i64,
    /// When it was made.
    pub created_at: UtcMillis,
}

/// A code on the poster, as a keyed hash.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = crew_codes, primary_key(mac), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct CrewCodeRow {
    /// Keyed hash of the code.
    pub mac: Bytes<32>,
    /// Whose it is.
    pub production_id: ProductionId,
    /// The code itself, sealed for printing posters again.
    pub sealed: Vec<u8>,
    /// `active`, `old` or `burned`.
    pub state: String,
    /// Until when a rotated code is in full force.
    pub full_until: Option<UtcMillis>,
    /// Until when an old or burned code still files.
    pub until: Option<UtcMillis>,
}

/// One immutable version of a policy; only its state moves.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = policies, treat_none_as_default_value = false)]
pub struct PolicyRow {
    /// Whose it is.
    pub production_id: ProductionId,
    /// 1 and up.
    pub version: i32,
    /// Windows and steps, as JSON.
    pub document: String,
    /// Levels with their desks, as JSON.
    pub levels: String,
    /// `in_force`, `pending` or `replaced`.
    pub state: String,
    /// The union member who agreed, where that was needed.
    pub agreed_by: Option<MemberId>,
    /// When it was made.
    pub created_at: UtcMillis,
}

/// A group that receives reports together.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = desks, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct DeskRow {
    /// Its id.
    pub id: DeskId,
    /// Whose it is.
    pub production_id: ProductionId,
    /// Its name.
    pub name: String,
    /// `production`, `union` or `observer`.
    pub side: String,
    /// 1..=9; `None` for those told at the end only.
    pub level: Option<i32>,
    /// When it was taken away.
    pub ended_at: Option<UtcMillis>,
}

/// Adds a production.
///
/// # Errors
/// [`StorageError::Duplicate`] if the slug is taken.
pub fn add(tx: &mut Tx, row: &ProductionRow) -> Result<(), StorageError> {
    diesel::insert_into(productions::table).values(row).execute(tx)?;
    Ok(())
}

/// Replaces a production that still has the revision of `row`, and gives it the next one.
///
/// # Errors
/// [`StorageError::Conflict`] if it was changed meanwhile; [`StorageError::Duplicate`] if the slug is taken.
pub fn save(tx: &mut Tx, row: &ProductionRow) -> Result<(), StorageError> {
    let unchanged = productions::table.filter(productions::id.eq(row.id).and(productions::revision.eq(row.revision)));
    let next = ProductionRow { revision: row.revision + 1, ..row.clone() };
    match diesel::update(unchanged).set(&next).execute(tx)? {
        0 => Err(StorageError::Conflict),
        _ => Ok(()),
    }
}

/// Moves the revision: something that hangs on the production changed.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn touch(tx: &mut Tx, id: ProductionId) -> Result<(), StorageError> {
    diesel::update(productions::table.find(id)).set(productions::revision.eq(productions::revision + 1)).execute(tx)?;
    Ok(())
}

/// The production with this id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn find(conn: &mut Conn, id: ProductionId) -> Result<Option<ProductionRow>, StorageError> {
    Ok(productions::table.find(id).select(ProductionRow::as_select()).get_result(conn).optional()?)
}

/// What moves whenever something changes that a picture of a production is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct Mark {
    /// See [`ProductionRow::revision`].
    pub revision: i64,
    /// Whether firing is held.
    pub engine_held: bool,
}

/// The mark of the production with this id.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn mark(conn: &mut Conn, id: ProductionId) -> Result<Option<Mark>, StorageError> {
    let with_engine = productions::table.inner_join(engine_state::table.on(engine_state::id.eq(1)));
    let mark = with_engine.filter(productions::id.eq(id)).select((productions::revision, engine_state::held));
    Ok(on!(conn, |c| mark.get_result(c).optional())?)
}

/// The production with this slug.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn by_slug(conn: &mut Conn, slug: &str) -> Result<Option<ProductionRow>, StorageError> {
    let found = productions::table.filter(productions::slug.eq(slug)).select(ProductionRow::as_select());
    Ok(found.get_result(conn).optional()?)
}

/// Every production, by slug.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn all(conn: &mut Conn) -> Result<Vec<ProductionRow>, StorageError> {
    Ok(productions::table.order(productions::slug).select(ProductionRow::as_select()).load(conn)?)
}

/// Adds a crew code.
///
/// # Errors
/// [`StorageError::Duplicate`] if that code is in use anywhere; draw another.
pub fn add_crew_code(tx: &mut Tx, row: &CrewCodeRow) -> Result<(), StorageError> {
    diesel::insert_into(crew_codes::table).values(row).execute(tx)?;
    Ok(())
}

/// Replaces everything but the code itself.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn save_crew_code(tx: &mut Tx, row: &CrewCodeRow) -> Result<(), StorageError> {
    diesel::update(crew_codes::table.find(row.mac)).set(row).execute(tx)?;
    Ok(())
}

/// The crew code with this keyed hash, whatever its state.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn crew_code(conn: &mut Conn, mac: &[u8; 32]) -> Result<Option<CrewCodeRow>, StorageError> {
    let found = crew_codes::table.find(Bytes(*mac));
    Ok(on!(conn, |c| found.select(CrewCodeRow::as_select()).get_result(c).optional())?)
}

/// All crew codes of a production.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn crew_codes(conn: &mut Conn, production: ProductionId) -> Result<Vec<CrewCodeRow>, StorageError> {
    let found = crew_codes::table.filter(crew_codes::production_id.eq(production));
    Ok(found.select(CrewCodeRow::as_select()).load(conn)?)
}

/// Adds a version of a policy.
///
/// # Errors
/// [`StorageError::Duplicate`] if somebody made this version first.
pub fn add_policy(tx: &mut Tx, row: &PolicyRow) -> Result<(), StorageError> {
    diesel::insert_into(policies::table).values(row).execute(tx)?;
    Ok(())
}

/// Moves a version to another state.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn set_policy_state(
    tx: &mut Tx,
    production: ProductionId,
    version: i32,
    state: &str,
    agreed_by: Option<MemberId>,
) -> Result<(), StorageError> {
    let change = (policies::state.eq(state), policies::agreed_by.eq(agreed_by));
    diesel::update(policies::table.find((production, version))).set(change).execute(tx)?;
    Ok(())
}

/// One version of a policy.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn policy(conn: &mut Conn, production: ProductionId, version: i32) -> Result<Option<PolicyRow>, StorageError> {
    Ok(policies::table.find((production, version)).select(PolicyRow::as_select()).get_result(conn).optional()?)
}

/// All versions of a production's policy, oldest first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn policies(conn: &mut Conn, production: ProductionId) -> Result<Vec<PolicyRow>, StorageError> {
    let found = policies::table.filter(policies::production_id.eq(production)).order(policies::version);
    Ok(found.select(PolicyRow::as_select()).load(conn)?)
}

/// Adds a desk.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_desk(tx: &mut Tx, row: &DeskRow) -> Result<(), StorageError> {
    diesel::insert_into(desks::table).values(row).execute(tx)?;
    Ok(())
}

/// Replaces everything but the id.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn save_desk(tx: &mut Tx, row: &DeskRow) -> Result<(), StorageError> {
    diesel::update(desks::table.find(row.id)).set(row).execute(tx)?;
    Ok(())
}

/// The desk with this id, ended or not.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn desk(conn: &mut Conn, id: DeskId) -> Result<Option<DeskRow>, StorageError> {
    Ok(desks::table.find(id).select(DeskRow::as_select()).get_result(conn).optional()?)
}

/// All desks of a production, ended or not, by level (those without one last), then by name.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn desks(conn: &mut Conn, production: ProductionId) -> Result<Vec<DeskRow>, StorageError> {
    // Databases differ in where they put what is missing.
    let order = (desks::level.is_null(), desks::level, desks::name);
    let found = desks::table.filter(desks::production_id.eq(production)).order(order);
    Ok(found.select(DeskRow::as_select()).load(conn)?)
}

/// Counts filings in their hour; returns how many there are with them.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn count_filings(tx: &mut Tx, production: ProductionId, hour: UtcMillis, more: i32) -> Result<i32, StorageError> {
    // Nearly always the row is there; and an upsert is parsed anew each time, an update is not.
    let row = budget::table.find((production, hour));
    let with_them = budget::filed.eq(budget::filed + more);
    let counted: Option<i32> =
        on!(tx, |c| diesel::update(row).set(with_them).returning(budget::filed).get_result(c).optional())?;
    if let Some(filed) = counted {
        return Ok(filed);
    }
    let values = (budget::production_id.eq(production), budget::hour.eq(hour), budget::filed.eq(more));
    Ok(on!(tx, |c| {
        diesel::insert_into(budget::table)
            .values(values)
            .on_conflict((budget::production_id, budget::hour))
            .do_update()
            .set(with_them)
            .returning(budget::filed)
            .get_result(c)
    })?)
}

/// Forgets the counts of hours that ended before this one: nothing is decided by them any more.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn forget_filings(tx: &mut Tx, hour: UtcMillis) -> Result<(), StorageError> {
    diesel::delete(budget::table.filter(budget::hour.lt(hour))).execute(tx)?;
    Ok(())
}
