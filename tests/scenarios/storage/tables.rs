//! Tables: the same on both databases, guarded, found by their indexes, and erased without a trace.

use std::collections::BTreeSet;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use lastlooks::{
    domain::{
        ids::{EventId, MemberId, NoticeId, ProductionId, ReportId, UnitId},
        time::UtcMillis,
    },
    storage::{
        Bytes, Conn, Storage, StorageError, engine,
        ledger::{self, LeafRow, PendingRow},
        outbox::{self, NoticeRow},
        productions,
        report_parts::{self, EnvelopeRow, EventRow, UnitRow},
        reports::{self, BoardFilter, ReportRow, board_key},
    },
};

use super::{KEY, execute, number, write_sql};
use crate::support::TestDatabase;

const PRODUCTION: ProductionId = ProductionId::new([7; 16]);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

fn lines(storage: &Storage, sql: String) -> BTreeSet<String> {
    let read = storage.read_blocking(move |conn| Ok::<_, StorageError>(sql_query(&sql).load::<Line>(conn)?));
    read.unwrap().into_iter().map(|line| line.line).collect()
}

/// Every column as "table.column type nullable".
fn columns(storage: &Storage, database: &TestDatabase) -> BTreeSet<String> {
    let sqlite = "SELECT t.name || '.' || c.name || ' ' || lower(c.type) || ' ' || (c.\"notnull\" = 0) AS line \
                  FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'";
    let postgres = "SELECT table_name || '.' || column_name || ' ' || replace(data_type, 'bytea', 'blob') || ' ' || \
                    (CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END) AS line \
                    FROM information_schema.columns WHERE table_schema = 'public'";
    let mut found = lines(storage, if database.folder().is_some() { sqlite } else { postgres }.to_owned());
    found.retain(|line| !line.starts_with("__diesel"));
    found
}

/// Every named index as "table.index unique".
fn indexes(storage: &Storage, database: &TestDatabase) -> BTreeSet<String> {
    let sqlite = "SELECT tbl_name || '.' || name || (CASE WHEN sql LIKE '% UNIQUE %' THEN ' unique' ELSE '' END) AS line \
                  FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";
    let postgres = "SELECT tablename || '.' || indexname || (CASE WHEN indexdef LIKE '% UNIQUE %' THEN ' unique' ELSE '' END) \
                    AS line FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%\\_pkey'";
    lines(storage, if database.folder().is_some() { sqlite } else { postgres }.to_owned())
}

#[test]
fn both_databases_have_the_same_tables_columns_and_indexes() {
    let (one, other) = (TestDatabase::sqlite(), TestDatabase::postgres());
    let (sqlite, postgres) = (one.open(), other.open());
    assert_eq!(columns(&sqlite, &one), columns(&postgres, &other));
    assert_eq!(indexes(&sqlite, &one), indexes(&postgres, &other));
    assert!(columns(&sqlite, &one).len() > 200);
}

#[test]
fn migrations_go_down_and_up_again() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let before = (columns(&storage, &database), indexes(&storage, &database));
        assert_eq!(storage.pending().unwrap(), Vec::<String>::new());
        let names = storage.revert().unwrap();
        assert!(columns(&storage, &database).is_empty());
        assert_eq!(storage.pending().unwrap().len(), names.len());
        storage.migrate().unwrap();
        assert_eq!((columns(&storage, &database), indexes(&storage, &database)), before);
    }
}

fn a_report(id: u8, due: Option<i64>) -> ReportRow {
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
        sealed_moment: vec![8; 40],
        size_steps: 1,
        prev_entry: None,
        state: "{}".to_owned(),
        version: 1,
        open: true,
    }
}

fn an_event(report: u8, seq: i32, kind: &str) -> EventRow {
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
    }
}

