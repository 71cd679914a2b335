//! What lies on this machine: settings, secrets, disk.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;

use super::finding::Finding;
use crate::{
    config::{
        Settings,
        secrets::{Secrets, SecretsError},
    },
    storage::Target,
};

/// Less room than this is worth a look. Bytes.
const LITTLE_ROOM: u64 = 1 << 30;
/// With less room than this a busy day may fill the disk. Bytes.
const NO_ROOM: u64 = 100 << 20;

/// Settings that cannot be read at all.
pub(super) fn unusable(error: &anyhow::Error) -> Finding {
    Finding::failed("settings", format!("{error:#}"), "mend the setting that is named; the others were not looked at")
}

/// Looks at all of it.
pub(super) fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = settings_of(settings);
    findings.push(secrets(&settings.secrets_file));
    findings.extend(rooms(settings).iter().map(|folder| room(folder)));
    findings
}

fn settings_of(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("settings", "all are known and can be used")];
    if settings.run_by.is_none() {
        findings.push(Finding::warning(
            "settings",
            "nobody is named as running this host",
            "set LASTLOOKS_RUN_BY: it stands on the crew's first screen, \"Run by Local 600\"",
        ));
    }
    let mail = settings.mail_url.expose_secret();
    if mail == "log:" || mail.starts_with("folder:") {
        let way = if mail == "log:" { "to the log" } else { "to a folder" };
        findings.push(Finding::warning(
            "settings",
            format!("mail goes {way}, where nobody reads it"),
            "set LASTLOOKS_MAIL_URL to the mail server, such as smtps://user:password@mail.example.org",
        ));
    } else if settings.mail_from.contains("@localhost") {
        findings.push(Finding::warning(
            "settings",
            "the sender of every mail is an address of localhost, which mail servers refuse",
            "set LASTLOOKS_MAIL_FROM to an address of yours",
        ));
    }
    if !settings.metrics_listen.ip().is_loopback() {
        findings.push(Finding::warning(
            "settings",
            format!("the metrics listen on {}, beyond this machine", settings.metrics_listen),
            "make sure that only your Prometheus reaches that port: no proxy may pass it on",
        ));
    }
    findings
}

fn secrets(file: &Path) -> Finding {
    match Secrets::open(file) {
        Ok(_) => Finding::ok("secrets", format!("{} is whole, and for its owner alone", file.display())),
        Err(SecretsError::Disk { .. }) if !file.exists() => Finding::failed(
            "secrets",
            format!("{} is not there", file.display()),
            "on a new host run: lastlooks init --operator EMAIL\nelse put back the copy that belongs to this database",
        ),
        Err(error) => Finding::failed(
            "secrets",
            error.to_string(),
            "without these secrets no receipt and no password is recognised; keep a copy apart from the database",
        ),
    }
}

/// The folders that fill: of the data, and of an SQLite file that lies elsewhere.
fn rooms(settings: &Settings) -> Vec<PathBuf> {
    let mut folders = vec![settings.data_dir.clone()];
    if let Ok(Target::Sqlite(file)) = Target::parse(settings.database_url.expose_secret()) {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        folders.extend(folder.map(Path::to_path_buf));
    }
    folders.dedup();
    folders
}

#[cfg(unix)]
fn room(folder: &Path) -> Finding {
    match rustix::fs::statvfs(folder) {
        Ok(disk) => judged(folder, disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::failed(
            "disk",
            format!("{} cannot be looked at: {error}", folder.display()),
            "make the folder, or set LASTLOOKS_DATA_DIR; whoever runs the service must be able to write there",
        ),
    }
}

#[cfg(not(unix))]
fn room(folder: &Path) -> Finding {
    Finding::ok("disk", format!("{}: this system does not say how much is free", folder.display()))
}

#[cfg(unix)]
fn judged(folder: &Path, free: u64) -> Finding {
    let says = format!("{} MiB free in {}", free >> 20, folder.display());
    let more = "make room: a full disk refuses reports (phones keep them and say \"not sent yet\")";
    match free {
        0..NO_ROOM => Finding::failed("disk", says, more),
        NO_ROOM..LITTLE_ROOM => Finding::warning("disk", says, more),
        LITTLE_ROOM.. => Finding::ok("disk", says),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::{super::finding::State, *};

    #[test]
    fn a_disk_is_judged_by_what_is_free() {
        let state = |free| judged(Path::new("data"), free).state;
        assert_eq!(state(50 << 20), State::Failed);
        assert_eq!(state(500 << 20), State::Warning);
        assert_eq!(state(5 << 30), State::Ok);
    }
}
