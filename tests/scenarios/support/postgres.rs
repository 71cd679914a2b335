//! A real PostgreSQL: the newest one installed, in a temporary folder, gone with the test process however that ends.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, connection::SimpleConnection, sql_query};
use lastlooks::storage::{Storage, Target, WriterSettings};

const TEMPLATE: &str = "lastlooks_template";
/// In the name of the socket; nothing listens there.
const PORT: u16 = 5432;

/// The server of this test run, started by the first test that needs it.
pub fn shared() -> Arc<Server> {
    static SERVER: OnceLock<Arc<Server>> = OnceLock::new();
    Arc::clone(SERVER.get_or_init(|| {
        Arc::new(match std::env::var("LASTLOOKS_TEST_POSTGRES") {
            Ok(url) => Server::elsewhere(url),
            Err(_) => Server::start(),
        })
    }))
}

/// A running server.
pub struct Server {
    place: Place,
    databases: AtomicU32,
}

enum Place {
    /// Ours: programs, folder, and the process that ends it.
    Here { programs: PathBuf, folder: PathBuf, safety: &'static str, port: u16, _guard: Child },
    /// Somebody else's, by the URL of a database on which we may create others.
    Elsewhere(String),
}

impl Server {
    /// Starts one of our own that does not wait for the disk: stories lose power only where they say so.
    pub fn start() -> Self {
        Self::start_with("-F")
    }

    /// Starts one of our own with this option, or with "" one that waits for the disk as it must in production.
    pub fn start_with(safety: &'static str) -> Self {
        Self::start_on(safety, PORT)
    }

