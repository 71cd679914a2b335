//! The last published checkpoint, kept in a file beside the database.
//!
//! Why: a database that is restored from an older copy looks sound from the inside. Signing again what was published
//! already, with other leaves, would be a second history, and no witness would ever cosign this log again. So the size
//! that was published is kept where a database copy does not take it back.
//!
//! Source: ledger.md, "Order and durability".

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Where it lies in a data folder.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("checkpoint")
}

/// The head that a witness showed and that this database does not go on from, if one ever did.
fn shown_file(data_dir: &Path) -> PathBuf {
    data_dir.join("checkpoint.witnessed")
}

/// The notes that the database is held against: the one published last, and one that a witness showed.
///
/// # Errors
/// If a file is there and cannot be read.
pub(super) fn all(data_dir: &Path) -> io::Result<Vec<String>> {
    let found = [read_file(&file(data_dir))?, read_file(&shown_file(data_dir))?];
    Ok(found.into_iter().flatten().collect())
}

/// The note in a file; `None` if there is none yet.
///
fn read_file(file: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sets the files aside, because another log begins.
///
/// # Errors
/// If the disk refuses.
pub(super) fn set_aside(data_dir: &Path) -> io::Result<()> {
    for (file, aside) in
        [(file(data_dir), "checkpoint.before-reopen"), (shown_file(data_dir), "checkpoint.witnessed.before-reopen")]
    {
        match fs::rename(file, data_dir.join(aside)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            answer => answer?,
        }
    }
    Ok(())
}

/// Replaces the file; on disk before it returns, and never half written.
///
/// # Errors
/// If the disk refuses: then nothing may be published.
pub(super) fn write(data_dir: &Path, draft: &str, note: &str) -> io::Result<()> {
    replace(data_dir, &file(data_dir), draft, note)
}

/// Keeps the head that a witness showed, as durably.
///
/// # Errors
/// If the disk refuses.
pub(super) fn write_shown(data_dir: &Path, draft: &str, note: &str) -> io::Result<()> {
    replace(data_dir, &shown_file(data_dir), draft, note)
}

fn replace(data_dir: &Path, file: &Path, draft: &str, note: &str) -> io::Result<()> {
    fs::create_dir_all(data_dir)?;
    let draft = data_dir.join(draft);
    let mut written = fs::File::create(&draft)?;
    written.write_all(note.as_bytes())?;
    written.sync_all()?;
    fs::rename(&draft, file)?;
    fs::File::open(data_dir).and_then(|folder| folder.sync_all())
}
