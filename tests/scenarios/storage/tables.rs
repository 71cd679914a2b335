//! Tables: the same on both databases, guarded, found by their indexes, and erased without a trace.

use std::collections::BTreeSet;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use lastlooks::{
    domain::{ids::ReportId, time::UtcMillis},
    storage::{
        Bytes, Storage, StorageError, Tx, engine,
        heads::{self, CheckpointRow, CosignatureRow, LogRow},
        ledger::{self, LeafRow, PlacesRow},
        outbox, report_parts, reports,
    },
};

use super::{
    KEY, execute, number,
    sample::{a_notice, file},
    write_sql,
};
use crate::support::TestDatabase;

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
        assert!(tables.len() >= 8, "{tables:?}");
        for table in tables {
            let blob = if database.folder().is_some() { "x'" } else { "'\\x" };
            let left =
                |id: &str| format!("SELECT count(*) AS number FROM {table} WHERE report_id = {blob}{}'", id.repeat(16));
            let (gone, other) = (left("01"), left("02"));
            let (gone, other) =
                storage.read_blocking(move |c| Ok::<_, StorageError>((number(c, &gone)?, number(c, &other)?))).unwrap();
            assert_eq!(gone, 0, "{table}");
            assert!(other > 0 || !["sealed", "events", "outbox"].contains(&table.as_str()), "{table}");
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
        storage
            .write_blocking(&KEY, move |tx| {
                ledger::add_leaves(tx, std::slice::from_ref(&leaf), &[PlacesRow::of([7; 16].into(), &[leaf.idx])])
            })
            .unwrap();
        storage
            .write_blocking(&KEY, |tx| {
                heads::add_checkpoint(
                    tx,
                    &CheckpointRow { log: 1, size: 1, note: "note".to_owned(), signed_at: UtcMillis::new(1) },
                )
            })
            .unwrap();
        storage.write_blocking(&KEY, add_heads).unwrap();
        for refused in [
            "UPDATE events SET kind = 'other'",
            "DELETE FROM events",
            "UPDATE ledger_leaves SET idx = 5",
            "DELETE FROM ledger_leaves",
            "UPDATE ledger_checkpoints SET note = 'x'",
            "DELETE FROM ledger_checkpoints",
            "UPDATE ledger_logs SET from_size = 1",
            "DELETE FROM ledger_cosignatures",
            "UPDATE ledger_pending SET recorded_at = 0",
            "UPDATE ledger_places SET packed = id",
        ] {
            assert!(matches!(write_sql(&storage, refused), Err(StorageError::Other(_))), "{refused}");
        }
        write_sql(&storage, "DELETE FROM ledger_pending").unwrap();
    }
}

fn add_heads(tx: &mut Tx) -> Result<(), StorageError> {
    let log = LogRow { number: 1, origin: "x/ledger".to_owned(), from_size: 0, opened_at: UtcMillis::new(1) };
    heads::add_log(tx, &log)?;
    let (witness, line) = ("union".to_owned(), "line\n".to_owned());
    heads::add_cosignature(tx, &CosignatureRow { log: 1, size: 1, witness, line })
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
            rows.unwrap().into_iter().map(|row| row.id.as_bytes()[15]).collect::<Vec<_>>()
        };
        let next = || storage.read_blocking(outbox::next_attempt).unwrap().map(UtcMillis::get);
        assert_eq!((next(), lease(10), lease(10)), (Some(10), vec![1], vec![]));
        assert_eq!((next(), lease(20), lease(70)), (Some(20), vec![2], vec![1]));
        let id = a_notice(1, 1, 10).id;
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
        assert!(!state.held);
        let held = engine::EngineRow { held: true, held_reason: Some("the clock jumped".to_owned()) };
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
                "SELECT board_at, id FROM reports WHERE production_id = '' AND told_production = 1 AND board_at >= 5 \
                 AND stage = 'closed' AND unanswered ORDER BY board_at, id LIMIT 50",
            ),
            (
                "reports_board_union",
                "SELECT board_at_union, id FROM reports WHERE production_id = '' AND told_union = 1 \
                 AND board_at_union >= 5 AND level = 1 AND awaiting = 'answer' ORDER BY board_at_union, id LIMIT 50",
            ),
        ] {
            let plan = plan(&storage, &database, sql);
            assert!(plan.contains(index), "{plan}");
            assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{plan}");
            // What a filter leaves out is passed over in the index, without a look at its row.
            let is_board = index.starts_with("reports_board");
            assert!(!is_board || plan.contains("COVERING INDEX") || plan.contains("Index Only Scan"), "{plan}");
        }
    }
}
