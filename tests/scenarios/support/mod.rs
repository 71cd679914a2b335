//! What stories stand on: databases of their own, and a mail server.

pub mod app;
pub mod client;
pub mod clock;
pub mod days;
pub mod encrypted_front;
pub mod page;
pub mod people;
pub mod postgres;
pub mod running;
pub mod smtp_server;
pub mod western;
pub mod witness;

use std::{fmt, sync::Arc};

use lastlooks::storage::{Storage, Target, WriterSettings};

/// A database that belongs to one test and goes with it.
pub struct TestDatabase {
    url: String,
    keeper: Keeper,
}

enum Keeper {
    Sqlite(tempfile::TempDir),
    Postgres(Arc<postgres::Server>, String),
}

impl fmt::Display for TestDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.keeper {
            Keeper::Sqlite(_) => "SQLite",
            Keeper::Postgres(..) => "PostgreSQL",
        })
    }
}

impl TestDatabase {
    /// An SQLite file with the tables of this version.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("lastlooks.db").display());
        let database = Self { url, keeper: Keeper::Sqlite(folder) };
        database.open().migrate().unwrap();
        database.announced()
    }

    /// A PostgreSQL database with the tables of this version, on the server of this run.
    pub fn postgres() -> Self {
        Self::on(postgres::shared())
    }

    /// A PostgreSQL database with the tables of this version, on this server.
    pub fn on(server: Arc<postgres::Server>) -> Self {
        let name = server.create_database();
        Self { url: server.url(&name), keeper: Keeper::Postgres(server, name) }.announced()
    }

    /// A PostgreSQL database on this server, reached by this address and these parameters.
    #[cfg(feature = "postgres-tls")]
    pub fn reached(server: Arc<postgres::Server>, address: &str, parameters: &str) -> Self {
        let name = server.create_database();
        Self {
            url: format!("postgres://postgres@{address}/{name}?{parameters}"),
            keeper: Keeper::Postgres(server, name),
        }
        .announced()
    }

    /// One of each.
    pub fn each() -> impl Iterator<Item = Self> {
        [Self::sqlite, Self::postgres].into_iter().map(|make| make())
    }

    /// Says in the output of the test on what it runs; `tests/stories.awk` reads it.
    fn announced(self) -> Self {
        println!("on {self}");
        self
    }

    /// As `LASTLOOKS_DATABASE_URL` has it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of an SQLite file.
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &self.keeper {
            Keeper::Sqlite(folder) => Some(folder.path()),
            Keeper::Postgres(..) => None,
        }
    }

    /// How often PostgreSQL found writes that waited for each other in a circle, but for those of the last moments. SQLite
    /// has one writer.
    pub fn deadlocks(&self) -> i64 {
        match &self.keeper {
            Keeper::Sqlite(_) => 0,
            Keeper::Postgres(server, name) => server.deadlocks(name),
        }
    }

    /// Opens it as the service does.
    pub fn open(&self) -> Storage {
        self.open_with(&WriterSettings::default())
    }

    /// Opens it with other settings.
    pub fn open_with(&self, settings: &WriterSettings) -> Storage {
        Storage::open(Target::parse(&self.url).unwrap(), settings).unwrap()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Keeper::Postgres(server, name) = &self.keeper {
            server.drop_database(name);
        }
    }
}