fn a_notice(id: u8, report: u8, at: i64) -> NoticeRow {
    NoticeRow {
        id: NoticeId::new([id; 16]),
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

/// A filing as it is stored: the row and all that hangs on it.
fn file(tx: &mut Conn, id: u8) -> Result<(), StorageError> {
    let report = ReportId::new([id; 16]);
    reports::add(tx, &a_report(id, Some(1_000)))?;
    report_parts::add_kept_out(tx, report, &[id; 512])?;
    let unit = |n| UnitRow {
        report_id: report,
        id: UnitId::new([n; 16]),
        kind: "shared".to_owned(),
        addressed: "all".to_owned(),
        ciphertext: vec![n; 4096],
        key_commit: Bytes([n; 32]),
        author_key: None,
        event_seq: None,
    };
    report_parts::add_units(tx, &[unit(1), unit(2)])?;
    let envelope =
        |n| EnvelopeRow { report_id: report, group_id: Bytes([0; 16]), key_id: Bytes([n; 16]), sealed: vec![n; 112] };
    report_parts::add_envelopes(tx, &(0..13).map(envelope).collect::<Vec<_>>())?;
    report_parts::append_events(tx, &(1..=6).map(|n| an_event(id, n, &format!("kind_{n}"))).collect::<Vec<_>>())?;
    outbox::enqueue(tx, &(0..8).map(|n| a_notice(id.wrapping_mul(8) + n, id, 5)).collect::<Vec<_>>())?;
    let pending = |n| PendingRow {
        id: Bytes([id.wrapping_mul(2) + n; 16]),
        report_id: Some(report),
        leaf: Bytes([1; 65]),
        opening: vec![1, 2, 3],
        recorded_at: UtcMillis::new(120_000),
    };
    ledger::add_pending(tx, &[pending(0), pending(1)])
}

#[test]
fn a_filing_comes_back_as_it_was_stored() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage.write_blocking(&KEY, |tx| file(tx, 1)).unwrap();
        let id = ReportId::new([1; 16]);
        let found = storage
            .read_blocking(move |conn| {
                Ok::<_, StorageError>((
                    reports::find(conn, id)?,
                    reports::by_lookup(conn, &[1; 32])?,
                    report_parts::units(conn, id)?.len(),
                    report_parts::envelopes_for(conn, id, &[4; 16])?,
                    report_parts::events(conn, id)?,
                    report_parts::kept_out(conn, id)?,
                    ledger::pending_of(conn, id)?.len(),
                ))
            })
            .unwrap();
        assert_eq!(found.0, Some(a_report(1, Some(1_000))));
        assert_eq!(found.1, found.0);
        assert_eq!(found.2, 2);
        assert_eq!(found.3.iter().map(|e| e.sealed.clone()).collect::<Vec<_>>(), [vec![4; 112]]);
        assert_eq!(found.4, (1..=6).map(|n| an_event(1, n, &format!("kind_{n}"))).collect::<Vec<_>>());
        assert_eq!(found.5, [1; 512]);
        assert_eq!(found.6, 2);
        let again = storage.write_blocking(&KEY, |tx| {
            reports::add(tx, &ReportRow { id: ReportId::new([2; 16]), ..a_report(1, None) })
        });
        assert!(matches!(again, Err(StorageError::Duplicate(_))), "the same receipt files once: {again:?}");
    }
}

#[test]
fn an_erased_report_leaves_no_row_in_any_table() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage.write_blocking(&KEY, |tx| file(tx, 1)).unwrap();
        storage.write_blocking(&KEY, |tx| file(tx, 2)).unwrap();
        storage.write_blocking(&KEY, |tx| report_parts::erase(tx, ReportId::new([1; 16]))).unwrap();
        let tables: BTreeSet<String> = columns(&storage, &database)
            .iter()
            .filter_map(|line| line.split_once(".report_id ").map(|(table, _)| table.to_owned()))
            .collect();
        assert!(tables.len() >= 9, "{tables:?}");
        for table in tables {
            let blob = if database.folder().is_some() { "x'" } else { "'\\x" };
            let left =
                |id: &str| format!("SELECT count(*) AS number FROM {table} WHERE report_id = {blob}{}'", id.repeat(16));
            let (gone, other) = (left("01"), left("02"));
            let (gone, other) =
                storage.read_blocking(move |c| Ok::<_, StorageError>((number(c, &gone)?, number(c, &other)?))).unwrap();
            assert_eq!(gone, 0, "{table}");
            assert!(
                other > 0 || !["units", "envelopes", "events", "outbox", "kept_out"].contains(&table.as_str()),
                "{table}"
            );
        }
        assert!(storage.read_blocking(|c| reports::find(c, ReportId::new([1; 16]))).unwrap().is_none());
        assert!(storage.read_blocking(|c| reports::find(c, ReportId::new([2; 16]))).unwrap().is_some());
    }
}

