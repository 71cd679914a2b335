//! The database: whether it can be reached, whether its tables are of this version, and whose secrets it was made with.

use secrecy::ExposeSecret as _;

use super::finding::Finding;
use crate::{
    config::{
        Settings,
        secrets::{Fingerprint, Secrets},
    },
    storage::{Storage, StorageError, Target, WriterSettings, engine},
};

/// Opens the database for what comes next; `None` if there is nothing more to look at.
pub(super) fn open(settings: &Settings, findings: &mut Vec<Finding>) -> Option<Storage> {
    let url = settings.database_url.expose_secret();
    match reach(url) {
        Ok(storage) => {
            findings.push(Finding::ok("database", format!("{} answers", name(storage.target()))));
            if let Some(warning) = in_the_clear(url) {
                findings.push(warning);
            }
            tables(&storage, findings).then(|| {
                findings.extend(fingerprints(&storage, settings));
                storage
            })
        }
        Err(finding) => {
            findings.push(finding);
            None
        }
    }
}

fn name(target: &Target) -> String {
    match target {
        Target::Sqlite(file) => format!("the SQLite file {}", file.display()),
        Target::Postgres { .. } => "the PostgreSQL server".to_owned(),
    }
}

fn reach(url: &str) -> Result<Storage, Finding> {
    let target = Target::parse(url).map_err(|error| failed(url, &error))?;
    match &target {
        // Opening would make it.
        Target::Sqlite(file) if !file.exists() => Err(Finding::failed(
            "database",
            format!("{} is not there", file.display()),
            "on a new host run: lastlooks init --operator EMAIL\nelse run: lastlooks restore COPY",
        )),
        Target::Sqlite(_) | Target::Postgres { .. } => {
            let settings = WriterSettings { writers: 1, readers: 1, ..WriterSettings::default() };
            Storage::open(target, &settings).map_err(|error| failed(url, &error))
        }
    }
}

fn failed(url: &str, error: &StorageError) -> Finding {
    // The driver repeats what it was given where that cannot be read; it may hold a password.
    let says = match password(url) {
        Some(password) => error.to_string().replace(password, "(password)"),
        None => error.to_string(),
    };
    let to_do = advice(&says, cfg!(feature = "postgres-tls"));
    Finding::failed("database", says, to_do)
}

fn password(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (user, _) = rest.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// What to do about a server that cannot be reached, by what the driver says.
fn advice(says: &str, has_tls: bool) -> &'static str {
    let said = says.to_lowercase();
    let speaks = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if !has_tls && speaks(&["ssl", "tls"]) {
        return "this program was built without TLS for PostgreSQL, and the server or the address asks for it:\n\
                use the container image, or build with: cargo build --release --features postgres-tls\n\
                (sslmode=disable only where nobody else is on the network between)";
    }
    if speaks(&["certificate verify failed", "self-signed", "self signed"]) {
        return "the server's certificate is from an authority that is not trusted here:\n\
                put its authority's certificate in a file and add sslrootcert=FILE to LASTLOOKS_DATABASE_URL";
    }
    if speaks(&["root certificate file"]) {
        return "sslmode=verify-ca and verify-full need sslrootcert=FILE (or sslrootcert=system) in LASTLOOKS_DATABASE_URL";
    }
    if speaks(&["does not match host name"]) {
        return "the server's certificate names another host: use that name in LASTLOOKS_DATABASE_URL";
    }
    if speaks(&["does not support ssl"]) {
        return "switch TLS on at the server (ssl = on), or write sslmode=disable where nobody else is on the network between";
    }
    if speaks(&["authentication failed", "no password supplied", "role \""]) {
        return "check user and password in LASTLOOKS_DATABASE_URL (%40 stands for @, %2F for /)";
    }
    if speaks(&["database \"", "does not exist"]) {
        return "make the database: createdb NAME";
    }
    "check LASTLOOKS_DATABASE_URL, and that the database runs and can be reached from this machine"
}

