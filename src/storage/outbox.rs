//! Notices on their way, what became of them, dead addresses, and the links in mails.

use diesel::{dsl::sql, expression::SqlLiteral, prelude::*, sql_types::Bool};

use super::{
    connection::{Conn, Tx, on},
    error::StorageError,
    schema::{addresses, deliveries, links, outbox},
    types::Bytes,
};
use crate::domain::{
    ids::{InvitationId, MemberId, NoticeId, ProductionId, ReportId, SeatId},
    time::UtcMillis,
};

/// A mail that is to be sent: facts only, never a word of a report.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable)]
#[diesel(table_name = outbox, treat_none_as_default_value = false)]
pub struct NoticeRow {
    /// Its id.
    pub id: NoticeId,
    /// Keyed hash of event, recipient and channel; unique.
    pub key: Bytes<32>,
    /// Which notice.
    pub kind: String,
    /// The report that it is about.
    pub report_id: Option<ReportId>,
    /// Whom it is for.
    pub member_id: Option<MemberId>,
    /// The invitation that it carries.
    pub invitation_id: Option<InvitationId>,
    /// The production that it is about.
    pub production_id: Option<ProductionId>,
    /// The address, where there is no member yet.
    pub email: Option<String>,
    /// Facts that the mail is made from, as JSON.
    pub body: String,
    /// The deadline that it names.
    pub due_at: Option<UtcMillis>,
    /// When it is tried next.
    pub next_attempt_at: UtcMillis,
    /// Until when somebody is at it.
    pub leased_until: Option<UtcMillis>,
    /// How often it failed.
    pub attempts: i32,
    /// `waiting` or `dead`.
    pub state: String,
}

/// What stays of a notice that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct DeliveryRow {
    /// The id of the notice.
    pub id: NoticeId,
    /// The report that it was about.
    pub report_id: Option<ReportId>,
    /// The seat that it went to.
    pub seat_id: Option<SeatId>,
    /// Whom it went to.
    pub member_id: MemberId,
    /// SHA-256 of the mail.
    pub mail_hash: Bytes<32>,
    /// Which notice it was.
    pub kind: String,
    /// The accepting server's reply line.
    pub reply: String,
    /// Beginning of the span in which it was accepted.
    pub span_from: UtcMillis,
    /// End of that span.
    pub span_to: UtcMillis,
    /// The level told by it; 0 for none.
    pub level: i32,
    /// The cycle in which.
    pub cycle: i32,
}

/// A link in a mail, by which one person may acknowledge one report until one deadline.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = links, treat_none_as_default_value = false)]
pub struct LinkRow {
    /// SHA-256 of the token.
    pub token_hash: Bytes<32>,
    /// The report.
    pub report_id: ReportId,
    /// Who may use it.
    pub member_id: MemberId,
    /// In which cycle: the next one may have a deadline at the same instant.
    pub cycle: i32,
    /// When it ends.
    pub due_at: UtcMillis,
}

/// Puts notices in the outbox; one whose key is there already is left as it is.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn enqueue(tx: &mut Tx, rows: &[NoticeRow]) -> Result<(), StorageError> {
    on!(tx, for part in rows => diesel::insert_into(outbox::table).values(part).on_conflict_do_nothing());
    Ok(())
}

/// The predicate of the index `outbox_next`, to the letter: a bound value would scan the table on PostgreSQL.
fn is_waiting() -> SqlLiteral<Bool> {
    sql("state = 'waiting'")
}

/// Takes up to `limit` notices that are to be tried now and leases them. Nobody else gets them before the lease ends.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn lease(tx: &mut Tx, now: UtcMillis, until: UtcMillis, limit: i64) -> Result<Vec<NoticeRow>, StorageError> {
    let ready = outbox::table
        .filter(is_waiting())
        .filter(outbox::next_attempt_at.le(now))
        .filter(outbox::leased_until.is_null().or(outbox::leased_until.le(now)))
        .order(outbox::next_attempt_at)
        .limit(limit);
    let mut rows: Vec<NoticeRow> = match tx {
        Conn::Postgres(c) => ready.for_update().skip_locked().select(NoticeRow::as_select()).load(c)?,
        Conn::Sqlite(c) => ready.select(NoticeRow::as_select()).load(c)?,
    };
    for row in &mut rows {
        diesel::update(outbox::table.find(row.id)).set(outbox::leased_until.eq(until)).execute(tx)?;
        row.leased_until = Some(until);
    }
    Ok(rows)
}

/// The earliest moment at which a notice is to be tried or its lease ends.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn next_attempt(conn: &mut Conn) -> Result<Option<UtcMillis>, StorageError> {
    let waiting = || outbox::table.filter(is_waiting());
    let free: Option<UtcMillis> = waiting()
        .filter(outbox::leased_until.is_null())
        .order(outbox::next_attempt_at)
        .select(outbox::next_attempt_at)
        .first(conn)
        .optional()?;
    let leased: Option<Option<UtcMillis>> = waiting()
        .filter(outbox::leased_until.is_not_null())
        .order(outbox::leased_until)
        .select(outbox::leased_until)
        .first(conn)
        .optional()?;
    Ok([free, leased.flatten()].into_iter().flatten().min())
}

/// The notice with this id, while it is in the outbox.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn notice(conn: &mut Conn, id: NoticeId) -> Result<Option<NoticeRow>, StorageError> {
    Ok(outbox::table.find(id).select(NoticeRow::as_select()).get_result(conn).optional()?)
}