#[test]
fn what_was_recorded_can_neither_be_changed_nor_deleted() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage.write_blocking(&KEY, |tx| file(tx, 1)).unwrap();
        let leaf = LeafRow { idx: 0, leaf: Bytes([1; 65]) };
        storage.write_blocking(&KEY, move |tx| ledger::add_leaves(tx, std::slice::from_ref(&leaf), &[])).unwrap();
        storage.write_blocking(&KEY, |tx| ledger::add_checkpoint(tx, 1, "note")).unwrap();
        for refused in [
            "UPDATE events SET kind = 'other'",
            "DELETE FROM events",
            "UPDATE ledger_leaves SET idx = 5",
            "DELETE FROM ledger_leaves",
            "UPDATE ledger_checkpoints SET note = 'x'",
            "DELETE FROM ledger_checkpoints",
            "UPDATE ledger_pending SET recorded_at = 0",
        ] {
            assert!(matches!(write_sql(&storage, refused), Err(StorageError::Other(_))), "{refused}");
        }
        write_sql(&storage, "DELETE FROM ledger_pending").unwrap();
    }
}

#[test]
fn nothing_fires_twice_but_a_lifted_row_may_stand_beside() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let append = |seq, kind: &'static str| {
            storage.write_blocking(&KEY, move |tx| report_parts::append_events(tx, &[an_event(1, seq, kind)]))
        };
        append(1, "acknowledgement").unwrap();
        assert!(matches!(append(2, "acknowledgement"), Err(StorageError::Duplicate(_))));
        append(2, "lifted").unwrap();
        append(3, "lifted").unwrap();
    }
}

#[test]
fn of_two_who_save_the_same_version_one_is_told_of_a_conflict() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage.write_blocking(&KEY, |tx| reports::add(tx, &a_report(1, Some(5)))).unwrap();
        let save = |level| {
            storage.write_blocking(&KEY, move |tx| {
                reports::save(tx, &ReportRow { level, due_at: None, ..a_report(1, None) })
            })
        };
        save(2).unwrap();
        assert_eq!(save(3), Err(StorageError::Conflict));
        let stored = storage.read_blocking(|c| reports::find(c, ReportId::new([1; 16]))).unwrap().unwrap();
        assert_eq!((stored.level, stored.due_at, stored.version), (2, None, 2));
    }
}

#[test]
fn a_board_goes_by_deadline_then_by_id_and_pages_without_gap_or_repetition() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let deadlines = [Some(30), None, Some(10), Some(20), None, Some(20), Some(-5)];
        storage
            .write_blocking(&KEY, move |tx| {
                (1..).zip(deadlines).try_for_each(|(id, due)| reports::add(tx, &a_report(id, due)))
            })
            .unwrap();
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let filter =
                BoardFilter { category: Some("weapons".to_owned()), unanswered: Some(false), ..BoardFilter::default() };
            let page = storage.read_blocking(move |c| reports::board(c, PRODUCTION, &filter, after, 2)).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(board_key(last));
            seen.extend(page.iter().map(|row| row.id.as_bytes()[0]));
        }
        assert_eq!(seen, [7, 3, 4, 6, 1, 2, 5]);
        let none = BoardFilter { unanswered: Some(true), ..BoardFilter::default() };
        assert!(storage.read_blocking(move |c| reports::board(c, PRODUCTION, &none, None, 9)).unwrap().is_empty());
    }
}

#[test]
fn the_engine_finds_the_next_wake_up_and_claims_what_is_due() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage
            .write_blocking(&KEY, |tx| {
                reports::add(tx, &a_report(1, Some(100)))?;
                reports::add(tx, &a_report(2, Some(200)))?;
                reports::add(tx, &a_report(3, None))?;
                reports::add(tx, &ReportRow { open: false, ..a_report(4, Some(50)) })
            })
            .unwrap();
        let next = |after| {
            storage.read_blocking(move |c| reports::next_wake(c, UtcMillis::new(after))).unwrap().map(UtcMillis::get)
        };
        assert_eq!((next(0), next(100), next(200)), (Some(100), Some(200), None));
        let claim = |until| {
            let rows = storage
                .write_blocking(&KEY, move |tx| reports::claim_due(tx, UtcMillis::new(0), UtcMillis::new(until), 10));
            rows.unwrap().into_iter().map(|row| row.id.as_bytes()[0]).collect::<Vec<_>>()
        };
        assert_eq!((claim(99), claim(100), claim(500)), (vec![], vec![1], vec![1, 2]));
    }
}

