//! The whole of sealing a filing, or anything said later: units, envelopes, digest, signature.
//!
//! Parsed inputs in, rows out; no clock, no table. The use case calls these functions and nothing else, so that timing
//! them is timing "sealing alone".
//!
//! Source: security.md, "Sealing".

use zeroize::Zeroizing;

use super::{
    Hash, digest,
    envelope::{self, Contents, SealError, Shape},
    keys::{Keys, SealTo},
    receipt::LedgerKey,
    unit::{self, Audience, Bound, DataKey, Place, SealMode, SealedUnit, Unit, UnitKind},
};
use crate::{
    domain::ids::{ProductionId, UnitId},
    entropy::Entropy,
};

/// What a seat may read of a filing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// The shared part: the production's side and observers.
    Shared,
    /// The shared part and the union's: the union side.
    SharedAndUnion,
    /// Nothing, without showing it: whoever is kept out has a decoy.
    Nothing,
}

impl Reads {
    const fn may_open(self, kind: UnitKind) -> bool {
        matches!(
            (self, kind),
            (Self::Shared | Self::SharedAndUnion, UnitKind::Shared) | (Self::SharedAndUnion, UnitKind::Union)
        )
    }
}

/// One part of a filing: at most one each of [`UnitKind::Shared`], [`UnitKind::Union`], [`UnitKind::Own`].
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    /// Which part.
    pub kind: UnitKind,
    /// Its text, as the use case wrote it.
    pub body: &'a [u8],
}

/// A filing to be sealed.
#[derive(Debug, Clone, Copy)]
pub struct Filing<'a> {
    /// The production.
    pub production: ProductionId,
    /// The reporter's keys, from the receipt.
    pub reporter: &'a Keys,
    /// L.
    pub ledger_key: &'a LedgerKey,
    /// Version of the policy that the report keeps.
    pub policy_version: u32,
    /// Version of the roster that the seats are from.
    pub roster_version: u32,
    /// The clear fields as canonical CBOR (see [`super::cbor::canonical`]).
    pub clear: &'a [u8],
    /// What was said, in parts; each names the one before it as previous.
    pub parts: &'a [Part<'a>],
    /// Every seat that gets a row, with what it may read.
    pub seats: &'a [(&'a SealTo, Reads)],
}

/// What the database keeps of a filing.
#[derive(Debug, Clone)]
pub struct SealedFiling {
    /// The parts, in the order in which they were given.
    pub units: Vec<SealedUnit>,
    /// One envelope per seat, in the order of the seats, all of one length.
    pub envelopes: Vec<Vec<u8>>,
    /// The reporter's own envelope.
    pub reporter_envelope: Vec<u8>,
    /// See [`digest::Filed::digest`].
    pub digest: Hash,
    /// The reporter's signature on the digest.
    pub signature: [u8; 64],
}

/// Signs, seals and commits to every part, and seals their keys to every seat and to the reporter.
///
/// # Errors
/// [`SealError::UnusableKey`] for a seat whose key is of small order; [`SealError::TooMany`] for more than three parts.
pub fn seal_filing(filing: &Filing<'_>, mode: SealMode, entropy: &dyn Entropy) -> Result<SealedFiling, SealError> {
    let report = Bound { production: filing.production, verify_key: filing.reporter.public().verify };
    let parts = seal_parts(filing, report, mode, entropy);
    let mut envelopes = Vec::with_capacity(filing.seats.len());
    for (seat, reads) in filing.seats {
        envelopes.push(seat_envelope(filing, &parts, seat, *reads, report, entropy)?);
    }
    let own = contents(filing, &parts, |_| true);
    let reporter = filing.reporter.seal_to();
    let reporter_envelope = envelope::seal(&own, Shape::FILING_OWN, &reporter, report, entropy)?;
    let units: Vec<_> = parts.into_iter().map(|(_, sealed, _)| sealed).collect();
    let digest = filed(filing, &units).digest();
    let signature = digest::sign(&digest, filing.reporter);
    Ok(SealedFiling { units, envelopes, reporter_envelope, digest, signature })
}

type SealedPart = (UnitKind, SealedUnit, DataKey);

fn seal_parts(filing: &Filing<'_>, report: Bound, mode: SealMode, entropy: &dyn Entropy) -> Vec<SealedPart> {
    let mut previous = None;
    let mut sealed = Vec::with_capacity(filing.parts.len());
    for part in filing.parts {
        let unit = Unit {
            place: Place { report, unit: UnitId::new(entropy.bytes()) },
            author: filing.reporter.id(),
            kind: part.kind,
            to: audience(part.kind),
            previous,
            body: Zeroizing::new(part.body.to_vec()),
        };
        let (one, key, hash) = unit::seal(&unit, filing.reporter, mode, entropy);
        previous = Some(hash);
        sealed.push((part.kind, one, key));
    }
    sealed
}

