//! A show with the shipped chain of twelve seats behind the real server, in this process.

use std::{
    net::{SocketAddr, TcpListener},
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use actix_web::dev::ServerHandle;
use anyhow::Context as _;
use lastlooks::{
    app::{
        App, Parts,
        people::{Administrator, NewDesk},
        productions::NewProduction,
    },
    auth::{
        stretch::{Cost, Permits, QUEUE},
        token::Tokens,
    },
    cli::assemble::runtime,
    clock::SystemClock,
    config::{Settings, Sources, read_file},
    domain::policy::Side,
    entropy::{Entropy, SystemEntropy},
    http::{body::Limits, health::Checks, routes, server},
    sealing::{
        server::{RootSecret, ServerKeys},
        unit::SealMode,
    },
    storage::{Storage, Target, WriterSettings},
};

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
    _app: App,
}

impl Show {
    /// Makes the tables, seats twelve people and starts serving.
    ///
    /// # Errors
    /// If the database cannot be reached or anything is refused.
    pub(crate) fn open(url: &str, server: Option<u32>, writers: &WriterSettings) -> anyhow::Result<Self> {
        let storage = Storage::open(Target::parse(url)?, writers)?;
        storage.migrate()?;
        let app = app(storage)?;
        let crew_code = runtime()?.block_on(seat_everybody(&app))?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (sender, started) = mpsc::channel();
        let shared = app.clone();
        let serving = thread::spawn(move || serve(listener, &shared, &sender));
        let handle = started.recv().context("the server did not start")?;
        Ok(Self { address, crew_code, server, handle, serving, _app: app })
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

fn serve(listener: TcpListener, app: &App, started: &mpsc::Sender<ServerHandle>) -> std::io::Result<()> {
    actix_web::rt::System::new().block_on(async {
        let parts = server::Parts {
            checks: Checks::default(),
            clock: Arc::new(SystemClock::new()),
            boot: chance().bytes(),
            limits: Limits::default(),
            metrics: None,
        };
        let server = server::start(listener, parts, routes::every(app))?;
        // Nobody waits for it only if the benchmark is over already.
        drop(started.send(server.handle()));
        server.await
    })
}

fn app(storage: Storage) -> anyhow::Result<App> {
    let settings = Settings::read(Sources { file: None, environment: Vec::new(), files: &read_file })?;
    let keys = ServerKeys::from(&RootSecret::new(chance().bytes()));
    Ok(App::new(Parts {
        permits: Permits::new(CHEAP, 1, QUEUE)?,
        tokens: Tokens::new(&keys.token, &settings.public_url),
        clock: Arc::new(SystemClock::new()),
        entropy: Arc::new(SystemEntropy),
        storage,
        settings,
        keys,
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
