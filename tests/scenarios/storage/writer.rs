//! Group commit: what shares a transaction, what is rolled back alone, and what survives a lost connection.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use diesel::Connection;
use lastlooks::storage::{Storage, StorageError, Target, WriterSettings};

use super::{
    KEY, OTHER_KEY, execute, number,
    proxy::{Lose, Proxy},
    read_number, with_scratch, write_sql,
};
use crate::support::{TestDatabase, postgres};

const COUNT: &str = "SELECT count(*) AS number FROM scratch";
const BATCHES: &str = "SELECT count(*) AS number FROM batches";

/// What a caller may be refused with besides trouble at the database.
#[derive(Debug, PartialEq)]
enum Refusal {
    Storage(StorageError),
    NotAllowed,
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// Keeps the writer busy until the returned sender is dropped, so that what follows shares one batch.
pub(super) fn hold(storage: &Storage) -> mpsc::Sender<()> {
    let (release, released) = mpsc::channel::<()>();
    let (started, has_started) = mpsc::channel();
    let released = Mutex::new(released);
    let storage = storage.clone();
    thread::spawn(move || {
        storage.write_blocking(&KEY, move |_| {
            started.send(()).unwrap();
            assert!(released.lock().unwrap().recv().is_err(), "released by dropping");
            Ok::<_, StorageError>(())
        })
    });
    has_started.recv().unwrap();
    release
}

/// Runs writes that all wait at once, and gives their results in order.
fn together<T: Send + 'static, E: From<StorageError> + Send + std::fmt::Debug + 'static>(
    storage: &Storage,
    count: i32,
    work: impl Fn(&mut lastlooks::storage::Tx, i32) -> Result<T, E> + Send + Sync + 'static,
) -> Vec<Result<T, E>> {
    let work = Arc::new(work);
    let release = hold(storage);
    let waiting: Vec<_> = (0..count)
        .map(|n| {
            let (storage, work) = (storage.clone(), Arc::clone(&work));
            thread::spawn(move || storage.write_blocking(&KEY, move |tx| work(tx, n)))
        })
        .collect();
    thread::sleep(Duration::from_millis(200));
    drop(release);
    waiting.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn insert(tx: &mut lastlooks::storage::Tx, n: i32) -> Result<(), StorageError> {
    execute(tx, &format!("INSERT INTO scratch (n) VALUES ({n})"))
}

#[test]
fn writes_that_wait_share_one_transaction_and_a_refused_one_is_rolled_back_alone() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_scratch(&storage);
        let before = read_number(&storage, BATCHES);
        let results = together(&storage, 20, |tx, n| {
            insert(tx, n)?;
            if n == 7 { Err(Refusal::NotAllowed) } else { Ok(n) }
        });
        for (n, result) in (0..).zip(results) {
            assert_eq!(result, if n == 7 { Err(Refusal::NotAllowed) } else { Ok(n) });
        }
        assert_eq!(read_number(&storage, COUNT), 19);
        assert_eq!(read_number(&storage, "SELECT count(*) AS number FROM scratch WHERE n = 7"), 0);
        assert_eq!(read_number(&storage, BATCHES) - before, 2, "the one that held them up, and all the others");
    }
}

#[test]
fn a_batch_of_one_gives_every_write_a_transaction() {
    for database in TestDatabase::each() {
        let storage = database.open_with(&WriterSettings { max_batch: 1, ..WriterSettings::default() });
        with_scratch(&storage);
        let before = read_number(&storage, BATCHES);
        assert!(together(&storage, 5, insert).iter().all(Result::is_ok));
        assert_eq!(read_number(&storage, BATCHES) - before, 6);
    }
}

#[test]
fn a_panic_in_a_write_harms_neither_the_writer_nor_its_batch() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_scratch(&storage);
        let results = together(&storage, 8, |tx, n| {
            insert(tx, n)?;
            tx.transaction::<_, diesel::result::Error, _>(|_| if n == 3 { panic!("a bug") } else { Ok(()) })?;
            Ok::<_, StorageError>(())
        });
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 7);
        assert!(matches!(&results[3], Err(StorageError::Other(_))));
        assert_eq!(read_number(&storage, COUNT), 7);
        write_sql(&storage, "INSERT INTO scratch (n) VALUES (100)").unwrap();
    }
}

#[test]
fn a_write_that_swallows_a_failed_statement_is_never_said_to_be_done_when_it_is_not() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_scratch(&storage);
        write_sql(&storage, "INSERT INTO scratch (n) VALUES (1)").unwrap();
        let swallow = |tx: &mut lastlooks::storage::Tx, n: i32| {
            insert(tx, n)?;
            drop(insert(tx, 1));
            Ok::<_, StorageError>(())
        };
        let alone = storage.write_blocking(&KEY, move |tx| swallow(tx, 50));
        let shared = together(&storage, 4, move |tx, n| swallow(tx, 60 + n));
        let said = i64::try_from(shared.iter().chain([&alone]).filter(|result| result.is_ok()).count()).unwrap();
        assert_eq!(read_number(&storage, COUNT), 1 + said);
    }
}

