//! A show with the shipped chain behind the real server, in this process.

use std::{net::SocketAddr, path::Path, time::Duration};

use lastlooks::{
    app::{
        App,
        people::{Administrator, NewDesk},
        productions::NewProduction,
    },
    auth::stretch::Cost,
    cli::assemble::{Assembly, Tables, runtime},
    config::{Settings, Sources, read_file},
    domain::{ids::ProductionId, policy::Side},
    entropy::{Entropy, SystemEntropy},
    storage::{Storage, Target, WriterSettings},
};

use crate::serving;

/// Everybody's.
pub(crate) const PASSWORD: &str = "a western rides at dawn";

const SEATS: [(&str, Side, u8); 12] = [
    ("safety_contact", Side::Production, 1),
    ("safety_advisor", Side::Production, 1),
    ("1st_ad", Side::Production, 1),
    ("steward", Side::Union, 1),
    ("upm", Side::Production, 2),
    ("line_producer", Side::Production, 2),
    ("business_rep", Side::Union, 2),
    ("producer", Side::Production, 3),
    ("studio_safety", Side::Production, 3),
    ("labor_relations", Side::Production, 3),
    ("international_rep", Side::Union, 3),
    ("counsel", Side::Union, 4),
];

/// What one password costs here.
const CHEAP: Cost = Cost { memory_kib: 64, passes: 1 };

/// The running server and what is behind it.
pub(crate) struct Show {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The code on its poster.
    pub(crate) crew_code: String,
    /// The production.
    pub(crate) production: ProductionId,
    /// The use cases.
    pub(crate) app: App,
    /// The database.
    pub(crate) storage: Storage,
    _folder: tempfile::TempDir,
}

impl Show {
    /// Makes the tables, seats twelve people and starts serving until the process ends.
    ///
    /// # Errors
    /// If the database cannot be reached or anything is refused.
    pub(crate) fn open(url: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let app = app(url, folder.path())?;
        // A crowd is written by one transaction.
        let patient = WriterSettings { patience: Duration::from_mins(30), ..WriterSettings::default() };
        let storage = Storage::open(Target::parse(url)?, &patient)?;
        let (production, crew_code) = runtime()?.block_on(seat_everybody(&app))?;
        let (address, ..) = serving::serve(&app)?;
        Ok(Self { address, crew_code, production, app, storage, _folder: folder })
    }
}

fn app(url: &str, folder: &Path) -> anyhow::Result<App> {
    let (url, folder) = (url.to_owned(), folder.display().to_string());
    let environment = vec![("LASTLOOKS_DATABASE_URL".to_owned(), url), ("LASTLOOKS_DATA_DIR".to_owned(), folder)];
    let settings = Settings::read(Sources { file: None, environment, files: &read_file })?;
    Assembly { cost: CHEAP, ..Assembly::standard(settings, Tables::Migrate) }.open()
}

async fn seat_everybody(app: &App) -> anyhow::Result<(ProductionId, String)> {
    let host = Administrator::Host;
    let (name, slug) = ("Western".to_owned(), "western".to_owned());
    let new = NewProduction { name, slug, time_zone: "America/Denver".to_owned(), policy: None };
    let made = app.create_production(host, new).await?;
    for (role, side, level) in SEATS {
        let desk = NewDesk { name: role.to_owned(), side, level: Some(level) };
        let desk = app.add_desk(host, made.id, desk).await?.id;
        let (_, code) = app.invite_by_hand(desk, &format!("{role}@western.example"), &[role.to_owned()]).await?;
        app.accept(&code.code, role, PASSWORD).await?;
    }
    Ok((made.id, made.crew_code))
}

pub(crate) fn chance() -> &'static dyn Entropy {
    &SystemEntropy
}
