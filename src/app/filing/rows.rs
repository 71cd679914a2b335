//! The rows of a filing.

use super::{Reporter, draft::Draft};
use crate::{
    app::context::Production,
    domain::{catalogue::Chain, lifecycle::People, policy::Side, time::UtcMillis},
    sealing::{
        filing::{Reads, SealedFiling},
        keys::SealTo,
        kind::UnitKind,
        unit::PADDING_STEP_BYTES,
    },
    storage::{
        StorageError,
        report_parts::{EnvelopeRow, SealedRow, UnitRow},
        reports::ReportRow,
    },
};

/// The report's own row; what the state says is copied into it later.
pub(super) fn new_row(production: &Production, reporter: &Reporter, draft: &Draft, sealed: &SealedFiling) -> ReportRow {
    let keys = reporter.keys.public();
    let counts = !draft.names_subject && draft.chain == Chain::Production;
    ReportRow {
        id: draft.id,
        production_id: production.id,
        lookup: reporter.row.into(),
        content_tag: reporter.tag.into(),
        verify_key: keys.verify.0.into(),
        reading_key: keys.reading.into(),
        ledger_key: (*reporter.lookup.ledger_key().as_bytes()).into(),
        handle: draft.handle.clone(),
        chain: draft.chain.code().to_owned(),
        category: draft.category.clone(),
        severity: draft.severity.code().to_owned(),
        stage: String::new(),
        awaiting: None,
        level: 0,
        cycle: 0,
        due_at: None,
        board_at: UtcMillis::default(),
        board_at_union: UtcMillis::default(),
        wake_at: None,
        deliver_at: None,
        outcome: None,
        holder: None,
        policy_version: production.policy.version,
        roster_version: production.roster_version,
        overflow: false,
        unanswered: false,
        delivered_from: None,
        delivered_to: None,
        counts_for_repeated: counts,
        digest: sealed.digest.into(),
        digest_signature: sealed.signature.into(),
        size_steps: size_steps(sealed),
        prev_entry: None,
        state: String::new(),
        version: 1,
        open: true,
        outages_until: UtcMillis::default(),
        kept_out: draft.tags.concat(),
        told_production: 0,
        told_union: 0,
    }
}

/// Everybody who gets a row: production and observers read the shared part, the union side both; whoever is kept out has
/// a decoy. Of a `retaliation` report only union seats have rows.
pub(super) fn readers<'p>(production: &'p Production, people: &People, chain: Chain) -> Vec<(&'p SealTo, Reads)> {
    let mut readers: Vec<(&SealTo, Reads)> = Vec::new();
    for seat in &production.seats {
        let known = readers.iter().any(|(known, _)| known.id() == seat.seal_to.id());
        if known || (chain == Chain::Union && seat.side != Side::Union) {
            continue;
        }
        let hidden = people.seats.iter().any(|s| s.member == seat.member && s.kept_out);
        let reads = match seat.side {
            _ if hidden => Reads::Nothing,
            Side::Union => Reads::SharedAndUnion,
            Side::Production | Side::Observer => Reads::Shared,
        };
        readers.push((&seat.seal_to, reads));
    }
    readers
}

/// What was said, and who may open it.
pub(super) fn parts(
    row: &ReportRow,
    readers: &[[u8; 16]],
    reporter: [u8; 16],
    sealed: SealedFiling,
) -> Result<SealedRow, StorageError> {
    // The group of the filing's envelopes is the report itself: later units have their own.
    let group_id = (*row.id.as_bytes()).into();
    let kinds = [UnitKind::Shared, UnitKind::Union, UnitKind::Own];
    let addressed = ["all", "union", "reporter"];
    let units = sealed.units.into_iter().zip(kinds.iter().zip(addressed)).map(|(unit, (kind, to))| UnitRow {
        report_id: row.id,
        group_id,
        id: unit.unit,
        kind: kind.code().to_owned(),
        addressed: to.to_owned(),
        ciphertext: unit.ciphertext,
        key_commit: unit.commit.into(),
        event_seq: 0,
    });
    let all = readers.iter().zip(sealed.envelopes).chain([(&reporter, sealed.reporter_envelope)]);
    let envelopes = all.map(|(key_id, envelope)| EnvelopeRow {
        report_id: row.id,
        group_id,
        key_id: (*key_id).into(),
        sealed: envelope,
    });
    SealedRow::of(&units.collect::<Vec<_>>(), envelopes.collect())
}

fn size_steps(sealed: &SealedFiling) -> i32 {
    let bytes: usize = sealed.units.iter().map(|u| u.ciphertext.len()).sum();
    i32::try_from(bytes / PADDING_STEP_BYTES).unwrap_or(i32::MAX)
}
