//! Typed settings, read once at start: defaults, then `lastlooks.toml`, then `LASTLOOKS_*`.
//!
//! Reading is a function of its inputs ([`Sources`]), so tests need no process environment. Every value passes through
//! one table ([`keys::KEYS`]): a key that is not in it refuses to start, because a misspelt setting that is silently
//! ignored is a safety chain that is not what its host believes.

mod gather;
pub mod keys;
mod parse;
pub mod secrets;

use std::{net::SocketAddr, path::PathBuf};

use secrecy::SecretString;

use crate::evidence::quorum::Quorum;

pub use gather::{Sources, read_file};

/// Everything a host can set. Built by [`Settings::read`] only, so that a value in hand has been checked.
///
/// Source: architecture.md, "Settings and commands whose names are fixed".
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the data is: `sqlite:<file>` or `postgres://…`. Secret, because the address may hold a password.
    pub database_url: SecretString,
    /// Address and port of the service.
    pub listen: SocketAddr,
    /// Address and port of the metrics; never the public one.
    pub metrics_listen: SocketAddr,
    /// How people reach this host, `http://` or `https://`, without a slash at its end. Printed in mails and posters.
    pub public_url: String,
    /// Who runs this host, shown on the crew's first screen. At most 120 characters; `None` until the host says so.
    pub run_by: Option<String>,
    /// Whom to tell of a hole, as a URI (`mailto:`, `https://`); `None` where mail has no sender but localhost either.
    pub security_contact: Option<String>,
    /// Folder of the secrets and, unless set otherwise, of the database and the mail.
    pub data_dir: PathBuf,
    /// Where mail goes: `smtp://`, `smtps://`, `folder:<dir>`, `log:`. Secret, because the address may hold a password.
    pub mail_url: SecretString,
    /// Sender of every mail, such as `Last Looks <reports@example.org>`.
    pub mail_from: String,
    /// File with the four secrets, `secrets.toml` in [`Settings::data_dir`] unless set otherwise.
    pub secrets_file: PathBuf,
    /// Shape of the log lines.
    pub log: LogFormat,
    /// The least serious lines that are logged.
    pub log_level: LogLevel,
    /// Time between two integrations of the ledger. Seconds, `1..=1_800`: an answer counts as in
    /// time only if it is in the log an hour after its deadline.
    pub ledger_tick_seconds: u32,
    /// Who is asked to cosign the ledger, each with an address. At most 16.
    pub witnesses: Quorum,
    /// Mails that one mail server is given in a minute. `1..=100_000`.
    pub mail_per_host_per_minute: u32,
    /// Passwords that are hashed at the same time, each taking 64 MiB. 1..=64.
    pub password_permits: u32,
}

/// Shape of the log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON document per line, for collectors.
    Json,
}

/// The least serious lines that are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// What failed.
    Error,
    /// What may fail soon.
    Warn,
    /// What happened.
    Info,
    /// How it happened.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word for it, as in the settings.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Why the settings cannot be used. Names the key and where it was set; never holds its value.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A key that does not exist.
    #[error("{place}: there is no setting `{key}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// File or environment.
        place: String,
        /// As it was written.
        key: String,
        /// The closest known name, if one is close.
        nearest: Option<String>,
    },
    /// A value that cannot be used.
    #[error("{place}: `{key}` {reason}")]
    Unusable {
        /// File, environment or default.
        place: String,
        /// Which setting.
        key: &'static str,
        /// What it has to be.
        reason: String,
    },
    /// The settings file is not TOML.
    #[error("{file}: this is not TOML, line {line}: {reason}")]
    NotToml {
        /// Which file.
        file: String,
        /// Line, from 1.
        line: usize,
        /// What the parser says, without the line itself.
        reason: String,
    },
    /// A file that is named but cannot be read.
    #[error("{place}: cannot read the file {file}: {reason}")]
    Unreadable {
        /// Who named the file.
        place: String,
        /// Which file.
        file: String,
        /// What the system says.
        reason: String,
    },
    /// The same setting as a value and as a file.
    #[error("environment: both `{variable}` and `{variable}_FILE` are set; keep one")]
    Twice {
        /// The variable without `_FILE`.
        variable: String,
    },
}

impl Settings {
    /// Reads defaults, then the settings file, then the environment; the later wins.
    ///
    /// # Errors
    /// [`SettingsError`] for an unknown key, a value out of range or a file that cannot be read. Nothing is half read.
    pub fn read(sources: Sources<'_>) -> Result<Self, SettingsError> {
        parse::settings(&gather::gather(sources)?)
    }
}

