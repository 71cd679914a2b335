//! Ledger leaves for what happens to a report, pending until they get their places.
//!
//! Source: ledger.md, "Entries" and "Order and durability".

mod asked;
mod audit;
mod cosigned;
mod filing;
mod integrate;
mod kept;
mod keys;
mod promise;
mod proof;
pub(super) mod public;
mod publish;
mod read;
mod reopen;

pub use asked::{Asked, Said, WitnessSeen, seen as witnesses_seen};
pub use audit::{Audited, Flaw};
pub(in crate::app) use filing::filing;
pub use kept::file as checkpoint_file;
pub use keys::LedgerKeys;
pub(crate) use promise::HeadBefore;
pub use publish::{LedgerTurn, SecondHistory};
pub use read::LedgerView;
pub use reopen::Reopened;

use sha2::{Digest as _, Sha256};

use super::{App, error::AppError, record::Subject};
use crate::{
    domain::{
        catalogue::Chain,
        event::Event,
        ledger::{Digest, EntryFacts, EntryKind, Leaf, LedgerKey, Opening, entries_of},
        policy::Side,
    },
    storage::{
        Tx,
        ledger::PendingRow,
        outbox::{self, DeliveryRow},
        report_parts,
    },
};

/// What is stored of a report already, for leaves that name it.
pub(super) enum Stored<'a> {
    /// Nothing: it is being filed, so nobody was told of it and nothing was said in it.
    Nothing,
    /// Whatever is found through this.
    In(&'a mut Tx),
}

impl App {
    /// The leaves of one event, numbered `seq` in its report, which is in the state just after it. Each names the
    /// report's leaf before it.
    pub(super) fn leaves(
        &self,
        stored: &mut Stored<'_>,
        subject: &mut Subject,
        event: &Event,
        seq: i32,
    ) -> Result<Vec<PendingRow>, AppError> {
        let key = LedgerKey::new(subject.row.ledger_key.0);
        let mut rows = Vec::new();
        for facts in entries_of(event, &subject.report) {
            let opening = opening(stored, subject, &facts, &key, seq)?;
            let leaf = Leaf::of(&opening, &key);
            subject.row.prev_entry = Some(leaf.digest().0.into());
            rows.push(PendingRow {
                id: self.inner.entropy.bytes().into(),
                report_id: Some(subject.row.id),
                leaf: (*leaf.as_bytes()).into(),
                opening: encoded(&opening)?,
                recorded_at: event.at.to,
            });
        }
        Ok(rows)
    }
}

fn opening(
    stored: &mut Stored<'_>,
    subject: &Subject,
    facts: &EntryFacts,
    key: &LedgerKey,
    seq: i32,
) -> Result<Opening, AppError> {
    let row = &subject.row;
    let mut opening =
        Opening::new(facts, Digest(row.digest.0), row.production_id, desks(subject, facts), row.policy_version);
    opening.previous = row.prev_entry.map(|leaf| Digest(leaf.0));
    match facts.mark.kind {
        EntryKind::Notified
        | EntryKind::Unanswered
        | EntryKind::NotNotified
        | EntryKind::Unreachable
        | EntryKind::PromisedNotDone => {
            let told: Vec<(Digest, String)> = notices(stored, subject, facts)?;
            opening.notices = Some(key.notices(&opening.mark(), &told));
        }
        EntryKind::Answered => {
            if let Stored::In(tx) = stored {
                let ciphertext = report_parts::ciphertext_of_event(tx, row.id, seq)?;
                opening.answer = ciphertext.map(|bytes| Digest(Sha256::digest(bytes).into()));
            }
        }
        EntryKind::Assigned
        | EntryKind::Acknowledged
        | EntryKind::Completed
        | EntryKind::Verified
        | EntryKind::NotVerified
        | EntryKind::NoRecipient
        | EntryKind::Exhausted
        | EntryKind::Extended
        | EntryKind::Withdrawn
        | EntryKind::NotCredible
        | EntryKind::Opened
        | EntryKind::Rejected
        | EntryKind::Contested
        | EntryKind::Lifted => {}
    }
    Ok(opening)
}

/// The level's desks as the policy names them, whoever is kept out; on the union chain its union desks.
fn desks(subject: &Subject, facts: &EntryFacts) -> Vec<String> {
    let union_only = facts.chain == Chain::Union;
    let at = subject.policy.desks.iter().filter(|d| d.level == Some(facts.mark.level));
    at.filter(|d| d.side == Side::Union || !union_only).map(|d| d.name.clone()).collect()
}

/// What mail servers accepted for the entry's level and cycle so far.
fn notices(stored: &mut Stored<'_>, subject: &Subject, facts: &EntryFacts) -> Result<Vec<(Digest, String)>, AppError> {
    let Stored::In(tx) = stored else { return Ok(Vec::new()) };
    let (level, cycle) = (i32::from(facts.mark.level.0), i32::from(facts.mark.cycle));
    let accepted = outbox::deliveries_of(tx, subject.row.id)?.into_iter();
    let of_level = accepted.filter(|d: &DeliveryRow| d.level == level && d.cycle == cycle);
    Ok(of_level.map(|d| (Digest(d.mail_hash.0), d.reply)).collect())
}

/// What opens a leaf, as it is kept: everything a bundle needs besides L.
fn encoded(opening: &Opening) -> Result<Vec<u8>, AppError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(opening, &mut bytes).map_err(AppError::internal)?;
    Ok(bytes)
}
