//! New reports that wait are written together, and each is stored whole or not at all.

use std::time::Duration;

use lastlooks::{
    domain::{ids::ReportId, time::UtcMillis},
    storage::{
        Bytes, Storage, StorageError, Target, WriterSettings,
        filings::{Counted, Earlier, NewReport},
        productions::{self, CrewCodeRow, ProductionRow},
        report_parts, reports,
    },
};

use super::{
    KEY, execute, number,
    proxy::{Lose, Proxy},
    read_number,
    sample::{PRODUCTION, a_filing},
    write_sql,
    writer::hold,
};
use crate::support::{TestDatabase, postgres};

const BATCHES: &str = "SELECT count(*) AS number FROM batches";
const REPORTS: &str = "SELECT count(*) AS number FROM reports";
const REVISION: i64 = 4;

fn with_production(storage: &Storage) {
    let row = ProductionRow {
        id: PRODUCTION,
        slug: "western".to_owned(),
        name: "Western".to_owned(),
        settings: "{}".to_owned(),
        policy_version: 1,
        roster_version: 1,
        revision: REVISION,
        created_at: UtcMillis::new(0),
    };
    storage.write_blocking(&KEY, move |tx| productions::add(tx, &row)).unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

/// Files all of them while the writer is busy, so that they share one batch; what became of each, in order.
fn together(storage: &Storage, filings: Vec<NewReport>) -> Vec<Result<(), StorageError>> {
    let release = hold(storage);
    runtime().block_on(async {
        let file = |new| {
            let storage = storage.clone();
            tokio::spawn(async move { storage.file(&KEY, new, storage.coming()).await })
        };
        let waiting: Vec<_> = filings.into_iter().map(file).collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        drop(release);
        let mut results = Vec::new();
        for task in waiting {
            results.push(task.await.unwrap());
        }
        results
    })
}

/// The rows of a report, by table.
fn rows_of(storage: &Storage, id: u8) -> Vec<i64> {
    let report = ReportId::new([id; 16]);
    storage
        .read_blocking(move |conn| {
            let envelopes = (0..13).map(|key| report_parts::envelopes_for(conn, report, &[key; 16]));
            let envelopes: usize = envelopes.collect::<Result<Vec<_>, _>>()?.iter().map(Vec::len).sum();
            let mut counts = vec![
                usize::from(reports::find(conn, report)?.is_some()),
                report_parts::kept_out(conn, report)?.len(),
                report_parts::units(conn, report)?.len(),
                envelopes,
                report_parts::events(conn, report)?.len(),
            ];
            counts.push(lastlooks::storage::ledger::pending_of(conn, report)?.len());
            Ok::<_, StorageError>(counts.into_iter().map(|n| i64::try_from(n).unwrap()).collect())
        })
        .unwrap()
}

const WHOLE: [i64; 6] = [1, 512, 2, 13, 6, 2];
const NOTHING: [i64; 6] = [0; 6];

#[test]
fn reports_that_are_filed_at_once_share_one_transaction() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        let before = read_number(&storage, BATCHES);
        let results = together(&storage, (1..=30).map(|id| a_filing(id, REVISION)).collect());
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(read_number(&storage, BATCHES) - before, 2, "the one that held them up, and all the others");
        assert!((1..=30).all(|id| rows_of(&storage, id) == WHOLE));
        assert_eq!(read_number(&storage, "SELECT count(*) AS number FROM outbox"), 30 * 8);
    }
}

#[test]
fn one_transaction_takes_thirty_two_reports_at_most() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        let before = read_number(&storage, BATCHES);
        let results = together(&storage, (1..=40).map(|id| a_filing(id, REVISION)).collect());
        assert!(results.iter().all(Result::is_ok), "{results:?}");
        assert_eq!(read_number(&storage, BATCHES) - before, 3, "the one that held them up, 32, and the other 8");
    }
}

