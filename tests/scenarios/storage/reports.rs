//! Reports: stored whole, saved once per version, listed and claimed in order.

use lastlooks::{
    domain::{
        ids::{ProductionId, ReportId},
        time::UtcMillis,
    },
    storage::{
        Conn, StorageError,
        boards::{self, BoardFilter, BoardOf, BoardRange},
        ledger, productions, report_parts,
        reports::{self, ReportRow},
    },
};

use super::{
    KEY, OTHER_KEY, number,
    sample::{PRODUCTION, a_report, an_event, file},
};
use crate::support::TestDatabase;

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
fn nothing_fires_twice_but_a_lifted_row_may_stand_beside() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let append = |seq, kind: &'static str| {
            storage.write_blocking(&KEY, move |tx| report_parts::append_events(tx, &[an_event(1, seq, kind)]))
        };
        append(1, "acknowledgement").unwrap();
        assert_eq!(append(2, "acknowledgement"), Err(StorageError::Conflict));
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
                (1..).zip(deadlines).try_for_each(|(id, due)| reports::add(tx, &a_report(id, due)))?;
                let elsewhere = a_report(8, Some(1));
                reports::add(tx, &ReportRow { told_union: 2, board_at: UtcMillis::new(25), ..elsewhere })
            })
            .unwrap();
        let all = |of, told, filter: BoardFilter| {
            let (range, mut seen, mut after) = (BoardRange { production: PRODUCTION, of, told }, Vec::new(), None);
            loop {
                let filter = filter.clone();
                let page = storage.read_blocking(move |c| boards::places(c, &range, &filter, after, 2)).unwrap();
                let Some(last) = page.last() else { return seen };
                after = Some(*last);
                seen.extend(page.iter().map(|(_, id)| id.as_bytes()[0]));
            }
        };
        let weapons = || BoardFilter { category: Some("weapons".to_owned()), ..BoardFilter::default() };
        assert_eq!(all(BoardOf::Union, 1, weapons()), [7, 3, 4, 6, 1, 2, 5]);
        assert_eq!(all(BoardOf::Union, 2, weapons()), [8]);
        // Each side has its own order.
        assert_eq!(all(BoardOf::Production, 1, weapons()), [7, 3, 4, 6, 8, 1, 2, 5]);
        let none: [u8; 0] = [];
        assert_eq!(all(BoardOf::Union, 1, BoardFilter { unanswered: Some(true), ..BoardFilter::default() }), none);
        assert_eq!(all(BoardOf::Union, 3, BoardFilter::default()), none);
    }
}

#[test]
fn a_pass_meets_every_report_of_a_production_once() {
    for database in TestDatabase::each() {
        let storage = database.open();
        storage
            .write_blocking(&KEY, |tx| {
                (1..=7).try_for_each(|id| {
                    let row = a_report(id, Some(i64::from(id % 3)));
                    reports::add(tx, &ReportRow { told_union: i32::from(id % 2), ..row })
                })?;
                let other = ProductionId::new([8; 16]);
                reports::add(tx, &ReportRow { production_id: other, ..a_report(9, None) })
            })
            .unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = storage.read_blocking(move |c| boards::every(c, PRODUCTION, after, 2)).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(boards::pass_key(last));
            seen.extend(page.iter().map(|row| row.id.as_bytes()[0]));
        }
        assert_eq!(seen, [6, 4, 2, 3, 1, 7, 5]);
        let missed = ReportRow { unanswered: true, ..a_report(10, None) };
        storage.write_blocking(&KEY, move |tx| reports::add(tx, &missed)).unwrap();
        let of = |after| {
            let found = storage.read_blocking(move |c| reports::unanswered_after(c, PRODUCTION, after, 9)).unwrap();
            found.into_iter().map(|row| row.id.as_bytes()[0]).collect::<Vec<_>>()
        };
        assert_eq!(of(None), [10]);
        assert_eq!(of(Some(ReportId::new([10; 16]))), Vec::<u8>::new());
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
        let second = other.write_blocking(&OTHER_KEY, move |tx| Ok::<_, StorageError>(claim(tx)? + claim(tx)?))?;
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
fn filings_are_counted_per_production_and_hour() {
    for database in TestDatabase::each() {
        let storage = database.open();
        let count = |hour| {
            storage
                .write_blocking(&KEY, move |tx| productions::count_filings(tx, PRODUCTION, UtcMillis::new(hour), 1))
                .unwrap()
        };
        assert_eq!((count(0), count(0), count(3_600_000), count(0)), (1, 2, 1, 3));
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
    for table in ["reports", "sealed", "events", "outbox", "ledger_pending"] {
        assert!(prepared(table) > 0, "{table}");
    }
}
