//! A production as use cases see it: settings, policy in force, catalogue, seats with their keys.
//!
//! Loaded once per revision. The revision in the database moves with every change of settings, policy, desks, seats or
//! addresses, and each write checks it, so that no decision is made on a stale picture.

use std::sync::{Arc, PoisonError};

use super::{App, error::AppError};
use crate::{
    domain::{
        catalogue::Catalogue,
        ids::{DeskId, MemberId, ProductionId, ReportId, SeatId},
        lifecycle::Seated,
        policy::{Level, Policy, PolicyDesk, PolicyDocument, Side},
        production::ProductionSettings,
        time::UtcMillis,
    },
    sealing::{
        kept_out::{self, Name, Tag},
        keys::{KeyId, PublicKeys, SealTo, VerifyKey},
        server::{Kept, ServerKey},
    },
    storage::{
        Conn, StorageError,
        absences::{self, AbsenceRow},
        outbox, people,
        productions::{self, Mark, PolicyRow, ProductionRow},
    },
};

/// A seat with everything that a use case needs of its member and desk.
#[derive(Debug, Clone)]
pub struct Seat {
    /// The seat.
    pub id: SeatId,
    /// Whose.
    pub member: MemberId,
    /// The member's name.
    pub name: String,
    /// The member's address.
    pub email: String,
    /// At which desk.
    pub desk: DeskId,
    /// The desk's name.
    pub desk_name: String,
    /// The desk's side.
    pub side: Side,
    /// The desk's level.
    pub level: Option<Level>,
    /// What they do on the show.
    pub roles: Vec<String>,
    /// When somebody let them in to what was open; whoever sat first needs no one.
    pub let_in_at: Option<UtcMillis>,
    /// Who let them in.
    pub let_in_by: Option<MemberId>,
    /// The invitation's code was printed by the host.
    pub handed_out: bool,
    /// When the seat was taken.
    pub added_at: UtcMillis,
    /// The member's address has been known dead since then.
    pub dead_since: Option<UtcMillis>,
    /// Public keys.
    pub keys: PublicKeys,
    /// The reading key, ready to be sealed to.
    pub seal_to: SealTo,
}

/// A production as use cases see it.
#[derive(Debug)]
pub struct Production {
    /// Its id.
    pub id: ProductionId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: ProductionSettings,
    /// The policy in force.
    pub policy: Arc<Policy>,
    /// Categories and kinds.
    pub catalogue: Catalogue,
    /// Seats that are not removed, oldest first.
    pub seats: Vec<Seat>,
    /// Whoever stands in for somebody who is away now: their own keys and roles, at the other one's desk and level.
    pub stand_ins: Vec<Seat>,
    /// When somebody next goes away or comes back: then this picture is no longer true.
    pub changes_at: UtcMillis,
    /// Version of the roster.
    pub roster_version: i32,
    /// Moves with every change of any of this.
    pub revision: i64,
    /// The engine is held.
    pub engine_held: bool,
}

impl Production {
    /// What shows whether this picture is still true.
    pub const fn mark(&self) -> Mark {
        Mark { revision: self.revision, engine_held: self.engine_held }
    }

    /// The name on screens and in subjects.
    pub fn shown_as(&self) -> &str {
        self.settings.shown_as.as_deref().unwrap_or(&self.name)
    }

    /// Somebody sits on this side.
    pub fn has_anybody(&self, side: Side) -> bool {
        self.seats.iter().any(|s| s.side == side)
    }

    /// The seats as one report sees them.
    pub fn seated(&self, kept_out: &KeptOut<'_>) -> Vec<Seated> {
        self.seats
            .iter()
            .chain(&self.stand_ins)
            .map(|s| Seated {
                member: s.member,
                side: s.side,
                level: s.level,
                kept_out: kept_out.holds(s),
                dead_since: s.dead_since,
            })
            .collect()
    }

    /// The seats of a member.
    pub fn seats_of(&self, member: MemberId) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(move |s| s.member == member)
    }

    /// Where a member sits or stands in for somebody.
    pub fn places_of(&self, member: MemberId) -> impl Iterator<Item = &Seat> {
        self.seats.iter().chain(&self.stand_ins).filter(move |s| s.member == member)
    }

    /// The verify key behind a key id of the roster.
    pub fn verify_key(&self, id: KeyId) -> Option<(VerifyKey, &Seat)> {
        self.seats.iter().find(|s| s.seal_to.id() == id).map(|s| (s.keys.verify, s))
    }
}

/// Who is kept out of one report.
#[derive(Debug)]
pub struct KeptOut<'a> {
    key: &'a ServerKey<Kept>,
    report: ReportId,
    tags: &'a [Tag],
}

impl<'a> KeptOut<'a> {
    /// The kept-out set of a report.
    pub const fn new(key: &'a ServerKey<Kept>, report: ReportId, tags: &'a [Tag]) -> Self {
        Self { key, report, tags }
    }

    /// The seat's member is kept out: by account, or by any of their roles. One seat's roles cut all of a member's
    /// seats; the account's tag, set at filing and whenever a role is added, holds that.
    pub fn holds(&self, seat: &Seat) -> bool {
        let named = |name| kept_out::is_kept_out(self.key, self.report, self.tags, name);
        named(Name::Member(seat.member)) || seat.roles.iter().any(|r| named(Name::Role(r)))
    }
}

impl App {
    /// A production, from memory while its revision has not moved.
    ///
    /// # Errors
    /// [`AppError::NotFound`]; [`AppError::Unavailable`].
    pub async fn production(&self, id: ProductionId) -> Result<Arc<Production>, AppError> {
        let known = self.known(id);
        let now = self.inner.clock.now();
        let found = self.inner.storage.read(move |conn| current(conn, id, known.as_ref(), now)).await?;
        self.remember(&found);
        Ok(found)
    }

