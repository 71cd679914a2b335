//! Public entries: policies, rosters, outages. They are about no report, and anybody may read their bodies.
//!
//! A roster's body is its hash, not the roster: keys and roles of people would otherwise be open to everybody, for ever,
//! and nothing in a log can be erased.
//!
//! Source: ledger.md, "Entries" (public).

use serde::Serialize;

use crate::{
    app::{context::policy_of, error::AppError, shown::time},
    domain::{
        ids::ProductionId,
        ledger::{Leaf, PublicKind},
        policy::{Level, Policy, PolicyDocument, Side},
        time::UtcMillis,
    },
    storage::{
        Tx,
        ledger::{self, PendingRow},
        people::RosterRow,
        productions,
    },
};

/// The body of a policy's entry.
#[derive(Serialize)]
struct PolicyBody<'p> {
    kind: &'static str,
    production: ProductionId,
    version: i32,
    in_force_since: String,
    document: &'p PolicyDocument,
    desks: Vec<DeskBody<'p>>,
}

#[derive(Serialize)]
struct DeskBody<'p> {
    name: &'p str,
    side: Side,
    level: Option<Level>,
}

/// The body of a roster's entry.
#[derive(Serialize)]
struct RosterBody {
    kind: &'static str,
    production: ProductionId,
    version: i32,
    since: String,
    sha256: String,
}

/// The body of an outage's entry.
#[derive(Serialize)]
struct OutageBody {
    kind: &'static str,
    from: String,
    to: String,
}

/// This version of a policy is in force from now on.
pub(in crate::app) fn policy(
    tx: &mut Tx,
    production: ProductionId,
    version: i32,
    now: UtcMillis,
) -> Result<(), AppError> {
    let Some(row) = productions::policy(tx, production, version)? else { return Ok(()) };
    let Policy { version, document, desks } = policy_of(&row)?;
    let kind = PublicKind::Policy;
    let desks = desks.iter().map(|desk| DeskBody { name: &desk.name, side: desk.side, level: desk.level }).collect();
    let since = time(now);
    add(
        tx,
        kind,
        &PolicyBody { kind: kind.code(), production, version, in_force_since: since, document: &document, desks },
        now,
    )
}

/// This version of a roster is the latest from now on.
pub(in crate::app) fn roster(tx: &mut Tx, row: &RosterRow) -> Result<(), AppError> {
    let kind = PublicKind::Roster;
    let body = RosterBody {
        kind: kind.code(),
        production: row.production_id,
        version: row.version,
        since: time(row.created_at),
        sha256: hex::encode(row.hash.0),
    };
    add(tx, kind, &body, row.created_at)
}

/// Nobody watched the deadlines in between.
pub(in crate::app) fn outage(tx: &mut Tx, from: UtcMillis, to: UtcMillis) -> Result<(), AppError> {
    let kind = PublicKind::Outage;
    add(tx, kind, &OutageBody { kind: kind.code(), from: time(from), to: time(to) }, to)
}

/// Makes the entry pending. Its id follows from its bytes, which say who, which version or when: no two are alike.
pub(super) fn add(tx: &mut Tx, kind: PublicKind, body: &impl Serialize, now: UtcMillis) -> Result<(), AppError> {
    let opening = serde_json::to_vec(body).map_err(AppError::internal)?;
    let leaf = Leaf::public(kind, &opening);
    let mut id = [0; 16];
    id.copy_from_slice(&leaf.digest().0[..16]);
    let row = PendingRow { id: id.into(), report_id: None, leaf: (*leaf.as_bytes()).into(), opening, recorded_at: now };
    Ok(ledger::add_pending(tx, &[row])?)
}
