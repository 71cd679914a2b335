//! The writer, the readers and the tables, on both databases.

mod files;
mod filings;
mod people;
mod proxy;
mod reports;
mod sample;
mod tables;
mod writer;

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query, sql_types::BigInt};
use lastlooks::storage::{Conn, Storage, StorageError, Tx};

/// A key that goes to the first writer.
pub const KEY: [u8; 16] = [0; 16];
/// A key that goes to the second, where there is one.
pub const OTHER_KEY: [u8; 16] = [1; 16];

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// The number that a query answers in a column named `number`.
pub fn number(conn: &mut Conn, sql: &str) -> Result<i64, StorageError> {
    Ok(sql_query(sql).get_result::<Number>(conn)?.number)
}

/// Runs statements.
pub fn execute(tx: &mut Tx, sql: &str) -> Result<(), StorageError> {
    Ok(tx.batch_execute(sql)?)
}

/// Runs statements in a write of their own.
pub fn write_sql(storage: &Storage, sql: &'static str) -> Result<(), StorageError> {
    storage.write_blocking(&KEY, move |tx| execute(tx, sql))
}

/// Asks for a number in a read of its own.
pub fn read_number(storage: &Storage, sql: &'static str) -> i64 {
    storage.read_blocking(move |conn| number(conn, sql)).unwrap()
}

/// A table to count in.
pub fn with_scratch(storage: &Storage) {
    write_sql(storage, "CREATE TABLE scratch (n INTEGER NOT NULL PRIMARY KEY)").unwrap();
}
