//! From texts to checked values.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr as _,
};

use secrecy::SecretString;

use crate::evidence::quorum::Quorum;

use super::{LogFormat, LogLevel, Settings, SettingsError, gather::Gathered};

/// One setting on its way from text to value.
struct Field<'a> {
    key: &'static str,
    gathered: &'a Gathered,
}

impl Field<'_> {
    fn text(&self, default: &str) -> String {
        self.gathered.get(self.key).map_or_else(|| default.to_owned(), |given| given.text.clone())
    }

    fn refuse<T>(&self, reason: impl Into<String>) -> Result<T, SettingsError> {
        let place = self.gathered.get(self.key).map_or_else(|| "default".to_owned(), |given| given.place.clone());
        Err(SettingsError::Unusable { place, key: self.key, reason: reason.into() })
    }

    fn number(&self, default: u32, least: u32, most: u32) -> Result<u32, SettingsError> {
        match self.text(&default.to_string()).trim().parse::<u32>() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            Ok(_) | Err(_) => self.refuse(format!("has to be a whole number, {least} to {most}")),
        }
    }

    fn address(&self, default: &str) -> Result<SocketAddr, SettingsError> {
        match SocketAddr::from_str(self.text(default).trim()) {
            Ok(address) => Ok(address),
            Err(_) => self.refuse(format!("has to be an address and a port, such as {default}")),
        }
    }

    fn path(&self, default: &Path) -> Result<PathBuf, SettingsError> {
        match self.gathered.get(self.key) {
            None => Ok(default.to_owned()),
            Some(given) if given.text.is_empty() => self.refuse("has to name a place on the disk"),
            Some(given) => Ok(PathBuf::from(&given.text)),
        }
    }
}

pub(super) fn settings(gathered: &Gathered) -> Result<Settings, SettingsError> {
    let field = |key| Field { key, gathered };
    let data_dir = field("data_dir").path(Path::new("data"))?;
    let listen = field("listen").address("127.0.0.1:8080")?;
    Ok(Settings {
        database_url: database_url(&field("database_url"), &data_dir)?,
        listen,
        metrics_listen: field("metrics_listen").address("127.0.0.1:9090")?,
        public_url: public_url(&field("public_url"), listen)?,
        run_by: run_by(&field("run_by"))?,
        mail_url: mail_url(&field("mail_url"), &data_dir)?,
        security_contact: security_contact(&field("security_contact"), &mail_from(&field("mail_from"))?)?,
        mail_from: mail_from(&field("mail_from"))?,
        secrets_file: field("secrets_file").path(&data_dir.join("secrets.toml"))?,
        data_dir,
        log: log(&field("log"))?,
        log_level: log_level(&field("log_level"))?,
        ledger_tick_seconds: field("ledger_tick_seconds").number(900, 1, 1_800)?,
        witnesses: witnesses(&field("witnesses"))?,
        mail_per_host_per_minute: field("mail_per_host_per_minute").number(600, 1, 100_000)?,
        password_permits: field("password_permits").number(2, 1, 64)?,
    })
}

fn database_url(field: &Field<'_>, data_dir: &Path) -> Result<SecretString, SettingsError> {
    let text = field.text(&format!("sqlite:{}", data_dir.join("lastlooks.db").display()));
    let begins = |scheme: &str| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty());
    if begins("sqlite:") || begins("postgres://") || begins("postgresql://") {
        return Ok(text.into());
    }
    field.refuse("has to be sqlite:<file> or postgres://<user>@<host>/<database>")
}

fn public_url(field: &Field<'_>, listen: SocketAddr) -> Result<String, SettingsError> {
    let text = field.text(&format!("http://{listen}"));
    let text = text.trim_end_matches('/');
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let strange = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '?' | '#' | '@' | '"' | '<' | '>');
    if rest.is_empty() || rest.starts_with('/') || rest.contains(strange) {
        return field.refuse("has to be an address that begins with https:// or http://, without ? and #");
    }
    Ok(text.to_owned())
}

fn run_by(field: &Field<'_>) -> Result<Option<String>, SettingsError> {
    let text = field.text("").trim().to_owned();
    if text.chars().count() > 120 || text.chars().any(crate::domain::text::is_forbidden) || text.contains('\n') {
        return field.refuse("has to be one line of at most 120 characters, without control or direction characters");
    }
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// Source: RFC 9116, section 2.5.3.
fn security_contact(field: &Field<'_>, mail_from: &str) -> Result<Option<String>, SettingsError> {
    let text = field.text("").trim().to_owned();
    let strange = |c: char| c.is_whitespace() || c.is_control() || crate::domain::text::is_forbidden(c);
    if text.is_empty() {
        let sender = mail_from.parse::<lettre::message::Mailbox>().ok();
        let address = sender.filter(|sender| sender.email.domain() != "localhost");
        return Ok(address.map(|sender| format!("mailto:{}", sender.email)));
    }
    let is_uri = ["mailto:", "https://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|r| !r.is_empty()));
    match text.parse::<lettre::Address>() {
        _ if is_uri && !text.contains(strange) => Ok(Some(text)),
        Ok(address) => Ok(Some(format!("mailto:{address}"))),
        Err(_) => field.refuse("has to be an e-mail address, mailto:<address> or https://<page>"),
    }
}

fn mail_url(field: &Field<'_>, data_dir: &Path) -> Result<SecretString, SettingsError> {
    let text = field.text(&format!("folder:{}", data_dir.join("mail").display()));
    let begins = |scheme: &str| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty());
    if text == "log:" || begins("smtp://") || begins("smtps://") || begins("folder:") {
        return Ok(text.into());
    }
    field.refuse("has to be smtp://<host>, smtps://<user>:<password>@<host>, folder:<dir> or log:")
}

fn mail_from(field: &Field<'_>) -> Result<String, SettingsError> {
    let text = field.text("Last Looks <lastlooks@localhost>");
    match text.parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(text),
        Err(_) => field.refuse("has to be an e-mail address, such as Last Looks <reports@example.org>"),
    }
}

fn witnesses(field: &Field<'_>) -> Result<Quorum, SettingsError> {
    /// One request to each at every tick.
    const MOST: usize = 16;
    let named: Quorum = match field.text("").parse() {
        Ok(named) => named,
        Err(error) => return field.refuse(format!("cannot be read: {error}")),
    };
    let is_address = |url: &str| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
        let strange = |c: char| c.is_control() || matches!(c, '?' | '#' | '@' | '"' | '<' | '>');
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(strange)
    };
    if named.0.len() > MOST || !named.0.iter().all(|witness| witness.url.as_deref().is_some_and(is_address)) {
        return field.refuse(format!(
            "has to name at most {MOST} witnesses, each with an address behind its key that begins with https:// or http://"
        ));
    }
    Ok(named)
}

fn log(field: &Field<'_>) -> Result<LogFormat, SettingsError> {
    match field.text("text").as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => field.refuse("has to be text or json"),
    }
}

fn log_level(field: &Field<'_>) -> Result<LogLevel, SettingsError> {
    match field.text("info").as_str() {
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        "trace" => Ok(LogLevel::Trace),
        _ => field.refuse("has to be error, warn, info, debug or trace"),
    }
}
