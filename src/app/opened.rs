//! Opens what is sealed: a reader's envelopes give data keys, data keys open units, signatures say who wrote them.

use std::collections::HashMap;

use zeroize::Zeroizing;

use super::{App, context::side_of, error::AppError, form::OwnPart, record::Subject};
use crate::{
    domain::{
        catalogue::{Chain, Severity},
        ids::ReportId,
        policy::Side,
    },
    sealing::{
        cbor, digest, envelope,
        keys::{KeyId, Keys, PublicKeys, VerifyKey},
        kind::UnitKind,
        unit::{self, DataKey, SealedUnit, Unit},
    },
    storage::{
        Conn, people, productions, renewals,
        report_parts::{self, EnvelopeRow, UnitRow},
    },
};

/// Who wrote a unit, from its signature alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// Whoever holds the receipt.
    Reporter,
    /// A member of a side.
    Member(Side),
}

impl Writer {
    /// The word on the wire.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Reporter => "reporter",
            Self::Member(side) => side.code(),
        }
    }
}

/// A unit that a reader has the key of.
#[derive(Debug)]
pub(super) struct Opened {
    /// What it is.
    pub(super) kind: String,
    /// The event that it belongs to.
    pub(super) event_seq: i32,
    /// What was said and by whom; none where it is not what its author signed.
    pub(super) said: Option<(Zeroizing<Vec<u8>>, Writer)>,
}

impl Opened {
    /// A part of a filing.
    pub(super) fn part<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        self.said.as_ref().and_then(|(body, _)| serde_json::from_slice(body).ok())
    }

    /// A text.
    pub(super) fn text(&self) -> Option<String> {
        self.said.as_ref().and_then(|(body, _)| String::from_utf8(body.to_vec()).ok())
    }
}

/// Everything sealed of one report that one reader could open.
#[derive(Debug, Clone, Default)]
pub(super) struct Sealed {
    units: Vec<UnitRow>,
    envelopes: Vec<EnvelopeRow>,
    authors: HashMap<[u8; 16], (VerifyKey, Side)>,
}

/// Inside a read: the rows that a reader needs.
pub(super) fn sealed_for(conn: &mut Conn, subject: &Subject, reader: KeyId) -> Result<Sealed, AppError> {
    Ok(Sealed {
        units: report_parts::units(conn, subject.row.id)?,
        envelopes: report_parts::envelopes_for(conn, subject.row.id, &reader.0)?,
        authors: authors(conn, subject)?,
    })
}

/// Inside a read: the rows of the filings alone, for the rows of a board. Only their reporters wrote them.
pub(super) fn filings_for(
    conn: &mut Conn,
    ids: &[ReportId],
    reader: KeyId,
) -> Result<HashMap<ReportId, Sealed>, AppError> {
    let kinds = [UnitKind::Shared.code(), UnitKind::Union.code()];
    let (units, envelopes) = report_parts::of_filings(conn, ids, &kinds, &reader.0)?;
    let mut found: HashMap<ReportId, Sealed> = HashMap::new();
    for unit in units {
        found.entry(unit.report_id).or_default().units.push(unit);
    }
    for envelope in envelopes {
        found.entry(envelope.report_id).or_default().envelopes.push(envelope);
    }
    Ok(found)
}

/// Everybody who has, or had, a seat: what a removed member wrote stays theirs, and what was written with a lost key.
fn authors(conn: &mut Conn, subject: &Subject) -> Result<HashMap<[u8; 16], (VerifyKey, Side)>, AppError> {
    let production = subject.row.production_id;
    let desks = productions::desks(conn, production)?;
    let former = renewals::former_of(conn, production)?;
    let mut authors = HashMap::new();
    for (seat, member) in people::seats_of_production(conn, production)? {
        let Some(desk) = desks.iter().find(|d| d.id == seat.desk_id) else { continue };
        let keys = PublicKeys { reading: member.reading_key.0, verify: VerifyKey(member.signing_key.0) };
        authors.insert(keys.id().0, (keys.verify, side_of(&desk.side)?));
        for former in former.iter().filter(|former| former.member_id == member.id) {
            let keys = PublicKeys { reading: former.reading_key.0, verify: VerifyKey(former.signing_key.0) };
            authors.insert(keys.id().0, (keys.verify, side_of(&desk.side)?));
        }
    }
    Ok(authors)
}