#[test]
fn what_one_has_claimed_the_other_passes_over() {
    let database = TestDatabase::postgres();
    let storage = database.open();
    storage.write_blocking(&KEY, |tx| (1..=4).try_for_each(|id| reports::add(tx, &a_report(id, Some(10))))).unwrap();
    let claim =
        |tx: &mut Conn| Ok::<_, StorageError>(reports::claim_due(tx, UtcMillis::new(0), UtcMillis::new(99), 2)?.len());
    let other = storage.clone();
    let both = storage.write_blocking(&KEY, move |tx| {
        let first = claim(tx)?;
        let second =
            other.write_blocking(&super::OTHER_KEY, move |tx| Ok::<_, StorageError>(claim(tx)? + claim(tx)?))?;
        Ok::<_, StorageError>((first, second))
    });
    // The second writer gets the two that are left, and within its own transaction the same two again.
    assert_eq!(both, Ok((2, 4)));
}

#[test]
fn a_report_counts_as_repeated_within_its_span_only() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage.write_blocking(&KEY, |tx| reports::add(tx, &a_report(1, None))).unwrap();
        let earlier = |category: &'static str, from, to| {
            let (from, to) = (UtcMillis::new(from), UtcMillis::new(to));
            storage.read_blocking(move |c| reports::has_earlier(c, PRODUCTION, category, from, to)).unwrap()
        };
        assert!(earlier("weapons", 120_000, 120_000));
        assert!(!earlier("weapons", 120_001, 999_999));
        assert!(!earlier("fatigue", 0, 999_999));
    }
}

#[test]
fn a_notice_is_leased_to_one_at_a_time_and_enqueued_once() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let enqueue = || {
            storage.write_blocking(&KEY, |tx| outbox::enqueue(tx, &[a_notice(1, 1, 10), a_notice(2, 1, 20)])).unwrap();
        };
        enqueue();
        enqueue();
        let lease = |now: i64| {
            let rows = storage
                .write_blocking(&KEY, move |tx| outbox::lease(tx, UtcMillis::new(now), UtcMillis::new(now + 60), 10));
            rows.unwrap().into_iter().map(|row| row.id.as_bytes()[0]).collect::<Vec<_>>()
        };
        let next = || storage.read_blocking(outbox::next_attempt).unwrap().map(UtcMillis::get);
        assert_eq!((next(), lease(10), lease(10)), (Some(10), vec![1], vec![]));
        assert_eq!((next(), lease(20), lease(70)), (Some(20), vec![2], vec![1]));
        let id = NoticeId::new([1; 16]);
        storage.write_blocking(&KEY, move |tx| outbox::give_back(tx, id, 1, Some(UtcMillis::new(500)))).unwrap();
        assert_eq!(lease(499), [2]);
        storage.write_blocking(&KEY, move |tx| outbox::give_back(tx, id, 2, None)).unwrap();
        assert_eq!(lease(600), [2]);
        assert_eq!(storage.read_blocking(outbox::dead).unwrap().len(), 1);
        assert!(storage.write_blocking(&KEY, move |tx| outbox::remove(tx, id)).unwrap());
        assert!(!storage.write_blocking(&KEY, move |tx| outbox::remove(tx, id)).unwrap());
    }
}

#[test]
fn filings_are_counted_per_production_and_hour() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let count = |hour| {
            storage
                .write_blocking(&KEY, move |tx| productions::count_filing(tx, PRODUCTION, UtcMillis::new(hour)))
                .unwrap()
        };
        assert_eq!((count(0), count(0), count(3_600_000), count(0)), (1, 2, 1, 3));
    }
}

#[test]
fn heartbeats_outages_and_repeated_keys_are_remembered() {
    for database in TestDatabase::each() {
        let storage = database.open();
        for (instance, at) in [(1, 10), (2, 30), (1, 20)] {
            storage.write_blocking(&KEY, move |tx| engine::beat(tx, &[instance; 16], UtcMillis::new(at))).unwrap();
        }
        assert_eq!(storage.read_blocking(engine::last_beat).unwrap(), Some(UtcMillis::new(30)));
        storage.write_blocking(&KEY, |tx| engine::add_outage(tx, UtcMillis::new(1), UtcMillis::new(5))).unwrap();
        let since = |at| storage.read_blocking(move |c| engine::outages_since(c, UtcMillis::new(at))).unwrap().len();
        assert_eq!((since(4), since(5)), (1, 0));
        let first =
            || storage.write_blocking(&KEY, |tx| engine::first_use(tx, &[1; 16], &[2; 16], UtcMillis::new(0))).unwrap();
        assert_eq!((first(), first()), (true, false));
        let state = storage.read_blocking(engine::state).unwrap();
        assert!(!state.held && state.watermark == UtcMillis::new(0));
        let held = engine::EngineRow { held: true, held_reason: Some("the clock jumped".to_owned()), ..state };
        let saved = held.clone();
        storage.write_blocking(&KEY, move |tx| engine::save_state(tx, &saved)).unwrap();
        assert_eq!(storage.read_blocking(engine::state).unwrap(), held);
    }
}

