//! Rows as a filing leaves them.

use lastlooks::{
    domain::{
        ids::{EventId, MemberId, NoticeId, ProductionId, ReportId, UnitId},
        time::UtcMillis,
    },
    storage::{
        Bytes, Conn, StorageError, beside,
        filings::{Counted, NewReport},
        ledger::{self, PendingRow},
        outbox::{self, NoticeRow},
        report_parts::{self, EnvelopeRow, EventRow, SealedRow, UnitRow},
        reports::{self, ReportRow},
    },
};

/// The production of every sample.
pub const PRODUCTION: ProductionId = ProductionId::new([7; 16]);

/// A report of the sample production with this deadline; its id and lookup repeat a byte.
pub fn a_report(id: u8, due: Option<i64>) -> ReportRow {
    ReportRow {
        id: ReportId::new([id; 16]),
        production_id: PRODUCTION,
        lookup: Bytes([id; 32]),
        content_tag: Bytes([1; 32]),
        verify_key: Bytes([2; 32]),
        reading_key: Bytes([3; 32]),
        ledger_key: Bytes([4; 32]),
        handle: "Copper Lantern".to_owned(),
        chain: "production".to_owned(),
        category: "weapons".to_owned(),
        severity: "next_setup".to_owned(),
        stage: "delivered".to_owned(),
        awaiting: Some("acknowledgement".to_owned()),
        level: 1,
        cycle: 1,
        due_at: due.map(UtcMillis::new),
        board_at: due.map_or(reports::LAST, UtcMillis::new),
        board_at_union: due.map_or(reports::LAST, UtcMillis::new),
        wake_at: due.map(UtcMillis::new),
        deliver_at: None,
        outcome: None,
        holder: None,
        policy_version: 1,
        roster_version: 1,
        overflow: false,
        unanswered: false,
        delivered_from: Some(UtcMillis::new(60_000)),
        delivered_to: Some(UtcMillis::new(120_000)),
        counts_for_repeated: true,
        digest: Bytes([5; 32]),
        digest_signature: Bytes([6; 64]),
        size_steps: 1,
        prev_entry: None,
        state: "{}".to_owned(),
        version: 1,
        open: true,
        outages_until: UtcMillis::new(0),
        kept_out: vec![id; 512],
        told_production: 1,
        told_union: 1,
    }
}

/// An event of a report; at most one of a kind.
pub fn an_event(report: u8, seq: i32, kind: &str) -> EventRow {
    EventRow {
        report_id: ReportId::new([report; 16]),
        seq,
        id: EventId::new([report.wrapping_add(u8::try_from(seq).unwrap()); 16]),
        at_from: UtcMillis::new(1),
        at_to: UtcMillis::new(2),
        kind: kind.to_owned(),
        chain: "production".to_owned(),
        level: 1,
        cycle: 1,
        n: 0,
        member_id: None,
        role: None,
        body: "{}".to_owned(),
        mac: Bytes([0; 32]),
    }
}

/// A notice about a report, to be tried at this moment.
pub fn a_notice(id: u8, report: u8, at: i64) -> NoticeRow {
    NoticeRow {
        id: NoticeId::new(beside(ReportId::new([report; 16]), &[id; 32])),
        key: Bytes([id; 32]),
        kind: "level_entered".to_owned(),
        report_id: Some(ReportId::new([report; 16])),
        member_id: Some(MemberId::new([9; 16])),
        invitation_id: None,
        production_id: Some(PRODUCTION),
        email: None,
        body: "{}".to_owned(),
        due_at: None,
        next_attempt_at: UtcMillis::new(at),
        leased_until: None,
        attempts: 0,
        state: "waiting".to_owned(),
    }
}

/// A report that is not stored yet, decided at this revision of the sample production.
pub fn a_filing(id: u8, revision: i64) -> NewReport {
    let report = ReportId::new([id; 16]);
    let unit = |n| UnitRow {
        report_id: report,
        group_id: Bytes([id; 16]),
        id: UnitId::new([n; 16]),
        kind: "shared".to_owned(),
        addressed: "all".to_owned(),
        ciphertext: vec![n; 4096],
        key_commit: Bytes([n; 32]),
        event_seq: 0,
    };
    let envelope =
        |n| EnvelopeRow { report_id: report, group_id: Bytes([id; 16]), key_id: Bytes([n; 16]), sealed: vec![n; 112] };
    let pending = |n| PendingRow {
        id: Bytes(beside(report, &[n; 32])),
        report_id: Some(report),
        leaf: Bytes([1; 65]),
        opening: vec![1, 2, 3],
        recorded_at: UtcMillis::new(120_000),
    };
    NewReport {
        revision,
        counted: Counted { hour: UtcMillis::new(3_600_000), budget: 1_000, by_old_code: false },
        report: a_report(id, Some(1_000)),
        sealed: SealedRow::of(&[unit(1), unit(2)], (0..13).map(envelope).collect()).unwrap(),
        events: (1..=6).map(|n| an_event(id, n, &format!("kind_{n}"))).collect(),
        notices: (0..8).map(|n| a_notice(id.wrapping_mul(8) + n, id, 5)).collect(),
        leaves: vec![pending(0), pending(1)],
    }
}

/// A filing as it is stored: the row and all that hangs on it.
pub fn file(tx: &mut Conn, id: u8) -> Result<(), StorageError> {
    let new = a_filing(id, 0);
    reports::add(tx, &new.report)?;
    report_parts::add_sealed(tx, &[new.sealed])?;
    report_parts::append_events(tx, &new.events)?;
    outbox::enqueue(tx, &new.notices)?;
    ledger::add_pending(tx, &new.leaves)
}
