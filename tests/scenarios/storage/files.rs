//! What lies in the files of a database, and who may read them.

use std::time::Duration;

use lastlooks::{domain::time::UtcMillis, storage::StorageError};

use super::{number, write_sql};
use crate::support::TestDatabase;

#[test]
fn what_was_deleted_is_gone_from_the_files_after_upkeep() {
    const MARK: &[u8] = b"a mark that must not stay behind";
    let database = TestDatabase::sqlite();
    let storage = database.open();
    write_sql(&storage, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").unwrap();
    write_sql(&storage, "INSERT INTO notes VALUES (1, 'a mark that must not stay behind')").unwrap();
    let found = || {
        let files = std::fs::read_dir(database.folder().unwrap()).unwrap().flatten();
        files.filter(|file| std::fs::read(file.path()).unwrap().windows(MARK.len()).any(|part| part == MARK)).count()
    };
    assert!(found() > 0, "the search finds what is there");
    write_sql(&storage, "DELETE FROM notes").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(storage.upkeep(UtcMillis::new(0))).unwrap();
    assert_eq!(found(), 0);
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let database = TestDatabase::sqlite();
    let storage = database.open();
    for file in std::fs::read_dir(database.folder().unwrap()).unwrap().flatten() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", file.path());
    }
    let settings = storage
        .read_blocking(|conn| {
            let pragma = |conn: &mut _, name| number(conn, &format!("SELECT {name} AS number FROM pragma_{name}"));
            Ok::<_, StorageError>((
                pragma(conn, "auto_vacuum")?,
                pragma(conn, "secure_delete")?,
                pragma(conn, "synchronous")?,
            ))
        })
        .unwrap();
    assert_eq!(settings, (1, 1, 2));
}

#[test]
fn the_log_is_written_back_beside_the_writer() {
    const MARK: &[u8] = b"a mark that has to come into the file";
    let database = TestDatabase::sqlite();
    let storage = database.open();
    write_sql(&storage, "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)").unwrap();
    write_sql(&storage, "INSERT INTO notes VALUES (0, 'a mark that has to come into the file')").unwrap();
    let names = || std::fs::read_dir(database.folder().unwrap()).unwrap().flatten();
    let file = names().find(|file| file.path().extension().is_some_and(|end| end == "db")).unwrap().path();
    let is_there = || std::fs::read(&file).unwrap().windows(MARK.len()).any(|part| part == MARK);
    assert!(!is_there(), "so far it is in the log");
    for _ in 0..250 {
        write_sql(&storage, "INSERT INTO notes (text) VALUES ('another')").unwrap();
    }
    let came = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        is_there()
    });
    assert!(came);
}
