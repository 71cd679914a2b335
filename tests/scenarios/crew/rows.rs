//! Every row of every table, as text: to see that nothing was stored, or what was.

use std::collections::BTreeMap;

use diesel::{QueryableByName, RunQueryDsl, sql_query, sql_types::Text};
use lastlooks::storage::{Storage, StorageError, Target, WriterSettings};

use crate::support::TestDatabase;

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

/// A look at all tables, beside the service.
pub struct Rows {
    storage: Storage,
    /// Each table with the expression that makes one text of a row.
    tables: Vec<(String, String)>,
}

/// Every row by its table, in no order that could change by itself.
pub type Dump = BTreeMap<String, Vec<String>>;

impl Rows {
    /// A look at this database.
    pub fn of(database: &TestDatabase) -> Self {
        Self::at(database.url())
    }

    /// A look at the database with this URL.
    pub fn at(url: &str) -> Self {
        let settings = WriterSettings { writers: 1, readers: 1, ..WriterSettings::default() };
        let storage = Storage::open(Target::parse(url).unwrap(), &settings).unwrap();
        let is_sqlite = url.starts_with("sqlite:");
        let names = lines(&storage, if is_sqlite { SQLITE_TABLES } else { POSTGRES_TABLES });
        let tables = names.into_iter().map(|name| {
            let row = if is_sqlite { quoted_columns(&storage, &name) } else { "t::text".to_owned() };
            (name, row)
        });
        let tables: Vec<_> = tables.collect();
        assert!(tables.len() > 20, "the tables are where this looks for them");
        Self { storage, tables }
    }

    /// Every row of every table but these.
    pub fn all_but(&self, left_out: &[&str]) -> Dump {
        let wanted = self.tables.iter().filter(|(name, _)| !left_out.contains(&name.as_str()));
        let dumped = wanted.map(|(name, row)| {
            let mut rows = lines(&self.storage, &format!("SELECT {row} AS line FROM {name} t"));
            rows.sort();
            (name.clone(), rows)
        });
        dumped.collect()
    }

    /// Every row but what the service writes by itself: when it last lived, that a batch was committed, and how many
    /// filings an hour had.
    pub fn said(&self) -> Dump {
        self.all_but(&["batches", "heartbeats", "engine_state", "budget"])
    }

    /// Nothing that somebody said was stored or taken away since.
    #[track_caller]
    pub fn are_as(&self, before: &Dump) {
        let now = self.said();
        for (table, rows) in before {
            assert_eq!(&now[table], rows, "{table} is not as it was");
        }
    }

    /// How many rows a table has.
    pub fn count(&self, table: &str) -> usize {
        self.all_but(&[])[table].len()
    }
}

const SQLITE_TABLES: &str =
    "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'";
const POSTGRES_TABLES: &str = "SELECT table_name::text AS line FROM information_schema.tables \
     WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'";

fn quoted_columns(storage: &Storage, table: &str) -> String {
    let columns = lines(storage, &format!("SELECT name AS line FROM pragma_table_info('{table}')"));
    columns.iter().map(|column| format!("quote(t.\"{column}\")")).collect::<Vec<_>>().join(" || ' | ' || ")
}

fn lines(storage: &Storage, sql: &str) -> Vec<String> {
    let sql = sql.to_owned();
    let read = storage.read_blocking(move |conn| Ok::<_, StorageError>(sql_query(&sql).load::<Line>(conn)?));
    read.unwrap().into_iter().map(|line| line.line).collect()
}