#[test]
fn upkeep_forgets_old_batches_and_keys_and_keeps_the_rest() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let old = if database.folder().is_some() {
            "INSERT INTO batches VALUES (x'00', 5)"
        } else {
            "INSERT INTO batches VALUES ('\\x00', 5)"
        };
        write_sql(&storage, old).unwrap();
        storage.write_blocking(&KEY, |tx| engine::first_use(tx, &[1; 16], &[2; 16], UtcMillis::new(0))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(storage.upkeep(UtcMillis::new(3 * 86_400_000))).unwrap();
        let count = |sql: &'static str| super::read_number(&storage, sql);
        assert_eq!(count("SELECT count(*) AS number FROM batches WHERE at = 5"), 0);
        assert!(count("SELECT count(*) AS number FROM batches") > 0);
        assert_eq!(count("SELECT count(*) AS number FROM idempotency"), 0);
    }
}

#[test]
fn batches_and_pending_leaves_tell_no_more_than_the_hour() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage.write_blocking(&KEY, |tx| file(tx, 1)).unwrap();
        assert_eq!(super::read_number(&storage, "SELECT count(*) AS number FROM batches WHERE at % 3600000 <> 0"), 0);
    }
}

/// The plan of a query, as one text.
fn plan(storage: &Storage, database: &TestDatabase, sql: &str) -> String {
    if database.folder().is_some() {
        #[derive(QueryableByName)]
        struct Detail {
            #[diesel(sql_type = Text)]
            detail: String,
        }
        let sql = format!("EXPLAIN QUERY PLAN {sql}");
        let rows = storage.read_blocking(move |c| Ok::<_, StorageError>(sql_query(&sql).load::<Detail>(c)?)).unwrap();
        rows.into_iter().map(|row| row.detail).collect()
    } else {
        #[derive(QueryableByName)]
        struct Plan {
            #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
            plan: String,
        }
        // An almost empty table is always scanned: so the question is whether the index can serve at all.
        let sql = format!("EXPLAIN {sql}");
        let rows = storage.write_blocking(&KEY, move |tx| {
            execute(
                tx,
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off",
            )?;
            Ok::<_, StorageError>(sql_query(&sql).load::<Plan>(tx)?)
        });
        rows.unwrap().into_iter().map(|row| row.plan + "\n").collect()
    }
}

#[test]
fn the_hot_queries_are_served_by_their_indexes() {
    for database in TestDatabase::each() {
        let storage = database.open();
        for (index, sql) in [
            ("reports_wake", "SELECT wake_at FROM reports WHERE open AND wake_at > 5 ORDER BY wake_at LIMIT 1"),
            (
                "outbox_next",
                "SELECT id FROM outbox WHERE state = 'waiting' AND next_attempt_at <= 5 ORDER BY next_attempt_at LIMIT 9",
            ),
            (
                "reports_board",
                "SELECT id FROM reports WHERE production_id = '' AND coalesce(due_at, 9223372036854775807) >= 5 \
                 ORDER BY coalesce(due_at, 9223372036854775807), id LIMIT 50",
            ),
        ] {
            let plan = plan(&storage, &database, sql);
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{plan}");
        }
    }
}

#[test]
fn a_filing_is_made_of_statements_that_stay_prepared() {
    let database = TestDatabase::postgres();
    let storage = database.open();
    storage.write_blocking(&KEY, |tx| file(tx, 1)).unwrap();
    let prepared = |table: &str| {
        let sql = format!(
            "SELECT count(*) AS number FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO \"{table}\"%'"
        );
        storage.write_blocking(&KEY, move |tx| number(tx, &sql)).unwrap()
    };
    for table in ["reports", "kept_out", "units", "envelopes", "events", "outbox", "ledger_pending"] {
        assert!(prepared(table) > 0, "{table}");
    }
}
