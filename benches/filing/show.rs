//! A show with the shipped chain of twelve seats behind the real server, in this process.

use std::{net::SocketAddr, path::Path, sync::Arc, thread::JoinHandle};

use actix_web::dev::ServerHandle;
use lastlooks::{
    app::{
        App, Parts,
        ledger::LedgerKeys,
        people::{Administrator, NewDesk},
        productions::NewProduction,
    },
    auth::{
        stretch::{Cost, Permits, QUEUE},
        token::Tokens,
    },
    cli::assemble::runtime,
    clock::SystemClock,
    config::{Settings, Sources, read_file, secrets::Secret},
    domain::policy::Side,
    entropy::{Entropy, SystemEntropy},
    sealing::{
        server::{RootSecret, ServerKeys},
        unit::SealMode,
    },
    storage::{Conn, Storage, StorageError, Target, WriterSettings},
};

use crate::serving;

/// One desk with one person.
pub(crate) struct Seat {
    desk: &'static str,
    role: &'static str,
    /// Whose desk it is.
    pub(crate) side: Side,
    level: u8,
}

const fn seat(desk: &'static str, role: &'static str, side: Side, level: u8) -> Seat {
    Seat { desk, role, side, level }
}

/// The shipped chain.
///
/// Source: domain.md, "Levels".
pub(crate) const SEATS: [Seat; 12] = [
    seat("Safety contact", "safety_contact", Side::Production, 1),
    seat("Safety advisor", "safety_advisor", Side::Production, 1),
    seat("First assistant director", "1st_ad", Side::Production, 1),
    seat("Shop steward", "steward", Side::Union, 1),
    seat("Unit production manager", "upm", Side::Production, 2),
    seat("Line producer", "line_producer", Side::Production, 2),
    seat("Business representative", "business_rep", Side::Union, 2),
    seat("Producers", "producer", Side::Production, 3),
    seat("Studio safety", "studio_safety", Side::Production, 3),
    seat("Labor relations", "labor_relations", Side::Production, 3),
    seat("International representative", "international_rep", Side::Union, 3),
    seat("Union counsel", "counsel", Side::Union, 4),
];

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// The number that a query answers in a column named `number`.
fn number(conn: &mut Conn, sql: &str) -> Result<i32, StorageError> {
    let found = diesel::RunQueryDsl::get_result::<Number>(diesel::sql_query(sql), conn)?.number;
    Ok(i32::try_from(found).unwrap_or(i32::MAX))
}

/// What one password costs here: nobody signs in, so that the twelve need not wait.
const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

/// The running server and how to file with it.
pub(crate) struct Show {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The code on its poster.
    pub(crate) crew_code: String,
    /// The process of a database server of our own.
    pub(crate) server: Option<u32>,
    handle: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    storage: Storage,
    /// Transactions that made the show.
    batches_before: i32,
    app: App,
    /// For the ledger's last checkpoint.
    _folder: tempfile::TempDir,
}

impl Show {
    /// Makes the tables, seats twelve people and starts serving.
    ///
    /// # Errors
    /// If the database cannot be reached or anything is refused.
    pub(crate) fn open(url: &str, server: Option<u32>, writers: &WriterSettings) -> anyhow::Result<Self> {
        let storage = Storage::open(Target::parse(url)?, writers)?;
        storage.migrate()?;
        let folder = tempfile::tempdir()?;
        let app = app(storage.clone(), folder.path())?;
        let crew_code = runtime()?.block_on(seat_everybody(&app))?;
        let (address, handle, serving) = serving::serve(&app)?;
        let count = |conn: &mut Conn| number(conn, "SELECT count(*) AS number FROM batches");
        let batches_before = storage.read_blocking(count)?;
        Ok(Self { address, crew_code, server, handle, serving, storage, batches_before, app, _folder: folder })
    }

    /// What is behind the server.
    pub(crate) const fn app(&self) -> &App {
        &self.app
    }

    /// Filings that shared a transaction, on average; `None` if nothing was filed.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub(crate) fn filings_per_transaction(&self) -> anyhow::Result<Option<f64>> {
        let count = |table: &str| format!("SELECT count(*) AS number FROM {table}");
        let (reports, batches) = (count("reports"), count("batches"));
        let ask = move |conn: &mut Conn| Ok::<_, StorageError>((number(conn, &reports)?, number(conn, &batches)?));
        let (reports, batches) = self.storage.read_blocking(ask)?;
        let made = batches - self.batches_before;
        Ok((reports > 0 && made > 0).then(|| f64::from(reports) / f64::from(made)))
    }

    /// Stops serving.
    ///
    /// # Errors
    /// If the server failed meanwhile.
    pub(crate) fn stop(self) -> anyhow::Result<()> {
        runtime()?.block_on(self.handle.stop(false));
        Ok(self.serving.join().map_err(|_| anyhow::anyhow!("the server broke off"))??)
    }
}

fn app(storage: Storage, folder: &Path) -> anyhow::Result<App> {
    let environment = vec![("LASTLOOKS_DATA_DIR".to_owned(), folder.display().to_string())];
    let settings = Settings::read(Sources { file: None, environment, files: &read_file })?;
    let keys = ServerKeys::from(&RootSecret::new(chance().bytes()));
    Ok(App::new(Parts {
        permits: Permits::new(CHEAP, 1, QUEUE)?,
        tokens: Tokens::new(&keys.token, &settings.public_url),
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(SystemEntropy),
        storage,
        settings,
        keys,
        ledger: LedgerKeys::new(Secret::new(chance().bytes()), Secret::new(chance().bytes())),
        seal_mode: SealMode::Sealed,
    }))
}

/// Makes the production; returns its crew code.
async fn seat_everybody(app: &App) -> anyhow::Result<String> {
    let host = Administrator::Host;
    let new = NewProduction {
        name: "Western".to_owned(),
        slug: "western".to_owned(),
        time_zone: "America/Denver".to_owned(),
        policy: None,
    };
    let made = app.create_production(host, new).await?;
    for seat in &SEATS {
        let desk = NewDesk { name: seat.desk.to_owned(), side: seat.side, level: Some(seat.level) };
        let desk = app.add_desk(host, made.id, desk).await?.id;
        let email = format!("{}@western.example", seat.role);
        let (_, code) = app.invite_by_hand(desk, &email, &[seat.role.to_owned()]).await?;
        app.accept(&code.code, seat.desk, "a western rides at dawn").await?;
    }
    Ok(made.crew_code)
}

fn chance() -> &'static dyn Entropy {
    &SystemEntropy
}