#[test]
fn the_same_thing_twice_is_a_duplicate_on_both_databases() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_scratch(&storage);
        write_sql(&storage, "INSERT INTO scratch (n) VALUES (1)").unwrap();
        let again = write_sql(&storage, "INSERT INTO scratch (n) VALUES (1)");
        assert!(matches!(&again, Err(StorageError::Duplicate(what)) if what.contains("scratch")), "{again:?}");
    }
}

#[test]
fn writes_of_one_key_run_in_the_order_of_their_calls() {
    for database in TestDatabase::each() {
        let storage = database.open();
        write_sql(&storage, "CREATE TABLE said (n INTEGER NOT NULL, place INTEGER NOT NULL)").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let tasks: Vec<_> = (0..200_u8)
                .map(|n| {
                    let storage = storage.clone();
                    let sql = format!("INSERT INTO said SELECT {n}, (SELECT count(*) FROM said)");
                    tokio::spawn(async move { storage.write(&[n / 64; 16], move |tx| execute(tx, &sql)).await })
                })
                .collect();
            for task in tasks {
                task.await.unwrap().unwrap();
            }
        });
        let swapped = "SELECT count(*) AS number FROM said a JOIN said b ON a.n / 64 = b.n / 64 \
                       WHERE a.n < b.n AND a.place > b.place";
        assert_eq!(read_number(&storage, swapped), 0);
        assert_eq!(read_number(&storage, "SELECT count(*) AS number FROM said"), 200);
    }
}

#[test]
fn nothing_can_be_written_through_a_read() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_scratch(&storage);
        assert!(storage.read_blocking(|conn| insert(conn, 1)).is_err());
        assert_eq!(read_number(&storage, COUNT), 0);
    }
}

#[test]
fn a_read_sees_one_moment_however_much_is_written_meanwhile() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_scratch(&storage);
        let other = storage.clone();
        let (before, after) = storage
            .read_blocking(move |conn| {
                let before = number(conn, COUNT)?;
                write_sql(&other, "INSERT INTO scratch (n) VALUES (1)")?;
                Ok::<_, StorageError>((before, number(conn, COUNT)?))
            })
            .unwrap();
        assert_eq!((before, after), (0, 0));
        assert_eq!(read_number(&storage, COUNT), 1);
    }
}

#[test]
fn a_full_queue_and_a_long_wait_are_refused_and_did_not_happen() {
    for database in TestDatabase::each() {
        let patience = Duration::from_millis(300);
        let storage = database.open_with(&WriterSettings { queue: 1, patience, ..WriterSettings::default() });
        with_scratch(&storage);
        let release = hold(&storage);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (late, full) = runtime.block_on(async {
            let late = storage.write(&KEY, |tx| insert(tx, 1));
            let full = async {
                tokio::task::yield_now().await;
                storage.write(&KEY, |tx| insert(tx, 2)).await
            };
            tokio::join!(late, full)
        });
        assert!(matches!(late, Err(StorageError::Unavailable(_))), "{late:?}");
        assert!(matches!(full, Err(StorageError::Unavailable(_))), "{full:?}");
        drop(release);
        // The write that gave up leaves its place in the queue as soon as the writer comes to it.
        while write_sql(&storage, "INSERT INTO scratch (n) VALUES (3)").is_err() {
            thread::yield_now();
        }
        assert_eq!(read_number(&storage, COUNT), 1);
    }
}

#[test]
fn two_writers_that_lock_each_other_out_both_succeed() {
    let database = TestDatabase::postgres();
    let storage = database.open();
    write_sql(&storage, "CREATE TABLE pair (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)").unwrap();
    write_sql(&storage, "INSERT INTO pair VALUES (1, 0), (2, 0)").unwrap();
    let cross = |key: [u8; 16], first: i32, second: i32| {
        let storage = storage.clone();
        thread::spawn(move || {
            storage.write_blocking(&key, move |tx| {
                execute(tx, &format!("UPDATE pair SET n = n + 1 WHERE id = {first}"))?;
                thread::sleep(Duration::from_millis(300));
                execute(tx, &format!("UPDATE pair SET n = n + 1 WHERE id = {second}"))
            })
        })
    };
    let (one, other) = (cross(KEY, 1, 2), cross(OTHER_KEY, 2, 1));
    one.join().unwrap().unwrap();
    other.join().unwrap().unwrap();
    assert_eq!(read_number(&storage, "SELECT CAST(sum(n) AS BIGINT) AS number FROM pair"), 4);
}