#[test]
fn a_report_waits_for_others_that_are_being_sealed_and_never_for_nobody() {
    for database in TestDatabase::each() {
        let storage =
            database.open_with(&WriterSettings { linger: Duration::from_mins(1), ..WriterSettings::default() });
        with_production(&storage);
        let runtime = runtime();
        let file = |id| {
            let (storage, coming) = (storage.clone(), storage.coming());
            runtime.spawn(async move { storage.file(&KEY, a_filing(id, REVISION), coming).await })
        };
        assert_eq!(runtime.block_on(file(1)).unwrap(), Ok(()), "alone");
        let before = read_number(&storage, BATCHES);
        let sealing: Vec<_> = (0..3).map(|_| storage.coming()).collect();
        let waiting = [file(2), file(3)];
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(200)).await });
        assert_eq!(read_number(&storage, BATCHES), before, "they wait");
        drop(sealing);
        for report in waiting {
            assert_eq!(runtime.block_on(report).unwrap(), Ok(()));
        }
        assert_eq!(read_number(&storage, BATCHES) - before, 1);
    }
}

#[test]
fn a_receipt_that_is_taken_keeps_nobody_else_from_filing() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        assert_eq!(together(&storage, vec![a_filing(1, REVISION)]), [Ok(())]);
        let same_receipt = |id: u8, of: u8| {
            let mut new = a_filing(id, REVISION);
            new.report.lookup = Bytes([of; 32]);
            new
        };
        // One that was stored before, two of the same batch.
        let batch = vec![a_filing(2, REVISION), same_receipt(3, 1), a_filing(4, REVISION), same_receipt(5, 4)];
        let results = together(&storage, batch);
        assert!(matches!(results[1], Err(StorageError::Duplicate(_))), "{results:?}");
        assert!(matches!(results[3], Err(StorageError::Duplicate(_))), "{results:?}");
        assert_eq!((&results[0], &results[2]), (&Ok(()), &Ok(())));
        for (id, rows) in [(1, WHOLE), (2, WHOLE), (3, NOTHING), (4, WHOLE), (5, NOTHING)] {
            assert_eq!(rows_of(&storage, id), rows, "{id}");
        }
    }
}

#[test]
fn what_was_decided_on_an_older_picture_is_not_written() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        let stale = a_filing(2, REVISION - 1);
        let mut elsewhere = a_filing(3, REVISION);
        elsewhere.report.production_id = lastlooks::domain::ids::ProductionId::new([8; 16]);
        let results = together(&storage, vec![a_filing(1, REVISION), stale.clone(), elsewhere, a_filing(4, REVISION)]);
        assert_eq!(results, [Ok(()), Err(StorageError::Conflict), Err(StorageError::Conflict), Ok(())]);
        for (id, rows) in [(1, WHOLE), (2, NOTHING), (3, NOTHING), (4, WHOLE)] {
            assert_eq!(rows_of(&storage, id), rows, "{id}");
        }
        assert_eq!(together(&storage, vec![stale]), [Err(StorageError::Conflict)]);
    }
}

#[test]
fn a_write_between_two_filings_sees_the_first_and_takes_neither_away() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        let release = hold(&storage);
        let (first, seen, refused, second) = runtime().block_on(async {
            let spawn = |id| {
                let storage = storage.clone();
                tokio::spawn(async move { storage.file(&KEY, a_filing(id, REVISION), storage.coming()).await })
            };
            let write = |refuses: bool| {
                let storage = storage.clone();
                tokio::spawn(async move {
                    storage
                        .write(&KEY, move |tx| {
                            execute(tx, "UPDATE productions SET name = 'x'")?;
                            if refuses { Err(StorageError::Conflict) } else { number(tx, REPORTS) }
                        })
                        .await
                })
            };
            let tasks = (spawn(1), write(false), write(true), spawn(2));
            tokio::time::sleep(Duration::from_millis(200)).await;
            drop(release);
            (tasks.0.await.unwrap(), tasks.1.await.unwrap(), tasks.2.await.unwrap(), tasks.3.await.unwrap())
        });
        assert_eq!((first, seen, refused, second), (Ok(()), Ok(1), Err(StorageError::Conflict), Ok(())));
        assert_eq!((rows_of(&storage, 1), rows_of(&storage, 2)), (WHOLE.to_vec(), WHOLE.to_vec()));
    }
}

#[test]
fn of_one_hour_what_comes_above_the_budget_is_marked_and_so_is_what_an_old_code_files() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        let with = |id, hour, by_old_code| {
            let counted = Counted { hour: UtcMillis::new(hour), budget: 3, by_old_code };
            NewReport { counted, ..a_filing(id, REVISION) }
        };
        let first = vec![with(9, 1, false), with(8, 1, true), with(1, 2, false)];
        let second = vec![with(7, 1, false), with(6, 1, false), with(2, 2, false)];
        for batch in [first, second] {
            assert!(together(&storage, batch).iter().all(Result::is_ok));
        }
        for (id, marked) in [(9, false), (8, true), (1, false), (7, false), (6, true), (2, false)] {
            let row = storage.read_blocking(move |conn| reports::find(conn, ReportId::new([id; 16]))).unwrap().unwrap();
            assert_eq!((row.overflow, row.counts_for_repeated), (marked, !marked), "{id}");
        }
    }
}

