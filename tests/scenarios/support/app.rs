//! The whole service on a real database and a real socket, with time moved by hand.

use std::{fmt, net::TcpListener, path::Path, sync::Arc};

use lastlooks::{
    app::App,
    auth::stretch::Cost,
    cli::assemble::{Assembly, Tables},
    clock::{Clock as _, SystemClock},
    config::{Settings, Sources, read_file},
    domain::time::{Seconds, UtcMillis},
    entropy::{Entropy, SystemEntropy},
    http::{body::Limits, health::Checks, routes, server},
    sealing::unit::SealMode,
};

use super::{TestDatabase, client::Client, clock::ManualClock, people::Person, running::Running};

/// 16 October 2021, 08:00 in Denver.
pub const MORNING: UtcMillis = UtcMillis::new(1_634_392_800_000);

/// What a story may want to be otherwise.
pub struct Wanted {
    /// When it begins.
    pub begins: UtcMillis,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// What a password costs; stories want it cheap.
    pub cost: Cost,
    /// Further settings, as in the environment.
    pub settings: Vec<(&'static str, String)>,
    /// Sealed, but in the leak test.
    pub seal_mode: SealMode,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            begins: MORNING,
            entropy: Arc::new(SystemEntropy),
            cost: Cost { memory_kib: 64, passes: 1 },
            settings: Vec::new(),
            seal_mode: SealMode::Sealed,
        }
    }
}

/// The service, for one story.
pub struct TestApp {
    /// Time.
    pub clock: Arc<ManualClock>,
    app: App,
    client: Client,
    // In this order: the server lets go of the database before the database goes.
    server: Running,
    runtime: tokio::runtime::Runtime,
    database: TestDatabase,
    folder: tempfile::TempDir,
}

impl fmt::Debug for TestApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TestApp on {}", self.database)
    }
}

/// Runs a story on both databases; the output of the test says on which.
pub fn on_each(story: impl Fn(&TestApp)) {
    for database in TestDatabase::each() {
        story(&TestApp::on(database));
    }
}

impl TestApp {
    /// The service on this database.
    pub fn on(database: TestDatabase) -> Self {
        Self::with(database, Wanted::default())
    }

    /// The service on this database, as wanted.
    pub fn with(database: TestDatabase, wanted: Wanted) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let clock = Arc::new(ManualClock::at(wanted.begins));
        let assembly = Assembly {
            settings: settings(&database, folder.path(), &base_url, wanted.settings),
            clock: clock.clone(),
            entropy: wanted.entropy,
            cost: wanted.cost,
            tables: Tables::Migrate,
            seal_mode: wanted.seal_mode,
        };
        let app = assembly.open().unwrap();
        let server = serves(&app, listener);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { clock, client: Client::new(&base_url), app, server, runtime, database, folder }
    }

    /// Stops the service and starts it again on the same database, at another port. Sessions and secrets stay.
    #[must_use]
    pub fn restarted(self) -> Self {
        self.restarted_over(|| {})
    }

    /// As [`TestApp::restarted`], and something happens while it is down.
    #[must_use]
    pub fn restarted_over(self, meanwhile: impl FnOnce()) -> Self {
        let Self { clock, app, server, runtime, database, folder, .. } = self;
        let settings = app.settings().clone();
        drop(server);
        drop(app);
        meanwhile();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let assembly = Assembly {
            clock: clock.clone(),
            cost: Wanted::default().cost,
            ..Assembly::standard(settings, Tables::Expect)
        };
        let app = assembly.open().unwrap();
        let server = serves(&app, listener);
        Self { clock, client: Client::new(&base_url), app, server, runtime, database, folder }
    }

    /// Another process on the same database, with the same secrets and the same time.
    pub fn beside(&self) -> Beside {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = Client::new(&format!("http://{}", listener.local_addr().unwrap()));
        let assembly = Assembly {
            clock: self.clock.clone(),
            cost: Wanted::default().cost,
            ..Assembly::standard(self.app.settings().clone(), Tables::Expect)
        };
        let app = assembly.open().unwrap();
        Beside { client, _server: serves(&app, listener) }
    }

    /// The use cases themselves.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Waits for a use case.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Asks over HTTP.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// The folder of secrets and mail.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Now.
    pub fn now(&self) -> UtcMillis {
        self.clock.now()
    }

    /// Moves time on.
    pub fn advance(&self, by: Seconds) {
        self.clock.advance(by);
    }

    /// Somebody without an account who accepts an invitation with this code.
    pub fn joins(&self, code: &str, name: &str, email: &str) -> Person {
        Person::joins(self, code, name, email)
    }
}

/// Another process on the database of a story.
pub struct Beside {
    /// Asks it.
    pub client: Client,
    _server: Running,
}

fn settings(database: &TestDatabase, folder: &Path, base_url: &str, more: Vec<(&'static str, String)>) -> Settings {
    let ours = [
        ("LASTLOOKS_DATABASE_URL", database.url().to_owned()),
        ("LASTLOOKS_DATA_DIR", folder.display().to_string()),
        ("LASTLOOKS_PUBLIC_URL", base_url.to_owned()),
        ("LASTLOOKS_RUN_BY", "Local 600".to_owned()),
    ];
    let environment = ours.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect();
    Settings::read(Sources { file: None, environment, files: &read_file }).unwrap()
}

/// The service on this listener.
fn serves(app: &App, listener: TcpListener) -> Running {
    let app = app.clone();
    Running::start(move || {
        let parts = server::Parts {
            checks: Checks::default(),
            clock: Arc::new(SystemClock::new()),
            boot: [7; 16],
            limits: Limits::default(),
            metrics: None,
        };
        server::start(listener, parts, routes::every(&app)).unwrap()
    })
}
