//! Somebody gets a role that a report is about: they are kept out of it from then on, whatever they lose later.
//!
//! Source: security.md, "Kept out".

use crate::{
    app::{App, error::AppError},
    domain::ids::{MemberId, ProductionId, ReportId},
    sealing::{
        envelope::{self, Shape},
        kept_out::{self, Name, Tag},
        keys::{KeyId, VerifyKey},
        unit::Bound,
    },
    storage::{
        Bytes, Tx,
        boards::{self, PassKey},
        outbox,
        report_parts::{self, EnvelopeRow},
        reports::ReportRow,
    },
};

/// Reports looked at in one step.
const AT_ONCE: i64 = 200;

/// A member with the roles that they have just got, and their key.
pub(super) struct Gained<'a> {
    /// The member.
    pub(super) member: MemberId,
    /// Their key: what they have in reports that they may no longer read is found by it.
    pub(super) key: KeyId,
    /// The roles.
    pub(super) roles: &'a [String],
}

impl App {
    /// Keeps a member out of every report of the production that is about one of these roles, closed ones too.
    pub(super) fn keep_out(&self, tx: &mut Tx, production: ProductionId, gained: &Gained<'_>) -> Result<(), AppError> {
        let mut after: Option<PassKey> = None;
        loop {
            let page = boards::every(tx, production, after, AT_ONCE)?;
            for report in &page {
                self.keep_out_of(tx, report, gained)?;
            }
            match page.last() {
                Some(last) => after = Some(boards::pass_key(last)),
                None => return Ok(()),
            }
        }
    }

    fn keep_out_of(&self, tx: &mut Tx, report: &ReportRow, gained: &Gained<'_>) -> Result<(), AppError> {
        let stored = report_parts::kept_out(tx, report.id)?;
        let tags: Vec<Tag> = stored.as_chunks().0.to_vec();
        let is_named = |name| kept_out::is_kept_out(&self.inner.keys.kept, report.id, &tags, name);
        if !gained.roles.iter().any(|role| is_named(Name::Role(role))) || is_named(Name::Member(gained.member)) {
            return Ok(());
        }
        let names = [Name::Member(gained.member)];
        let grown = kept_out::grow(&self.inner.keys.kept, report.id, &tags, &names, &*self.inner.entropy);
        report_parts::save_kept_out(tx, report.id, &grown.concat())?;
        outbox::remove_links(tx, gained.member, Some(report.id))?;
        self.put_decoys(tx, report, gained.key)
    }

    /// Decoys of the same length in place of what they had, so that the rows do not tell.
    fn put_decoys(&self, tx: &mut Tx, report: &ReportRow, key: KeyId) -> Result<(), AppError> {
        let bound = Bound { production: report.production_id, verify_key: VerifyKey(report.verify_key.0) };
        for had in report_parts::envelopes_for(tx, report.id, &key.0)? {
            let Some(shape) = Shape::of(&had.sealed) else { continue };
            let sealed = envelope::decoy(shape, key, bound, &*self.inner.entropy);
            report_parts::put_envelope(tx, &decoy_row(report.id, had.group_id, key, sealed))?;
        }
        Ok(())
    }
}

fn decoy_row(report_id: ReportId, group_id: Bytes<16>, key: KeyId, sealed: Vec<u8>) -> EnvelopeRow {
    EnvelopeRow { report_id, group_id, key_id: Bytes(key.0), sealed }
}
