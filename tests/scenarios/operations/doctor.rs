//! `lastlooks doctor`, by the program itself: what is well, what is not, and what to do about it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Output,
    thread,
};

use diesel::{Connection as _, PgConnection, SqliteConnection, connection::SimpleConnection as _};
use serde_json::Value;

use super::joins;
use crate::{crew::host::Host, support::TestDatabase};

/// What the doctor found, by check; each may stand there several times.
struct Found {
    checks: Vec<Value>,
    healthy: bool,
    status: Option<i32>,
}

impl Found {
    fn of(done: &Output) -> Self {
        let found: Value = serde_json::from_slice(&done.stdout)
            .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&done.stderr)));
        Self {
            checks: found["checks"].as_array().unwrap().clone(),
            healthy: found["healthy"].as_bool().unwrap(),
            status: done.status.code(),
        }
    }

    /// This check came to this state, and says and advises these words.
    #[track_caller]
    fn has(&self, check: &str, state: &str, words: &[&str]) {
        let fits = |found: &&Value| {
            let text = found.to_string();
            found["check"] == check && found["state"] == state && words.iter().all(|word| text.contains(word))
        };
        assert!(self.checks.iter().any(|found| fits(&found)), "{check} {state} {words:?}: {:#?}", self.checks);
    }

    #[track_caller]
    fn nothing_failed(&self) {
        assert!(self.healthy && self.status == Some(0), "{:#?}", self.checks);
    }

    #[track_caller]
    fn failed(&self) {
        assert!(!self.healthy && self.status == Some(1), "{:#?}", self.checks);
    }
}

fn asks(host: &Host, options: &[&str], settings: &[(&str, &str)]) -> Found {
    Found::of(&host.tries(&[&["doctor", "--json"], options].concat(), settings))
}

fn sql(database: &TestDatabase, sql: &str) {
    match database.folder() {
        Some(_) => {
            let file = database.url().strip_prefix("sqlite:").unwrap();
            SqliteConnection::establish(file).unwrap().batch_execute(sql).unwrap();
        }
        None => PgConnection::establish(database.url()).unwrap().batch_execute(sql).unwrap(),
    }
}

/// A proxy of the careless kind: passes everything on, and writes down what was asked.
struct CarelessProxy {
    address: String,
    log: PathBuf,
}

impl CarelessProxy {
    fn before(service: &str, log: PathBuf) -> Self {
        let service = service.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        fs::write(&log, "").unwrap();
        let written = log.clone();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                Self::passes_on(client, &service, &written);
            }
        });
        Self { address, log }
    }

    fn passes_on(mut client: TcpStream, service: &str, log: &Path) {
        let mut reader = BufReader::new(client.try_clone().unwrap());
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let from = head.len();
            if reader.read_line(&mut head).unwrap_or_default() == 0 {
                return;
            }
            let line = head[from..].to_lowercase();
            length = line.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().unwrap());
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let first = head.lines().next().unwrap().to_owned();
        let mut log = fs::OpenOptions::new().append(true).open(log).unwrap();
        writeln!(log, "203.0.113.9 - - \"{first}\" 404").unwrap();
        let mut server = TcpStream::connect(service).unwrap();
        server.write_all(head.replacen("\r\n", "\r\nConnection: close\r\n", 1).as_bytes()).unwrap();
        server.write_all(&body).unwrap();
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).unwrap();
        drop(client.write_all(&answer));
    }
}

#[test]
fn a_host_on_its_first_evening_is_told_what_to_do_next_until_nothing_fails() {
    for database in TestDatabase::each() {
        let mut host = Host::on(database);
        let found = asks(&host, &[], &[]);
        found.failed();
        found.has("secrets", "ok", &["for its owner alone"]);
        found.has("database", "ok", &["answers"]);
        found.has("migrations", "ok", &[]);
        found.has("seats", "warning", &["no production", "production create"]);
        found.has("engine", "warning", &["nobody has watched", "lastlooks serve"]);
        found.has("settings", "warning", &["folder", "LASTLOOKS_MAIL_URL"]);
        found.has("public url", "failed", &["without TLS", "https://"]);
        found.has("mail", "ok", &["folder can be written to"]);
        host.makes_western();
        asks(&host, &[], &[]).has("seats", "failed", &["western: nobody on the union side", "reports are refused"]);
        let client = host.serves();
        joins(&host, &client, "Steward", "steward@western.test", "steward");
        joins(&host, &client, "Safety", "safety@western.test", "1st_ad");
        let found = asks(&host, &[], &[("LASTLOOKS_PUBLIC_URL", client.base_url())]);
        found.nothing_failed();
        found.has("seats", "warning", &["one person on the production side", "fewer than three"]);
        found.has("engine", "ok", &["none is late"]);
        found.has("public url", "ok", &["leads to this service"]);
        found.has("clock", "ok", &["public address"]);
        found.has("proxy logs", "ok", &["lastlooks-doctor-", "journalctl"]);
        assert!(!host.logs().contains("lastlooks-doctor-"), "the service itself keeps still");
    }
}