#[cfg(test)]
mod tests {
    use std::{io, path::Path};

    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(toml: Option<&str>, environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let pairs = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let files = |path: &Path| match path.to_str() {
            Some("/run/secrets/db") => Ok("postgres://me:hunter2@db/looks\n".to_owned()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        Settings::read(Sources {
            file: toml.map(|t| ("lastlooks.toml", t)),
            environment: pairs.collect(),
            files: &files,
        })
    }

    fn refusal(toml: Option<&str>, environment: &[(&str, &str)]) -> String {
        read(toml, environment).unwrap_err().to_string()
    }

    /// Source: RFC 8032, section 7.1, TEST 1, as the key of a witness.
    const WITNESS: &str = "union local600.example/witness+3617fd10+BNdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

    #[test]
    fn the_defaults_are_those_of_the_design() {
        let settings = read(None, &[]).unwrap();
        assert_eq!(settings.database_url.expose_secret(), "sqlite:data/lastlooks.db");
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.metrics_listen.to_string(), "127.0.0.1:9090");
        assert_eq!(settings.public_url, "http://127.0.0.1:8080");
        assert_eq!(settings.mail_url.expose_secret(), "folder:data/mail");
        assert_eq!(settings.secrets_file, Path::new("data/secrets.toml"));
        assert_eq!((settings.ledger_tick_seconds, settings.run_by), (900, None));
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let toml = "data_dir = \"/srv/looks\"\nledger_tick_seconds = 60\nlog = \"json\"";
        let settings = read(Some(toml), &[("LASTLOOKS_LEDGER_TICK_SECONDS", "120")]).unwrap();
        assert_eq!(settings.ledger_tick_seconds, 120);
        assert_eq!(settings.log, LogFormat::Json);
        assert_eq!(settings.database_url.expose_secret(), "sqlite:/srv/looks/lastlooks.db");
        assert_eq!(settings.secrets_file, Path::new("/srv/looks/secrets.toml"));
    }

    #[test]
    fn an_unknown_key_refuses_to_start_and_the_nearest_name_is_suggested() {
        assert_eq!(
            refusal(Some("listne = 1"), &[]),
            "lastlooks.toml: there is no setting `listne`; did you mean `listen`?"
        );
        let told = refusal(None, &[("LASTLOOKS_DATABSE_URL", "x")]);
        assert!(told.ends_with("`LASTLOOKS_DATABSE_URL`; did you mean `LASTLOOKS_DATABASE_URL`?"), "{told}");
        assert!(!refusal(None, &[("LASTLOOKS_COFFEE", "x")]).contains("did you mean"));
    }

    #[test]
    fn any_setting_can_come_from_a_file() {
        let settings = read(None, &[("LASTLOOKS_DATABASE_URL_FILE", "/run/secrets/db")]).unwrap();
        assert_eq!(settings.database_url.expose_secret(), "postgres://me:hunter2@db/looks");
        let told = refusal(None, &[("LASTLOOKS_RUN_BY_FILE", "/nowhere")]);
        assert!(told.contains("LASTLOOKS_RUN_BY_FILE") && told.contains("/nowhere"), "{told}");
        let both = [("LASTLOOKS_RUN_BY", "x"), ("LASTLOOKS_RUN_BY_FILE", "/run/secrets/db")];
        assert!(refusal(None, &both).contains("keep one"));
    }

    #[test]
    fn the_secrets_file_is_a_setting_and_not_a_file_variant() {
        let settings = read(None, &[("LASTLOOKS_SECRETS_FILE", "/etc/looks/secrets.toml")]).unwrap();
        assert_eq!(settings.secrets_file, Path::new("/etc/looks/secrets.toml"));
    }

    #[test]
    fn a_password_in_an_address_is_never_printed() {
        let secret = [
            ("LASTLOOKS_DATABASE_URL", "postgres://me:hunter2@db/looks"),
            ("LASTLOOKS_MAIL_URL", "smtps://a:hunter2@m"),
        ];
        assert!(!format!("{:?}", read(None, &secret).unwrap()).contains("hunter2"));
        let wrong = [("LASTLOOKS_DATABASE_URL", "mysql://me:hunter2@db/looks")];
        assert!(!refusal(None, &wrong).contains("hunter2"));
        assert!(!refusal(Some("database_url = \"postgres://me:hunter2@db\n"), &[]).contains("hunter2"));
    }

    #[test]
    fn a_value_that_cannot_be_used_is_refused_in_words_that_say_what_it_has_to_be() {
        for (key, value, says) in [
            ("LASTLOOKS_LISTEN", "8080", "127.0.0.1:8080"),
            ("LASTLOOKS_DATABASE_URL", "mysql://x", "sqlite:"),
            ("LASTLOOKS_DATABASE_URL", "sqlite:", "sqlite:"),
            ("LASTLOOKS_PUBLIC_URL", "looks.example", "https://"),
            ("LASTLOOKS_PUBLIC_URL", "https://looks.example/#x", "https://"),
            ("LASTLOOKS_MAIL_URL", "pigeon:", "smtps://"),
            ("LASTLOOKS_MAIL_FROM", "nobody", "address"),
            ("LASTLOOKS_LOG", "xml", "text"),
            ("LASTLOOKS_LOG_LEVEL", "loud", "info"),
            ("LASTLOOKS_LEDGER_TICK_SECONDS", "0", "1 to 1800"),
            ("LASTLOOKS_PASSWORD_PERMITS", "0", "1 to 64"),
            ("LASTLOOKS_WITNESSES", "union nobody", "line 1"),
            ("LASTLOOKS_WITNESSES", WITNESS, "address"),
            ("LASTLOOKS_WITNESSES", &format!("{WITNESS} ftp://w.example"), "address"),
            ("LASTLOOKS_WITNESSES", &format!("{WITNESS} https://"), "address"),
            ("LASTLOOKS_WITNESSES", &format!("{WITNESS} https://me:secret@w.example"), "address"),
            ("LASTLOOKS_MAIL_PER_HOST_PER_MINUTE", "many", "whole number"),
            ("LASTLOOKS_RUN_BY", "a\u{202e}b", "control"),
        ] {
            let told = refusal(None, &[(key, value)]);
            assert!(told.contains(says), "{key}={value}: {told}");
        }
    }

    #[test]
    fn a_table_is_not_a_value() {
        assert!(refusal(Some("[listen]\nport = 1"), &[]).contains("`listen`"));
    }

    #[test]
    fn a_slash_at_the_end_of_the_public_address_is_dropped() {
        let settings = read(None, &[("LASTLOOKS_PUBLIC_URL", "https://looks.example/")]).unwrap();
        assert_eq!(settings.public_url, "https://looks.example");
    }
}