impl App {
    /// Opens what a reader has keys for. What was altered is there, without its text.
    pub(super) fn open_units(&self, subject: &Subject, sealed: &Sealed, reader: &Keys) -> Vec<Opened> {
        let bound = subject.bound();
        let opened = sealed.envelopes.iter().filter_map(|row| envelope::open(&row.sealed, reader, bound).ok());
        let keys: Vec<_> = opened.flat_map(|contents| contents.data_keys).collect();
        let of = |row: &UnitRow| keys.iter().find(|(id, _)| *id == row.id).map(|(_, key)| key);
        sealed.units.iter().filter_map(|row| Some(self.open_unit(subject, sealed, row, of(row)?))).collect()
    }

    fn open_unit(&self, subject: &Subject, sealed: &Sealed, row: &UnitRow, key: &DataKey) -> Opened {
        let reporter = subject.reporter_keys();
        let unit = SealedUnit { unit: row.id, ciphertext: row.ciphertext.clone(), commit: row.key_commit.0 };
        let author = |id: KeyId| {
            if id == reporter.id() { Some(reporter.verify) } else { sealed.authors.get(&id.0).map(|(key, _)| *key) }
        };
        let opened = unit::open(&unit, subject.bound(), key, self.inner.seal_mode, &author);
        let said = opened.ok().filter(|unit| as_signed(unit, row)).map(|unit| {
            let writer = sealed.authors.get(&unit.author.0).map_or(Writer::Reporter, |(_, side)| Writer::Member(*side));
            (unit.body.clone(), writer)
        });
        Opened { kind: row.kind.clone(), event_seq: row.event_seq, said }
    }

    /// The part of a filing that its reporter alone reads.
    pub(super) async fn own_part(&self, subject: &Subject, reporter: &Keys) -> Result<OwnPart, AppError> {
        let reader = reporter.id();
        let of = subject.clone();
        let sealed = self.inner.storage.read(move |conn| sealed_for(conn, &of, reader)).await?;
        let opened = self.open_units(subject, &sealed, reporter);
        own_part_of(&opened).ok_or_else(|| super::context::corrupt("the reporter's own part does not open"))
    }
}

/// Whether the filing is what its reporter signed: clear fields, keys, versions and every sealed part. True where the
/// reader has no envelope of it, and so no L to check with.
///
/// Source: security.md, "Sealing" (digest).
pub(super) fn is_intact(
    subject: &Subject,
    sealed: &Sealed,
    reader: &Keys,
    (severity, chain): (Severity, Chain),
) -> Result<bool, AppError> {
    let row = &subject.row;
    let mut own = sealed.envelopes.iter().filter(|envelope| envelope.group_id.0 == *row.id.as_bytes());
    let contents = own.find_map(|envelope| envelope::open(&envelope.sealed, reader, subject.bound()).ok());
    let Some(ledger_key) = contents.and_then(|contents| contents.ledger_key) else { return Ok(true) };
    let clear = cbor::canonical(&(&row.category, severity.code(), chain.code())).map_err(AppError::internal)?;
    let parts = [UnitKind::Shared.code(), UnitKind::Union.code(), UnitKind::Own.code()];
    let units = sealed.units.iter().filter(|unit| parts.contains(&unit.kind.as_str()));
    let units: Vec<SealedUnit> =
        units.map(|u| SealedUnit { unit: u.id, ciphertext: u.ciphertext.clone(), commit: u.key_commit.0 }).collect();
    let keys = subject.reporter_keys();
    let filed = digest::Filed {
        production: row.production_id,
        policy_version: u32::try_from(row.policy_version).map_err(AppError::internal)?,
        roster_version: u32::try_from(row.roster_version).map_err(AppError::internal)?,
        keys: &keys,
        ledger_key: &ledger_key,
        clear: &clear,
        units: &units,
    };
    let digest = filed.digest();
    Ok(digest == row.digest.0 && digest::is_signed(&digest, &row.digest_signature.0, keys.verify))
}

/// The columns beside a unit say what its author signed.
fn as_signed(unit: &Unit, row: &UnitRow) -> bool {
    unit.kind.code() == row.kind && unit.to.code() == row.addressed
}

/// The reporter's own part among what was opened.
pub(super) fn own_part_of(opened: &[Opened]) -> Option<OwnPart> {
    opened.iter().find(|unit| unit.kind == UnitKind::Own.code()).and_then(Opened::part)
}