/// A server on another machine that may be talked to without encryption.
fn in_the_clear(url: &str) -> Option<Finding> {
    let (_, rest) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres"))?;
    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let host = address.rsplit('@').next()?.split(['/', ':']).next()?;
    let strict = ["require", "verify-ca", "verify-full"].iter().any(|mode| query.contains(&format!("sslmode={mode}")));
    let here = host.is_empty() || ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    (!here && !strict).then(|| {
        Finding::warning(
            "database",
            "the way to the PostgreSQL server may be without encryption",
            "add sslmode=verify-full and sslrootcert=FILE to LASTLOOKS_DATABASE_URL, unless that network is yours alone",
        )
    })
}

/// The tables are of this version.
fn tables(storage: &Storage, findings: &mut Vec<Finding>) -> bool {
    let finding = match (storage.pending(), storage.unknown_migrations()) {
        (Ok(pending), Ok(unknown)) if pending.is_empty() && unknown.is_empty() => {
            findings.push(Finding::ok("migrations", "the tables are of this version"));
            return true;
        }
        (Ok(_), Ok(unknown)) if !unknown.is_empty() => Finding::failed(
            "migrations",
            format!("the tables are of a newer version: this program does not know {}", unknown.join(", ")),
            "use the program that made them, or a newer one",
        ),
        (Ok(pending), Ok(_)) => Finding::failed(
            "migrations",
            format!("the tables lack {}", pending.join(", ")),
            "on a new host run: lastlooks init --operator EMAIL\nelse, with the service stopped: lastlooks migrate",
        ),
        (Err(error), _) | (_, Err(error)) => Finding::failed(
            "migrations",
            error.to_string(),
            "the database answers, but its tables cannot be looked at: check the rights of its user",
        ),
    };
    findings.push(finding);
    false
}

/// The database was made with the secrets that are here.
fn fingerprints(storage: &Storage, settings: &Settings) -> Option<Finding> {
    let secrets = Secrets::open(&settings.secrets_file).ok()?;
    let file = settings.secrets_file.display();
    let found = differing(storage, &secrets.fingerprints());
    Some(match found {
        Ok(None) => Finding::ok("secrets", format!("the database was made with those in {file}")),
        Ok(Some(name)) => Finding::failed(
            "secrets",
            format!("the {name} secret in {file} is not the one with which the database was made"),
            "put back the secrets that belong to this database: with others the service refuses to start",
        ),
        Err(error) => Finding::failed("secrets", error.to_string(), "the database could not be read; run this again"),
    })
}

fn differing(storage: &Storage, here: &[(&'static str, Fingerprint); 4]) -> Result<Option<&'static str>, StorageError> {
    for &(name, ref print) in here {
        let kept = storage.read_blocking(move |conn| engine::fingerprint(conn, name))?;
        if kept.is_some_and(|kept| kept != print.0) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_about_tls_depends_on_how_the_program_was_built() {
        let says = "sslmode value \"require\" invalid when SSL support is not compiled in";
        assert!(advice(says, false).contains("--features postgres-tls"));
        assert!(advice("SSL error: certificate verify failed", true).contains("sslrootcert"));
        assert!(advice("server does not support SSL, but SSL was required", true).contains("ssl = on"));
        assert!(advice("FATAL: password authentication failed for user \"looks\"", true).contains("user and password"));
    }

    #[test]
    fn a_password_is_found_to_be_left_out() {
        assert_eq!(password("postgres://looks:hunter2@db/looks"), Some("hunter2"));
        assert_eq!(password("postgres://looks@db/looks"), None);
        assert_eq!(password("sqlite:data/x.db"), None);
    }

    #[test]
    fn only_a_server_elsewhere_without_a_word_about_tls_is_warned_of() {
        for (url, warned) in [
            ("postgres://looks@db.example/looks", true),
            ("postgres://looks@db.example/looks?sslmode=prefer", true),
            ("postgres://looks@db.example:5432/looks?sslmode=verify-full", false),
            ("postgres://looks@localhost/looks", false),
            ("postgres:///looks?host=/run/postgresql", false),
            ("sqlite:data/x.db", false),
        ] {
            assert_eq!(in_the_clear(url).is_some(), warned, "{url}");
        }
    }
}