    /// Inside a read or write: the production as the database has it now.
    pub(super) fn production_in(&self, conn: &mut Conn, id: ProductionId) -> Result<Arc<Production>, AppError> {
        // Asked here, and not by the use case: it decides only whether the picture in memory is still true.
        current(conn, id, self.known(id).as_ref(), self.inner.clock.now())
    }

    fn known(&self, id: ProductionId) -> Option<Arc<Production>> {
        self.inner.productions.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    pub(super) fn remember(&self, production: &Arc<Production>) {
        let same = self.known(production.id).is_some_and(|known| Arc::ptr_eq(&known, production));
        if !same {
            let mut known = self.inner.productions.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(production.id, Arc::clone(production));
        }
    }
}

/// The known picture if it is still true, else a new one.
fn current(
    conn: &mut Conn,
    id: ProductionId,
    known: Option<&Arc<Production>>,
    now: UtcMillis,
) -> Result<Arc<Production>, AppError> {
    let mark = productions::mark(conn, id)?.ok_or(AppError::NotFound)?;
    if let Some(known) = known.filter(|known| known.mark() == mark && now < known.changes_at) {
        return Ok(Arc::clone(known));
    }
    let row = productions::find(conn, id)?.ok_or(AppError::NotFound)?;
    Ok(Arc::new(load(conn, row, mark.engine_held, now)?))
}

fn load(conn: &mut Conn, row: ProductionRow, engine_held: bool, now: UtcMillis) -> Result<Production, AppError> {
    let settings: ProductionSettings = stored(&row.settings)?;
    let policy = productions::policy(conn, row.id, row.policy_version)?;
    let policy = policy.ok_or_else(|| corrupt("the policy in force is missing"))?;
    let seats = seats(conn, row.id)?;
    let absences = absences::of_production(conn, row.id)?;
    Ok(Production {
        id: row.id,
        slug: row.slug,
        name: row.name,
        catalogue: settings.catalogue(),
        settings,
        policy: Arc::new(policy_of(&policy)?),
        stand_ins: stand_ins(&seats, &absences, now),
        seats,
        changes_at: changes_at(&absences, now),
        roster_version: row.roster_version,
        revision: row.revision,
        engine_held,
    })
}

/// A stored version of a policy.
pub(super) fn policy_of(row: &PolicyRow) -> Result<Policy, AppError> {
    let document: PolicyDocument = stored(&row.document)?;
    let desks: Vec<PolicyDesk> = stored(&row.levels)?;
    Ok(Policy { version: row.version, document, desks })
}

fn seats(conn: &mut Conn, production: ProductionId) -> Result<Vec<Seat>, AppError> {
    let desks = productions::desks(conn, production)?;
    let mut seats = Vec::new();
    for (seat, member) in people::seats_of_production(conn, production)? {
        let Some(desk) = desks.iter().find(|d| d.id == seat.desk_id && d.ended_at.is_none()) else { continue };
        if seat.removed_at.is_some() {
            continue;
        }
        let keys = PublicKeys { reading: member.reading_key.0, verify: VerifyKey(member.signing_key.0) };
        seats.push(Seat {
            id: seat.id,
            member: member.id,
            dead_since: outbox::dead_since(conn, &member.email)?,
            name: member.name,
            email: member.email,
            desk: desk.id,
            desk_name: desk.name.clone(),
            side: side_of(&desk.side)?,
            level: desk.level.and_then(|l| u8::try_from(l).ok()).map(Level),
            roles: stored(&seat.roles)?,
            let_in_at: seat.let_in_at,
            let_in_by: seat.let_in_by,
            handed_out: seat.handed_out,
            added_at: seat.added_at,
            seal_to: SealTo::new(&keys),
            keys,
        });
    }
    Ok(seats)
}

/// Whoever stands in now, at each desk of whoever is away. They sit on that side themselves, so they have the envelopes.
fn stand_ins(seats: &[Seat], absences: &[AbsenceRow], now: UtcMillis) -> Vec<Seat> {
    let mut stand_ins = Vec::new();
    for absence in absences.iter().filter(|absence| absence.from_at <= now && now < absence.to_at) {
        for away in seats.iter().filter(|seat| seat.member == absence.member_id) {
            let own = seats.iter().find(|seat| Some(seat.member) == absence.substitute && seat.side == away.side);
            stand_ins.extend(own.map(|own| Seat {
                desk: away.desk,
                desk_name: away.desk_name.clone(),
                level: away.level,
                ..own.clone()
            }));
        }
    }
    stand_ins
}

fn changes_at(absences: &[AbsenceRow], now: UtcMillis) -> UtcMillis {
    let moments = absences.iter().flat_map(|absence| [absence.from_at, absence.to_at]);
    moments.filter(|at| now < *at).min().unwrap_or(UtcMillis::new(i64::MAX))
}

/// A stored side.
pub(super) fn side_of(code: &str) -> Result<Side, AppError> {
    [Side::Production, Side::Union, Side::Observer]
        .into_iter()
        .find(|s| s.code() == code)
        .ok_or_else(|| corrupt("an unknown side"))
}

/// A stored JSON value.
pub(super) fn stored<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, AppError> {
    serde_json::from_str(json).map_err(AppError::internal)
}

/// A value to be stored as JSON.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, AppError> {
    serde_json::to_string(value).map_err(AppError::internal)
}

/// A stored value that this version did not write.
pub(super) fn corrupt(what: &str) -> AppError {
    AppError::internal(StorageError::Corrupt(what.to_owned()))
}