#[test]
fn a_filing_counts_the_outages_before_it_as_taken_from_nobody() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        write_sql(&storage, "INSERT INTO outages (began_at, ended_at, counted) VALUES (10, 20, FALSE)").unwrap();
        assert_eq!(together(&storage, vec![a_filing(1, REVISION)]), [Ok(())]);
        let row = storage.read_blocking(|conn| reports::find(conn, ReportId::new([1; 16]))).unwrap().unwrap();
        assert_eq!(row.outages_until, UtcMillis::new(20));
    }
}

#[test]
fn a_glance_says_what_the_questions_one_by_one_would_say() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_production(&storage);
        let code = CrewCodeRow {
            mac: Bytes([6; 32]),
            production_id: PRODUCTION,
            sealed: vec![1],
            state: "old".to_owned(),
            full_until: Some(UtcMillis::new(66)),
            until: Some(UtcMillis::new(77)),
        };
        storage.write_blocking(&KEY, move |tx| productions::add_crew_code(tx, &code)).unwrap();
        let runtime = runtime();
        // The sample was delivered in the span that ended at 120,000.
        let earlier = |category: &str, from, to| Earlier {
            production: PRODUCTION,
            category: category.to_owned(),
            from: UtcMillis::new(from),
            to: UtcMillis::new(to),
        };
        let glance = |lookup: u8, code: u8, earlier| {
            runtime.block_on(storage.glance([lookup; 32], [code; 32], earlier)).unwrap()
        };
        let before = glance(1, 6, earlier("weapons", 0, 200_000)).unwrap();
        assert_eq!((before.production, before.until), (PRODUCTION, Some(UtcMillis::new(77))));
        assert_eq!(before.full_until, Some(UtcMillis::new(66)));
        assert_eq!((before.mark.revision, before.mark.engine_held), (REVISION, false));
        assert_eq!((before.is_filed, before.has_earlier), (false, false));
        assert_eq!(together(&storage, vec![a_filing(1, REVISION)]), [Ok(())]);
        write_sql(&storage, "UPDATE engine_state SET held = TRUE").unwrap();
        for (lookup, asked, is_filed, has_earlier) in [
            (1, earlier("weapons", 120_000, 120_000), true, true),
            (2, earlier("weapons", 0, 119_999), false, false),
            (2, earlier("weapons", 120_001, 200_000), false, false),
            (2, earlier("stunts", 0, 200_000), false, false),
        ] {
            let after = glance(lookup, 6, asked).unwrap();
            assert_eq!((after.is_filed, after.has_earlier, after.mark.engine_held), (is_filed, has_earlier, true));
        }
        assert_eq!(glance(1, 7, earlier("weapons", 0, 200_000)), None);
    }
}

#[test]
fn filings_whose_commit_was_lost_or_never_answered_are_there_once() {
    for lose in [Lose::Answer, Lose::Commit] {
        let server = postgres::shared();
        let Some(folder) = server.folder() else { return println!("skipped: needs a server of our own") };
        let name = server.create_database();
        let direct = Storage::open(Target::parse(&server.url(&name)).unwrap(), &WriterSettings::default()).unwrap();
        with_production(&direct);
        let proxy = Proxy::to(folder, lose, 3);
        let url = format!("postgres://postgres@/{name}?host={}", proxy.host().display());
        let storage = Storage::open(Target::parse(&url).unwrap(), &WriterSettings::default()).unwrap();
        for round in 0..5 {
            let results = together(&storage, (1..=6).map(|n| a_filing(round * 6 + n, REVISION)).collect());
            assert!(results.iter().all(Result::is_ok), "{results:?}");
        }
        assert_eq!(proxy.left(), 0, "every loss took place");
        assert!((1..=30).all(|id| rows_of(&direct, id) == WHOLE));
        assert_eq!(read_number(&direct, REPORTS), 30);
        drop((storage, direct));
        server.drop_database(&name);
    }
}