/// Takes an accepted notice out; false if somebody else has done so.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn remove(tx: &mut Tx, id: NoticeId) -> Result<bool, StorageError> {
    Ok(diesel::delete(outbox::table.find(id)).execute(tx)? == 1)
}

/// Keeps what stays of an accepted notice; a second time changes nothing.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_delivery(tx: &mut Tx, row: &DeliveryRow) -> Result<(), StorageError> {
    on!(tx, |c| diesel::insert_into(deliveries::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Gives a failed notice back: to be tried at `next`, or never again.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn give_back(tx: &mut Tx, id: NoticeId, attempts: i32, next: Option<UtcMillis>) -> Result<(), StorageError> {
    let row = outbox::table.find(id);
    let counted = (outbox::leased_until.eq(None::<UtcMillis>), outbox::attempts.eq(attempts));
    if let Some(at) = next {
        diesel::update(row).set((counted, outbox::next_attempt_at.eq(at))).execute(tx)?;
    } else {
        diesel::update(row).set((counted, outbox::state.eq("dead"))).execute(tx)?;
    }
    Ok(())
}

/// Notices that were given up, in no set order.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn dead(conn: &mut Conn) -> Result<Vec<NoticeRow>, StorageError> {
    Ok(outbox::table.filter(outbox::state.eq("dead")).select(NoticeRow::as_select()).load(conn)?)
}

/// Has a notice that was given up tried again, from the first of its attempts; one that waits is left as it is.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn retry(tx: &mut Tx, id: NoticeId, now: UtcMillis) -> Result<(), StorageError> {
    let given_up = outbox::table.filter(outbox::id.eq(id).and(outbox::state.eq("dead")));
    let anew = (outbox::state.eq("waiting"), outbox::attempts.eq(0), outbox::next_attempt_at.eq(now));
    diesel::update(given_up).set((anew, outbox::leased_until.eq(None::<UtcMillis>))).execute(tx)?;
    Ok(())
}

/// Accepted notices about a report, earliest span first.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn deliveries_of(conn: &mut Conn, report: ReportId) -> Result<Vec<DeliveryRow>, StorageError> {
    let found = deliveries::table.filter(deliveries::report_id.eq(report)).order((deliveries::span_to, deliveries::id));
    Ok(found.select(DeliveryRow::as_select()).load(conn)?)
}

/// By what it was learned that an address is dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounce {
    /// The report whose notice came back; none for a notice about somebody's seat.
    pub report_id: Option<ReportId>,
    /// When; the end of its span for a report's.
    pub since: UtcMillis,
}

/// In place of a report's id: random ones are never this.
const NO_REPORT: ReportId = ReportId::new([0; 16]);

/// Marks an address as dead, as a notice about this report, or about none, has shown; the first time stays.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn mark_dead(tx: &mut Tx, email: &str, bounce: Bounce, reply: &str) -> Result<(), StorageError> {
    let values = (
        addresses::email.eq(email),
        addresses::learned_from.eq(bounce.report_id.unwrap_or(NO_REPORT)),
        addresses::dead_since.eq(bounce.since),
        addresses::reply.eq(reply),
    );
    on!(tx, |c| diesel::insert_into(addresses::table).values(values).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Takes the mark away, as when a mail to it was accepted.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn mark_alive(tx: &mut Tx, email: &str) -> Result<(), StorageError> {
    diesel::delete(addresses::table.filter(addresses::email.eq(email))).execute(tx)?;
    Ok(())
}

/// By what an address is known to be dead; nothing for one that is not.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn bounces(conn: &mut Conn, email: &str) -> Result<Vec<Bounce>, StorageError> {
    let of_address = addresses::table.filter(addresses::email.eq(email));
    let found: Vec<(ReportId, UtcMillis)> =
        of_address.select((addresses::learned_from, addresses::dead_since)).load(conn)?;
    let bounce = |(report, since)| Bounce { report_id: (report != NO_REPORT).then_some(report), since };
    Ok(found.into_iter().map(bounce).collect())
}

/// Since when an address is known to be dead.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn dead_since(conn: &mut Conn, email: &str) -> Result<Option<UtcMillis>, StorageError> {
    Ok(bounces(conn, email)?.iter().map(|bounce| bounce.since).min())
}

/// Adds a link.
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn add_link(tx: &mut Tx, row: &LinkRow) -> Result<(), StorageError> {
    diesel::insert_into(links::table).values(row).execute(tx)?;
    Ok(())
}

/// The link whose token has this SHA-256, over or not.
///
/// # Errors
/// [`StorageError`] if the database cannot be read.
pub fn link(conn: &mut Conn, token_hash: &[u8; 32]) -> Result<Option<LinkRow>, StorageError> {
    Ok(links::table.find(Bytes(*token_hash)).select(LinkRow::as_select()).get_result(conn).optional()?)
}

/// Takes away the links of a member to a report (recused, kept out), or to every report (removed).
///
/// # Errors
/// [`StorageError`] if the database refuses.
pub fn remove_links(tx: &mut Tx, member: MemberId, report: Option<ReportId>) -> Result<(), StorageError> {
    let theirs = links::table.filter(links::member_id.eq(member));
    match report {
        Some(report) => diesel::delete(theirs.filter(links::report_id.eq(report))).execute(tx)?,
        None => diesel::delete(theirs).execute(tx)?,
    };
    Ok(())
}