/// Adds rows through a proxy that loses something, and checks that each is there exactly once.
fn through_a_proxy(lose: Lose) {
    let server = postgres::shared();
    let Some(folder) = server.folder() else { return println!("skipped: needs a server of our own") };
    let name = server.create_database();
    let proxy = Proxy::to(folder, lose, 3);
    let direct = Storage::open(Target::parse(&server.url(&name)).unwrap(), &WriterSettings::default()).unwrap();
    write_sql(&direct, "CREATE TABLE scratch (n SERIAL PRIMARY KEY, what INTEGER NOT NULL)").unwrap();
    let url = format!("postgres://postgres@/{name}?host={}", proxy.host().display());
    let storage = Storage::open(Target::parse(&url).unwrap(), &WriterSettings::default()).unwrap();
    for round in 0..5 {
        let results = together(&storage, 6, move |tx, n| {
            execute(tx, &format!("INSERT INTO scratch (what) VALUES ({})", round * 10 + n))
        });
        assert!(results.iter().all(Result::is_ok), "{results:?}");
    }
    assert_eq!(proxy.left(), 0, "every loss took place");
    assert_eq!(read_number(&direct, COUNT), 30);
    assert_eq!(read_number(&direct, "SELECT count(DISTINCT what) AS number FROM scratch"), 30);
    drop((storage, direct));
    server.drop_database(&name);
}

#[test]
fn a_commit_whose_answer_is_lost_took_place_once() {
    through_a_proxy(Lose::Answer);
}

#[test]
fn a_commit_that_never_arrived_is_made_again() {
    through_a_proxy(Lose::Commit);
}

#[test]
fn connections_that_are_cut_mend_without_anybody_noticing() {
    let database = TestDatabase::postgres();
    let storage = database.open();
    with_scratch(&storage);
    assert_eq!(read_number(&storage, COUNT), 0);
    let name = database.url().split('/').nth(3).unwrap().split('?').next().unwrap();
    for round in 0..3 {
        assert!(postgres::shared().cut_connections(name) > 0);
        storage.write_blocking(&KEY, move |tx| insert(tx, round)).unwrap();
        assert_eq!(read_number(&storage, COUNT), i64::from(round) + 1);
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn a_server_that_goes_away_is_unavailable_and_comes_back_by_itself() {
    let server = Arc::new(postgres::Server::start());
    let database = TestDatabase::on(Arc::clone(&server));
    let patience = Duration::from_millis(500);
    let storage = database.open_with(&WriterSettings { patience, ..WriterSettings::default() });
    with_scratch(&storage);
    server.stop();
    let asked = Instant::now();
    assert!(matches!(write_sql(&storage, "INSERT INTO scratch (n) VALUES (1)"), Err(StorageError::Unavailable(_))));
    assert!(asked.elapsed() < Duration::from_secs(5));
    let read = storage.read_blocking(|conn| number(conn, COUNT));
    assert!(matches!(read, Err(StorageError::Unavailable(_))), "{read:?}");
    server.run();
    write_sql(&storage, "INSERT INTO scratch (n) VALUES (2)").unwrap();
    assert_eq!(read_number(&storage, COUNT), 1);
}

#[test]
fn it_works_without_prepared_statements_too() {
    let database = TestDatabase::postgres();
    let url = format!("{}&prepared_statements=off", database.url());
    let storage = Storage::open(Target::parse(&url).unwrap(), &WriterSettings::default()).unwrap();
    with_scratch(&storage);
    assert!(together(&storage, 5, insert).iter().all(Result::is_ok));
    assert_eq!(read_number(&storage, "SELECT count(*) AS number FROM pg_prepared_statements"), 0);
}

#[test]
fn the_command_line_may_write_to_the_file_of_a_running_service() {
    let database = TestDatabase::sqlite();
    let (service, command) = (database.open(), database.open());
    with_scratch(&service);
    let release = hold(&service);
    let waits = thread::spawn(move || write_sql(&command, "INSERT INTO scratch (n) VALUES (1)"));
    thread::sleep(Duration::from_millis(300));
    drop(release);
    waits.join().unwrap().unwrap();
    assert_eq!(read_number(&service, COUNT), 1);
}

#[test]
fn the_last_one_to_let_go_waits_until_everything_accepted_is_on_disk() {
    for database in TestDatabase::each() {
        let storage = database.open();
        with_scratch(&storage);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let slow = storage.write(&KEY, |tx| {
                thread::sleep(Duration::from_millis(200));
                insert(tx, 1)
            });
            // The caller goes away once the write is handed over.
            drop(tokio::time::timeout(Duration::from_millis(20), slow).await);
        });
        drop(storage);
        assert_eq!(read_number(&database.open(), COUNT), 1);
    }
}