#[test]
fn a_proxy_that_logs_requests_of_the_crew_is_found_out_by_the_mark() {
    let mut host = Host::on(TestDatabase::sqlite());
    let client = host.serves();
    let logs = host.folder().join("proxy-logs");
    fs::create_dir(&logs).unwrap();
    let proxy = CarelessProxy::before(client.base_url(), logs.join("access.log"));
    let found =
        asks(&host, &["--proxy-log", logs.to_str().unwrap()], &[("LASTLOOKS_PUBLIC_URL", proxy.address.as_str())]);
    found.failed();
    found.has("public url", "ok", &[]);
    let places = ["access.log", "/v1/crew/", "/v1/inbox/", "/v1/reports?", "/a/", "/v1/invitations/"];
    found.has("proxy logs", "failed", &places);
    assert!(fs::read_to_string(proxy.log).unwrap().contains("lastlooks-doctor-"));
}

#[test]
fn what_is_wrong_inside_is_named_with_its_remedy() {
    for database in TestDatabase::each() {
        let host = Host::on(database);
        sql(&host.database, "UPDATE engine_state SET held = TRUE, held_reason = 'the clock is odd'");
        asks(&host, &[], &[]).has("engine", "failed", &["the clock is odd", "lastlooks engine resume"]);
        sql(&host.database, "UPDATE engine_state SET held = FALSE");
        // One address, however many notices came back from it.
        sql(
            &host.database,
            "INSERT INTO addresses (email, learned_from, dead_since, reply) SELECT 'a@b.test', value, 0, '550' FROM fingerprints",
        );
        asks(&host, &[], &[]).has("notices", "warning", &["1 address that no mail reaches"]);
        sql(
            &host.database,
            "INSERT INTO heartbeats (instance, at) SELECT id, 4000000000000 FROM (SELECT value AS id FROM fingerprints LIMIT 1) f",
        );
        asks(&host, &[], &[]).has("clock", "failed", &["in the future", "timesyncd"]);
        sql(
            &host.database,
            "UPDATE fingerprints SET value = (SELECT value FROM fingerprints WHERE name = 'token') WHERE name = 'root'",
        );
        asks(&host, &[], &[]).has("secrets", "failed", &["root secret"]);
        sql(&host.database, "INSERT INTO __diesel_schema_migrations (version) VALUES ('9999')");
        asks(&host, &[], &[]).has("migrations", "failed", &["newer version", "9999"]);
        let told = host.refuses(&["engine", "resume"]);
        assert!(told.contains("newer version than this program"), "{told}");
    }
}

#[test]
fn what_cannot_be_reached_is_explained_and_no_password_is_repeated() {
    let host = Host::on(TestDatabase::sqlite());
    let secrets = host.folder().join("secrets.toml");
    fs::set_permissions(&secrets, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let found = asks(&host, &[], &[]);
    found.has("secrets", "failed", &["chmod 600"]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("postgres://looks:hunter2@{closed}/looks?sslmode=require");
    let mail = format!("smtp://looks:hunter2@{closed}?tls=required");
    let found = asks(&host, &[], &[("LASTLOOKS_DATABASE_URL", &url), ("LASTLOOKS_MAIL_URL", &mail)]);
    found.failed();
    let words = if cfg!(feature = "postgres-tls") { "can be reached" } else { "--features postgres-tls" };
    found.has("database", "failed", &[words]);
    found.has("mail", "failed", &["at the connection", "check host and port"]);
    assert!(found.checks.iter().all(|check| !check.to_string().contains("hunter2")), "{:#?}", found.checks);
    let found = asks(&host, &[], &[("LASTLOOKS_LISTEN", "nowhere")]);
    found.failed();
    found.has("settings", "failed", &["`listen`", "environment, LASTLOOKS_LISTEN"]);
    let found = asks(&host, &[], &[("LASTLOOKS_DATABASE_URL", "sqlite:nowhere/else.db")]);
    found.has("database", "failed", &["is not there", "lastlooks init", "lastlooks restore"]);
    assert!(!host.folder().join("nowhere").exists(), "nothing was made");
}

#[test]
fn a_mail_server_whose_certificate_nobody_vouches_for_is_explained() {
    let host = Host::on(TestDatabase::sqlite());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let front = runtime.block_on(crate::support::encrypted_front::EncryptedFront::before(nobody)).unwrap();
    let url = format!("smtps://localhost:{}", front.port());
    let found = asks(&host, &[], &[("LASTLOOKS_MAIL_URL", &url)]);
    found.has("mail", "failed", &["certificate", "?ca=FILE"]);
}

#[test]
fn the_health_check_of_a_container_asks_the_service_and_nothing_else() {
    let mut host = Host::on(TestDatabase::sqlite());
    let client = host.serves();
    let listen = client.base_url().trim_start_matches("http://").to_owned();
    let asked = |host: &Host| host.tries(&["doctor", "--live"], &[("LASTLOOKS_LISTEN", &listen)]).status.code();
    assert_eq!(asked(&host), Some(0));
    assert!(host.stops().success());
    assert_eq!(asked(&host), Some(1));
}
