//! What a report's digest was made of: with it, a signature by the receipt's key is one about this report.
//!
//! Source: security.md, "Sealing" (digest); ledger.md, "The packet".

use sha2::{Digest as _, Sha256};

use crate::{
    app::{App, context::stored, error::AppError, record::Subject},
    domain::{
        event::{Event, EventKind},
        ledger::Digest,
    },
    evidence::claim::{FiledPart, Filing},
    sealing::{kind::UnitKind, receipt::Receipt},
    storage::{Conn, report_parts, reports},
};

impl App {
    /// What the digest of the report that this receipt opens was made of.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for a receipt that opens nothing; [`AppError::Unavailable`].
    pub async fn inbox_filing(&self, receipt: &Receipt) -> Result<Filing, AppError> {
        let lookup = receipt.lookup_key();
        let (row, key) = (lookup.row(&self.inner.keys.lookup), *lookup.ledger_key().as_bytes());
        let app = self.clone();
        let read = move |conn: &mut Conn| {
            let row = reports::by_lookup(conn, &row)?.ok_or(AppError::NotFound)?;
            let subject = app.subject_of(conn, row)?;
            filing(conn, &subject, &key)?
                .ok_or_else(|| super::super::context::corrupt("a filing is not what was signed"))
        };
        self.inner.storage.read(read).await
    }
}

/// What a report's digest was made of; `None` where `key` is not the L that it was filed with, or something was changed.
pub(in crate::app) fn filing(conn: &mut Conn, subject: &Subject, key: &[u8; 32]) -> Result<Option<Filing>, AppError> {
    let row = &subject.row;
    let Some((severity, chain)) = filed_as(conn, subject)? else { return Ok(None) };
    let of_filing = [UnitKind::Shared, UnitKind::Union, UnitKind::Own].map(UnitKind::code);
    let units = report_parts::units(conn, row.id)?;
    let units = units.into_iter().filter(|unit| of_filing.contains(&unit.kind.as_str()));
    let mut parts: Vec<FiledPart> =
        units.map(|unit| FiledPart { sha256: hash(&unit.ciphertext), commit: Digest(unit.key_commit.0) }).collect();
    parts.sort_unstable();
    let filing = Filing {
        digest: Digest(row.digest.0),
        production: row.production_id,
        policy_version: u32::try_from(row.policy_version).map_err(AppError::internal)?,
        roster_version: u32::try_from(row.roster_version).map_err(AppError::internal)?,
        verify_key: Digest(row.verify_key.0),
        reading_key: Digest(row.reading_key.0),
        ledger_key_sha256: hash(key),
        category: row.category.clone(),
        severity,
        chain,
        parts,
    };
    Ok(filing.is_whole().then_some(filing))
}

/// Codes of severity and chain when it was filed.
fn filed_as(conn: &mut Conn, subject: &Subject) -> Result<Option<(String, String)>, AppError> {
    for row in report_parts::events(conn, subject.row.id)? {
        let event: Event = stored(&row.body)?;
        if let EventKind::Filed { severity, chain, .. } = event.kind {
            return Ok(Some((severity.code().to_owned(), chain.code().to_owned())));
        }
    }
    Ok(None)
}

fn hash(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}