/// Whom a filing's part is for; anything else would be addressed to the reporter alone and sealed to nobody else.
const fn audience(kind: UnitKind) -> Audience {
    match kind {
        UnitKind::Shared => Audience::All,
        UnitKind::Union => Audience::Union,
        UnitKind::Own
        | UnitKind::Answer
        | UnitKind::Completion
        | UnitKind::Message
        | UnitKind::Verification
        | UnitKind::StopWork
        | UnitKind::Resumption
        | UnitKind::Safety
        | UnitKind::Worse
        | UnitKind::Escalation
        | UnitKind::NotCredible
        | UnitKind::Summary
        | UnitKind::Photo => Audience::Reporter,
    }
}

fn contents(filing: &Filing<'_>, parts: &[SealedPart], may_open: impl Fn(UnitKind) -> bool) -> Contents {
    Contents {
        ledger_key: Some(filing.ledger_key.clone()),
        data_keys: parts
            .iter()
            .filter(|(kind, _, _)| may_open(*kind))
            .map(|(_, sealed, key)| (sealed.unit, key.clone()))
            .collect(),
    }
}

fn seat_envelope(
    filing: &Filing<'_>,
    parts: &[SealedPart],
    seat: &SealTo,
    reads: Reads,
    report: Bound,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, SealError> {
    match reads {
        Reads::Nothing => Ok(envelope::decoy(Shape::FILING, seat.id(), report, entropy)),
        Reads::Shared | Reads::SharedAndUnion => {
            let contents = contents(filing, parts, |kind| reads.may_open(kind));
            envelope::seal(&contents, Shape::FILING, seat, report, entropy)
        }
    }
}

fn filed<'a>(filing: &Filing<'a>, units: &'a [SealedUnit]) -> digest::Filed<'a> {
    digest::Filed {
        production: filing.production,
        policy_version: filing.policy_version,
        roster_version: filing.roster_version,
        keys: filing.reporter.public(),
        ledger_key: filing.ledger_key,
        clear: filing.clear,
        units,
    }
}

/// Something said later: an answer, a message, a verification and the like.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The report.
    pub report: Bound,
    /// Whoever says it.
    pub author: &'a Keys,
    /// What it is.
    pub kind: UnitKind,
    /// Whom it is for.
    pub to: Audience,
    /// [`Unit::hash`] of what this author said before in this report.
    pub previous: Option<Hash>,
    /// Its text, as the use case wrote it.
    pub body: &'a [u8],
    /// Every seat that gets a row; `false` for whoever is kept out and gets a decoy.
    pub seats: &'a [(&'a SealTo, bool)],
    /// The reporter's reading key, where the reporter may read it.
    pub reporter: Option<&'a SealTo>,
}

/// What the database keeps of something said later.
#[derive(Debug, Clone)]
pub struct SealedSaid {
    /// The unit.
    pub unit: SealedUnit,
    /// One envelope per seat, in the order of the seats, all of one length.
    pub envelopes: Vec<Vec<u8>>,
    /// The reporter's envelope, if there is a reporter to read it.
    pub reporter_envelope: Option<Vec<u8>>,
    /// [`Unit::hash`], for the author's next unit in the same request.
    pub hash: Hash,
}

/// Signs, seals and commits to one unit under a data key of its own, and seals the key to its readers.
///
/// # Errors
/// [`SealError::UnusableKey`] for a reader whose key is of small order.
pub fn seal_said(said: &Said<'_>, mode: SealMode, entropy: &dyn Entropy) -> Result<SealedSaid, SealError> {
    let unit = Unit {
        place: Place { report: said.report, unit: UnitId::new(entropy.bytes()) },
        author: said.author.id(),
        kind: said.kind,
        to: said.to,
        previous: said.previous,
        body: Zeroizing::new(said.body.to_vec()),
    };
    let (sealed, key, hash) = unit::seal(&unit, said.author, mode, entropy);
    let contents = Contents { ledger_key: None, data_keys: vec![(sealed.unit, key)] };
    let mut envelopes = Vec::with_capacity(said.seats.len());
    for (seat, may_read) in said.seats {
        envelopes.push(if *may_read {
            envelope::seal(&contents, Shape::SAID, seat, said.report, entropy)?
        } else {
            envelope::decoy(Shape::SAID, seat.id(), said.report, entropy)
        });
    }
    let to_reporter = |reader| envelope::seal(&contents, Shape::SAID, reader, said.report, entropy);
    let reporter_envelope = said.reporter.map(to_reporter).transpose()?;
    Ok(SealedSaid { unit: sealed, envelopes, reporter_envelope, hash })
}

#[cfg(test)]
mod tests;
