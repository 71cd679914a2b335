//! The databases that a benchmark runs on: a file, and a PostgreSQL server of its own.

#[path = "../../tests/scenarios/support/postgres.rs"]
#[expect(unreachable_pub, dead_code, reason = "stories use more of it")]
#[expect(clippy::unwrap_used, clippy::expect_used, reason = "a story fails by panicking")]
mod postgres;

use std::cell::Cell;

use clap::ValueEnum;

/// Which of them are wanted.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    Sqlite,
    Postgres,
    Both,
}

/// Where databases can be made; they go with it.
pub(crate) enum Place {
    /// A folder, and how many files were made in it.
    Folder(tempfile::TempDir, Cell<usize>),
    /// A server.
    Server(postgres::Server),
}

impl Which {
    /// Measures on each that is wanted, one after the other.
    ///
    /// # Errors
    /// The first that `measure` has.
    pub(crate) fn each(self, mut measure: impl FnMut(&Place) -> anyhow::Result<()>) -> anyhow::Result<()> {
        if self != Self::Postgres {
            println!("\nSQLite: a file, journal in WAL, synchronous=FULL");
            measure(&Place::Folder(tempfile::tempdir()?, Cell::new(0)))?;
        }
        if self != Self::Sqlite {
            println!("\nPostgreSQL: a server of its own, fsync and synchronous_commit on");
            measure(&Place::Server(postgres::Server::start_with("")))?;
        }
        Ok(())
    }
}

impl Place {
    /// The address of another database, empty.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Folder(folder, made) => {
                made.set(made.get() + 1);
                format!("sqlite:{}", folder.path().join(format!("{}.db", made.get())).display())
            }
            Self::Server(server) => server.url(&server.create_database()),
        }
    }
}