    /// As [`Server::start_with`]; with a port of its own it listens on the loopback too.
    pub fn start_on(safety: &'static str, port: u16) -> Self {
        let programs = programs();
        let made = as_owner("mktemp").args(["-d", "/tmp/lastlooks-pg-XXXXXX"]).output().unwrap();
        assert!(made.status.success(), "no folder for PostgreSQL: {}", String::from_utf8_lossy(&made.stderr));
        let folder = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim());
        // The guard waits for its standard input to end, which happens when this process does, by whatever cause.
        let script = r#"trap "" INT TERM HUP; cat >/dev/null
            "$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1; rm -rf "$2""#;
        let guard = as_owner("sh")
            .args(["-c", script, "sh"])
            .args([&programs, &folder])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            place: Place::Here { programs: programs.clone(), folder: folder.clone(), safety, port, _guard: guard },
            databases: AtomicU32::new(0),
        };
        let initdb = as_owner(programs.join("initdb"))
            .args(["-N", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D"])
            .arg(folder.join("data"))
            .current_dir("/")
            .output()
            .unwrap();
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));
        server.run();
        server.make_template();
        server
    }

    fn elsewhere(url: String) -> Self {
        Self { place: Place::Elsewhere(url), databases: AtomicU32::new(0) }
    }

    /// Where it keeps its data, if it is ours.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Here { folder, .. } => Some(folder),
            Place::Elsewhere(_) => None,
        }
    }

    /// Starts it again after [`Server::stop`]; waits until it answers.
    pub fn run(&self) {
        let Place::Here { port, .. } = &self.place else { panic!("this server is not ours") };
        let listen = if *port == PORT { "''" } else { "127.0.0.1" };
        let options = |folder: &Path, safety: &str| {
            format!("{safety} -k {} -p {port} -c listen_addresses={listen} -c max_connections=200", folder.display())
        };
        self.control(|command, folder, safety| {
            command.args(["-w", "-o", &options(folder, safety), "-l"]).arg(folder.join("log")).arg("start");
        });
    }

    /// Stops it at once, as a loss of power would.
    pub fn stop(&self) {
        self.control(|command, _, _| {
            command.args(["-w", "-m", "immediate", "stop"]);
        });
    }

    fn control(&self, arguments: impl Fn(&mut Command, &Path, &str)) {
        let Place::Here { programs, folder, safety, .. } = &self.place else { panic!("this server is not ours") };
        let mut command = as_owner(programs.join("pg_ctl"));
        command.arg("-D").arg(folder.join("data")).current_dir("/");
        arguments(&mut command, folder, safety);
        // The server would keep a pipe of ours open: so nothing is read from it.
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "pg_ctl: {}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
    }

    fn make_template(&self) {
        self.administer(&format!("CREATE DATABASE {TEMPLATE}"));
        migrate(&self.url(TEMPLATE));
    }

    /// URL of one of its databases.
    pub fn url(&self, name: &str) -> String {
        match &self.place {
            Place::Here { folder, port, .. } => {
                format!("postgres://postgres@/{name}?host={}&port={port}", folder.display())
            }
            Place::Elsewhere(url) => {
                let (base, query) =
                    url.split_once('?').map_or((url.as_str(), String::new()), |(b, q)| (b, format!("?{q}")));
                let (server, _) = base.rsplit_once('/').unwrap();
                format!("{server}/{name}{query}")
            }
        }
    }

    /// Makes a database with the tables of this version; returns its name.
    pub fn create_database(&self) -> String {
        let name = format!("lastlooks_{}_{}", std::process::id(), self.databases.fetch_add(1, Ordering::Relaxed));
        match &self.place {
            Place::Here { .. } => self.administer(&format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")),
            Place::Elsewhere(_) => {
                self.administer(&format!("CREATE DATABASE {name}"));
                migrate(&self.url(&name));
            }
        }
        name
    }

    /// Takes a database away, whoever is still connected.
    pub fn drop_database(&self, name: &str) {
        // A test may have stopped the server: then there is nothing to keep tidy.
        if let Ok(mut conn) = PgConnection::establish(&self.administration()) {
            drop(conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")));
        }
    }

    /// Ends every connection to a database, as a restart of the server would. Returns how many there were.
    pub fn cut_connections(&self, name: &str) -> usize {
        let mut conn = PgConnection::establish(&self.administration()).unwrap();
        sql_query(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
            .execute(&mut conn)
            .unwrap()
    }

    /// How many deadlocks it found in a database.
    pub fn deadlocks(&self, name: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            deadlocks: i64,
        }
        let mut conn = PgConnection::establish(&self.administration()).unwrap();
        let sql = format!("SELECT deadlocks FROM pg_stat_database WHERE datname = '{name}'");
        sql_query(sql).get_result::<Found>(&mut conn).unwrap().deadlocks
    }

    /// Has it offer TLS as `localhost`, with a certificate made for this run; answers the file that vouches for it.
    #[cfg(feature = "postgres-tls")]
    pub fn encrypts(&self) -> PathBuf {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
        let rcgen::CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let data = self.folder().expect("a server of our own").join("data");
        let owner = std::fs::metadata(&data).unwrap();
        for (name, pem) in [("server.crt", cert.pem()), ("server.key", signing_key.serialize_pem())] {
            let file = data.join(name);
            std::fs::write(&file, pem).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            chown(&file, Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        self.administer("ALTER SYSTEM SET ssl = on");
        self.administer("SELECT pg_reload_conf()");
        data.join("server.crt")
    }

    fn administer(&self, sql: &str) {
        PgConnection::establish(&self.administration()).unwrap().batch_execute(sql).unwrap();
    }

    fn administration(&self) -> String {
        match &self.place {
            Place::Here { .. } => self.url("postgres"),
            Place::Elsewhere(url) => url.clone(),
        }
    }
}

fn migrate(url: &str) {
    let settings = WriterSettings { writers: 1, readers: 1, ..WriterSettings::default() };
    Storage::open(Target::parse(url).unwrap(), &settings).unwrap().migrate().unwrap();
}

/// The programs of the newest PostgreSQL installed.
fn programs() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest =
        installed.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").exists()).max_by_key(|p| version(p));
    newest.expect("PostgreSQL is installed (Debian: apt-get install postgresql)").join("bin")
}

/// A command as the user that may run PostgreSQL: `postgres` when we are root, because initdb refuses root.
fn as_owner(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if rustix::process::getuid().is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}
